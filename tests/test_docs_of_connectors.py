"""The pages on connectors say what the connectors say; every key of a connector document is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from etl.cli.main import cli
from etl.connectors.load import load_connector, packaged
from etl.documents import schema
from etl.model import Json
from tests.connector_pages.pages import NAMES, PAGES, note_keys, page

GUIDE = (PAGES.parent / "adding-a-connector.md").read_text(encoding="utf-8")


def test_every_packaged_connector_has_its_page() -> None:
    assert set(NAMES) == {name for name in packaged() if name != "files"}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_what_its_connector_says(name: str) -> None:
    """`python -m tests.connector_pages.pages` writes them anew."""
    assert (PAGES / f"{name}.md").read_text(encoding="utf-8") == page(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_note_is_about_an_endpoint_that_exists(name: str) -> None:
    text = page(name)

    for endpoint, _ in note_keys(name):
        assert f"| {endpoint} |" in text


# --- docs/adding-a-connector.md ------------------------------------------------------------------


def examples() -> list[str]:
    """The connectors, the project and the mapping that the guide shows."""
    return re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.M | re.S)


@pytest.mark.parametrize("text", [text for text in examples() if "endpoints:" in text])
def test_a_connector_of_the_guide_is_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "acme.yaml").write_text(text, encoding="utf-8")

    connector = load_connector("./acme.yaml", tmp_path)

    assert {"things", "invoices"} & connector.endpoints.keys()


def test_the_folder_of_the_guide_is_valid(tmp_path: Path) -> None:
    connector, project, mapping, *_ = examples()
    for name, text in (("connectors/acme", connector), ("etl", project), ("mappings/things", mapping)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")

    result = CliRunner().invoke(
        cli,
        ["--project", str(tmp_path / "etl.yaml"), "validate", str(tmp_path / "mappings")],
        env={"ACME_KEY": "a", "DIMESHEETS_API_KEY": "b"},
    )

    assert result.exit_code == 0, result.output


def keys(node: Json) -> Iterator[str]:
    """All keys that a part of the schema knows."""
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for inner in node.values():
            yield from keys(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from keys(inner)


def section(title: str) -> str:
    found = re.search(rf"^(#+) `?{re.escape(title)}`?\n.*?(?=^#|\Z)", GUIDE, re.M | re.S)
    assert found, f"the guide has no section '{title}'"
    return found[0]


PARTS = schema.schema("connector")["$defs"]
OPERATIONS = set(PARTS["endpoint"]["properties"]["operations"]["properties"])
SECTIONS = {
    "The document": ({"properties": schema.schema("connector")["properties"].keys()},),
    "Operations": [{"properties": PARTS[f"{kind}_operation"]["properties"]} for kind in ("list", "get", "write")],
    "Endpoints": ({"properties": PARTS["endpoint"]["properties"]},),
    "Fields": (PARTS["field"], PARTS["write_field"]),
    "auth": [part for name, part in PARTS.items() if name.startswith("auth_")],
    "paging": [part for name, part in PARTS.items() if name.startswith("paging_")],
    "params": (PARTS["param"],),
    **{
        name: (PARTS[name],)
        for name in (
            *("throttle", "wire", "incremental", "parent", "match", "closed_periods"),
            *("sort", "window", "body", "results", "envelope", "conflict"),
        )
    },
    **{name: (schema.schema("connector")["properties"][name],) for name in ("retry", "error", "check")},
}


@pytest.mark.parametrize("title", SECTIONS)
def test_the_guide_explains_every_key(title: str) -> None:
    text = section(title)
    own = {key for part in SECTIONS[title] for key in keys(part)} - {"anyOf"}
    own -= {"title"} if title == "Fields" else OPERATIONS if title == "Endpoints" else set()

    assert [key for key in sorted(own) if not re.search(rf"`[^`\n]*\b{re.escape(key)}\b[^`]*`", text)] == []
