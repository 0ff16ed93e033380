"""The official JavaScript SDK over the three protocols, traces and logs."""

import json
import os
import subprocess

import pytest

from harness.otlp import unique
from harness.paths import NODE_MODULES, REPOSITORY

FAILURES = 8
PROTOCOLS = ("grpc", "proto", "json")


def send(server, protocol, signals, service, session):
    """Runs tests/js/send.js and returns what it says it sent."""
    endpoint = server.otlp_grpc if protocol == "grpc" else server.otlp_http
    script = REPOSITORY / "tests" / "js" / "send.js"
    done = subprocess.run(
        ["node", str(script), protocol, signals, endpoint, service, session],
        env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_spans(shared, service, protocol):
    session = unique("session")
    sent = send(shared, protocol, "traces", service, session)
    assert len(sent) == FAILURES
    rows = {(row["trace_id"], row["span_id"]): row for row in shared.errors_of(service, FAILURES)}
    for report in sent:
        row = rows[report["traceId"], report["spanId"]]
        assert (row["error_type"], row["session_id"]) == (report["type"], session)
        assert row["user_id"] == f"js-user-{report['n']}"
        assert row["tags"] == ["js", f"n{report['n']}"]
        assert row["execution_id"] == f"js-{report['n']}"
        assert row["language"] in ("javascript", "nodejs")
        assert row["taxonomy_runtime"] == "javascript"
        assert row["env"]["container.id"] == "js-container"
    assert len({row["pattern_id"] for row in rows.values()}) == FAILURES
    spans = shared.spans_of(service, FAILURES)
    assert {(row["trace_id"], row["span_id"]): row["pattern_id"] for row in spans} == {
        ids: row["pattern_id"] for ids, row in rows.items()
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_log_records(shared, service, protocol):
    session = unique("session")
    sent = send(shared, protocol, "logs", service, session)
    rows = shared.errors_of(service, FAILURES)
    assert {row["signal"] for row in rows} == {"log"}
    assert {row["session_id"] for row in rows} == {session}
    found = {row["user_id"]: row["error_type"] for row in rows}
    assert found == {f"js-user-{report['n']}": report["type"] for report in sent}


def test_the_protocol_makes_no_difference(shared):
    """The same programs get the same patterns over gRPC, protobuf and JSON."""
    patterns = []
    for protocol in PROTOCOLS:
        service = unique("service")
        send(shared, protocol, "traces", service, unique("session"))
        rows = shared.errors_of(service, FAILURES)
        patterns.append({row["execution_id"]: row["pattern_id"] for row in rows})
    assert patterns[0] == patterns[1] == patterns[2]


def test_both_signals_at_once(shared, service):
    """Other traces than the log records': nothing is taken for a copy."""
    sent = send(shared, "json", "both", service, unique("session"))
    assert len(shared.errors_of(service, len(sent))) == 2 * FAILURES
