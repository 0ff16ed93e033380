"""The HTTP API as its users have it: lists page by page, problems everywhere, diffs and neighbours of real failures."""

import csv
import io

import pytest
import requests

from harness import failures, sdk
from harness.otlp import exception, send_grpc, span, traces, unique
from harness.wait import wait_until

STACK = 'Traceback (most recent call last):\n  File "/tmp/{job}/main.py", line {line}, in <module>\n    load("{file}")\n' \
    '  File "/usr/lib/python3/site-packages/pandas/io/parsers.py", line 912, in read_csv\n    return _read(path)\n' \
    "FileNotFoundError: [Errno 2] No such file or directory: '{file}'\n"


def get(server, path, **options):
    return requests.get(f"{server.http}{path}", timeout=30, **options)


def items(server, path, **parameters):
    """All items, by the Link header."""
    answer = get(server, path, params=parameters)
    found = []
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if "next" not in answer.links:
            assert answer.json()["next_cursor"] is None
            return found
        # A reference that is relative to the server, as RFC 8288 has it.
        answer = get(server, answer.links["next"]["url"])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A server with real Python failures of every kind, twelve of each, and two read errors to compare."""
    from harness.server import Server

    server = Server(tmp_path_factory.mktemp("api")).start()
    with sdk.tracer(server, "api", "grpc") as tracer:
        for n in range(12 * len(failures.ALL)):
            attributes = {"exec.session.id": f"s-{n % 5}", "enduser.id": f"u-{n % 7}"}
            with tracer.start_as_current_span("run_cell", attributes=attributes) as current:
                try:
                    failures.ALL[n % len(failures.ALL)](n)
                except Exception as error:  # noqa: BLE001
                    current.record_exception(error)
    events = [
        exception("FileNotFoundError", f"[Errno 2] No such file or directory: '{file}'", STACK.format(job=job, line=line, file=file))
        for job, line, file in (("job-1", 12, "a.csv"), ("job-2", 14, "b.csv"))
    ]
    send_grpc(server, traces([span("run_code", {"exec.session.id": "diff"}, [event]) for event in events], "diff"))
    count = 12 * len(failures.ALL) + 2
    wait_until(lambda: server.scalar("SELECT count(*) FROM errors") == count, 30, f"{count} exceptions")
    yield server
    server.close()


def test_pages_are_the_whole_report(filled):
    whole = filled.sql("SELECT pattern_id, occurrences FROM pattern_report ORDER BY occurrences DESC, pattern_id")
    assert len(whole) >= len(failures.ALL)
    paged = items(filled, "/api/v1/patterns", limit=3, order="occurrences")
    assert [(p["pattern_id"], p["occurrences"]) for p in paged] == [(p["pattern_id"], p["occurrences"]) for p in whole]
    for pattern in paged[:3]:
        of = items(filled, f"/api/v1/patterns/{pattern['pattern_id']}/occurrences", limit=5)
        assert len(of) == pattern["occurrences"] == len({each["event_id"] for each in of})
        times = [each["time_unix_nano"] for each in of]
        assert times == sorted(times, reverse=True)
        series = get(filled, f"/api/v1/patterns/{pattern['pattern_id']}/series").json()
        assert sum(bucket["occurrences"] for bucket in series["buckets"]) == pattern["occurrences"]
        detail = get(filled, f"/api/v1/errors/{of[0]['event_id']}").json()
        assert "Traceback" in detail["stack_trace"] and detail["current_pattern_id"] == pattern["pattern_id"]


def test_a_cursor_does_not_shift(filled):
    path = "/api/v1/patterns"
    first = get(filled, path, params={"limit": 2, "service": "api"}).json()
    # A new pattern comes first from now on; the second page is what it was.
    second = get(filled, path, params={"limit": 2, "service": "api", "cursor": first["next_cursor"]}).json()
    kind = unique("E").replace("-", "") + "Error"
    send_grpc(filled, traces([span(events=[exception(kind, "new one", None)])], "api"))
    wait_until(lambda: get(filled, path, params={"limit": 1, "text": kind}).json()["items"], 10, "the new pattern")
    assert get(filled, path, params={"limit": 1, "service": "api"}).json()["items"][0]["error_type"] == kind
    again = get(filled, path, params={"limit": 2, "service": "api", "cursor": first["next_cursor"]}).json()
    assert [p["pattern_id"] for p in again["items"]] == [p["pattern_id"] for p in second["items"]]


def test_lists_as_csv(filled):
    for path in ("/api/v1/patterns", "/api/v1/sessions", "/api/v1/sessions/s-1/timeline"):
        table = get(filled, path, params={"format": "csv", "limit": 5})
        assert table.headers["Content-Type"].startswith("text/csv")
        assert len(list(csv.DictReader(io.StringIO(table.text)))) == 5
        assert "format=csv" in table.links["next"]["url"]


def test_unchanged_is_304(filled):
    answer = get(filled, "/api/v1/sessions/s-1")
    tags = {answer.headers["ETag"], get(filled, "/api/v1/sessions/s-1").headers["ETag"]}
    again = get(filled, "/api/v1/sessions/s-1", headers={"If-None-Match": ", ".join(tags)})
    assert again.status_code in (200, 304)
    document = get(filled, "/api/v1/openapi.json").headers["ETag"]
    again = get(filled, "/api/v1/openapi.json", headers={"If-None-Match": document})
    assert again.status_code == 304 and not again.content


def test_every_error_is_a_problem(filled):
    for method, path, status, options in [
        ("GET", "/api/v1/nothing", 404, {}),
        ("GET", "/nothing", 404, {}),
        ("DELETE", "/api/v1/patterns", 405, {}),
        ("POST", "/healthz", 405, {}),
        ("POST", "/api/v1/sql", 415, {"data": "x", "headers": {"Content-Type": "text/plain"}}),
        ("POST", "/api/v1/sql", 413, {"data": b"x" * (2 << 20), "headers": {"Content-Type": "application/json"}}),
        ("GET", "/api/v1/patterns?cursor=bad", 400, {}),
        ("GET", "/api/v1/patterns/%ff", 400, {}),
        ("GET", "/api/v1/errors/none", 404, {}),
        ("GET", "/api/v1/patterns", 406, {"headers": {"Accept": "image/png"}}),
    ]:
        answer = requests.request(method, filled.http + path, timeout=30, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json", path
        problem = answer.json()
        assert problem["status"] == status and problem["detail"] and problem["type"].startswith("urn:errata:problem:")


def test_two_occurrences_frame_by_frame(filled):
    left, right = filled.errors_of("diff", 2)
    diff = get(filled, "/api/v1/diff", params={"left": left["event_id"], "right": right["event_id"]}).json()
    (failed,) = diff["exceptions"]
    assert [(f["kind"], f["class"]) for f in failed["frames"]] == [("same", "library"), ("changed", "user")]
    assert failed["frames"][1]["changed"] == ["file", "line", "source"]
    assert [p for p in failed["message"] if p["kind"] == "changed"] == [
        {"kind": "changed", "left": "a.csv", "right": "b.csv", "parameter": True}
    ]
    same = get(filled, "/api/v1/diff", params={"left": left["event_id"], "right": left["event_id"]}).json()
    assert same["same"]


def test_similar_patterns_say_why(filled):
    # Near enough to be shown, and two words too far to be one.
    for kept, book, service in (("orders", "ledger", "near-a"), ("invoices", "archive", "near-b")):
        text = f"cannot read the list of open {kept} from the {book} of the previous quarter"
        send_grpc(filled, traces([span(events=[exception("LedgerError", text, f"Traceback (most recent call last):\nLedgerError: {text}\n")])], service))
    pattern = filled.errors_of("near-a", 1)[0]["pattern_id"]
    other = filled.errors_of("near-b", 1)[0]["pattern_id"]
    assert pattern != other

    def found():
        return [p for p in get(filled, f"/api/v1/patterns/{pattern}/similar").json()["items"] if p["pattern_id"] == other]

    wait_until(found, 10, "the neighbour")
    (near,) = found()
    assert "exception type: LedgerError" in near["agrees"] and near["why_not_one"]
    answer = requests.post(f"{filled.http}/api/v1/patterns/{pattern}/keep-apart", json={"from": other}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert found()[0]["kept_apart"]
