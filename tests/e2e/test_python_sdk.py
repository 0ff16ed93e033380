"""The official Python SDK: what it sends is what the tables hold."""

import json
import time
from contextlib import suppress

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.trace import SpanKind

from harness import failures, sdk
from harness.otlp import unique


def hexes(context):
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def fail(tracer, failure, n, attributes, name="run_code"):
    """Runs a failing program in a span and returns the span's ids."""
    with suppress(Exception), tracer.start_as_current_span(name, attributes=attributes) as span:
        ids = hexes(span.get_span_context())
        failure(n)
    return ids


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_each_exception_is_one_row(shared, service, protocol):
    sent = {}
    with sdk.tracer(shared, service, protocol) as tracer:
        for n in range(60):
            failure = failures.ALL[n % len(failures.ALL)]
            ids = fail(tracer, failure, n, {"exec.session.id": f"{service}-{n // 20}", "enduser.id": f"user-{n % 7}"})
            sent[ids] = (failure, n)
    rows = shared.errors_of(service, len(sent))
    assert {(row["trace_id"], row["span_id"]) for row in rows} == set(sent)
    assert len({row["event_id"] for row in rows}) == len(sent)
    for row in rows:
        failure, n = sent[row["trace_id"], row["span_id"]]
        assert row["session_id"] == f"{service}-{n // 20}"
        assert row["user_id"] == f"user-{n % 7}"
        assert row["signal"] == "trace"
        assert row["span_name"] == "run_code"
        assert row["execution_id"] == row["trace_id"]
        assert row["language"] == "python"
        assert failure.__name__ in row["stack_trace"]
    patterns = {failure: set() for failure in failures.ALL}
    for row in rows:
        patterns[sent[row["trace_id"], row["span_id"]][0]].add(row["pattern_id"])
    assert all(len(found) == 1 for found in patterns.values()), patterns
    assert len(set.union(*patterns.values())) == len(failures.ALL)


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_children_are_of_the_execution_that_their_root_names(shared, service, protocol):
    session, execution = unique("session"), unique("execution")
    root = {"exec.session.id": session, "exec.id": execution, "enduser.id": "ada", "exec.code.snippet": "ratio = 1 / 0", "branch": "b"}
    with sdk.tracer(shared, service, protocol) as tracer:
        with suppress(Exception), tracer.start_as_current_span("run_code", attributes=root):
            with tracer.start_as_current_span("import_module", attributes={"exec.session.id": session}):
                pass
            with tracer.start_as_current_span("step", attributes={"exec.session.id": session}):
                failures.division(1)
    (error,) = shared.errors_of(service, 1)
    wanted = {"execution_id": execution, "user_id": "ada", "snippet": "ratio = 1 / 0", "branch": "b", "span_name": "step"}
    assert {key: error[key] for key in wanted} == wanted
    assert {row["execution_id"] for row in shared.spans_of(service, 3)} == {execution}
    (seen,) = shared.sql(f"SELECT * FROM executions WHERE service_name = '{service}'")
    assert (seen["execution_id"], seen["spans"], seen["errors"], seen["failed"]) == (execution, 3, 1, True)


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_columns_of_an_execution(shared, service, protocol):
    session, parent = unique("session"), unique("parent")
    versions = json.dumps({"pandas": "2.1.0", "numpy": "1.26"})
    attributes = {
        "http.request.header.x-exec-session": [session],
        "exec.session.parent_id": parent,
        "exec.id": "execution-7",
        "enduser.id": "ada",
        "exec.tags": ["course-101", "nightly"],
        "commit_hash": "0123abcd",
        "vcs.ref.head.name": "feature/x",
        "virtualenv": "py311",
        "pkg_versions": versions,
        "exec.code.snippet": "def division(n):\n    return n / 0",
        "exec.language": "python",
        "process.exit.code": 1,
        "cell": "In[7]",
    }
    resource = {"host.name": "node-1", "container.id": "c0ffee", "service.version": "4.2"}
    before = time.time_ns()
    with sdk.tracer(shared, service, protocol, resource=resource) as tracer:
        trace_id, span_id = fail(tracer, failures.division, 1, attributes)
        with tracer.start_as_current_span("import_module", attributes={"exec.session.id": session}, kind=SpanKind.CLIENT):
            pass
    (error,) = shared.errors_of(service, 1)
    expected = {
        "trace_id": trace_id,
        "span_id": span_id,
        "session_id": session,
        "parent_session_id": parent,
        "execution_id": "execution-7",
        "user_id": "ada",
        "service_name": service,
        "host_name": "node-1",
        "signal": "trace",
        "span_name": "run_code",
        "language": "python",
        "error_type": "ZeroDivisionError",
        "message": "division by zero",
        "snippet": "def division(n):\n    return n / 0",
        "ast_statement": "binary_operation",
        "ast_call": None,
        "ast_import": None,
        "commit_hash": "0123abcd",
        "branch": "feature/x",
        "virtualenv": "py311",
        "tags": ["course-101", "nightly"],
        "taxonomy_runtime": "python",
        "taxonomy_phase": "runtime",
        "taxonomy_type": "ZeroDivisionError",
    }
    assert {key: error[key] for key in expected} == expected
    assert json.loads(error["pkg_versions"]) == json.loads(versions)
    assert before <= error["time_unix_nano"] <= time.time_ns()
    assert error["env"]["container.id"] == "c0ffee"
    assert error["env"]["service.version"] == "4.2"
    assert error["attributes"]["cell"] == "In[7]"
    assert len(error["fingerprint"]) == len(error["signature"]) == 32
    assert 1 <= error["severity"] <= 5
    assert error["date"] == error["timestamp"][:10]

    imported, ran = sorted(shared.spans_of(service, 2), key=lambda row: row["name"])
    expected = {
        "name": "run_code",
        "exec_kind": "run_code",
        "kind": "internal",
        "status_code": "ERROR",
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": None,
        "session_id": session,
        "parent_session_id": parent,
        "user_id": "ada",
        "commit_hash": "0123abcd",
        "branch": "feature/x",
        "virtualenv": "py311",
        "fingerprint": error["fingerprint"],
        "pattern_id": error["pattern_id"],
        "severity": error["severity"],
        "scope_name": "errata.tests",
        "scope_version": "1",
    }
    assert {key: ran.get(key) for key in expected} == expected
    assert ran["duration_ns"] > 0
    assert ran["attributes"]["cell"] == "In[7]"
    assert ran["resource_attributes"]["container.id"] == "c0ffee"
    assert json.loads(ran["events"])[0]["name"] == "exception"
    assert (imported["exec_kind"], imported["kind"], imported["status_code"]) == ("import_module", "client", "UNSET")
    assert imported.get("pattern_id") is None


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_logging_handler(shared, service, protocol):
    session = unique("session")
    with sdk.logger_provider(shared, service, protocol, resource={"exec.session.id": session}) as provider:
        logger = sdk.python_logger(provider, service)
        for n in range(20):
            try:
                failures.ALL[n % len(failures.ALL)](n)
            except Exception:
                logger.exception("cell %d failed", n, extra={"enduser.id": f"user-{n}"})
        logger.error("an error record without an exception")
        logger.info("all is well")
    rows = shared.errors_of(service, 20)
    assert {row["user_id"] for row in rows} == {f"user-{n}" for n in range(20)}
    assert {row["session_id"] for row in rows} == {session}
    assert {row["signal"] for row in rows} == {"log"}
    assert {row["error_type"] for row in rows} >= {"KeyError", "ZeroDivisionError", "JSONDecodeError", "RuntimeError"}


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_exception_events_on_logs(shared, service, protocol):
    session = unique("session")
    with sdk.logger_provider(shared, service, protocol) as provider:
        logger = provider.get_logger("errata.tests")
        for name in ("exception", "http.client.request.exception", "cell.exception"):
            logger.emit(
                LogRecord(
                    timestamp=time.time_ns(),
                    severity_number=SeverityNumber.ERROR,
                    event_name=name,
                    attributes={
                        "exception.type": "TimeoutError",
                        "exception.message": f"no answer, says {name}",
                        "session.id": session,
                        "user.id": "grace",
                    },
                )
            )
        logger.emit(LogRecord(timestamp=time.time_ns(), event_name="cell.started", attributes={"session.id": session}))
    rows = shared.errors_of(service, 3)
    assert {row["session_id"] for row in rows} == {session}
    assert {row["user_id"] for row in rows} == {"grace"}
    assert {row["error_type"] for row in rows} == {"TimeoutError"}


def test_notebook_cells_of_different_users_are_one_pattern(shared, service):
    cells = {
        "/tmp/ipykernel_4711/111.py": "import json\nprices = '[1, 2'\ntotal = sum(json.loads(prices))\n",
        "/tmp/ipykernel_99/2222.py": "import json\n\ndef mine(text):\n    return json.loads(text)\n\nmine('[1, 2')\n",
    }
    with sdk.tracer(shared, service) as tracer:
        for name, source in cells.items():
            fail(tracer, lambda _: failures.run_cell(source, name), 0, {"exec.session.id": name})
    first, second = shared.errors_of(service, 2)
    assert first["pattern_id"] == second["pattern_id"]
    assert "json/decoder.py" in first["stack_trace"]
