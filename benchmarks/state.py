"""What the state costs per record, page by page of 100, beside the same rows written by bare statements.

    python benchmarks/state.py [RECORDS] [--postgres URL]

Prints microseconds of CPU (and of the clock) per record; the figure to watch is the ratio to the bare statements.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from etl.keys import canonical
from etl.model import LedgerEntry, Reject
from etl.ports import Intent, MappingState, Scope
from etl.state import SeenKeys, StoredState, open_state

PAGE = 100
SCOPE = Scope("benchmark", "", "projects", "https://target.example projects")


def entry(number: int, version: int) -> LedgerEntry:
    """One accepted record of usual size."""
    output = {
        "externalId": f"blikk-{number}",
        "name": f"Byte av fjärrvärmecentral {number}",
        "number": str(20000 + number),
        "isActive": True,
        "startDate": "2026-04-01",
        "endDate": "2026-09-30",
        "budgetHours": 120.5 + version,
        "customerName": "Bostadsrättsföreningen Solgläntan",
        "address": "Storgatan 12, 411 38 Göteborg",
        "responsible": "anna.andersson@example.com",
    }
    digest = hashlib.blake2b(canonical(output), digest_size=16).digest()
    return LedgerEntry(str(number), f"blikk-{number}", digest, output)


def pages(entries: list[LedgerEntry]) -> Iterable[list[LedgerEntry]]:
    """The entries in pages."""
    return (entries[start : start + PAGE] for start in range(0, len(entries), PAGE))


def timed(name: str, records: int, work: Callable[[], object]) -> float:
    """Prints and gives what the work costs per record."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    print(f"  {name:<34}{cpu / records * 1e6:8.2f} µs CPU {clock / records * 1e6:8.2f} µs")
    return cpu


def bare(folder: Path, entries: list[LedgerEntry]) -> None:
    """The least that storing the same rows can cost: one table, one statement, one transaction per page."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE ledger (key TEXT PRIMARY KEY, target TEXT, hash BLOB, output TEXT) WITHOUT ROWID")
    connection.execute("CREATE INDEX targets ON ledger (target)")
    for page in pages(entries):
        connection.execute("BEGIN")
        rows = [(each.key, each.target_key, each.hash, canonical(each.output).decode()) for each in page]
        connection.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    connection.close()


def measure(state: StoredState, records: int) -> float:
    """Prints the cost of each call that a run makes."""
    mapping: MappingState = state.mapping(SCOPE)
    first, second = ([entry(number, version) for number in range(1000, 1000 + records)] for version in (1, 2))
    keys = [[each.key for each in page] for page in pages(first)]
    gc.freeze()  # the records made beforehand are no garbage to look through
    everything: list[tuple[str, Callable[[], object]]] = [
        ("accept, new", lambda: [mapping.accept(page, "run-1") for page in pages(first)]),
        ("known", lambda: [mapping.known(page) for page in keys]),
        ("seen", lambda: [mapping.seen(page, "run-2") for page in keys]),
        ("accept, changed", lambda: [mapping.accept(page, "run-3") for page in pages(second)]),
        ("targets", lambda: [mapping.targets([each.target_key for each in page]) for page in pages(first)]),
        ("unseen (all of them, with outputs)", lambda: sum(1 for _ in mapping.unseen("run-4"))),
        ("count", mapping.count),
    ]
    figures = [timed(name, records, work) for name, work in everything]
    some = first[: min(records, 2000)]
    intents = [Intent(each.key, each.target_key, each.output or {}, each.hash, "2026-01-01T00:00:00Z") for each in some]
    timed("intend, one by one (durable)", len(some[:200]), lambda: [mapping.intend([each]) for each in intents[:200]])
    timed(
        "intend, a page at a time",
        len(some),
        lambda: [mapping.intend(intents[at : at + PAGE]) for at in range(0, len(some), PAGE)],
    )
    rejects = [Reject(each.key, "refused", record=each.output) for each in some]
    timed(
        "reject",
        len(some),
        lambda: [mapping.reject(rejects[at : at + PAGE], "run-4") for at in range(0, len(some), PAGE)],
    )
    timed(
        "target_of, one by one",
        len(some),
        lambda: [state.target_of("benchmark", "", "projects", each.key) for each in some],
    )
    return figures[0]


def main() -> None:
    """Measures SQLite, and PostgreSQL where one is named."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("records", nargs="?", type=int, default=100_000)
    options.add_argument(
        "--postgres", metavar="URL", help="measure this PostgreSQL too; its schema `etl` must be empty"
    )
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("bare SQLite")
        entries = [entry(number, 1) for number in range(1000, 1000 + given.records)]
        least = timed("insert", given.records, lambda: bare(folder, entries))
        for url in ["sqlite:///state.db", *([given.postgres] if given.postgres else [])]:
            print(url.partition(":")[0])
            state = open_state(url, folder)
            accepted = measure(state, given.records)
            state.reset(SCOPE)
            state.close()
            print(f"  accept is {accepted / least:.2f} × the bare insert")
        print("keys of a run")
        keys = SeenKeys()
        timed(
            "SeenKeys.add_many",
            given.records,
            lambda: [keys.add_many([each.key for each in page]) for page in pages(entries)],
        )
        keys.close()


if __name__ == "__main__":
    main()
