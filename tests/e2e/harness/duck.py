"""DuckDB with its Delta extension from PyPI: the reader that is not ours."""

import duckdb
import duckdb_extension_delta
from pathlib import Path


def connect():
    """A connection that can `delta_scan`. Nothing is fetched: the extension comes with its wheel."""
    (extension,) = Path(duckdb_extension_delta.__file__).parent.glob("extensions/*/delta.duckdb_extension")
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"LOAD '{extension}'")
    return connection


def query(lake, sql):
    """Rows of `sql` as tuples; `{spans}`, `{errors}`, ... stand for the tables of the lake."""
    with connect() as connection:
        return connection.execute(sql.format(**tables(lake))).fetchall()


def tables(lake):
    names = ("spans", "errors", "patterns", "pattern_events")
    return {name: f"delta_scan('{Path(lake) / name}')" for name in names}
