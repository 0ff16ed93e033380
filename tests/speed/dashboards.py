"""What dashboards ask, of Errata and of DuckDB, over the same lake, in turn: milliseconds, the first time, after a restart
and warm.

    cargo run --release -p query-engine --example generate_lake -- /tmp/lake/lake 100000000
    cargo build --release
    ~/.cache/errata/venv/bin/python tests/speed/dashboards.py target/release/errata /tmp/lake

The folder is a data folder: the lake is its folder `lake`. First: by a new process, for which nothing is kept on disk
(its folder `partials` is deleted), with the files in the page cache of the system if they fit (both alike). Restart: by
a new process that finds what the one before kept; DuckDB keeps nothing, so it is compared with its first time. Warm: the
median of the rounds after it. Between the rounds nothing is written. Errata is asked over HTTP and answers JSON; DuckDB
is in this process and its rows are fetched.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from harness import duck  # noqa: E402

DAY = "timestamp >= now() - INTERVAL '24 hours'"

# Name, limit in ms when warm, SQL of Errata, SQL of DuckDB ({...} filled in from the lake).
ASKED = [
    (
        "overview: last 24 h",
        100,
        "SELECT count(*) AS failures, distinct_estimate(user_id) AS users, distinct_estimate(session_id) AS sessions, "
        f"max(timestamp) AS newest FROM errors WHERE {DAY}",
        "SELECT count(*), approx_count_distinct(user_id), approx_count_distinct(session_id), max(timestamp) "
        f"FROM errors WHERE {DAY}",
    ),
    (
        "overview: last 30 days",
        100,
        "SELECT count(*) AS failures, distinct_estimate(user_id) AS users, distinct_estimate(session_id) AS sessions, "
        "max(timestamp) AS newest FROM errors WHERE timestamp >= now() - INTERVAL '30 days'",
        "SELECT count(*), approx_count_distinct(user_id), approx_count_distinct(session_id), max(timestamp) "
        "FROM errors WHERE timestamp >= now() - INTERVAL '30 days'",
    ),
    (
        "top 5 error types, 24 h",
        100,
        f"SELECT error_type, count(*) AS n FROM errors WHERE {DAY} GROUP BY 1 ORDER BY n DESC LIMIT 5",
        f"SELECT error_type, count(*) AS n FROM errors WHERE {DAY} GROUP BY 1 ORDER BY n DESC LIMIT 5",
    ),
    (
        "top 10 patterns, 24 h",
        100,
        "SELECT pattern_of(pattern_id, fingerprint) AS p, count(*) AS n, max(severity) AS s FROM errors "
        f"WHERE {DAY} GROUP BY 1 ORDER BY n DESC LIMIT 10",
        f"SELECT pattern_id, count(*) AS n, max(severity) FROM errors WHERE {DAY} GROUP BY 1 ORDER BY n DESC LIMIT 10",
    ),
    (
        "top 10 patterns, 30 days",
        100,
        "SELECT pattern_of(pattern_id, fingerprint) AS p, count(*) AS n, max(severity) AS s FROM errors "
        "GROUP BY 1 ORDER BY n DESC LIMIT 10",
        "SELECT pattern_id, count(*) AS n, max(severity) FROM errors GROUP BY 1 ORDER BY n DESC LIMIT 10",
    ),
    (
        "feed of 50",
        100,
        "SELECT timestamp, error_type, message, pattern_id, session_id, trace_id FROM errors "
        f"WHERE {DAY} ORDER BY timestamp DESC LIMIT 50",
        "SELECT timestamp, error_type, message, pattern_id, session_id, trace_id FROM errors "
        f"WHERE {DAY} ORDER BY timestamp DESC LIMIT 50",
    ),
    (
        "pattern explorer page",
        200,
        "SELECT r.*, c.last_hour, c.last_day, c.last_week FROM pattern_report AS r LEFT JOIN ("
        "SELECT pattern_of(pattern_id, fingerprint) AS id, "
        "count(*) FILTER (WHERE timestamp >= now() - INTERVAL '1 hour') AS last_hour, "
        f"count(*) FILTER (WHERE {DAY}) AS last_day, "
        "count(*) FILTER (WHERE timestamp >= now() - INTERVAL '7 days') AS last_week FROM errors GROUP BY 1) AS c "
        "ON c.id = r.pattern_id ORDER BY score DESC LIMIT 50",
        "SELECT pattern_id, min(timestamp), max(timestamp), count(*) AS n, approx_count_distinct(user_id), "
        "approx_count_distinct(session_id), arg_max(trace_id, time_unix_nano), arg_max(error_type, time_unix_nano), "
        "arg_max(message, time_unix_nano), max(severity), "
        "count(*) FILTER (WHERE timestamp >= now() - INTERVAL '1 hour'), "
        f"count(*) FILTER (WHERE {DAY}), count(*) FILTER (WHERE timestamp >= now() - INTERVAL '7 days') "
        "FROM errors GROUP BY 1 ORDER BY n DESC LIMIT 50",
    ),
    (
        "one pattern by hour, 30 days",
        100,
        "SELECT hour, occurrences, distinct_users FROM pattern_hourly WHERE pattern_id = '{pattern_id}' ORDER BY hour",
        "SELECT date_trunc('hour', timestamp), count(*), approx_count_distinct(user_id), max(severity), "
        "arg_min(error_type, time_unix_nano) FROM errors WHERE pattern_id = '{pattern_id}' GROUP BY 1 ORDER BY 1",
    ),
    (
        "trace by id",
        50,
        "SELECT * FROM spans WHERE trace_id = '{trace_id}' ORDER BY time_unix_nano",
        "SELECT * FROM spans WHERE trace_id = '{trace_id}' ORDER BY time_unix_nano",
    ),
    (
        "session timeline",
        100,
        "SELECT time_unix_nano, name AS what, span_id FROM spans WHERE session_id = '{session_id}' UNION ALL "
        "SELECT time_unix_nano, error_type AS what, span_id FROM errors WHERE session_id = '{session_id}' "
        "ORDER BY time_unix_nano",
        "SELECT time_unix_nano, name AS what, span_id FROM spans WHERE session_id = '{session_id}' UNION ALL "
        "SELECT time_unix_nano, error_type AS what, span_id FROM errors WHERE session_id = '{session_id}' "
        "ORDER BY time_unix_nano",
    ),
]


class Errata:
    """`errata query` over the data folder, on a port of its own."""

    def __init__(self, binary, folder):
        command = [binary, "query", "--data-dir", folder, "--http-addr", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = None
        for line in self.process.stdout:
            if "query at" in line:
                self.url = line.split()[-1]
                break
        self.session = requests.Session()
        self.ask("SELECT 1")

    def ask(self, sql):
        answer = self.session.post(self.url, json={"query": sql}, timeout=600)
        if answer.status_code != 200:
            self.close()
            sys.exit(f"{answer.status_code} {answer.text}\n{sql}")
        return answer.json()

    def close(self):
        self.process.terminate()
        self.process.wait(30)


class Duck:
    """DuckDB in this process, with as many threads and the tables' logs read once."""

    def __init__(self, folder):
        self.connection = duck.connect()
        self.connection.execute(f"SET threads = {os.cpu_count()}; SET TimeZone = 'UTC'")
        for table in ("errors", "spans"):
            place = Path(folder) / "lake" / table
            self.connection.execute(f"ATTACH '{place}' AS {table}_table (TYPE delta, PIN_SNAPSHOT)")
            self.connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {table}_table")

    def ask(self, sql):
        return self.connection.execute(sql).fetchall()

    def close(self):
        self.connection.close()


def timed(side, sql):
    began = time.perf_counter()
    rows = side.ask(sql)
    return 1000 * (time.perf_counter() - began), len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    sides = {"errata": lambda: Errata(arguments.binary, arguments.folder), "duckdb": lambda: Duck(arguments.folder)}

    errata = sides["errata"]()
    count = errata.ask("SELECT count(*) AS n FROM errors")[0]["n"]
    days = "timestamp < now() - INTERVAL '30 hours'"
    found = errata.ask(f"SELECT trace_id, session_id FROM spans WHERE {days} LIMIT 1")[0]
    found |= errata.ask("SELECT pattern_id, count(*) AS n FROM errors GROUP BY 1 ORDER BY n DESC LIMIT 1 OFFSET 9")[0]
    errata.close()

    print(f"{count:,} errors, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; milliseconds")
    print(f"{'':32} {'goal':>6} | {'warm':>8} {'duckdb':>8} {'ratio':>6} | {'restart':>8} | {'first':>8} {'duckdb':>8} {'ratio':>6} | rows")
    missed = 0
    for name, goal, *queries in ASKED:
        if arguments.only not in name:
            continue
        queries = [sql.replace("{pattern_id}", found["pattern_id"]).replace("{trace_id}", found["trace_id"])
                   .replace("{session_id}", found["session_id"]) for sql in queries]
        shutil.rmtree(Path(arguments.folder) / "partials", ignore_errors=True)
        first, again, warm, rows = {}, {}, {}, {}
        for (side, start), sql in zip(sides.items(), queries):
            running = start()
            first[side], rows[side] = timed(running, sql)
            # Once more before the rounds: sums of what is kept are made beside the second one.
            timed(running, sql)
            time.sleep(1)
            running.close()
            running = start()
            again[side], _ = timed(running, sql)
            warm[side] = statistics.median(timed(running, sql)[0] for _ in range(arguments.rounds))
            running.close()
        missed += warm["errata"] > goal
        print(
            f"{name:32} {goal:6} | {warm['errata']:8.1f} {warm['duckdb']:8.1f} {warm['errata'] / warm['duckdb']:6.2f} | "
            f"{again['errata']:8.1f} | "
            f"{first['errata']:8.1f} {first['duckdb']:8.1f} {first['errata'] / first['duckdb']:6.2f} | "
            f"{rows['errata']} {rows['duckdb']}",
            flush=True,
        )
    print(f"load at the end {os.getloadavg()[0]:.1f}; goals missed: {missed}")


if __name__ == "__main__":
    main()
