"""What of a mapping its own tests touch: fields that one expects, and the branches that records take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from etl.keys import key_text
from etl.model import MISSING, Action, Item, Json, Outcome, Schema
from etl.specs import FieldSpec, MappingSpec, TestSpec
from etl.steps.lookups import used_tables
from etl.story import FieldStory, Part, Teller
from etl.transform import Transform

Path = tuple[str | int, ...]
_Mark = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One thing that a test may touch. `what`: in words, as it reads after 'no test'; `path`: where it is written."""

    what: str
    path: Path
    touched: bool


def measure(
    spec: MappingSpec, schemas: Mapping[str, Schema], tests: Iterable[tuple[TestSpec, Transform]]
) -> list[Branch]:
    """The mapping's fields and branches in the order in which they are written. `tests`: each with the transform as
    it takes place in; `schemas`: the target's fields."""
    touched: set[_Mark] = set()
    for test, transform in tests:
        for part in Teller(spec, transform, schemas).tell("(test)", test.record):
            touched |= set(_touched(part))
        touched |= {("field", name) for name in _expected(test)}
    return [Branch(what, path, mark in touched) for mark, what, path in _branches(spec)]


# --- what there is -------------------------------------------------------------------------------


def _branches(spec: MappingSpec) -> Iterator[tuple[_Mark, str, Path]]:
    if spec.source.where is not None:
        where = ("source", "where")
        yield ("where", "kept"), "has a record that `where` keeps", where
        yield ("where", "left"), "has a record that `where` leaves out", where
    for name in spec.lookups:
        if name in used_tables(spec):
            yield ("hit", name), f"finds a row in the lookup '{name}'", ("lookups", name)
            yield ("miss", name), f"misses in the lookup '{name}'", ("lookups", name)
    for field in spec.fields:
        yield from _of_field(field)


def _of_field(field: FieldSpec) -> Iterator[tuple[_Mark, str, Path]]:
    name = field.name
    yield ("field", name), f"expects the field '{name}'", field.path
    for key in field.map or ():
        text = key_text(key) or ""
        yield ("map", name, text), f"has '{text}' for the map of '{name}'", (*field.path, "map", key)
    if field.map is not None and field.otherwise is not MISSING:
        yield ("otherwise", name), f"needs the otherwise of '{name}'", (*field.path, "otherwise")
    if field.default is not MISSING:
        yield ("default", name), f"needs the default of '{name}'", (*field.path, "default")


# --- what is touched -----------------------------------------------------------------------------


def _expected(test: TestSpec) -> Iterator[str]:
    for each in test.expect if isinstance(test.expect, list) else [test.expect]:
        if isinstance(each, dict) and set(each) != {"rejected"}:
            yield from each


def _touched(part: Part) -> Iterator[_Mark]:
    if part.kept is not None:
        yield "where", "kept" if part.kept else "left"
    for looked in (*part.looked, *(each for story in part.fields for each in story.looked)):
        yield "miss" if looked.row is MISSING else "hit", looked.table
    result = part.result
    if isinstance(result, Outcome) and result.action is Action.REJECTED and result.field is not None:
        yield "field", result.field
    for story in _reached(part):
        yield from _in_field(story)


def _reached(part: Part) -> Iterator[FieldStory]:
    """The fields that a run would come to: those up to the one that rejects the record."""
    for story in part.fields:
        yield story
        if not isinstance(part.result, Item) and story.told.rejected is not None:
            return


def _in_field(story: FieldStory) -> Iterator[_Mark]:
    name, spec = story.told.field, story.spec
    values: dict[str, Json] = {step.name: step.value for step in story.told.steps}
    value = values.get("value")
    if spec.map is not None and value is not None:
        text = "" if isinstance(value, list | dict) else key_text(value) or ""
        named = {key_text(key) for key in spec.map}
        yield ("map", name, text) if text in named else ("otherwise", name)
    if "default" in values and values.get("map", value) is None:
        yield "default", name
