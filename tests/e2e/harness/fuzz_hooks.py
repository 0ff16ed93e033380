"""Hooks of schemathesis for test_openapi_fuzz: ids of what is there among the made-up ones, and a feed that ends."""

import json
import os
import zlib

import schemathesis

KNOWN = json.loads(os.environ["ERRATA_FUZZ_KNOWN"])


def known(kind, value):
    """Two of three valid texts become an id that there is; always the same ones."""
    text = str(value)
    number = zlib.crc32(text.encode("utf-8", "replace"))
    return KNOWN[kind][number % len(KNOWN[kind])] if isinstance(value, str) and number % 3 else value


def kind_of(path):
    for kind in ("patterns", "sessions"):
        if f"/{kind}/" in path:
            return kind
    return "traces"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if path_parameters and context.operation.path.startswith("/api/v1/"):
        for name, kind in (("id", kind_of(context.operation.path)), ("event_id", "errors")):
            if name in path_parameters:
                path_parameters[name] = known(kind, path_parameters[name])
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    if query and context.operation.path.startswith("/api/v1/"):
        for name, kind in (("left", "errors"), ("right", "errors"), ("pattern", "patterns"), ("session", "sessions")):
            if name in query:
                query[name] = known(kind, query[name])
    return query


@schemathesis.hook
def before_call(context, case, kwargs):
    """A feed without an end would be waited for."""
    if case.operation.path == "/api/v1/feed" and isinstance(case.query, dict):
        if case.query.get("follow") in (None, True, "true"):
            case.query["follow"] = "false"
