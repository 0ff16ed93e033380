"""Stopping and starting: SIGTERM drains, kill -9 loses nothing, a torn log tail is cut."""

import os
import random
import time

import pytest

from harness import duck, load
from harness.otlp import exception, send_grpc, send_http, span, traces

COUNTS = "SELECT (SELECT count(*) FROM {spans}), (SELECT count(*) FROM {errors})"


def some(service, count):
    return traces([span(values={"session.id": "s"}, events=[exception()]) for _ in range(count)], service)


def test_sigterm_drains(launch):
    """What was acknowledged just before SIGTERM is in the tables when the process has ended."""
    server = launch()
    for _ in range(5):
        send_grpc(server, some("drain", 40))
        send_http(server, some("drain", 40))
    server.stop()
    assert duck.query(server.lake_dir, COUNTS) == [(400, 400)]


def test_sigterm_under_load(launch):
    server = launch()
    running = load.Load(server)
    time.sleep(1)
    server.stop()
    acknowledged = running.finish()
    assert acknowledged
    assert load.differences(server.lake_dir, acknowledged) == {}


def test_restart_goes_on(launch):
    server = launch()
    send_grpc(server, some("first", 10))
    server.stop()
    server.start()
    assert len(server.errors_of("first", 10)) == 10
    send_grpc(server, some("second", 10))
    server.errors_of("second", 10)
    assert server.scalar("SELECT count(DISTINCT pattern_id) FROM errors") == 1
    assert server.scalar("SELECT count(*) FROM errors WHERE pattern_new") <= 1
    server.stop()
    assert duck.query(server.lake_dir, COUNTS) == [(20, 20)]


def test_kill_right_after_the_acknowledgement(launch):
    server = launch()
    send_grpc(server, some("killed", 100))
    server.kill()
    server.start()
    server.errors_of("killed", 100)
    server.spans_of("killed", 100)


def test_a_torn_log_tail_is_cut(launch):
    """Bytes of a write that never finished: cut, told, and everything before them is kept."""
    server = launch()
    send_grpc(server, some("torn", 25))
    server.kill()
    segments = [file for file in server.data_dir.rglob("*") if file.is_file() and "wal" in str(file).lower()]
    segments = [file for file in segments if file.stat().st_size and file.suffix != ".lock"]
    assert segments, list(server.data_dir.rglob("*"))
    newest = max(segments, key=lambda file: (file.stat().st_mtime_ns, file.name))
    with open(newest, "ab") as segment:
        segment.write(os.urandom(1234))
    server.start()
    server.errors_of("torn", 25)
    assert any(word in server.log().lower() for word in ("torn", "cut", "truncat")), server.log()
    send_grpc(server, some("after", 5))
    server.errors_of("after", 5)


def test_a_second_server_on_the_same_folder_is_refused(launch):
    """Two processes on one data folder would write one log."""
    first = launch()
    second = launch("second", ready=False)
    second.close()
    second.data_dir = first.data_dir
    addresses = first.addresses_file.read_text()
    second.spawn()
    assert second.process.child.wait(timeout=20) != 0
    assert "panicked" not in second.log() and str(first.data_dir) in second.log()
    first.addresses_file.write_text(addresses)
    send_grpc(first, some("still", 3))
    first.errors_of("still", 3)


# Small log segments, many commits, merging all the time: more happens between two kills.
BUSY = {
    "ERRATA_WAL_SEGMENT_SIZE": "1MiB",
    "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
    "ERRATA_MAINTENANCE_INTERVAL": "1s",
}


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "share"), [({}, 1.0), (BUSY, 0.5)], ids=["default", "busy"])
def test_kill_loop(launch, settings, share):
    """kill -9 at a random moment, again and again; then every acknowledged id is there exactly once."""
    rounds = max(1, int(share * int(os.environ.get("ERRATA_TEST_KILL_ROUNDS", "20"))))
    seed = int(os.environ.get("ERRATA_TEST_KILL_SEED", str(random.randrange(1 << 30))))
    chance = random.Random(seed)
    print(f"ERRATA_TEST_KILL_SEED={seed}")
    server = launch(env=settings)
    acknowledged, attempted = [], 0
    for number in range(rounds):
        if number:
            if chance.random() < 0.3:  # also while it recovers
                server.spawn()
                time.sleep(chance.uniform(0, 0.8))
                server.kill()
            server.start()
        running = load.Load(server)
        time.sleep(chance.uniform(0.05, 2.5))
        server.kill()
        acknowledged += running.finish()
        attempted += running.attempted
    server.start()
    server.stop()
    found = load.counts(server.lake_dir)
    print(f"{rounds} rounds, {attempted} requests, {len(acknowledged)} acknowledged, rows {found}")
    assert len(acknowledged) > 20 * rounds
    assert load.differences(server.lake_dir, acknowledged) == {}
