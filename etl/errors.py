"""The error tree, grouped by what happens next.

    EtlError
    ├── UsageError          wrong use of the command line; nothing was sent            exit 2
    ├── DocumentError       the author edits a file; carries all problems found        exit 2
    ├── ConnectionFailed    a system can't be used; the mapping stops                  exit 3
    │   ├── LoginFailed         credentials refused
    │   ├── PermissionMissing   the API names what is missing, or the IP address is refused
    │   └── OutcomeUnknown      a write whose answer was lost: it may have been applied
    ├── StateError          the state can't be read or written                         exit 3
    ├── LimitReached        `limits` stopped the run before it did harm                exit 3
    ├── Interrupted         Ctrl-C or SIGTERM; what was done is recorded               exit 130
    ├── Refused             an API said no to one request; becomes rejects
    └── RecordRejected      one record can't go on; stored as a reject, the run goes on

Raisers know the facts; `etl.reporting` writes the text; `etl.cli` alone turns an error into an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.model import Problem


class EtlError(Exception):
    """Something the user can act on. `message` says what, `hint` how to go on."""

    exit_code = 3

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """An API's own words may end the message; their full stop does not stand before the hint."""
        return f"{self.message.removesuffix('.')} — {self.hint}" if self.hint else self.message


class UsageError(EtlError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class DocumentError(EtlError):
    """One or more documents are wrong; `problems` holds every one that was found."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class ConnectionFailed(EtlError):
    """A system can't be reached, or answers in a way that no retry helps against."""


class LoginFailed(ConnectionFailed):
    """The system refused the credentials."""


class PermissionMissing(ConnectionFailed):
    """The credentials are good, but not for this (HTTP 403)."""

    def __init__(
        self, message: str, hint: str | None = None, *, permissions: Sequence[str] = (), ip_refused: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.permissions = tuple(permissions)
        self.ip_refused = ip_refused


class OutcomeUnknown(ConnectionFailed):
    """A write that must not be repeated blindly got no usable answer: it may or may not have been applied.

    `status`: that of the answer, where the server failed at this very request; `reason`: the API's own text in it.
    """

    def __init__(self, message: str, hint: str | None = None, *, status: int | None = None, reason: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.reason = reason


class StateError(EtlError):
    """The state store can't be opened, read or written."""


class LimitReached(EtlError):
    """A limit of the mapping stopped the run; what was done is recorded."""


class Interrupted(EtlError):
    """The user asked to stop; what was in flight was finished and recorded."""

    exit_code = 130


class Refused(EtlError):
    """An API refused one request (HTTP 4xx other than 401, 403 and 429, or a failure inside an envelope).

    `reason` is the API's own text; `fields` what it says of single fields; `server_fault` is true for a
    500 that outlived its retries.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        status: int,
        reason: str,
        fields: dict[str, Sequence[str]] | None = None,
        server_fault: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.reason = reason
        self.fields = fields or {}
        self.server_fault = server_fault


class RecordRejected(Exception):
    """This record can't go on: `reason` in words, `field` where one is at fault.

    `code` is short and stable (`lookup`, `type`, `required`, `map`, `expression`, `duplicate`, `refused`…).
    `filtered` marks a lookup miss with `on_miss: skip`: the record counts as filtered, not as rejected.
    """

    def __init__(
        self, reason: str, *, field: str | None = None, code: str = "rejected", filtered: bool = False
    ) -> None:
        super().__init__(f"field '{field}': {reason}" if field else reason)
        self.reason = reason
        self.field = field
        self.code = code
        self.filtered = filtered
