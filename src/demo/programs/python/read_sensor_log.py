from pathlib import Path


def readings(path):
    text = Path(path).read_text(encoding="utf-8")
    return [float(line.split(";")[1]) for line in text.splitlines()]


values = readings("/home/priya/experiments/run-41/sensor.log")
print(sum(values) / len(values))
