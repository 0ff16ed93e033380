"""Forwarding to a next hop: tagged with everything kept, untouched without a session, queued while it is down."""

import random
import time

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from harness import wire
from harness.compare import ADDED_KEYS, added, assert_tagged
from harness.otlp import LOGS, RawReceiver, exception, logs, plain, send_grpc, send_http, span, traces
from harness.process import free_port
from harness.samples import rich_record, rich_span
from harness.wait import wait_until

TRANSPORTS = {"grpc": "grpc_url", "http": "http_url"}


@pytest.fixture(params=TRANSPORTS)
def forwarding(request, launch, receiver):
    """A server that forwards over one of the two transports, and the hop."""
    protocol = {"grpc": "grpc", "http": "http/protobuf"}[request.param]
    url = getattr(receiver, TRANSPORTS[request.param])
    return launch("errata", "--forward", url, env={"ERRATA_FORWARD_PROTOCOL": protocol}), receiver


def by_id(items):
    return {item.span_id: item for item in items}


def await_spans(hop, count):
    return wait_until(lambda: len(hop.spans()) >= count and hop.spans(), 15, f"{count} forwarded spans")


def test_session_spans_are_tagged_and_whole(forwarding):
    server, hop = forwarding
    chance = random.Random(1)
    sent = {}
    for n in range(40):
        failed = n % 2 == 0
        item = rich_span(f"session-{n}", failed, chance)
        sent[item.span_id] = (item, f"session-{n}", failed)
    items = [item for item, _, _ in sent.values()]
    send_grpc(server, traces(items[:20], "forward"))
    send_http(server, traces(items[20:], "forward"))
    for own, arrived in by_id(await_spans(hop, 40)).items():
        assert_tagged(sent[own][0], arrived, sent[own][1], sent[own][2])
    assert len(hop.spans()) == 40
    rows = {row["span_id"]: row for row in server.errors_of("forward", 20)}
    for arrived in hop.spans():
        if arrived.span_id.hex() in rows:
            row, tags = rows[arrived.span_id.hex()], plain(arrived.attributes)
            for tag, column in (
                ("errata.fingerprint", "fingerprint"),
                ("errata.pattern.id", "pattern_id"),
                ("errata.severity", "severity"),
                ("errata.taxonomy.type", "taxonomy_type"),
                ("errata.strategy", "strategy"),
            ):
                assert tags[tag] == row[column]


def test_resource_and_scope_are_whole(forwarding):
    server, hop = forwarding
    request = traces([rich_span("s", True)], "forward", {"list": ["a", 1], "blob": b"\x01"})
    group = request.resource_spans[0]
    group.schema_url = "https://example.test/schema"
    group.resource.dropped_attributes_count = 7
    scope = group.scope_spans[0]
    scope.schema_url = "https://example.test/scope"
    scope.scope.dropped_attributes_count = 8
    send_grpc(server, request)
    await_spans(hop, 1)
    (message,) = hop.messages()
    (arrived,) = message.resource_spans
    del arrived.scope_spans[0].spans[:], scope.spans[:]
    assert arrived == group


def test_spans_without_a_session_are_the_same_bytes(forwarding):
    server, hop = forwarding
    chance = random.Random(2)
    items = [rich_span(None, n % 2 == 0, chance) for n in range(20)]
    bodies = [item.SerializeToString() for item in items]
    odd = [oddly_encoded(item) for item in items[:5]]
    fresh = [renamed(body, n) for n, body in enumerate(odd)]
    for body in (traces(items, "forward").SerializeToString(), oddly_wrapped(fresh)):
        send_grpc(server, body)
    await_spans(hop, 25)
    arrived = [body for message in hop.bodies() for body in wire.spans(message)]
    assert sorted(arrived) == sorted(bodies + fresh)


def test_mixed_requests(forwarding):
    """In one request some spans have a session and some have not."""
    server, hop = forwarding
    chance = random.Random(3)
    items = [rich_span(f"s-{n}" if n % 2 else None, n % 3 == 0, chance) for n in range(30)]
    send_grpc(server, traces(items, "forward"))
    await_spans(hop, 30)
    arrived = {Span.FromString(body).span_id: body for message in hop.bodies() for body in wire.spans(message)}
    for n, item in enumerate(items):
        if n % 2:
            assert_tagged(item, Span.FromString(arrived[item.span_id]), f"s-{n}", n % 3 == 0)
        else:
            assert arrived[item.span_id] == item.SerializeToString()


def test_log_records(forwarding):
    server, hop = forwarding
    chance = random.Random(4)
    items = [rich_record(f"s-{n}" if n % 2 else None, n % 3 == 0, chance) for n in range(12)]
    send_grpc(server, logs(items, "forward"), LOGS)
    arrived = wait_until(lambda: len(hop.records()) >= 12 and by_id(hop.records()), 15, "the records")
    for n, item in enumerate(items):
        if n % 2:
            assert_tagged(item, arrived[item.span_id], f"s-{n}", n % 3 == 0)
        else:
            assert arrived[item.span_id] == item


def test_the_computed_session_is_written(launch, receiver):
    server = launch("errata", "--forward", receiver.grpc_url)
    values = {"enduser.id": "ada", "container.id": "c0ffee", "exec.session.start_time": "2026-11-23T10:00:00Z"}
    item = span(values=values)
    send_grpc(server, traces([item], "forward"))
    (arrived,) = await_spans(receiver, 1)
    assert added(item, arrived) == {"exec.session.id": server.spans_of("forward", 1)[0]["session_id"]}


def test_results_that_a_client_sends_are_not_believed(launch, receiver):
    server = launch("errata", "--forward", receiver.grpc_url)
    values = {"session.id": "s", "errata.pattern.id": "fake", "errata.severity": 99}
    send_grpc(server, traces([span(values=values, events=[exception()])], "forward"))
    (arrived,) = await_spans(receiver, 1)
    keys = [attribute.key for attribute in arrived.attributes]
    assert len(keys) == len(set(keys))
    assert plain(arrived.attributes)["errata.pattern.id"] == server.errors_of("forward", 1)[0]["pattern_id"]
    assert set(keys) <= {"session.id"} | ADDED_KEYS


def test_a_hop_that_is_down_neither_blocks_nor_loses(launch):
    ports = free_port(), free_port()
    server = launch("errata", "--forward", f"http://127.0.0.1:{ports[0]}")
    slowest = 0.0
    for n in range(50):
        began = time.monotonic()
        send_grpc(server, traces([span(f"n-{n}", {"session.id": "s"}, [exception()]) for _ in range(20)], "down"))
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 2.0
    server.errors_of("down", 1000)
    server.kill()  # what was queued is on disk
    server.start()
    hop = RawReceiver(*ports)
    try:
        await_spans_within(hop, 1000, 45)
        hop.fail = True
        for n in range(10):
            send_grpc(server, traces([span(f"later-{n}", {"session.id": "s"})], "down"))
        wait_until(lambda: hop.refused > 0, 15, "a refused request")
        hop.fail = False
        await_spans_within(hop, 1010, 45)
    finally:
        hop.close()


def test_a_hop_that_is_slow_slows_nobody(launch, receiver):
    """Each answer of the hop takes 300 ms. Senders are answered at their pace, the lake has everything, and what waits
    for the hop lies in the log, not in memory. Nothing is refused; the hop gets all of it once it is quick again.
    """
    server = launch("errata", "--forward", receiver.grpc_url)
    receiver.delay_s = 0.3
    padding = {"session.id": "s", "padding": "x" * 20_000}
    slowest = 0.0
    for n in range(200):
        began = time.monotonic()
        send_grpc(server, traces([span(f"n-{n}", padding) for _ in range(10)], "slow"))
        slowest = max(slowest, time.monotonic() - began)
    waiting = len(by_id(receiver.spans()))
    server.spans_of("slow", 2000, 20)
    assert slowest < 2.0
    assert waiting < 1000, "the hop was to be behind"
    receiver.delay_s = 0.0
    await_spans_within(receiver, 2000, 45)


def await_spans_within(hop, count, timeout_s):
    """Until so many different spans have arrived: at least once is what a retry can promise."""
    wait_until(lambda: len(by_id(hop.spans())) >= count, timeout_s, f"{count} spans at the hop", every_s=0.3)
    assert len(by_id(hop.spans())) == count


def oddly_encoded(item):
    """The same span in bytes that no encoder of ours would write, but that are well-formed."""
    unknown = wire.length_delimited(2047, b"from the future")
    fields = [
        wire.encode_varint(number << 3 | kind) + (wire.encode_varint(len(value), 3) + value if kind == 2 else value)
        for number, kind, value in wire.fields(item.SerializeToString())
    ]
    return unknown + b"".join(reversed(fields)) + unknown


def renamed(body, n):
    """The span with a span id of its own; the last of a repeated scalar field wins."""
    return body + wire.length_delimited(2, b"odd-%04d" % n)


def oddly_wrapped(spans):
    """A request around these spans, with lengths longer than need be."""
    scope = b"".join(wire.length_delimited(2, body, pad_to=4) for body in spans)
    group = wire.length_delimited(2, scope, pad_to=5)
    return wire.length_delimited(1, group, pad_to=5)
