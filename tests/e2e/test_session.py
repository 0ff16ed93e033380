"""Where the session header is found, and the session id that is computed when it is not there."""

import hashlib

import pytest

from harness import sdk
from harness.otlp import LOGS, attributes, exception, logs, post, send_grpc, send_http, span, traces, unique
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

HEADER_KEYS = (
    "http.request.header.x-exec-session",
    "rpc.request.metadata.x-exec-session",
    "rpc.grpc.request.metadata.x-exec-session",
)
KEYS = (
    *HEADER_KEYS,
    *(key.replace("x-exec-session", "x_exec_session") for key in HEADER_KEYS),
    "exec.session.id",
    "session.id",
)
FORMS = {"text": lambda value: value, "array": lambda value: [value]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_session_of_a_span(shared, service, key, form):
    session = unique("session")
    send_grpc(shared, traces([span(values={key: FORMS[form](session)}, events=[exception()])], service))
    assert shared.errors_of(service, 1)[0]["session_id"] == session
    assert shared.spans_of(service, 1)[0]["session_id"] == session


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_session_of_a_resource(shared, service, key, form):
    session = unique("session")
    resource = {key: FORMS[form](session)}
    send_http(shared, traces([span(events=[exception()])], service, resource))
    assert shared.errors_of(service, 1)[0]["session_id"] == session
    assert shared.spans_of(service, 1)[0]["session_id"] == session


@pytest.mark.parametrize("key", KEYS)
def test_session_of_a_log_record(shared, service, key):
    session = unique("session")
    record = LogRecord(attributes=attributes({"exception.type": "ValueError", "exception.message": "x", key: session}))
    send_grpc(shared, logs([record], service), LOGS)
    assert shared.errors_of(service, 1)[0]["session_id"] == session


@pytest.mark.parametrize("name", ["X-EXEC-SESSION", "x-exec-session"])
@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_session_of_the_export_request(shared, service, protocol, name):
    session = unique("session")
    with sdk.tracer(shared, service, protocol, headers={name: session}) as tracer:
        with tracer.start_as_current_span("run_code") as current:
            current.record_exception(ValueError("boom"))
    assert shared.errors_of(service, 1)[0]["session_id"] == session
    assert shared.spans_of(service, 1)[0]["session_id"] == session


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_session_of_the_export_request_for_logs(shared, service, protocol):
    session = unique("session")
    with sdk.logger_provider(shared, service, protocol, headers={"X-EXEC-SESSION": session}) as provider:
        try:
            raise ValueError("boom")
        except ValueError:
            sdk.python_logger(provider, service).exception("failed")
    assert shared.errors_of(service, 1)[0]["session_id"] == session


def test_the_nearest_session_wins(shared, service):
    spans = [span("on-span", {"exec.session.id": "near"}), span("on-resource")]
    request = traces(spans, service, {"exec.session.id": "middle"})
    send_grpc(shared, request, metadata=(("x-exec-session", "far"),))
    found = {row["name"]: row["session_id"] for row in shared.spans_of(service, 2)}
    assert found == {"on-span": "near", "on-resource": "middle"}


def test_a_span_without_a_session_has_none(shared, service):
    send_grpc(shared, traces([span()], service))
    assert shared.spans_of(service, 1)[0].get("session_id") is None


def computed(user, container, start):
    return hashlib.sha1(f"{user}{container}{start}".encode()).hexdigest()


@pytest.mark.parametrize("place", ["span", "resource", "both"])
def test_session_id_is_computed(shared, service, place):
    parts = {"enduser.id": "ada", "container.id": "c0ffee", "exec.session.start_time": "2026-11-23T10:00:00Z"}
    on_span = {"span": parts, "resource": {}, "both": {"enduser.id": "ada"}}[place]
    on_resource = {key: value for key, value in parts.items() if key not in on_span}
    send_grpc(shared, traces([span(values=on_span, events=[exception()])], service, on_resource))
    wanted = computed("ada", "c0ffee", "2026-11-23T10:00:00Z")
    assert shared.errors_of(service, 1)[0]["session_id"] == wanted


def test_session_id_is_not_computed_from_two_parts(shared, service):
    send_grpc(shared, traces([span(values={"enduser.id": "ada", "container.id": "c0ffee"})], service))
    assert shared.spans_of(service, 1)[0].get("session_id") is None


def test_the_header_wins_over_the_computed_id(shared, service):
    values = {
        "enduser.id": "ada",
        "container.id": "c0ffee",
        "exec.session.start_time": "2026-11-23T10:00:00Z",
        "exec.session.id": "from-the-header",
    }
    send_grpc(shared, traces([span(values=values)], service))
    assert shared.spans_of(service, 1)[0]["session_id"] == "from-the-header"


@pytest.mark.parametrize("key", ["exec.session.parent_id", "session.previous_id"])
def test_restarted_sessions_link_back(shared, service, key):
    first, second = unique("session"), unique("session")
    send_grpc(shared, traces([span(values={"session.id": first})], service))
    send_grpc(shared, traces([span(values={"session.id": second, key: first})], service))
    rows = shared.spans_of(service, 2)
    assert [(row["session_id"], row.get("parent_session_id")) for row in rows] == [(first, None), (second, first)]
    lineage = shared.sql(
        f"SELECT session_id, parent_session_id FROM sessions WHERE session_id IN ('{first}', '{second}')"
    )
    assert {(row["session_id"], row.get("parent_session_id")) for row in lineage} == {(first, None), (second, first)}


def test_metadata_over_plain_http(shared, service):
    session = unique("session")
    answer = post(shared, traces([span()], service), headers={"x-exec-session": session})
    assert answer.status_code == 200
    assert shared.spans_of(service, 1)[0]["session_id"] == session


def test_only_spans_of_sessions_are_stored(launch):
    """`writer.spans = "session"`: other spans get no row, their exceptions do."""
    server = launch(env={"ERRATA_WRITER_SPANS": "session"})
    mixed = [
        span(values={"session.id": "s"}, events=[exception()]),
        span(events=[exception()]),
        span(),
    ]
    send_grpc(server, traces(mixed, "mixed"))
    assert {row["session_id"] for row in server.errors_of("mixed", 2)} == {"s", None}
    assert [row["session_id"] for row in server.spans_of("mixed", 1)] == ["s"]
