"""What an answer that refuses says: the connector's `error` block, read once.

{text: message,                         JMESPath of the reason; the usual places are looked at after it
 fields: modelState,                    JMESPath of {name: [texts]} or [{field, message}] (also `path`, `name`);
                                        without it `errors`, `modelState` and the answer itself are looked at
 request_id: requestId,                 named in messages, for the vendor's support
 permissions: permissionsRequired,      of a 403: the list of permissions that are missing
 ip_allowed: ipAddressAllowed}          of a 403: false where the IP address is refused
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etl.http.paths import Path, compile_path, lenient
from etl.model import Json
from etl.secrets import redact

USUAL_NAMES = (
    *("message", "error_description", "error", "detail", "errors"),
    *("description", "reason", "msg", "title", "code"),
)
"""Under which of its names, whatever their case, an answer says why: the first that holds a text, itself or inside."""

USUAL_FIELDS = ("errors", "modelState", "ModelState")
LONGEST = 400
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one answer says. `text` is empty where it gives no reason."""

    text: str = ""
    fields: dict[str, Sequence[str]] = field(default_factory=dict)
    request_id: str | None = None
    permissions: tuple[str, ...] = ()
    ip_refused: bool = False

    def reason(self, status: int) -> str:
        """The API's own words, with the id that its support asks for."""
        text = self.text or f"HTTP {status}" + ("" if self.fields else ", without a reason")
        return f"{text} (request id {self.request_id})" if self.request_id else text


def spell_fields(fields: Mapping[str, Sequence[str]]) -> str:
    """What is said of single fields, in brackets behind the reason; nothing where that is nothing."""
    told = "; ".join(": ".join(filter(None, (name, " ".join(texts)))) for name, texts in fields.items())
    return f" ({_text(told)})" if told else ""


@dataclass(frozen=True, slots=True)
class RefusalReader:
    """Finds the reason where the connector says that it stands."""

    text: Path | None
    fields: tuple[Path, ...] = ()
    request_id: Path | None = None
    permissions: Path | None = None
    ip_allowed: Path | None = None

    @classmethod
    def from_config(cls, block: Mapping[str, Any]) -> RefusalReader:
        def path(name: str) -> Path | None:
            return lenient(compile_path(block[name])) if block.get(name) else None

        told = [block["fields"]] if block.get("fields") else USUAL_FIELDS
        fields = tuple(lenient(compile_path(place)) for place in told)
        return cls(path("text"), fields, path("request_id"), path("permissions"), path("ip_allowed"))

    def read(self, body: Json) -> Refusal:
        fields = next((found for place in self.fields if (found := _fields(place(body)))), {})
        text = (said(self.text(body)) if self.text else "") or said(_less_fields(body) if fields else body)
        return Refusal(
            text=text,
            fields=fields or ({} if text else _bare_fields(body)),
            request_id=_text(self.request_id(body)) or None if self.request_id else None,
            permissions=_texts(self.permissions(body)) if self.permissions else (),
            ip_refused=self.ip_allowed is not None and self.ip_allowed(body) is False,
        )


def said(value: Json, depth: int = 0) -> str:
    """What a value says in words, on one line: a text, those in a list, or the first at one of the usual names."""
    if isinstance(value, list) and depth < DEEPEST:
        return _text("; ".join(dict.fromkeys(filter(None, (said(each, depth + 1) for each in value)))))
    if isinstance(value, dict) and depth < DEEPEST:
        named = {name.lower(): inner for name, inner in value.items()}
        if "lang" in named:  # OData's texts; elsewhere a value is what was sent
            return said(named.get("value"), depth + 1)
        first = ("error",) if isinstance(named.get("error"), dict | list) else ()
        return next((text for name in (*first, *USUAL_NAMES) if (text := said(named.get(name), depth + 1))), "")
    return _text(value)


def _less_fields(body: Json) -> Json:
    """What is said of single fields is no reason for the whole."""
    return {name: value for name, value in body.items() if name not in USUAL_FIELDS} if isinstance(body, dict) else None


def _bare_fields(body: Json) -> dict[str, Sequence[str]]:
    """What is said of single fields, where that is the whole answer: texts in lists under their names."""
    lists = isinstance(body, dict) and all(isinstance(texts, list) and _texts(texts) for texts in body.values())
    return _fields(body) if lists else {}


def _text(value: Json) -> str:
    """One line that may be shown: never a whole body, never a secret."""
    if not isinstance(value, str):
        return ""
    line = redact(" ".join(value.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _texts(value: Json) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(text for item in items if (text := _text(item)))


def _fields(value: Json) -> dict[str, Sequence[str]]:
    if isinstance(value, list):
        pairs = [
            (item.get("field") or item.get("path") or item.get("name"), item)
            for item in value
            if isinstance(item, dict)
        ]
        return {_text(name): _texts(item.get("message") or item.get("error")) for name, item in pairs if _text(name)}
    if isinstance(value, dict):
        return {_text(str(name)): _texts(texts) for name, texts in value.items()}
    return {}
