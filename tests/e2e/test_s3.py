"""The lake on S3: one and two processors, one of them killed, counts exact."""

import os
import subprocess
import time

import deltalake
import pyarrow.fs
import pytest

from harness import duck, load, paths
from harness.minio import ACCESS_KEY, SECRET_KEY, Minio
from harness.otlp import exception, send_grpc, span, traces, unique
from harness.server import command

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def minio(tmp_path_factory):
    server = Minio(tmp_path_factory.mktemp("minio"))
    yield server
    server.close()


@pytest.fixture
def bucket(minio):
    name = unique("lake")
    minio.make_bucket(name)
    return name


def test_one_processor(launch, minio, bucket, tmp_path):
    server = launch(lake=f"s3://{bucket}/prefix", env=minio.environment)
    send_grpc(server, traces([span(values={"session.id": "s"}, events=[exception()]) for _ in range(100)], "s3"))
    server.errors_of("s3", 100, 20)
    printed = command(
        "sql", "--data-dir", server.data_dir, "--lake", server.lake, "--format", "csv", "SELECT count(*) FROM spans",
        env=minio.environment,
    ).stdout
    assert printed.split()[1] == "100"
    server.stop()
    copy = minio.download(f"{bucket}/prefix", tmp_path / "copy")
    assert duck.query(copy, "SELECT count(*), count(DISTINCT span_id) FROM {errors}") == [(100, 100)]
    table = deltalake.DeltaTable(f"s3://{bucket}/prefix/errors", storage_options=minio.environment)
    assert table.to_pyarrow_table().num_rows == 100


def test_two_processors_and_one_is_killed(launch, minio, bucket, tmp_path):
    lake = f"s3://{bucket}/shared/lake"
    one = launch("one", lake=lake, env=minio.environment)
    two = launch("two", lake=lake, env=minio.environment)
    loads = [load.Load(one, 2, 1), load.Load(two, 2, 1)]
    time.sleep(4)
    two.kill()
    acknowledged = loads[1].finish()
    time.sleep(2)
    two.start()
    again = load.Load(two, 1, 1)
    time.sleep(3)
    acknowledged += loads[0].finish() + again.finish()
    one.stop()
    two.stop()
    copy = minio.download(f"{bucket}/shared/lake", tmp_path / "copy")
    print(f"{len(acknowledged)} requests acknowledged, rows {load.counts(copy)}")
    assert load.differences(copy, acknowledged) == {}
    assert duck.query(copy, "SELECT count(DISTINCT pattern_id) FROM {errors}") == [(2,)]


def test_a_store_that_is_away_is_told(launch, minio):
    """A bucket that does not exist: an error that names it, not a hang and not a panic."""
    server = launch("missing", ready=False, lake="s3://there-is-no-such-bucket/lake", env=minio.environment)
    code = server.process.child.wait(timeout=60)
    assert code != 0
    assert "there-is-no-such-bucket" in server.log() and "panicked" not in server.log()


def test_the_lake_crate_on_s3(minio, bucket):
    """The Rust suites of lake and engine with their S3 half switched on."""
    if not (paths.TARGET / "debug" / "deps").exists():
        pytest.skip(f"no build in {paths.TARGET}: tests/run makes one first")
    env = {
        **os.environ,
        "ERRATA_TEST_S3_ENDPOINT": f"http://{minio.address}",
        "ERRATA_TEST_S3_KEY": ACCESS_KEY,
        "ERRATA_TEST_S3_SECRET": SECRET_KEY,
        "ERRATA_TEST_S3_BUCKET": bucket,
    }
    done = subprocess.run(
        # The whole workspace, so that the dependencies' features are those of the other runs.
        ["cargo", "test", "--quiet", "--workspace", "--test", "it"],
        cwd=paths.REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    written = minio.filesystem().get_file_info(pyarrow.fs.FileSelector(bucket, recursive=True))
    assert written, "the suite wrote nothing to S3"
