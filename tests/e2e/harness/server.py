"""The `errata` binary: `errata serve` as a process with its data folder, and one-shot commands."""

import json
import subprocess
import time
from pathlib import Path

import requests

from .paths import BINARY
from .process import Process, environment
from .wait import wait_until

START_TIMEOUT_S = 30.0


def command(*arguments, stdin=None, env=None, timeout_s=60.0, check=True):
    """Runs `errata ARGUMENTS` and returns the finished process with text output."""
    done = subprocess.run(
        [str(BINARY), *[str(argument) for argument in arguments]],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment(env),
    )
    if check and done.returncode != 0:
        raise AssertionError(f"errata {arguments} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


class Server:
    """`errata serve` on ports of its own. The data folder outlives the process, so it can be restarted."""

    def __init__(self, folder: Path, *arguments, env=None, lake=None, otlp_grpc="127.0.0.1:0"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = self.folder / "data"
        self.lake = lake
        self.arguments = list(arguments)
        if lake is not None:
            self.arguments += ["--lake", str(lake)]
        self.env = env or {}
        self.otlp_grpc_bind = otlp_grpc
        self.stdout = self.folder / "stdout.log"
        self.stderr = self.folder / "stderr.log"
        self.addresses = {}
        self.process = None

    # Life cycle.

    def spawn(self):
        """Starts the process and returns at once."""
        self.addresses_file.unlink(missing_ok=True)
        arguments = [BINARY, "serve", "--data-dir", self.data_dir, "--otlp-grpc-addr", self.otlp_grpc_bind]
        for flag in ("--otlp-http-addr", "--http-addr", "--grpc-addr"):
            arguments += [flag, "127.0.0.1:0"]
        with open(self.stdout, "ab") as stdout:
            self.process = Process(arguments + self.arguments, self.stderr, env=self.env, stdout=stdout)
        return self

    def start(self):
        """Starts the process and returns when it answers `/readyz`."""
        self.spawn()
        self.await_ready()
        return self

    def await_ready(self, timeout_s=START_TIMEOUT_S):
        wait_until(lambda: self.gone() or self.read_addresses(), timeout_s, "addresses.json of errata serve")
        wait_until(lambda: self.gone() or self.ready(), timeout_s, "/readyz of errata serve")
        if self.gone():
            raise AssertionError(f"errata serve exited {self.process.child.returncode}:\n{self.process.tail()}")

    def gone(self):
        return not self.process.running()

    def ready(self):
        try:
            return requests.get(f"{self.http}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def read_addresses(self):
        try:
            self.addresses = json.loads(self.addresses_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        return True

    def stop(self):
        """SIGTERM, a clean exit, and its exit code."""
        code = self.process.terminate()
        assert code == 0, f"errata serve exited {code} after SIGTERM:\n{self.process.tail()}"

    def kill(self):
        self.process.kill()

    def close(self):
        if self.process is not None and self.process.running():
            self.process.kill()

    # Places.

    @property
    def addresses_file(self):
        return self.data_dir / "addresses.json"

    @property
    def otlp_grpc(self):
        return self.addresses["otlp_grpc"]

    @property
    def otlp_http(self):
        return f"http://{self.addresses['otlp_http']}"

    @property
    def http(self):
        return f"http://{self.addresses['http']}"

    @property
    def grpc(self):
        return self.addresses["grpc"]

    @property
    def lake_dir(self):
        return Path(self.lake) if self.lake else self.data_dir / "lake"

    def log(self):
        return self.stderr.read_text(errors="replace") if self.stderr.exists() else ""

    # Questions.

    def sql(self, query):
        """Rows of `query` as dictionaries, over HTTP."""
        answer = requests.post(
            f"{self.http}/api/v1/sql",
            json={"query": query},
            headers={"Accept": "application/json"},
            timeout=60,
        )
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    def scalar(self, query):
        """The one value of a query with one row and one column."""
        (row,) = self.sql(query)
        (value,) = row.values()
        return value

    def await_rows(self, query, count, timeout_s=10.0):
        """Rows of `query` as soon as there are at least `count`; fails when they never come or are more."""
        deadline = time.monotonic() + timeout_s
        while True:
            rows = self.sql(query)
            if len(rows) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert len(rows) == count, f"{len(rows)} rows instead of {count} for {query}\n{self.process.tail(20)}"
        return rows

    def errors_of(self, service, count, timeout_s=10.0):
        """The `errors` rows of one service, oldest first, once there are exactly `count`."""
        query = f"SELECT * FROM errors WHERE service_name = '{service}' ORDER BY time_unix_nano, event_id"
        return self.await_rows(query, count, timeout_s)

    def spans_of(self, service, count, timeout_s=10.0):
        """The `spans` rows of one service, oldest first, once there are exactly `count`."""
        query = f"SELECT * FROM spans WHERE service_name = '{service}' ORDER BY time_unix_nano, span_id"
        return self.await_rows(query, count, timeout_s)
