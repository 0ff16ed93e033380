"""Call shapes: ways from the start of a program to the function that fails. None of them changes the root cause.

A wrapper takes the name of a callable and gives definitions and the name of a new callable around it.
"""

from fault import indent


def chain(wrappers, values, callee, most=3):
    """Definitions and the outermost name of up to `most` wrappers around `callee`."""
    text = ""
    for _ in range(values.rng.randint(0, most)):
        wrapper = values.pick(wrappers)
        added, callee = wrapper(values, callee)
        text += added + "\n"
    return text, callee


def new(values, kind="fn"):
    """A new name of the program."""
    return getattr(values, {"fn": "make_fn", "var": "make_var", "class": "make_class_name"}[kind])()


# Python.


def py_function(v, f):
    g = new(v)
    return f"def {g}():\n    {v.pick(['return ' + f + '()', 'result = ' + f + '()' + chr(10) + '    return result', f + '()'])}\n", g


def py_arguments(v, f):
    g, h = new(v), new(v)
    return f"def {g}(source, *, strict=True):\n    if strict:\n        return {f}()\n\n\ndef {h}():\n    return {g}({v.named('int')}, strict=True)\n", h


def py_method(v, f):
    c, m, g = new(v, "class"), new(v), new(v)
    return f"class {c}:\n    def __init__(self):\n        self.ready = True\n\n    def {m}(self):\n        return {f}()\n\n\ndef {g}():\n    return {c}().{m}()\n", g


def py_constructor(v, f):
    c, g = new(v, "class"), new(v)
    return f"class {c}(object):\n    def __init__(self, size={v.make_int()}):\n        self.size = size\n        self.data = {f}()\n\n\n{g} = {c}\n", g


def py_lambda(v, f):
    g = new(v)
    return f"{g} = lambda: {f}()\n", g


def py_map(v, f):
    g = new(v)
    return f"def {g}():\n    return list(map(lambda _: {f}(), range({v.make_small()})))\n", g


def py_comprehension(v, f):
    g = new(v)
    return f"def {g}():\n    return [{f}() for _ in range({v.make_small()})]\n", g


def py_generator(v, f):
    g, h = new(v), new(v)
    return f"def {g}():\n    for _ in range({v.make_small()}):\n        yield {f}()\n\n\ndef {h}():\n    for item in {g}():\n        print(item)\n", h


def py_decorator(v, f):
    d, g = new(v), new(v)
    return (
        f"import functools\n\n\ndef {d}(function):\n    @functools.wraps(function)\n    def wrapper(*args, **kwargs):\n"
        f"        return function(*args, **kwargs)\n    return wrapper\n\n\n@{d}\ndef {g}():\n    return {f}()\n"
    ), g


def py_thread_pool(v, f):
    g = new(v)
    return (
        f"from concurrent.futures import ThreadPoolExecutor\n\n\ndef {g}():\n    with ThreadPoolExecutor(max_workers={v.make_small()}) as pool:\n"
        f"        return pool.submit({f}).result()\n"
    ), g


def py_recursion(v, f):
    g, h = new(v), new(v)
    return f"def {g}(depth):\n    if depth == 0:\n        return {f}()\n    return {g}(depth - 1)\n\n\ndef {h}():\n    return {g}({v.rng.randint(1, 6)})\n", h


def py_handled(v, f):
    g = new(v)
    return f"def {g}():\n    try:\n        int('{v.make_noun()}')\n    except ValueError:\n        pass\n    return {f}()\n", g


def py_context(v, f):
    c, g = new(v), new(v)
    return f"import contextlib\n\n\n@contextlib.contextmanager\ndef {c}():\n    yield {v.make_int()}\n\n\ndef {g}():\n    with {c}() as handle:\n        return {f}()\n", g


def py_property(v, f):
    c, a, g = new(v, "class"), v.make_attr(), new(v)
    return f"class {c}:\n    @property\n    def {a}(self):\n        return self._make()\n\n    def _make(self):\n        return {f}()\n\n\ndef {g}():\n    return {c}().{a}\n", g


def py_sort_key(v, f):
    g = new(v)
    return f"def {g}():\n    return sorted([{v.make_int()}, {v.make_int()}], key=lambda item: {f}())\n", g


def py_retry(v, f):
    g = new(v)
    return f"def {g}():\n    for attempt in range(2):\n        try:\n            return {f}()\n        except ArithmeticError:\n            if attempt:\n                raise\n    return {f}()\n", g


def py_reraise(v, f):
    g = new(v)
    return f"def {g}():\n    try:\n        return {f}()\n    except Exception:\n        print('failed')\n        raise\n", g


def py_chained(v, f):
    """Fails while another, unrelated exception is being handled."""
    g = new(v)
    broken = v.pick(["[].pop()", "float('n/a')", "{}['cache']", "open('/nonexistent/cache.bin')", "1 / 0"])
    return f"def {g}():\n    try:\n        return {broken}\n    except Exception:\n        return {f}()\n", g


def py_async(v, f):
    g, h = new(v), new(v)
    return f"import asyncio\n\n\nasync def {g}():\n    await asyncio.sleep(0)\n    return {f}()\n\n\ndef {h}():\n    return asyncio.run({g}())\n", h


def py_task(v, f):
    g, m, h = new(v), new(v), new(v)
    return (
        f"import asyncio\n\n\nasync def {g}():\n    return {f}()\n\n\nasync def {m}():\n"
        f"    task = asyncio.create_task({g}())\n    return await asyncio.gather(task, asyncio.sleep(0))\n\n\ndef {h}():\n    return asyncio.run({m}())\n"
    ), h


PYTHON = (
    py_function, py_function, py_function, py_arguments, py_method, py_method, py_constructor, py_lambda, py_map,
    py_comprehension, py_generator, py_decorator, py_thread_pool, py_recursion, py_handled, py_context, py_property,
    py_sort_key, py_retry, py_reraise, py_chained,
)  # fmt: skip
PYTHON_ASYNC = (py_async, py_task)


def python(v, fault, top, body):
    """A Python program and its helper modules: the failing statements inside some call path."""
    files = {}
    head = ("#!/usr/bin/env python3\n" if v.rng.random() < 0.1 else "") + v.remarks("#") + top
    if v.rng.random() < 0.25 and not fault.option("shaped"):
        return head + python_filler(v) + body, files
    f = new(v)
    function = f"def {f}():\n{indent(body)}\n"
    if v.rng.random() < 0.15 and not fault.option("one_file"):
        module = v.make_mod()
        files[f"{module}.py"] = head + python_filler(v) + "\n" + function
        head, function = v.remarks("#", 0.1) + f"from {module} import {f}\n", ""
    wrappers = PYTHON + (PYTHON_ASYNC if not fault.option("no_loop") else ())
    path, last = chain(wrappers, v, f)
    if fault.option("no_loop") is None and path.count("asyncio.run(") > 1:  # loops do not nest
        path, last = "", f
    call = v.pick([f"{last}()\n", f"print({last}())\n", f"if __name__ == '__main__':\n    {last}()\n", f"for _ in range({v.make_small()}):\n    {last}()\n"])
    return head + python_filler(v) + "\n" + function + "\n\n" + path + "\n" + call, files


def python_filler(v):
    parts = []
    for _ in range(v.rng.randint(0, 3)):
        parts.append(
            v.pick(
                [
                    lambda: f"{v.make_var().upper()} = {v.make_big()}\n",
                    lambda: "import os, sys\n",
                    lambda: f"\ndef {new(v)}(value):\n    \"\"\"{v.make_text()}\"\"\"\n    return value\n\n",
                    lambda: f"print('{v.make_text()}')\n",
                ]
            )()
        )
    return "".join(parts)


# JavaScript. A wrapper hands on what the callee returns, so that promises stay on the path.


def js_function(v, f):
    g = new(v)
    return v.pick([f"function {g}() {{\n  return {f}();\n}}\n", f"const {g} = () => {f}();\n", f"const {g} = function () {{\n  const value = {f}();\n  return value;\n}};\n"]), g


def js_method(v, f):
    c, m, g = new(v, "class"), new(v), new(v)
    return f"class {c} {{\n  constructor() {{\n    this.size = {v.make_int()};\n  }}\n\n  {v.pick(['', 'async '])}{m}() {{\n    return {f}();\n  }}\n}}\n\nfunction {g}() {{\n  return new {c}().{m}();\n}}\n", g


def js_static(v, f):
    c, m, g = new(v, "class"), new(v), new(v)
    return f"class {c} {{\n  static {m}() {{\n    return {f}();\n  }}\n}}\n\nconst {g} = {c}.{m};\n", g


def js_map(v, f):
    g = new(v)
    return f"function {g}() {{\n  return [{v.make_int()}].map(() => {f}())[0];\n}}\n", g


def js_for_each(v, f):
    g = new(v)
    return f"const {g} = () => {{\n  [{v.make_int()}, {v.make_int()}].forEach((item) => {{\n    {f}(item);\n  }});\n}};\n", g


def js_async(v, f):
    g = new(v)
    return f"async function {g}() {{\n  await null;\n  return {v.pick(['', 'await '])}{f}();\n}}\n", g


def js_then(v, f):
    g = new(v)
    return f"function {g}() {{\n  return Promise.resolve({v.make_int()}).then(() => {f}());\n}}\n", g


def js_promise(v, f):
    g = new(v)
    return f"const {g} = () => new Promise((resolve) => {{\n  resolve({f}());\n}});\n", g


def js_all(v, f):
    g = new(v)
    return f"async function {g}() {{\n  const [value] = await Promise.all([{f}(), {v.make_int()}]);\n  return value;\n}}\n", g


def js_timer(v, f):
    g = new(v)
    return f"function {g}() {{\n  {v.pick(['setTimeout', 'setImmediate', 'process.nextTick', 'queueMicrotask'])}(() => {f}());\n}}\n", g


def js_emitter(v, f):
    g = new(v)
    event = v.make_noun()
    name = "Events" + str(v.make_big())
    return f"const {name} = require('events');\n\nfunction {g}() {{\n  const bus = new {name}();\n  bus.on('{event}', () => {f}());\n  bus.emit('{event}', {v.make_int()});\n}}\n", g


def js_generator(v, f):
    g, h = new(v), new(v)
    return f"function* {g}() {{\n  yield {v.make_int()};\n  yield {f}();\n}}\n\nfunction {h}() {{\n  return [...{g}()];\n}}\n", h


def js_recursion(v, f):
    g, h = new(v), new(v)
    return f"function {g}(depth) {{\n  if (depth === 0) return {f}();\n  return {g}(depth - 1);\n}}\n\nconst {h} = () => {g}({v.rng.randint(1, 6)});\n", h


def js_handled(v, f):
    g = new(v)
    return f"function {g}() {{\n  try {{\n    JSON.parse('{v.make_noun()}');\n  }} catch (ignored) {{\n    // not this one\n  }}\n  return {f}();\n}}\n", g


def js_rethrow(v, f):
    g = new(v)
    return f"function {g}() {{\n  try {{\n    return {f}();\n  }} catch (error) {{\n    console.log('failed');\n    throw error;\n  }}\n}}\n", g


def js_getter(v, f):
    a, g = v.make_attr(), new(v)
    return f"const {g} = () => ({{\n  get {a}() {{\n    return {f}();\n  }},\n}}).{a};\n", g


def js_bound(v, f):
    g = new(v)
    return f"const {g} = function () {{\n  return {f}.apply(this, arguments);\n}}.bind({{ id: {v.make_int()} }});\n", g


JAVASCRIPT = (
    js_function, js_function, js_function, js_method, js_method, js_static, js_map, js_for_each, js_async, js_async,
    js_then, js_promise, js_all, js_timer, js_emitter, js_generator, js_recursion, js_handled, js_rethrow, js_getter, js_bound,
)  # fmt: skip


def javascript(v, fault, top, body):
    """A JavaScript program and its own modules."""
    files = {}
    f = new(v)
    head = v.remarks("//") + v.pick(["'use strict';\n\n", "", ""]) + top
    inside = indent(body).replace("    ", "  ", 1)
    function = f"{v.pick(['function', 'async function']) if fault.option('asynchronous') else 'function'} {f}() {{\n{inside}}}\n"
    if v.rng.random() < 0.2 and "return" not in body:
        return head + javascript_filler(v) + body, files
    if v.rng.random() < 0.15 and not fault.option("one_file"):
        module = v.make_mod()
        files[f"{module}.js"] = head + javascript_filler(v) + "\n" + function + f"\nmodule.exports = {{ {f} }};\n"
        head, function = v.remarks("//", 0.1) + f"const {{ {f} }} = require('./{module}');\n", ""
    path, last = chain(JAVASCRIPT, v, f)
    call = v.pick([f"{last}();\n", f"const answer = {last}();\n", f"if (require.main === module || true) {last}();\n", f"(async () => {{\n  await {last}();\n}})();\n", f"{last}();\n"])
    return head + javascript_filler(v) + "\n" + function + "\n" + path + "\n" + call, files


def javascript_filler(v):
    parts = []
    for _ in range(v.rng.randint(0, 3)):
        parts.append(
            v.pick(
                [
                    lambda: f"const {new(v, 'var')}{v.make_big()} = {v.make_big()};\n",
                    lambda: f"\nfunction {new(v)}(value) {{\n  return value;\n}}\n\n",
                    lambda: f"console.log('{v.make_text()}');\n",
                    lambda: "/* " + v.make_text() + " */\n",
                ]
            )()
        )
    return "".join(parts)


# Java. Methods are static, take nothing, give nothing, and may throw anything.


def jv_method(v, f):
    g = new(v)
    return f"static void {g}() throws Exception {{\n    {f}();\n}}\n", g


def jv_instance(v, f):
    c, m, g = new(v, "class"), new(v), new(v)
    return f"static class {c} {{\n    final int size = {v.make_int()};\n\n    void {m}() throws Exception {{\n        {f}();\n    }}\n}}\n\nstatic void {g}() throws Exception {{\n    new {c}().{m}();\n}}\n", g


def jv_constructor(v, f):
    c, g = new(v, "class"), new(v)
    return f"static class {c} {{\n    {c}(String name) throws Exception {{\n        {f}();\n    }}\n}}\n\nstatic void {g}() throws Exception {{\n    new {c}(\"{v.make_noun()}\");\n}}\n", g


def jv_lambda(v, f):
    g = new(v)
    return f"static void {g}() throws Exception {{\n    java.util.concurrent.Callable<Object> task = () -> {{\n        {f}();\n        return null;\n    }};\n    task.call();\n}}\n", g


def jv_interface(v, f):
    c, m, g = new(v, "class"), new(v), new(v)
    return f"interface {c} {{\n    default void {m}() throws Exception {{\n        {f}();\n    }}\n}}\n\nstatic void {g}() throws Exception {{\n    new {c}() {{ }}.{m}();\n}}\n", g


def jv_recursion(v, f):
    g, h = new(v), new(v)
    return f"static void {g}(int depth) throws Exception {{\n    if (depth == 0) {{\n        {f}();\n        return;\n    }}\n    {g}(depth - 1);\n}}\n\nstatic void {h}() throws Exception {{\n    {g}({v.rng.randint(1, 5)});\n}}\n", h


def jv_handled(v, f):
    g = new(v)
    return f"static void {g}() throws Exception {{\n    try {{\n        Long.parseLong(\"{v.make_noun()}\");\n    }} catch (NumberFormatException ignored) {{\n        // not this one\n    }}\n    {f}();\n}}\n", g


def jv_finally(v, f):
    g = new(v)
    return f"static void {g}() throws Exception {{\n    try {{\n        {f}();\n    }} finally {{\n        System.out.println(\"{v.make_noun()} done\");\n    }}\n}}\n", g


def jv_generic(v, f):
    g, h = new(v), new(v)
    return f"static <T> T {g}(java.util.function.Supplier<T> source) throws Exception {{\n    {f}();\n    return source.get();\n}}\n\nstatic void {h}() throws Exception {{\n    {g}(() -> {v.make_int()});\n}}\n", h


def jv_executor(v, f):
    """A pool's future: the caller sees an ExecutionException around the real one, or takes it out."""
    g = new(v)
    unwrap = v.pick(["throw failed;", "if (failed.getCause() instanceof Error) throw (Error) failed.getCause();\n        throw (Exception) failed.getCause();"])
    return (
        f"static void {g}() throws Exception {{\n    java.util.concurrent.ExecutorService pool = java.util.concurrent.Executors.newFixedThreadPool({v.make_small()});\n"
        f"    try {{\n        pool.submit(() -> {{\n            {f}();\n            return null;\n        }}).get();\n"
        f"    }} catch (java.util.concurrent.ExecutionException failed) {{\n        {unwrap}\n    }} finally {{\n        pool.shutdownNow();\n    }}\n}}\n"
    ), g


JAVA = (
    jv_method, jv_method, jv_method, jv_instance, jv_instance, jv_constructor, jv_lambda, jv_interface, jv_recursion,
    jv_handled, jv_finally, jv_generic, jv_executor,
)  # fmt: skip


def java(v, main, package, top, body):
    """A Java class with a main method and the failing statements on some call path."""
    imports = "".join(line + "\n" for line in top.splitlines() if line.startswith("import "))
    members = "\n".join(line for line in top.splitlines() if not line.startswith("import "))
    f = new(v)
    function = f"static void {f}() throws Exception {{\n{indent(body)}}}\n"
    path, last = chain(JAVA, v, f)
    start = f"public static void main(String[] args) throws Exception {{\n    {last}();\n}}\n"
    order = [members + "\n", function, path, start]
    if v.rng.random() < 0.4:
        order.reverse()
    head = v.remarks("//") + (f"package {package};\n\n" if package else "") + imports
    return f"{head}\npublic class {main} {{\n" + indent("\n".join(order)) + "}\n"


# Shell.


def sh_function(v, f):
    g = new(v)
    return f"{g}() {{\n  {f}\n}}\n", g


def sh_arguments(v, f):
    g, h = new(v), new(v)
    return f"{g}() {{\n  echo \"$1\" >/dev/null\n  {f}\n}}\n{h}() {{\n  {g} {v.make_noun()} {v.make_int()}\n}}\n", h


def sh_condition(v, f):
    g = new(v)
    return f"{g}() {{\n  if [ {v.make_int()} -gt 1 ]; then\n    {f}\n  fi\n}}\n", g


def sh_loop(v, f):
    g = new(v)
    return f"{g}() {{\n  for item in {v.make_noun()}; do\n    {f}\n  done\n}}\n", g


def sh_handled(v, f):
    g = new(v)
    return f"{g}() {{\n  grep -q {v.make_noun()} /dev/null || true\n  {f}\n}}\n", g


SHELL = (sh_function, sh_function, sh_arguments, sh_condition, sh_loop, sh_handled)


def shell(v, fault, body):
    """A shell script: the failing commands at the end, perhaps inside functions."""
    head = v.pick(["#!/bin/bash\n", "#!/usr/bin/env bash\n", ""]) + v.remarks("#")
    for _ in range(v.rng.randint(0, 3)):
        head += v.pick([f"export {v.make_env()}=\"{v.make_word()}\"\n", f"echo \"{v.make_text()}\"\n", "umask 022\n"])
    if fault.option("flat") or v.rng.random() < 0.5:
        return head + body
    f = new(v)
    path, last = chain(SHELL, v, f)
    return f"{head}\n{f}() {{\n" + "".join(f"  {line}\n" for line in body.splitlines()) + f"}}\n{path}{last}\n"
