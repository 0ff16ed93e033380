"""Who comes in: tokens and roles at every port, rates at ingest, TLS, ports that must not be open."""

import base64
import json
import re
import shutil
import time

import grpc
import pytest
import requests
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcTraces
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpTraces
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from harness import access, sdk
from harness.access import Authority, bearer, create, token_id
from harness.jaeger import Jaeger
from harness.otlp import TRACES, exception, span, traces
from harness.paths import REPOSITORY
from harness.postgres import Cluster
from harness.server import Server, command
from harness.wait import wait_until

ROLES = ("ingest", "read", "triage", "admin")
INCLUDED = {"read": {"read", "triage", "admin"}, "triage": {"triage", "admin"}, "admin": {"admin"}}
DOCUMENT = json.loads((REPOSITORY / "schemas/openapi/errata.json").read_text())


@pytest.fixture
def postgres():
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    """A server that asks for tokens, and one token of each role."""
    server = Server(tmp_path_factory.mktemp("protected"), env=access.PROTECTED)
    server.tokens = {role: create(server.data_dir, role, name=f"{role}er") for role in ROLES}
    server.start()
    yield server
    server.close()


def sql(server, token, query):
    url = f"{server.http}/api/v1/sql"
    return requests.post(url, json={"query": query}, headers=bearer(token) if token else None, timeout=60)


def rows(server, query):
    answer = sql(server, server.tokens["read"], query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def export_grpc(server, token, request=None, metadata=None):
    """The gRPC code and details of an export by hand."""
    metadata = metadata or ([("authorization", f"Bearer {token}")] if token else [])
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        call = channel.unary_unary(TRACES)
        try:
            call((request or traces([span()], "by-hand")).SerializeToString(), metadata=metadata, timeout=20)
            return grpc.StatusCode.OK, ""
        except grpc.RpcError as error:
            return error.code(), error.details()


def export_http(server, token, request=None):
    headers = {"Content-Type": "application/x-protobuf", **(bearer(token) if token else {})}
    body = (request or traces([span()], "by-hand")).SerializeToString()
    return requests.post(f"{server.otlp_http}/v1/traces", data=body, headers=headers, timeout=20)


def operations():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


@pytest.mark.parametrize("method,path,operation", operations(), ids=lambda value: str(value)[:40])
def test_every_route_asks_for_its_role(protected, method, path, operation):
    (needed,) = operation["security"][0]["bearer"]
    url = protected.http + re.sub(r"\{[a-z_]+\}", "none", path)

    def ask(headers):
        with requests.request(method, url, headers=headers, timeout=60, stream=True) as answer:
            if answer.headers.get("Content-Type") != "text/event-stream":
                answer.content  # noqa: B018 - a feed has no end, all else is read while the connection is open
            return answer

    nobody = ask({})
    assert nobody.status_code == 401, nobody.text
    assert nobody.headers["Content-Type"] == "application/problem+json"
    assert nobody.json()["code"] == "token-missing"
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="errata", Basic realm="errata"'
    for role in ROLES:
        answer = ask(bearer(protected.tokens[role]))
        if role in INCLUDED[needed]:
            assert answer.status_code not in (401, 403, 405), f"{role}: {answer.status_code} {answer.text}"
        else:
            assert answer.status_code == 403, f"{role}: {answer.status_code} {answer.text}"
            assert f"role {needed}" in answer.json()["detail"]
            assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]


def test_health_is_open_and_metrics_are_not(protected):
    for path in ("/healthz", "/readyz"):
        assert requests.get(protected.http + path, timeout=10).status_code == 200
    assert requests.get(f"{protected.http}/metrics", timeout=10).status_code == 401
    read = requests.get(f"{protected.http}/metrics", headers=bearer(protected.tokens["read"]), timeout=10)
    assert read.status_code == 200 and "errata_access_refused" in read.text
    assert requests.get(f"{protected.http}/metrics", headers=bearer(protected.tokens["ingest"]), timeout=10).status_code == 403


@pytest.mark.parametrize("protocol", sdk.PROTOCOLS)
def test_sdks_send_with_a_token(protected, service, protocol):
    headers = bearer(protected.tokens["ingest"])
    with sdk.tracer(protected, service, protocol, headers=headers) as tracer:
        with tracer.start_as_current_span("run_code"):
            pass
    query = f"SELECT count(*) AS n FROM spans WHERE service_name = '{service}'"
    wait_until(lambda: rows(protected, query) == [{"n": 1}], 15, "the span in the lake")


@pytest.mark.parametrize("protocol", ("grpc", "http"))
def test_sdks_without_a_good_token_send_nothing(protected, service, protocol):
    for token in (None, protected.tokens["read"], "errata_pat_unknownunkno_" + "x1" * 20):
        headers = {key.lower(): value for key, value in bearer(token).items()} if token else None
        if protocol == "grpc":
            pairs = list(headers.items()) if headers else None
            exporter = GrpcTraces(endpoint=f"http://{protected.otlp_grpc}", insecure=True, headers=pairs, timeout=5)
        else:
            exporter = HttpTraces(endpoint=protected.otlp_http + "/v1/traces", headers=headers, timeout=5)
        results = []
        original = exporter.export
        exporter.export = lambda spans, export=original: results.append(export(spans)) or results[-1]
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        provider.get_tracer("t").start_span("refused").end()
        provider.shutdown()
        assert [result.name for result in results] == ["FAILURE"]
    assert rows(protected, f"SELECT count(*) AS n FROM spans WHERE service_name = '{service}'") == [{"n": 0}]


def test_refusals_at_the_receivers_have_their_codes(protected):
    assert export_grpc(protected, None)[0] == grpc.StatusCode.UNAUTHENTICATED
    code, details = export_grpc(protected, protected.tokens["admin"])
    assert code == grpc.StatusCode.PERMISSION_DENIED and "role ingest" in details
    assert export_grpc(protected, protected.tokens["ingest"])[0] == grpc.StatusCode.OK
    basic = "Basic " + base64.b64encode(f"any:{protected.tokens['ingest']}".encode()).decode()
    assert export_grpc(protected, None, metadata=[("authorization", basic)])[0] == grpc.StatusCode.OK
    nobody = export_http(protected, None)
    assert nobody.status_code == 401 and "Bearer" in nobody.headers["WWW-Authenticate"]
    assert nobody.headers["Content-Type"] == "application/x-protobuf"
    assert export_http(protected, protected.tokens["read"]).status_code == 403
    assert export_http(protected, protected.tokens["ingest"]).status_code == 200


def test_basic_has_the_token_as_password(protected):
    url = f"{protected.http}/jaeger/api/services"
    assert requests.get(url, auth=("grafana", protected.tokens["read"]), timeout=30).status_code == 200
    assert requests.get(url, auth=("", protected.tokens["read"]), timeout=30).status_code == 200
    wrong = requests.get(url, auth=(protected.tokens["read"], "hunter2"), timeout=30)
    assert wrong.status_code == 401 and wrong.json()["code"] == "token-malformed"


def test_a_token_can_ask_what_it_may_do(protected, shared):
    told = lambda token: requests.get(f"{protected.http}/api/v1/access", headers=bearer(token), timeout=20)
    included = {"read": ["read"], "triage": ["read", "triage"], "admin": ["read", "triage", "admin"]}
    for role, roles in included.items():
        expected = {"mode": "token", "name": f"{role}er", "roles": roles, "act_as": False}
        assert told(protected.tokens[role]).json() == expected
    both = create(protected.data_dir, "read", "ingest", name="both", more=["--act-as"])
    assert told(both).json() == {"mode": "token", "name": "both", "roles": ["ingest", "read"], "act_as": True}
    assert told(protected.tokens["ingest"]).status_code == 403
    open_to_all = requests.get(f"{shared.http}/api/v1/access", timeout=20).json()
    assert open_to_all == {"mode": "off", "name": None, "roles": list(ROLES), "act_as": True}


def ask_over_flight(url, **options):
    from adbc_driver_flightsql import dbapi

    with dbapi.connect(url, db_kwargs=options, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 7 AS n")
        return cursor.fetchall()


def test_adbc_brings_a_token(protected):
    url = f"grpc://{protected.grpc}"
    for role in ("read", "triage", "admin"):
        token = protected.tokens[role]
        header = {"adbc.flight.sql.authorization_header": f"Bearer {token}"}
        assert ask_over_flight(url, **header) == [(7,)]
        assert ask_over_flight(url, username="any", password=token) == [(7,)]
    refused = [
        ({}, "UNAUTHENTICATED"),
        ({"username": "any", "password": "hunter2"}, "UNAUTHENTICATED"),
        ({"adbc.flight.sql.authorization_header": f"Bearer {protected.tokens['ingest']}"}, "role read"),
    ]
    for options, told in refused:
        with pytest.raises(Exception, match=f"(?i){told}"):
            ask_over_flight(url, **options)


@pytest.mark.jaeger
def test_jaeger_brings_a_token(protected, tmp_path):
    with_token = Jaeger(tmp_path / "with", storage=protected.grpc, token=protected.tokens["read"])
    without = Jaeger(tmp_path / "without", storage=protected.grpc)
    try:
        assert with_token.get("/api/services").status_code == 200
        refused = without.get("/api/services")
        assert refused.status_code == 500 and "Unauthenticated" in refused.text
    finally:
        with_token.close()
        without.close()


def test_a_feed_ends_with_its_token(protected):
    token = create(protected.data_dir, "read", name="listener")
    feed = requests.get(f"{protected.http}/api/v1/feed", headers=bearer(token), stream=True, timeout=30)
    assert feed.status_code == 200
    lines = feed.iter_lines()
    assert next(lines).startswith(b"retry:")
    command("token", "revoke", "listener", "--data-dir", protected.data_dir)
    began = time.monotonic()
    # It ends by itself: the body is whole.
    assert not any(line.startswith(b"event:") for line in lines)
    assert time.monotonic() - began < 5
    again = requests.get(f"{protected.http}/api/v1/feed", headers=bearer(token), timeout=30)
    assert again.status_code == 401


def test_revoked_and_expired_tokens_stop(protected):
    kept = create(protected.data_dir, "read", name="short", more=["--expires", "2s"])
    assert sql(protected, kept, "SELECT 1").status_code == 200, "a new token works at once"
    wait_until(lambda: sql(protected, kept, "SELECT 1").status_code == 401, 10, "the end of the token")
    assert sql(protected, kept, "SELECT 1").json()["code"] == "token-expired"

    gone = create(protected.data_dir, "read", name="gone")
    assert sql(protected, gone, "SELECT 1").status_code == 200
    command("token", "revoke", "gone", "--data-dir", protected.data_dir)
    began = time.monotonic()
    wait_until(lambda: sql(protected, gone, "SELECT 1").status_code == 401, 10, "the revoked token to stop")
    assert time.monotonic() - began < 3
    assert sql(protected, gone, "SELECT 1").json()["code"] == "token-unknown"


def test_tokens_are_listed_without_their_secret_and_revoked_by_id(protected):
    twice = [create(protected.data_dir, "read", "ingest", name="two of a name", more=["--act-as"]) for _ in range(2)]
    listed = command("token", "list", "--data-dir", protected.data_dir).stdout
    for token in [*twice, *protected.tokens.values()]:
        assert token_id(token) in listed and token.rsplit("_", 1)[1] not in listed
    assert "ingest,read (acts for others)" in listed
    files = b"".join(file.read_bytes() for file in protected.data_dir.glob("state.db*"))
    assert token_id(twice[0]).encode() in files and twice[0].rsplit("_", 1)[1].encode() not in files

    unclear = command("token", "revoke", "two of a name", "--data-dir", protected.data_dir, check=False)
    assert unclear.returncode == 1 and token_id(twice[0]) in unclear.stderr and token_id(twice[1]) in unclear.stderr
    command("token", "revoke", token_id(twice[0]), "--data-dir", protected.data_dir)
    again = command("token", "revoke", token_id(twice[0]), "--data-dir", protected.data_dir, check=False)
    assert again.returncode == 1 and "revoked before" in again.stderr
    command("token", "revoke", "two of a name", "--data-dir", protected.data_dir)
    missing = command("token", "revoke", "nobody", "--data-dir", protected.data_dir, check=False)
    assert missing.returncode == 1 and "errata token list" in missing.stderr
    wrong = command("token", "create", "--role", "owner", "--name", "x", check=False)
    assert wrong.returncode == 2 and "there are ingest, read, triage and admin" in wrong.stderr


def test_the_actor_is_whose_token_it_is(protected, service):
    stack = f'Traceback (most recent call last):\n  File "/srv/{service}/a.py", line 3, in run\n    go()\nActorError: bad\n'
    event = exception("ActorError", "bad", stack)
    sent = export_http(protected, protected.tokens["ingest"], traces([span(events=[event])], service))
    assert sent.status_code == 200
    query = f"SELECT DISTINCT pattern_id FROM errors WHERE service_name = '{service}'"
    wait_until(lambda: len(rows(protected, query)) == 1, 15, "the pattern")
    pattern = rows(protected, query)[0]["pattern_id"]
    acting = create(protected.data_dir, "triage", name="grafana", more=["--act-as"])

    def change(token, severity, actor=None, header=None):
        body = {"severity": severity, **({"actor": actor} if actor else {})}
        headers = {**bearer(token), **({"X-Errata-Actor": header} if header else {})}
        return requests.post(f"{protected.http}/api/v1/patterns/{pattern}/severity", json=body, headers=headers, timeout=60)

    def actor(answer):
        assert answer.status_code == 200, answer.text
        return answer.json()["events"][0]["actor"]

    triage = protected.tokens["triage"]
    assert actor(change(triage, 1)) == "triageer"
    assert actor(change(triage, 2, actor="triageer")) == "triageer"
    for refused in (change(triage, 3, actor="mallory"), change(triage, 3, header="mallory")):
        assert refused.status_code == 403 and refused.json()["code"] == "own-name-only"
    assert actor(change(acting, 4, actor="ada")) == "ada"
    assert actor(change(acting, 5, header="grace")) == "grace"
    assert actor(change(acting, 1)) == "grafana"


def test_views_belong_to_who_saved_them(protected):
    url = f"{protected.http}/api/v1/views"
    body = {"name": "mine", "kind": "patterns", "body": {"status": ["open"]}}
    ada = bearer(create(protected.data_dir, "triage", name="ada"))
    made = requests.post(url, json=body, headers=ada, timeout=30)
    assert made.status_code == 201 and made.json()["owner"] == "ada"
    one = protected.http + made.headers["Location"]
    assert requests.get(one, headers=bearer(protected.tokens["read"]), timeout=30).json() == made.json()
    other = requests.put(one, json=body, headers=bearer(protected.tokens["triage"]), timeout=30)
    assert other.status_code == 403 and other.json()["code"] == "not-yours"
    mine = requests.put(one, json=body, headers={**ada, "If-Match": made.headers["ETag"]}, timeout=30)
    assert mine.status_code == 200 and mine.json()["version"] == 2
    assert requests.delete(one, headers={**ada, "If-Match": made.headers["ETag"]}, timeout=30).status_code == 412
    assert requests.delete(one, headers=bearer(protected.tokens["admin"]), timeout=30).status_code == 204


def test_nothing_tells_a_token(protected):
    leaked = create(protected.data_dir, "read", name="leaky")
    secret = leaked.rsplit("_", 1)[1]
    for _ in range(30):
        sql(protected, leaked[:-1] + ("A" if leaked[-1] != "A" else "B"), "SELECT 1")
        export_grpc(protected, leaked)
    told = [line for line in protected.log().splitlines() if "refused a request" in line]
    assert 1 <= len(told) < 30, "refusals are logged, but not each"
    assert secret[:-1] not in protected.log()
    explained = command("explain", stdin=f"ValueError: bad token {leaked}\n").stdout
    assert secret not in explained and "<token>" in explained


def test_rates_hold_for_each_token_and_can_be_retried(launch):
    env = {**access.PROTECTED, "ERRATA_RATE_LIMIT_ITEMS_PER_SECOND": "20", "ERRATA_RATE_LIMIT_BURST": "1s"}
    server = launch("rates", ready=False, env=env)
    slow = create(server.data_dir, "ingest", name="slow")
    fast = create(server.data_dir, "ingest", name="fast", more=["--items-per-second", "0"])
    server.tokens = {"read": create(server.data_dir, "read")}
    server.await_ready()
    batch = traces([span() for _ in range(20)], "rated")
    assert export_http(server, slow, batch).status_code == 200
    throttled = export_http(server, slow, batch)
    assert throttled.status_code == 429 and 1 <= int(throttled.headers["Retry-After"]) <= 2
    code, details = export_grpc(server, slow, batch)
    assert code == grpc.StatusCode.UNAVAILABLE and "20 items a second" in details
    for _ in range(5):
        assert export_http(server, fast, batch).status_code == 200
    time.sleep(int(throttled.headers["Retry-After"]))
    assert export_http(server, slow, batch).status_code == 200, "who waits as told is let in"

    # The SDK waits and tries again by itself: nothing is lost.
    headers = bearer(slow)
    with sdk.tracer(server, "patient", "grpc", headers=headers) as tracer:
        for n in range(40):
            tracer.start_span(f"s{n}").end()
    query = "SELECT count(*) AS n FROM spans WHERE service_name = 'patient'"
    wait_until(lambda: rows(server, query) == [{"n": 40}], 20, "all spans of the SDK")
    metrics = requests.get(f"{server.http}/metrics", headers=bearer(server.tokens["read"]), timeout=10).text
    assert re.search(r'errata_access_throttled\w*\{[^}]*what="items"[^}]*\} [1-9]', metrics), metrics


def test_rates_in_bytes(launch):
    server = launch("bytes", ready=False, env=access.PROTECTED)
    token = create(server.data_dir, "ingest", more=["--bytes-per-second", "1KiB"])
    server.await_ready()
    batch = traces([span(values={"x": "y" * 20_000})], "heavy")
    assert export_http(server, token, batch).status_code == 200, "larger than the burst: let in once, with a debt"
    throttled = export_http(server, token, batch)
    assert throttled.status_code == 429 and int(throttled.headers["Retry-After"]) > 5


def test_the_database_may_go_away_for_a_while(launch):
    env = {**access.PROTECTED, "ERRATA_AUTH_STALE_MAX": "4s"}
    server = launch("gone", ready=False, env=env)
    known = create(server.data_dir, "read")
    server.await_ready()
    assert sql(server, known, "SELECT 1").status_code == 200
    state = server.data_dir / "state.db"
    for file in server.data_dir.glob("state.db*"):
        file.write_bytes(b"\0" * 100)
    state.chmod(0)
    wait_until(lambda: "tokens cannot be read" in server.log(), 10, "the server to notice")
    assert sql(server, known, "SELECT 1").status_code == 200, "known tokens work on"
    stranger = sql(server, "errata_pat_unknownunkno_" + "x1" * 20, "SELECT 1")
    assert stranger.status_code == 503 and int(stranger.headers["Retry-After"]) > 0
    wait_until(lambda: sql(server, known, "SELECT 1").status_code == 503, 10, "known tokens to be refused")
    assert requests.get(f"{server.http}/readyz", timeout=10).status_code == 200


def test_two_servers_share_a_postgresql_database_that_goes_away_and_comes_back(launch, postgres):
    env = {**access.PROTECTED, "ERRATA_STATE": postgres.url, "ERRATA_AUTH_STALE_MAX": "4s"}
    one, other = (launch(name, env=env) for name in ("one", "other"))
    known = create(one.data_dir, "triage", env=env)
    for server in (one, other):
        assert sql(server, known, "SELECT 1").status_code == 200
        assert not (server.data_dir / "state.db").exists()
    view = {"name": "shared", "kind": "patterns", "body": 1}
    made = requests.post(f"{one.http}/api/v1/views", json=view, headers=bearer(known), timeout=30)
    assert made.status_code == 201
    listed = requests.get(f"{other.http}/api/v1/views", headers=bearer(known), timeout=30)
    assert listed.json() == [made.json()]

    postgres.stop()
    wait_until(lambda: "tokens cannot be read" in one.log(), 15, "the server to notice")
    assert sql(one, known, "SELECT 1").status_code == 200, "known tokens work on"
    stranger = sql(one, "errata_pat_unknownunkno_" + "x1" * 20, "SELECT 1")
    assert stranger.status_code == 503 and int(stranger.headers["Retry-After"]) > 0
    views = requests.get(f"{one.http}/api/v1/views", headers=bearer(known), timeout=30)
    assert views.status_code == 503 and views.headers["Content-Type"] == "application/problem+json"
    wait_until(lambda: sql(one, known, "SELECT 1").status_code == 503, 20, "known tokens to be refused")
    assert requests.get(f"{one.http}/readyz", timeout=10).status_code == 200

    postgres.start()
    for server in (one, other):
        wait_until(lambda: sql(server, known, "SELECT 1").status_code == 200, 30, "the tokens to be read again")
    command("token", "revoke", token_id(known), env=env)
    wait_until(lambda: sql(other, known, "SELECT 1").status_code == 401, 10, "the revoked token to stop")


def test_open_ports_are_refused(launch, tmp_path):
    def start(*arguments, env=None):
        own = ["--data-dir", tmp_path / "open", "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0"]
        return command(*arguments, *own, "--http-addr", "0.0.0.0:0", env=env, check=False, timeout_s=30)

    for name in ("serve", "process", "query"):
        refused = start(name)
        assert refused.returncode == 1
        for part in ("--http-addr 0.0.0.0:0", "errata token create", "--allow-open"):
            assert part in refused.stderr
    quiet = launch("insisted", "--allow-open", otlp_grpc="0.0.0.0:0")
    assert "open to whoever reaches the ports" in quiet.stdout.read_text()
    loopback = launch("loopback")
    assert "only this machine reaches the ports" in loopback.stdout.read_text()
    guarded = launch("guarded", otlp_grpc="0.0.0.0:0", env=access.PROTECTED)
    assert "there is none yet" in guarded.stdout.read_text()


def secure(authority, folder, **more):
    """Variables of a server whose certificate lies in `folder`, where it can be replaced."""
    folder.mkdir()
    for kind, source in zip(("cert", "key"), authority.issue("server"), strict=True):
        shutil.copy(source, folder / f"{kind}.pem")
    files = {"ERRATA_TLS_CERT": folder / "cert.pem", "ERRATA_TLS_KEY": folder / "key.pem", **more}
    return {"ERRATA_TLS_RELOAD_INTERVAL": "200ms", **{key: str(value) for key, value in files.items()}}


def trusts(server, authority, cert=None):
    try:
        url = f"https://{server.addresses['http']}/readyz"
        return requests.get(url, verify=str(authority.cert), cert=cert, timeout=10).status_code == 200
    except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
        return False


def test_tls_on_all_ports_and_renewal(launch, tmp_path):
    authority, renewed = Authority(tmp_path), Authority(tmp_path, "renewed")
    folder = tmp_path / "certs"
    server = launch("tls", ready=False, env=secure(authority, folder))
    wait_until(server.read_addresses, 30, "the server")
    assert trusts(server, authority) and not trusts(server, renewed)
    credentials = grpc.ssl_channel_credentials(authority.cert.read_bytes())
    with grpc.secure_channel(server.otlp_grpc, credentials) as channel:
        channel.unary_unary(TRACES)(traces([span()], "over-tls").SerializeToString(), timeout=20)
        sent = requests.post(
            f"https://{server.addresses['otlp_http']}/v1/traces",
            data=traces([span()], "over-tls").SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
            verify=str(authority.cert),
            timeout=20,
        )
        assert sent.status_code == 200
        demo = command("demo", "--endpoint", f"https://{server.otlp_grpc}", "--ca", authority.cert, "--only", "bash")
        assert "TLS" not in demo.stderr

        root = {"adbc.flight.sql.client_option.tls_root_certs": authority.cert.read_text()}
        assert ask_over_flight(f"grpc+tls://{server.grpc}", **root) == [(7,)]
        with pytest.raises(Exception, match="(?i)certificate|unavailable"):
            ask_over_flight(f"grpc+tls://{server.grpc}")

        for kind, source in zip(("cert", "key"), renewed.issue("server"), strict=True):
            shutil.copy(source, folder / f"{kind}.pem")
        wait_until(lambda: trusts(server, renewed), 10, "the renewed certificate")
        # The connection that was open goes on.
        channel.unary_unary(TRACES)(traces([span()], "over-tls").SerializeToString(), timeout=20)

    (folder / "cert.pem").write_text("half a certificate")
    wait_until(lambda: "the certificate files cannot be used" in server.log(), 10, "the bad file to be told")
    assert trusts(server, renewed)


def test_mutual_tls(launch, tmp_path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    ours, theirs = authority.issue("client"), stranger.issue("client")
    server = launch("mtls", ready=False, env=secure(authority, tmp_path / "certs", ERRATA_TLS_CLIENT_CA=authority.cert))
    wait_until(server.read_addresses, 30, "the server")
    assert trusts(server, authority, tuple(map(str, ours)))
    assert not trusts(server, authority, tuple(map(str, theirs)))
    assert not trusts(server, authority)
    request = traces([span()], "over-mtls").SerializeToString()
    root = authority.cert.read_bytes()
    known = grpc.ssl_channel_credentials(root, ours[1].read_bytes(), ours[0].read_bytes())
    with grpc.secure_channel(server.otlp_grpc, known) as channel:
        channel.unary_unary(TRACES)(request, timeout=20)
    with grpc.secure_channel(server.otlp_grpc, grpc.ssl_channel_credentials(root)) as channel:
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(TRACES)(request, timeout=5)


def test_bad_certificates_end_the_start(tmp_path):
    authority = Authority(tmp_path)
    env = secure(authority, tmp_path / "certs")
    (tmp_path / "certs" / "key.pem").write_text("no key")
    own = ["--data-dir", tmp_path / "data", "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0"]
    refused = command("serve", *own, "--http-addr", "127.0.0.1:0", env=env, check=False, timeout_s=30)
    assert refused.returncode == 1 and "tls.key" in refused.stderr and str(tmp_path / "certs/key.pem") in refused.stderr


def test_the_demo_needs_a_token(protected):
    arguments = ["demo", "--endpoint", f"http://{protected.otlp_grpc}", "--only", "bash"]
    refused = command(*arguments, check=False)
    assert refused.returncode == 1 and "errata token create --role ingest" in refused.stderr
    command(*arguments, "--token", protected.tokens["ingest"])
    command(*arguments, env={"ERRATA_TOKEN": protected.tokens["ingest"]})


def test_a_newer_state_database_is_refused(tmp_path):
    import sqlite3

    create(tmp_path, "read")
    with sqlite3.connect(tmp_path / "state.db") as database:
        database.execute("INSERT INTO errata_schema (version) VALUES (99)")
    refused = command("token", "list", "--data-dir", tmp_path, check=False)
    assert refused.returncode == 1 and "has version 99" in refused.stderr and "--state" in refused.stderr
