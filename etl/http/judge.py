"""What an answer or the last of several failures means for the run: errors in words, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from etl.durations import spell
from etl.errors import ConnectionFailed, EtlError, OutcomeUnknown, PermissionMissing, Refused
from etl.http.answer import Answer, Call
from etl.http.faults import Failure
from etl.http.refusal import Refusal, RefusalReader, spell_fields
from etl.http.signature import login_failed

RERUN = "nothing was lost, a rerun goes on from here"
COUNTS = ("", "", " twice", " three times", " four times", " five times", " six times")


def is_fault(status: int) -> bool:
    """The server failed at this very request, which may be the request's fault; else it is down or busy."""
    return status >= 500 and status not in (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Judge:
    """Speaks for one connection; `keys` are the names of its `auth`, for hints."""

    connection: str
    reader: RefusalReader
    keys: Sequence[str] = ()

    def accepted(self, call: Call, answer: Answer) -> Answer:
        """The answer, if it is a success."""
        if 200 <= answer.status < 300:
            return answer
        refusal = self.reader.read(answer.body)
        raise self._refused(call, answer.status, refusal)

    def logged_in(self, call: Call, answer: Answer) -> Answer:
        """The answer to a login, if it is a success."""
        if answer.status in (400, 401):
            what = f"{call.line} answered {answer.status}"
            text = self.reader.read(answer.body).text
            raise login_failed(self.connection, self.keys, f"{what}: {text}" if text else what)
        if 400 <= answer.status < 500 and answer.status != 403:
            raise ConnectionFailed(
                self._said(call, f"answered {answer.status}: there is no login at this address"),
                "is `base_url` right?",
            )
        return self.accepted(call, answer)

    def reason(self, answer: Answer) -> str:
        """The API's own words, or that it has none."""
        return self.reader.read(answer.body).reason(answer.status)

    def given_up(self, call: Call, failure: Failure, attempts: int, elapsed: float) -> EtlError:
        """No further try: the connection is unusable, the write is at fault, or its outcome is unknown."""
        message = f"{self._said(call, failure.what)}{_times(attempts, elapsed)}"
        if failure.reason and not failure.reason.startswith("HTTP "):
            message += f": {failure.reason}"
        if failure.status == 429:
            return ConnectionFailed(message, "does another program use these credentials? `throttle` leaves it room")
        if failure.sent and not call.repeatable:
            hint = "it may have been applied; the next run looks before it sends again"
            fault = failure.status is not None and is_fault(failure.status)
            return OutcomeUnknown(message, hint, status=failure.status if fault else None, reason=failure.reason)
        if failure.status is not None and is_fault(failure.status) and not call.reads:
            return Refused(message, status=failure.status, reason=failure.reason, server_fault=True)
        return ConnectionFailed(message, failure.hint or RERUN)

    def too_long(self, call: Call, failure: Failure, longest: float) -> ConnectionFailed:
        """The API asks for more patience than the connection allows."""
        return ConnectionFailed(
            f"{self._said(call, failure.what)} and asks to wait {spell(failure.wait or 0)}",
            f"`retry.max_wait` allows {spell(longest)}; {RERUN}",
        )

    def redirected(self, call: Call, status: int, target: str, *, same_origin: bool) -> ConnectionFailed:
        """A redirect that is not followed."""
        parts = urlsplit(target)
        place = f"{parts.scheme}://{parts.netloc}"
        message = self._said(call, f"answered {status}, a redirect to {parts.path if same_origin else place}")
        if same_origin:
            what = "a redirect is followed only for reads" if call.method != "GET" else "it leads in circles"
            return ConnectionFailed(message, f"{what}; check `base_url` and the path")
        return ConnectionFailed(
            message, f"credentials go to no other address; if {place} is right, write it as `base_url`"
        )

    def _refused(self, call: Call, status: int, refusal: Refusal) -> EtlError:
        reason = refusal.reason(status)
        message = self._said(call, f"answered {status}: {reason}{spell_fields(refusal.fields)}")
        if status == 401:
            return login_failed(self.connection, self.keys, message.removeprefix(f"{self.connection}: "))
        if status == 403:
            return self._forbidden(call, refusal)
        if status >= 500:
            failure = Failure(f"answered {status}", status=status, reason=reason)
            return self.given_up(call, failure, 1, 0.0)
        if status < 400:
            return ConnectionFailed(self._said(call, f"answered {status}, which is no answer to it"), RERUN)
        hint = "there may be no such address: is `base_url` right?" if status == 404 and call.reads else None
        return Refused(message, hint, status=status, reason=reason, fields=refusal.fields)

    def _forbidden(self, call: Call, refusal: Refusal) -> PermissionMissing:
        if refusal.ip_refused:
            return PermissionMissing(
                self._said(call, "answered 403: the IP address of this machine is not allowed"),
                "add the address to those that the API application allows, or run from one that is",
                ip_refused=True,
            )
        lacking = ", ".join(refusal.permissions)
        what = f"the credentials lack the permission {lacking}" if lacking else refusal.reason(403)
        return PermissionMissing(
            self._said(call, f"answered 403: {what}"),
            f"give {lacking or 'the permission for this'} to the credentials of connection '{self.connection}'",
            permissions=refusal.permissions,
        )

    def _said(self, call: Call, what: str) -> str:
        return f"{self.connection}: {call.line} {what}"


def _times(attempts: int, elapsed: float) -> str:
    if attempts == 1:
        return ""
    count = COUNTS[attempts] if attempts < len(COUNTS) else f" {attempts} times"
    return f"{count} in {spell(elapsed)}"
