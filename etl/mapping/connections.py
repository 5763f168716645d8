"""The connections of a project, or of a mapping that brings its own: typed, and what no schema can check of them."""

from __future__ import annotations

import urllib.parse
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

from etl import secrets
from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.documents.text import shown
from etl.durations import seconds
from etl.expressions.instants import nearest_zone
from etl.http.loopback import is_loopback
from etl.model import Location, Problem
from etl.specs import ConnectionSpec, RetrySpec, ThrottleWindow


def build(document: Document) -> tuple[dict[str, ConnectionSpec], list[Problem]]:
    """The connections by name, and what is wrong with them. Of one that does not fit its schema only the connector."""
    blocks = document.data.get("connections") if isinstance(document.data, dict) else None
    built: dict[str, ConnectionSpec] = {}
    problems: list[Problem] = []
    for name, block in blocks.items() if isinstance(blocks, dict) else ():
        path = ("connections", name)
        problems += _wrong(document, path, block) if isinstance(block, dict) else []
        try:
            built[name] = _connection(document, name, block)
        except (KeyError, TypeError, ValueError, AttributeError):  # the schema has said what is wrong
            text = block.get("connector") if isinstance(block, dict) else None
            connector = _connector(document, (*path, "connector"), text) if isinstance(text, str) else ""
            built[name] = ConnectionSpec(name, connector)
    return built, problems


def check_place(document: Document) -> list[Problem]:
    """What is wrong with the state's address and the time zone. Makes the state's password known as a secret."""
    data = document.data if isinstance(document.data, dict) else {}
    problems = []
    if isinstance(data.get("state"), str):
        problems += _address(document, ("state",), data["state"], _no_rule)
    if isinstance(data.get("timezone"), str):
        problems += _timezone(document, data["timezone"])
    return problems


# --- typed ---------------------------------------------------------------------------------------


def _connection(document: Document, name: str, block: dict[str, Any]) -> ConnectionSpec:
    path = ("connections", name)
    plain: dict[str, Any] = {
        key: block[key] for key in ("base_url", "instance", "proxy", "datetime", "options") if key in block
    }
    plain |= {key: _file(document, (*path, key), block[key]) for key in ("ca_file", "path") if key in block}
    if "timeout" in block:
        plain["timeout"] = seconds(block["timeout"])
    return ConnectionSpec(
        name=name,
        connector=_connector(document, (*path, "connector"), block["connector"]),
        auth=dict(block.get("auth", {})),
        throttle=_throttle(block.get("throttle")),
        throttle_force=any(each.get("force", False) for each in _windows(block.get("throttle"))),
        retry=_retry(block.get("retry", {})),
        location=document.marks.key(path),
        places=_places(document, path, block),
        **plain,
    )


def _places(document: Document, path: DocumentPath, block: dict[str, Any]) -> dict[str, Location]:
    """Each key's value, but the keys of `auth` themselves: what stands there is nobody's business."""
    at = {key: document.marks.value((*path, key)) for key in block}
    at |= {f"auth.{key}": document.marks.key((*path, "auth", key)) for key in block.get("auth") or ()}
    return at | ({"auth": document.marks.key((*path, "auth"))} if "auth" in block else {})


def _connector(document: Document, path: DocumentPath, text: str) -> str:
    """A packaged connector's name, or the whole path of a file."""
    is_file = text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text
    return str(_file(document, path, text)) if is_file else text


def _file(document: Document, path: DocumentPath, text: str) -> Path:
    return (document.marks.folder(path) / text).resolve()


def _windows(block: Any) -> list[dict[str, Any]]:
    return [] if block is None else block if isinstance(block, list) else [block]


def _throttle(block: Any) -> tuple[ThrottleWindow, ...] | None:
    windows = [ThrottleWindow(int(each["requests"]), seconds(each.get("per", 1))) for each in _windows(block)]
    return tuple(windows) or None


def _retry(block: dict[str, Any]) -> RetrySpec:
    known = {key: seconds(block[key]) for key in ("seconds", "max_wait") if key in block}
    return RetrySpec(attempts=int(block.get("attempts", RetrySpec().attempts)), **known)


# --- checked -------------------------------------------------------------------------------------


def _wrong(document: Document, path: DocumentPath, block: dict[str, Any]) -> list[Problem]:
    problems = []
    if isinstance(block.get("base_url"), str):
        problems += _address(document, (*path, "base_url"), block["base_url"], _encrypted)
    if isinstance(block.get("proxy"), str):
        problems += _address(document, (*path, "proxy"), block["proxy"], _no_rule)
    for key in ("ca_file", "path"):
        if isinstance(block.get(key), str):
            problems += _there(document, (*path, key), block[key])
    return problems


def _there(document: Document, path: DocumentPath, text: str) -> list[Problem]:
    file = _file(document, path, text)
    place = document.marks.value(path)
    if path[-1] == "path":  # a folder that is written to may be made later
        hint = "name its folder: the file itself is a mapping's `endpoint`"
        return [Problem("no-file", f"'{shown(file)}' is a file", place, hint)] if file.is_file() else []
    if not file.is_file():
        what = f"'{shown(file)}' is a folder" if file.is_dir() else f"there is no file '{shown(file)}'"
        return [Problem("no-file", what, place, "the path is relative to this file")]
    if not _holds_certificates(file):
        hint = "`ca_file` is a PEM file: -----BEGIN CERTIFICATE----- and what follows"
        return [Problem("wrong-value", f"'{shown(file)}' holds no certificate", place, hint)]
    return []


def _holds_certificates(file: Path) -> bool:
    try:
        return b"CERTIFICATE-----" in file.read_bytes()
    except OSError:
        return False


def _address(
    document: Document,
    path: DocumentPath,
    text: str,
    rule: Callable[[urllib.parse.SplitResult], tuple[str, str] | None],
) -> list[Problem]:
    try:
        parts = urllib.parse.urlsplit(text)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return [
            Problem("wrong-value", f"'{path[-1]}' is no address", document.marks.value(path), "check its host and port")
        ]
    if parts.password:
        secrets.register(parts.password)
        secrets.register(urllib.parse.unquote(parts.password))
    broken = rule(parts)
    return [Problem("wrong-value", broken[0], document.marks.value(path), broken[1])] if broken else []


def _no_rule(_: urllib.parse.SplitResult) -> None:
    return None


def _encrypted(parts: urllib.parse.SplitResult) -> tuple[str, str] | None:
    """What is wrong with the address of an API, and how to fix it."""
    if not parts.scheme:
        return None  # the schema has said so
    if not parts.hostname or " " in parts.hostname:
        return "this address names no host", "write it as https://host/path"
    if parts.username or parts.password:
        return "credentials do not belong in an address", "write them under 'auth'"
    if parts.query or parts.fragment:
        return "an address ends before '?' and '#'", "write query parameters under a mapping's 'params'"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "http:// would send credentials unencrypted", "write https:// (http:// is for this machine only)"
    return None


def _timezone(document: Document, name: str) -> list[Problem]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        meant = nearest_zone(name)
        hint = f"did you mean '{meant}'?" if meant else "write a name such as Europe/Stockholm"
        return [Problem("wrong-value", f"there is no time zone '{name}'", document.marks.value(("timezone",)), hint)]
    return []
