"""Two data folders with one writer id: the one that started last writes, the other is fenced off and says so."""

import shutil
import time

from harness import duck
from harness.otlp import exception, send_grpc, span, traces

SOON = {"ERRATA_WRITER_FLUSH_INTERVAL": "300ms"}


def some(service, count):
    return traces([span(values={"session.id": "s"}, events=[exception()]) for _ in range(count)], service)


def copied(launch, source, name, lake):
    """A server whose data folder is a copy of another's, not started yet."""
    server = launch(name, ready=False, lake=lake, env=SOON)
    server.close()
    shutil.rmtree(server.data_dir, ignore_errors=True)
    shutil.copytree(source.data_dir, server.data_dir)
    return server


def rows(lake, service):
    query = f"SELECT count(*), count(DISTINCT span_id) FROM {{errors}} WHERE service_name = '{service}'"
    return duck.query(lake, query)[0]


def test_a_copy_of_a_running_folder_takes_over(launch, tmp_path):
    """The copy is started while the original runs. What the original acknowledged and had not committed by then stays
    in its log: it commits nothing, stops with an error, does not start again, and by a new id all of it is written.
    """
    lake = tmp_path / "lake"
    original = launch("original", lake=lake, env=SOON)
    send_grpc(original, some("before", 10))
    original.errors_of("before", 10)
    copy = copied(launch, original, "copy", lake)
    copy.start()
    send_grpc(copy, some("copy", 20))
    send_grpc(original, some("late", 30))
    assert original.process.child.wait(timeout=20) != 0
    assert "by another process" in original.log() and "panicked" not in original.log()
    copy.errors_of("copy", 20)
    assert rows(lake, "before") == (10, 10) and rows(lake, "late") == (0, 0)

    original.spawn()
    assert original.process.child.wait(timeout=20) != 0
    assert "of which one is a copy" in original.log() and str(original.data_dir) in original.log()
    (original.data_dir / "writer-id").unlink()
    original.start()
    original.errors_of("late", 30)
    copy.stop()
    original.stop()
    assert rows(lake, "copy") == (20, 20) and rows(lake, "late") == (30, 30)


def test_an_old_copy_is_refused(launch, tmp_path):
    """The original was started again since the copy was made: the copy does not start, and nobody is disturbed."""
    lake = tmp_path / "lake"
    original = launch("original", lake=lake, env=SOON)
    send_grpc(original, some("before", 10))
    original.stop()
    copy = copied(launch, original, "copy", lake)
    original.start()
    copy.spawn()
    assert copy.process.child.wait(timeout=20) != 0
    assert "writer-id" in copy.log() and str(copy.data_dir) in copy.log()
    send_grpc(original, some("after", 10))
    time.sleep(0.5)
    original.stop()
    assert rows(lake, "before") == (10, 10) and rows(lake, "after") == (10, 10)
