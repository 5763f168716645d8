"""The engine's log on standard error, as lines of text or of JSON; secrets masked in both."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.secrets import redact

if TYPE_CHECKING:
    from etl.cli.options import Settings


class _StandardError(logging.Handler):
    """Looks standard error up at each line: a progress display puts itself in its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from etl.reporting.values import clean_lines

        return clean_lines(super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json_line(record.levelname.lower(), super().format(record), record.name)


def json_line(level: str, message: str, logger: str = "etl") -> str:
    """One diagnostic as one line of JSON."""
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "logger": logger}
    return json.dumps(line | {"message": redact(message)})


def set_up(settings: Settings) -> None:
    """Sends the log of `etl` (and, with -vv, of the libraries) to standard error.

    Locks are taken so often that what is said of them would hide the rest; of a lost connection to PostgreSQL the error
    tells.
    """
    levels = {0: logging.WARNING, 1: logging.INFO}
    level = logging.ERROR if settings.quiet else levels.get(settings.verbose, logging.DEBUG)
    handler = _StandardError()
    handler.setFormatter(_Json() if settings.log_format == "json" else _Text("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("etl" if settings.verbose < 2 else None)
    for each in (logging.getLogger("etl"), logging.getLogger()):
        each.handlers[:] = [old for old in each.handlers if not isinstance(old, _StandardError)]
    logger.addHandler(handler)
    logger.setLevel(level)
    logging.getLogger("etl").setLevel(level)
    logging.getLogger("filelock").setLevel(max(level, logging.INFO))
    logging.getLogger("psycopg").setLevel(logging.ERROR if level > logging.DEBUG else level)
