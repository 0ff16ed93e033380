"""Java: the JDKs of the machine, one compiler process for each, and who reports.

Options of a fault: `javac` (it does not compile, and javac's own output is the record), `flags` (of java), `denied`,
`launch` ("older": a JDK older than the compiler; "misnamed": a class that is not there).
"""

import re
import select
import shutil
import subprocess
import threading
from pathlib import Path

import clients
import shapes
from fault import Job, fill, halves

HARNESS = Path(__file__).parent.parent / "harness"
CLIENTS = ["script"] * 4 + ["log"] * 4 + ["sdk"] * 6 + ["launcher"]
LATER_CLIENTS = ["logback"] * 2 + ["log-json"]  # of faults that are `wide`
COMPILE_TIMEOUT_S = 60  # the first answer takes a while on a busy machine
PACKAGES = ("", "", "", "com.acme.orders", "io.sandbox", "org.example.batch.jobs", "app")
RECORD = """
public class Record {
    public static void main(String[] args) throws Exception {
        try {
            %s.main(args);
        } catch (Throwable error) {
            java.io.StringWriter stack = new java.io.StringWriter();
            error.printStackTrace(new java.io.PrintWriter(stack));
            String[] parts = {error.getClass().getName(), error.getMessage(), stack.toString()};
            java.nio.file.Files.write(java.nio.file.Path.of(args[0]), String.join("\\u0000", parts[0], parts[1] == null ? "\\u0001" : parts[1], parts[2]).getBytes("UTF-8"));
            System.exit(1);
        }
    }
}
"""


class Jdk:
    """A JDK and its compiler, kept running: a start of javac costs more than a second."""

    def __init__(self, home):
        self.java = str(home / "bin" / "java")
        asked = subprocess.run([self.java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
        self.version = "Java " + re.search(r'version "([^"]+)"', asked)[1]
        self.lock = threading.Lock()
        self.compiler = None

    def compile(self, folder):
        """javac's exit code; what it said is in `javac.txt`."""
        with self.lock:
            if self.compiler is None:
                self.compiler = subprocess.Popen(
                    [self.java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.language=en", str(HARNESS / "CompileServer.java")],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )  # fmt: skip
            self.compiler.stdin.write(f"{folder}\n")
            self.compiler.stdin.flush()
            ready, _, _ = select.select([self.compiler.stdout], [], [], COMPILE_TIMEOUT_S)
            if not ready:
                self.compiler.kill()
                self.compiler.wait()
                self.compiler = None
                raise OSError(f"javac did not answer within {COMPILE_TIMEOUT_S} s")
            return int(self.compiler.stdout.readline())

    def close(self):
        if self.compiler is not None:
            self.compiler.stdin.close()
            self.compiler.wait(10)


class Java:
    name = "java"
    windows = False
    styles = ("camel",)

    def __init__(self, services, quick=False):
        self.services = services
        homes = {path.resolve() for path in Path("/usr/lib/jvm").glob("*") if (path / "bin" / "javac").exists()}
        if not homes and shutil.which("javac"):
            homes = {Path(shutil.which("javac")).resolve().parent.parent}
        self.jdks = [Jdk(home) for home in sorted(homes)]
        if quick:
            self.jdks = self.jdks[:1]

    def close(self):
        for jdk in self.jdks:
            jdk.close()

    def missing(self, fault):
        return None if self.jdks else "no JDK"

    def build(self, fault, v):
        jdk = v.pick(self.jdks)
        client = v.pick(fault.option("clients", CLIENTS + (LATER_CLIENTS if fault.option("wide") else [])))
        v.given.update(self.services.values(v))
        name = v.pick(["Main", "Main", "Solution", "App", v.new("Class")])
        package = v.pick(PACKAGES) if client != "launcher" else ""
        program = fill(shapes.java(v, name, package, *halves(v.pick(fault.programs)), shapes.JAVA + (shapes.JAVA_LATER if fault.option("wide") else ())), v)
        folder = package.replace(".", "/") + "/" if package else ""
        files = {f"{folder}{name}.java": program}
        qualified = f"{package}.{name}" if package else name
        before = v.log_lines() if client == "log" else ""

        def job(arguments, read, **more):
            denied = bool(fault.option("denied"))
            return Job(files, arguments, read, jdk.version, program, client=client, denied=denied, paths=self.services.places(v), **more)

        read_stderr = clients.java_nested_stderr if fault.option("wide") else clients.java_stderr

        def stderr(finished):
            return with_cause(fault, read_stderr(finished, before))

        if fault.option("javac"):
            sent = v.pick(["CompilationError", "CompilationError", "JavacError", None])
            where = v.pick(["", "", "{root}/"])

            def diagnostics(finished):
                return javac_output(finished, sent, before, where)

            made = job(["cat", "javac.txt"], diagnostics, prepare=jdk.compile)
            if not where:
                made.paths.append(("{root}/", ""))
            return made
        if fault.option("launch"):
            jdk, compiler = (self.jdks[0], self.jdks[-1]) if fault.option("launch") == "older" else (jdk, jdk)
            wrong = v.pick([f"{v.make_noun().capitalize()}Main", qualified.lower() + "App", f"com.example.{name}"])
            return job(
                [jdk.java, "-XX:+UseSerialGC", "-cp", ".", qualified if fault.option("launch") == "older" else wrong],
                lambda finished: launcher_error(finished, before), prepare=compiler.compile,
            )  # fmt: skip
        java = [jdk.java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *fault.option("flags", ())]
        if client == "launcher":
            return job([*java, f"{name}.java"], stderr)
        if client not in ("sdk", *LATER_CLIENTS):
            return job([*java, "-cp", ".", qualified], stderr, prepare=jdk.compile)
        files[f"{folder}Record.java"] = (f"package {package};\n" if package else "") + RECORD % name
        record = f"{package}.Record" if package else "Record"
        if client in LATER_CLIENTS:
            return job([*java, "-cp", ".", record, "{base}/record.json"], logger_of(v, fault, client, qualified), prepare=jdk.compile)
        return job([*java, "-cp", ".", record, "{base}/record.json"], lambda done: with_cause(fault, recorded(done)), prepare=jdk.compile)


def recorded(finished):
    if not finished.raw_record:
        return None
    kind, message, stack = finished.raw_record.split("\0")
    return kind, None if message == "\1" else message, stack


def with_cause(fault, reported):
    """A wrapper's record counts where the meant exception is its cause; None otherwise."""
    if not reported:
        return None
    if clients.short(reported[0]) == fault.type or re.search(rf"^Caused by: [\w.$]*\b{fault.type}\b", reported[2], re.M):
        return reported
    return None


def javac_output(finished, sent, before, where):
    """As runners keep it: javac's text, and the first diagnostic as the message."""
    match = re.search(r"error: (.*)", finished.stdout)
    return (sent, match[1], before + finished.stdout) if match else None


def launcher_error(finished, before):
    """What the java command says when it cannot start a class."""
    match = re.search(r"^\s*(?:Caused by: |Exception in thread \"[^\"]*\" )?(java\.lang\.\w+): (.*)$", finished.stderr, re.M)
    return (match[1], match[2], before + finished.stderr) if finished.code and match else None


def logger_of(v, fault, client, qualified):
    """How a program that logs its exceptions has them written."""
    clock = f"{v.make_date()} 0{v.make_small()}:{v.rng.randint(10, 59)}:{v.rng.randint(10, 59)}.{v.rng.randint(100, 999)}"
    text = v.pick([f"job {v.make_id()} failed", "Unexpected error", f"{v.make_noun()} {v.make_id()} could not be processed"])
    line = v.pick(
        [
            f"{clock} ERROR {v.make_big()} --- [           main] {qualified} : {text}",
            f"{clock} [main] ERROR {qualified} - {text}",
            f"{clock.split()[1]} [pool-1-thread-{v.make_small()}] ERROR {qualified.split('.')[-1]} - {text}",
        ]
    )
    record = {"@timestamp": clock.replace(" ", "T") + "Z", "level": "ERROR", "thread_name": "main", "logger_name": qualified, "message": text}

    def read(finished):
        reported = with_cause(fault, recorded(finished))
        if not reported:
            return None
        return clients.logged_by_logback(reported, line) if client == "logback" else clients.logged_as_json(reported, record, "stack_trace")

    return read
