"""How a project's connections fared."""

from __future__ import annotations

from etl.model import ConnectionCheck, Json
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.values import clean


def checked_text(checked: ConnectionCheck, ink: Ink = PLAIN) -> str:
    """A line for the connection, and one for each thing that is wrong with it."""
    verdict = ink("failed", "red", "bold") if checked.faults else ink("works", "green")
    lines = [f"{ink(clean(checked.name), 'bold')}: {verdict} ({clean(checked.connector)} at {clean(checked.address)})"]
    return "\n".join([*lines, *(f"  {clean(fault)}" for fault in checked.faults)]) + "\n"


def checked_document(checked: ConnectionCheck) -> dict[str, Json]:
    """One connection as JSON."""
    return {
        "name": checked.name,
        "connector": checked.connector,
        "address": checked.address,
        "works": not checked.faults,
        "faults": list(checked.faults),
    }
