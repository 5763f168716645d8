"""What can be told to the sandbox while it runs. The defaults are the documents' word, read strictly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints

from etl.errors import UsageError

ThrottleMode = Literal["sliding", "calendar", "off"]


@dataclass
class Settings:
    """Changed through `Sandbox.configure(...)` or `POST /_sandbox/settings`."""

    throttle: ThrottleMode = "sliding"  # how a "second" is counted; the documents leave it open
    requests_per_second: int = 4  # Blikk: Rate limiting
    token_lifetime: float = 3600.0  # seconds; no document states one
    create_answer: Literal["empty", "id"] = "empty"  # Blikk: creates other than contacts have no documented body
    contact_tags: Literal["tags", "tagIds"] = "tags"  # Blikk: the field list says one, the example the other
    shuffle_results: bool = False  # Dime.Sheets: nothing says that results come in the order of the request
    failure: Literal["envelope", "success_false", "http_500"] = "envelope"  # Dime.Scheduler: where a failure shows
    missing_permissions: set[str] = field(default_factory=set)  # Blikk: e.g. {"Task_Read"}
    refuse_ip: bool = False  # Blikk: 403 with ipAddressAllowed false

    def change(self, name: str, value: Any) -> None:
        """Sets one of the above; UsageError for a name or a word that is not among the choices."""
        kinds = get_type_hints(Settings)
        if name not in kinds:
            raise UsageError(f"the sandbox has no setting '{name}'", f"one of {', '.join(sorted(kinds))}")
        choices = [choice for choice in get_args(kinds[name]) if isinstance(choice, str)]
        if choices and value not in choices:
            raise UsageError(f"'{value}' is no value of the sandbox's setting '{name}'", f"one of {', '.join(choices)}")
        setattr(self, name, set(value) if name == "missing_permissions" else value)
