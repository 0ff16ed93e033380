"""The OpenAPI document against the server: requests made from it by schemathesis, and answers checked by it.

Data that fit the document must be answered as it says, data that do not must be refused, nothing may be a fault of the
server. The seed is fixed; ERRATA_TEST_FUZZ_SEED sets another, ERRATA_TEST_FUZZ_EXAMPLES more requests an operation.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import requests

from harness import failures, sdk
from harness.wait import wait_until

SEED = os.environ.get("ERRATA_TEST_FUZZ_SEED", "20261126")
EXAMPLES = os.environ.get("ERRATA_TEST_FUZZ_EXAMPLES", "25")
# A fault of the interpreter that runs schemathesis, not of the server: the run says nothing then.
OWN_FAULT = "SystemError: AST constructor recursion depth mismatch"
RUNS_MAX = 3
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
]


def fill(server):
    with sdk.tracer(server, "fuzz", "grpc") as tracer:
        for n in range(4 * len(failures.ALL)):
            attributes = {"exec.session.id": f"s-{n % 5}", "enduser.id": f"u-{n % 3}"}
            if n % 5:
                attributes["exec.session.parent_id"] = f"s-{n % 5 - 1}"
            with tracer.start_as_current_span("run_cell", attributes=attributes) as current:
                try:
                    failures.ALL[n % len(failures.ALL)](n)
                except Exception as error:  # noqa: BLE001
                    current.record_exception(error)
    count = 4 * len(failures.ALL)
    wait_until(lambda: server.scalar("SELECT count(*) FROM errors") == count, 30, f"{count} exceptions")
    values = lambda query: [next(iter(row.values())) for row in server.sql(query)]  # noqa: E731
    patterns = values("SELECT pattern_id FROM pattern_report ORDER BY pattern_id")
    url = f"{server.http}/api/v1/patterns/{patterns[0]}/status"
    assert requests.post(url, json={"status": "resolved", "reason": "fixed"}, timeout=30).ok
    return {
        "patterns": patterns,
        "sessions": values("SELECT DISTINCT session_id FROM sessions ORDER BY 1"),
        "errors": values("SELECT event_id FROM errors ORDER BY 1 LIMIT 20"),
        "traces": values("SELECT trace_id FROM spans ORDER BY 1 LIMIT 20"),
    }


def test_the_server_is_as_described(launch, tmp_path):
    server = launch()
    known = fill(server)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{server.http}/api/v1/openapi.json",
        *("--phases", "examples,coverage,fuzzing"),
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", EXAMPLES),
        *("--seed", SEED),
        *("--generation-database", "none"),
        *("--request-timeout", "30"),
        # Two threads that parse Python at once can break CPython 3.11's parser (see OWN_FAULT).
        *("--workers", "1"),
        "--no-shrink",
        "--continue-on-failure",
        "--no-color",
        *("--warnings", "off"),
        *os.environ.get("ERRATA_TEST_FUZZ_OPTIONS", "").split(),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "harness.fuzz_hooks",
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ERRATA_FUZZ_KNOWN": json.dumps(known),
    }
    for _ in range(RUNS_MAX):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, cwd=tmp_path)
        if done.returncode == 0 or OWN_FAULT not in done.stdout:
            break
    print(done.stdout[-2_000:])
    assert done.returncode == 0, f"{done.stdout[-20_000:]}\n{done.stderr[-2_000:]}"
    assert not server.gone() and "ERROR" not in server.log(), server.log()[-4_000:]
