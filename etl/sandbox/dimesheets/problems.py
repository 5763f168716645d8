"""How Dime.Sheets says no.

The documents name only the status codes; the bodies here are problem details (RFC 9457), as such servers send them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.sandbox.exchange import Json, Refusal, json_answer

_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict"}


def problem(status: int, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> Refusal:
    """A refusal with a sentence, and the fields at fault where there are any."""
    body: dict[str, Json] = {"title": _TITLES[status], "status": status, "detail": detail}
    if errors:
        body["errors"] = dict(errors)
    return Refusal(json_answer(body, status, "application/problem+json; charset=utf-8"))
