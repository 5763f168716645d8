"""Mappings as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from syrupy.assertion import SnapshotAssertion

from etl.reporting.graph import Flow, mermaid, svg

FLOWS = [
    Flow("projects", "blikk.projects", "dimesheets.projects"),
    Flow("tasks", "blikk.tasks", "dimesheets.tasks", frozenset({"projects", "not selected"})),
    Flow("archive", "blikk.projects", "local.out/projects.jsonl"),
]
SVG = "{http://www.w3.org/2000/svg}"


def test_mermaid_shows_flows_and_order(snapshot: SnapshotAssertion) -> None:
    assert mermaid(FLOWS) == snapshot


def test_the_picture_has_a_box_for_each_end_and_mapping_and_says_in_words_what_it_shows() -> None:
    root = ElementTree.fromstring(svg(FLOWS))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert sorted(texts) == sorted(
        ["blikk.projects", "blikk.tasks", "projects", "tasks", "archive", *(f.target for f in FLOWS)]
    )
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Mappings: projects, tasks, archive"
    assert [path.get("class") for path in root.iter(f"{SVG}path")].count("first") == 1


def test_every_box_lies_within_the_picture() -> None:
    root = ElementTree.fromstring(svg(FLOWS))
    wide, high = (float(str(root.get(name))) for name in ("width", "height"))
    for box in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(str(box.get(name))) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= wide
        assert y + h <= high


def test_names_from_documents_are_text_in_both_forms() -> None:
    flows = [Flow('<b>"x"\x1b', "a.b", "c.d")]
    assert "<b>" not in svg(flows) + mermaid(flows)
    assert "\x1b" not in svg(flows) + mermaid(flows)
    ElementTree.fromstring(svg(flows))


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    assert mermaid([]) == "flowchart LR\n"
    ElementTree.fromstring(svg([]))
