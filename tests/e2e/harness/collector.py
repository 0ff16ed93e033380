"""The OpenTelemetry Collector with the configuration that the README shows, in front of Errata and behind it."""

import struct
from pathlib import Path

from . import paths
from .otlp import LOGS, REQUESTS, TRACES, records_in, spans_in
from .process import Process, accepts, free_port
from .wait import wait_until

CONFIG = paths.REPOSITORY / "examples" / "collector" / "config.yaml"


class Collector:
    """One Collector process. `front_*` is where clients send, `tagged_*` where Errata forwards to."""

    def __init__(self, folder: Path):
        assert paths.COLLECTOR.exists(), f"no Collector at {paths.COLLECTOR}: run tests/run"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.files = {TRACES: self.folder / "traces.otlp", LOGS: self.folder / "logs.otlp"}
        names = ("front_grpc", "front_http", "tagged_grpc", "tagged_http", "errata_grpc")
        self.ports = {name: free_port() for name in names}
        self.process = None

    @property
    def otlp_grpc(self):
        return f"127.0.0.1:{self.ports['front_grpc']}"

    @property
    def otlp_http(self):
        return f"http://127.0.0.1:{self.ports['front_http']}"

    @property
    def tagged_url(self):
        return f"http://127.0.0.1:{self.ports['tagged_grpc']}"

    @property
    def errata_address(self):
        """Where this Collector expects Errata's gRPC receiver."""
        return f"127.0.0.1:{self.ports['errata_grpc']}"

    def start(self):
        address = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        env = {
            "OTLP_GRPC": address["front_grpc"],
            "OTLP_HTTP": address["front_http"],
            "TAGGED_GRPC": address["tagged_grpc"],
            "TAGGED_HTTP": address["tagged_http"],
            "ERRATA_GRPC": address["errata_grpc"],
            "TAGGED_TRACES": str(self.files[TRACES]),
            "TAGGED_LOGS": str(self.files[LOGS]),
        }
        self.process = Process([paths.COLLECTOR, "--config", CONFIG], self.folder / "collector.log", env=env)
        wait_until(
            lambda: all(accepts(self.ports[name]) for name in ("front_grpc", "front_http", "tagged_grpc", "tagged_http"))
            or not self.process.running(),
            20,
            "the Collector's ports",
        )
        assert self.process.running(), self.process.tail()
        return self

    def messages(self, signal):
        """What the file exporter has written so far: messages, each behind its length."""
        file = self.files[signal]
        data = file.read_bytes() if file.exists() else b""
        found, at = [], 0
        while at + 4 <= len(data):
            (size,) = struct.unpack_from(">I", data, at)
            if at + 4 + size > len(data):
                break
            found.append(REQUESTS[signal].FromString(data[at + 4 : at + 4 + size]))
            at += 4 + size
        return found

    def spans(self):
        return [span for message in self.messages(TRACES) for span in spans_in(message)]

    def records(self):
        return [record for message in self.messages(LOGS) for record in records_in(message)]

    def stop(self):
        if self.process is not None:
            self.process.terminate()

    def close(self):
        if self.process is not None:
            self.process.kill()
