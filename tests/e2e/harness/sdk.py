"""The official OpenTelemetry Python SDK, pointed at a server."""

import logging
import warnings
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcTraces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpTraces
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

PROTOCOLS = ("grpc", "http", "http-gzip")


def _exporter(grpc_kind, http_kind, path, server, protocol, headers):
    if protocol == "grpc":
        pairs = [(key.lower(), value) for key, value in (headers or {}).items()]
        return grpc_kind(endpoint=f"http://{server.otlp_grpc}", insecure=True, headers=pairs or None)
    compression = Compression.Gzip if protocol == "http-gzip" else Compression.NoCompression
    return http_kind(endpoint=server.otlp_http + path, headers=headers, compression=compression)


@contextmanager
def tracer(server, service, protocol="grpc", resource=None, headers=None):
    """A tracer whose spans have all been exported, and acknowledged, when the block ends."""
    exporter = _exporter(GrpcTraces, HttpTraces, "/v1/traces", server, protocol, headers)
    provider = TracerProvider(resource=Resource.create({"service.name": service, **(resource or {})}))
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=65_536, schedule_delay_millis=200))
    try:
        yield provider.get_tracer("errata.tests", "1")
        assert provider.force_flush(30_000), "the SDK could not export its spans"
    finally:
        provider.shutdown()


@contextmanager
def logger_provider(server, service, protocol="grpc", resource=None, headers=None):
    """A logger provider whose records have all been exported when the block ends."""
    exporter = _exporter(GrpcLogs, HttpLogs, "/v1/logs", server, protocol, headers)
    provider = LoggerProvider(resource=Resource.create({"service.name": service, **(resource or {})}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=200))
    try:
        yield provider
        assert provider.force_flush(30_000), "the SDK could not export its log records"
    finally:
        provider.shutdown()


def python_logger(provider, name):
    """A logger of the standard library that ends in the provider."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        handler = LoggingHandler(level=logging.NOTSET, logger_provider=provider)
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers = [handler]
    return logger
