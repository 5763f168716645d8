"""What child processes of these tests do; they say on stdout how far they have come.

Called as `python -m tests.unit.state.children WHAT URL ROOT [NOBODY]`. With NOBODY, the number of a user, it goes on as
that one: rights mean nothing to root.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from etl.errors import StateError
from etl.model import LedgerEntry
from etl.ports import Intent, Scope
from etl.state import SeenKeys, Spool, StoredState, open_state

SCOPE = Scope("acme", "production", "projects", "https://target.example projects")


def say(*words: object) -> None:
    print(*words, flush=True)


def create(state: StoredState) -> None:
    """Intends and accepts pairs of records for ever, as a run does that creates them."""
    mapping = state.mapping(SCOPE)
    for number in range(1_000_000):
        keys = [f"{number}a", f"{number}b"]
        mapping.intend([Intent(key, f"t-{key}", {"n": number}, b"h", "2026-04-01T10:00:00Z", "run-1") for key in keys])
        say("intended", number)
        mapping.accept([LedgerEntry(key, f"t-{key}", b"h", {"n": number}, target_id=number) for key in keys], "run-1")
        say("accepted", number)


def hold(state: StoredState) -> None:
    """Claims the mapping and waits until it is killed or its input ends."""
    say("claimed" if state.claim(SCOPE) else "refused")
    sys.stdin.read()


def count_up(state: StoredState) -> None:
    """Writes what another process writes at the same time, too, and something of its own."""
    mapping = state.mapping(SCOPE)
    me = sys.stdin.readline().strip()
    for number in range(50):
        mapping.accept([LedgerEntry("shared", "t", me.encode()), LedgerEntry(f"{me}-{number}", me, b"")], f"run-{me}")
    say("done", state.secret("acme").hex())


def fill_the_disk(state: StoredState) -> None:
    """Writes until a limit of the operating system stops it."""
    import resource

    mapping = state.mapping(SCOPE)
    mapping.accept([LedgerEntry("first", "t", b"h", {"text": "safe"})], "run-1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for number in range(100_000):
        mapping.accept([LedgerEntry(f"{number}", "t", b"h", {"text": "x" * 2000})], "run-1")
        say("accepted", number)


def spill(state: StoredState) -> None:
    """Comes across more keys than the folder for temporary files may hold."""
    import resource

    seen = SeenKeys(in_memory=10)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for page in range(10_000):
        seen.add_many([f"{page}-{number:0100}" for number in range(100)])
    say("no limit was met")


def pile_up(state: StoredState) -> None:
    """Finds more than the folder for temporary files may hold."""
    import resource

    spool = Spool[str](block=10)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for number in range(1_000_000):
        spool.append(f"{number:0100}")
    say("no limit was met")


ROLES: dict[str, Callable[[StoredState], None]] = {
    each.__name__: each for each in (create, hold, count_up, fill_the_disk, spill, pile_up)
}


def main() -> None:
    role, url, root, *nobody = sys.argv[1:]
    for number in map(int, nobody):
        os.setgid(number)
        os.setuid(number)
    try:
        state = open_state(url, Path(root), wait=10)
        ROLES[role](state)
        state.close()
    except StateError as error:
        say("StateError", error)


if __name__ == "__main__":
    main()
