"""What an answer that refuses says: the connector's `error` block, read once.

{text: message,                         JMESPath of the reason; the usual places are looked at after it
 fields: modelState,                    JMESPath of {name: [texts]} or [{field, message}] (also `path`, `name`);
                                        without it `errors` and `modelState` are looked at
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

USUAL_PLACES = ("error.message", "message", "error", "detail", "title", "error_description", "errors[0].message")
USUAL_FIELDS = ("errors", "modelState")
LONGEST = 400


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
        text = self.text or f"HTTP {status}, without a reason"
        return f"{text} (request id {self.request_id})" if self.request_id else text


def spell_fields(fields: Mapping[str, Sequence[str]]) -> str:
    """What is said of single fields, in brackets behind the reason; nothing where that is nothing."""
    told = "; ".join(": ".join(filter(None, (name, " ".join(texts)))) for name, texts in fields.items())
    return f" ({_text(told)})" if told else ""


@dataclass(frozen=True, slots=True)
class RefusalReader:
    """Finds the reason where the connector says that it stands."""

    texts: tuple[Path, ...]
    fields: tuple[Path, ...] = ()
    request_id: Path | None = None
    permissions: Path | None = None
    ip_allowed: Path | None = None

    @classmethod
    def from_config(cls, block: Mapping[str, Any]) -> RefusalReader:
        def path(name: str) -> Path | None:
            return lenient(compile_path(block[name])) if block.get(name) else None

        places = [block["text"]] if block.get("text") else []
        texts = tuple(lenient(compile_path(place)) for place in (*places, *USUAL_PLACES))
        told = [block["fields"]] if block.get("fields") else USUAL_FIELDS
        fields = tuple(lenient(compile_path(place)) for place in told)
        return cls(texts, fields, path("request_id"), path("permissions"), path("ip_allowed"))

    def read(self, body: Json) -> Refusal:
        return Refusal(
            text=next((text for place in self.texts if (text := _text(place(body)))), _text(body)),
            fields=next((found for place in self.fields if (found := _fields(place(body)))), {}),
            request_id=_text(self.request_id(body)) or None if self.request_id else None,
            permissions=_texts(self.permissions(body)) if self.permissions else (),
            ip_refused=self.ip_allowed is not None and self.ip_allowed(body) is False,
        )


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
