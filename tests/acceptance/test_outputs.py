"""Files that a run or a plan is to leave behind where they can't be written: one exit code everywhere, nothing lost."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from etl.cli.outputs import written
from etl.errors import EtlError
from etl.sandbox import Sandbox
from tests.support.projects import PROJECTS, Folder, project, to_sandbox

FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Folder:
    made = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    if FULL.exists():
        for name in ("full.json", "full.html", "plan.etl"):
            (tmp_path / name).symlink_to(FULL)
    return made


@full_disk
@pytest.mark.parametrize("form", ["json", "html"])
def test_a_report_on_a_full_disk_ends_a_run_with_the_code_that_its_document_tells(folder: Folder, form: str) -> None:
    result = folder.etl("run", "--json", "--report", f"full.{form}")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"], document["status"]) == (3, 3, "failed")
    assert document["mappings"][0]["written"] > 0
    said = f"error: --report full.{form}: it can't be written: No space left on device — what was done is recorded: "
    assert result.stderr.startswith(said)


@full_disk
def test_what_the_message_says_writes_the_report_that_the_disk_had_no_room_for(folder: Folder) -> None:
    said = folder.etl("run", "--report", "full.html").stderr
    command = said.partition("`etl ")[2].partition("`")[0]
    (folder.path / "full.html").unlink()
    assert folder.etl(*command.split()).exit_code == 0
    assert "<h1>Run" in (folder.path / "full.html").read_text(encoding="utf-8")
    assert folder.run()["mappings"][0]["written"] == 0


@full_disk
def test_a_plan_that_finds_no_room_ends_with_the_code_that_its_documents_tell(folder: Folder, sandbox: Sandbox) -> None:
    result = folder.etl("plan", "--json", "-o", "plan.etl", "--report", "plan.json")
    report = json.loads((folder.path / "plan.json").read_text(encoding="utf-8"))
    assert (result.exit_code, json.loads(result.stdout)["exit_code"], report["exit_code"]) == (3, 3, 3)
    assert report["mappings"][0]["changes"]
    assert "--out plan.etl: it can't be written: No space left on device — nothing was sent: make room" in result.stderr
    assert sandbox.requests("dimesheets") == []


def test_half_a_file_is_not_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    def half() -> None:
        with written("--html", path, "make room"):
            path.write_text("<!doctype html>")
            raise OSError(errno.ENOSPC, "No space left")

    with pytest.raises(EtlError, match=r"--html .*report.html: it can't be written: No space left — make room"):
        half()
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="rights mean nothing to root")
def test_a_place_where_nobody_may_write_is_told_before_anything_is_sent(folder: Folder, sandbox: Sandbox) -> None:
    (folder.path / "closed").mkdir(mode=0o500)
    for words in (("run", "--report", "closed/run.json"), ("plan", "-o", "closed/plan.etl")):
        result = folder.etl(*words)
        assert (result.exit_code, "this user may not write there" in result.stderr) == (2, True)
    assert sandbox.requests() == []


def test_a_place_where_no_page_can_be_written_is_told_as_for_any_other_file(folder: Folder) -> None:
    folder.run()
    for place, why in ((".", "that is a folder"), ("nowhere/run.html", "there is no folder nowhere")):
        result = folder.etl("runs", "--html", place)
        assert (result.exit_code, why in result.stderr) == (2, True)
