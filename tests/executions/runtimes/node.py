"""Node.js: its releases, how programs are started, and who reports.

Options of a fault: `needs` ("packages"), `flags` (of node), `releases` (main versions), `whole`, `module` (an ES module), `one_file`, `asynchronous`
(the body returns a promise), `fatal` (the process dies of itself), `clients` (only these), `denied`.
"""

import re
import shutil
import subprocess
from pathlib import Path

import clients
import shapes
from fault import Job, fill, halves, sections
from runtimes.python import CACHE

HARNESS = Path(__file__).parent.parent / "harness"
CLIENTS = ["script"] * 5 + ["log"] * 4 + ["stdin"] * 2 + ["eval"] * 2 + ["sdk"] * 6 + ["name"] * 2 + ["vm"] * 3 + ["function"]
LATER_CLIENTS = ["pino"] * 2 + ["winston"] + ["lambda", "lambda-log"]  # of faults that are `wide`
RECORDED = ("sdk", "name", "vm", "function")
RUNNERS = ("/opt/runner/evaluate.js", "/app/dist/sandbox.js", "/srv/executor/lib/run.js")


class Node:
    name = "node"
    windows = False
    styles = ("camel", "camel", "camel", "snake")

    def __init__(self, services, quick=False):
        self.services = services
        self.modules = CACHE / "node" / "node_modules"
        found = [] if quick else sorted(self.modules.glob("node[0-9]*/bin/node"))
        system = shutil.which("node")
        self.nodes = [(str(path), version(path)) for path in ([Path(system)] if system else []) + found]

    def missing(self, fault):
        if not self.nodes:
            return "no node"
        if fault.option("needs") == "packages" and not (self.modules / "axios").exists():
            return "no npm packages (run install.sh)"
        return None if self.fitting(fault) else f"no Node.js {fault.option('releases')}"

    def fitting(self, fault):
        wanted = fault.option("releases")
        return [(node, release) for node, release in self.nodes if not wanted or int(release[1:].split(".")[0]) in wanted]

    def build(self, fault, v):
        node, release = v.pick(self.fitting(fault))
        choices = CLIENTS + (LATER_CLIENTS if fault.option("wide") and not fault.option("clients") and not fault.option("whole") else [])
        client = v.pick([c for c in choices if c in fault.option("clients", choices) and not (fault.option("module") and c in ("vm", "function", "stdin", "eval"))])
        v.given.update(self.services.values(v))
        main, files = sections(v.pick(fault.programs))
        if fault.option("whole"):
            program = v.remarks("//") + main
        else:
            program, more = shapes.javascript(v, fault, *halves(main))
            files.update(more)
        program = fill(program, v)
        files = {fill(name, v): fill(text, v) for name, text in files.items()}
        name = v.pick(["index", "main", "app", f"{v.make_noun()}", f"job-{v.make_hex()}", "solution"]) + ".js"
        if fault.option("module"):
            name = name.replace(".js", ".mjs")
        elif client in ("script", "log", "sdk", "name", *LATER_CLIENTS) and not files and v.rng.random() < 0.25:
            as_module = es_module(program)
            if as_module:
                program, name = as_module, name.replace(".js", ".mjs")
        files[name] = program
        job = self.command(fault, v, node, release, client, name, program, files)
        job.denied = bool(fault.option("denied"))
        job.env["NO_COLOR"] = "1"
        if fault.option("needs") == "packages":
            job.links = {"node_modules": str(self.modules)}
            where = v.pick(["{root}/node_modules", "/usr/local/lib/node_modules", "/opt/runner/node_modules"])
            job.paths.append((str(self.modules), where))
        if node.startswith(str(CACHE)):
            job.paths.append((node, "/usr/local/bin/node"))
        job.paths += self.services.places(v)
        return job

    def command(self, fault, v, node, release, client, name, program, files):
        def job(arguments, read, **more):
            return Job(files, [node, *fault.option("flags", ()), *arguments], read, f"node {release}", program, client=client, **more)

        before = v.log_lines() if client == "log" else ""

        def read(finished):
            return died(finished, before) if fault.option("fatal") else clients.node_stderr(finished, before)

        if client in ("script", "log"):
            return job([v.pick([name, "{root}/" + name])], read)
        if client == "stdin":
            return job(["-"], read, stdin=program)
        if client == "eval":
            return job(["-e", program], read)
        files["../record.js"] = (HARNESS / "record.js").read_text()
        env = {"RECORD_FILE": "{base}/record.json", "RECORD_AS": client if client in ("sdk", *LATER_CLIENTS) else "name"}
        arguments = ["-r", "{base}/record.js"]
        if client in ("sdk", "name"):
            return job([*arguments, name], clients.recorded, env=env)
        if client in LATER_CLIENTS:
            env["RECORD_HEAD"] = f"{v.make_date()}T0{v.make_small()}:17:{v.rng.randint(10, 59)}.{v.rng.randint(100, 999)}Z\t{v.make_uuid()}"
            made = job([*arguments, name], clients.recorded, env=env)
            if client.startswith("lambda"):
                made.paths.append(("{root}", "/var/task"))
            return made
        v.given["run"] = v.pick(["runCode", "execute", "evaluateSubmission"])
        files["../evaluate.js"] = "//\n" * v.rng.randint(0, 20) + fill((HARNESS / "evaluate.js").read_text(), v)
        shown = v.pick(["evalmachine.<anonymous>", "/sandbox/index.js", "user-code.js", "code.vm"])
        made = job([*arguments, "{base}/evaluate.js", client, name, shown], clients.recorded, env=env)
        made.paths.append(("{base}/evaluate.js", v.pick(RUNNERS)))
        return made


def version(node):
    return subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=20, check=True).stdout.strip()


def es_module(program):
    """The program with imports instead of `require`, or None where that is not a matter of its first lines."""
    text = re.sub(r"^const (\w+|\{ [\w, ]+ \}) = require\('([^']+)'\);$", r"import \1 from '\2';", program, flags=re.M)
    return None if "require" in text or "'use strict'" in text or "module.exports" in text else text


def died(finished, before):
    """The process was ended by a signal: the code as the type, what it last said as the message."""
    line = re.search(r"^FATAL ERROR: .*$", finished.stderr, re.M)
    code = 128 - finished.code if finished.code < 0 else finished.code
    return (f"ExitCode{code}", line[0], before + finished.stderr) if line and code else None
