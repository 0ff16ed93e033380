"""Two processors on one lake, each with a log of its own: counts exact, one pattern has one id."""

import time

import pytest

from harness import duck, failures, load, sdk
from harness.otlp import exception, send_grpc, span, traces


@pytest.fixture
def pair(launch, tmp_path):
    lake = tmp_path / "lake"
    return launch("one", lake=lake), launch("two", lake=lake)


def test_one_pattern_has_one_id(pair):
    for number, server in enumerate(pair):
        with sdk.tracer(server, f"processor-{number}") as tracer:
            for n, failure in enumerate(failures.ALL):
                with tracer.start_as_current_span("run_cell", attributes={"session.id": "s"}) as current:
                    try:
                        failure(n + 1000 * number)
                    except Exception as error:  # noqa: BLE001
                        current.record_exception(error)
    query = "SELECT service_name, span_name, error_type, pattern_id FROM errors"
    rows = pair[0].await_rows(query, 2 * len(failures.ALL))
    ids = [{row["pattern_id"] for row in rows if row["service_name"] == f"processor-{n}"} for n in range(2)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == len(failures.ALL)
    assert {row["pattern_id"] for row in pair[1].sql("SELECT pattern_id FROM pattern_report")} == ids[0]


def test_a_pattern_found_by_one_is_known_to_the_other(pair):
    """The second processor follows the facts of the first: what it sees later is not new."""
    one, two = pair
    stack = 'Traceback (most recent call last):\n  File "/srv/app/load.py", line 3, in load\n    go()\nValueError: boom\n'

    def send(server):
        send_grpc(server, traces([span(values={"session.id": "s"}, events=[exception("ValueError", "boom", stack)])], "follow"))

    send(one)
    one.errors_of("follow", 1)
    time.sleep(6)
    send(two)
    rows = two.errors_of("follow", 2)
    assert [row["pattern_new"] for row in rows] == [True, False]
    assert len({row["pattern_id"] for row in rows}) == 1


@pytest.mark.slow
def test_both_at_full_rate_and_one_is_killed(pair):
    one, two = pair
    loads = [load.Load(one, 2, 1), load.Load(two, 2, 1)]
    time.sleep(2)
    two.kill()
    acknowledged = loads[1].finish()
    time.sleep(1)
    two.start()
    second = load.Load(two, 1, 1)
    time.sleep(2)
    acknowledged += loads[0].finish() + second.finish()
    one.stop()
    two.stop()
    assert load.differences(one.lake_dir, acknowledged) == {}
    patterns = duck.query(one.lake_dir, "SELECT count(DISTINCT pattern_id) FROM {errors} WHERE service_name = 'load'")
    assert patterns == [(2,)]
