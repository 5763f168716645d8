"""Faults on demand: rules that pick requests, and what goes wrong with them.

A rule picks by API, method, path and which of the matching requests (`nth`, `every`, `probability`); all chance comes
from a seed, so that the same requests meet the same faults.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

from etl.errors import UsageError

FAULTS: Mapping[str, str] = {
    "500": "answers 500 and does nothing",
    "502": "answers 502 with a gateway's HTML page and does nothing",
    "503": "answers 503 with an empty body and does nothing",
    "reset": "closes the connection before anything was done",
    "reset-after": "carries the request out, then closes the connection without an answer",
    "500-after": "carries the request out, then answers 500",
    "truncated": "carries the request out, then breaks off in the middle of the answer",
    "cut-json": "carries the request out and answers with half a JSON document that claims to be whole",
    "empty": "carries the request out and answers 200 with an empty body",
    "html": "carries the request out and answers 200 with an HTML page",
    "latency": "takes `seconds` longer",
    "jitter": "takes up to `seconds` longer, each time differently",
    "insert": "adds a record to the list before the page is read",
    "delete": "deletes a record of the list before the page is read",
    "update": "changes a record of the list before the page is read",
    "lying-totals": "states wrong totals beside the right records",
    "early-end": "says that this page is the last one",
    "endless": "never comes to an end: after the last page it is given again, and one more is promised",
    "repeat": "gives the page before once more, under the number that was asked for",
    "no-items": "leaves the records out of the page",
    "revoke": "makes all tokens invalid before the request is looked at",
    "penalty": "answers 429 and refuses the token for `seconds`",
}


@dataclass(frozen=True)
class Rule:
    """Which requests a fault strikes. `times` limits how often; `path` is a regular expression, found anywhere."""

    fault: str
    api: str | None = None
    method: str | None = None
    path: str = ""
    nth: int | None = None
    every: int | None = None
    probability: float = 1.0
    times: int | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise UsageError(f"'{self.fault}' is not a fault of the sandbox", f"one of {', '.join(FAULTS)}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise UsageError(f"'{self.path}' is not a regular expression: {error}") from None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rule:
        """A rule as it comes over HTTP."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(value.keys() - known)
        if unknown or "fault" not in value:
            raise UsageError(f"a rule can't have {unknown}" if unknown else "a rule needs a fault")
        return cls(**value)


@dataclass
class _Armed:
    """A rule at work: how many requests it has seen and struck."""

    rule: Rule
    random: Random
    seen: int = 0
    struck: int = 0

    def strikes(self, api: str, method: str, path: str) -> bool:
        rule = self.rule
        if rule.api not in (None, api) or rule.method not in (None, method) or not re.search(rule.path, path):
            return False
        self.seen += 1
        if rule.times is not None and self.struck >= rule.times:
            return False
        if rule.nth is not None and self.seen != rule.nth:
            return False
        if rule.every is not None and self.seen % rule.every:
            return False
        if rule.probability < 1 and self.random.random() >= rule.probability:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True)
class Strike:
    """What is done to one request: the faults by name with their seconds."""

    faults: Mapping[str, float] = field(default_factory=dict)

    def __contains__(self, fault: str) -> bool:
        return fault in self.faults

    def first_of(self, *names: str) -> str | None:
        return next((name for name in names if name in self.faults), None)

    @property
    def label(self) -> str | None:
        """For the journal."""
        return ", ".join(self.faults) or None


class Faults:
    """The rules in force, in the order in which they were given. `held`: how many requests a delay keeps waiting."""

    def __init__(self, rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []
        self._over = asyncio.Event()
        self.held = 0
        self.random = Random(f"{seed}-faults")  # noqa: S311 - made-up accidents, no secrets
        self.add(rules)

    def add(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            chance = Random(f"{self._seed}-{len(self._armed)}")  # noqa: S311
            self._armed.append(_Armed(rule, chance))

    def clear(self) -> None:
        """From now on nothing goes wrong; what is held up goes on at once."""
        self._armed.clear()
        self._over.set()
        self._over = asyncio.Event()

    async def hold(self, strike: Strike) -> None:
        """Waits for as long as the strike delays a request."""
        seconds = strike.faults.get("latency", 0.0) + strike.faults.get("jitter", 0.0)
        if seconds > 0:
            self.held += 1
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), seconds)
            finally:
                self.held -= 1

    def strike(self, api: str, method: str, path: str) -> Strike:
        """The faults that this request meets."""
        hits = [armed.rule for armed in self._armed if armed.strikes(api, method, path)]
        return Strike({rule.fault: self._seconds(rule) for rule in hits})

    def _seconds(self, rule: Rule) -> float:
        return self.random.uniform(0, rule.seconds) if rule.fault == "jitter" else rule.seconds
