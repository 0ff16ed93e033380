"""The disk is full: new requests are refused with the retryable status, and all goes on when there is room again."""

import subprocess
import time

import pytest

from harness import load
from harness.otlp import exception, post, span, traces
from harness.wait import wait_until

SMALL = traces([span(values={"session.id": "s"}, events=[exception()])], "small")
SETTINGS = {"ERRATA_WAL_SEGMENT_SIZE": "1MiB", "ERRATA_WRITER_FLUSH_INTERVAL": "200ms"}


class Disk:
    """A file system of its own, of 48 MiB, that can be filled up and emptied."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"cannot mount a file system here: {mounted.stderr.strip()}")

    def fill(self):
        with open(self.filler, "ab", buffering=0) as filler:
            for size in (1 << 16, 1 << 12):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError:
                    pass

    def empty(self):
        self.filler.unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.close()


def until_refused(server, disk):
    """Fills the disk until requests are refused; the answer."""

    def refused():
        disk.fill()
        answer = post(server, SMALL)
        return [answer] if answer.status_code != 200 else None

    return wait_until(refused, 30, "a refusal")[0]


@pytest.mark.slow
def test_the_log_has_no_room(launch, disk):
    """Log, lake and all else on the full disk. Lost is nothing acknowledged; refused is what cannot be logged."""
    server = launch(env=SETTINGS)
    server.close()
    server.data_dir = disk.folder / "data"
    server.start()
    running = load.Load(server, 2, 1)
    time.sleep(1)
    for _ in range(2):
        answer = until_refused(server, disk)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
        time.sleep(1)
        disk.empty()
        wait_until(lambda: post(server, SMALL).status_code == 200, 20, "requests to get in again")
        time.sleep(0.5)
    acknowledged = running.finish()
    assert "panicked" not in server.log()
    server.stop()
    assert len(acknowledged) > 20
    assert load.differences(server.lake_dir, acknowledged) == {}


@pytest.mark.slow
def test_the_lake_has_no_room(launch, disk):
    """Only the lake on the full disk: commits fail and are tried again, the log takes what it may, then refuses."""
    server = launch(lake=disk.folder / "lake", env={**SETTINGS, "ERRATA_WAL_SIZE_MAX": "4MiB"})
    running = load.Load(server, 2, 1)
    time.sleep(1)
    answer = until_refused(server, disk)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert "cannot commit to the lake" in server.log()
    disk.empty()
    wait_until(lambda: post(server, SMALL).status_code == 200, 30, "requests to get in again")
    acknowledged = running.finish()
    assert "panicked" not in server.log()
    server.stop()
    assert load.differences(server.lake_dir, acknowledged) == {}


@pytest.mark.slow
def test_a_server_stops_though_the_lake_has_no_room(launch, disk):
    """What was acknowledged stays in the log, and is committed by the next start."""
    server = launch(lake=disk.folder / "lake", env={**SETTINGS, "ERRATA_WAL_SIZE_MAX": "4MiB"})
    running = load.Load(server, 2, 1)
    time.sleep(1)
    until_refused(server, disk)
    acknowledged = running.finish()
    assert server.process.terminate(timeout_s=60) == 0
    assert "the lake takes nothing" in server.log()
    disk.empty()
    server.start()
    server.stop()
    assert load.differences(server.lake_dir, acknowledged) == {}
