"""Runs a program inside this process, as platforms do, and writes what a client would report of its exception.

usage: worker.py MODE PROGRAM NAME RECORD
    MODE    sdk        OpenTelemetry SDK: the span's exception event
            exec       exec(compile(...)) under the file name NAME, without the source at hand
            ipython, ipython-color, ipykernel   a cell of IPython, as a notebook's error output
        logging    `logger.exception` of the standard library; log-json: with a formatter that writes JSON
        lambda     the stack trace of an AWS Lambda error object; lambda-log: what its bootstrap logs
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


class JsonFormatter:
    """As python-json-logger writes a record."""

    def format(self, record):
        import logging

        stack = logging.Formatter().formatException(record.exc_info)
        return json.dumps({"asctime": "<<logtime>>", "levelname": record.levelname, "name": record.name, "message": record.getMessage(), "exc_info": stack})


def report_logged(source, name, record, as_json):
    import io
    import logging

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter("<<logformat>>"))
    logger = logging.getLogger("<<logname>>")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        <<run>>(source, name, {"__name__": "__main__"})
    except BaseException as error:
        logger.exception("<<logtext>>")
        write(record, type(error).__name__, str(error), written.getvalue())


def report_lambda(source, name, record, logged):
    try:
        exec(compile(source, name, "exec"), {"__name__": "lambda_function", "__file__": name})
    except BaseException as error:
        stack = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
        text = "".join(stack)
        if logged:
            lines = [line for entry in stack for line in entry.splitlines()]
            lines = ["\u00a0\u00a0" + line[2:] if line.startswith("  ") else line for line in lines]
            head = "[ERROR] %s: %s" % (type(error).__name__, error)
            text = "\n".join([head, "Traceback (most recent call last):"] + lines)
        write(record, type(error).__name__, str(error), text)


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
    elif mode in ("logging", "log-json"):
        report_logged(source, name, record, mode == "log-json")
    elif mode in ("lambda", "lambda-log"):
        report_lambda(source, name, record, mode == "lambda-log")
    else:
        report_cell(source, record, mode == "ipython-color", mode == "ipykernel")


main()
