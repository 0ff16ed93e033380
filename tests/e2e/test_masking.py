"""Personal data that a client sends is nowhere: not in the lake, the log, what is forwarded, or stderr."""

import time

import pyarrow.parquet as parquet
import pytest
import zstandard
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from harness.otlp import LOGS, any_value, attributes, exception, logs, send_grpc, send_http, span, traces
from harness.wait import wait_until

# What is planted, and a part of it that must not be found again (the whole where nothing is given).
PLANTED = {
    "email": "wilhelmina.murray@whitby-hospital.example",
    "home": "/home/jonathanharker/castle/run.py",
    "mac home": "/Users/abrahamvanhelsing/notes.ipynb",
    "windows home": "C:\\Users\\quinceymorris\\game.py",
    "ipv4": "203.0.113.77",
    "ipv6": "2001:db8:85a3::8a2e:370:7334",
    "bearer": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkcmFjdWxhIn0.c2lnbmF0dXJlLW9mLWRyYWN1bGE",
    "api key": "sk-proj-Zx81mNq0aBcD3fGh1JkLmNoPqRsTuVwXyZ0123456789abcd",
    "aws key": "AKIAIOSFODNN7EXAMPLE",
    "github token": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "phone": "+44 20 7946 0958",
    "card": "4111 1111 1111 1111",
}
SECRETS = {
    **PLANTED,
    "home": "jonathanharker",
    "mac home": "abrahamvanhelsing",
    "windows home": "quinceymorris",
    "bearer": "eyJzdWIiOiJkcmFjdWxhIn0",
}
MARKS = ("<email>", "<user>", "<ip>", "<token>", "<phone>", "<card>")
TEXT = "; ".join(f"{name} {value}" for name, value in PLANTED.items())
STACK = f'Traceback (most recent call last):\n  File "{PLANTED["home"]}", line 3, in <module>\n    send("{TEXT}")\nValueError: {TEXT}\n'


def loaded_span():
    """A span with all of it in each place where a client can put text."""
    values = {
        "exec.session.id": "masking-session",
        "exec.code.snippet": f"send('{TEXT}')",
        "code.file.path": PLANTED["home"],
        "text": TEXT,
        "array": [TEXT, "plain"],
        "map": {"inner": TEXT, "deep": {"deeper": [TEXT]}},
        "exec.tags": [PLANTED["email"], "kept"],
        "pkg_versions": f'{{"owner": "{PLANTED["email"]}"}}',
    }
    events = [
        exception("ValueError", TEXT, STACK),
        exception("KeyError", f"'{PLANTED['email']}'", None, name="http.client.request.exception"),
    ]
    loaded = span(f"run {TEXT}", values, events)
    note = loaded.events.add()
    note.name, note.time_unix_nano = f"note {TEXT}", time.time_ns()
    note.attributes.extend(attributes({"text": TEXT}))
    loaded.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8, attributes=attributes({"text": TEXT}))
    loaded.status.code = 2
    loaded.status.message = f"ValueError: {TEXT}"
    loaded.trace_state = "vendor=abc"
    return loaded


def loaded_record():
    values = {
        "exception.type": "ValueError",
        "exception.message": f"log {TEXT}",
        "exception.stacktrace": STACK,
        "session.id": "masking-session",
        "text": TEXT,
    }
    record = LogRecord(time_unix_nano=time.time_ns(), severity_number=17, attributes=attributes(values))
    record.body.CopyFrom(any_value({"message": TEXT, "parts": [TEXT]}))
    return record


def found_in(text):
    return [name for name, secret in SECRETS.items() if secret in text]


def lake_text(lake):
    """Every value of every column of every Parquet file, superseded ones too."""
    files = list(lake.rglob("*.parquet"))
    assert files
    return "\n".join(str(parquet.read_table(file).to_pydict()) for file in files)


def disk_text(folder):
    """All bytes under a folder, and what is inside zstd frames."""
    parts = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        parts.append(data)
        at = 0
        while (at := data.find(b"\x28\xb5\x2f\xfd", at)) >= 0:
            try:
                parts.append(zstandard.ZstdDecompressor().decompressobj().decompress(data[at:]))
            except zstandard.ZstdError:
                pass
            at += 4
    return b"\n".join(parts).decode("utf-8", "replace")


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    """A server that was given everything, and the next hop it forwarded to."""
    from harness.otlp import RawReceiver
    from harness.server import Server

    hop = RawReceiver()
    server = Server(tmp_path_factory.mktemp("masking"), "--forward", hop.grpc_url).start()
    resource = {"host.name": "node-1", "text": TEXT, "process.command_line": f"python {PLANTED['home']} {TEXT}"}
    for send in (send_grpc, send_http):
        request = traces([loaded_span()], "masking", resource)
        request.resource_spans[0].scope_spans[0].scope.attributes.extend(attributes({"text": TEXT}))
        send(server, request)
        send(server, logs([loaded_record()], "masking", resource), LOGS)
    disk = disk_text(server.data_dir)  # the write-ahead log, before it is truncated
    server.errors_of("masking", 6)
    wait_until(lambda: len(hop.spans()) == 2 and len(hop.records()) == 2, 15, "the forwarded requests")
    yield server, hop, disk
    server.close()
    hop.close()


def test_the_log_on_disk(masked):
    _, _, disk = masked
    assert "masking-session" in disk, "the request was expected in the write-ahead log"
    assert found_in(disk) == []


def test_the_lake(masked):
    server, _, _ = masked
    text = lake_text(server.lake_dir)
    assert all(mark in text for mark in MARKS)
    assert found_in(text) == []


def test_all_files(masked):
    server, _, _ = masked
    assert found_in(disk_text(server.data_dir)) == []


def test_what_is_forwarded(masked):
    _, hop, _ = masked
    text = "\n".join(str(message) for message in hop.messages() + hop.messages(LOGS))
    assert all(mark in text for mark in MARKS)
    raw = b"\n".join(body for _, body, _ in hop.received).decode("utf-8", "replace")
    assert found_in(raw) == []


def test_the_process_output(masked):
    server, _, _ = masked
    assert found_in(server.log()) == []
    assert found_in(server.stdout.read_text()) == []


def test_the_rest_is_kept(masked):
    server, hop, _ = masked
    row = server.errors_of("masking", 6)[0]
    assert (row["session_id"], row["host_name"]) == ("masking-session", "node-1")
    (first, _) = hop.spans()
    original = loaded_span()
    assert first.trace_state == "vendor=abc"
    assert [event.name.split(" ")[0] for event in first.events] == [event.name.split(" ")[0] for event in original.events]
    sent = [attribute.key for attribute in original.attributes]
    assert [attribute.key for attribute in first.attributes][: len(sent)] == sent


def test_a_session_is_needed_for_forwarding_masked(launch, receiver):
    """Without a session nothing of the span is changed on its way; in the lake it is masked all the same."""
    server = launch("errata", "--forward", receiver.grpc_url)
    loaded = loaded_span()
    del loaded.attributes[0]
    send_grpc(server, traces([loaded], "no-session"))
    (arrived,) = wait_until(receiver.spans, 10, "the forwarded span")
    assert arrived == loaded
    server.spans_of("no-session", 1)
    assert found_in(lake_text(server.lake_dir)) == []


def test_values_that_only_look_alike_are_kept(shared, service):
    """Over-masking costs patterns: versions, statuses and plain numbers stay."""
    message = "HTTP 404 after 12 tries, numpy 1.26.4, errno 13, card 4111111111111112, order 20261123"
    report = exception("ValueError", message)
    send_grpc(shared, traces([span(values={"session.id": "s"}, events=[report])], service))
    assert shared.errors_of(service, 1)[0]["message"] == message
