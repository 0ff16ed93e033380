"""One row of the peers' table for a running Errata: what it spends on a load of OTLP traces.

    cargo build --release && cargo build --release -p collector-processor --example send
    target/release/errata serve --data-dir /tmp/speed & PID=$!
    python3 tests/speed/ingest.py --pid $PID --data-dir /tmp/speed --sender target/release/examples/send

CPU is what the kernel counts for the process, from before the load until `--settle` seconds after the last answer, so
the last flush is in it: give more than the flush interval. The peak is of the whole life of the process. Bytes are
those of the Parquet files of all tables that the load added, less those that compaction replaced meanwhile. On a machine that others use, compare CPU,
not spans per second, and only with runs taken in turn.

`--sink "COMMAND"` names a decode sink, the floor that any receiver pays: a server that does no more than decode each
request, listening on `--sink-grpc`. It is started, given the same load just before Errata, and stopped; the ratio is
Errata's CPU over its CPU. Needs Linux and nothing but Python.
"""

import argparse
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

READY_S = 30.0


def cpu_s(pid):
    """CPU seconds of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def commits(data_dir):
    """Files of the tables' logs, each a commit."""
    return set((data_dir / "lake").glob("*/_delta_log/*.json"))


def stored_bytes(commits):
    """Bytes of Parquet that commits added to the tables, less what they took away."""
    total = 0
    for commit in commits:
        for line in commit.read_text().splitlines():
            action = json.loads(line)
            total += action.get("add", {}).get("size", 0) - action.get("remove", {}).get("size", 0)
    return total


def send(arguments, addr):
    command = [arguments.sender, addr, "--connections", arguments.connections]
    command += ["--requests", arguments.requests, "--sessions", arguments.sessions]
    sent = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE)
    if sent.returncode != 0:
        sys.exit(f"the sender ended with {sent.returncode}; is something listening on {addr}?")
    return json.loads(sent.stdout)


def measured(arguments, pid, addr, settle):
    """Figures of the sender and CPU seconds per million spans of the server."""
    before = cpu_s(pid)
    figures = send(arguments, addr)
    time.sleep(settle)
    if figures["spans"] == 0:
        sys.exit(f"{addr} took no spans")
    figures["cpu_s_per_million"] = (cpu_s(pid) - before) * 1e6 / figures["spans"]
    return figures


def of_sink(arguments):
    """CPU seconds per million spans of the decode sink."""
    sink = subprocess.Popen(shlex.split(arguments.sink), stdout=subprocess.DEVNULL)
    try:
        host, port = arguments.sink_grpc.rsplit(":", 1)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                break
            except OSError:
                if sink.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"the sink does not listen on {arguments.sink_grpc}; see --sink and --sink-grpc")
                time.sleep(0.05)
        return measured(arguments, sink.pid, arguments.sink_grpc, 0.2)["cpu_s_per_million"]
    finally:
        sink.terminate()
        sink.wait(10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pid", type=int, required=True, help="process id of the running server")
    parser.add_argument("--grpc", default="127.0.0.1:4317", help="its OTLP/gRPC address (default %(default)s)")
    parser.add_argument("--data-dir", type=Path, required=True, help="its data folder")
    parser.add_argument("--sender", required=True, help="the example `send` of collector-processor")
    parser.add_argument("--requests", type=int, default=1000, help="of 512 spans each (default %(default)s)")
    parser.add_argument("--connections", type=int, default=4, help="(default %(default)s)")
    parser.add_argument("--sessions", type=float, default=0.6, help="share of traces with one (default %(default)s)")
    parser.add_argument("--settle", type=float, default=5.0, help="seconds after the last answer (default %(default)s)")
    parser.add_argument("--sink", help="command that runs a decode sink")
    parser.add_argument("--sink-grpc", default="127.0.0.1:14317", help="its address (default %(default)s)")
    parser.add_argument("--name", default="Errata", help="first cell of the row (default %(default)s)")
    arguments = parser.parse_args()
    if not Path(f"/proc/{arguments.pid}/stat").exists():
        sys.exit(f"there is no process {arguments.pid}")
    if not (arguments.data_dir / "lake").is_dir():
        sys.exit(f"{arguments.data_dir} is no data folder: it has no folder lake")

    sink = of_sink(arguments) if arguments.sink else None
    before = commits(arguments.data_dir)
    figures = measured(arguments, arguments.pid, arguments.grpc, arguments.settle)
    figures["peak_mb"] = peak_mb(arguments.pid)
    figures["bytes_per_span"] = stored_bytes(commits(arguments.data_dir) - before) / figures["spans"]
    figures["ratio_to_sink"] = figures["cpu_s_per_million"] / sink if sink else None
    row = [
        arguments.name,
        f"{figures['cpu_s_per_million']:.2f}",
        f"{figures['ratio_to_sink']:.2f}" if sink else "",
        f"{figures['peak_mb']:.0f}",
        f"{figures['bytes_per_span']:.0f}",
        f"{figures['p50_ms']:.1f}",
        f"{figures['p99_ms']:.1f}",
        f"{figures['spans_per_s']:,.0f}",
    ]
    print("| server | CPU s a million spans | of a decode sink | peak MB | bytes a span | p50 ms | p99 ms | spans/s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    print("| " + " | ".join(row) + " |")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
