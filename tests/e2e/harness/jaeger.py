"""Jaeger on loopback, with its memory storage or reading Errata: what Errata's answers are compared with."""

import json
from pathlib import Path

import requests

from . import paths
from .process import Process, accepts, free_port
from .wait import wait_until


class Jaeger:
    """One Jaeger process. It takes OTLP where `errata serve` does, so the same senders reach both.

    `storage` is the gRPC address of the storage that it reads instead of its memory, `token` what it is let in with.
    """

    def __init__(self, folder: Path, storage=None, token=None):
        assert paths.JAEGER.exists(), f"no Jaeger at {paths.JAEGER}: run tests/run"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        names = ("otlp_grpc", "query", "query_grpc") + (() if storage else ("otlp_http",))
        self.ports = {name: free_port() for name in names}
        config = self.folder / "config.yaml"
        # JSON is YAML too.
        config.write_text(self.example(storage, token) if storage else json.dumps(self.config()))
        self.process = Process([paths.JAEGER, "--config", config], self.folder / "jaeger.log")
        wait_until(
            lambda: all(accepts(port) for port in self.ports.values()) or not self.process.running(), 30, "Jaeger's ports"
        )
        assert self.process.running(), self.process.tail()

    def config(self):
        address = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        protocols = {"grpc": {"endpoint": address["otlp_grpc"]}, "http": {"endpoint": address["otlp_http"]}}
        return {
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
            "extensions": {
                "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": 10000}}}},
                "jaeger_query": {
                    "storage": {"traces": "memory"},
                    "http": {"endpoint": address["query"]},
                    "grpc": {"endpoint": address["query_grpc"]},
                },
            },
            "receivers": {"otlp": {"protocols": protocols}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
        }

    def example(self, storage, token):
        """The example's configuration on ports of its own."""
        text = (paths.REPOSITORY / "examples" / "jaeger" / "config.yaml").read_text()
        usual = {"otlp_grpc": 14317, "query": 16686, "query_grpc": 16685}
        for name, port in usual.items():
            text = text.replace(f"endpoint: 127.0.0.1:{port}", f"endpoint: 127.0.0.1:{self.ports[name]}")
        headers = f'\n          headers: {{authorization: "Bearer {token}"}}' if token else ""
        return text.replace("endpoint: 127.0.0.1:9681", f"endpoint: {storage}{headers}")

    @property
    def otlp_http(self):
        return f"http://127.0.0.1:{self.ports['otlp_http']}"

    def get(self, path, **parameters):
        return requests.get(f"http://127.0.0.1:{self.ports['query']}{path}", params=parameters, timeout=30)

    def close(self):
        self.process.kill()
