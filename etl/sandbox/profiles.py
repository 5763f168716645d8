"""Ready-made misbehaviour, by name, for `--chaos`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etl.errors import UsageError
from etl.sandbox.faults import Rule

_PAGES = r"^/v1/(Core|Admin)/"
_WRITES = ("POST", "PUT", "DELETE")
_NOT_LOGIN = r"^(?!.*/(Auth/Token|token)$)"


@dataclass(frozen=True)
class Profile:
    """A sentence for the user, and the rules."""

    sentence: str
    rules: tuple[Rule, ...]


def _writes(fault: str, probability: float) -> tuple[Rule, ...]:
    return tuple(Rule(fault, method=method, path=_NOT_LOGIN, probability=probability) for method in _WRITES)


PROFILES: Mapping[str, Profile] = {
    "flaky": Profile(
        "One request in ten fails before anything was done: 500, 502, 503 or a closed connection.",
        tuple(Rule(fault, probability=0.025) for fault in ("500", "502", "503", "reset")),
    ),
    "restart": Profile(
        "Every 40th request begins an outage of three answers with 502 or 503.",
        (Rule("502", every=40), Rule("503", every=41), Rule("502", every=42)),
    ),
    "lost-answers": Profile(
        "One write in ten is carried out, but its answer is a 500 or never arrives.",
        (*_writes("reset-after", 0.05), *_writes("500-after", 0.05)),
    ),
    "broken-bodies": Profile(
        "One answer in ten is cut off, empty or an HTML page.",
        tuple(Rule(fault, path=_NOT_LOGIN, probability=0.025) for fault in ("truncated", "cut-json", "empty", "html")),
    ),
    "slow": Profile("Every answer takes a second longer.", (Rule("latency", seconds=1.0),)),
    "jitter": Profile("Requests arrive up to 20 ms late, each differently.", (Rule("jitter", seconds=0.02),)),
    "drift": Profile(
        "Records are added, deleted and changed while a list is being read.",
        tuple(
            Rule(fault, api="blikk", method="GET", path=_PAGES, probability=0.3)
            for fault in ("insert", "delete", "update")
        ),
    ),
    "lying-totals": Profile(
        "Half of the pages state wrong totals, some of them that they are the last.",
        (
            Rule("lying-totals", api="blikk", method="GET", path=_PAGES, probability=0.5),
            Rule("early-end", api="blikk", method="GET", path=_PAGES, probability=0.2),
        ),
    ),
    "endless": Profile(
        "Lists never end: the last page is given for ever.", (Rule("endless", api="blikk", method="GET", path=_PAGES),)
    ),
    "repeats": Profile(
        "One page in ten is the one before, once more.",
        (Rule("repeat", api="blikk", method="GET", path=_PAGES, probability=0.1),),
    ),
    "revoked": Profile("Every 25th request finds all tokens revoked.", (Rule("revoke", every=25, path=_NOT_LOGIN),)),
    "penalty": Profile(
        "Every 60th request is refused with 429, and its token for ten seconds.",
        (Rule("penalty", every=60, path=_NOT_LOGIN, seconds=10.0),),
    ),
    "storm": Profile(
        "A little of everything, as on a bad day.",
        (
            *(Rule(fault, probability=0.015) for fault in ("500", "502", "503", "reset")),
            *_writes("reset-after", 0.03),
            *_writes("500-after", 0.03),
            *(Rule(fault, path=_NOT_LOGIN, probability=0.01) for fault in ("truncated", "cut-json", "empty", "html")),
            *(
                Rule(fault, api="blikk", method="GET", path=_PAGES, probability=0.05)
                for fault in ("insert", "update", "repeat")
            ),
            Rule("revoke", every=50, path=_NOT_LOGIN),
            Rule("penalty", every=90, path=_NOT_LOGIN, seconds=2.0),
            Rule("jitter", seconds=0.02),
        ),
    ),
}


def profile_rules(name: str) -> tuple[Rule, ...]:
    """The rules of a profile; UsageError where there is none of that name."""
    profile = PROFILES.get(name)
    if profile is None:
        raise UsageError(f"there is no chaos profile '{name}'", f"one of {', '.join(PROFILES)}")
    return profile.rules
