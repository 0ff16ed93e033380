"""Clients that mean harm, each beside a good one whose requests all get in. Nothing acknowledged is lost."""

import os
import random
import re
import resource
import socket
import struct
import threading
import time
from contextlib import contextmanager

import pytest
import requests

from harness import load
from harness.otlp import TRACES, exception, post, send_grpc, send_http, span, traces
from harness.wait import wait_until

GOOD = traces([span(values={"session.id": "s"}, events=[exception()])], "good")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def memory_mib(server, what="VmRSS"):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(what)


def http_head(length, host="x"):
    return (
        f"POST /v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def frame(kind, flags, stream, body):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def literal(name, value):
    """A header field of HPACK, as plain text."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def grpc_head(address):
    """The beginning of a gRPC call whose body is still to come."""
    fields = [
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", TRACES.encode()), (b":authority", address.encode()),
        (b"content-type", b"application/grpc"), (b"te", b"trailers"),
    ]
    headers = b"".join(literal(name, value) for name, value in fields)
    # The message says that it has 1 MB.
    return PREFACE + SETTINGS + frame(1, 4, 1, headers) + frame(0, 0, 1, b"\x00\x00\x10\x00\x00" + b"\x0a")


def ended(data):
    """Whether frames that a server sent end the first call: headers (here the status) with the flag that says so."""
    at = 0
    while at + 9 <= len(data):
        length, kind, flags = int.from_bytes(data[at : at + 3], "big"), data[at + 3], data[at + 4]
        if kind == 1 and flags & 1:
            return True
        at += 9 + length
    return False


class Drips:
    """Connections on which a byte comes now and then."""

    def __init__(self, address, count, first, drip):
        self.drip, self.stopping = drip, threading.Event()
        self.sockets = [connect(address) for _ in range(count)]
        for each in self.sockets:
            each.sendall(first)
            each.setblocking(False)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.wait(0.3):
            for each in self.sockets:
                try:
                    each.send(self.drip)
                except OSError:
                    pass

    def closed(self):
        """How many the server has given up."""
        gone = 0
        for each in self.sockets:
            try:
                while data := each.recv(65536):
                    pass
                gone += data == b""
            except BlockingIOError:
                pass
            except OSError:
                gone += 1
        return gone

    def close(self):
        self.stopping.set()
        self.thread.join()
        for each in self.sockets:
            each.close()


@contextmanager
def dripping(*arguments):
    drips = Drips(*arguments)
    try:
        yield drips
    finally:
        drips.close()


def test_bodies_that_drip(launch):
    """Three times as many senders as there are places, over both protocols, whose bodies come byte by byte.

    They hold no place, so a good client's requests all get in at the first try. They are told off after
    `otlp.read_timeout`; nothing is to come back.
    """
    server = launch(env={"ERRATA_OTLP_REQUESTS_MAX": "16", "ERRATA_OTLP_READ_TIMEOUT": "3s"})
    http, rpc = server.addresses["otlp_http"], server.otlp_grpc
    with (
        dripping(http, 48, http_head(60_000_000) + b"\x0a", b"\x0a") as over_http,
        dripping(rpc, 48, grpc_head(rpc), frame(0, 0, 1, b"\x0a")) as over_grpc,
    ):
        time.sleep(0.5)
        for _ in range(20):
            send_http(server, GOOD)
            send_grpc(server, GOOD)
        assert over_http.closed() + over_grpc.closed() < 96, "they were to drip while the good ones were sent"
        wait_until(lambda: over_http.closed() == 48, 20, "all slow HTTP bodies to be given up")
        log = server.log()
    server.spans_of("good", 40)
    assert "panicked" not in log


def test_a_grpc_body_that_drips_is_given_up(launch):
    """A slow gRPC call ends with a status after `otlp.read_timeout`, although its client answers every ping."""
    server = launch(env={"ERRATA_OTLP_READ_TIMEOUT": "2s"})
    rpc = server.otlp_grpc
    with connect(rpc) as client:
        client.sendall(grpc_head(rpc))
        client.settimeout(1)
        began, got = time.monotonic(), b""
        while not ended(got) and time.monotonic() - began < 15:
            try:
                client.sendall(frame(0, 0, 1, b"\x0a"))
                got += client.recv(65536)
            except (TimeoutError, OSError):
                pass
        assert ended(got), got
        assert time.monotonic() - began < 6
    send_grpc(server, GOOD)


def test_headers_that_drip(launch):
    """500 connections whose request line never ends: they cost little memory, and a good client gets in.

    Nothing is refused.
    """
    server = launch()
    send_http(server, GOOD)
    before = memory_mib(server)
    with dripping(server.addresses["otlp_http"], 500, b"POST /v1/traces HTTP/1.1\r\nX-Slow: ", b"a"):
        for _ in range(20):
            send_http(server, GOOD)
            send_grpc(server, GOOD)
        grown = memory_mib(server) - before
    print(f"500 connections with unfinished headers: {grown:.1f} MiB")
    assert grown < 100
    server.spans_of("good", 41)


@pytest.mark.slow
def test_ten_thousand_idle_connections(launch):
    """10,000 connections that say nothing, a quarter to each port: a bounded cost each, and others get in."""
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted + 500:
        pytest.skip(f"at most {hard} open files are allowed here")
    # The server is started with few, as most systems do, and helps itself.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    server = launch()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    send_http(server, GOOD)
    before = memory_mib(server)
    ports = [server.addresses[name] for name in ("otlp_grpc", "otlp_http", "http", "grpc")]
    idle = []
    try:
        for number in range(wanted):
            idle.append(connect(ports[number % 4]))
        time.sleep(1)
        for _ in range(20):
            send_http(server, GOOD)
            send_grpc(server, GOOD)
        server.spans_of("good", 41)
        grown = memory_mib(server) - before
    finally:
        for each in idle:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(f"{wanted} idle connections: {grown:.0f} MiB, {grown * 1024 / wanted:.1f} KiB each")
    assert grown * 1024 / wanted < 64
    send_http(server, GOOD)
    server.spans_of("good", 42)


def test_more_connections_than_places(launch):
    """Whoever is silent for longest makes room: 200 idle connections on 20 places, and a good client gets in."""
    server = launch(env={"ERRATA_OTLP_CONNECTIONS_MAX": "20"})
    idle = []
    for number in range(200):
        idle.append(connect(server.addresses["otlp_grpc" if number % 2 else "otlp_http"]))
        if number % 20 == 0:
            send_http(server, GOOD)
            send_grpc(server, GOOD)
    server.spans_of("good", 20)

    def crowded_out():
        text = requests.get(server.http + "/metrics", timeout=5).text
        found = re.search(r"errata_receiver_connections_crowded_out\S* (\d+)", text)
        return found and int(found[1]) >= 180

    wait_until(crowded_out, 10, "180 connections to be closed")
    for each in idle:
        each.close()


def rubbish(chance, protobuf):
    """Bytes that are no request: random, cut, or broken under a right beginning."""
    noise = chance.randbytes(chance.randint(1, 3000))
    kind = chance.randint(0, 4)
    if kind == 0:
        return noise
    if kind == 1:
        return PREFACE + noise
    if kind == 2:
        return http_head(len(noise)) + noise
    if kind == 3:
        cut = protobuf[: chance.randint(1, len(protobuf) - 1)]
        return http_head(len(cut)) + cut
    return http_head(len(noise)).replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + noise


def test_rubbish_at_full_speed(launch):
    """Two clients send random bytes, broken protobuf and broken gzip to both ports as fast as they can.

    All of it is refused; a good client's requests all get in, and memory stays where it was.
    """
    seed = int(os.environ.get("ERRATA_TEST_RUBBISH_SEED", str(random.randrange(1 << 30))))
    print(f"ERRATA_TEST_RUBBISH_SEED={seed}")
    server = launch()
    send_http(server, GOOD)
    before, sent, stopping = memory_mib(server), [0, 0], threading.Event()

    def send(number, address):
        chance, protobuf = random.Random(seed + number), GOOD.SerializeToString()
        while not stopping.is_set():
            try:
                with connect(address) as client:
                    client.sendall(rubbish(chance, protobuf))
                    client.shutdown(socket.SHUT_WR)
                    client.recv(65536)
            except OSError:
                pass
            sent[number] += 1

    addresses = (server.addresses["otlp_http"], server.otlp_grpc)
    senders = [threading.Thread(target=send, args=(n, address)) for n, address in enumerate(addresses)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(100):
            send_http(server, GOOD)
            send_grpc(server, GOOD)
    finally:
        stopping.set()
        for sender in senders:
            sender.join(20)
    print(f"{sent} pieces of rubbish, {memory_mib(server) - before:.1f} MiB more")
    assert min(sent) > 50
    assert memory_mib(server) - before < 150
    server.spans_of("good", 201, 20)
    assert "panicked" not in server.log()


@pytest.mark.slow
def test_more_than_it_can_take(launch):
    """Closed-loop senders over both protocols, many times the places there are.

    What is over is refused with the retryable status (the senders of `load` never send it again), what is accepted
    is answered in bounded time, memory stays under its bound, and when the load ends the next request gets in.
    """
    server = launch(env={"ERRATA_OTLP_REQUESTS_MAX": "8", "ERRATA_WAL_MEMORY_MAX": "64MiB"})
    running = load.Load(server, 24, 24)
    refused, other = 0, []
    began, slowest = time.monotonic(), 0.0
    while time.monotonic() - began < 8:
        at = time.monotonic()
        answer = post(server, GOOD)
        slowest = max(slowest, time.monotonic() - at)
        if answer.status_code == 503:
            refused += 1
            assert int(answer.headers["Retry-After"]) >= 1
        elif answer.status_code != 200:
            other.append(answer.status_code)
    acknowledged = running.finish()
    peak = memory_mib(server, "VmHWM")
    print(f"{running.attempted} requests, {len(acknowledged)} acknowledged, peak {peak:.0f} MiB, slowest {slowest:.2f} s")
    assert not other and len(acknowledged) < running.attempted
    assert slowest < 10
    assert peak < 1536, "of the whole process, engine included"
    wait_until(lambda: post(server, GOOD).status_code == 200, 5, "a request to get in")
    server.stop()
    assert load.differences(server.lake_dir, acknowledged) == {}
