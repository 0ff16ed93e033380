"""Holds a steady load on a running Errata and draws what becomes of it: live files, commits, freshness, memory.

    cargo build --release && cargo build --release -p collector-processor --example send
    target/release/errata serve --data-dir /tmp/curve & PID=$!
    python3 tests/speed/curve.py --pid $PID --sender target/release/examples/send --minutes 60 --out /tmp/curve.svg

Every `--every` seconds a line: live files of the largest table, commits that took over 250 ms, how long a span took
from the answer of the receiver to a row of SQL, memory, CPU. Live files and commits are what `/metrics` says;
freshness is measured by spans of this program's own, each under a session of its own, asked for over HTTP. At the end
the figures as JSON, and the curve as SVG. Needs Linux and nothing but Python.
"""

import argparse
import json
import math
import os
import re
import secrets
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

SPANS_A_REQUEST = 512
COMMIT_GOAL_S = "0.25"
POLL_S = 0.05
VISIBLE_MAX_S = 60.0
SAMPLE = re.compile(r'^(errata_[a-z_]+)\{([^}]*)\} (\S+)$', re.MULTILINE)


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")


def metrics(http):
    """Samples by name, each a list of (labels, value)."""
    with urllib.request.urlopen(f"http://{http}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = {}
    for name, labels, value in SAMPLE.findall(text):
        found.setdefault(name, []).append((dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)))
    return found


def process(pid):
    """CPU seconds so far, and MB resident now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return (int(fields[11]) + int(fields[12])) / ticks, resident


def freshness(otlp_http, http):
    """Seconds from the answer to one span until SQL has it; `None` where that took too long."""
    session = f"curve-{secrets.token_hex(8)}"
    now = time.time_ns()
    span = {
        "traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": "curve",
        "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000),
        "attributes": [{"key": "session.id", "value": {"stringValue": session}}],
    }
    post(f"http://{otlp_http}/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    sent = time.monotonic()
    query = f"SELECT span_id FROM spans WHERE trace_id = '{span['traceId']}' AND time_unix_nano = {now}"
    while time.monotonic() - sent < VISIBLE_MAX_S:
        if post(f"http://{http}/api/v1/sql", {"query": query}):
            return time.monotonic() - sent
        time.sleep(POLL_S)
    return None


def share(values, part):
    """The value that `part` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(part * len(values)) - 1)]


def sampled(arguments, before, values):
    """One line of the curve."""
    found = metrics(arguments.http)
    files = {labels["table"]: value for labels, value in found.get("errata_lake_files", [])}
    commits = sum(value for _, value in found.get("errata_lake_commit_duration_seconds_count", []))
    quick = sum(
        value for labels, value in found.get("errata_lake_commit_duration_seconds_bucket", [])
        if labels["le"] == COMMIT_GOAL_S
    )
    cpu, resident = process(arguments.pid)
    return {
        "minute": (time.monotonic() - before["at"]) / 60,
        "files": files,
        "commits": commits - before["commits"],
        "slow_commits": commits - quick - before["slow_commits"],
        "fresh_s": values,
        "mb": resident,
        "cpu_s": cpu - before["cpu_s"],
    }


def drawn(lines, figures):
    """The curve as SVG: live files and freshness over minutes."""
    width, height, left, top = 860, 220, 60, 30
    minutes = max(line["minute"] for line in lines) or 1

    def chart(values, limit, title, offset, colour):
        high = max([limit * 1.1] + [value for _, value in values])
        x = lambda minute: left + minute / minutes * (width - left - 20)
        y = lambda value: offset + top + (1 - value / high) * (height - 2 * top)
        path = " ".join(f"{x(minute):.1f},{y(value):.1f}" for minute, value in values)
        ticks = "".join(
            f'<text x="{x(minute):.0f}" y="{offset + height - 12}" text-anchor="middle">{minute:.0f}</text>'
            for minute in [minutes * n / 6 for n in range(7)]
        )
        marks = "".join(
            f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
            for value in (0, limit)
        )
        return (
            f'<text x="{left}" y="{offset + 18}" font-weight="bold">{title}</text>{ticks}{marks}'
            f'<line x1="{left}" x2="{width - 20}" y1="{y(limit):.1f}" y2="{y(limit):.1f}" stroke="#c33" '
            f'stroke-dasharray="5 4"/><line x1="{left}" x2="{width - 20}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#999"/>'
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )

    files = [(line["minute"], max(line["files"].values())) for line in lines if line["files"]]
    fresh = [(line["minute"], max(line["fresh_s"])) for line in lines if line["fresh_s"]]
    memory = [(line["minute"], line["mb"]) for line in lines]
    rate = f"{figures['spans_per_s']:,.0f} spans/s"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{3 * height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        + chart(files, 500, f"live files of the largest table, {rate} (limit 500)", 0, "#36c")
        + chart(fresh, 5, "slowest span of each sample, sent to visible in SQL, s (limit 5)", height, "#283")
        + chart(memory, 512, "resident memory of the process with the engine, MB", 2 * height, "#850")
        + "</svg>\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pid", type=int, required=True, help="process id of the running `errata serve`")
    parser.add_argument("--sender", required=True, help="the example `send` of collector-processor")
    parser.add_argument("--grpc", default="127.0.0.1:4317", help="its OTLP/gRPC address (default %(default)s)")
    parser.add_argument("--otlp-http", default="127.0.0.1:4318", help="its OTLP/HTTP address (default %(default)s)")
    parser.add_argument("--http", default="127.0.0.1:9680", help="the engine's address (default %(default)s)")
    parser.add_argument("--rate", type=float, default=20_000, help="spans a second (default %(default)s)")
    parser.add_argument("--sessions", type=float, default=0.6, help="share of traces with one (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=60, help="(default %(default)s)")
    parser.add_argument("--every", type=float, default=15, help="seconds between lines (default %(default)s)")
    parser.add_argument("--out", type=Path, help="where to draw the curve (SVG)")
    arguments = parser.parse_args()

    started = sampled(arguments, {"at": time.monotonic(), "commits": 0, "slow_commits": 0, "cpu_s": 0}, [])
    before = {"at": time.monotonic()} | {key: started[key] for key in ("commits", "slow_commits", "cpu_s")}
    requests = math.ceil(arguments.rate * arguments.minutes * 60 / SPANS_A_REQUEST)
    command = [arguments.sender, arguments.grpc, "--requests", requests, "--rate", arguments.rate]
    command += ["--sessions", arguments.sessions]
    sender = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
    probes, waiting, lines = [], [], []

    def probe():
        while sender.poll() is None:
            try:
                value = freshness(arguments.otlp_http, arguments.http)
            except (urllib.error.URLError, OSError) as error:
                print(f"probe: {error}", file=sys.stderr)
                value = None
            probes.append(value)
            waiting.append(value)
            time.sleep(1)

    prober = threading.Thread(target=probe, daemon=True)
    prober.start()
    print("minute  files  commits  over 250 ms  freshness max s     MB  CPU cores", flush=True)
    while sender.poll() is None:
        time.sleep(arguments.every)
        fresh = [value for value in waiting if value is not None]
        waiting.clear()
        line = sampled(arguments, before, fresh)
        cores = (line["cpu_s"] - (lines[-1]["cpu_s"] if lines else 0)) / arguments.every
        lines.append(line)
        print(f"{line['minute']:6.1f} {max(line['files'].values(), default=0):6.0f} {line['commits']:8.0f} "
              f"{line['slow_commits']:12.0f} {max(fresh, default=float('nan')):16.2f} {line['mb']:6.0f} {cores:10.2f}",
              flush=True)
    prober.join(VISIBLE_MAX_S + 5)
    if sender.returncode != 0:
        sys.exit(f"the sender ended with {sender.returncode}; is something listening on {arguments.grpc}?")
    figures = json.load(sender.stdout)
    seen = [value for value in probes if value is not None]
    figures |= {
        "files_max": {table: max(line["files"][table] for line in lines) for table in lines[-1]["files"]},
        "commits": lines[-1]["commits"],
        "commits_over_250_ms": lines[-1]["slow_commits"],
        "fresh_p50_s": statistics.median(seen) if seen else None,
        "fresh_p99_s": share(seen, 0.99) if seen else None,
        "probes": len(probes),
        "probes_lost": len(probes) - len(seen),
        "mb_max": max(line["mb"] for line in lines),
        "cpu_s_per_million": lines[-1]["cpu_s"] * 1e6 / figures["spans"],
    }
    if arguments.out:
        arguments.out.write_text(drawn(lines, figures))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
