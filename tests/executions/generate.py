#!/usr/bin/env python3
"""Makes labelled failing executions by running real programs in real interpreters.

usage: python3 tests/executions/generate.py --out FILE [--seed 1] [--only RUNTIME,...|LABEL,...] [--jobs 2] [--quick]

One JSON object per line, as README.md beside this file says. The same seed writes the same programs; what their
interpreters print differs from run to run only in addresses, process ids and ports.
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
from fault import Finished
from runtimes import every
from services import Services
from variants import Values

VARIANTS = (10, 16)
QUICK_VARIANTS = 6
TRIES = 3
OUTPUT_BYTES_MAX = 200_000


def main():
    options = parse_arguments()
    started = time.monotonic()
    services = Services()
    work = Path(tempfile.mkdtemp(prefix="executions-"))
    work.chmod(0o755)
    try:
        rows, failed = generate(options, services, work)
    finally:
        services.close()
        shutil.rmtree(work, ignore_errors=True)
    write(rows, options.out)
    for label, count in sorted(failed.items()):
        print(f"{label}: {count} variants did not fail as meant", file=sys.stderr)
    labels = len({row["label"] for row in rows})
    print(f"{len(rows)} executions of {labels} faults in {time.monotonic() - started:.0f} s", file=sys.stderr)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="runtimes or labels, by commas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="fewer faults and variants, of what every machine has")
    return parser.parse_args()


def generate(options, services, work):
    wanted = [name for name in options.only.split(",") if name]
    planned = []
    runtimes = list(every(services, options.quick))
    for runtime, faults in runtimes:
        for fault in faults:
            if wanted and fault.runtime not in wanted and fault.label not in wanted:
                continue
            if options.quick and not fault.option("quick"):
                continue
            lacking = runtime.missing(fault)
            if lacking:
                print(f"{fault.label}: skipped: {lacking}", file=sys.stderr)
                continue
            count = QUICK_VARIANTS if options.quick else fault.option("variants", random.Random(fault.label).randint(*VARIANTS))
            planned += [(runtime, fault, number) for number in range(count)]
    random.Random(options.seed).shuffle(planned)  # slow faults do not end up together
    failed = Counter()
    try:
        made = run_all(planned, options, work)
    finally:
        for runtime, _ in runtimes:
            getattr(runtime, "close", lambda: None)()
    for (_, fault, _), row in zip(planned, made):
        if row is None:
            failed[fault.label] += 1
    rows = sorted((row for row in made if row), key=lambda row: row["id"])
    return rows, failed


def run_all(planned, options, work):
    with ThreadPoolExecutor(options.jobs) as pool:
        return list(pool.map(lambda each: execution(*each, options.seed, work), planned))


def execution(runtime, fault, number, seed, work):
    """The row of one variant, or None when none of a few tries failed as the fault says."""
    for attempt in range(TRIES):
        rng = random.Random(f"{seed}/{fault.label}/{number}/{attempt}")
        values = Values(rng, rng.choice(runtime.styles + (("terse",) if fault.option("wide") else ())))
        base = Path(tempfile.mkdtemp(prefix="x", dir=work))
        try:
            job = runtime.build(fault, values)
            finished = run(job, base)
            reported = job.read(finished)
        except (OSError, subprocess.SubprocessError, UnicodeError) as error:
            print(f"{fault.label}: {error}", file=sys.stderr)
            continue
        finally:
            restore_modes(base)
            shutil.rmtree(base, ignore_errors=True)
        if os.environ.get("EXECUTIONS_DEBUG") and not accepted(fault, reported):
            print(fault.label, job.client, reported and reported[:2], finished.code, finished.stderr[-1500:], job.snippet, sep="\n", file=sys.stderr)
        if accepted(fault, reported):
            return row(runtime, fault, f"{seed}/{fault.label}/{number}", job, values, base, reported)
    return None


def accepted(fault, reported):
    """Whether the program failed in the way that its label says."""
    if not reported:
        return False
    kind, message, stack = reported
    if fault.runtime in ("python", "node") and clients.short(kind) not in fault.option("sends", (fault.type,)):
        return False
    sign = fault.option("sign")
    return sign is None or re.search(sign, f"{message}\n{stack}") is not None


def run(job, base):
    """Starts the program in a folder of its own and waits, five seconds in general."""
    root = base / "w"
    root.mkdir()
    for name, content in job.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    for name, target in job.links.items():
        (root / name).symlink_to(target)
    if job.prepare:
        job.prepare(root)
    put = {"{root}": str(root), "{base}": str(base)}
    arguments = [replaced(argument, put) for argument in job.argv]
    if job.memory_bytes:
        arguments = ["prlimit", f"--as={job.memory_bytes}", *arguments]
    if job.denied and os.geteuid() == 0:
        arguments = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": str(base), "LANG": "C.UTF-8", "TMPDIR": str(base)}
    env.update({name: replaced(value, put) for name, value in job.env.items()})
    with open(base / "out", "wb") as out, open(base / "err", "wb") as err:
        child = subprocess.Popen(
            arguments, cwd=root, env=env, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
        )
        try:
            child.communicate((job.stdin or "").encode("utf-8", "surrogateescape"), timeout=job.timeout_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
    return Finished(child.returncode, text_of(base / "out"), text_of(base / "err"), record_of(base / "record.json"))


def text_of(path):
    with open(path, "rb") as file:
        return file.read(OUTPUT_BYTES_MAX).decode("utf-8", "replace")


def record_of(path):
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


def restore_modes(base):
    """Lets folders be removed again."""
    for folder, names, _ in os.walk(base):
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                os.chmod(os.path.join(folder, name), 0o755)


def replaced(text, put):
    for name, value in put.items():
        text = text.replace(name, value)
    return text


def row(runtime, fault, key, job, values, base, reported):
    windows = runtime.windows and not job.posix and not any("/home/" in there for _, there in job.paths) and values.rng.random() < 0.3
    folder = values.folder(windows)
    while windows and "\\" not in folder:
        folder = values.folder(windows)
    imagine = Imagined(base, folder, job.paths)
    kind, message, stack = (imagine(text) for text in reported)
    true_type = clients.short(kind) if fault.option("type_as_sent") else fault.type
    snippet = imagine(job.snippet)
    everywhere = f"{message}\n{stack}\n{snippet}"
    return {
        "id": hashlib.sha1(key.encode()).hexdigest()[:20],
        "dataset": "executions_own",
        "lang": fault.option("language", fault.runtime),
        "type": kind,
        "message": message,
        "stacktrace": stack,
        "label": fault.label,
        "runtime_version": job.version,
        "snippet": snippet,
        "taxonomy": {"runtime": fault.runtime, "phase": fault.phase, "type": true_type, "cause": fault.cause},
        "pii": sorted({secret for secret in values.pii if secret in everywhere}),
    }


class Imagined:
    """Puts the folders and addresses of the imagined platform where those of this machine stand."""

    def __init__(self, base, folder, paths):
        put = {"{root}": str(base / "w"), "{base}": str(base)}
        self.windows = "\\" in folder
        self.pairs = [(replaced(here, put), there.replace("{root}", folder)) for here, there in paths]
        if self.windows:
            self.pairs = [(here, windows_path(there)) for here, there in self.pairs]
        self.pairs += [(str(base / "w"), folder), (str(base), "C:\\Temp" if self.windows else "/tmp")]
        self.pairs.sort(key=lambda pair: -len(pair[0]))

    def __call__(self, text):
        if text is None:
            return None
        for here, there in self.pairs:
            text = text.replace(here, there)
        if self.windows:
            text = re.sub(r"('?)(C:\\[^\s\"':<>|*?]*)", self._backslashes, text)
        return text

    @staticmethod
    def _backslashes(match):
        path = match[2].replace("/", "\\")
        return match[1] + (path.replace("\\", "\\\\") if match[1] else path)


def windows_path(path):
    """The like of an interpreter's folder on Windows; other values stay."""
    if not path.startswith("/"):
        return path
    if "python3" in path:
        version = re.search(r"python(3)\.(\d+)", path)
        tail = "\\Lib\\site-packages" if path.endswith("-packages") else "\\Lib"
        return f"C:\\Python{version[1]}{version[2]}{tail}"
    return "C:" + path.replace("/", "\\")


def write(rows, out):
    """In one step, so that nobody reads half a set."""
    partial = out.with_name(out.name + ".partial")
    with open(partial, "w", encoding="utf-8") as file:
        for each in rows:
            file.write(json.dumps(each, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    partial.replace(out)


if __name__ == "__main__":
    main()
