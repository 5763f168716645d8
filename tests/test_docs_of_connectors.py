"""The pages on connectors say what the connectors say; every key of a connector document is explained."""

from __future__ import annotations

import pytest

from etl.connectors.load import packaged
from tests.connector_pages.pages import NAMES, PAGES, note_keys, page


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
