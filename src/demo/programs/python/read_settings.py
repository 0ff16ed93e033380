import json
from dataclasses import dataclass


@dataclass
class Settings:
    region: str
    workers: int


def parse_settings(text):
    return Settings(**json.loads(text))


settings = parse_settings("")
print(settings.region)
