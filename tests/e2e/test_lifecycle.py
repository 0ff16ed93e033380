"""The life cycle of patterns: what people decide is a fact in the lake, each decision once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness import duck
from harness.otlp import exception, send_grpc, span, traces, unique
from harness.wait import wait_until


def kind_of(service):
    """An exception type of the service's own: letters only, so that it makes a pattern of its own."""
    return "".join(chr(ord("A") + int(c)) if c.isdigit() else c for c in service if c.isalnum()) + "Error"


def fail(server, service, kind=None, count=1, **values):
    """Sends exceptions of one pattern of the service's own."""
    kind = kind or kind_of(service)
    stack = f'Traceback (most recent call last):\n  File "/srv/{service}/a.py", line 3, in run\n    go()\n{kind}: bad row\n'
    events = [exception(kind, "bad row", stack, **values)]
    send_grpc(server, traces([span(events=events) for _ in range(count)], service))


def post(server, pattern, path, body, **headers):
    url = f"{server.http}/api/v1/patterns/{pattern}/{path}"
    return requests.post(url, json=body, headers=headers, timeout=60)


def pattern_of(server, service):
    query = f"SELECT DISTINCT pattern_id FROM errors WHERE service_name = '{service}'"
    return server.await_rows(query, 1)[0]["pattern_id"]


def report(server, pattern):
    (row,) = server.sql(f"SELECT * FROM pattern_report WHERE pattern_id = '{pattern}'")
    return row


def test_decisions_are_facts_that_every_reader_sees(shared, service):
    fail(shared, service)
    pattern = pattern_of(shared, service)
    answer = post(shared, pattern, "status", {"status": "resolved", "reason": "fixed in 1.2, thanks ada@example.com"})
    assert answer.status_code == 200, answer.text
    etag = answer.headers["ETag"]
    assert requests.get(f"{shared.http}/api/v1/patterns/{pattern}", timeout=10).headers["ETag"] == etag
    assert report(shared, pattern)["status"] == "resolved"
    made = post(shared, pattern, "severity", {"severity": 5}, **{"X-Errata-Actor": "grace"})
    assert made.status_code == 200 and report(shared, pattern)["severity"] == 5
    stale = post(shared, pattern, "status", {"status": "open"}, **{"If-Match": etag})
    assert stale.status_code == 412 and stale.headers["Content-Type"] == "application/problem+json"

    expected = [
        ("status", "open", "resolved", "anonymous", "fixed in 1.2, thanks <email>"),
        ("severity", None, "5", "grace", None),
    ]
    query = "SELECT action, from_value, to_value, actor, reason FROM {} WHERE pattern_id = '{}' ORDER BY time_unix_nano"
    assert duck.query(shared.lake_dir, query.format("{pattern_events}", pattern)) == expected
    assert [tuple(row.values()) for row in shared.sql(query.format("pattern_history", pattern))] == expected

    undo = made.json()["events"][0]["event_id"]
    assert post(shared, pattern, f"events/{undo}/undo", {}).status_code == 200
    assert report(shared, pattern)["severity"] < 5
    events = requests.get(f"{shared.http}/api/v1/patterns/{pattern}/events", timeout=10).json()["items"]
    assert [event["action"] for event in events] == ["severity", "severity", "status"]


def test_unknown_patterns_are_problems(shared):
    answer = post(shared, unique("none"), "status", {"status": "open"})
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"


def test_each_acknowledged_change_survives_kill(launch):
    """Killed in the middle of 1,000 changes: each acknowledged one is there once, and may be asked for again."""
    server = launch()
    kinds = [f"{chr(ord('A') + n) * 3}Error" for n in range(20)]
    for kind in kinds:
        fail(server, "killed", kind)
    patterns = [row["pattern_id"] for row in server.await_rows("SELECT DISTINCT pattern_id FROM errors", len(kinds))]
    statuses = ["resolved", "ignored", "open"]
    acknowledged = {}

    def change(n):
        try:
            body = {"status": statuses[n % 3], "event_id": f"change-{n}"}
            answer = post(server, patterns[n % len(patterns)], "status", body)
        except requests.RequestException:
            return
        if answer.status_code == 200:
            acknowledged[n] = answer.json()["events"][0]

    with ThreadPoolExecutor(16) as pool:
        work = [pool.submit(change, n) for n in range(1000)]
        wait_until(lambda: len(acknowledged) >= 300, 60, "300 changes")
        server.kill()
        [item.result() for item in work]
    before = len(acknowledged)
    assert 300 <= before < 1000
    server.start()
    stored = server.sql("SELECT event_id, to_value FROM pattern_events WHERE actor = 'anonymous'")
    ids = [row["event_id"] for row in stored]
    assert len(ids) == len(set(ids))
    assert {event["event_id"] for event in acknowledged.values()} <= set(ids)

    # Who got no answer asks again under the same ids; what had come through is not made twice.
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(1000)))
    assert len(acknowledged) == 1000
    counted = duck.query(server.lake_dir, "SELECT count(*), count(DISTINCT event_id) FROM {pattern_events} WHERE actor = 'anonymous'")
    assert counted == [(1000, 1000)]
    history = server.sql(f"SELECT * FROM pattern_history WHERE pattern_id = '{patterns[0]}' ORDER BY time_unix_nano, event_id")
    for earlier, later in zip(history, history[1:]):
        assert later["from_value"] == earlier["to_value"]
    commits = len(list((server.lake_dir / "pattern_events" / "_delta_log").glob("*.json")))
    assert commits < 900, f"{commits} commits for 1,000 changes"


def test_a_resolved_pattern_that_occurs_again_reopens(launch, service):
    server = launch("reopens", env={"ERRATA_LIFECYCLE_REOPEN_INTERVAL": "500ms"})
    fail(server, service)
    pattern = pattern_of(server, service)
    answer = post(server, pattern, "status", {"status": "resolved", "reason": "fixed", "actor": "ada"})
    resolved_at = answer.json()["events"][0]["time_unix_nano"]
    fail(server, service, at=resolved_at - 1_000_000_000)
    server.errors_of(service, 2)
    time.sleep(2)
    assert report(server, pattern)["status"] == "resolved"
    fail(server, service)
    wait_until(lambda: report(server, pattern)["status"] == "open", 15, "the pattern is open again")
    query = "SELECT from_value, to_value, actor FROM {pattern_events} WHERE pattern_id = '" + pattern + "' ORDER BY time_unix_nano"
    assert duck.query(server.lake_dir, query) == [("open", "resolved", "ada"), ("resolved", "open", "errata")]

    # Ignored stays ignored.
    post(server, pattern, "status", {"status": "ignored"})
    fail(server, service)
    server.errors_of(service, 4)
    time.sleep(2)
    assert report(server, pattern)["status"] == "ignored"

    # What occurs while the server is down to its log counts after the start.
    post(server, pattern, "status", {"status": "resolved"})
    fail(server, service)
    server.kill()
    server.start()
    wait_until(lambda: report(server, pattern)["status"] == "open", 15, "the pattern is open again after kill -9")
    assert duck.query(server.lake_dir, "SELECT count(*), count(DISTINCT event_id) FROM {pattern_events} WHERE actor = 'errata'") == [(2, 2)]


def test_processors_obey_merges_and_splits(shared, service):
    one, two = kind_of(service), "X" + kind_of(service)
    fail(shared, service, one)
    fail(shared, service, two)
    query = f"SELECT error_type, pattern_id, fingerprint FROM errors WHERE service_name = '{service}'"
    ids = {row["error_type"]: row["pattern_id"] for row in shared.await_rows(query, 2)}
    assert ids[one] != ids[two]

    def next_pattern(kind, expected):
        """Sends until the processor names the pattern that is expected."""

        def sent():
            count = shared.scalar(f"SELECT count(*) FROM errors WHERE service_name = '{service}'")
            fail(shared, service, kind)
            rows = shared.await_rows(f"SELECT pattern_id FROM errors WHERE service_name = '{service}' ORDER BY time_unix_nano", count + 1)
            return rows[-1]["pattern_id"] == expected

        wait_until(sent, 15, f"{kind} is of {expected}")

    merged = post(shared, ids[two], "merge", {"into": ids[one], "reason": "one root cause"})
    assert merged.status_code == 200 and merged.json()["pattern_id"] == ids[one], merged.text
    assert report(shared, ids[one])["occurrences"] == 2
    next_pattern(two, ids[one])
    assert post(shared, ids[one], "merge", {"into": ids[two]}).status_code == 409
    undone = post(shared, ids[one], f"events/{merged.json()['events'][0]['event_id']}/undo", {})
    assert undone.status_code == 200, undone.text
    next_pattern(two, ids[two])

    fingerprint = shared.sql(f"{query} AND error_type = '{two}' LIMIT 1")[0]["fingerprint"]
    assert post(shared, ids[one], "split", {"fingerprints": ["0" * 32]}).status_code == 400
    split = post(shared, ids[two], "split", {"fingerprints": [fingerprint]})
    assert split.status_code == 200, split.text
    own = split.json()["events"][0]["to_value"]
    # By the fingerprint: also what was stored under the other name while the merge stood.
    sent = shared.scalar(f"SELECT count(*) FROM errors WHERE fingerprint = '{fingerprint}'")
    assert report(shared, own)["error_type"] == two and report(shared, own)["occurrences"] == sent
    next_pattern(two, own)

    apart = post(shared, ids[one], "keep-apart", {"from": ids[two]})
    assert apart.status_code == 200, apart.text
    assert post(shared, ids[one], "merge", {"into": ids[two]}).status_code == 409
