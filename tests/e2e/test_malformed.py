"""Hostile and broken requests: refused with the reason, and nobody else is harmed."""

import base64
import gzip
import json
import threading

import grpc
import pytest
import requests
import zstandard
from google.rpc import status_pb2
from google.protobuf import json_format
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from harness import wire
from harness.otlp import (
    LOGS,
    TRACES,
    GrpcSender,
    exception,
    logs,
    post,
    send_grpc,
    send_http,
    span,
    spans_in,
    traces,
    unique,
)

GOOD = traces([span(values={"exec.session.id": "s"}, events=[exception()])], "malformed").SerializeToString()


def only_span(body):
    """A request with one span of these bytes."""
    for number in reversed(wire.SPAN_PATH):
        body = wire.length_delimited(number, body)
    return body


IDS = wire.length_delimited(1, bytes(range(1, 17))) + wire.length_delimited(2, bytes(range(1, 9)))
BROKEN = {
    "cut in the middle": GOOD[: len(GOOD) // 2],
    "cut by one byte": GOOD[:-1],
    "length past the end": b"\x0a\xff\xff\xff\xff\x07abc",
    "varint without an end": b"\x0a" + b"\xff" * 11,
    "wire type 7": b"\x0f\x01",
    "end of a group never begun": b"\x0c",
    "field number 0": b"\x02\x01a",
    "text": b"this is not protobuf at all",
    "wrong wire type for resource_spans": b"\x08\x01",
    "span with a cut attribute": only_span(IDS + b"\x4a\x05\x0a"),
    "random": bytes((n * 7919 + 13) % 251 for n in range(4096)),
}


def reason(answer):
    """The message of the google.rpc.Status that OTLP/HTTP answers with."""
    if answer.headers["Content-Type"].startswith("application/json"):
        return answer.json()["message"]
    assert answer.headers["Content-Type"].startswith("application/x-protobuf"), answer.headers
    return status_pb2.Status.FromString(answer.content).message


@pytest.mark.parametrize("name", BROKEN)
def test_broken_protobuf_over_http(shared, name):
    answer = post(shared, BROKEN[name])
    assert answer.status_code == 400, answer.content
    assert len(reason(answer)) > 8


@pytest.mark.parametrize("name", BROKEN)
def test_broken_protobuf_over_grpc(shared, name):
    with pytest.raises(grpc.RpcError) as raised:
        send_grpc(shared, BROKEN[name])
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT, raised.value
    assert len(raised.value.details()) > 8


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        '{"resourceSpans": 3}',
        '{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "not hex"}]}]}]}',
        '{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "yesterday"}]}]}]}',
        '{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": "k", "value": {"intValue": "x"}}]}]}]}]}',
        "[" * 10_000,
        '{"resourceSpans":' * 2_000,
    ],
    ids=lambda body: body[:24] or "empty",
)
def test_broken_json(shared, body):
    answer = post(shared, body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"].startswith("application/json")
    assert len(reason(answer)) > 8


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_broken_compression(shared, encoding):
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": encoding}
    for body in (GOOD, (gzip.compress if encoding == "gzip" else zstandard.compress)(GOOD)[:-10]):
        answer = requests.post(shared.otlp_http + "/v1/traces", data=body, headers=headers, timeout=10)
        assert answer.status_code == 400, answer.content


def test_what_is_not_otlp(shared):
    address = shared.otlp_http + "/v1/traces"
    assert requests.get(address, timeout=10).status_code == 405
    assert requests.post(shared.otlp_http + "/v1/nothing", data=GOOD, timeout=10).status_code == 404
    wrong_type = requests.post(address, data=GOOD, headers={"Content-Type": "text/plain"}, timeout=10)
    assert wrong_type.status_code == 415
    wrong_encoding = requests.post(
        address, data=GOOD, headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "br"}, timeout=10
    )
    assert wrong_encoding.status_code in (400, 415)


@pytest.mark.parametrize("signal", [TRACES, LOGS])
def test_empty_requests_are_fine(shared, signal):
    send_grpc(shared, b"", signal)
    send_http(shared, b"", signal)
    answer = post(shared, "{}", signal, content_type="application/json")
    assert answer.status_code == 200 and json.loads(answer.text) in ({}, {"partialSuccess": {}})


def test_others_are_not_harmed(shared, service):
    """Good requests on the same connections and beside them all arrive while broken ones are refused."""
    rounds, failures = 10, []

    def good():
        try:
            sender = GrpcSender(shared.otlp_grpc)
            for _ in range(rounds):
                sender.call(traces([span(values={"session.id": "s"})], service))
                send_http(shared, traces([span(values={"session.id": "s"})], service))
            sender.close()
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    senders = [threading.Thread(target=good) for _ in range(3)]
    for sender in senders:
        sender.start()
    mixed = GrpcSender(shared.otlp_grpc)
    for body in BROKEN.values():
        post(shared, body)
        with pytest.raises(grpc.RpcError):
            mixed.call(body)
        mixed.call(traces([span(values={"session.id": "s"})], service))
    mixed.close()
    for sender in senders:
        sender.join()
    assert not failures
    shared.spans_of(service, 3 * 2 * rounds + len(BROKEN))


@pytest.mark.parametrize("form", ["grpc", "http", "json"])
def test_text_that_is_not_utf_8_spoils_nothing_else(shared, service, form):
    request = traces([span("good"), span("bytes!")], service)
    if form == "json":
        body = json_format.MessageToJson(request).encode().replace(b"bytes!", b"bytes\xff")
        # The JSON form of protobuf has base64 where OTLP has hex.
        for each in request.resource_spans[0].scope_spans[0].spans:
            for id_ in (each.trace_id, each.span_id):
                body = body.replace(base64.b64encode(id_), id_.hex().encode())
        assert post(shared, body, content_type="application/json").status_code == 200
    else:
        body = request.SerializeToString().replace(b"bytes!", b"bytes\xff")
        (send_grpc if form == "grpc" else send_http)(shared, body)
    assert {row["name"] for row in shared.spans_of(service, 2)} == {"good", "bytes\ufffd"}


@pytest.mark.parametrize("transport", [send_grpc, send_http])
def test_partial_success_of_spans(shared, service, transport):
    """Items that can never be stored are rejected one by one; the rest is kept."""
    bad = [
        span("short trace id", trace=b"\x01" * 15),
        span("no trace id", trace=b"\x00" * 16),
        span("long span id", span_id=b"\x01" * 9),
        span("no span id", span_id=b""),
    ]
    response = transport(shared, traces([span("good"), *bad, span("good too")], service))
    assert response.partial_success.rejected_spans == len(bad)
    assert len(response.partial_success.error_message) > 8
    assert {row["name"] for row in shared.spans_of(service, 2)} == {"good", "good too"}


def test_partial_success_over_json(shared, service):
    ids = {"traceId": "0" * 32, "spanId": "1" * 16}
    spans = [{**ids, "name": "bad"}, {**ids, "traceId": "5b8efff798038103d269b633813fc60c", "name": "good"}]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    answer = post(shared, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1 and partial["errorMessage"]
    assert shared.spans_of(service, 1)[0]["name"] == "good"


def test_odd_but_well_formed(shared, service):
    """Fields unknown to us, out of order, and lengths longer than they need be are all legal protobuf."""
    request = traces([span("odd", {"session.id": "s"}, [exception()])], service)
    (body,) = wire.at_path(request.SerializeToString(), (1,))
    unknown = wire.length_delimited(1999, b"from the future")
    (inner,) = wire.spans(request.SerializeToString())
    scope = wire.length_delimited(2, wire.length_delimited(2, unknown + inner, pad_to=5), pad_to=4)
    (resource,) = wire.at_path(body, (1,))
    odd = wire.length_delimited(1, scope + wire.length_delimited(1, resource) + unknown) + unknown
    send_grpc(shared, odd)
    assert shared.spans_of(service, 1)[0]["name"] == "odd"
    assert shared.errors_of(service, 1)[0]["error_type"] == "ValueError"


@pytest.mark.parametrize("encoding", [None, "gzip", "zstd"])
@pytest.mark.parametrize("form", ["protobuf", "json"])
def test_encodings(shared, service, encoding, form):
    request = traces([span(values={"session.id": unique("s")}, events=[exception()])], service)
    if form == "protobuf":
        send_http(shared, request, encoding=encoding)
    else:
        message = json_format.MessageToDict(request, use_integers_for_enums=True)
        for sent, plain in zip(spans_of_json(message), spans_in(request)):
            sent["traceId"], sent["spanId"] = plain.trace_id.hex(), plain.span_id.hex()
        answer = post(shared, json.dumps(message), content_type="application/json", encoding=encoding)
        assert answer.status_code == 200, answer.text
    (row,) = shared.errors_of(service, 1)
    assert row["span_id"] == spans_in(request)[0].span_id.hex()


def spans_of_json(message):
    return [s for group in message["resourceSpans"] for scope in group["scopeSpans"] for s in scope["spans"]]


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip])
def test_compressed_grpc(shared, service, algorithm):
    sender = GrpcSender(shared.otlp_grpc, algorithm)
    sender.call(traces([span(values={"session.id": "s"}, events=[exception()]) for _ in range(50)], service))
    sender.close()
    shared.errors_of(service, 50)


def test_log_records_without_anything(shared, service):
    """Records carry no ids of their own, so none is rejected."""
    request = logs([LogRecord(), LogRecord(trace_id=b"\x01"), LogRecord(event_name="x")], service)
    response = send_grpc(shared, request, LOGS)
    assert response.partial_success.rejected_log_records == 0
