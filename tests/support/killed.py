"""`python -m tests.support.killed N run …`: the command line, killed at the N-th step of writing to a file.

A step is a statement to SQLite (the journal's or the state's) or a call that changes the file system. They count from
the moment the journal is opened; a run with fewer steps comes to its end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from etl.__main__ import main

STEPS = {"execute", "executemany", "executescript", "replace", "rename", "unlink", "fsync"}


class Killer:
    def __init__(self, at: int) -> None:
        self.left = at
        self.armed = False

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect" and str(args[0]).endswith(".journal"):
            self.armed = True

    def profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and self.armed and getattr(arg, "__name__", "") in STEPS and _matters(arg):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _matters(called: Any) -> bool:
    """Texts have a `replace`, too."""
    return type(getattr(called, "__self__", None)).__name__ in ("Connection", "module")


if __name__ == "__main__":
    killer = Killer(int(sys.argv.pop(1)))
    sys.addaudithook(killer.audit)
    threading.setprofile(killer.profile)
    sys.setprofile(killer.profile)
    main()
