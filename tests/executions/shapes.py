"""Call shapes: ways from the start of a program to the function that fails. None of them changes the root cause.

A shape is text that defines a callable `<<outer>>` around the callable `<<callee>>`; what else it names is new each time.
"""

import textwrap

from fault import PLACEHOLDER, indent


def shapes(*texts):
    return tuple(textwrap.dedent(text).strip("\n") + "\n" for text in texts)


def around(v, shape, callee):
    """The text of one shape around `callee`, and the name to call instead."""
    names = {"callee": callee}

    def name(match):
        key = match[1] + match[2]
        if key not in names:
            names[key] = v.new("fn" if match[1] == "outer" else match[1])
        return names[key]

    text = PLACEHOLDER.sub(name, shape)
    return text, names.get("outer")


def chain(v, choices, callee, most=3):
    """Definitions and the outermost name of up to `most` shapes around `callee`."""
    text = ""
    for _ in range(v.rng.randint(0, most)):
        added, callee = around(v, v.pick(choices), callee)
        text += added + "\n\n"
    return text, callee


def filler(v, choices):
    """Up to three harmless pieces, so that line numbers and neighbours differ."""
    return "".join(around(v, v.pick(choices), "")[0] for _ in range(v.rng.randint(0, 3)))


PYTHON = shapes(
    """
    def <<outer>>():
        return <<callee>>()
    """,
    """
    def <<outer>>():
        result = <<callee>>()
        return result
    """,
    """
    def <<outer>>():
        <<callee>>()
    """,
    """
    def <<fn>>(source, *, strict=True):
        if strict:
            return <<callee>>()


    def <<outer>>():
        return <<fn>>(<<int>>, strict=True)
    """,
    """
    class <<Class>>:
        def __init__(self):
            self.ready = True

        def <<fn>>(self):
            return <<callee>>()


    def <<outer>>():
        return <<Class>>().<<fn>>()
    """,
    """
    class <<Class>>(object):
        def __init__(self, size=<<int>>):
            self.size = size
            self.data = <<callee>>()


    <<outer>> = <<Class>>
    """,
    """
    <<outer>> = lambda: <<callee>>()
    """,
    """
    def <<outer>>():
        return list(map(lambda _: <<callee>>(), range(<<small>>)))
    """,
    """
    def <<outer>>():
        return [<<callee>>() for _ in range(<<small>>)]
    """,
    """
    def <<fn>>():
        for _ in range(<<small>>):
            yield <<callee>>()


    def <<outer>>():
        for item in <<fn>>():
            print(item)
    """,
    """
    import functools


    def <<fn>>(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper


    @<<fn>>
    def <<outer>>():
        return <<callee>>()
    """,
    """
    from concurrent.futures import ThreadPoolExecutor


    def <<outer>>():
        with ThreadPoolExecutor(max_workers=<<small>>) as pool:
            return pool.submit(<<callee>>).result()
    """,
    """
    def <<fn>>(depth):
        if depth == 0:
            return <<callee>>()
        return <<fn>>(depth - 1)


    def <<outer>>():
        return <<fn>>(<<small>>)
    """,
    """
    def <<outer>>():
        try:
            int('<<noun>>')
        except ValueError:
            pass
        return <<callee>>()
    """,
    """
    import contextlib


    @contextlib.contextmanager
    def <<fn>>():
        yield <<int>>


    def <<outer>>():
        with <<fn>>() as handle:
            return <<callee>>()
    """,
    """
    class <<Class>>:
        @property
        def <<attr>>(self):
            return self._make()

        def _make(self):
            return <<callee>>()


    def <<outer>>():
        return <<Class>>().<<attr>>
    """,
    """
    def <<outer>>():
        return sorted([<<int>>, <<int2>>], key=lambda item: <<callee>>())
    """,
    """
    def <<outer>>():
        for attempt in range(2):
            try:
                return <<callee>>()
            except BufferError:
                if attempt:
                    raise
    """,
    """
    def <<outer>>():
        try:
            return <<callee>>()
        except Exception:
            print('failed')
            raise
    """,
    # The next three fail while another, unrelated exception is being handled.
    """
    def <<outer>>():
        try:
            return [].pop()
        except Exception:
            return <<callee>>()
    """,
    """
    def <<outer>>():
        try:
            return {'<<key>>': <<int>>}['cache']
        except KeyError:
            return <<callee>>()
    """,
    """
    def <<outer>>():
        try:
            with open('/nonexistent/<<noun>>.cache') as cache:
                return cache.read()
        except OSError:
            return <<callee>>()
    """,
)
PYTHON_LOOPS = shapes(
    """
    import asyncio


    async def <<fn>>():
        await asyncio.sleep(0)
        return <<callee>>()


    def <<outer>>():
        return asyncio.run(<<fn>>())
    """,
    """
    import asyncio


    async def <<fn>>():
        return <<callee>>()


    async def <<fn2>>():
        task = asyncio.create_task(<<fn>>())
        return await asyncio.gather(task, asyncio.sleep(0))


    def <<outer>>():
        return asyncio.run(<<fn2>>())
    """,
)
PYTHON_LATER = shapes(  # of faults that are `wide`
    """
    from dataclasses import dataclass


    @dataclass
    class <<Class>>:
        name: str = '<<noun>>'

        def __post_init__(self):
            <<callee>>()


    <<outer>> = <<Class>>
    """,
    """
    from functools import partial


    def <<fn>>(mode, retries):
        return <<callee>>()


    <<outer>> = partial(<<fn>>, '<<noun>>', retries=<<small>>)
    """,
    """
    class <<Class>>:
        steps = ('<<noun>>', '<<noun2>>')

        def __call__(self):
            for step in self.steps:
                getattr(self, '_run')(step)

        def _run(self, step):
            return <<callee>>()


    <<outer>> = <<Class>>()
    """,
    """
    class <<Class>>:
        def <<fn>>(self):
            return <<callee>>()


    class <<Class2>>(<<Class>>):
        def <<fn>>(self):
            return super().<<fn>>()


    def <<outer>>():
        return <<Class2>>().<<fn>>()
    """,
    """
    def <<outer>>():
        def inner():
            return <<callee>>()

        return inner()
    """,
    """
    import argparse


    def <<outer>>():
        parser = argparse.ArgumentParser()
        parser.add_argument('--<<noun>>', default='<<noun2>>')
        options = parser.parse_args([])
        if options:
            return <<callee>>()
    """,
    """
    def <<outer>>():
        handlers = {'<<noun>>': <<callee>>}
        return handlers.get('<<noun>>')()
    """,
    """
    import contextlib


    def <<outer>>():
        with contextlib.ExitStack() as stack:
            stack.callback(print, '<<noun>> closed')
            return <<callee>>()
    """,
)
PYTHON_FILLER = shapes(
    "<<env>> = <<big>>",
    "import os, sys",
    "print('<<text>>')",
    """

    def <<fn>>(value):
        \"\"\"<<text>>\"\"\"
        return value

    """,
)
PYTHON_CALLS = shapes(
    "<<callee>>()",
    "print(<<callee>>())",
    "if __name__ == '__main__':\n    <<callee>>()",
    "for _ in range(<<small>>):\n    <<callee>>()",
)


def python(v, fault, top, body):
    """A Python program and its helper modules: the failing statements at the end of some call path."""
    files = {}
    head = v.pick(["#!/usr/bin/env python3\n"] + [""] * 8) + v.remarks("#") + top
    if v.rng.random() < 0.25 and not fault.option("shaped"):
        return head + filler(v, PYTHON_FILLER) + body, files
    name = v.new("fn")
    function = f"def {name}():\n{indent(body)}\n"
    if v.rng.random() < 0.15 and not fault.option("one_file"):
        module = v.new("mod")
        files[f"{module}.py"] = head + filler(v, PYTHON_FILLER) + "\n" + function
        head, function = v.remarks("#", 0.1) + f"from {module} import {name}\n", ""
    choices = PYTHON + (PYTHON_LATER if fault.option("wide") else ())
    path, last = chain(v, choices if fault.option("no_loop") else choices + PYTHON_LOOPS, name)
    if not fault.option("no_loop") and path.count("asyncio.run(") > 1:  # loops do not nest
        path, last = "", name
    call = v.pick(PYTHON_CALLS).replace("<<callee>>", last).replace("<<small>>", v.new("small"))
    return head + filler(v, PYTHON_FILLER) + "\n" + function + "\n\n" + path + call, files


# A JavaScript shape hands on what the callee returns, so that promises stay on the path.
JAVASCRIPT = shapes(
    """
    function <<outer>>() {
      return <<callee>>();
    }
    """,
    """
    const <<outer>> = () => <<callee>>();
    """,
    """
    const <<outer>> = function () {
      const value = <<callee>>();
      return value;
    };
    """,
    """
    class <<Class>> {
      constructor() {
        this.size = <<int>>;
      }

      <<fn>>() {
        return <<callee>>();
      }
    }

    function <<outer>>() {
      return new <<Class>>().<<fn>>();
    }
    """,
    """
    class <<Class>> {
      async <<fn>>() {
        return <<callee>>();
      }
    }

    const <<outer>> = () => new <<Class>>().<<fn>>();
    """,
    """
    class <<Class>> {
      static <<fn>>() {
        return <<callee>>();
      }
    }

    const <<outer>> = <<Class>>.<<fn>>;
    """,
    """
    function <<outer>>() {
      return [<<int>>].map(() => <<callee>>())[0];
    }
    """,
    """
    const <<outer>> = () => {
      [<<int>>, <<int2>>].forEach((item) => {
        <<callee>>(item);
      });
    };
    """,
    """
    async function <<outer>>() {
      await null;
      return <<callee>>();
    }
    """,
    """
    async function <<outer>>() {
      const value = await <<callee>>();
      return value;
    }
    """,
    """
    function <<outer>>() {
      return Promise.resolve(<<int>>).then(() => <<callee>>());
    }
    """,
    """
    const <<outer>> = () => new Promise((resolve) => {
      resolve(<<callee>>());
    });
    """,
    """
    async function <<outer>>() {
      const [value] = await Promise.all([<<callee>>(), <<int>>]);
      return value;
    }
    """,
    """
    function <<outer>>() {
      setTimeout(() => <<callee>>());
    }
    """,
    """
    function <<outer>>() {
      setImmediate(<<callee>>);
    }
    """,
    """
    function <<outer>>() {
      process.nextTick(() => {
        <<callee>>();
      });
    }
    """,
    """
    function <<outer>>() {
      queueMicrotask(() => <<callee>>());
    }
    """,
    """
    const Events<<big>> = require('events');

    function <<outer>>() {
      const bus = new Events<<big>>();
      bus.on('<<noun>>', () => <<callee>>());
      bus.emit('<<noun>>', <<int>>);
    }
    """,
    """
    function* <<fn>>() {
      yield <<int>>;
      yield <<callee>>();
    }

    function <<outer>>() {
      return [...<<fn>>()];
    }
    """,
    """
    function <<fn>>(depth) {
      if (depth === 0) return <<callee>>();
      return <<fn>>(depth - 1);
    }

    const <<outer>> = () => <<fn>>(<<small>>);
    """,
    """
    function <<outer>>() {
      try {
        JSON.parse('<<noun>>');
      } catch (ignored) {
        // not this one
      }
      return <<callee>>();
    }
    """,
    """
    function <<outer>>() {
      try {
        return <<callee>>();
      } catch (error) {
        console.log('failed');
        throw error;
      }
    }
    """,
    """
    const <<outer>> = () => ({
      get <<attr>>() {
        return <<callee>>();
      },
    }).<<attr>>;
    """,
    """
    const <<outer>> = function () {
      return <<callee>>.apply(this, arguments);
    }.bind({ id: <<int>> });
    """,
)
JAVASCRIPT_LATER = shapes(  # of faults that are `wide`
    """
    async function <<outer>>() {
      for (let attempt = 1; attempt <= <<small>>; attempt += 1) {
        try {
          return await <<callee>>();
        } catch (error) {
          if (attempt === <<small>>) throw error;
        }
      }
    }
    """,
    """
    class <<Class>> {
      <<fn>>() {
        return <<callee>>();
      }
    }

    class <<Class2>> extends <<Class>> {
      <<fn>>() {
        return super.<<fn>>();
      }
    }

    const <<outer>> = () => new <<Class2>>().<<fn>>();
    """,
    """
    const <<outer>> = () => {
      const handlers = new Map([['<<noun>>', <<callee>>]]);
      return handlers.get('<<noun>>')();
    };
    """,
    """
    const <<outer>> = () => Array.from({ length: 1 }, () => <<callee>>())[0];
    """,
    """
    async function* <<fn>>() {
      yield await <<callee>>();
    }

    async function <<outer>>() {
      for await (const item of <<fn>>()) console.log(item);
    }
    """,
    """
    const <<outer>> = (() => {
      let calls = 0;
      return () => {
        calls += 1;
        return <<callee>>();
      };
    })();
    """,
    """
    function <<outer>>() {
      return ['<<noun>>'].reduce((all, item) => <<callee>>() || all, null);
    }
    """,
)
JAVASCRIPT_FILLER = shapes(
    "const <<env>><<big>> = <<big2>>;",
    "console.log('<<text>>');",
    "/* <<text>> */",
    """

    function <<fn>>(value) {
      return value;
    }

    """,
)
JAVASCRIPT_CALLS = shapes(
    "<<callee>>();",
    "<<callee>>();",
    "const answer = <<callee>>();",
    "if (process.argv.length > 0) <<callee>>();",
    "(async () => {\n  await <<callee>>();\n})();",
)


def javascript(v, fault, top, body):
    """A JavaScript program and its own modules."""
    files = {}
    head = v.remarks("//") + v.pick(["'use strict';\n\n", "", ""]) + top
    if v.rng.random() < 0.2 and "return" not in body:
        return head + filler(v, JAVASCRIPT_FILLER) + body, files
    name = v.new("fn")
    word = v.pick(["function", "async function"]) if fault.option("asynchronous") else "function"
    function = f"{word} {name}() {{\n{textwrap.indent(body, '  ')}}}\n"
    if v.rng.random() < 0.15 and not fault.option("one_file"):
        module = v.new("mod")
        files[f"{module}.js"] = head + filler(v, JAVASCRIPT_FILLER) + f"\n{function}\nmodule.exports = {{ {name} }};\n"
        head, function = v.remarks("//", 0.1) + f"const {{ {name} }} = require('./{module}');\n", ""
    path, last = chain(v, JAVASCRIPT + (JAVASCRIPT_LATER if fault.option("wide") else ()), name)
    call = v.pick(JAVASCRIPT_CALLS).replace("<<callee>>", last)
    return head + filler(v, JAVASCRIPT_FILLER) + "\n" + function + "\n" + path + call, files


# Java methods of a path are static, take nothing, give nothing, and may throw anything.
JAVA = shapes(
    """
    static void <<outer>>() throws Exception {
        <<callee>>();
    }
    """,
    """
    private static void <<outer>>() throws Exception {
        long started = System.nanoTime();
        <<callee>>();
        System.out.println(System.nanoTime() - started);
    }
    """,
    """
    static class <<Class>> {
        final int size = <<int>>;

        void <<fn>>() throws Exception {
            <<callee>>();
        }
    }

    static void <<outer>>() throws Exception {
        new <<Class>>().<<fn>>();
    }
    """,
    """
    static class <<Class>> {
        <<Class>>(String name) throws Exception {
            <<callee>>();
        }
    }

    static void <<outer>>() throws Exception {
        new <<Class>>("<<noun>>");
    }
    """,
    """
    static void <<outer>>() throws Exception {
        java.util.concurrent.Callable<Object> task = () -> {
            <<callee>>();
            return null;
        };
        task.call();
    }
    """,
    """
    interface <<Class>> {
        default void <<fn>>() throws Exception {
            <<callee>>();
        }
    }

    static void <<outer>>() throws Exception {
        new <<Class>>() { }.<<fn>>();
    }
    """,
    """
    static void <<fn>>(int depth) throws Exception {
        if (depth == 0) {
            <<callee>>();
            return;
        }
        <<fn>>(depth - 1);
    }

    static void <<outer>>() throws Exception {
        <<fn>>(<<small>>);
    }
    """,
    """
    static void <<outer>>() throws Exception {
        try {
            Long.parseLong("<<noun>>");
        } catch (NumberFormatException ignored) {
            // not this one
        }
        <<callee>>();
    }
    """,
    """
    static void <<outer>>() throws Exception {
        try {
            <<callee>>();
        } finally {
            System.out.println("<<noun>> done");
        }
    }
    """,
    """
    static <T> T <<fn>>(java.util.function.Supplier<T> source) throws Exception {
        <<callee>>();
        return source.get();
    }

    static void <<outer>>() throws Exception {
        <<fn>>(() -> <<int>>);
    }
    """,
    # The caller of a future takes the real exception out, or lets the wrapper go on.
    """
    static void <<outer>>() throws Exception {
        java.util.concurrent.ExecutorService pool = java.util.concurrent.Executors.newFixedThreadPool(<<small>>);
        try {
            pool.submit(() -> {
                <<callee>>();
                return null;
            }).get();
        } catch (java.util.concurrent.ExecutionException failed) {
            if (failed.getCause() instanceof Error) throw (Error) failed.getCause();
            throw (Exception) failed.getCause();
        } finally {
            pool.shutdownNow();
        }
    }
    """,
    """
    static void <<outer>>() throws Exception {
        java.util.concurrent.ExecutorService pool = java.util.concurrent.Executors.newSingleThreadExecutor();
        try {
            pool.submit(() -> {
                <<callee>>();
                return null;
            }).get();
        } finally {
            pool.shutdownNow();
        }
    }
    """,
)


JAVA_LATER = shapes(  # of faults that are `wide`
    """
    static abstract class <<Class>> {
        abstract void <<fn>>() throws Exception;

        void run() throws Exception {
            <<fn>>();
        }
    }

    static class <<Class2>> extends <<Class>> {
        @Override
        void <<fn>>() throws Exception {
            <<callee>>();
        }
    }

    static void <<outer>>() throws Exception {
        new <<Class2>>().run();
    }
    """,
    """
    static class <<Class>> implements AutoCloseable {
        public void close() {
            System.out.println("<<noun>> closed");
        }
    }

    static void <<outer>>() throws Exception {
        try (<<Class>> resource = new <<Class>>()) {
            <<callee>>();
        }
    }
    """,
    """
    static void <<outer>>() throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                <<callee>>();
                return;
            } catch (Exception failed) {
                if (attempt == <<small>>) throw failed;
            }
        }
    }
    """,
    """
    enum <<Class>> {
        FIRST {
            void <<fn>>() throws Exception {
                <<callee>>();
            }
        };

        abstract void <<fn>>() throws Exception;
    }

    static void <<outer>>() throws Exception {
        <<Class>>.FIRST.<<fn>>();
    }
    """,
)


def java(v, main, package, top, body, choices=JAVA):
    """A Java class with a main method and the failing statements on some call path."""
    imports = "".join(line + "\n" for line in top.splitlines() if line.startswith("import "))
    members = "\n".join(line for line in top.splitlines() if not line.startswith("import "))
    name = v.new("fn")
    function = f"static void {name}() throws Exception {{\n{indent(body)}}}\n"
    path, last = chain(v, choices, name)
    start = f"public static void main(String[] args) throws Exception {{\n    {last}();\n}}\n"
    order = [members + "\n", function, path, start]
    if v.rng.random() < 0.4:
        order.reverse()
    head = v.remarks("//") + (f"package {package};\n\n" if package else "") + imports
    return f"{head}\npublic class {main} {{\n" + indent("\n".join(order)) + "}\n"


SHELL = shapes(
    """
    <<outer>>() {
      <<callee>>
    }
    """,
    """
    <<outer>> () {
      <<callee>> "$@"
    }
    """,
    """
    <<fn>>() {
      echo "$1" >/dev/null
      <<callee>>
    }
    <<outer>>() {
      <<fn>> <<noun>> <<int>>
    }
    """,
    """
    <<outer>>() {
      if [ <<int>> -gt 1 ]; then
        <<callee>>
      fi
    }
    """,
    """
    <<outer>>() {
      for item in <<noun>>; do
        <<callee>>
      done
    }
    """,
    """
    <<outer>>() {
      grep -q <<noun>> /dev/null || true
      <<callee>>
    }
    """,
)
SHELL_FILLER = shapes('export <<env>>="<<word>>"', 'echo "<<text>>"', "umask 022")


def shell(v, fault, body):
    """A shell script: the failing commands at the end, perhaps inside functions."""
    head = v.pick(["#!/bin/bash\n", "#!/usr/bin/env bash\n", ""]) + v.remarks("#") + filler(v, SHELL_FILLER)
    if fault.option("flat") or v.rng.random() < 0.5:
        return head + body
    name = v.new("fn")
    path, last = chain(v, SHELL, name)
    return f"{head}\n{name}() {{\n{textwrap.indent(body, '  ')}}}\n{path}{last}\n"
