"""How a project's connections fared."""

from __future__ import annotations

from etl.model import Json
from etl.report import ConnectionCheck
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.values import clean


def checked_text(checked: ConnectionCheck, ink: Ink = PLAIN) -> str:
    """A line for the connection, and one for each thing that is wrong with it."""
    verdict = ink("works", "green") if checked.asked else ink("not asked", "yellow")
    if checked.faults:
        verdict = ink("failed", "red", "bold")
    lines = [f"{ink(clean(checked.name), 'bold')}: {verdict} ({clean(checked.connector)} at {clean(checked.address)})"]
    return "\n".join([*lines, *(f"  {clean(text)}" for text in checked.faults or _remarks(checked))]) + "\n"


def _remarks(checked: ConnectionCheck) -> list[str]:
    if checked.asked:
        return []
    return ["nothing of it can be listed — name an address to read in the connector: check: {path: /…}"]


def checked_document(checked: ConnectionCheck) -> dict[str, Json]:
    """One connection as JSON; `works` is null where nothing could be asked."""
    return {
        "name": checked.name,
        "connector": checked.connector,
        "address": checked.address,
        "works": None if not checked.asked and not checked.faults else not checked.faults,
        "faults": list(checked.faults),
    }
