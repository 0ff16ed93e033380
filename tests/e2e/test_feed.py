"""The feed: with curl, what is new is there within a second or so; nothing is lost or repeated when the engine is killed."""

import json
import subprocess
import threading
import time

import pytest
import requests

from harness.otlp import exception, send_grpc, span, traces, unique
from harness.wait import wait_until


def fail(server, service, count=1, **values):
    stack = f'Traceback (most recent call last):\n  File "/srv/{service}/a.py", line 3, in run\n    go()\nValueError: bad row\n'
    batch = [span("run_code", values, [exception("ValueError", "bad row", stack)]) for _ in range(count)]
    send_grpc(server, traces(batch, service))


class Curl:
    """`curl -N` on the feed: keeps events as they come, and the last id as a browser does."""

    def __init__(self, server, query="", last_id=None):
        command = ["curl", "--silent", "--no-buffer", f"{server.http}/api/v1/feed?{query}"]
        if last_id:
            command += ["--header", f"Last-Event-ID: {last_id}"]
        self.last_id = last_id
        self.events = []
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        event = {}
        for line in self.child.stdout:
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                event["id"] = value
            elif name == "event":
                event["event"] = value
            elif name == "data":
                event["data"] = json.loads(value)
            elif not line.strip():
                # An event that was cut off in the middle has no empty line and does not count.
                if "data" in event:
                    event["at"] = time.time()
                    self.events.append(event)
                self.last_id = event.get("id", self.last_id)
                event = {}

    def ids(self):
        return [event["data"]["event_id"] for event in self.events]

    def stand(self):
        wait_until(lambda: self.last_id, 20, "the feed's first place")
        return self

    def await_events(self, count, timeout_s=30):
        wait_until(lambda: len(self.events) >= count, timeout_s, f"{count} events of the feed")
        assert len(self.events) == count
        return self.events

    def close(self):
        self.child.kill()
        self.child.wait()
        self.reader.join(5)


@pytest.fixture
def curl():
    clients = []

    def start(*arguments, **options):
        clients.append(Curl(*arguments, **options))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def test_new_errors_arrive_within_five_seconds(launch, curl, service):
    """With the defaults: from before the exception is sent to the event at the client."""
    server = launch()
    client = curl(server, f"service={service}&kinds=error").stand()
    took = []
    for n in range(10):
        sent = time.time()
        fail(server, service, **{"exec.session.id": f"s-{n}"})
        took.append(client.await_events(n + 1)[n]["at"] - sent)
    took.sort()
    print(f"sent to seen: median {took[5]:.2f} s, longest {took[-1]:.2f} s")
    assert took[-1] < 5, took
    row = client.events[0]["data"]
    stored = server.errors_of(service, 10)[0]
    assert {name: stored[name] for name in row} == row


def test_decisions_arrive(shared, curl, service):
    fail(shared, service)
    pattern = shared.errors_of(service, 1)[0]["pattern_id"]
    client = curl(shared, f"pattern={pattern}").stand()
    url = f"{shared.http}/api/v1/patterns/{pattern}/status"
    assert requests.post(url, json={"status": "resolved", "actor": "ada"}, timeout=30).ok
    event = client.await_events(1)[0]
    assert event["event"] == "pattern_event"
    assert (event["data"]["to_value"], event["data"]["actor"]) == ("resolved", "ada")


def test_the_newest_errors_come_first(shared, curl, service):
    fail(shared, service, 60)
    newest = [row["event_id"] for row in shared.errors_of(service, 60)]
    client = curl(shared, f"recent=50&service={service}&kinds=error")
    client.await_events(50)
    assert client.ids() == newest[10:]
    fail(shared, service)
    assert client.await_events(51)[50]["event"] == "error"


@pytest.mark.slow
def test_nothing_is_lost_or_repeated_when_the_engine_is_killed(launch, curl):
    """Killed and stopped while exceptions come in; compaction runs meanwhile; each client goes on from its last id."""
    server = launch(env={"ERRATA_WRITER_FLUSH_INTERVAL": "100ms", "ERRATA_MAINTENANCE_INTERVAL": "1s"})
    services = [unique("killed") for _ in range(2)]
    client = curl(server, "kinds=error").stand()
    seen = []
    sent = 0

    def collect():
        nonlocal client
        client.close()
        seen.extend(client.ids())
        client = curl(server, "kinds=error&recent=5", last_id=client.last_id)

    for round_number in range(6):
        for _ in range(8):
            fail(server, services[round_number % 2], 25)
            sent += 25
            time.sleep(0.05)
        if round_number % 2:
            server.stop()
        else:
            server.kill()
        server.start()
        collect()
    fail(server, services[0], 1)
    sent += 1
    wait_until(lambda: server.scalar("SELECT count(*) FROM errors") == sent, 30, f"{sent} exceptions in the lake")
    wait_until(lambda: len(seen) + len(client.events) >= sent, 60, "all events")
    time.sleep(2)
    collect()
    stored = {row["event_id"] for row in server.sql("SELECT event_id FROM errors")}
    assert len(seen) == len(set(seen)) == sent
    assert set(seen) == stored
    assert server.scalar("SELECT count(*) FROM errors") == sent


def test_many_listeners_read_each_file_once(launch, curl, service):
    server = launch(env={"ERRATA_WRITER_FLUSH_INTERVAL": "200ms", "ERRATA_FEED_SUBSCRIBERS_MAX": "20"})
    clients = [curl(server, f"kinds=error&service={service}").stand() for _ in range(20)]
    refused = requests.get(f"{server.http}/api/v1/feed", timeout=10)
    assert refused.status_code == 503 and "feed.subscribers_max" in refused.json()["detail"]
    fail(server, service, 500)
    for client in clients:
        client.await_events(500)
    assert len({tuple(client.ids()) for client in clients}) == 1


def test_a_stop_does_not_wait_for_listeners(launch, curl):
    server = launch()
    curl(server).stand()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 8
