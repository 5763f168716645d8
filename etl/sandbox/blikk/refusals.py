"""How Blikk says no (Blikk: Status codes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.sandbox.exchange import Answer, Refusal, json_answer


def invalid(problems: Mapping[str, Sequence[str]]) -> Refusal:
    """400: the fields at fault, each with its sentences."""
    return Refusal(json_answer({"message": "The request is invalid.", "modelState": dict(problems)}, 400))


def refused(reason: str) -> Refusal:
    """400 for a rule that no single field broke."""
    return Refusal(json_answer({"message": reason}, 400))


def not_found(what: str, key: str = "id") -> Refusal:
    """400, not 404: that one is for addresses that do not exist at all."""
    return invalid({key: [f"The {what} could not be found."]})


def unauthorized() -> Refusal:
    """401: the token is unknown or has ended (Blikk: Authentication)."""
    return Refusal(json_answer({"message": "Invalid token"}, 401))


def missing_permission(permission: str) -> Refusal:
    """403: the application may not do this (Blikk: Permissions)."""
    body = {
        "message": "You dont have the nessecery permissions to perform this action",
        "ipAddressAllowed": True,
        "permissionsRequired": [permission.capitalize()],  # the document's example writes them so: Contact_read
    }
    return Refusal(json_answer(body, 403))


def refused_address(remote: str) -> Refusal:
    """403: the caller's IP address is not on the list."""
    body = {
        "message": f'Your IP-address "{remote}" is not allowed',
        "ipAddressAllowed": False,
        "permissionsRequired": [],
    }
    return Refusal(json_answer(body, 403))


def too_many(seconds: int) -> Answer:
    """429 with the wait in the body and in the header."""
    answer = json_answer({"waitInSeconds": seconds}, 429)
    return Answer(429, answer.body, answer.content_type, {"Retry-After": str(seconds)})
