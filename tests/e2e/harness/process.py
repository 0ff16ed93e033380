"""Child processes: started in their own session, output kept in a file, always ended."""

import os
import signal
import socket
import subprocess
from pathlib import Path


def environment(more=None):
    """This process's environment without the variables that steer the tests, which `errata` would refuse."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ERRATA_")}
    return {**inherited, **(more or {})}


class Process:
    """One child process. `output` is the file that gets its stderr (and stdout, where not apart)."""

    def __init__(self, arguments, output: Path, env=None, stdout=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        self.output = output
        with open(output, "ab") as stderr:
            self.child = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=stdout if stdout is not None else stderr,
                stderr=stderr,
                env=environment(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        if self.running():
            self.child.send_signal(signal.SIGKILL)
        return self.child.wait(timeout=10)

    def terminate(self, timeout_s=30.0):
        """SIGTERM, and wait for the exit code."""
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {timeout_s} s after SIGTERM:\n{self.tail()}") from None

    def tail(self, lines=60):
        """The last lines of the output, for messages."""
        if not self.output.exists():
            return ""
        text = self.output.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def free_port():
    """A port of 127.0.0.1 that was free a moment ago, for programs that cannot take port 0."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(port):
    """Whether something listens on 127.0.0.1:port."""
    with socket.socket() as client:
        client.settimeout(0.5)
        return client.connect_ex(("127.0.0.1", port)) == 0
