"""The power goes: what was acknowledged is there once, and the server starts by itself on what is left.

One run is recorded call by call; then many moments of it are cut, each with its own chance of what the disk had of
the unsynced rest. Lost is nothing that was acknowledged; requests that were not are there whole or not at all.
"""

import os
import random
import shutil
import time

import pytest

from harness import load, power
from harness.server import Server

# Small segments, many commits, merging all the time: more happens between two cuts.
BUSY = {
    "ERRATA_WAL_SEGMENT_SIZE": "1MiB",
    "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
    "ERRATA_MAINTENANCE_INTERVAL": "500ms",
}


class Stamped(list):
    """Acknowledged requests with the end of the journal at the time."""

    def __init__(self, journal):
        super().__init__()
        self.journal = journal

    def append(self, item):
        super().append((os.path.getsize(self.journal), item))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run with a kill -9 and a restart in it: the journal, and what was acknowledged when."""
    folder = tmp_path_factory.mktemp("recorded")
    journal = folder / "journal"
    server = Server(folder / "errata")
    server.data_dir.mkdir()
    server.env = {**BUSY, **power.environment(folder, journal, server.data_dir.resolve())}
    acknowledged = Stamped(journal)
    for seconds in (2.0, 2.0):
        server.start()
        running = load.Load(server, 2, 1)
        running.acknowledged = acknowledged
        time.sleep(seconds)
        server.kill()
        running.finish()
        power.mend(journal, server.data_dir)
    assert len(acknowledged) > 50
    yield power.Journal(journal), list(acknowledged)
    shutil.rmtree(folder, ignore_errors=True)


def cuts(journal, count, chance):
    """Places between two calls, spread over the run."""
    step = len(journal.places) / count
    return [journal.places[min(int((n + chance.random()) * step), len(journal.places) - 1)] for n in range(count)]


def check(recorded, launch, tmp_path, count):
    journal, acknowledged = recorded
    seed = int(os.environ.get("ERRATA_TEST_POWER_SEED", str(random.randrange(1 << 30))))
    print(f"ERRATA_TEST_POWER_SEED={seed}")
    chance = random.Random(seed)
    for number, cut in enumerate(cuts(journal, count, chance)):
        name = f"cut-{number}"
        (tmp_path / name).mkdir()
        journal.leave(tmp_path / name / "data", cut, chance)
        server = launch(name, env=BUSY)
        server.stop()
        wanted = [request for at, request in acknowledged if at <= cut]
        found = load.differences(server.lake_dir, wanted)
        assert found == {}, f"cut at {cut}, {len(wanted)} requests acknowledged: {found}\n{server.process.tail()}"
        shutil.rmtree(tmp_path / name)


def test_a_few_cuts(recorded, launch, tmp_path):
    check(recorded, launch, tmp_path, 4)


@pytest.mark.slow
def test_many_cuts(recorded, launch, tmp_path):
    check(recorded, launch, tmp_path, int(os.environ.get("ERRATA_TEST_POWER_CUTS", "24")))
