"""Stable identities made from values."""

from __future__ import annotations

import hashlib
import uuid

import orjson

from etl.expressions.fail import fail, plain
from etl.expressions.functions.signature import ANY, STRING, Family, Parameter
from etl.keys import canonical
from etl.model import Json

FAMILY = Family("identity")

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


@FAMILY.function(
    Parameter("v", ANY),
    returns="string",
    example="sha256('abc')",
    result="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
)
def sha256(value: Json) -> str:
    """The SHA-256 of a text in UTF-8, in hexadecimal; of any other value that of its JSON with sorted keys."""
    try:
        data = value.encode() if isinstance(value, str) else canonical(value)
    except (UnicodeEncodeError, TypeError, orjson.JSONEncodeError):
        fail("sha256() can't write the value as JSON in UTF-8")
    return hashlib.sha256(data).hexdigest()


def namespace(text: str) -> uuid.UUID:
    """The namespace of a UUID's text or of its well-known name. Rejects other texts."""
    try:
        return _NAMESPACES.get(text.lower()) or uuid.UUID(text)
    except ValueError:
        fail(f"'{text}' is no namespace: it has to be a UUID, or one of {', '.join(_NAMESPACES)}")


@FAMILY.function(
    Parameter("namespace", STRING, check=namespace),
    Parameter("name", ("string", "number")),
    returns="string",
    example="uuid5('dns', 'example.com')",
    result="cfbff0d1-9375-5685-968c-48ce8b15ae17",
)
def uuid5(within: str, name: Json) -> str:
    """The UUID, always the same, of a name within a namespace (a UUID, or dns, url, oid, x500)."""
    text = name if isinstance(name, str) else plain(name)
    try:
        return str(uuid.uuid5(namespace(within), text))
    except UnicodeEncodeError:
        fail("uuid5() can't write the name in UTF-8")
