"""`POST /import`: an array of procedure calls that succeed or fail as one."""

from __future__ import annotations

from etl.sandbox.dimescheduler.catalogue import Entity, catalogue
from etl.sandbox.dimescheduler.envelope import failure, success
from etl.sandbox.dimescheduler.records import Failed, Procedures
from etl.sandbox.dimescheduler.values import from_text
from etl.sandbox.exchange import Answer, Call, Json, Record, Refusal, json_answer
from etl.sandbox.routing import Route
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store

_KEYS = ("StoredProcedureName", "ParameterNames", "ParameterValues")


class Imports:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._procedures = Procedures(store)
        self._settings = settings

    def routes(self) -> list[Route]:
        return [Route("POST", "/import", self.run)]

    def run(self, call: Call) -> Answer:
        """In the order of the array; the first failure takes all of it back."""
        calls = _array(call)
        touched: list[Record] = []
        for place, item in enumerate(calls, 1):
            try:
                touched.extend(self._one(item))
            except Failed as failed:
                raise failure(f"Procedure {place} of {len(calls)}: {failed}", self._settings) from None
        return success(f"{len(calls)} procedures carried out", touched)

    def _one(self, item: Json) -> list[Record]:
        name, names, values = _shape(item)
        known = catalogue().procedures.get(name)
        if known is None:
            raise Failed(f"there is no procedure {name}")
        entity, verb = known
        return self._procedures.run(entity, verb, _given(entity, name, names, values))


def _array(call: Call) -> list[Json]:
    try:
        calls = call.json()
    except ValueError:
        raise _malformed("The body is not valid JSON.") from None
    if not isinstance(calls, list) or not calls:
        raise _malformed("The body has to be an array of procedure calls.")
    return calls


def _malformed(text: str) -> Refusal:
    return Refusal(json_answer({"Error": "Bad Request", "Description": text}, 400))


def _shape(item: Json) -> tuple[str, list[str], list[str | None]]:
    if not isinstance(item, dict) or any(key not in item for key in _KEYS):
        raise Failed(f"each call needs {', '.join(_KEYS)}")
    name, names, values = (item[key] for key in _KEYS)
    if not isinstance(name, str) or not isinstance(names, list) or not isinstance(values, list):
        raise Failed("StoredProcedureName has to be a text, the other two arrays")
    if len(names) != len(values):
        raise Failed(f"{len(names)} parameter names, but {len(values)} values")
    if not all(isinstance(text, str) for text in names):
        raise Failed("parameter names have to be texts")
    if not all(text is None or isinstance(text, str) for text in values):
        raise Failed("parameter values have to be texts or null")
    return name, names, values


def _given(entity: Entity, procedure: str, names: list[str], values: list[str | None]) -> Record:
    """The parameters by name, each read as its type."""
    given: Record = {}
    for name, text in zip(names, values, strict=True):
        parameter = entity.parameters.get(name)
        if parameter is None:
            raise Failed(f"{procedure} has no parameter {name}")
        if name in given:
            raise Failed(f"{name} is given twice")
        try:
            given[name] = None if text is None else from_text(parameter, text)
        except ValueError as error:
            raise Failed(f"{name}: '{text}' can't be read: {error}") from None
    return given
