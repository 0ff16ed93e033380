"""Libraries that stand between a program and the C library (`tests/faults`), loaded with LD_PRELOAD."""

import subprocess
from pathlib import Path

from . import paths


def build(name, folder: Path):
    """Compiles `tests/faults/NAME.c` into a folder; the library's path."""
    library = folder / f"{name}.so"
    source = paths.REPOSITORY / "tests" / "faults" / f"{name}.c"
    subprocess.run(
        ["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True
    )
    return str(library)


class Clock:
    """A wall clock for one program that can be set ahead or back while it runs."""

    def __init__(self, folder: Path):
        self.file = folder / "clock"
        self.set(0)
        self.environment = {"LD_PRELOAD": build("clock", folder), "CLOCK_FILE": str(self.file)}

    def set(self, seconds):
        """The difference to the true time."""
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))
