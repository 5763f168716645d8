"""What is shown in a browser: the page of a run and of a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.report import MappingReport, RunReport
from etl.reporting.html import run_html_texts
from tests.support.chromium import seen
from tests.support.reports import mixed_plan, mixed_run

PAGES = {"run": mixed_run(), "plan": mixed_plan()}


@pytest.mark.parametrize("width", [500, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_the_window_and_no_number_is_broken(page: str, width: int, tmp_path: Path) -> None:
    look = """{
        beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        lines: [...document.querySelectorAll("td.number")].map(cell => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return new Set([...range.getClientRects()].map(box => box.top)).size;
        }),
    }"""
    found = seen("".join(run_html_texts(PAGES[page])), look, tmp_path, width)
    assert found["beyond"] <= 0
    assert set(found["lines"]) == {1}


def test_a_page_says_what_happened_with_nothing_cut_off(tmp_path: Path) -> None:
    look = """{
        title: document.title,
        text: document.body.innerText,
        cut: [...document.querySelectorAll(".wide")].filter(box => box.scrollWidth > box.clientWidth).length,
    }"""
    found = seen("".join(run_html_texts(mixed_run())), look, tmp_path)
    assert found["title"] == "Run 01K4ZQ7W: failed"
    assert "the API key was refused" in found["text"]
    assert "no such project" in found["text"]
    assert found["cut"] == 0


def test_what_a_record_holds_is_shown_and_never_run(tmp_path: Path) -> None:
    hostile = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    report = RunReport("r1", mappings=[MappingReport(hostile, error=hostile, reasons={hostile: 1})])
    found = seen("".join(run_html_texts(report)), "{title: document.title, text: document.body.innerText}", tmp_path)
    assert found["title"] == "Run r1: succeeded"
    assert found["text"].count(hostile) == 4
