"""Arrow Flight SQL with the ADBC and JDBC drivers: answers, values, what there is, what is refused, limits."""

import datetime
import json
import subprocess

import adbc_driver_manager
import pyarrow as pa
import pytest
from adbc_driver_flightsql import DatabaseOptions, dbapi

from harness import paths
from harness.otlp import exception, send_grpc, span, traces
from harness.process import Process
from harness.server import Server
from harness.wait import wait_until

STACK = 'Traceback (most recent call last):\n  File "/app/run.py", line 4, in step\n    go()\n{}: boom\n'
TYPES = ("ValueError", "KeyError", "OSError")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A server with 30 errors in three patterns, and small limits."""
    limits = {"ERRATA_QUERY_ROWS_MAX": "300000", "ERRATA_QUERY_TIMEOUT": "5s", "ERRATA_GRPC_PREPARED_MAX": "20"}
    server = Server(tmp_path_factory.mktemp("flight"), env=limits).start()
    spans = []
    for n in range(30):
        kind = TYPES[n % 3]
        values = {"exec.session.id": f"s-{n % 2}", "enduser.id": f"u-{n % 5}", "exec.tags": "a, b"}
        spans.append(span("run_cell", values, [exception(kind, "boom", STACK.format(kind))]))
    send_grpc(server, traces(spans, "flight"))
    server.errors_of("flight", 30)
    yield server
    server.close()


@pytest.fixture
def connection(filled):
    with dbapi.connect(f"grpc://{filled.grpc}", autocommit=True) as connection:
        yield connection


@pytest.fixture
def cursor(connection):
    with connection.cursor() as cursor:
        yield cursor


BY_TYPE = "SELECT error_type, count(*) AS n FROM errors GROUP BY error_type ORDER BY error_type"
EXPECTED = [("KeyError", 10), ("OSError", 10), ("ValueError", 10)]


def test_rows(cursor):
    cursor.execute(BY_TYPE)
    assert [column[0] for column in cursor.description] == ["error_type", "n"]
    assert cursor.fetchall() == EXPECTED
    cursor.execute("SELECT * FROM errors WHERE error_type = 'none'")
    assert cursor.fetchall() == []


def test_the_same_rows_as_over_http(filled, cursor):
    query = "SELECT event_id, trace_id, message, severity, pattern_id, time_unix_nano FROM errors ORDER BY event_id"
    cursor.execute(query)
    assert cursor.fetch_arrow_table().to_pylist() == filled.sql(query)


def test_nested_and_timed_columns(cursor):
    cursor.execute("SELECT tags, attributes, timestamp FROM errors LIMIT 3")
    table = cursor.fetch_arrow_table()
    assert table.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
    for row in table.to_pylist():
        assert row["tags"] == ["a", "b"] and isinstance(row["timestamp"], datetime.datetime)


@pytest.mark.parametrize("mark", ["?", "$1"])
def test_values(cursor, mark):
    query = f"SELECT count(*) FROM errors WHERE error_type = {mark} AND message <> 'is it ?'"
    for kind, count in [("KeyError", 10), ("it's", 0), ("OSError", 10)]:
        cursor.execute(query, (kind,))
        assert cursor.fetchall() == [(count,)]


def test_values_of_other_types(cursor):
    since = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    query = "SELECT count(*) FROM errors WHERE severity >= ? AND timestamp > ? AND ? AND coalesce(?, 'none') = 'none'"
    cursor.execute(query, (1, since, True, None))
    assert cursor.fetchall() == [(30,)]
    cursor.execute("SELECT $1 + 1, $2", (41, 0.5))
    assert cursor.fetchall() == [(42, 0.5)]


def test_what_cannot_be_bound(cursor):
    with pytest.raises(adbc_driver_manager.Error, match="one row of values"):
        cursor.execute("SELECT ?", pa.table({"0": [1, 2]}))
    with pytest.raises(adbc_driver_manager.Error, match="only queries are answered"):
        cursor.executemany("SELECT ?", [(1,), (2,)])
    with pytest.raises(adbc_driver_manager.Error, match="2 placeholders"):
        cursor.execute("SELECT ?, ?", (1,))
    with pytest.raises(adbc_driver_manager.Error, match="not both"):
        cursor.execute("SELECT ?, $1", (1, 2))
    cursor.execute("SELECT 1")
    assert cursor.fetchall() == [(1,)]


def test_what_there_is(filled, connection):
    known = {(row["table_name"], row["table_type"]) for row in filled.sql("SHOW TABLES")}
    (catalog,) = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    assert catalog["catalog_name"] == "errata"
    schemas = {schema["db_schema_name"]: schema["db_schema_tables"] for schema in catalog["catalog_db_schemas"]}
    kind = {"TABLE": "BASE TABLE", "VIEW": "VIEW"}
    assert {(table["table_name"], kind[table["table_type"]]) for table in schemas["public"]} == known
    (errors,) = [table for table in schemas["public"] if table["table_name"] == "errors"]
    columns = {row["column_name"] for row in filled.sql("SHOW COLUMNS FROM errors")}
    assert {column["column_name"] for column in errors["table_columns"]} == columns
    (catalog,) = connection.adbc_get_objects(depth="tables", table_name_filter="pattern_e%").read_all().to_pylist()
    names = [table["table_name"] for schema in catalog["catalog_db_schemas"] for table in schema["db_schema_tables"]]
    assert names == ["pattern_events"]
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
    assert connection.adbc_get_table_schema("errors", db_schema_filter="public").field("severity").type == pa.int32()


def test_what_kind_of_server(connection):
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Errata" and info["vendor_version"]


def test_schema_of_a_query_and_its_parts(connection, cursor):
    assert cursor.adbc_execute_schema(BY_TYPE).names == ["error_type", "n"]
    parts, schema = cursor.adbc_execute_partitions(BY_TYPE)
    assert schema.names == ["error_type", "n"] and len(parts) == 1
    cursor.adbc_read_partition(parts[0])
    assert cursor.fetchall() == EXPECTED


@pytest.mark.parametrize("statement", ["DELETE FROM errors", "DROP TABLE errors", "CREATE TABLE x AS SELECT 1"])
def test_nothing_is_written(cursor, statement):
    with pytest.raises(adbc_driver_manager.ProgrammingError, match="only queries are answered"):
        cursor.execute(statement)
    with pytest.raises(adbc_driver_manager.Error):
        cursor.adbc_ingest("errors", pa.table({"a": [1]}), mode="append")


def test_mistakes_are_explained(cursor):
    with pytest.raises(adbc_driver_manager.ProgrammingError, match="severity"):
        cursor.execute("SELECT severty FROM errors")
    with pytest.raises(adbc_driver_manager.ProgrammingError, match="errors"):
        cursor.execute("SELECT * FROM erors")


def test_limits(cursor):
    cursor.execute("SELECT * FROM generate_series(1, 300000)")
    assert cursor.fetch_arrow_table().num_rows == 300_000
    with pytest.raises(adbc_driver_manager.Error, match="limit query.rows_max"):
        cursor.execute("SELECT * FROM generate_series(1, 300001)")
        cursor.fetch_arrow_table()
    with pytest.raises(adbc_driver_manager.Error, match="limit query.timeout"):
        cursor.execute("SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b")
        cursor.fetch_arrow_table()
    cursor.execute("SELECT 1")
    assert cursor.fetchall() == [(1,)]


def test_prepared_statements_are_bounded_and_given_back(connection):
    cursors = [connection.cursor() for _ in range(20)]
    for cursor in cursors:
        cursor.execute("SELECT ?", (1,))
    with pytest.raises(adbc_driver_manager.Error, match="limit grpc.prepared_max"):
        connection.cursor().execute("SELECT ?", (1,))
    for cursor in cursors:
        cursor.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ?", (1,))
        assert cursor.fetchall() == [(1,)]


def test_a_user_and_a_password(filled):
    """Without a check of tokens any is taken, as clients that insist on some are told."""
    kwargs = {"username": "ada", "password": "any"}
    with dbapi.connect(f"grpc://{filled.grpc}", db_kwargs=kwargs, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [(1,)]
    kwargs = {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer any"}
    with dbapi.connect(f"grpc://{filled.grpc}", db_kwargs=kwargs, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(BY_TYPE)
            assert cursor.fetchall() == EXPECTED


def test_an_engine_alone(filled, tmp_path):
    """`errata query` serves it over a lake that another process writes; SIGTERM ends it."""
    folder = tmp_path / "alone"
    arguments = [paths.BINARY, "query", "--data-dir", folder, "--lake", filled.lake_dir, "--quiet"]
    arguments += ["--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0"]
    process = Process(arguments, tmp_path / "alone.log")
    try:
        addresses = folder / "addresses.json"
        wait_until(lambda: addresses.exists() or not process.running(), 30, "addresses.json of errata query")
        grpc = json.loads(addresses.read_text())["grpc"]
        with dbapi.connect(f"grpc://{grpc}", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(BY_TYPE)
            assert cursor.fetchall() == EXPECTED
        assert process.terminate() == 0
    finally:
        process.kill()


@pytest.mark.jdbc
@pytest.mark.parametrize("login", ["", "&user=ada&password=any"], ids=["open", "password"])
def test_jdbc(filled, login):
    """What tools ask through JDBC: the tables and columns of SQL, rows, values, and no writing."""
    assert paths.JDBC.exists(), f"no JDBC driver at {paths.JDBC}: run tests/run"
    url = f"jdbc:arrow-flight-sql://{filled.grpc}/?useEncryption=false{login}"
    source = paths.REPOSITORY / "tests" / "jdbc" / "Ask.java"
    opened = "--add-opens=java.base/java.nio=ALL-UNNAMED"
    done = subprocess.run(["java", opened, "-cp", paths.JDBC, source, url], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = {}
    for line in done.stdout.splitlines():
        name, _, rest = line.partition(" ")
        answers.setdefault(name, []).append(rest)
    assert answers["product"] == ["Errata true"] and answers["quote"] == ['"'] and answers["keys"] == ["false"]
    assert answers["table"] == ["errors", "pattern_events", "patterns", "spans"]
    assert answers["column"] == [row["column_name"] for row in filled.sql("SHOW COLUMNS FROM errors")]
    assert answers["type"] == [f"{kind} {count} true" for kind, count in EXPECTED]
    assert answers["value"] == ["KeyError 10", "none 0"] and answers["untyped"] == ["x 42"]
    assert "only queries are answered" in answers["refused"][0]
