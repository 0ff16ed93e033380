"""Spans that every side of Jaeger must tell alike, and its answers in a form that can be compared."""

import json
import time

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .otlp import attributes, exception, send_http, span, span_id, trace_id, traces, unique

TEXT = {"http.route": "/orders", "error.kind": "none", "quoted": 'a "b": {c}'}
TYPED = {"count": 7, "big": 2**60, "ratio": 0.5, "truth": True, "list": ["a", 1]}


class Shop:
    """Two services, three traces: a call with a failure behind it, a trace of its own, one with a short id."""

    def __init__(self):
        self.front, self.back = unique("front"), unique("back")
        self.traces = [trace_id(), trace_id(), bytes(8) + trace_id()[:8]]
        self.start = time.time_ns() - 10_000_000_000
        first, second, third = self.traces
        root, call = span_id(), span_id()
        at = lambda trace, n, **fields: span(trace=trace, start=self.start + n * 1_000_000_000, **fields)
        failed = {"status": Status(code=2, message="no stock"), "events": [
            Span.Event(time_unix_nano=self.start + 5_000, name="taken", attributes=attributes({"n": 1})),
            exception("StockError", "no stock", at=self.start + 6_000),
        ]}
        self.requests = [
            traces(
                [
                    at(first, 0, name="GET /orders", kind=2, span_id=root, values={**TEXT, **TYPED}),
                    at(first, 0, name="call stock", kind=3, span_id=call, parent=root),
                    at(second, 1, name="tick", kind=0, status=Status(code=1), end_time_unix_nano=self.start + 3_000_000_000),
                    at(third, 2, name="GET /orders", kind=2, links=[
                        Span.Link(trace_id=first, span_id=root), Span.Link(trace_id=second, span_id=span_id()),
                    ]),
                ],
                self.front,
                {"host.name": "box-1", "deployment.environment": "test"},
            ),
            traces([at(first, 0, name="stock", kind=2, parent=call, values={"item": "book"}, **failed)], self.back),
        ]  # fmt: skip

    @property
    def ids(self):
        return [trace.hex() for trace in self.traces]

    @property
    def range(self):
        """`start` and `end` of a search."""
        return {"start": self.start // 1000 - 1_000_000, "end": self.start // 1000 + 60_000_000}

    def send(self, target):
        for request in self.requests:
            send_http(target, request)


def as_text(value):
    """A value as a map of texts keeps it: types of attributes are not in the lake."""
    return value if isinstance(value, str) else json.dumps(value)


def tags_of(tags):
    return sorted((tag["key"], as_text(tag["value"])) for tag in tags)


# Searches of Jaeger's query API over the shop's spans; "ids" stands for the shop's own and one that is unknown.
SEARCHES = [
    {},
    {"operation": "GET /orders"},
    {"minDuration": "1500ms"},
    {"maxDuration": "1500ms"},
    {"tag": "http.route:/orders"},
    {"tags": '{"http.route":"/orders","host.name":"box-1"}'},
    {"tag": "count:7"},
    {"tag": "http.route:/carts"},
    {"traceID": "ids"},
]


def search(shop, parameters):
    """What to ask for one of the searches."""
    wanted = {"service": shop.front, **shop.range, **parameters}
    if "traceID" in wanted:
        wanted["traceID"] = [*shop.ids, "abc"]
    return wanted


def plain_traces(body):
    """The traces of an answer, in the order of their ids."""
    return sorted((plain_trace(trace) for trace in body["data"]), key=lambda trace: trace["traceID"])


def plain_trace(trace):
    """A trace of the old API without an order."""
    processes = {key: (process["serviceName"], tags_of(process["tags"])) for key, process in trace["processes"].items()}
    spans = []
    for item in trace["spans"]:
        logs = sorted((log["timestamp"], tags_of(log["fields"])) for log in item["logs"])
        same = {**item, "tags": tags_of(item["tags"]), "logs": logs, "processID": processes[item["processID"]]}
        spans.append(same)
    return {**trace, "spans": sorted(spans, key=lambda item: item["spanID"]), "processes": sorted(processes.values())}


def plain_attributes(pairs):
    def text(value):
        ((kind, inner),) = value.items()
        if kind == "arrayValue":
            return json.dumps([json.loads(text(item)) if "stringValue" not in item else text(item) for item in inner["values"]],
                              separators=(",", ":"))  # fmt: skip
        return as_text(inner)

    return sorted((pair["key"], text(pair["value"])) for pair in pairs)


def plain_otlp(body):
    """Spans of `/api/v3` with their resource and scope, without an order."""
    spans = []
    for group in body["result"]["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for item in scope["spans"]:
                events = [{**e, "attributes": plain_attributes(e.get("attributes", []))} for e in item.get("events", [])]
                spans.append({
                    **item,
                    "attributes": plain_attributes(item.get("attributes", [])),
                    "events": sorted(events, key=lambda event: event["timeUnixNano"]),
                    "resource": plain_attributes(group["resource"]["attributes"]),
                    "scope": scope["scope"],
                })  # fmt: skip
    return sorted(spans, key=lambda item: item["spanId"])
