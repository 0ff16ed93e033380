"""Jaeger's query API: the shapes that its clients read, and the answers of a real Jaeger over the same spans."""

import json
import time

import pytest
import requests

from harness.jaeger import Jaeger
from harness.otlp import exception, send_http, span, traces
from harness.shop import SEARCHES, Shop, plain_otlp, plain_trace, plain_traces, search
from harness.wait import wait_until

def ask(server, path, **parameters):
    return requests.get(f"{server.http}/jaeger{path}", params=parameters, timeout=30)


def answer(server, path, status=200, **parameters):
    response = ask(server, path, **parameters)
    assert response.status_code == status, f"{response.status_code} {response.text}"
    assert response.headers["content-type"] == "application/json"
    return response.json()


@pytest.fixture(scope="module")
def shop(shared):
    shop = Shop()
    shop.send(shared)
    shared.spans_of(shop.front, 4)
    shared.spans_of(shop.back, 1)
    return shop


def found(server, shop, **parameters):
    """Ids of the traces that a search finds, in its order; short ids as Jaeger shows them."""
    return [trace["traceID"] for trace in answer(server, "/api/traces", **{**shop.range, **parameters})["data"]]


def test_services_and_operations(shared, shop):
    services = answer(shared, "/api/services")
    assert {shop.front, shop.back} <= set(services["data"]) and services["total"] == len(services["data"])
    assert services["errors"] is None
    names = answer(shared, f"/api/services/{shop.front}/operations")
    assert names["data"] == ["GET /orders", "call stock", "tick"]
    assert answer(shared, "/api/operations", service=shop.front)["data"] == [
        {"name": "GET /orders", "spanKind": "server"},
        {"name": "call stock", "spanKind": "client"},
        {"name": "tick", "spanKind": ""},
    ]
    of_kind = answer(shared, "/api/operations", service=shop.front, spanKind="client")
    assert of_kind["data"] == [{"name": "call stock", "spanKind": "client"}]
    assert answer(shared, "/api/services/nobody/operations")["data"] == []
    assert shop.front in answer(shared, "/api/v3/services")["services"]
    v3 = answer(shared, "/api/v3/operations", service=shop.front, span_kind="server")
    assert v3 == {"operations": [{"name": "GET /orders", "spanKind": "server"}]}


def test_new_operations_are_listed(shared, service):
    """A list knows what is committed, though it reads each file once only."""
    assert answer(shared, f"/api/services/{service}/operations")["data"] == []
    for n in range(3):
        send_http(shared, traces([span(f"step {n}")], service))
        shared.spans_of(service, n + 1)
        assert answer(shared, f"/api/services/{service}/operations")["data"] == [f"step {m}" for m in range(n + 1)]


def test_search(shared, shop):
    first, second, third = shop.ids
    short = third[16:]
    assert found(shared, shop, service=shop.front) == [short, second, first]
    assert found(shared, shop, service=shop.front, limit=1) == [short]
    assert found(shared, shop, service=shop.front, operation="GET /orders") == [short, first]
    assert found(shared, shop, service=shop.back) == [first]
    assert found(shared, shop, service=shop.front, minDuration="1.5s") == [second]
    assert found(shared, shop, service=shop.front, maxDuration="1500ms") == [short, first]
    assert found(shared, shop, service=shop.front, start=shop.start // 1000 + 1_500_000) == [short]
    for tag in [
        "http.route:/orders",
        'quoted:a "b": {c}',
        "count:7",
        "truth:true",
        "span.kind:client",
        "host.name:box-1",
    ]:
        assert first in found(shared, shop, service=shop.front, tag=tag), tag
    assert found(shared, shop, service=shop.front, tag="otel.status_code:OK") == [second]
    for tags in [{"error": "true"}, {"item": "book"}, {"n": "1"}, {"exception.type": "StockError", "item": "book"}]:
        assert found(shared, shop, service=shop.back, tags=json.dumps(tags)) == [first], tags
    for tags in [{"error": "false"}, {"item": "pen"}, {"n": "11"}, {"it'em": "$1"}]:
        assert found(shared, shop, service=shop.back, tags=json.dumps(tags)) == [], tags
    assert found(shared, shop, service="nobody") == []
    both = answer(shared, "/api/traces", traceID=[first, "abc", short])
    assert [trace["traceID"] for trace in both["data"]] == [first, short]
    assert both["errors"] == [{"msg": "trace not found", "traceID": "abc".zfill(32)}]


def test_a_trace(shared, shop):
    first, _, third = shop.ids
    (trace,) = answer(shared, f"/api/traces/{first}")["data"]
    assert trace["traceID"] == first and len(trace["spans"]) == 3 and len(trace["processes"]) == 2
    (stock,) = [item for item in trace["spans"] if item["operationName"] == "stock"]
    tags = {tag["key"]: (tag["type"], tag["value"]) for tag in stock["tags"]}
    assert tags["error"] == ("bool", True) and tags["otel.status_code"] == ("string", "ERROR")
    assert tags["otel.status_description"] == ("string", "no stock") and tags["span.kind"] == ("string", "server")
    assert tags["otel.scope.name"] == ("string", "errata.tests")
    assert [field["value"] for log in stock["logs"] for field in log["fields"] if field["key"] == "event"] == [
        "taken",
        "exception",
    ]
    assert trace["processes"][stock["processID"]]["serviceName"] == shop.back
    # A short id, as it is shown, and padded.
    for wanted in (third[16:], third):
        (trace,) = answer(shared, f"/api/traces/{wanted}")["data"]
        assert trace["traceID"] == third[16:]
        assert [reference["refType"] for reference in trace["spans"][0]["references"]] == ["FOLLOWS_FROM"] * 2
    groups = answer(shared, f"/api/v3/traces/{first}")["result"]["resourceSpans"]
    assert sum(len(scope["spans"]) for group in groups for scope in group["scopeSpans"]) == 3


def test_tags_of_a_failure(shared, service):
    """What the processor decided about an exception is on the span."""
    failed = span(values={"exec.session.id": "s-1"}, events=[exception()])
    send_http(shared, traces([failed], service))
    (row,) = shared.spans_of(service, 1)
    (trace,) = answer(shared, f"/api/traces/{failed.trace_id.hex()}")["data"]
    tags = {tag["key"]: tag["value"] for tag in trace["spans"][0]["tags"]}
    assert tags["errata.pattern.id"] == row["pattern_id"]
    (group,) = answer(shared, f"/api/v3/traces/{failed.trace_id.hex()}")["result"]["resourceSpans"]
    assert "errata.pattern.id" in {pair["key"] for pair in group["scopeSpans"][0]["spans"][0]["attributes"]}


def test_dependencies(shared, shop):
    end = shop.start // 1_000_000 + 60_000
    links = answer(shared, "/api/dependencies", endTs=end, lookback=120_000, service=shop.back)["data"]
    assert links == [{"parent": shop.front, "child": shop.back, "callCount": 1}]


@pytest.mark.parametrize(
    ("path", "status", "parameters"),
    [
        ("/api/traces/xyz", 400, {}),
        ("/api/traces/" + "1" * 33, 400, {}),
        ("/api/traces/abcdef", 404, {}),
        ("/api/traces", 400, {}),
        ("/api/traces", 400, {"service": "a", "limit": "0"}),
        ("/api/traces", 400, {"service": "a", "limit": "100000"}),
        ("/api/traces", 400, {"service": "a", "start": "noon"}),
        ("/api/traces", 400, {"service": "a", "minDuration": "5"}),
        ("/api/traces", 400, {"service": "a", "minDuration": "5s", "maxDuration": "1s"}),
        ("/api/traces", 400, {"service": "a", "tag": "colour"}),
        ("/api/traces", 400, {"service": "a", "tags": "{"}),
        ("/api/operations", 400, {}),
        ("/api/dependencies", 400, {"endTs": "now"}),
    ],
)
def test_wrong_requests(shared, path, status, parameters):
    body = answer(shared, path, status, **parameters)
    assert body["data"] is None and body["errors"][0]["code"] == status and body["errors"][0]["msg"]


@pytest.mark.parametrize(
    ("path", "status", "parameters"),
    [
        ("/api/v3/traces/xyz", 400, {}),
        ("/api/v3/traces/abcdef", 404, {}),
        ("/api/v3/traces", 400, {"query.service_name": "a"}),
        ("/api/v3/traces", 400, {"query.start_time_min": "noon", "query.start_time_max": "later"}),
    ],
)
def test_wrong_requests_of_v3(shared, path, status, parameters):
    body = answer(shared, path, status, **parameters)
    assert body["error"]["httpCode"] == status and body["error"]["message"]


# Beside a real Jaeger.


@pytest.fixture(scope="module")
def beside(shared, shop, tmp_path_factory):
    jaeger = Jaeger(tmp_path_factory.mktemp("jaeger"))
    shop.send(jaeger)
    wait_until(lambda: shop.back in jaeger.get("/api/services").json()["data"], 10, "spans in Jaeger")
    wait_until(lambda: len(jaeger.get("/api/traces/" + shop.ids[0]).json()["data"][0]["spans"]) == 3, 10, "the whole trace")
    yield jaeger
    jaeger.close()


def both(shared, beside, path, **parameters):
    """The answers of Errata and of Jaeger."""
    ours, theirs = ask(shared, path, **parameters), beside.get(path, **parameters)
    assert ours.status_code == theirs.status_code, f"{path}: {ours.text} {theirs.text}"
    return ours.json(), theirs.json()


@pytest.mark.jaeger
def test_lists_are_those_of_jaeger(shared, shop, beside):
    ours, theirs = both(shared, beside, "/api/services")
    assert set(theirs.pop("data")) <= set(ours.pop("data"))
    assert ours.keys() == theirs.keys() and ours["errors"] == theirs["errors"]
    for service in (shop.front, shop.back, "nobody"):
        ours, theirs = both(shared, beside, f"/api/services/{service}/operations")
        assert ours["data"] == sorted(theirs["data"] or []) and ours["total"] == theirs["total"]
        ours, theirs = both(shared, beside, "/api/operations", service=service)
        by_name = lambda operations: sorted(operations, key=lambda operation: operation["name"])
        assert by_name(ours["data"]) == by_name(theirs["data"])
    ours, theirs = both(shared, beside, "/api/dependencies", endTs=shop.range["end"] // 1000, service=shop.front)
    by_child = lambda links: sorted(links, key=lambda link: link["child"])
    assert by_child(ours["data"]) == by_child(theirs["data"]) and len(ours["data"]) == 2


@pytest.mark.jaeger
def test_traces_are_those_of_jaeger(shared, shop, beside):
    for trace in shop.ids:
        ours, theirs = both(shared, beside, f"/api/traces/{trace}")
        (our_trace,), (their_trace,) = ours.pop("data"), theirs.pop("data")
        assert plain_trace(our_trace) == plain_trace(their_trace)
        assert ours == theirs
        ours, theirs = both(shared, beside, f"/api/v3/traces/{trace}")
        assert plain_otlp(ours) == plain_otlp(theirs)
    for path in ("/api/traces/abcdef", "/api/v3/traces/abcdef"):
        ours, theirs = both(shared, beside, path)
        assert ours == theirs
    for path in ("/api/traces/xyz", "/api/v3/traces/xyz", "/api/traces", "/api/operations"):
        ours, theirs = both(shared, beside, path)
        assert ours.keys() == theirs.keys()


@pytest.mark.jaeger
@pytest.mark.parametrize(
    "parameters",
    SEARCHES,
    ids=lambda parameters: "-".join(parameters) or "all",
)
def test_searches_are_those_of_jaeger(shared, shop, beside, parameters):
    ours, theirs = both(shared, beside, "/api/traces", **search(shop, parameters))
    assert plain_traces(ours) == plain_traces(theirs)
    assert {error["msg"] for error in ours["errors"] or []} == {error["msg"] for error in theirs["errors"] or []}


@pytest.mark.jaeger
def test_searches_of_v3_are_those_of_jaeger(shared, shop, beside):
    rfc = lambda nanos: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(nanos / 1e9))
    wanted = {
        "query.service_name": shop.front,
        "query.start_time_min": rfc(shop.start - 2_000_000_000),
        "query.start_time_max": rfc(shop.start + 60_000_000_000),
        "query.num_traces": 20,
    }
    for more in ({}, {"query.operation_name": "tick"}, {"query.duration_min": "1500ms"}, {"query.operation_name": "none"}):
        ours, theirs = both(shared, beside, "/api/v3/traces", **wanted, **more)
        if "result" in theirs:
            assert plain_otlp(ours) == plain_otlp(theirs)
        else:
            assert ours == theirs
