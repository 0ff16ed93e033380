"""bash and sh: how scripts are started, and what a runner says of them.

Options of a fault: `code` (the exit code it must have), `only` ("bash" where sh does not fail so; "sh", "zsh"), `flat` (no functions),
`needs` (a command), `denied`.
"""

import shutil
import subprocess

import clients
import shapes
from fault import Job, fill

CLIENTS = ["script"] * 5 + ["log"] * 3 + ["command"] * 3 + ["stdin"] * 2


class Shell:
    name = "bash"
    windows = False
    styles = ("snake", "plain")

    def __init__(self, services, quick=False):
        self.services = services
        self.bash = shutil.which("bash")
        self.sh = shutil.which("dash")
        self.zsh = shutil.which("zsh")
        asked = subprocess.run([self.bash, "--version"], capture_output=True, text=True, timeout=10).stdout if self.bash else ""
        self.version = asked.split(",")[1].split("(")[0].strip() if "," in asked else ""

    def missing(self, fault):
        if not self.bash:
            return "no bash"
        if fault.option("only") in ("sh", "zsh") and not getattr(self, fault.option("only")):
            return f"no {fault.option('only')}"
        needed = fault.option("needs")
        return f"no {needed}" if needed and not shutil.which(needed) else None

    def build(self, fault, v):
        client = v.pick(CLIENTS)
        v.given.update(self.services.values(v))
        program = fill(shapes.shell(v, fault, v.pick(fault.programs)), v)
        use_sh = self.sh and fault.option("only") != "bash" and "pipefail" not in program and v.rng.random() < 0.25
        binary = self.sh if use_sh else self.bash
        if fault.option("only") in ("sh", "zsh"):
            binary = getattr(self, fault.option("only"))
        elif fault.option("wide") and self.zsh and not use_sh and fault.option("only") != "bash" and v.rng.random() < 0.15:
            binary = self.zsh
        name = v.pick(["run.sh", "job.sh", "script.sh", f"{v.make_noun()}.sh", "entrypoint.sh"])
        before = v.log_lines() if client == "log" else ""
        sent = v.pick(["exit", "exit", "type", "none", "shell"])

        def read(finished):
            code = 128 - finished.code if finished.code < 0 else finished.code
            if fault.option("code") not in (None, code):
                return None
            kind = {"exit": f"ExitCode{code}", "type": fault.type, "none": None, "shell": "ShellError"}[sent]
            return clients.last_line(finished, kind, before)

        arguments = {"command": ["-c", program], "stdin": ["-s"]}.get(client, [v.pick([name, "{root}/" + name])])
        return Job(
            {name: program} if client in ("script", "log") else {".keep": ""},
            [binary, *arguments],
            read,
            {self.sh: "dash", self.zsh: "zsh"}.get(binary, f"bash {self.version}"),
            program,
            stdin=program if client == "stdin" else None,
            denied=bool(fault.option("denied")),
            paths=self.services.places(v) + [(self.bash, "bash"), ("/bin/dash", "sh"), ("/usr/bin/dash", "sh"), ("/usr/bin/zsh", "zsh")],
            client=client,
        )
