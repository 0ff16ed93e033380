"""The lake stays small and readable: merging, retention, and readers that look on meanwhile."""

import time

import deltalake

from harness import duck
from harness.otlp import exception, send_grpc, span, traces
from harness.server import command
from harness.wait import wait_until

COUNTS = "SELECT (SELECT count(*) FROM {spans}), (SELECT count(DISTINCT span_id) FROM {spans}), (SELECT count(*) FROM {errors})"
DAY_NS = 24 * 3600 * 1_000_000_000


def batch(service, count=20, start=None):
    spans = [span(values={"session.id": "s"}, events=[exception(at=start)], start=start) for _ in range(count)]
    return traces(spans, service)


def live_files(server, table="spans"):
    return len(deltalake.DeltaTable(str(server.lake_dir / table)).file_uris())


def test_small_files_are_merged_while_readers_read(launch):
    server = launch(env={"ERRATA_WRITER_FLUSH_INTERVAL": "100ms", "ERRATA_MAINTENANCE_INTERVAL": "1s"})
    last = 0
    for _ in range(60):
        send_grpc(server, batch("merge"))
        time.sleep(0.12)
        (counted,) = server.sql("SELECT count(*) AS n, count(DISTINCT span_id) AS d FROM spans")
        assert counted["n"] == counted["d"] >= last
        last = counted["n"]
    server.await_rows("SELECT span_id FROM spans", 1200)
    wait_until(lambda: live_files(server) <= 20, 30, "few live files")
    assert duck.query(server.lake_dir, COUNTS) == [(1200, 1200, 1200)]
    assert server.scalar("SELECT count(*) FROM errors") == 1200


def test_the_compact_command(launch):
    server = launch(env={"ERRATA_WRITER_FLUSH_INTERVAL": "100ms", "ERRATA_MAINTENANCE_ENABLED": "false"})
    for _ in range(20):
        send_grpc(server, batch("command"))
        time.sleep(0.15)
    server.stop()
    before = live_files(server)
    assert before > 5
    command("compact", "--data-dir", server.data_dir)
    assert live_files(server) < before
    assert duck.query(server.lake_dir, COUNTS) == [(400, 400, 400)]
    server.start()
    send_grpc(server, batch("command"))
    server.spans_of("command", 420)


def test_retention_drops_whole_dates(launch):
    server = launch(env={"ERRATA_MAINTENANCE_RETENTION_DAYS": "2", "ERRATA_MAINTENANCE_INTERVAL": "1s"})
    old = time.time_ns() - 5 * DAY_NS
    send_grpc(server, batch("new"))
    send_grpc(server, batch("old", start=old))
    wait_until(lambda: server.scalar("SELECT count(*) FROM spans WHERE service_name = 'new'") == 20, 10, "new spans")
    wait_until(lambda: server.scalar("SELECT count(*) FROM spans WHERE service_name = 'old'") == 0, 30, "retention")
    wait_until(lambda: duck.query(server.lake_dir, COUNTS) == [(20, 20, 20)], 30, "retention in both tables")
    assert server.scalar("SELECT count(*) FROM pattern_report") >= 1
