"""Which credentials a connector asks for, and whether a connection gives them: told without any library for HTTP."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from etl.errors import UsageError

Block = Mapping[str, Any]

_KEYS: dict[str, tuple[str, ...]] = {
    "none": (),
    "api_key": ("api_key",),
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2_client_credentials": ("client_id", "client_secret"),
}


def keys_of(block: Block) -> tuple[str, ...]:
    """The keys of a connection's `auth` that this kind needs."""
    if block["kind"] != "token_exchange":
        return _KEYS[block["kind"]]
    credentials = block["credentials"]
    return tuple(credentials["basic"]) if "basic" in credentials else tuple(placed(credentials).values())


def placed(credentials: Mapping[str, Any]) -> Mapping[str, str]:
    """property or header → connection key."""
    return next(credentials[place] for place in ("body", "form", "headers") if place in credentials)


def choose(blocks: Sequence[Block], given: Mapping[str, str], connection: str) -> Block:
    """The kind on offer whose keys the connection gives. Raises UsageError naming the keys expected."""
    offers = list(blocks) or [{"kind": "none"}]
    for block in offers:
        if set(keys_of(block)) == set(given):
            return block
    wanted = " or ".join(spell_keys(keys_of(block)) for block in offers)
    known = [key for block in offers for key in keys_of(block)]
    close = {key: difflib.get_close_matches(key, known, 1) for key in given if key not in known}
    hints = [f"'{key}': did you mean '{match[0]}'?" for key, match in close.items() if match]
    raise UsageError(
        f"connection '{connection}': its `auth` must have {wanted}; it has {spell_keys(tuple(given))}",
        "; ".join(hints) or f"write these keys under connections.{connection}.auth",
    )


def spell_keys(keys: Sequence[str]) -> str:
    """The keys for a message: `'app_id' and 'app_secret'`."""
    return " and ".join(f"'{key}'" for key in keys) or "no keys"
