"""Senders at full speed that remember what was acknowledged, and the comparison with the tables.

Each request gets fresh ids that name its round, its sender and its number, so that a row on disk tells
where it came from. A request that fails is never sent again: it may be there or not, but not twice.
"""

import http.client
import itertools
import threading
import time

import grpc
import pyarrow as pa
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from . import duck
from .otlp import LOGS, TRACES, GrpcSender, attributes, exception, logs, span, traces

SPANS_PER_REQUEST = 50
RECORDS_PER_REQUEST = 10
EXCEPTION_EVERY = 5
STACK = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/app/step_{n}.py", line {n}, in step_{n}\n    return step_{n + 1}(frame)\n' for n in range(12)
)
SESSION = {"exec.session.id": "kill-loop", "enduser.id": "ada", "cell": "In[3]", "exec.kind": "run_cell"}
_rounds = itertools.count(1)


def _trace_marker(index):
    return b"TRACE-%010d" % index


def _span_marker(index):
    return b"SPAN%04d" % index


class Template:
    """Request bytes with places to stamp ids into."""

    def __init__(self, signal, message, count):
        self.signal, self.count = signal, count
        self.body = message.SerializeToString()
        self.places = [(self.body.index(_trace_marker(n)), self.body.index(_span_marker(n))) for n in range(count)]

    def stamped(self, request):
        body = bytearray(self.body)
        for index, (trace_at, span_at) in enumerate(self.places):
            body[trace_at : trace_at + 16], body[span_at : span_at + 8] = ids(request, index)
        return bytes(body)


def ids(request, index):
    """Trace id and span id of one item of a request: (round, sender, number)."""
    round_, sender, number = request
    trace = b"\x7e" + round_.to_bytes(3, "big") + sender.to_bytes(2, "big") + number.to_bytes(6, "big")
    own = b"\x7e" + sender.to_bytes(1, "big") + number.to_bytes(4, "big") + index.to_bytes(2, "big")
    return trace + index.to_bytes(4, "big"), own


def span_template():
    spans = []
    for n in range(SPANS_PER_REQUEST):
        events = [exception("ValueError", f"bad row {n}", STACK + "ValueError: bad row\n")] if n % EXCEPTION_EVERY == 0 else []
        spans.append(span("run_cell", SESSION, events, _trace_marker(n), span_id=_span_marker(n)))
    return Template(TRACES, traces(spans, "load"), SPANS_PER_REQUEST)


def log_template():
    values = {**SESSION, "exception.type": "KeyError", "exception.message": "'price'", "exception.stacktrace": STACK}
    records = [
        LogRecord(time_unix_nano=time.time_ns(), trace_id=_trace_marker(n), span_id=_span_marker(n), attributes=attributes(values))
        for n in range(RECORDS_PER_REQUEST)
    ]
    return Template(LOGS, logs(records, "load"), RECORDS_PER_REQUEST)


class Load:
    """Senders over gRPC and HTTP against one running server, until `finish`."""

    def __init__(self, server, grpc_senders=3, http_senders=2):
        self.round = next(_rounds)
        self.acknowledged = []  # (signal, request), appended by all senders
        self.attempted = 0
        self.stopping = threading.Event()
        self.templates = {TRACES: span_template(), LOGS: log_template()}
        self.threads = []
        for sender in range(grpc_senders + http_senders):
            make = self._grpc if sender < grpc_senders else self._http
            self.threads.append(threading.Thread(target=self._run, args=(make(server), sender), daemon=True))
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a sender hangs"
        return self.acknowledged

    def _run(self, send, sender):
        for number in itertools.count():
            if self.stopping.is_set():
                return
            signal = LOGS if number % 5 == 4 else TRACES
            request = (self.round, sender, number)
            self.attempted += 1
            if send(signal, self.templates[signal].stamped(request)):
                self.acknowledged.append((signal, request))
            elif not self.stopping.wait(0.02):
                continue

    def _grpc(self, server):
        sender = GrpcSender(server.otlp_grpc)

        def send(signal, body):
            try:
                sender.call(body, signal, timeout_s=20)
            except grpc.RpcError:
                return False
            return True

        return send

    def _http(self, server):
        address = server.addresses["otlp_http"]
        connection = http.client.HTTPConnection(address, timeout=20)

        def send(signal, body):
            path = "/v1/traces" if signal == TRACES else "/v1/logs"
            try:
                connection.request("POST", path, body, {"Content-Type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                return answer.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                return False

        return send


def expected(acknowledged):
    """The ids that must be in `spans` and in `errors`, as Arrow tables."""
    spans, errors = ([], []), ([], [])
    for signal, request in acknowledged:
        for index in range(SPANS_PER_REQUEST if signal == TRACES else RECORDS_PER_REQUEST):
            trace, own = (value.hex() for value in ids(request, index))
            if signal == TRACES:
                spans[0].append(trace)
                spans[1].append(own)
            if signal == LOGS or index % EXCEPTION_EVERY == 0:
                errors[0].append(trace)
                errors[1].append(own)
    return {
        name: pa.table({"trace_id": pa.array(columns[0], pa.string()), "span_id": pa.array(columns[1], pa.string())})
        for name, columns in (("spans", spans), ("errors", errors))
    }


def differences(lake, acknowledged):
    """What is wrong with the tables, read by DuckDB: an empty dictionary when nothing is."""
    found = {}
    sizes = {"spans": (SPANS_PER_REQUEST,), "errors": (SPANS_PER_REQUEST // EXCEPTION_EVERY, RECORDS_PER_REQUEST)}
    with duck.connect() as connection:
        for name, wanted in expected(acknowledged).items():
            connection.register("wanted", wanted)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE present AS SELECT trace_id, span_id FROM {duck.tables(lake)[name]}"
                " WHERE service_name = 'load'"
            )
            lost = connection.execute(
                "SELECT trace_id, span_id FROM wanted ANTI JOIN present USING (trace_id, span_id)"
            ).fetchall()
            doubled = connection.execute(
                "SELECT trace_id, span_id, count(*) FROM present GROUP BY ALL HAVING count(*) > 1"
            ).fetchall()
            # The first 24 digits of a trace id are the request: it is there whole or not at all.
            halves = connection.execute(
                "SELECT substr(trace_id, 1, 24) AS request, count(*) AS n FROM present GROUP BY ALL HAVING n NOT IN"
                f" ({', '.join(map(str, sizes[name]))})"
            ).fetchall()
            for what, rows in (("lost", lost), ("doubled", doubled), ("halves", halves)):
                if rows:
                    found[f"{what} {name}"] = (len(rows), rows[:5])
            connection.unregister("wanted")
    return found


def counts(lake):
    """Rows of `spans` and `errors` that a load made."""
    return {
        name: duck.query(lake, f"SELECT count(*) FROM {{{name}}} WHERE service_name = 'load'")[0][0]
        for name in ("spans", "errors")
    }
