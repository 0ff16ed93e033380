"""A PostgreSQL cluster of a test's own: in a temporary folder, on a unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .wait import wait_until


def _programs():
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*debian, *map(Path, os.environ["PATH"].split(":"))]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise AssertionError("initdb and postgres are missing: apt-get install postgresql")


def _user():
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise AssertionError("neither postgres nor nobody is a user")


class Cluster:
    def __init__(self):
        # Not below pytest's folder: its name is too long for a socket, and only root may enter it.
        self.folder = Path(tempfile.mkdtemp(prefix="errata-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.data.mkdir()
        self.user = _user()
        if self.user:
            os.chown(self.data, self.user["user"], self.user["group"])
        made = [_programs() / "initdb", "--no-sync", "--auth=trust", "--username=errata", "-D", self.data]
        subprocess.run(made, check=True, capture_output=True, cwd=self.folder, **self.user)
        self.child = None
        self.start()

    def start(self):
        run = [_programs() / "postgres", "-c", "listen_addresses=", "-c", "fsync=off", "-k", self.data, "-D", self.data]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.child = subprocess.Popen(run, cwd=self.folder, **quiet, **self.user)
        asks = [_programs() / "psql", "-h", self.data, "-U", "errata", "-c", "SELECT 1", "postgres"]
        wait_until(lambda: subprocess.run(asks, capture_output=True).returncode == 0, 60, "PostgreSQL")

    def stop(self):
        """A fast shutdown: connections are cut."""
        if self.child is not None:
            self.child.send_signal(signal.SIGINT)
            self.child.wait(timeout=30)
            self.child = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"postgres://errata@localhost/postgres?host={self.data}"
