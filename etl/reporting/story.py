"""One record's story as text and as JSON; everything in it must be fit to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.model import MISSING, Item, Json, Outcome, Record
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.preview import preview_document, reason
from etl.reporting.rejects import reason as reject_reason
from etl.reporting.values import clean, padded, shown, width
from etl.specs import MappingSpec
from etl.story import FieldStory, Looked, Memory, Part, Story


def story_text(spec: MappingSpec, story: Story, ink: Ink = PLAIN) -> str:
    """The whole story from the source's record to what a run would do now."""
    source, target = spec.source, spec.target
    lines = [
        ink(f"{clean(spec.name)}: {clean(story.key)}", "bold") + f"  (found by its {story.by})",
        f"{clean(source.connection)}.{clean(source.endpoint)} → {clean(target.connection)}.{clean(target.endpoint)}",
        *_source(story, ink),
    ]
    for number, memory in enumerate(story.memories):
        part = story.parts[number] if number < len(story.parts) else None
        if part is not None and len(story.parts) > 1:
            lines += ["", ink(f"item {clean(part.key)}", "bold")]
        lines += _part(spec, part, ink) if part is not None else []
        lines += _memory(memory, ink)
    return "\n".join(lines) + "\n"


def _source(story: Story, ink: Ink) -> Iterator[str]:
    yield ""
    if story.record is None:
        yield ink("the source does not have it (any more), or does not list it", "yellow")
        return
    yield ink("source record", "bold")
    yield from _values(story.record)
    if story.full is not None:
        more = {name: value for name, value in story.full.items() if story.record.get(name, MISSING) != value}
        yield ink("detail", "bold") + ("" if more else "  nothing that the list does not show")
        yield from _values(more)


def _values(record: Record, indent: str = "  ") -> Iterator[str]:
    longest = max((width(clean(name)) for name in record), default=0)
    for name, value in record.items():
        yield f"{indent}{padded(clean(name), longest)}  {shown(value)}"


# --- the way through the mapping -----------------------------------------------------------------


def _part(spec: MappingSpec, part: Part, ink: Ink) -> Iterator[str]:
    if spec.source.where is not None:
        verdict = {True: "holds", False: "does not hold: left out", None: "can't be told"}[part.kept]
        yield f"{ink('where', 'bold')}  {clean(spec.source.where)}  → {verdict}"
        yield from _looked(part.looked, "  ")
    elif part.kept is False:
        yield f"{ink('left out', 'bold')}  the source marks it as deleted"
    if part.fields:
        yield ink("fields", "bold")
    for each in part.fields:
        yield from field_lines(each, ink)
    if isinstance(part.result, Item):
        yield f"{ink('key', 'bold')}  source {clean(part.key)} → target {clean(part.result.target_key) or '(none)'}"
    elif not part.fields and part.kept is None:
        yield f"{ink('rejected', 'red')}  {clean(reason(part.result))}"


def field_lines(story: FieldStory, ink: Ink = PLAIN, indent: str = "  ") -> Iterator[str]:
    """A field's name and result, then a line for each step and for each row looked up."""
    told, spec = story.told, story.spec
    result = "left out of the record" if told.result is MISSING else shown(told.result)
    if told.rejected is not None:
        result = ink("rejected", "red")
    yield f"{indent}{clean(told.field)}: {result}"
    source = f"  from {clean(spec.value)}" if spec.value is not None else "  a constant"
    for step in told.steps:
        changed = f"  {source.strip()}" if step.name == "value" else ""
        yield f"{indent}    {padded(step.name, 8)}  {shown(step.value)}{ink(changed, 'dim')}"
    if not told.steps:
        yield f"{indent}    {padded('value', 8)}  {ink(source.strip(), 'dim')}"
    yield from _looked(story.looked, f"{indent}    ")
    if told.rejected is not None:
        yield f"{indent}    {ink('rejected', 'red')}  {clean(told.rejected.reason)}"


def _looked(looked: Sequence[Looked], indent: str) -> Iterator[str]:
    for each in looked:
        row = "no such row" if each.row is MISSING else shown(each.row)
        yield f"{indent}lookup    {clean(each.table)} {clean(each.key)} → {row}"


# --- what is stored, and what follows ------------------------------------------------------------

_VERDICTS = {
    "create": "create it in the target",
    "update": "update it",
    "unchanged": "send nothing: the target has exactly this",
    "reject": "reject it",
    "leave out": "leave it out",
    "delete": "delete it in the target",
    "gone": "not read it; what becomes of records that are gone, `target.missing` says",
}
_LOOK_FIRST = "look for it in the target first, and create it only where it is surely not there"


def _memory(memory: Memory, ink: Ink) -> Iterator[str]:
    yield from _sent(memory, ink)
    if memory.intent is not None:
        moment = clean(memory.intent.created_at)
        yield f"{ink('under way', 'yellow')}  a create was begun at {moment} and its answer is not known yet"
    if memory.reject is not None:
        reject = memory.reject
        times = f"{counted(reject.attempts, 'time')}, first {reject.first_at}, last {reject.last_at}"
        yield f"{ink('open reject', 'red')}  {clean(reject_reason(reject))}"
        yield f"  tried {clean(times)}, in run {clean(reject.run_id)}"
    why = f": {clean(memory.reason)}" if memory.reason else ""
    begun = memory.intent is not None and memory.verdict == "create"
    yield f"{ink('a run now would', 'bold')}  {_LOOK_FIRST if begun else _VERDICTS[memory.verdict]}{why}"
    longest = max((width(clean(name)) for name in memory.changes), default=0)
    for name, (old, new) in memory.changes.items():
        yield f"  {padded(clean(name), longest)}  {ink(shown(old), 'red')} → {ink(shown(new), 'green')}"


def _sent(memory: Memory, ink: Ink) -> Iterator[str]:
    sent = memory.sent
    if sent is None:
        yield f"{ink('last accepted', 'bold')}  nothing yet"
        return
    identity = f", there its id is {shown(sent.target_id)}" if sent.target_id is not None else ""
    gone = "; it is gone since" if sent.gone else ""
    yield f"{ink('last accepted', 'bold')}  as {clean(sent.target_key) or '(no key)'}{identity}{gone}"
    yield from _values(sent.output or {})


# --- as JSON -------------------------------------------------------------------------------------


def story_document(spec: MappingSpec, story: Story) -> dict[str, Json]:
    """`{mapping, key, found_by, source, detail, records: [{key, where, fields, result, sent, reject, next, …}]}`."""
    return {
        "mapping": spec.name,
        "key": story.key,
        "found_by": story.by,
        "source": story.record,
        "detail": story.full,
        "where": spec.source.where,
        "records": [
            (part_document(story.parts[number]) if number < len(story.parts) else {"key": memory.key})
            | _memory_document(memory)
            for number, memory in enumerate(story.memories)
        ],
    }


def part_document(part: Part, fields: Sequence[str] = ()) -> dict[str, Json]:
    """`{key, source, result, kept, lookups, fields}`; `fields`: only these, all where none is named."""
    told = [each for each in part.fields if not fields or each.told.field in fields]
    return preview_document([part.result])[0] | {
        "kept": part.kept,
        "lookups": _lookups(part.looked),
        "target_key": part.result.target_key if isinstance(part.result, Item) else None,
        "fields": {each.told.field: _field_document(each) for each in told},
    }


def _field_document(story: FieldStory) -> dict[str, Json]:
    told = story.told
    document: dict[str, Json] = {
        "value": story.spec.value,
        "steps": [{"step": step.name, "value": step.value} for step in told.steps],
        "lookups": _lookups(story.looked),
        "rejected": None if told.rejected is None else told.rejected.reason,
    }
    return document if told.result is MISSING else document | {"result": told.result}


def _lookups(looked: Sequence[Looked]) -> list[Json]:
    return [
        {"table": each.table, "key": each.key, "found": each.row is not MISSING}
        | ({} if each.row is MISSING else {"row": each.row})
        for each in looked
    ]


def _memory_document(memory: Memory) -> dict[str, Json]:
    sent, reject, intent = memory.sent, memory.reject, memory.intent
    return {
        "sent": None
        if sent is None
        else {"target_key": sent.target_key, "target_id": sent.target_id, "output": sent.output, "gone": sent.gone},
        "intent": None if intent is None else {"target_key": intent.target_key, "created_at": intent.created_at},
        "reject": None
        if reject is None
        else {
            "reason": reject_reason(reject),
            "attempts": reject.attempts,
            "first_at": reject.first_at,
            "last_at": reject.last_at,
            "run_id": reject.run_id,
        },
        "next": {"does": memory.verdict, "reason": memory.reason, "changes": memory.changes},
    }


def explained_text(parts: Sequence[Part], name: str, ink: Ink = PLAIN) -> str:
    """One field of each record, step by step."""
    if not parts:
        return "the source has no record\n"
    return "\n".join("\n".join(_one_field(part, name, ink)) + "\n" for part in parts)


def _one_field(part: Part, name: str, ink: Ink) -> Iterator[str]:
    yield ink(clean(part.key), "bold")
    if not part.fields:
        result = part.result
        ended = reason(result) if isinstance(result, Outcome) and part.kept is None else "left out by where"
        yield f"  {clean(ended)}"
    for each in part.fields:
        if each.told.field == name:
            yield from field_lines(each, ink)
