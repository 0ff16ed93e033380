"""Clients: how an exception gets from a failed program into a record of type, message and stack trace."""

import json
import re

NODE_ERROR = re.compile(
    r"^(?:<ref \*1> |Uncaught |\w+ )?\[?((?:[A-Z]\w*)?(?:Error|Exception|Rejection))\b\]?(?: \[(\w+)\])?(?:: (.*))?$", re.M
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def short(kind):
    """The last part of a qualified type."""
    return re.split(r"[.$:]", kind)[-1] if kind else kind


def recorded(finished):
    """What the harness wrote down."""
    found = finished.record
    return (found["type"], found["message"], found["stacktrace"]) if found else None


def python_stderr(finished, before=""):
    """As a runner reads standard error: the last unindented `type: message` after the last frame."""
    lines = finished.stderr.rstrip("\n").split("\n")
    frames = [at for at, line in enumerate(lines) if line.startswith("  ")]
    if finished.code == 0 or not frames or frames[-1] + 1 >= len(lines):
        return None
    kind, _, message = "\n".join(lines[frames[-1] + 1 :]).partition(": ")
    if not re.fullmatch(r"[\w.]+", kind):
        kind, _, message = kind.partition("\n")
    return kind.rstrip(":"), message or None, before + finished.stderr


def node_stderr(finished, before=""):
    """As a runner reads standard error of Node: the first line that names an error, and all of it as the stack."""
    if finished.code == 0:
        return None
    text = ANSI.sub("", finished.stderr)
    match = NODE_ERROR.search(text)
    if not match:
        return None
    return match[1], (match[3] or "").removesuffix("{").rstrip().removesuffix("]"), before + finished.stderr


NESTED = re.compile(r'^(?:Exception in thread "[^"]*" |Caused by: )([A-Z]\w*\$[A-Z][\w$]*)(?:: (.*(?:\n(?!\tat |Caused).*)*))?$', re.M)


def java_nested_stderr(finished, before=""):
    """As `java_stderr`, and the program's own exceptions, nested in a class of no package."""
    match = NESTED.search(finished.stderr) if finished.code else None
    return (match[1], match[2], before + finished.stderr) if match else java_stderr(finished, before)


def java_stderr(finished, before=""):
    match = re.search(r'^(?:Exception in thread "[^"]*" |Caused by: )?([a-z_]\w*(?:\.\w+)*\.[A-Z][\w$]*)(?:: (.*(?:\n(?!\tat |Caused).*)*))?$', finished.stderr, re.M)
    if finished.code == 0 or not match:
        return None
    return match[1], match[2], before + finished.stderr


def last_line(finished, kind, before=""):
    """As a runner of commands: the exit code as the type, the last line of standard error as the message."""
    lines = [line for line in finished.stderr.splitlines() if line.strip()]
    if finished.code == 0 or not lines:
        return None
    return kind, lines[-1], before + finished.stderr


def logged_by_logback(reported, line):
    """The stack as logback prints it below a log line: where each class came from, frames in common counted its way."""
    kind, message, stack = reported
    stack = re.sub(r"^(\s*at (?:java|jdk|sun)\S*\(.*\))$", r"\1 ~[na:na]", stack, flags=re.M)
    stack = re.sub(r"^(\s*at (?!java|jdk|sun).*\))$", r"\1 ~[classes/:na]", stack, flags=re.M)
    stack = re.sub(r"^(\s*)\.\.\. (\d+) more$", r"\1... \2 common frames omitted", stack, flags=re.M)
    return kind, message, f"{line}\n{stack}"


def logged_as_json(reported, record, key):
    """One line of a JSON log with the stack under `key`."""
    kind, message, stack = reported
    return kind, message, json.dumps({**record, key: stack.rstrip("\n")}, ensure_ascii=False)
