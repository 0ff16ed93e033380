import json


def read_report(name):
    with open(name) as handle:
        return json.load(handle)


def merge(names):
    merged = {}
    for name in names:
        merged.update(read_report(name))
    return merged


print(merge(["reports/north.json", "reports/south.json"]))
