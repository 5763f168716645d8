"""Ledger, rejects and intents against a model of plain dicts: any sequence of calls gives what the model gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from etl.model import LedgerEntry, Reject
from etl.ports import Intent, Scope
from etl.state import StoredState, open_state
from tests.unit.state.conftest import SCOPE

KEYS = ["1", "2", "", "a\0", "å", '["1","2"]', "\ud800"]
keys = st.lists(st.sampled_from(KEYS), max_size=5)
wide = st.integers(10**24, 10**25).map(lambda number: Decimal(2 * number + 1).scaleb(-3))
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), wide)
outputs = st.dictionaries(
    st.text(max_size=3), st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)), max_size=3
)
entries = st.builds(
    LedgerEntry,
    key=st.sampled_from(KEYS),
    target_key=st.sampled_from(["t1", "t2", "t\0"]),
    hash=st.binary(max_size=4),
    output=st.one_of(st.none(), outputs),
    target_id=st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    gone=st.booleans(),
)


@dataclass
class Known:
    """One key as the model knows it: its entry, and the run that saw it last."""

    entry: LedgerEntry
    seen: int


class StateMachine(RuleBasedStateMachine):
    """One mapping used by one run after another; a second mapping must never notice."""

    def __init__(self, state: StoredState) -> None:
        super().__init__()
        self.state = state
        self.run = 1
        self.ledger: dict[str, Known] = {}
        self.rejects: dict[str, Reject] = {}
        self.intents: dict[str, Intent] = {}

    @initialize()
    def start(self) -> None:
        other = Scope("acme", "test", "projects", SCOPE.origin)
        for scope in (SCOPE, other):
            self.state.reset(scope)
        self.mapping, self.other = self.state.mapping(SCOPE), self.state.mapping(other)
        self.other.accept([LedgerEntry(key, "t1", b"other") for key in KEYS], "other")
        self.other.reject([Reject(key, "other") for key in KEYS], "other")

    @property
    def run_id(self) -> str:
        return f"run-{id(self)}-{self.run}"

    @rule()
    def next_run(self) -> None:
        self.run += 1

    @rule(accepted=st.lists(entries, max_size=5))
    def accept(self, accepted: list[LedgerEntry]) -> None:
        self.mapping.accept(accepted, self.run_id)
        for entry in accepted:
            self.ledger[entry.key] = Known(entry, self.run)
            self.rejects.pop(entry.key, None)
            self.intents.pop(entry.key, None)

    @rule(seen=keys)
    def see(self, seen: list[str]) -> None:
        self.mapping.seen(seen, self.run_id)
        for key in set(seen) & self.ledger.keys():
            self.ledger[key].seen = self.run

    @rule(gone=keys)
    def mark_gone(self, gone: list[str]) -> None:
        self.mapping.mark_gone(gone)
        for key in set(gone) & self.ledger.keys():
            self.ledger[key].entry = replace(self.ledger[key].entry, gone=True)

    @rule(doubted=keys)
    def doubt(self, doubted: list[str]) -> None:
        self.mapping.doubt(doubted)
        for key in set(doubted) & self.ledger.keys():
            self.ledger[key].entry = replace(self.ledger[key].entry, hash=b"", gone=False)

    @rule(trusted=st.lists(entries, max_size=5))
    def trust(self, trusted: list[LedgerEntry]) -> None:
        self.mapping.trust(trusted)
        for entry in trusted:
            if (known := self.ledger.get(entry.key)) is not None:
                known.entry = replace(known.entry, hash=entry.hash, gone=entry.gone)

    @rule(forgotten=keys)
    def forget(self, forgotten: list[str]) -> None:
        self.mapping.forget(forgotten)
        for key in forgotten:
            self.ledger.pop(key, None)

    @rule(rejected=keys, reason=st.text(max_size=5), record=st.one_of(st.none(), outputs))
    def reject(self, rejected: list[str], reason: str, record: dict[str, object] | None) -> None:
        self.mapping.reject([Reject(key, reason, record=record) for key in rejected], self.run_id)
        for key in set(rejected):
            attempts = self.rejects[key].attempts + 1 if key in self.rejects else 1
            self.rejects[key] = Reject(key, reason, record=record, attempts=attempts)

    @rule(dropped=keys)
    def drop_rejects(self, dropped: list[str]) -> None:
        self.mapping.drop_rejects(dropped)
        for key in dropped:
            self.rejects.pop(key, None)

    @rule(intended=keys, output=outputs)
    def intend(self, intended: list[str], output: dict[str, object]) -> None:
        made = [Intent(key, "t1", output, b"h", "2026-04-01T10:00:00Z", self.run_id) for key in intended]
        self.mapping.intend(made)
        self.intents |= {intent.key: intent for intent in made}

    @rule(dropped=keys)
    def drop_intents(self, dropped: list[str]) -> None:
        self.mapping.drop_intents(dropped)
        for key in dropped:
            self.intents.pop(key, None)

    @invariant()
    def the_ledger_is_the_models(self) -> None:
        if not hasattr(self, "mapping"):
            return
        known = {key: replace(each.entry, output=None) for key, each in self.ledger.items()}
        live = {key: each.entry for key, each in self.ledger.items() if not each.entry.gone}
        assert self.mapping.known(KEYS) == known
        assert self.mapping.count() == len(live)
        assert self.mapping.blank() == (not self.ledger)
        assert {key: self.mapping.output(key) for key in KEYS if self.mapping.output(key) is not None} == {
            key: each.entry.output for key, each in self.ledger.items() if each.entry.output is not None
        }
        claimed = self.mapping.targets(["t1", "t2", "t\0"])
        assert claimed.keys() == {entry.target_key for entry in live.values()}
        assert all(live[key].target_key == target_key for target_key, key in claimed.items())

    @invariant()
    def rejects_and_intents_are_the_models(self) -> None:
        if not hasattr(self, "mapping"):
            return
        stored = {each.key: (each.reason, each.record, each.attempts) for each in self.mapping.rejects()}
        assert stored == {key: (each.reason, each.record, each.attempts) for key, each in self.rejects.items()}
        assert {intent.key: intent for intent in self.mapping.intents()} == self.intents

    @invariant()
    def another_environment_is_untouched(self) -> None:
        if hasattr(self, "other"):
            assert self.other.count() == len(KEYS) == len(list(self.other.rejects()))

    @rule()
    def unseen(self) -> None:
        expected = {
            key: each.entry for key, each in self.ledger.items() if each.seen != self.run and not each.entry.gone
        }
        assert {entry.key: entry for entry in self.mapping.unseen(self.run_id)} == expected


@pytest.mark.parametrize("examples", [40])
def test_every_sequence_of_calls_leaves_what_a_plain_dict_would_hold(
    store_url: str, tmp_path: Path, examples: int
) -> None:
    state = open_state(store_url, tmp_path)
    try:
        run_state_machine_as_test(
            lambda: StateMachine(state),
            settings=settings(max_examples=examples, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
        )
    finally:
        state.close()
