"""Bodies of answers: decoded, or a failure that says what came instead."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from http.client import responses

from etl.http.answer import Call
from etl.http.decoding import decode
from etl.http.faults import AttemptFailed, Failure
from etl.model import Json

BOM = b"\xef\xbb\xbf"
ELSEWHERE = "is `base_url` right, and is no login page or proxy in between?"


def body_of(call: Call, status: int, headers: Mapping[str, str], content: bytes) -> Json:
    """The JSON value of an answer, of a refusal also its plain text.

    Raises AttemptFailed for a success that is not what it claims to be.
    """
    good = 200 <= status < 300
    if not content.strip():
        if good and status != 204 and not call.empty:
            raise AttemptFailed(Failure(f"answered {status} with an empty body", status=status))
        return None
    try:
        return decode(_utf8(headers, content))
    except (ValueError, LookupError) as error:
        if not good:
            return _words(status, content)
        if call.empty and _is_note(headers, content):
            return None
        what, hint = _instead(content, error)
        raise AttemptFailed(Failure(f"answered {status} with {what}", status=status, hint=hint)) from None


def _utf8(headers: Mapping[str, str], content: bytes) -> bytes:
    told = headers.get("content-type", "")
    if "charset=" in told and "utf-8" not in told.lower():
        return content.decode(_content_type(headers).get_content_charset("utf-8")).encode()
    return content.removeprefix(BOM)


def _content_type(headers: Mapping[str, str]) -> Message:
    message = Message()
    message["content-type"] = headers.get("content-type", "application/json")
    return message


def _is_note(headers: Mapping[str, str], content: bytes) -> bool:
    """Plain words, such as OK where nothing was expected."""
    return _content_type(headers).get_content_type() == "text/plain" and not content.lstrip().startswith(b"<")


def _words(status: int, content: bytes) -> str | None:
    """The text of a refusal; None where it is a page or broken JSON, or but spells out its status."""
    text = " ".join(content.decode("utf-8", "replace").split())
    if text[:1] in ("<", "{", "[") or not text.isprintable():
        return None
    bare = text.removeprefix(str(status)).lstrip(": ").casefold()
    return None if bare in ("", responses.get(status, "").casefold()) else text


def _instead(content: bytes, error: Exception) -> tuple[str, str | None]:
    start = content.lstrip()[:1]
    if start == b"<":
        return "a page of HTML or XML instead of JSON", ELSEWHERE
    if start in (b"{", b"["):
        return str(error), None
    return "text that is not JSON", ELSEWHERE
