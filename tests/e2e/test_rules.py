"""Users' rules: they act on what is received, change without a restart, and a bad file changes nothing."""

import re
import signal
import time

import pytest
import requests

from harness.otlp import exception, send_http, span, traces
from harness.paths import REPOSITORY
from harness.server import command
from harness.wait import wait_until

RULES = """
[[fingerprint]]
name = "database-down"
type = ["TimeoutError", "ConnectionRefusedError"]
message_contains = "database"
fingerprint = ["database-down"]
title = "the database is down"
severity = 5

[[frame]]
name = "runner"
file = "/opt/runner/"
origin = "carrier"

[[message]]
name = "orders"
matches = 'ORD-[0-9A-Z]+'
replace = "<order_id>"

[[mask]]
name = "staff"
matches = '(?i)emp-\\d+'
replace = "<employee>"

[[mask]]
name = "tenant"
attribute = "app.tenant"
replace = "<tenant>"

[[taxonomy]]
name = "quota"
runtime = "python"
type = ["QuotaExceeded"]
cause = "ResourceExhausted"
phase = "deploy"
"""


def stack(error_type, message, file="/work/main.py"):
    return f"""Traceback (most recent call last):
  File "/opt/runner/run.py", line 9, in execute
    exec(code)
  File "{file}", line 3, in solve
    raise {error_type}(text)
{error_type}: {message}
"""


def fail(server, service, *errors, **values):
    """Sends one failed execution for each (type, message)."""
    for error_type, message in errors:
        event = exception(error_type, message, stack(error_type, message))
        send_http(server, traces([span(f"run {message}", {"exec.session.id": service, **values}, [event])], service))


def metric(server, name, **labels):
    text = requests.get(f"{server.http}/metrics", timeout=10).text
    for line in text.splitlines():
        if line.startswith(name) and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.split()[-1])
    return None


def save(path, text):
    """Saves rules in one step: a server that looks meanwhile sees the old file or the new one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


@pytest.fixture
def ruled(launch, tmp_path):
    """A server with a rules file that it looks at often."""
    path = tmp_path / "errata-rules.toml"
    path.write_text(RULES)
    env = {
        "ERRATA_GROUPING_RULES": str(path),
        "ERRATA_GROUPING_RULES_INTERVAL": "100ms",
        "ERRATA_WRITER_FLUSH_INTERVAL": "200ms",
    }
    return launch("ruled", env=env), path


def test_rules_act(ruled, service):
    server, _ = ruled
    fail(
        server,
        service,
        ("TimeoutError", "the database did not answer emp-4711"),
        ("ConnectionRefusedError", "database: connection refused"),
        ("ValueError", "no order ORD-77AB12 of EMP-12"),
        ("ValueError", "no order ORD-9 of emp-777"),
        ("QuotaExceeded", "no"),
        **{"app.tenant": "Acme", "app.note": "seen by emp-4711"},
    )
    rows = server.errors_of(service, 5)
    timeout, refused, order, other, quota = rows
    assert timeout["pattern_id"] == refused["pattern_id"] != order["pattern_id"]
    assert timeout["severity"] == refused["severity"] == 5
    assert order["fingerprint"] == other["fingerprint"]
    assert (quota["taxonomy_cause"], quota["taxonomy_phase"]) == ("ResourceExhausted", "deploy")
    assert timeout["message"] == "the database did not answer <employee>"
    # No text of a failed execution is stored unmasked: spans and errors, attributes and names.
    spans = server.spans_of(service, 5)
    for row in rows + spans:
        assert not re.search(r"(?i)emp-\d|Acme", str(row)), row
    assert dict(rows[0]["attributes"])["app.tenant"] == "<tenant>"
    titles = server.sql(f"SELECT canonical_msg FROM pattern_report WHERE pattern_id = '{timeout['pattern_id']}'")
    assert titles == [{"canonical_msg": "the database is down"}]
    assert metric(server, "errata_rules_loaded", section="mask") == 2


def test_changes_need_no_restart(ruled, service):
    server, path = ruled
    error = ("TimeoutError", "the database did not answer, shard eu-3")
    fail(server, service, error)
    save(path, RULES.replace('["database-down"]\n', '["{{ default }}", "{{ capture:shard }}"]\n').replace(
        'message_contains = "database"', "message_matches = 'shard (?P<shard>[a-z]+-\\d)'"
    ).replace("(?i)emp-", "(?i)stud-"))
    wait_until(lambda: metric(server, "errata_rules_reads", outcome="loaded") == 1, 10, "the new rules")
    fail(server, service, error, (error[0], error[1].replace("eu-3", "us-1")), ("ValueError", "by stud-7 and emp-8"))
    before, after, other, value = server.errors_of(service, 4)
    # The same text, which the old rules had answered from memory: the new rules decide.
    assert len({row["pattern_id"] for row in (before, after, other)}) == 3
    assert value["message"] == "by <employee> and emp-8"
    # What a pattern was made by is no longer in the file; it is still there, with what joined it.
    save(path, RULES)
    wait_until(lambda: metric(server, "errata_rules_reads", outcome="loaded") == 2, 10, "the old rules")
    fail(server, service, error)
    assert server.errors_of(service, 5)[-1]["pattern_id"] == before["pattern_id"]


def test_a_bad_file_changes_nothing(ruled, service):
    server, path = ruled
    save(path, RULES + "\n[[mask]]\nname = 'half'\nmatches = 'a('\nreplace = '<x'\n[[frame]]\norigin = 'x'\n")
    wait_until(lambda: metric(server, "errata_rules_outdated") == 1, 10, "the refusal")
    told = [line for line in server.log().splitlines() if "ERROR" in line]
    assert len(told) == 1, told
    parts = ("mask rule 3 (half): matches: is not a regular expression", "replace: is no placeholder", "frame rule 2: origin")
    for part in parts:
        assert part in told[0]
    fail(server, service, ("TimeoutError", "the database is gone, says emp-1"))
    (row,) = server.errors_of(service, 1)
    assert (row["message"], row["severity"]) == ("the database is gone, says <employee>", 5)
    assert metric(server, "errata_rules_loaded", section="mask") == 2
    path.unlink()
    wait_until(lambda: server.log().count("cannot be used; the rules before it stay") == 2, 10, "the second refusal")
    save(path, RULES)
    wait_until(lambda: metric(server, "errata_rules_outdated") == 0, 10, "the good file")


def test_a_file_that_is_being_written_is_left_alone(launch, tmp_path):
    path = tmp_path / "errata-rules.toml"
    path.write_text(RULES)
    server = launch("calm", env={"ERRATA_GROUPING_RULES": str(path)})
    rules = RULES + "\n[[mask]]\nname = 'order'\nmatches = 'ORD-[0-9]+'\nreplace = '<order>'\n"
    began = time.monotonic()
    with path.open("w") as file:
        # From the empty file on, at each of some looks.
        for start in range(0, len(rules), len(rules) // 40 + 1):
            time.sleep(0.1)
            file.write(rules[start : start + len(rules) // 40 + 1])
            file.flush()
    assert time.monotonic() - began > 3
    wait_until(lambda: metric(server, "errata_rules_loaded", section="mask") == 3, 10, "the new rules")
    assert metric(server, "errata_rules_reads", outcome="loaded") == 1
    assert metric(server, "errata_rules_reads", outcome="refused") is None


def test_a_hangup_reads_the_file_again(launch, tmp_path):
    path = tmp_path / "errata-rules.toml"
    path.write_text(RULES)
    env = {"ERRATA_GROUPING_RULES": str(path), "ERRATA_GROUPING_RULES_INTERVAL": "1h"}
    server = launch("patient", env=env)
    path.write_text("")
    server.process.child.send_signal(signal.SIGHUP)
    wait_until(lambda: metric(server, "errata_rules_loaded", section="mask") == 0, 10, "the emptied file")


def test_a_start_needs_good_rules(launch, tmp_path):
    path = tmp_path / "errata-rules.toml"
    path.write_text("[[mask]]\nmatches = 'ab'\n")
    server = launch("refusing", ready=False, env={"ERRATA_GROUPING_RULES": str(path)})
    wait_until(server.gone, 10, "the refusal to start")
    assert "mask rule 1: replace: is missing" in server.log()
    checked = command("config", "check", env={"ERRATA_GROUPING_RULES": str(path)}, check=False)
    assert checked.returncode != 0 and "mask rule 1: replace: is missing" in checked.stderr


def test_explain_tells_which_rule_acted(tmp_path):
    path = tmp_path / "errata-rules.toml"
    path.write_text(RULES)
    text = stack("TimeoutError", "database of emp-1 gone")
    told = command("explain", "--rules", path, stdin=text).stdout
    for line in (
        "mask rule staff: a text has <employee>",
        "frame rule runner: execute in /opt/runner/run.py is carrier",
        'fingerprint rule database-down: replaces the grouping by "database-down"',
        "severity 5 of 5",
    ):
        assert line in told, told
    told = command("explain", stdin=stack("QuotaExceeded", "no ORD-1"), env={"ERRATA_GROUPING_RULES": str(path)}).stdout
    assert "taxonomy rule quota: phase deploy, cause ResourceExhausted" in told
    assert 'message rule orders: the message reads "no <order_id>"' in told
    example = REPOSITORY / "examples/rules/errata-rules.toml"
    assert "good" in command("config", "check", env={"ERRATA_GROUPING_RULES": str(example)}).stdout
