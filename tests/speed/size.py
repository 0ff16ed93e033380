"""Bytes on disk per row: Errata's files, as they are and compacted, beside the same rows written by DuckDB and pyarrow.

    cargo build --release -p errata-lake --example compact
    ~/.cache/errata/venv/bin/python tests/speed/size.py errata-data/lake --compact target/release/examples/compact

The lake is copied first; the copy is compacted as it would be once its dates are past. The peers get the rows of the
copy in the same order, one row group every 131,072 rows as in our compacted files, and otherwise their defaults.
What repeats is written once for each merge of 48 MiB of fresh files: send 500,000 spans or more to see what lasts. `--columns` adds which columns take the room.
"""

import argparse
import collections
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 131_072
LEVELS = (1, 3)
KEYS = {"spans": "service_name", "errors": "pattern_id"}


def live(table):
    """Live files of a Delta table, by its log: what was added and not removed."""
    log = table / "_delta_log"
    files, first = set(), 0
    last = log / "_last_checkpoint"
    if last.exists():
        version = json.loads(last.read_text())["version"]
        first = version + 1
        rows = pq.read_table(log / f"{version:020}.checkpoint.parquet", columns=["add"]).to_pylist()
        files = {row["add"]["path"] for row in rows if row["add"]}
    for commit in sorted(log.glob("*.json")):
        if int(commit.stem) < first:
            continue
        for line in commit.read_text().splitlines():
            action = json.loads(line)
            if "add" in action:
                files.add(action["add"]["path"])
            if "remove" in action:
                files.discard(action["remove"]["path"])
    return [table / file for file in sorted(files)]


def rows_of(files):
    return sum(pq.read_metadata(file).num_rows for file in files)


def bytes_of(files):
    return sum(file.stat().st_size for file in files)


def of_columns(files):
    """Bytes of each leaf column."""
    columns = collections.Counter()
    for file in files:
        metadata = pq.read_metadata(file)
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(place)
                columns[chunk.path_in_schema] += chunk.total_compressed_size
    return columns


def by_duckdb(rows, level, path):
    connection = duckdb.connect()
    connection.register("rows", rows)
    connection.execute(
        f"COPY (SELECT * FROM rows) TO '{path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level}, "
        f"ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
    )
    connection.close()


def by_pyarrow(rows, level, path):
    pq.write_table(rows, path, compression="zstd", compression_level=level, row_group_size=ROW_GROUP_ROWS)


def measure(lake, table, compact, show_columns, folder):
    copy = folder / "lake"
    before = live(lake / table)
    if not before:
        sys.exit(f"{lake / table} has no rows; send some first")
    count = rows_of(before)
    figures = {"Errata, as it is": before}
    if compact:
        figures["Errata, compacted"] = live(copy / table)
    key = KEYS[table]
    rows = pa.concat_tables(pq.read_table(file, partitioning=None) for file in live(copy / table))
    if rows.num_rows != count:
        sys.exit(f"{table}: {rows.num_rows} rows after compaction, {count} before; the lake changed meanwhile")
    rows = rows.take(
        pa.compute.sort_indices(
            rows.select([key, "time_unix_nano"]),
            sort_keys=[(key, "ascending"), ("time_unix_nano", "ascending")],
            null_placement="at_start",
        )
    )
    for level in LEVELS:
        for name, write in (("DuckDB", by_duckdb), ("pyarrow", by_pyarrow)):
            path = folder / f"{table}-{name}-{level}.parquet"
            write(rows, level, path)
            figures[f"{name}, zstd {level}"] = [path]
    print(f"\n`{table}`, {count:,} rows\n\n| written by | bytes a row | files |\n| --- | ---: | ---: |")
    for name, files in figures.items():
        print(f"| {name} | {bytes_of(files) / count:.1f} | {len(files)} |")
    if show_columns:
        columns = {name: of_columns(files) for name, files in figures.items()}
        names = list(columns)
        first = columns[names[1 if compact else 0]]
        print("\n| column | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names))
        for column, size in first.most_common():
            if size >= count / 10:
                path = column.replace("key_value.", "")
                cells = (columns[name].get(column, columns[name].get(path, 0)) for name in names)
                print(f"| `{path}` | " + " | ".join(f"{cell / count:.2f}" for cell in cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake", type=Path, help="folder of the lake, which has the folders spans and errors")
    parser.add_argument("--compact", type=Path, help="the example `compact` of the crate lake")
    parser.add_argument("--columns", action="store_true", help="bytes of each column too")
    arguments = parser.parse_args()
    if not (arguments.lake / "spans" / "_delta_log").is_dir():
        sys.exit(f"{arguments.lake} is no lake: it has no table spans")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(arguments.lake, folder / "lake")
        if arguments.compact:
            subprocess.run([arguments.compact, folder / "lake"], check=True, stdout=sys.stderr)
        print(f"DuckDB {duckdb.__version__}, pyarrow {pa.__version__}")
        for table in KEYS:
            measure(arguments.lake, table, arguments.compact, arguments.columns, folder)


if __name__ == "__main__":
    main()
