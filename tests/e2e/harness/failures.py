"""Programs that really fail: each call raises, with details that differ from call to call.

No two have one root cause, so they are as many patterns wherever this file lies (under /tmp it counts as a
user's own program, whose frames decide nothing).
"""

import json
import linecache
import math


def missing_key(n):
    return {"rows": []}[f"column_{n}"]


def division(n):
    return n / 0


def bad_json(n):
    return json.loads('{"n": %d, "broken": ' % n)


def bad_number(n):
    return int(f"{n} apples")


def missing_attribute(_):
    return [].shape


def missing_module(_):
    import pandaz_of_errata  # noqa: F401


def missing_file(n):
    return open(f"/nonexistent/run-{n}/input.csv")


def chained(n):
    try:
        math.exp(1000 + n)
    except OverflowError as error:
        raise RuntimeError("the cell could not be run") from error


def refused(_):
    import socket

    with socket.socket() as client:
        client.connect(("127.0.0.1", 1))


def wrong_syntax(n):
    compile(f"def cell_{n}(:\n    return 1\n", "<cell>", "exec")


ALL = (
    missing_key,
    division,
    bad_json,
    bad_number,
    missing_attribute,
    missing_module,
    missing_file,
    chained,
    refused,
    wrong_syntax,
)


def run_cell(source, name):
    """Runs a user's program as a notebook does: its own file name, its lines known to the traceback."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), {"__name__": "__main__"})
