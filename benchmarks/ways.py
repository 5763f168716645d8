"""What other ways of a record cost: a plan, files to files, and a list whose records are asked for in full, one by one.

    python benchmarks/ways.py [RECORDS]      default 100000; half as many of those that need a request each

Prints CPU (user + system), peak memory and seconds of each run of `etl`, against the server of `engine.py`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import engine
import orjson

FILES = """\
version: 1
name: benchmark
connections: {things: {connector: files, path: .}}
"""
TARGET = "target: {connection: things, endpoint: out.jsonl, key: externalId}"
FROM = "source: {connection: things, endpoint: things,"
DETAIL = "      upsert:\n"
GET = '      get: {path: "/things/{id}"}\n'


def detailed(folder: Path, url: str) -> None:
    """Each record needs a request of its own."""
    engine.project(folder, url)
    connector, mapping = folder / "things.yaml", folder / "mappings" / "things.yaml"
    connector.write_text(connector.read_text().replace(DETAIL, GET + DETAIL))
    mapping.write_text(mapping.read_text().replace(FROM, f"{FROM} detail: true,"))


def files(folder: Path, records: int) -> None:
    """The same mapping from one file of JSON lines to another."""
    (folder / "mappings").mkdir()
    (folder / "etl.yaml").write_text(FILES)
    mapping = engine.MAPPING.replace("endpoint: things", "endpoint: in.jsonl", 1)
    mapping = mapping.replace("target: {connection: things, endpoint: things}", TARGET)
    (folder / "mappings" / "things.yaml").write_text(mapping)
    with (folder / "in.jsonl").open("wb") as file:  # line by line: what this program needs counts as its children's
        for number in range(1, records + 1):
            file.write(orjson.dumps(engine._record(number), option=orjson.OPT_APPEND_NEWLINE))


def show(label: str, records: int, cost: engine.Cost) -> None:
    """Prints one way's cost."""
    print(f"{label:44}{cost.cpu:8.2f}{cost.cpu / records * 1e6:11.1f}{cost.memory:7.0f}{cost.wall:8.2f}")


def main(records: int) -> None:
    """Measures each way once."""
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, str(engine.SELF), "serve", str(records)], stdout=subprocess.PIPE, text=True
    )
    command = [sys.executable, "-m", "etl"]
    print(f"{'':44}{'CPU s':>8}{'µs/record':>11}{'MB':>7}{'wall s':>8}")
    try:
        url = server.stdout.readline().strip() if server.stdout else ""
        with tempfile.TemporaryDirectory() as name:
            engine.project(Path(name), url)
            show("etl plan, everything new", records, engine.measure([*command, "plan"], Path(name)))
        with tempfile.TemporaryDirectory() as name:
            files(Path(name), records)
            for label in ("files to files, everything new", "files to files, everything unchanged"):
                show(label, records, engine.measure([*command, "run", "--no-progress"], Path(name)))
        with tempfile.TemporaryDirectory() as name:
            detailed(Path(name), url)
            some = records // 2
            run = [*command, "run", "--no-progress", "--limit", str(some)]
            show(f"{some:,} records, each in full", some, engine.measure(run, Path(name)))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
