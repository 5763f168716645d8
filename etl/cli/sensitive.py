"""What must not be shown of records: by the mapping's word, by the connector's, or since it comes from such a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from etl.cli.offline import offline
from etl.cli.options import Settings
from etl.errors import EtlError
from etl.expressions.parse import names_used, parse
from etl.mapping.checks.fields import key_of
from etl.mapping.sensitive import made_of
from etl.model import MISSING, Item, Outcome, Record, Reject, Schema
from etl.reporting.runs import TARGET_KEY
from etl.reporting.values import masked
from etl.secrets import MASK
from etl.specs import MappingSpec

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace
    from etl.mapping.load import Loaded
    from etl.story import FieldStory, Looked, Memory, Part, Story

Fields = Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class Shower:
    """Makes records fit to be shown. Several schemas, where several mappings have the name."""

    sources: tuple[Fields, ...]
    targets: tuple[Fields, ...]
    tables: Mapping[str, Fields] = field(default_factory=dict)
    """Lookup → the fields of its rows."""
    hides_key: bool = False
    """True: what a record is called in the target is made of a sensitive field."""

    @classmethod
    def of(cls, workspace: Workspace, *mappings: MappingSpec) -> Shower:
        """For records of these mappings."""
        return cls(
            tuple(_read(workspace, mapping) for mapping in mappings),
            tuple(_written(workspace, mapping) for mapping in mappings),
            {name: _rows(workspace, mapping, name) for mapping in mappings for name in mapping.lookups},
            any(_hides_key(workspace, mapping) for mapping in mappings),
        )

    def source(self, record: Record) -> Record:
        """A source record with its sensitive values masked."""
        return reduce(masked, self.sources, record)

    def target(self, record: Record) -> Record:
        """What a record became, with its sensitive values masked."""
        return reduce(masked, self.targets, record)

    def result(self, result: Item | Outcome) -> Item | Outcome:
        """What became of a record, both ends masked."""
        if isinstance(result, Outcome):
            return replace(result, item=self._item(result.item))
        return self._item(result)

    def part(self, part: Part) -> Part:
        """A record's way through the mapping, step by step."""
        return replace(
            part,
            record=self.source(part.record),
            result=self.result(part.result),
            fields=tuple(self._field(each) for each in part.fields),
            looked=self._looked(part.looked),
        )

    def story(self, story: Story) -> Story:
        """All that is known of a record."""
        return replace(
            story,
            record=None if story.record is None else self.source(story.record),
            full=None if story.full is None else self.source(story.full),
            parts=tuple(self.part(each) for each in story.parts),
            memories=tuple(self._memory(each) for each in story.memories),
        )

    def _item(self, item: Item) -> Item:
        output = self.target(item.output)
        return replace(item, record=self.source(item.record), output=output, target_key=self._key(item.target_key))

    def _key(self, target_key: str) -> str:
        return MASK if self.hides_key and target_key else target_key

    def _field(self, story: FieldStory) -> FieldStory:
        told = story.told
        if told.sensitive:
            steps = tuple(replace(step, value=_mask(step.value)) for step in told.steps)
            looked = tuple(replace(each, key=MASK, row=_mask(each.row)) for each in story.looked)
            return replace(story, told=replace(told, steps=steps, result=_mask(told.result)), looked=looked)
        return replace(story, looked=self._looked(story.looked))

    def _looked(self, looked: Iterable[Looked]) -> tuple[Looked, ...]:
        return tuple(
            replace(each, row=masked(each.row, self.tables.get(each.table, {}))) if isinstance(each.row, dict) else each
            for each in looked
        )

    def _memory(self, memory: Memory) -> Memory:
        sent, intent = memory.sent, memory.intent
        return replace(
            memory,
            sent=sent
            and replace(
                sent,
                output=None if sent.output is None else self.target(sent.output),
                target_key=self._key(sent.target_key),
            ),
            reject=memory.reject and self.reject(memory.reject),
            intent=intent
            and replace(intent, output=self.target(intent.output), target_key=self._key(intent.target_key)),
            changes={
                name: [self.target({name: value})[name] for value in pair] for name, pair in memory.changes.items()
            },
        )

    def reject(self, reject: Reject) -> Reject:
        """A reject with both records masked."""
        record = self.source(reject.record) if reject.record is not None else None
        output = self.target(reject.output) if reject.output is not None else None
        return replace(reject, record=record, output=output, target_key=self._key(reject.target_key or "") or None)


def hidden_fields(workspace: Workspace) -> dict[str, frozenset[str]]:
    """Mapping → what of its records in the target is never shown."""
    return {
        mapping.name: _hidden(workspace, mapping) | ({TARGET_KEY} if _hides_key(workspace, mapping) else set())
        for mapping in workspace.mappings
    }


def _hidden(workspace: Workspace, mapping: MappingSpec) -> frozenset[str]:
    return frozenset(name for name, schema in _written(workspace, mapping).items() if schema.sensitive)


def _hides_key(workspace: Workspace, mapping: MappingSpec) -> bool:
    endpoint = workspace.endpoint(mapping.target.connection, mapping.target.endpoint)
    return not _hidden(workspace, mapping).isdisjoint(key_of(endpoint, mapping.target))


def _mask(value: Any) -> Any:
    return value if value is None or value is MISSING else MASK


def _written(workspace: Workspace, mapping: MappingSpec) -> Fields:
    endpoint = workspace.endpoint(mapping.target.connection, mapping.target.endpoint)
    from etl.assemble.compiled import sensitive_of

    hidden = dict.fromkeys(sensitive_of(workspace, mapping), Schema(sensitive=True))
    return dict(endpoint.written() if endpoint else {}) | hidden


def _read(workspace: Workspace, mapping: MappingSpec) -> Fields:
    """The fields of a record as the mapping sees it: with its parent, and with one item of its `each`.

    What a field that the mapping calls sensitive is made of is so, too.
    """
    source = mapping.source
    fields = dict(_fields(workspace, source.connection, source.endpoint))
    if source.parent is not None:
        parent = _fields(workspace, source.connection, source.parent.endpoint)
        fields[source.parent.alias] = Schema("object", properties=parent)
    if source.each is not None:
        fields[source.each.alias] = _item(fields, source.each.items)
    return fields | dict.fromkeys(made_of(mapping), Schema(sensitive=True))


def _item(fields: Fields, items: str) -> Schema:
    """What is known of the items that an expression gives: those of the one list that it looks at."""
    looked_at = [fields[name] for name in names_used(parse(items)) or fields if name in fields]
    if any(schema.sensitive for schema in looked_at):
        return Schema(sensitive=True)
    return looked_at[0].items or Schema() if len(looked_at) == 1 else Schema()


def _rows(workspace: Workspace, mapping: MappingSpec, name: str) -> Fields:
    lookup = mapping.lookups[name]
    if lookup.connection is None or lookup.endpoint is None:
        return {}
    return _fields(workspace, lookup.connection, lookup.endpoint)


def _fields(workspace: Workspace, connection: str, name: str) -> Fields:
    endpoint = workspace.endpoint(connection, name)
    return endpoint.fields if endpoint else {}


def shower(settings: Settings, mapping: str, paths: tuple[str, ...] = ()) -> Shower | None:
    """For a mapping by its name, at `paths` or else in the project; else all that the library has under it; None where
    there is none."""
    from etl.resources import mappings

    for places in (paths, (str(mappings()),)):
        workspace = _opened(settings, places)
        found = [each for each in workspace.known if each.spec.name == mapping] if workspace else []
        if workspace and found:
            return None if _wrong(workspace, found) else Shower.of(workspace, *(each.spec for each in found))
    return None


def _wrong(workspace: Workspace, found: Sequence[Loaded]) -> bool:
    """Of a mapping that can't be read, nobody can tell what is sensitive."""
    from etl.mapping.checks import check_mapping

    problems = [check_mapping(each.spec, each.document, each.project, workspace.connectors) for each in found]
    return any(problem.severity == "error" for every in problems for problem in every)


def _opened(settings: Settings, paths: tuple[str, ...]) -> Workspace | None:
    """A workspace that only looks: credentials need not be set for it."""
    from etl.assemble.workspace import open_workspace

    try:
        return open_workspace(
            paths, project_file=settings.project, env=settings.env, vars=settings.vars, sandbox=offline()
        )
    except EtlError:
        return None
