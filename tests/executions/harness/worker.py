"""Runs a program inside this process, as platforms do, and writes what a client would report of its exception.

usage: worker.py MODE PROGRAM NAME RECORD
    MODE    sdk        OpenTelemetry SDK: the span's exception event
            exec       exec(compile(...)) under the file name NAME, without the source at hand
            ipython, ipython-color, ipykernel   a cell of IPython, as a notebook's error output
"""

import json
import sys
import traceback


def write(record, kind, message, stack):
    with open(record, "w", encoding="utf-8", errors="surrogatepass") as out:
        json.dump({"type": kind, "message": message, "stacktrace": stack}, out)


def report_span(source, name, record):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    try:
        with provider.get_tracer("executor").start_as_current_span("run_code"):
            exec(compile(source, name, "exec"), {"__name__": "__main__", "__file__": name})
    except BaseException:
        pass
    for event in exporter.get_finished_spans()[-1].events:
        given = event.attributes
        write(record, given["exception.type"], given["exception.message"], given["exception.stacktrace"])


def <<run>>(source, name, namespace):
    code = compile(source, name, "exec")
    exec(code, namespace)


def report_exec(source, name, record):
    try:
        <<run>>(source, name, {"__name__": "__main__"})
    except BaseException as error:
        write(record, type(error).__name__, str(error), traceback.format_exc())


def report_cell(source, record, color, kernel):
    from IPython.core.interactiveshell import InteractiveShell

    if kernel:
        from ipykernel.compiler import XCachingCompiler

        InteractiveShell.compiler_class = XCachingCompiler
    shell = InteractiveShell.instance(colors="Linux" if color else "NoColor")
    caught = []

    def show(kind, value, lines):
        caught.append((kind.__name__, str(value), "\n".join(lines)))

    shell._showtraceback = show
    for number in range(<<cells>>):
        shell.run_cell("x%d = %d" % (number, number), store_history=True)
    shell.run_cell(source, store_history=True)
    if caught:
        write(record, *caught[-1])


def main():
    mode, program, name, record = sys.argv[1:5]
    sys.argv = [program]
    sys.path[0] = "."
    with open(program, encoding="utf-8", errors="surrogateescape") as text:
        source = text.read()
    if mode == "sdk":
        report_span(source, program, record)
    elif mode == "exec":
        report_exec(source, name, record)
    else:
        report_cell(source, record, mode == "ipython-color", mode == "ipykernel")


main()
