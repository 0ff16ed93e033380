"""Python: interpreters and their packages, where programs are started from, and who reports.

Options of a fault: `needs` (a package set: "libs"; or a service: "http", "refused"), `min`, `max` (versions as
tuples), `pythons` (interpreter names), `whole` (the program is a file as it stands, no call path), `shaped`
(inside a function always), `one_file`, `no_loop` (starts no event loop around it), `clients` (only these), `denied`, `chained` (the
cause in the stack is the point, so no client that leaves it out).
"""

import os
import subprocess
from pathlib import Path

import clients
import shapes
from fault import Job, fill, halves, sections

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "errata" / "executions"
HARNESS = Path(__file__).parent.parent / "harness" / "worker.py"
CLIENTS = (
    ["script"] * 7 + ["log"] * 5 + ["stdin"] * 2 + ["command"] * 2 + ["sdk"] * 5 + ["exec"] * 5 + ["ipython"] * 2 + ["ipython-color", "ipykernel"]
)  # fmt: skip
LATER_CLIENTS = ["logging"] * 3 + ["log-json"] * 2 + ["lambda"] * 2 + ["lambda-log"]  # of faults that are `wide`
NEED_PACKAGES = ("sdk", "ipython", "ipython-color", "ipykernel")
SITES = (
    ("/usr/local/lib/python{v}", "/usr/local/lib/python{v}/site-packages"),
    ("/usr/lib/python{v}", "/usr/local/lib/python{v}/dist-packages"),
    ("/opt/conda/lib/python{v}", "/opt/conda/lib/python{v}/site-packages"),
    ("/usr/local/lib/python{v}", "/app/.venv/lib/python{v}/site-packages"),
    ("/usr/lib64/python{v}", "/home/{u}/.local/lib/python{v}/site-packages"),
    ("/home/{u}/.pyenv/versions/{full}/lib/python{v}", "/home/{u}/.venv/lib/python{v}/site-packages"),
)
WORKERS = ("/opt/runner/worker.py", "/app/executor/sandbox.py", "/srv/judge/run_submission.py", "/usr/local/bin/agent-exec")


class Interpreter:
    def __init__(self, path):
        self.path = str(path)
        asked = "import sys,os;print(sys.version.split()[0]);print(os.path.dirname(os.__file__));print(sys.prefix!=sys.base_prefix)"
        answer = subprocess.run([self.path, "-c", asked], capture_output=True, text=True, timeout=20, check=True).stdout.split()
        self.version, self.library = answer[0], answer[1]
        self.number = tuple(int(part) for part in self.version.split(".")[:2])
        self.short = "%d.%d" % self.number
        self.site = f"{Path(path).parent.parent}/lib/python{self.short}/site-packages" if answer[2] == "True" else None


class Python:
    name = "python"
    windows = True
    styles = ("snake", "snake", "snake", "camel", "plain")

    def __init__(self, services, quick=False):
        self.services = services
        self.interpreters = {}
        if not quick:
            for folder in sorted(CACHE.glob("python-*")):
                if (folder / "bin" / "python").exists():
                    self.interpreters[folder.name[len("python-") :]] = Interpreter(folder / "bin" / "python")
        system = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else "python3"
        self.interpreters["system"] = Interpreter(system)

    def missing(self, fault):
        """Why a fault cannot be made here, or None."""
        return None if self.fitting(fault) else f"no interpreter for it (needs {fault.options})"

    def fitting(self, fault):
        low, high = fault.option("min", (3, 0)), fault.option("max", (3, 99))
        chosen = {name: one for name, one in self.interpreters.items() if low <= one.number <= high}
        if fault.option("needs") == "libs":
            chosen = {name: one for name, one in chosen.items() if name.startswith("libs")}
        if fault.option("pythons"):
            chosen = {name: one for name, one in chosen.items() if name in fault.option("pythons")}
        return chosen

    def build(self, fault, v):
        interpreter = self.fitting(fault)[v.pick(sorted(self.fitting(fault)))]
        client = self.client(fault, v, interpreter)
        v.given.update(self.services.values(v))
        main, files = sections(v.pick(fault.programs))
        if fault.option("whole"):
            program = v.remarks("#") + main
        else:
            program, more = shapes.python(v, fault, *halves(main))
            files.update(more)
        program = fill(program, v)
        files = {fill(name, v): fill(text, v) for name, text in files.items()}
        name = v.pick(["main.py", "solution.py", "job.py", f"{v.make_noun()}.py", f"script_{v.make_hex()}.py", "src/main.py"])
        if files and name.startswith("src/"):
            name = "main.py"
        files[name] = program
        job = self.command(fault, v, interpreter, client, name, program, files)
        job.denied = bool(fault.option("denied"))
        job.paths += self.places(v, interpreter) + self.services.places(v)
        job.env.update({"PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **fault.option("env", {})})
        if fault.option("needs") == "libs":
            job.env.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"})
        return job

    def client(self, fault, v, interpreter):
        allowed = [c for c in CLIENTS if c in fault.option("clients", CLIENTS)]
        if fault.option("wide") and (not fault.option("clients") or fault.option("needs") == "libs"):
            without = ("lambda", "lambda-log") if fault.option("chained") or fault.option("whole") or fault.phase != "runtime" else ()
            allowed += [c for c in LATER_CLIENTS if c not in without]
        if interpreter.site is None:
            allowed = [c for c in allowed if c not in NEED_PACKAGES]
        if fault.option("denied"):  # packages may be out of reach then
            allowed = [c for c in allowed if c not in ("ipython", "ipython-color", "ipykernel")]
        return v.pick(allowed)

    def command(self, fault, v, interpreter, client, name, program, files):
        def job(arguments, read, **more):
            return Job(files, [interpreter.path, *arguments], read, f"Python {interpreter.version}", program, client=client, **more)

        if client in ("script", "log", "stdin", "command"):
            before = v.log_lines() if client == "log" else ""

            def read(finished):
                return clients.python_stderr(finished, before)

            if client == "stdin":
                return job(["-"], read, stdin=program)
            if client == "command":
                return job(["-c", program], read)
            return job([v.pick(["-u", "-B"]), v.pick([name, "{root}/" + name])], read)
        run = v.pick(["run_code", "execute", "_exec_user_code", "run_submission", "evaluate"])
        v.given.update(run=run, cells=v.rng.randint(0, 4))
        v.given.update(logtime="", logformat="", logname="", logtext="")
        files["../worker.py"] = "#\n" * v.rng.randint(0, 30) + fill(HARNESS.read_text(), v)
        mode = client
        shown = v.pick(["<string>", "<cell>", "/sandbox/main.py", "<user_code>", "solution.py", "<input>"])
        if client.startswith("lambda") or client in ("logging", "log-json") and v.rng.random() < 0.6:
            shown = "{root}/" + name
        if client in ("logging", "log-json"):
            v.given.update(log_names(v))
            files["../worker.py"] = fill(HARNESS.read_text(), v)
        made = job(["{base}/worker.py", mode, name if client != "sdk" else "{root}/" + name, shown, "{base}/record.json"], clients.recorded)
        made.paths.append(("{base}/worker.py", v.pick(WORKERS)))
        if client.startswith("lambda"):
            made.paths += [("{root}/" + name, "/var/task/lambda_function.py"), ("{root}", "/var/task")]
        made.posix = client in ("log-json", "lambda", "lambda-log")
        made.env["IPYTHONDIR"] = "{base}/ipython"
        return made

    def places(self, v, interpreter):
        """Where the interpreter and its packages stand on the imagined machine."""
        library, site = v.pick(SITES)
        user = v.pick(["runner", "app", "ubuntu", "jovyan"])
        if "/home/" in library + site and v.rng.random() < 0.5:
            user = v.planted(v.pick(["mkowalczyk78", "kvjohannsdottir", "rpadmanabhan"]))
        put = dict(v=interpreter.short, u=user, full=interpreter.version)
        found = [(interpreter.library, library.format(**put))]
        if interpreter.site:
            found.insert(0, (interpreter.site, site.format(**put)))
        return found


def log_names(v):
    """How a program that logs its exceptions set the logger up."""
    formats = [
        "%(asctime)s %(levelname)s %(name)s: %(message)s",
        "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
        "%(levelname)s:%(name)s:%(message)s",
        "[%(asctime)s: %(levelname)s/MainProcess] %(message)s",
        "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
    ]
    texts = [
        lambda: f"job {v.make_id()} failed",
        lambda: f"Unhandled exception while processing {v.make_noun()} {v.make_id()}",
        lambda: f"Task {v.make_noun()}s.{v.make_fn()}[{v.make_uuid()}] raised unexpected",
        lambda: f"could not run the submission of {v.make_who()}",
        lambda: "execution error",
    ]
    return {
        "logtime": f"{v.make_date()} 0{v.make_small()}:{v.rng.randint(10, 59)}:{v.rng.randint(10, 59)},{v.rng.randint(100, 999)}",
        "logformat": v.pick(formats),
        "logname": v.pick(["worker", "app", "celery.app.trace", "__main__", f"jobs.{v.make_noun()}"]),
        "logtext": v.pick(texts)(),
    }
