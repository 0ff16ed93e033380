"""The wall clock jumps, forth and back, under load: nothing acknowledged is lost or doubled, nothing is refused."""

import json
import time

import pytest

from harness import load
from harness.otlp import exception, send_grpc, span, traces
from harness.shim import Clock

HOUR = 3600
JUMPS = (3 * HOUR, -3 * HOUR, 26 * HOUR, 0, -40, 0)


def commit_times(table):
    """When the commits of a table were made, by the clock of the program."""
    for entry in (table / "_delta_log").glob("*.json"):
        for line in entry.read_text().splitlines():
            if info := json.loads(line).get("commitInfo"):
                yield info["timestamp"]


@pytest.mark.slow
def test_clock_jumps(launch, tmp_path):
    """Merging, expiry of the log and the vacuum run twice a second meanwhile, by whatever time it is said to be."""
    clock = Clock(tmp_path)
    settings = {
        **clock.environment,
        "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
        "ERRATA_MAINTENANCE_INTERVAL": "500ms",
        "ERRATA_WAL_SEGMENT_SIZE": "1MiB",
    }
    server = launch(env=settings)
    running = load.Load(server, 2, 1)
    for number, jump in enumerate(JUMPS):
        time.sleep(1.2)
        clock.set(jump)
        send_grpc(server, traces([span(values={"session.id": "s"}, events=[exception()])], "jumping"))
        if number == 2:
            server.kill()
            server.start()
    # All senders were cut off by the kill and have gone on since.
    acknowledged = running.finish()
    server.errors_of("jumping", len(JUMPS), 20)
    server.stop()
    assert len(acknowledged) > 50
    told = {round((at / 1000 - time.time()) / HOUR) for at in commit_times(server.lake_dir / "spans")}
    assert {3, -3, 0} <= told, f"the clock was to jump; commits were made {told} hours ahead"
    assert load.differences(server.lake_dir, acknowledged) == {}
