"""Go, C, C++, Rust, Ruby, PHP, R and Perl: how a small program of each is built, run and read.

Each language is one row: file name, commands (the last one runs the program), how a function calls another, how the
program starts, the marks of a remark, and how standard error names the exception.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fault import Job, fill


@dataclass(frozen=True)
class Language:
    file: str
    tool: str
    version: tuple
    commands: str  # shell lines, run in the program's folder
    wrapper: str
    start: str
    remark: str
    error: str  # finds (type, message) in standard error; of one group only it is the message
    head: str = ""
    sent: tuple = (None,)


LANGUAGES = {
    "go": Language(
        "main.go", "go", ("version",), "go build -o prog main.go && exec ./prog",
        "func {g}() {{\n\t{f}()\n}}\n", "func main() {{\n\t{f}()\n}}\n", "//",
        r"^(panic|fatal error): (.*)$|^\./main\.go:\d+:\d+: ()(.*)$",
    ),
    "c": Language(
        "main.c", "gcc", ("-dumpfullversion",), "gcc -g -O0 -fsanitize=address -fno-omit-frame-pointer -o prog main.c && exec ./prog",
        "int {g}(void) {{\n    return {f}();\n}}\n", "int main(void) {{\n    return {f}() & 1;\n}}\n", "//",
        r"^==\d+==ERROR: AddressSanitizer: (?:attempting )?(\S+) (.*)$|^main\.c:\d+:\d+: error: ()(.*)$|(): (undefined reference.*)$",
    ),
    "cpp": Language(
        "main.cpp", "g++", ("-dumpfullversion",), "g++ -g -O0 -o prog main.cpp && exec ./prog",
        "int {g}() {{\n    return {f}();\n}}\n", "int main() {{\n    return {f}() & 1;\n}}\n", "//",
        r"^terminate called after throwing an instance of '([^']+)'\n  what\(\):\s+(.*)$",
    ),
    "rust": Language(
        "main.rs", "rustc", ("--version",), "rustc --edition 2021 -C debuginfo=1 -A warnings -o prog main.rs && RUST_BACKTRACE=1 exec ./prog",
        "fn {g}() -> i32 {{\n    let value = {f}();\n    value\n}}\n", "fn main() {{\n    println!(\"{{}}\", {f}());\n}}\n", "//",
        r"^thread '[^']*' (?:\(\d+\) )?(panick)ed at [^\n]*\n(.*)$|^error\[(E\d+)\]: (.*)$",
    ),
    "ruby": Language(
        "main.rb", "ruby", ("--version",), "exec ruby main.rb",
        "def {g}\n  {f}\nend\n", "{f}\n", "#", r"(?:in `[^']*': |in <main>': |: )((?s:.*?)) \((\w+(?:::\w+)*)\)|^(?:[^:\n]*:\d+: )()(syntax error.*)$",
    ),
    "php": Language(
        "main.php", "php", ("-r", "echo PHP_VERSION;"), "exec php -d display_errors=stderr -d html_errors=0 -d log_errors=0 main.php",
        "function {g}() {{\n    return {f}();\n}}\n", "{f}();\n", "//",
        r"(?:Fatal error: +Uncaught |PHP Fatal error: +Uncaught )(\w+): (.*) in |(Parse) error: +(.*) in ", "<?php\n",
    ),
    "r": Language(
        "main.R", "Rscript", ("--version",), "exec Rscript --no-init-file main.R",
        "{g} <- function() {{\n  {f}()\n}}\n", "{f}()\n", "#",
        r"^Error(?: in [^\n]*?)? ?: ?\n? *()(.*)$",
    ),
    "perl": Language(
        "main.pl", "perl", ("-e", "print $^V"), "exec perl main.pl",
        "sub {g} {{\n    return {f}();\n}}\n", "{f}();\n", "#", r"^()(\S.* at \S*main\.pl line \d+.*)$",
    ),
}  # fmt: skip


class Other:
    name = "other"
    windows = False
    styles = ("plain", "camel")

    def __init__(self, services, quick=False):
        self.versions = {}
        for name, language in LANGUAGES.items():
            tool = shutil.which(language.tool)
            if tool and not quick:
                asked = subprocess.run([tool, *language.version], capture_output=True, text=True, timeout=60)
                self.versions[name] = f"{language.tool} {(asked.stdout or asked.stderr).strip().splitlines()[0]}"

    def missing(self, fault):
        language = fault.option("language")
        return None if language in self.versions else f"no {LANGUAGES[language].tool}"

    def build(self, fault, v):
        name = fault.option("language")
        language = LANGUAGES[name]
        program = self.program(fault, v, language)
        before = v.log_lines() if v.rng.random() < 0.3 else ""
        sent_type = v.rng.random() < 0.8

        def read(finished):
            match = re.search(language.error, finished.stderr, re.M)
            if finished.code == 0 or not match:
                return None
            kind, message = named(name, fault, [group for group in match.groups() if group is not None])
            return kind if sent_type else None, message, before + finished.stderr

        home = str(Path.home())
        env = {"GOCACHE": f"{home}/.cache/go-build", "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "ASAN_OPTIONS": "color=never"}
        for variable in ("CARGO_HOME", "RUSTUP_HOME"):
            env[variable] = os.environ.get(variable, f"{home}/.{variable.split('_')[0].lower()}")
        return Job(
            {language.file: program}, ["sh", "-c", language.commands], read, self.versions[name], program,
            env=env, timeout_s=60.0, client="script",
        )  # fmt: skip

    def program(self, fault, v, language):
        main = v.pick(fault.programs)
        text = fill(main, v)
        parts, callee = [], v.named("fn")
        for _ in range(v.rng.randint(0, 3)):
            made = v.new("fn")
            parts.append(language.wrapper.format(g=made, f=callee))
            callee = made
        body = text + "\n" + "\n".join(parts) + "\n" + language.start.format(f=callee)
        return language.head + v.remarks(language.remark) + body


def named(language, fault, groups):
    """The type and message as that language's clients send them."""
    first, second = groups[:2]
    if language == "ruby" and first and second:
        return second, first
    if language == "php" and first == "Parse":
        return "ParseError", second
    if first == "panick":
        return "panic", second
    return first or fault.type, second
