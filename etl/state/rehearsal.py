"""A state for plans: reads see the real store, writes go to a scratch one that is thrown away.

So a plan of tasks finds the projects that the same plan would have created, and the real store stays untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from etl.model import Json, LedgerEntry, Record, Reject
from etl.ports import Checkpoint, Cursor, Intent, MappingState, Scope, SlotBoard, State, Veil
from etl.report import RunReport
from etl.state.mapping import CHUNK
from etl.state.seen import SeenKeys


@dataclass(frozen=True, slots=True)
class RehearsedMapping:
    """One mapping's state during a plan."""

    real: MappingState
    scratch: MappingState
    seen_keys: SeenKeys = field(default_factory=SeenKeys)

    def cursor(self) -> Cursor | None:
        return self.real.cursor()

    def save_cursor(self, cursor: Cursor) -> None:
        self.scratch.save_cursor(cursor)

    def checkpoint(self) -> Checkpoint | None:
        return None

    def save_checkpoint(self, checkpoint: Checkpoint | None) -> None:
        self.scratch.save_checkpoint(checkpoint)

    def known(self, keys: Sequence[str]) -> dict[str, LedgerEntry]:
        return self.real.known(keys)

    def blank(self) -> bool:
        return self.real.blank()

    def output(self, key: str) -> Record | None:
        return self.real.output(key)

    def accept(self, entries: Iterable[LedgerEntry], run_id: str) -> None:
        accepted = list(entries)
        self.seen([entry.key for entry in accepted], run_id)
        self.scratch.accept(accepted, run_id)

    def seen(self, keys: Iterable[str], run_id: str) -> None:
        """Kept beside: what is unchanged stays as the real store has it."""
        self.seen_keys.add_many(list(keys))

    def unseen(self, run_id: str) -> Iterator[LedgerEntry]:
        entries = iter(self.real.sent())
        while chunk := list(islice(entries, CHUNK)):
            seen = self.seen_keys.contains_many([entry.key for entry in chunk])
            yield from (entry for entry, known in zip(chunk, seen, strict=True) if not known)

    def sent(self) -> Iterable[LedgerEntry]:
        return self.real.sent()

    def forget(self, keys: Iterable[str]) -> None:
        self.scratch.forget(keys)

    def mark_gone(self, keys: Iterable[str]) -> None:
        self.scratch.mark_gone(keys)

    def doubt(self, keys: Iterable[str]) -> None:
        self.scratch.doubt(keys)

    def trust(self, entries: Iterable[LedgerEntry]) -> None:
        self.scratch.trust(entries)

    def count(self) -> int:
        return self.real.count()

    def targets(self, target_keys: Sequence[str]) -> dict[str, str]:
        return self.real.targets(target_keys)

    def claimed(self, target_ids: Sequence[Json]) -> list[bool]:
        return self.real.claimed(target_ids)

    def intend(self, intents: Iterable[Intent]) -> None:
        self.scratch.intend(intents)

    def intents(self) -> list[Intent]:
        return self.real.intents()

    def drop_intents(self, keys: Iterable[str]) -> None:
        self.scratch.drop_intents(keys)

    def reject(self, rejects: Iterable[Reject], run_id: str) -> None:
        self.scratch.reject(rejects, run_id)

    def rejects(self) -> Iterable[Reject]:
        """Those of the store, less what this plan would see accepted, and those that this plan came across."""
        new = {reject.key: reject for reject in self.scratch.rejects()}
        old = {reject.key: reject for reject in self.real.rejects() if reject.key not in new}
        settled = self.scratch.known(list(old))
        return [*new.values(), *(reject for key, reject in old.items() if key not in settled)]

    def drop_rejects(self, keys: Iterable[str]) -> None:
        self.scratch.drop_rejects(keys)

    def details(self, keys: Sequence[str]) -> dict[str, tuple[str, Record]]:
        return self.real.details(keys)

    def save_details(self, details: Iterable[tuple[str, str, Record]]) -> None:
        """Kept for real: a full form that was asked for need not be asked for again by the run that follows."""
        self.real.save_details(details)

    def forget_details(self) -> None:
        """They stay: the run that follows forgets them."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole store during a plan. Claims nothing: a plan may look while a run is under way."""

    real: State
    scratch: State
    _mappings: dict[Scope, RehearsedMapping] = field(default_factory=dict)
    _former: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """A mapping's project, environment and name → its old name."""

    @property
    def board(self) -> SlotBoard | None:
        return self.real.board

    def mapping(self, scope: Scope, veil: Veil | None = None) -> RehearsedMapping:
        if scope not in self._mappings:
            stored = self.real.mapping(self._stored(scope), veil)
            self._mappings[scope] = RehearsedMapping(stored, self.scratch.mapping(scope, veil))
        return self._mappings[scope]

    def _stored(self, scope: Scope) -> Scope:
        """Where the store has it: under the old name, as long as no run has handed it over."""
        old = self._former.get((scope.project, scope.environment, scope.mapping))
        if old is None:
            return scope
        known = self.real.scopes(scope.project, scope.environment)
        former = replace(scope, mapping=old)
        return former if former in known and scope not in known else scope

    def secret(self, project: str) -> bytes:
        return self.real.secret(project)

    def claim(self, scope: Scope) -> bool:
        return True

    def release(self, scope: Scope) -> None:
        """Nothing was claimed."""

    def rename(self, project: str, environment: str, old: str, new: str) -> None:
        """The run will hand the state over; a plan must not, and reads it where it is."""
        self._former[project, environment, new] = old

    def identities(self, project: str, environment: str, origin: str, target_keys: Sequence[str]) -> dict[str, Json]:
        return {
            **self.real.identities(project, environment, origin, target_keys),
            **self.scratch.identities(project, environment, origin, target_keys),
        }

    def save_identities(
        self, project: str, environment: str, origin: str, identities: Iterable[tuple[str, Json]]
    ) -> None:
        self.scratch.save_identities(project, environment, origin, identities)

    def target_of(self, project: str, environment: str, mapping: str, key: str) -> LedgerEntry | None:
        former = self._former.get((project, environment, mapping), mapping)
        return (
            self.scratch.target_of(project, environment, mapping, key)
            or self.real.target_of(project, environment, mapping, key)
            or self.real.target_of(project, environment, former, key)
        )

    def start_run(self, report: RunReport, project: str, environment: str, command: str) -> None:
        """Plans are no runs."""

    def finish_run(self, report: RunReport) -> None:
        """Plans are no runs."""

    def runs(self, project: str, environment: str | None = None, limit: int = 20) -> list[RunReport]:
        return self.real.runs(project, environment, limit)

    def run(self, run_id: str) -> RunReport | None:
        return self.real.run(run_id)

    def all_rejects(self, project: str, environment: str, mapping: str | None = None) -> Iterable[Reject]:
        return self.real.all_rejects(project, environment, mapping)

    def scopes(self, project: str, environment: str) -> list[Scope]:
        return self.real.scopes(project, environment)

    def reset(self, scope: Scope) -> None:
        self.scratch.reset(scope)

    def close(self) -> None:
        for mapping in self._mappings.values():
            mapping.seen_keys.close()
        self.scratch.close()
        self.real.close()
