"""Fixtures: servers of the binary under test, and what stands around them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import paths  # noqa: E402
from harness.otlp import RawReceiver, unique  # noqa: E402
from harness.server import Server  # noqa: E402


# Commits soon, so that tests wait less; suites about durability and freshness keep the defaults.
EAGER = {"ERRATA_WRITER_FLUSH_INTERVAL": "200ms"}


def pytest_configure(config):
    for name in ("collector", "jaeger", "jdbc", "s3", "slow"):
        config.addinivalue_line("markers", f"{name}: left out by `tests/run quick`")
    if not paths.BINARY.exists() and not config.option.collectonly and not config.option.help:
        pytest.exit(f"no binary at {paths.BINARY}: run tests/run, or set ERRATA_TEST_BIN", returncode=2)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """One running server for all tests that only add data under names of their own."""
    server = Server(tmp_path_factory.mktemp("shared"), env=EAGER).start()
    yield server
    server.close()


@pytest.fixture
def service():
    """A service name of this test's own."""
    return unique("service")


@pytest.fixture
def launch(tmp_path):
    """Starts servers that end with the test: `launch("name", *arguments, env=..., lake=...)`."""
    servers = []

    def start(name="errata", *arguments, ready=True, **options):
        server = Server(tmp_path / name, *arguments, **options)
        servers.append(server)
        return server.start() if ready else server.spawn()

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def receiver():
    """A next hop that keeps bytes."""
    hop = RawReceiver()
    yield hop
    hop.close()
