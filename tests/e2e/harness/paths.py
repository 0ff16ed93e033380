"""Where things are: the repository, the cache folder, the binary under test."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "errata"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
BINARY = Path(os.environ.get("ERRATA_TEST_BIN") or TARGET / "debug" / "errata")
COLLECTOR = CACHE / "otelcol" / "otelcol"
MINIO = CACHE / "bin" / "minio"
JAEGER = CACHE / "bin" / "jaeger"
JDBC = CACHE / "bin" / "flight-sql-jdbc.jar"
NODE_MODULES = CACHE / "js" / "node_modules"
