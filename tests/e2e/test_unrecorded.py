"""Programs run without an SDK: what they printed, how they ended, and what was logged of it, are exceptions where the
configuration says so."""

import os
import signal
import subprocess
import sys

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from harness.otlp import LOGS, attributes, logs, send_grpc, send_http, span, span_id, trace_id, traces, unique

PROGRAMS = {
    "key": [sys.executable, "-c", "prices = {}\nprint(prices['apple'])"],
    "other-key": [sys.executable, "-c", "def look(table):\n    return table['pear']\n\nlook({})"],
    "module": [sys.executable, "-c", "import numpi_of_nobody"],
    "command": ["bash", "-c", "echo start; frobnicate --all"],
    "silent": [sys.executable, "-c", "raise SystemExit(3)"],
    "killed": [sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"],
    "warns": [sys.executable, "-W", "always", "-c", "import warnings; warnings.warn('slow')"],
    "prints": [sys.executable, "-c", "print('Traceback of nothing')"],
}


def run(program, session):
    """Runs a program as a judge does: its span has its output and its exit code."""
    done = subprocess.run(PROGRAMS[program], capture_output=True, text=True, check=False)
    values = {
        "exec.session.id": session,
        "exec.id": program,
        "process.stderr": done.stderr,
        "process.stdout": done.stdout,
        "process.exit.code": done.returncode,
    }
    return span(f"run {program}", values)


@pytest.fixture
def judge(launch):
    env = {
        "ERRATA_UNRECORDED_ATTRIBUTES": "process.stderr,process.stdout",
        "ERRATA_UNRECORDED_EXIT_CODES": "true",
        "ERRATA_UNRECORDED_LOG_BODIES": "true",
        "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
    }
    return launch("judge", env=env)


def test_what_programs_printed_are_exceptions(judge, service):
    session = unique("session")
    send_http(judge, traces([run(program, session) for program in PROGRAMS], service))
    rows = {row["execution_id"]: row for row in judge.errors_of(service, 6)}
    assert set(rows) == {"key", "other-key", "module", "command", "silent", "killed"}
    assert rows["key"]["pattern_id"] == rows["other-key"]["pattern_id"]
    assert len({row["pattern_id"] for row in rows.values()}) == 5
    for program, error_type, message, cause in [
        ("key", "KeyError", "'apple'", "KeyMissing"),
        ("module", "ModuleNotFoundError", "No module named 'numpi_of_nobody'", "MissingPackage"),
        ("command", "Error", None, "MissingBinary"),
        ("killed", "Error", "Killed", "ResourceExhausted"),
    ]:
        row = rows[program]
        assert (row["error_type"], row["taxonomy_cause"]) == (error_type, cause), row
        assert message is None or row["message"] == message
        assert row["signal"] == "trace"
    assert rows["key"]["stack_trace"].startswith("Traceback (most recent call last)")
    assert "code 3" in rows["silent"]["message"]
    # The spans say so too, for the next hop and for Jaeger.
    spans = {row["execution_id"]: row for row in judge.spans_of(service, len(PROGRAMS))}
    assert spans["module"]["pattern_id"] == rows["module"]["pattern_id"]
    assert not spans["warns"]["pattern_id"] and not spans["prints"]["pattern_id"]
    (totals,) = judge.sql(f"SELECT count(*) AS n FROM executions WHERE session_id = '{session}' AND failed")
    assert totals["n"] == 6


def test_a_log_of_the_same_failure_counts_once(judge, service):
    session, trace, own = unique("session"), trace_id(), span_id()
    of_program = run("module", session)
    of_program.trace_id, of_program.span_id = trace, own
    text = next(a.value.string_value for a in of_program.attributes if a.key == "process.stderr")
    send_http(judge, traces([of_program], service))
    record = LogRecord(trace_id=trace, span_id=own, severity_number=17, attributes=attributes({"session.id": session}))
    record.body.string_value = text
    send_grpc(judge, logs([record], service), signal=LOGS)
    other = LogRecord(trace_id=trace_id(), severity_number=17, attributes=attributes({"session.id": session}))
    other.body.string_value = text
    send_grpc(judge, logs([other], service), signal=LOGS)
    first, second = judge.errors_of(service, 2)
    assert {first["signal"], second["signal"]} == {"trace", "log"}
    assert first["pattern_id"] == second["pattern_id"]
    assert first["message"] == second["message"] and first["stack_trace"] == second["stack_trace"]


def test_nothing_is_read_by_default(shared, service):
    session = unique("session")
    failed = run("key", session)
    failed.status.code, failed.status.message = Status.STATUS_CODE_ERROR, "KeyError: 'apple'"
    send_http(shared, traces([failed], service))
    shared.spans_of(service, 1)
    assert shared.sql(f"SELECT 1 FROM errors WHERE service_name = '{service}'") == []


def test_rows_survive_a_kill(judge, service):
    send_http(judge, traces([run("key", unique("session"))], service))
    os.kill(judge.process.child.pid, signal.SIGKILL)
    judge.process.child.wait()
    judge.start()
    (row,) = judge.errors_of(service, 1)
    assert row["message"] == "'apple'" and "<module>" in row["stack_trace"]
