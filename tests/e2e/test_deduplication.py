"""One exception is one row, however often it is reported; two exceptions are two."""

import time
from contextlib import suppress

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from harness import sdk
from harness.otlp import LOGS, attributes, exception, logs, send_grpc, span, span_id, trace_id, traces, unique

STACK = 'Traceback (most recent call last):\n  File "/app/run.py", line 4, in step\n    go()\nValueError: boom\n'


def nested(tracer, names, session):
    """Spans within spans, the innermost of which raises. Returns the span id of each name."""
    ids = {}

    def enter(rest):
        if not rest:
            return {}["missing"]
        with tracer.start_as_current_span(rest[0], attributes={"exec.session.id": session}) as current:
            ids[rest[0]] = f"{current.get_span_context().span_id:016x}"
            return enter(rest[1:])

    with suppress(KeyError):
        enter(names)
    return ids


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_parents_repeat_the_exception(shared, service, protocol):
    """The SDK records an exception on each span that it passes through; the deepest one's copy counts."""
    with sdk.tracer(shared, service, protocol) as tracer:
        ids = nested(tracer, ["execute_code", "run_cell", "import_module"], unique("session"))
    (error,) = shared.errors_of(service, 1)
    assert error["span_id"] == ids["import_module"]
    spans = shared.spans_of(service, 3)
    assert {row["fingerprint"] for row in spans} == {error["fingerprint"]}
    assert {row["pattern_id"] for row in spans} == {error["pattern_id"]}


def test_parents_in_later_requests(shared, service):
    """Children end first, so a parent's copy often comes with the next batch."""
    trace, child, parent = trace_id(), span_id(), span_id()
    values = {"session.id": unique("session")}
    report = exception("ValueError", "boom", STACK)
    deepest = span("child", values, [report], trace, parent, span_id=child)
    send_grpc(shared, traces([deepest], service))
    send_grpc(shared, traces([span("parent", values, [report], trace, span_id=parent)], service))
    shared.spans_of(service, 2)
    time.sleep(1)
    (error,) = shared.errors_of(service, 1)
    assert error["span_id"] == child.hex()


@pytest.mark.parametrize("first", ["span", "log"])
def test_span_event_and_log_record(shared, service, first):
    trace, own = trace_id(), span_id()
    session = unique("session")
    spans = traces([span(values={"session.id": session}, events=[exception("ValueError", "boom", STACK)], trace=trace, span_id=own)], service)
    values = {
        "exception.type": "ValueError",
        "exception.message": "boom",
        "exception.stacktrace": STACK,
        "session.id": session,
    }
    record = LogRecord(time_unix_nano=time.time_ns(), trace_id=trace, span_id=own, attributes=attributes(values))
    sends = [lambda: send_grpc(shared, spans), lambda: send_grpc(shared, logs([record], service), LOGS)]
    for send in sends if first == "span" else reversed(sends):
        send()
    shared.spans_of(service, 1)
    time.sleep(1)
    (error,) = shared.errors_of(service, 1)
    assert (error["trace_id"], error["span_id"]) == (trace.hex(), own.hex())


def test_the_sdk_over_both_signals(shared, service):
    session = unique("session")
    with (
        sdk.tracer(shared, service) as tracer,
        sdk.logger_provider(shared, service, resource={"session.id": session}) as provider,
    ):
        logger = sdk.python_logger(provider, service)
        with suppress(ZeroDivisionError), tracer.start_as_current_span("run_code", attributes={"session.id": session}):
            try:
                1 / 0
            except ZeroDivisionError:
                logger.exception("the cell failed")
                raise
    shared.spans_of(service, 1)
    time.sleep(1)
    shared.errors_of(service, 1)


def test_siblings_that_fail_alike_are_two(shared, service):
    trace, parent = trace_id(), span_id()
    values = {"session.id": unique("session")}
    tries = [span(f"try-{n}", values, [exception("ValueError", "boom", STACK)], trace, parent) for n in range(2)]
    send_grpc(shared, traces(tries, service))
    shared.errors_of(service, 2)


def test_the_same_failure_in_two_traces_is_two(shared, service):
    values = {"session.id": unique("session")}
    send_grpc(shared, traces([span("a", values, [exception("ValueError", "boom", STACK)]) for _ in range(2)], service))
    first, second = shared.errors_of(service, 2)
    assert first["pattern_id"] == second["pattern_id"]
    assert first["event_id"] != second["event_id"]


def test_two_exceptions_of_one_span_are_two(shared, service):
    events = [exception("ValueError", "boom", STACK), exception("KeyError", "'x'")]
    send_grpc(shared, traces([span(values={"session.id": unique("session")}, events=events)], service))
    assert {row["error_type"] for row in shared.errors_of(service, 2)} == {"ValueError", "KeyError"}
