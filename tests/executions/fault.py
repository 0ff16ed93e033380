"""What a fault is: a root cause, the truth about it, and programs that fail by it."""

import json
import re
import textwrap
from dataclasses import dataclass, field

PLACEHOLDER = re.compile(r"<<([A-Za-z_]+)(\d*)>>")


@dataclass(frozen=True)
class Fault:
    """One root cause. `programs` look different and fail for the same reason.

    `options` steer where and how it can run; each runtime's file says which it knows.
    """

    runtime: str
    name: str
    phase: str
    type: str
    cause: str | None
    programs: tuple[str, ...]
    options: dict = field(default_factory=dict)

    @property
    def label(self):
        return f"{self.runtime}/{self.name}"

    def option(self, name, default=None):
        return self.options.get(name, default)


class Faults:
    """Collects the faults of one file: `fault(name, phase, type, cause, program, ..., option=...)`.

    `common` are options of all of them. `wide` among them adds the shapes, styles and clients of later date, which
    the first faults do without so that a seed still writes the same programs of them.
    """

    def __init__(self, runtime, **common):
        self.runtime = runtime
        self.common = common
        self.all = []

    def __call__(self, name, phase, kind, cause, *programs, **options):
        texts = tuple(textwrap.dedent(program).strip("\n") + "\n" for program in programs)
        self.all.append(Fault(self.runtime, name, phase, kind, cause, texts, {**self.common, **options}))


def sections(program):
    """The main text of a program and its other files, which follow lines of the form `=== name`."""
    main, *rest = re.split(r"^=== (.+)\n", program, flags=re.M)
    return main, dict(zip(rest[::2], rest[1::2]))


def halves(main):
    """What stands at the top of a program and the statements that fail, divided by a line `---`."""
    top, line, body = main.partition("---\n")
    return (top, body) if line else ("", top)


def fill(text, values):
    """The text with each `<<kind>>` or `<<kind2>>` replaced; equal placeholders get equal values."""
    return PLACEHOLDER.sub(lambda match: values.named(match[1], match[2]), text)


def indent(text, levels=1):
    return textwrap.indent(text, "    " * levels)


@dataclass
class Job:
    """One program to run: its files, how to start it, and how to read what it leaves.

    `{root}` in arguments and environment is the folder it runs in.
    """

    files: dict
    argv: list
    read: object  # (Finished) -> (type, message, stacktrace) or None when it did not fail as meant
    version: str
    snippet: str
    env: dict = field(default_factory=dict)
    stdin: str | None = None
    prepare: object = None  # called with the folder before the start
    links: dict = field(default_factory=dict)
    timeout_s: float = 20.0
    denied: bool = False  # root must not pass over file modes
    memory_bytes: int | None = None
    paths: list = field(default_factory=list)  # (path of this machine, path of the imagined one)
    client: str = ""
    posix: bool = False  # the record would not stand folders of Windows


@dataclass
class Finished:
    """What a program left."""

    code: int
    stdout: str
    stderr: str
    raw_record: str | None  # what the harness wrote, if one was used

    @property
    def record(self):
        return json.loads(self.raw_record) if self.raw_record else None
