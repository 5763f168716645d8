"""What is gone from the source is deleted from the children up, as what depends on a record keeps it from going."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.own_api import Asked, Told, api, own_folder
from tests.support.projects import Folder


def endpoint(name: str, **more: Any) -> dict[str, Any]:
    operations = {
        "list": {"path": f"/{name}"},
        "get": {"path": f"/{name}/{{code}}"},
        "upsert": {"method": "PUT", "path": f"/{name}/{{code}}", "body": "object"},
        "delete": {"path": f"/{name}/{{code}}"},
    }
    return {"id_field": "code", "key": "code", "operations": operations, **more}


FIELDS = {"code": {"type": "string", "required": True}, "project": "string"}
CONNECTOR = {
    "endpoints": {
        "projects": endpoint("projects", fields={"code": FIELDS["code"]}),
        "tasks": endpoint("tasks", fields=FIELDS, depends_on="projects", references={"project": "projects"}),
        "notes": endpoint("notes", fields={"code": FIELDS["code"]}),
    }
}


def mapping(name: str, fields: list[str], **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": name,
        "source": {"connection": "local", "endpoint": f"{name}.csv", "key": "code"},
        "fields": {field: field for field in fields},
        "target": {"connection": "api", "endpoint": name, "missing": "delete"},
        **more,
    }


class Store:
    """Records by their code; a project that has tasks can't be deleted."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"projects": {}, "tasks": {}, "notes": {}}
        self.down = ""

    def __call__(self, asked: Asked) -> Told:
        name, _, code = asked.path.strip("/").partition("/")
        rows = self.rows[name]
        if name == self.down:
            return Told({"message": "closed for repair"}, 403)
        if asked.method == "GET":
            return Told(rows[code] if code else [*rows.values()], 404 if code and code not in rows else 200)
        if asked.method == "PUT":
            rows[code] = {"code": code, **asked.json}
            return Told(rows[code])
        if name == "projects" and any(task["project"] == code for task in self.rows["tasks"].values()):
            return Told({"message": "the project has tasks"}, 409)
        del rows[code]
        return Told({})


def folder_of(path: Path, url: str) -> Folder:
    """Two projects with a task each, all of them sent."""
    folder = own_folder(path, url, CONNECTOR, mapping("projects", ["code"]))
    folder.write("mappings/tasks.yaml", json.dumps(mapping("tasks", ["code", "project"])))
    folder.write("projects.csv", "code\nP1\nP2\n")
    folder.write("tasks.csv", "code,project\nT1,P1\nT2,P2\n")
    folder.run()
    return folder


def second_is_gone(folder: Folder) -> None:
    folder.write("projects.csv", "code\nP1\n")
    folder.write("tasks.csv", "code,project\nT1,P1\n")


def test_children_are_deleted_before_their_parents(tmp_path: Path) -> None:
    store = Store()
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        second_is_gone(folder)
        del server.asked[:]
        counts = folder.run("--concurrency", "1")["mappings"]
    assert server.lines == ["DELETE /tasks/T2", "DELETE /projects/P2"]
    assert [each["deleted"] for each in counts] == [1, 1]


def test_a_child_that_moves_to_another_parent_is_moved_before_its_old_one_is_deleted(tmp_path: Path) -> None:
    store = Store()
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        folder.write("projects.csv", "code\nP1\n")
        folder.write("tasks.csv", "code,project\nT1,P1\nT2,P1\n")
        folder.run()
    assert [*store.rows["projects"]] == ["P1"]
    assert store.rows["tasks"]["T2"] == {"code": "T2", "project": "P1"}


def test_where_the_children_s_mapping_fails_no_parent_is_deleted_until_it_went_well(tmp_path: Path) -> None:
    store = Store()
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        second_is_gone(folder)
        store.down = "tasks"
        projects, tasks = folder.run(code=3)["mappings"]
        assert (projects["status"], tasks["status"]) == ("failed", "failed")
        assert "'tasks', which comes first with what hangs on it, did not come to its end" in projects["error"]
        assert [*store.rows["projects"]] == ["P1", "P2"]

        store.down = ""
        projects, tasks = folder.run()["mappings"]
    assert (projects["deleted"], tasks["deleted"]) == (1, 1)
    assert [*store.rows["projects"], *store.rows["tasks"]] == ["P1", "T1"]


def test_where_nothing_is_gone_a_parent_s_mapping_does_not_share_the_children_s_failure(tmp_path: Path) -> None:
    store = Store()
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        folder.write("tasks.csv", "code,project\nT1,P1\n")
        store.down = "tasks"
        projects, tasks = folder.run(code=3)["mappings"]
    assert (projects["status"], tasks["status"]) == ("succeeded", "failed")


def test_where_nothing_is_gone_a_parent_s_mapping_is_done_before_the_children_s_begins(tmp_path: Path) -> None:
    done: list[list[str]] = []

    class Watched(Store):
        def __call__(self, asked: Asked) -> Told:
            if asked.path.startswith("/tasks"):
                done.append(cursors(tmp_path))
            return super().__call__(asked)

    with api(Watched()) as server:
        folder_of(tmp_path, server.url)
    assert done[0] == ["projects"]


def cursors(folder: Path) -> list[str]:
    """The mappings whose reads are on record as done."""
    with closing(sqlite3.connect(next(folder.rglob("state.db")))) as state:
        return [name for (name,) in state.execute("SELECT mapping FROM cursors JOIN scopes ON number = scope")]


def test_a_limit_on_what_is_deleted_stops_what_needs_the_mapping_before_it_begins(tmp_path: Path) -> None:
    store = Store()
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        folder.write("mappings/projects.yaml", json.dumps(mapping("projects", ["code"], limits={"max_deletes": 0})))
        second_is_gone(folder)
        del server.asked[:]
        projects, tasks = folder.run(code=3)["mappings"]
    assert "max_deletes" in projects["error"]
    assert "not run: 'projects'" in tasks["error"]
    assert server.asked == []


def test_a_mapping_that_reads_what_another_writes_finds_what_is_gone_deleted(tmp_path: Path) -> None:
    store = Store()
    notes = mapping("notes", ["code"], after=["projects"], source={"connection": "api", "endpoint": "projects"})
    with api(store) as server:
        folder = folder_of(tmp_path, server.url)
        (tmp_path / "mappings" / "tasks.yaml").unlink()
        store.rows["tasks"].clear()
        folder.write("mappings/notes.yaml", json.dumps(notes))
        second_is_gone(folder)
        folder.run()
    assert [*store.rows["notes"]] == ["P1"]
