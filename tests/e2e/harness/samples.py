"""Spans and log records that use every field of the protocol."""

import random
import time

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .otlp import any_value, attributes, exception, span, span_id, trace_id

VALUES = {
    "text": "plain",
    "empty": "",
    "truth": True,
    "falsehood": False,
    "count": -(2**62),
    "ratio": 0.1,
    "blob": bytes(range(256)),
    "list": ["a", 1, 2.5, False, b"\x00", []],
    "map": {"inner": {"deep": [1, {"deeper": "x"}]}, "none": {}},
    "unicode": "\u00e9\u4e2d\U0001f600",
    "long": "x" * 5000,
}
STACK = 'Traceback (most recent call last):\n  File "/srv/app/load.py", line 3, in load\n    go()\nValueError: bad row\n'


def rich_span(session=None, failed=False, chance=random):
    """A span with every field set, in a shape of its own."""
    values = dict(chance.sample(sorted(VALUES.items(), key=lambda item: item[0]), chance.randint(0, len(VALUES))))
    if session is not None:
        values["http.request.header.x-exec-session"] = [session]
    start = time.time_ns()
    events = [Span.Event(time_unix_nano=start + 1, name="started", attributes=attributes({"n": 1}), dropped_attributes_count=2)]
    if failed:
        events.append(exception("ValueError", "bad row", STACK, start + 2))
    events.append(Span.Event(time_unix_nano=start + 3, name="", attributes=attributes(VALUES)))
    return span(
        chance.choice(["run_code", "import_module", "GET /", ""]),
        values,
        events,
        parent=chance.choice([b"", span_id()]),
        kind=chance.randint(0, 5),
        trace_state=chance.choice(["", "vendor=value,other=1"]),
        flags=chance.choice([0, 1, 256, 0x301]),
        dropped_attributes_count=3,
        dropped_events_count=4,
        dropped_links_count=5,
        links=[
            Span.Link(trace_id=trace_id(), span_id=span_id(), trace_state="l=1", attributes=attributes({"k": "v"}), flags=1)
        ],
        status=Status(code=2, message="bad row") if failed else Status(),
    )


def rich_record(session=None, failed=False, chance=random):
    """A log record with every field set."""
    values = dict(VALUES)
    if session is not None:
        values["session.id"] = session
    if failed:
        values |= {"exception.type": "ValueError", "exception.message": "bad row", "exception.stacktrace": STACK}
    return LogRecord(
        time_unix_nano=time.time_ns(),
        observed_time_unix_nano=time.time_ns(),
        severity_number=chance.randint(0, 24),
        severity_text="ERROR",
        body=any_value({"text": "the body", "list": [1, 2]}),
        attributes=attributes(values),
        dropped_attributes_count=1,
        flags=1,
        trace_id=trace_id(),
        span_id=span_id(),
        event_name="" if failed else "cell.started",
    )
