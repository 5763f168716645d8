"""Looking into the sandbox and turning its screws, as Python calls and as `/_sandbox/…` over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from etl.errors import UsageError
from etl.sandbox.api import Api
from etl.sandbox.exchange import Answer, Call, Json, Key, Record, json_answer
from etl.sandbox.faults import FAULTS, Faults, Rule
from etl.sandbox.journal import Journal
from etl.sandbox.profiles import PROFILES, profile_rules
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Database


class Control:
    """The sandbox's own desk; all of it runs in the server's thread."""

    def __init__(
        self,
        apis: Mapping[str, Api],
        database: Database,
        journal: Journal,
        settings: Settings,
        faults: Faults,
        fill: Callable[[], None],
    ) -> None:
        self.apis = apis
        self.journal = journal
        self.settings = settings
        self.faults = faults
        self._database = database
        self._fill = fill

    def records(self, api: str, resource: str) -> list[Record]:
        """All records of a resource in the fullest form that the API shows."""
        with self._database.reading():
            return self._api(api, resource).records(resource)

    def add(self, api: str, resource: str, record: Record) -> Key:
        with self._database.transaction():
            return self._api(api, resource).add(resource, record, _now())

    def change(self, api: str, resource: str, key: Key, record: Record) -> None:
        self._existing(api, resource, key)
        with self._database.transaction():
            self._api(api, resource).change(resource, key, record, _now())

    def remove(self, api: str, resource: str, key: Key) -> None:
        self._existing(api, resource, key)
        with self._database.transaction():
            self._api(api, resource).remove(resource, key)

    def configure(self, values: Mapping[str, Any]) -> None:
        """Sets what `Settings` has."""
        for name, value in values.items():
            self.settings.change(name, value)

    def revoke_tokens(self) -> int:
        """Makes the tokens of all APIs invalid; gives how many there were."""
        return sum(api.revoke_tokens() for api in self.apis.values())

    def misbehave(self, chaos: str | None, rules: Iterable[Rule]) -> None:
        """Adds the rules of a profile and others to those in force."""
        self.faults.add((*(profile_rules(chaos) if chaos else ()), *rules))

    def behave(self) -> None:
        """Ends all faults; what they held up goes on."""
        self.faults.clear()

    def reset(self) -> None:
        """The made-up data as it was at first, no faults, default settings, an empty journal."""
        with self._database.transaction():
            self._database.wipe()
            self._fill()
        self.faults.clear()
        self.journal.clear()
        self.settings.__dict__.update(Settings().__dict__)

    def answer(self, call: Call) -> Answer:
        """A request to `/_sandbox/…`."""
        try:
            return json_answer(self._over_http(call))
        except (UsageError, ValueError, TypeError) as error:
            return json_answer({"message": str(error)}, 400)

    def _over_http(self, call: Call) -> Json:
        _, _, name, *rest = [*call.path.split("/"), ""]
        parts = [part for part in rest if part]
        if call.method == "GET":
            return self._look(name, parts, call)
        if call.method == "POST":
            return self._act(name, parts, call)
        raise UsageError(f"{call.method} {call.path} does not exist", "GET looks, POST changes")

    def _look(self, name: str, parts: list[str], call: Call) -> Json:
        if name == "requests":
            return self.journal.summary(int(call.query.get("last", "100")))
        if name == "records" and len(parts) == 2:
            return self.records(*parts)
        if name == "settings":
            return {**asdict(self.settings), "missing_permissions": sorted(self.settings.missing_permissions)}
        if name == "chaos":
            return {
                "profiles": {known: profile.sentence for known, profile in PROFILES.items()},
                "faults": dict(FAULTS),
            }
        if not name:
            return {known: list(api.resources) for known, api in self.apis.items()}
        raise UsageError(f"{call.path} does not exist", "one of requests, records/API/RESOURCE, settings, chaos")

    def _act(self, name: str, parts: list[str], call: Call) -> Json:
        body = call.json() if call.body else {}
        if name == "records" and len(parts) == 2:
            return {"key": self.add(parts[0], parts[1], body)}
        if name == "records" and len(parts) == 3:
            return self._alter(parts[0], parts[1], parts[2], body)
        if name == "settings":
            return self.configure(body)
        if name == "chaos":
            return self.misbehave(body.get("profile"), [Rule.from_json(rule) for rule in body.get("rules", [])])
        actions: Mapping[str, Callable[[], Json]] = {
            "behave": self.behave,
            "revoke": self.revoke_tokens,
            "reset": self.reset,
        }
        if name not in actions:
            raise UsageError(f"{call.path} does not exist", f"one of records, settings, chaos, {', '.join(actions)}")
        return actions[name]()

    def _alter(self, api: str, resource: str, key: str, body: Json) -> None:
        """A change to one record; a body of null deletes it."""
        known: Key = int(key) if key.isdecimal() else key
        if body is None:
            self.remove(api, resource, known)
        else:
            self.change(api, resource, known, body)

    def _api(self, api: str, resource: str) -> Api:
        found = self.apis.get(api)
        if found is None:
            raise UsageError(f"the sandbox has no API '{api}'", f"one of {', '.join(self.apis)}")
        if resource not in found.resources:
            raise UsageError(f"{api} has no '{resource}' in the sandbox", f"one of {', '.join(found.resources)}")
        return found

    def _existing(self, api: str, resource: str, key: Key) -> None:
        with self._database.reading():
            if self._api(api, resource).stored(resource, key) is None:
                raise UsageError(f"{api} {resource} has no record {key!r}")


def _now() -> datetime:
    return datetime.now(UTC)
