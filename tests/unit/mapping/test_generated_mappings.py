"""Mappings made up over the packaged connectors: what the checks let pass runs, and what runs they let pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.assemble.compiled import source_of, target_of, transform_of
from etl.assemble.tests import NOW
from etl.assemble.workspace import Workspace, open_workspace
from etl.catalogue import Endpoint
from etl.connectors.load import load_connector
from etl.expressions.scope import Scope
from etl.keys import canonical
from etl.model import MISSING, Item, Json, Outcome, Schema
from etl.story import Teller

CONNECTORS = {name: load_connector(name, Path()) for name in ("blikk", "dimesheets", "dimescheduler")}
SOURCES = [
    (name, endpoint)
    for name, connector in CONNECTORS.items()
    for endpoint in connector.endpoints.values()
    if "list" in endpoint.operations and endpoint.parent is None and endpoint.key
]
TARGETS = [
    (name, endpoint)
    for name, connector in CONNECTORS.items()
    for endpoint in connector.endpoints.values()
    if "upsert" in endpoint.operations
]
SOME = settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
ANYTHING: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "7"])
VALUES: dict[str, st.SearchStrategy[Json]] = {
    "string": st.sampled_from(["", "x", "7", "två ord", "2026-04-01"]),
    "integer": st.integers(-5, 5),
    "number": st.integers(-5, 5) | st.sampled_from([0.5, -2.25]),
    "boolean": st.booleans(),
    "date": st.sampled_from(["2026-04-01", "2024-02-29"]),
    "date-time": st.sampled_from(["2026-04-01T10:00:00Z", "2026-04-01 10:00:00"]),
    "time": st.sampled_from(["10:00:00"]),
    "json": ANYTHING,
}


@st.composite
def values_of(draw: st.DrawFn, schema: Schema) -> Json:
    """A value as the schema documents it."""
    if schema.nullable and draw(st.integers(0, 3)) == 0:
        return None
    if schema.values:
        return draw(st.sampled_from(schema.values))
    if schema.type == "object":
        inner = (schema.properties or {}).items()
        return {name: draw(values_of(each)) for name, each in inner if each.required or draw(st.booleans())}
    if schema.type == "array":
        return draw(st.lists(values_of(schema.items) if schema.items else ANYTHING, max_size=2))
    return draw(VALUES[schema.type])


def paths(fields: dict[str, Schema], prefix: str = "") -> list[str]:
    """The paths of scalars that a list shows, through objects."""
    found: list[str] = []
    for name, schema in fields.items():
        if schema.type == "object" and schema.properties:
            found += [] if schema.detail_only else paths(dict(schema.properties), f"{prefix}{name}.")
        elif schema.type in VALUES and not schema.detail_only:
            found.append(f"{prefix}{name}")
    return found


@st.composite
def blocks(draw: st.DrawFn, known: list[str]) -> dict[str, Json]:
    """A field in its long form."""
    path = draw(st.sampled_from(known))
    form = draw(
        st.sampled_from(["{0}", "{0}", "{0} || 'x'", "to_string({0})", "concat('a-', {0})", "coalesce({0}, `1`)"])
    )
    block: dict[str, Json] = {"value": form.format(path)}
    options: dict[str, st.SearchStrategy[Json]] = {
        "default": st.sampled_from(["-", 0, None]),
        "truncate": st.integers(1, 5),
        "required": st.booleans(),
    }
    return block | {name: draw(options[name]) for name in draw(st.lists(st.sampled_from(list(options)), max_size=1))}


@st.composite
def mappings(draw: st.DrawFn) -> dict[str, Any]:
    """A mapping document: every required field, and a few others."""
    (source, read), (target, written) = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(TARGETS))
    fields = written.written()
    needed = [name for name, schema in fields.items() if schema.required or name in written.target_key]
    others = draw(st.lists(st.sampled_from(list(fields)), max_size=3))
    known = paths(dict(read.fields))
    return {
        "version": 1,
        "name": "made-up",
        "source": {"connection": source, "endpoint": read.name, "params": _days(read)},
        "fields": {name: draw(blocks(known)) for name in dict.fromkeys([*needed, *others])},
        "target": {"connection": target, "endpoint": written.name},
    }


def _days(endpoint: Endpoint) -> dict[str, str]:
    """The days that some lists can't be asked without."""
    window = endpoint.operations["list"].window
    return {window.start: "2026-01-01", window.end: "2026-02-28"} if window else {}


def opened(folder: Path, document: dict[str, Any]) -> Workspace:
    file = folder / "made-up.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    nowhere = {name: {"base_url": "http://127.0.0.1:9", "auth": {}} for name in CONNECTORS}
    return open_workspace([str(file)], sandbox=nowhere)


@SOME
@given(data=st.data())
def test_checks_and_runs_agree_and_the_explanation_tells_what_runs(data: st.DataObject, tmp_path_factory: Any) -> None:
    document = data.draw(mappings())
    workspace = opened(tmp_path_factory.mktemp("made-up"), document)
    misfits = {problem.code for problem in workspace.check() if problem.severity == "error"}
    (loaded,) = workspace.loaded
    spec = loaded.spec
    transform = transform_of(workspace, spec, Scope(now=NOW))
    target = dict(target_of(workspace, spec).written())
    record = data.draw(values_of(Schema("object", nullable=False, properties=dict(source_of(workspace, spec).fields))))
    (part,) = Teller(spec, transform, target).tell("key", record)
    if isinstance(part.result, Outcome):
        told = next(story.told for story in part.fields if story.told.rejected is not None or target_key(part.result))
        assert part.result.field in (told.field, *transform.target_key)
        return
    assert isinstance(part.result, Item)
    output = {each.told.field: each.told.result for each in part.fields if each.told.result is not MISSING}
    assert canonical(output) == canonical(part.result.output)
    if any(output.get(name) is None for name in document["fields"]):
        return  # a null fits where no value would
    assert misfits <= {"truncate"}  # of what is no text: needless, not wrong


def target_key(outcome: Outcome) -> bool:
    """Refused for its key, which no single field's story tells."""
    return outcome.reason is not None and "part of the target's key" in outcome.reason
