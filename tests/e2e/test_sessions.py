"""Sessions: restarts, forks, rings and parents that nobody saw; what happened, and what was done about it."""

import csv
import io
import time

import pytest
import requests

from harness.otlp import exception, send_grpc, span, traces, unique
from harness.wait import wait_until


def get(server, path, **options):
    return requests.get(f"{server.http}/api/v1{path}", timeout=30, **options)


def run(server, service, session, parent=None, kind="run_code", failure=None, **values):
    """One span of a session, with an exception in it or without."""
    start = time.time_ns()
    values = {"exec.session.id": session, "enduser.id": f"user-of-{service}", **values}
    if parent:
        values["exec.session.parent_id"] = parent
    events = [exception(failure, "bad row", f"Traceback (most recent call last):\n{failure}: bad row\n")] if failure else []
    send_grpc(server, traces([span(kind, values, events, start=start)], service))


@pytest.fixture
def lineage(shared, service):
    """`first` was restarted as `second`, this as `third` and `fork`; nobody saw the parent of `first`."""
    names = {name: f"{service}-{name}" for name in ("gone", "first", "second", "third", "fork")}
    kind = "Broken" + "".join(chr(ord("A") + int(c)) for c in service if c.isdigit()) + "Error"
    run(shared, service, names["first"], names["gone"])
    run(shared, service, names["second"], names["first"], failure=kind)
    run(shared, service, names["third"], names["second"], "import_module", failure=kind, **{"exec.module": "pandas"})
    run(shared, service, names["fork"], names["second"], "refactor")
    shared.spans_of(service, 4)
    shared.errors_of(service, 2)
    return names


def test_every_session_tells_the_whole_lineage(shared, lineage):
    order = [lineage[name] for name in ("gone", "first", "second", "third", "fork")]
    for name in order:
        answer = get(shared, f"/sessions/{name}/lineage").json()
        assert sorted(s["session_id"] for s in answer["sessions"]) == sorted(order)
        depths = {s["session_id"]: s["depth"] for s in answer["sessions"]}
        assert [depths[each] for each in order] == [0, 1, 2, 3, 3]
        status = {s["session_id"]: s["status"] for s in answer["sessions"]}
        assert [status[each] for each in order] == ["unknown", "ok", "failed", "failed", "ok"]
        assert answer["roots"] == [lineage["gone"]] and not answer["cyclic"] and not answer["truncated"]


def test_a_session_that_names_itself_as_its_parent_restarted_nothing(shared, service):
    run(shared, service, service, service)
    shared.spans_of(service, 1)
    assert get(shared, f"/sessions/{service}").json()["restarted_as"] == []


def test_the_lineage_is_a_query(shared, lineage):
    query = f"""
      WITH RECURSIVE neighbours AS (
        SELECT session_id, parent_session_id AS other FROM session_links
        UNION ALL
        SELECT parent_session_id AS session_id, session_id AS other FROM session_links
      ),
      lineage (session_id) AS (
        SELECT '{lineage["fork"]}'
        UNION
        SELECT neighbours.other FROM lineage JOIN neighbours ON neighbours.session_id = lineage.session_id
      )
      SELECT session_id FROM lineage ORDER BY session_id"""
    assert [row["session_id"] for row in shared.sql(query)] == sorted(lineage.values())


def test_rings_end(shared, service):
    ring = [f"{service}-{n}" for n in range(3)]
    for n, name in enumerate(ring):
        run(shared, service, name, ring[n - 1])
    run(shared, service, f"{service}-self", f"{service}-self")
    shared.spans_of(service, 4)
    began = time.monotonic()
    answer = get(shared, f"/sessions/{ring[1]}/lineage").json()
    assert answer["cyclic"] and len(answer["sessions"]) == 3 and len(answer["roots"]) == 1
    alone = get(shared, f"/sessions/{service}-self/lineage").json()
    assert [s["session_id"] for s in alone["sessions"]] == [f"{service}-self"] and not alone["cyclic"]
    assert len(get(shared, f"/sessions/{ring[0]}/timeline").json()["items"]) == 3
    assert time.monotonic() - began < 20


def test_occurred_classified_acted_on(shared, service, lineage):
    pattern = shared.errors_of(service, 2)[0]["pattern_id"]
    url = f"{shared.http}/api/v1/patterns/{pattern}/status"
    assert requests.post(url, json={"status": "resolved", "reason": "fixed", "actor": "ada"}, timeout=30).ok

    entries, cursor = [], None
    while True:
        answer = get(shared, f"/sessions/{lineage['fork']}/timeline", params={"limit": 3, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body["items"]) <= 3
        entries += body["items"]
        cursor = body["next_cursor"]
        assert ("Link" in answer.headers) == bool(cursor)
        if cursor is None:
            break
    assert [entry["kind"] for entry in entries] == ["span", "span", "error", "span", "error", "span", "action"]
    times = [entry["time_unix_nano"] for entry in entries]
    assert times == sorted(times)
    occurred, acted = entries[2], entries[-1]
    assert occurred["taxonomy_runtime"] == "python" and occurred["taxonomy_phase"] == "runtime" and occurred["pattern_new"]
    assert (acted["action"], acted["to_value"], acted["actor"], acted["pattern_id"]) == ("status", "resolved", "ada", pattern)
    # The span that failed stands out by its pattern.
    assert [bool(entry["pattern_id"]) for entry in entries if entry["kind"] == "span"] == [False, True, True, False]

    alone = get(shared, f"/sessions/{lineage['first']}/timeline", params={"lineage": "false"}).json()["items"]
    assert [entry["kind"] for entry in alone] == ["span"]
    table = get(shared, f"/sessions/{lineage['fork']}/timeline", headers={"Accept": "text/csv"})
    assert len(list(csv.DictReader(io.StringIO(table.text)))) == 7


def test_sessions_by_object_and_action(shared, service, lineage):
    pattern = shared.errors_of(service, 2)[0]["pattern_id"]

    def found(**parameters):
        answer = get(shared, "/sessions", params={"service": service, **parameters})
        assert answer.status_code == 200, answer.text
        return [session["session_id"].removeprefix(f"{service}-") for session in answer.json()["items"]]

    assert found() == ["fork", "third", "second", "first"]
    assert found(has_errors="true") == ["third", "second"]
    assert found(pattern=pattern, limit=1) == ["third"]
    assert found(module="pandas") == ["third"] == found(module="pandas", action="import_module")
    assert found(action="refactor", user=f"user-of-{service}") == ["fork"]
    assert found(action="refactor", user="somebody else") == []
    assert found(session=lineage["second"]) == ["fork", "third", "second"]
    assert found(**{"from": "2099-01-01"}) == []


def test_sessions_that_are_not_there(shared):
    for path in ("", "/lineage", "/timeline"):
        answer = get(shared, f"/sessions/{unique('none')}{path}")
        assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"


def test_a_long_lineage_answers_soon(launch):
    """A notebook that was restarted 500 times."""
    server = launch()
    for n in range(500):
        values = {"exec.session.id": f"r-{n:03}", "exec.session.parent_id": f"r-{n - 1:03}"}
        if n % 100 == 0:
            batch = []
        batch.append(span("run_cell", values))
        if n % 100 == 99:
            send_grpc(server, traces(batch, "restarts"))
    wait_until(lambda: server.scalar("SELECT count(*) FROM spans") == 500, 20, "500 spans")
    began = time.monotonic()
    answer = get(server, "/sessions/r-250/lineage").json()
    took = time.monotonic() - began
    print(f"lineage of 501 sessions in {took:.2f} s")
    assert len(answer["sessions"]) == 501 and max(s["depth"] for s in answer["sessions"]) == 500
    assert took < 20
