"""OTLP by hand: requests built from protobuf messages, sent as bytes, received as bytes."""

import gzip
import itertools
import os
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import requests
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
PATHS = {TRACES: "/v1/traces", LOGS: "/v1/logs"}
RESPONSES = {
    TRACES: trace_service_pb2.ExportTraceServiceResponse,
    LOGS: logs_service_pb2.ExportLogsServiceResponse,
}
REQUESTS = {
    TRACES: trace_service_pb2.ExportTraceServiceRequest,
    LOGS: logs_service_pb2.ExportLogsServiceRequest,
}
_serial = itertools.count(1)


# Building.


def any_value(value):
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, (list, tuple)):
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    return AnyValue(string_value=value)


def attributes(values):
    return [KeyValue(key=key, value=any_value(value)) for key, value in (values or {}).items()]


def plain(pairs):
    """Attributes of a message as a dictionary of Python values."""

    def value(item):
        kind = item.WhichOneof("value")
        if kind == "array_value":
            return [value(entry) for entry in item.array_value.values]
        if kind == "kvlist_value":
            return plain(item.kvlist_value.values)
        return getattr(item, kind) if kind else None

    return {pair.key: value(pair.value) for pair in pairs}


def unique(prefix="test"):
    """A name that no other test of this run uses."""
    return f"{prefix}-{os.getpid()}-{next(_serial)}"


def trace_id():
    return os.urandom(16)


def span_id():
    return os.urandom(8)


def exception(error_type="ValueError", message="boom", stacktrace=None, at=None, name="exception", **more):
    """A span event that reports an exception."""
    values = {"exception.type": error_type, "exception.message": message, **more}
    if stacktrace is not None:
        values["exception.stacktrace"] = stacktrace
    return Span.Event(time_unix_nano=at or time.time_ns(), name=name, attributes=attributes(values))


def span(name="run_code", values=None, events=(), trace=None, parent=b"", start=None, **fields):
    """A span of one millisecond."""
    start = start or time.time_ns()
    fields.setdefault("kind", Span.SPAN_KIND_INTERNAL)
    fields.setdefault("span_id", span_id())
    fields.setdefault("end_time_unix_nano", start + 1_000_000)
    return Span(
        name=name,
        trace_id=trace or trace_id(),
        parent_span_id=parent,
        start_time_unix_nano=start,
        attributes=attributes(values),
        events=events,
        **fields,
    )


def traces(spans, service="raw", resource=None):
    """A trace export request with one resource and one scope."""
    request = trace_service_pb2.ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(attributes({"service.name": service, **(resource or {})}))
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "errata.tests", "1"
    scope.spans.extend(spans)
    return request


def logs(records, service="raw", resource=None):
    """A log export request with one resource and one scope."""
    request = logs_service_pb2.ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(attributes({"service.name": service, **(resource or {})}))
    scope = group.scope_logs.add()
    scope.scope.name = "errata.tests"
    scope.log_records.extend(records)
    return request


def spans_in(request):
    return [s for group in request.resource_spans for scope in group.scope_spans for s in scope.spans]


def records_in(request):
    return [r for group in request.resource_logs for scope in group.scope_logs for r in scope.log_records]


# Sending.


def as_bytes(body):
    return body if isinstance(body, bytes) else body.SerializeToString()


class GrpcSender:
    """One gRPC channel that sends request bytes as they are."""

    def __init__(self, address, compression=grpc.Compression.NoCompression):
        options = [("grpc.enable_retries", 0), ("grpc.max_receive_message_length", -1)]
        self.channel = grpc.insecure_channel(address, options=options, compression=compression)

    def call(self, body, signal=TRACES, metadata=(), timeout_s=30.0):
        """The response message; raises grpc.RpcError."""
        method = self.channel.unary_unary(signal, request_serializer=None, response_deserializer=None)
        answer = method(as_bytes(body), metadata=metadata, timeout=timeout_s)
        return RESPONSES[signal].FromString(answer)

    def close(self):
        self.channel.close()


def send_grpc(server, body, signal=TRACES, **options):
    sender = GrpcSender(server.otlp_grpc)
    try:
        return sender.call(body, signal, **options)
    finally:
        sender.close()


def post(server, body, signal=TRACES, content_type="application/x-protobuf", encoding=None, headers=None):
    """POSTs to the OTLP/HTTP port and returns the answer, whatever its status."""
    body = body if isinstance(body, str) else as_bytes(body)
    body = body.encode() if isinstance(body, str) else body
    if encoding == "gzip":
        body = gzip.compress(body)
    elif encoding == "zstd":
        import zstandard

        body = zstandard.compress(body)
    sent = {"Content-Type": content_type, **({"Content-Encoding": encoding} if encoding else {}), **(headers or {})}
    return requests.post(server.otlp_http + PATHS[signal], data=body, headers=sent, timeout=30)


def send_http(server, body, signal=TRACES, **options):
    """POSTs and returns the response message; the status must be 200."""
    answer = post(server, body, signal, **options)
    assert answer.status_code == 200, f"{answer.status_code} {answer.content!r}"
    return RESPONSES[signal].FromString(answer.content)


# Receiving.


class RawReceiver:
    """An OTLP server over gRPC and HTTP that keeps every request as the bytes it came in.

    `fail` answers UNAVAILABLE / 503 while it is set; each answer takes `delay_s`.
    """

    def __init__(self, grpc_port=0, http_port=0):
        self.received = []  # (signal, bytes, metadata)
        self.lock = threading.Lock()
        self.fail = False
        self.delay_s = 0.0
        self.refused = 0
        self.grpc_server = grpc.server(
            futures.ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
        )
        for signal in (TRACES, LOGS):
            service, method = signal.strip("/").split("/")
            handler = grpc.unary_unary_rpc_method_handler(self._grpc_handler(signal))
            generic = grpc.method_handlers_generic_handler(service, {method: handler})
            self.grpc_server.add_generic_rpc_handlers((generic,))
        self.grpc_port = self.grpc_server.add_insecure_port(f"127.0.0.1:{grpc_port}")
        assert self.grpc_port, f"port {grpc_port} is taken"
        self.grpc_server.start()
        self.http_server = ThreadingHTTPServer(("127.0.0.1", http_port), self._http_handler())
        self.http_port = self.http_server.server_address[1]
        threading.Thread(target=self.http_server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def grpc_url(self):
        return f"http://127.0.0.1:{self.grpc_port}"

    @property
    def http_url(self):
        return f"http://127.0.0.1:{self.http_port}"

    def keep(self, signal, body, metadata):
        time.sleep(self.delay_s)
        with self.lock:
            if self.fail:
                self.refused += 1
                return False
            self.received.append((signal, body, dict(metadata)))
            return True

    def bodies(self, signal=TRACES):
        with self.lock:
            return [body for kind, body, _ in self.received if kind == signal]

    def messages(self, signal=TRACES):
        return [REQUESTS[signal].FromString(body) for body in self.bodies(signal)]

    def spans(self):
        return [s for message in self.messages(TRACES) for s in spans_in(message)]

    def records(self):
        return [r for message in self.messages(LOGS) for r in records_in(message)]

    def close(self):
        self.grpc_server.stop(0).wait()
        self.http_server.shutdown()
        self.http_server.server_close()

    def _grpc_handler(self, signal):
        def handle(body, context):
            if not self.keep(signal, body, context.invocation_metadata()):
                context.abort(grpc.StatusCode.UNAVAILABLE, "the test refuses")
            return b""

        return handle

    def _http_handler(self):
        receiver = self
        signals = {path: signal for signal, path in PATHS.items()}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self._body()
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                elif self.headers.get("Content-Encoding") == "zstd":
                    import zstandard

                    body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
                kept = receiver.keep(signals[self.path], body, self.headers.items())
                self.send_response(200 if kept else 503)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _body(self):
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def log_message(self, *arguments):
                pass

        return Handler
