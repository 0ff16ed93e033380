"""Over a limit: the status that the OTLP specification names, never a dropped connection, and nothing lost."""

import threading

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from harness import load
from harness.otlp import GrpcSender, exception, post, send_grpc, send_http, span, traces
from harness.wait import wait_until

SMALL = traces([span(values={"session.id": "s"}, events=[exception()])], "overload")


def retry_info(error):
    """The RetryInfo of a gRPC error, or None."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                found = error_details_pb2.RetryInfo()
                if detail.Unpack(found):
                    return found
    return None


class Busy:
    """A sender that keeps the one place taken: each of its requests waits a second for its disk flush."""

    def __init__(self, server):
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(server,), daemon=True)
        self.thread.start()

    def _run(self, server):
        while not self.stopping.is_set():
            post(server, SMALL)

    def close(self):
        self.stopping.set()
        self.thread.join()


@pytest.fixture
def full(launch):
    """A server with one place, and a sender that has it nearly always."""
    server = launch(
        env={
            "ERRATA_OTLP_REQUESTS_MAX": "1",
            "ERRATA_OTLP_RETRY_AFTER": "2s",
            "ERRATA_WAL_GROUP_COMMIT_DELAY": "900ms",
        }
    )
    busy = Busy(server)
    yield server, busy
    busy.close()


def refused(send):
    """The first answer that is not an acceptance."""
    return wait_until(send, 20, "a refusal", every_s=0.01)


def test_http_is_told_when_to_come_back(full):
    server, busy = full

    def over():
        answer = post(server, SMALL)
        return [answer] if answer.status_code != 200 else None

    (answer,) = refused(over)
    assert answer.status_code in (429, 503)
    assert answer.headers["Retry-After"] == "2"
    assert status_pb2.Status.FromString(answer.content).message
    busy.close()
    wait_until(lambda: post(server, SMALL).status_code == 200, 10, "a place again")


def test_grpc_is_told_when_to_come_back(full):
    server, busy = full

    def over():
        try:
            send_grpc(server, SMALL)
        except grpc.RpcError as error:
            return error
        return None

    error = refused(over)
    assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert retry_info(error).retry_delay.seconds == 2
    busy.close()

    def accepted():
        try:
            return send_grpc(server, SMALL) is not None
        except grpc.RpcError:
            return False

    wait_until(accepted, 10, "a place again")


def test_bodies_over_the_limit(launch):
    """Too large is for good: sending it again cannot help, so the status is not a retryable one."""
    server = launch(env={"ERRATA_OTLP_BODY_SIZE_MAX": "64KiB"})
    large = traces([span(values={"session.id": "s", "text": "x" * 100_000})], "large")
    for encoding in (None, "gzip", "zstd"):
        answer = post(server, large, encoding=encoding)
        assert answer.status_code == 413, (encoding, answer.status_code)
        assert "65536" in status_pb2.Status.FromString(answer.content).message
    for algorithm in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        sender = GrpcSender(server.otlp_grpc, algorithm)
        with pytest.raises(grpc.RpcError) as raised:
            sender.call(large)
        assert raised.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE)
        assert retry_info(raised.value) is None
        sender.call(SMALL)
        sender.close()
    send_http(server, SMALL)
    server.spans_of("overload", 3)


def test_a_compression_bomb(launch):
    server = launch(env={"ERRATA_OTLP_BODY_SIZE_MAX": "1MiB"})
    for encoding in ("gzip", "zstd"):
        assert post(server, b"\x00" * (64 << 20), encoding=encoding).status_code == 413
    send_http(server, SMALL)
    server.spans_of("overload", 1)


def test_many_senders_and_few_places(launch):
    """Senders that retry get everything in, and nothing twice."""
    server = launch(env={"ERRATA_OTLP_REQUESTS_MAX": "2"})
    refused, accepted, lock = [0], [0], threading.Lock()

    def send():
        for _ in range(20):
            body = traces([span(values={"session.id": "s"}, events=[exception()])], "retried")
            while (answer := post(server, body)).status_code != 200:
                assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
                with lock:
                    refused[0] += 1
            with lock:
                accepted[0] += 1

    senders = [threading.Thread(target=send) for _ in range(12)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert accepted[0] == 240
    rows = server.errors_of("retried", 240, 20)
    assert len({row["span_id"] for row in rows}) == 240


@pytest.mark.slow
def test_a_full_log_refuses_and_recovers(launch):
    """The log's bound on disk: at it senders are told to retry, and what was acknowledged is kept."""
    server = launch(env={"ERRATA_WAL_SEGMENT_SIZE": "1MiB", "ERRATA_WAL_SIZE_MAX": "4MiB"})
    running = load.Load(server)
    wait_until(lambda: len(running.acknowledged) > 300, 60, "300 acknowledged requests")
    acknowledged = running.finish()
    send_until_accepted = lambda: post(server, SMALL).status_code == 200  # noqa: E731
    wait_until(send_until_accepted, 20, "the log has room again")
    server.stop()
    assert load.differences(server.lake_dir, acknowledged) == {}
