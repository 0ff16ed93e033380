"""A real Jaeger that reads Errata as its storage: its answers are those of Errata's own query API."""

import json

import pytest
import requests

from harness.jaeger import Jaeger
from harness.otlp import exception, send_http, span, trace_id, traces
from harness.shop import SEARCHES, Shop, plain_otlp, plain_trace, plain_traces, search

pytestmark = pytest.mark.jaeger


@pytest.fixture(scope="module")
def shop(shared):
    shop = Shop()
    shop.send(shared)
    shared.spans_of(shop.front, 4)
    shared.spans_of(shop.back, 1)
    return shop


@pytest.fixture(scope="module")
def reader(shared, tmp_path_factory):
    """Jaeger over the gRPC port."""
    jaeger = Jaeger(tmp_path_factory.mktemp("reader"), storage=shared.grpc)
    yield jaeger
    jaeger.close()


def ours(server, path, **parameters):
    return requests.get(f"{server.http}/jaeger{path}", params=parameters, timeout=30)


def both(shared, reader, path, status=200, **parameters):
    """The answers of Errata's HTTP API and of Jaeger over Errata's storage."""
    own, told = ours(shared, path, **parameters), reader.get(path, **parameters)
    assert (own.status_code, told.status_code) == (status, status), f"{path}: {own.text} {told.text}"
    return own.json(), told.json()


def test_lists(shared, shop, reader):
    own, told = both(shared, reader, "/api/services")
    assert own == told and {shop.front, shop.back} <= set(told["data"])
    for service in (shop.front, shop.back, "nobody"):
        own, told = both(shared, reader, f"/api/services/{service}/operations")
        assert own["data"] == sorted(told["data"] or [])
        own, told = both(shared, reader, "/api/operations", service=service)
        by_name = lambda operations: sorted(operations or [], key=lambda operation: operation["name"])
        assert by_name(own["data"]) == by_name(told["data"])
    own, told = both(shared, reader, "/api/operations", service=shop.front, spanKind="client")
    assert own["data"] == told["data"] == [{"name": "call stock", "spanKind": "client"}]


def test_dependencies(shared, shop, reader):
    own, told = both(shared, reader, "/api/dependencies", endTs=shop.range["end"] // 1000, service=shop.front)
    plain = lambda links: sorted((link["parent"], link["child"], link["callCount"]) for link in links)
    assert plain(own["data"]) == plain(told["data"]) and len(told["data"]) == 2


def test_traces(shared, shop, reader):
    for trace in shop.ids:
        own, told = both(shared, reader, f"/api/traces/{trace}")
        (our_trace,), (their_trace,) = own["data"], told["data"]
        assert plain_trace(our_trace) == plain_trace(their_trace)
        own, told = both(shared, reader, f"/api/v3/traces/{trace}")
        assert plain_otlp(own) == plain_otlp(told)
    for path in ("/api/traces/abcdef", "/api/v3/traces/abcdef"):
        own, told = both(shared, reader, path, status=404)
        assert own == told


@pytest.mark.parametrize(
    "parameters",
    [*SEARCHES, {"limit": 1}, {"tag": "span.kind:client"}],
    ids=lambda parameters: "-".join(parameters) or "all",
)
def test_searches(shared, shop, reader, parameters):
    own, told = both(shared, reader, "/api/traces", **search(shop, parameters))
    assert plain_traces(own) == plain_traces(told)


def test_what_errata_writes_is_found(shared, service, reader):
    """A pattern's traces, searched in Jaeger by the tag that Errata put on their spans."""
    failed = span(values={"exec.session.id": "s-1"}, events=[exception()])
    send_http(shared, traces([failed], service))
    (row,) = shared.spans_of(service, 1)
    found = reader.get("/api/traces", service=service, tags=json.dumps({"errata.pattern.id": row["pattern_id"]}))
    assert [trace["traceID"] for trace in found.json()["data"]] == [failed.trace_id.hex()]


def test_a_large_trace_comes_whole(shared, service, reader):
    """More than one message can hold: Jaeger takes 4 MiB at once."""
    trace = trace_id()
    for _ in range(6):
        many = [span(f"step {n}", {"text": "x" * 4_000}, trace=trace) for n in range(300)]
        send_http(shared, traces(many, service))
    shared.await_rows(f"SELECT span_id FROM spans WHERE service_name = '{service}'", 1_800, 30)
    (found,) = reader.get(f"/api/traces/{trace.hex()}").json()["data"]
    assert len(found["spans"]) == 1_800
    assert len({item["spanID"] for item in found["spans"]}) == 1_800


def test_what_is_too_much_is_told(shared, reader):
    response = reader.get("/api/traces", service="a", limit=1501)
    assert response.status_code >= 400 and "1500" in response.text, response.text
