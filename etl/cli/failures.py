"""The one place that turns an exception into words and an exit code."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from etl import __version__
from etl.cli.folder import project_folder
from etl.cli.options import Settings, settings
from etl.cli.screen import Screen
from etl.errors import DocumentError, EtlError, Interrupted
from etl.secrets import redact

USAGE, FAILED, FAULT, INTERRUPTED = 2, 3, 70, 130


def exit_code(error: BaseException) -> int:
    """What the command ends with because of it."""
    match _single(error):
        case SystemExit(code=code) | click.exceptions.Exit(exit_code=code):
            return code if isinstance(code, int) else FAILED
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case click.ClickException():
            return USAGE
        case EtlError() as known:
            return known.exit_code
        case OSError() as system if _is_the_system_s(system):
            return FAILED
    return FAULT


def explain(error: BaseException) -> int:
    """Prints what went wrong to standard error; gives the exit code."""
    given = settings()
    screen = Screen(given)
    match _single(error):
        case SystemExit() | click.exceptions.Exit():
            pass
        case KeyboardInterrupt() | click.Abort():
            screen.note("interrupted", "error")
        case click.exceptions.NoArgsIsHelpError() as bare:
            screen.note(bare.format_message(), "error")
        case click.ClickException() as wrong:
            screen.note(_usage(wrong), "error")
        case DocumentError() as documents:
            from etl.reporting.problems import problems_text

            screen.note(problems_text(documents.problems, screen.note_ink), "error")
        case EtlError() as known:
            screen.note(_known(known, screen), "error")
        case OSError() as system if _is_the_system_s(system):
            screen.note(f"error: {_system(system)}", "error")
        case fault:
            screen.note(_fault(fault, given), "error")
    return exit_code(error)


def _single(error: BaseException) -> BaseException:
    """The one error of a group that the user can act on, else the group's first."""
    while isinstance(error, BaseExceptionGroup):
        error = next((each for each in error.exceptions if isinstance(each, EtlError)), error.exceptions[0])
    return error


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "etl"
    return f"error: {error.format_message()}\nsee: {command} --help"


def _known(error: EtlError, screen: Screen) -> str:
    from etl.reporting.values import clean

    label = "" if isinstance(error, Interrupted) else f"{screen.note_ink('error', 'red', 'bold')}: "
    return label + clean(str(error))


def _is_the_system_s(error: OSError) -> bool:
    """A file, the disk or the folder is at fault, not the engine."""
    return bool(error.filename) or error.errno == errno.ENOSPC or not _is_somewhere()


def _system(error: OSError) -> str:
    """`[Errno 28]` helps nobody; the file and the system's words do."""
    if error.filename:
        return f"'{error.filename}': {error.strerror or error}"
    if not _is_somewhere():
        return "the folder that you are in is no longer there — go to one that is (cd)"
    return "nothing more can be written: the disk is full — free some space and run again; what was done is recorded"


def _is_somewhere() -> bool:
    try:
        return Path.cwd().is_dir()
    except OSError:
        return False


def _fault(error: BaseException, given: Settings) -> str:
    lines = [f"error: this is a fault of the engine itself, not of your documents: {type(error).__name__}"]
    log = write_log(error, given)
    where = f"Its log lies in {log}" if log else "Its log could not be written"
    return "\n".join([*lines, f"{where}; please send it along when you report this. What was done is recorded."])


def write_log(error: BaseException, given: Settings) -> Path | None:
    """Writes the traceback, secrets masked, under `.etl/logs`, else in the system's folder for temporary files."""
    name = f"fault-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    text = redact(_report(error))
    folders: list[Callable[[], Path]] = [
        lambda: project_folder(given) / ".etl" / "logs",
        lambda: Path(tempfile.gettempdir()),
    ]
    for folder in folders:
        try:
            path = folder() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError:
            continue
        return path
    return None


def _report(error: BaseException) -> str:
    facts = [f"etl {__version__}", f"Python {platform.python_version()}", platform.platform(), _command_line()]
    return "\n".join(facts) + "\n\n" + "".join(traceback.format_exception(error))


def _command_line() -> str:
    """As typed, without the values of --var: they may be anybody's business."""
    return " ".join(f"{word.split('=')[0]}=…" if "=" in word else word for word in sys.argv)
