"""A store that is slow, busy or away: commits wait and are tried again, nothing acknowledged is lost or doubled."""

import os
import random
import time

import pytest

from harness import load
from harness.minio import Minio
from harness.otlp import exception, post, span, traces, unique
from harness.s3_proxy import KINDS, S3Proxy
from harness.wait import wait_until

pytestmark = pytest.mark.s3

SMALL = traces([span(values={"session.id": "s"}, events=[exception()])], "small")


@pytest.fixture
def store(tmp_path):
    """MinIO behind the proxy, and a lake in it."""
    minio = Minio(tmp_path / "minio")
    seed = int(os.environ.get("ERRATA_TEST_S3_SEED", str(random.randrange(1 << 30))))
    print(f"ERRATA_TEST_S3_SEED={seed}")
    proxy = S3Proxy(minio.address, seed)
    bucket = unique("lake")
    minio.make_bucket(bucket)
    environment = {
        **minio.environment,
        "AWS_ENDPOINT_URL": f"http://{proxy.address}",
        "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
        "ERRATA_MAINTENANCE_INTERVAL": "1s",
        "ERRATA_WAL_SEGMENT_SIZE": "1MiB",
    }
    yield minio, proxy, bucket, environment
    proxy.close()
    minio.close()


def test_a_store_that_fails_at_each_call(launch, store, tmp_path):
    """One call in seven goes wrong: refused, answered with an error after they were done, cut, slow. Nothing is
    refused to senders, since the log takes what the store does not. One kill -9 amid it.
    """
    minio, proxy, bucket, environment = store
    server = launch(lake=f"s3://{bucket}/lake", env=environment)
    acknowledged = []
    proxy.rate = 0.15
    for killed in (True, False):
        running = load.Load(server, 1, 1)
        time.sleep(3)
        if killed:
            server.kill()
        acknowledged += running.finish()
        if killed:
            server.spawn()
            server.await_ready(60)
    proxy.rate = 0.0
    server.stop()
    print(proxy.seen)
    assert all(proxy.seen.get(kind) for kind in KINDS) and len(acknowledged) > 20
    copy = minio.download(f"{bucket}/lake", tmp_path / "copy")
    assert load.differences(copy, acknowledged) == {}


def test_a_store_that_is_away(launch, store, tmp_path):
    """While the store is dead the log fills up to its bound, then senders are told to retry; when it is back all that
    was acknowledged is committed and requests get in again.
    """
    minio, proxy, bucket, environment = store
    server = launch(lake=f"s3://{bucket}/lake", env={**environment, "ERRATA_WAL_SIZE_MAX": "4MiB"})
    running = load.Load(server, 1, 1)
    time.sleep(1)
    proxy.dead = True

    def refused():
        answer = post(server, SMALL)
        return [answer] if answer.status_code != 200 else None

    (answer,) = wait_until(refused, 40, "the log to be full")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    proxy.dead = False
    wait_until(lambda: post(server, SMALL).status_code == 200, 40, "requests to get in again")
    acknowledged = running.finish()
    server.stop()
    assert "panicked" not in server.log()
    copy = minio.download(f"{bucket}/lake", tmp_path / "copy")
    assert load.differences(copy, acknowledged) == {}


def test_a_server_stops_though_its_store_is_away(launch, store, tmp_path):
    """What was acknowledged stays in the log, and is committed by the next start."""
    minio, proxy, bucket, environment = store
    server = launch(lake=f"s3://{bucket}/lake", env=environment)
    running = load.Load(server, 1, 1)
    time.sleep(1)
    proxy.dead = True
    wait_until(lambda: "cannot commit to the lake" in server.log(), 60, "a commit to fail")
    acknowledged = running.finish()
    assert server.process.terminate(timeout_s=90) == 0
    proxy.dead = False
    server.start()
    server.stop()
    copy = minio.download(f"{bucket}/lake", tmp_path / "copy")
    assert load.differences(copy, acknowledged) == {}
