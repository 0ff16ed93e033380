"""Drop-in, for real: a Collector sends to Errata, and Errata forwards to the Collector's second receiver."""

import random
import time

import pytest

from harness import sdk
from harness.collector import Collector
from harness.compare import assert_tagged
from harness.otlp import LOGS, exception, logs, send_grpc, send_http, span, traces
from harness.samples import rich_record, rich_span
from harness.server import Server
from harness.wait import wait_until

pytestmark = pytest.mark.collector


@pytest.fixture
def dropped_in(tmp_path):
    """A Collector and an Errata between its two receivers."""
    collector = Collector(tmp_path / "collector").start()
    server = Server(tmp_path / "errata", "--forward", collector.tagged_url, otlp_grpc=collector.errata_address).start()
    yield collector, server
    server.close()
    collector.close()


def arrived(read, count, timeout_s=20):
    items = wait_until(lambda: len(read()) >= count and read(), timeout_s, f"{count} items behind the Collector")
    assert len(items) == count
    return {item.span_id: item for item in items}


def test_everything_arrives(dropped_in):
    """Tagged spans with every original field, the others the same bytes, as protobuf writes them."""
    collector, server = dropped_in
    chance = random.Random(5)
    spans = [rich_span(f"s-{n}" if n % 3 else None, n % 2 == 0, chance) for n in range(60)]
    records = [rich_record(f"s-{n}" if n % 3 else None, n % 2 == 0, chance) for n in range(30)]
    send_grpc(collector, traces(spans[:30], "drop-in"))
    send_http(collector, traces(spans[30:], "drop-in"))
    send_grpc(collector, logs(records, "drop-in"), LOGS)
    for items, found in ((spans, arrived(collector.spans, 60)), (records, arrived(collector.records, 30))):
        for n, item in enumerate(items):
            if n % 3:
                assert_tagged(item, found[item.span_id], f"s-{n}", n % 2 == 0)
            else:
                assert found[item.span_id].SerializeToString(deterministic=True) == item.SerializeToString(
                    deterministic=True
                )
    failed = sum(1 for n in range(60) if n % 3 and n % 2 == 0) + sum(1 for n in range(30) if n % 3 and n % 2 == 0)
    rows = server.await_rows("SELECT * FROM errors WHERE service_name = 'drop-in' AND session_id IS NOT NULL", failed)
    assert len({row["pattern_id"] for row in rows}) == 1


def test_the_sdk_behind_the_collector(dropped_in):
    collector, server = dropped_in
    with sdk.tracer(collector, "sdk", "grpc") as tracer:
        for n in range(20):
            with tracer.start_as_current_span("run_code", attributes={"exec.session.id": f"s-{n}"}) as current:
                if n % 2:
                    current.record_exception(ValueError(f"bad row {n}"))
    assert len(arrived(collector.spans, 20)) == 20
    assert {row["session_id"] for row in server.errors_of("sdk", 10)} == {f"s-{n}" for n in range(1, 20, 2)}


def test_errata_goes_down_and_comes_back(dropped_in):
    """The Collector in front keeps what it could not deliver; nothing is lost and nothing is doubled in the lake."""
    collector, server = dropped_in
    send = lambda name: send_grpc(collector, traces([span(name, {"session.id": "s"}, [exception()])], "outage"))  # noqa: E731
    send("before")
    arrived(collector.spans, 1)
    server.stop()
    for n in range(5):
        send(f"while down {n}")
    time.sleep(1)
    server.start()
    arrived(collector.spans, 6, 40)
    server.errors_of("outage", 6)


def test_the_collector_goes_down_and_comes_back(dropped_in):
    """Errata keeps what the hop behind cannot take."""
    collector, server = dropped_in
    collector.stop()
    items = [span(f"n-{n}", {"session.id": "s"}) for n in range(30)]
    for item in items:
        send_grpc(server, traces([item], "hop"))
    server.spans_of("hop", 30)
    collector.start()
    wait_until(
        lambda: {item.span_id for item in collector.spans()} >= {item.span_id for item in items}, 45, "the queued spans"
    )
