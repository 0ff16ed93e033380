"""Asking: HTTP in three formats, the command line, DuckDB, and what is refused."""

import csv
import io
import json

import pyarrow as pa
import pytest
import requests

from harness import duck
from harness.otlp import exception, send_grpc, span, traces, unique
from harness.server import command

STACK = 'Traceback (most recent call last):\n  File "/app/run.py", line 4, in step\n    go()\n{}: boom\n'


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A server with 30 errors in three patterns of two sessions."""
    from harness.server import Server

    server = Server(tmp_path_factory.mktemp("query")).start()
    spans = []
    for n in range(30):
        kind = ("ValueError", "KeyError", "OSError")[n % 3]
        values = {"exec.session.id": f"s-{n % 2}", "enduser.id": f"u-{n % 5}", "exec.tags": "a, b"}
        spans.append(span("run_cell", values, [exception(kind, "boom", STACK.format(kind))]))
    send_grpc(server, traces(spans, "query"))
    server.errors_of("query", 30)
    yield server
    server.close()


def ask(server, query, accept="application/json"):
    return requests.post(
        f"{server.http}/api/v1/sql", json={"query": query}, headers={"Accept": accept}, timeout=30
    )


BY_TYPE = "SELECT error_type, count(*) AS n FROM errors GROUP BY error_type ORDER BY error_type"
EXPECTED = [("KeyError", 10), ("OSError", 10), ("ValueError", 10)]


def test_json(filled):
    answer = ask(filled, BY_TYPE)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert [(row["error_type"], row["n"]) for row in answer.json()] == EXPECTED


def test_csv(filled):
    answer = ask(filled, BY_TYPE, "text/csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["error_type"], int(row["n"])) for row in rows] == EXPECTED


def test_arrow(filled):
    answer = ask(filled, "SELECT * FROM errors", "application/vnd.apache.arrow.stream")
    assert answer.headers["Content-Type"].startswith("application/vnd.apache.arrow.stream")
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.num_rows == 30
    assert {row["error_type"] for row in table.select(["error_type"]).to_pylist()} == {"KeyError", "OSError", "ValueError"}


def test_nested_columns_over_csv(filled):
    answer = ask(filled, "SELECT tags, env, attributes FROM errors LIMIT 3", "text/csv")
    assert answer.status_code == 200, answer.text
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 3


def test_no_rows(filled):
    assert ask(filled, "SELECT * FROM errors WHERE error_type = 'none'").json() == []


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM errors",
        "DROP TABLE errors",
        "INSERT INTO errors VALUES (1)",
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc'",
        "COPY (SELECT 1) TO '/tmp/errata-must-not-write.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM '/etc/passwd'",
        "SELECT 1; DROP TABLE errors",
        "SELECT FROM WHERE",
        "SELECT no_such_column FROM errors",
        "SELECT * FROM no_such_table",
        "",
    ],
)
def test_refused(filled, query):
    answer = ask(filled, query)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == 400 and problem["title"] and problem["detail"]


def test_bodies_that_are_no_query(filled):
    address = f"{filled.http}/api/v1/sql"
    for body in (b"", b"{", b"[]", b'{"sql": "SELECT 1"}', b'{"query": 7}'):
        answer = requests.post(address, data=body, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert requests.get(address, timeout=10).status_code == 405


def test_pattern_report(filled):
    rows = filled.sql("SELECT * FROM pattern_report ORDER BY error_type")
    assert [(row["error_type"], row["occurrences"], row["distinct_users"]) for row in rows] == [
        ("KeyError", 10, 5),
        ("OSError", 10, 5),
        ("ValueError", 10, 5),
    ]
    for row in rows:
        assert row["first_seen"] <= row["last_seen"]
        assert len(row["sample_trace"]) == 32
        assert 1 <= row["severity"] <= 5
        assert row["status"].lower() == "open"


def test_views(filled):
    sessions = filled.sql("SELECT * FROM sessions ORDER BY session_id")
    assert [row["session_id"] for row in sessions] == ["s-0", "s-1"]
    assert filled.sql("SELECT * FROM pattern_hourly")


def test_duckdb(filled):
    assert duck.query(filled.lake_dir, BY_TYPE.replace("FROM errors", "FROM {errors}")) == EXPECTED
    rows = duck.query(
        filled.lake_dir,
        "SELECT s.session_id, count(*), count(DISTINCT e.user_id), any_value(e.tags), any_value(s.attributes['enduser.id'])"
        " FROM {spans} s JOIN {errors} e USING (trace_id, span_id) GROUP BY ALL ORDER BY 1",
    )
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [("s-0", 15, 5, ["a", "b"]), ("s-1", 15, 5, ["a", "b"])]
    ((low, high),) = duck.query(filled.lake_dir, "SELECT min(timestamp), max(timestamp) FROM {errors}")
    assert low.utcoffset().total_seconds() == 0 and low <= high


def test_duckdb_and_http_agree(filled):
    query = "SELECT event_id, trace_id, span_id, fingerprint, pattern_id, message, severity FROM {} ORDER BY event_id"
    ours = [tuple(row.values()) for row in filled.sql(query.format("errors"))]
    assert ours == duck.query(filled.lake_dir, query.format("{errors}"))


def test_command_line_table(filled):
    printed = command("sql", "--data-dir", filled.data_dir, BY_TYPE).stdout
    assert "KeyError" in printed and "error_type" in printed and "10" in printed
    assert max(len(line) for line in printed.splitlines()) < 80


def test_command_line_csv(filled):
    printed = command("sql", "--data-dir", filled.data_dir, "--format", "csv", BY_TYPE).stdout
    assert [(row["error_type"], int(row["n"])) for row in csv.DictReader(io.StringIO(printed))] == EXPECTED


def test_command_line_json(filled):
    printed = command("sql", "--data-dir", filled.data_dir, "--format", "json", BY_TYPE).stdout
    assert [(row["error_type"], row["n"]) for row in json.loads(printed)] == EXPECTED


def test_command_line_refuses(filled):
    done = command("sql", "--data-dir", filled.data_dir, "DROP TABLE errors", check=False)
    assert done.returncode != 0 and done.stderr.strip() and "panicked" not in done.stderr


def test_explain(filled):
    text = (
        "Traceback (most recent call last):\n"
        '  File "/home/ada/run.py", line 3, in <module>\n'
        "    frame['price']\n"
        '  File "/usr/lib/python3.11/site-packages/pandas/core/frame.py", line 3807, in __getitem__\n'
        "    indexer = self.columns.get_loc(key)\n"
        "KeyError: 'price'\n"
    )
    printed = command("explain", stdin=text).stdout
    assert "KeyError" in printed and "python" in printed.lower() and "pandas" in printed
    assert "ada" not in printed.replace("traceback", "")
    assert command("explain", stdin=text).stdout == printed


def test_explain_never_fails():
    for text in ("", "nonsense", "\x00\x01", "Traceback (most recent call last):\n", "a" * 100_000):
        assert command("explain", stdin=text, check=False).returncode in (0, 1, 2)
        assert "panicked" not in command("explain", stdin=text, check=False).stderr


def test_metrics_and_health(filled):
    assert requests.get(f"{filled.http}/healthz", timeout=5).status_code == 200
    assert requests.get(f"{filled.http}/readyz", timeout=5).status_code == 200
    metrics = requests.get(f"{filled.http}/metrics", timeout=5).text
    assert "# TYPE" in metrics and "errata" in metrics


def test_unknown_pages_are_problems(filled):
    answer = requests.get(f"{filled.http}/api/v1/{unique('nothing')}", timeout=5)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_configuration_is_checked(tmp_path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("")
    bad.write_text("[otlp]\nno_such_key = 1\n")
    assert command("config", "check", "--config", good, check=False).returncode == 0
    done = command("config", "check", "--config", bad, check=False)
    assert done.returncode != 0 and "no_such_key" in done.stderr + done.stdout
    done = command("config", "check", env={"ERRATA_OTLP_NO_SUCH_KEY": "1"}, check=False)
    assert done.returncode != 0 and "NO_SUCH_KEY" in (done.stderr + done.stdout).upper()
