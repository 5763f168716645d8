"""Credentials and tokens are seen by the systems they are for, and by nobody and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from etl.sandbox import Rule, Sandbox
from tests.support.background import background
from tests.support.projects import PROJECTS, Folder, project, to_sandbox
from tests.support.serving import serving

APP, SECRET, KEY = "app-4f1c9d72", "s3cr3t-b7e2-55aa", "key-90cc1e-77d4"
TOKEN = "t0ken-1c5d9e-8842-aa41"


def commands(folder: Folder) -> str:
    """All that a user can make the project say, loudly."""
    said = []
    for words in (
        ["validate"],
        ["plan", "-vv"],
        ["run", "-vv", "--report", "run.html"],
        ["run", "-vv", "--log-format", "json", "--report", "run.json"],
        ["run", "--json", "--resend"],
        ["runs"],
        ["runs", "--html", "history.html"],
        ["rejects", "list", "--json"],
        ["state", "show", "--json"],
        ["show", "mappings/projects.yaml"],
        ["preview", "mappings/projects.yaml", "-vv"],
    ):
        result = folder.etl(*words)
        assert result.exit_code != 70, result.stderr
        said.append(result.stdout + result.stderr)
    return "\n".join(said)


def spoken_of(folder: Folder, said: str) -> list[str]:
    """The secrets that are found in what was said, or in any file beside .env."""
    everything = said + folder.read_all()
    return [secret for secret in (APP, SECRET, KEY, TOKEN) if secret in everything]


@pytest.mark.parametrize("trouble", ["none", "401 at the login", "401 later", "an echo", "a broken page"])
def test_no_secret_is_shown_or_stored(trouble: str, tmp_path: Path, sandbox: Sandbox) -> None:
    """The API gives everything back that it is told, in the places that end up in messages."""
    seen: set[str] = set()

    async def blikk(request: web.Request) -> web.Response:
        seen.add(request.headers["Authorization"].partition(" ")[0])
        echo = f"not with {request.headers['Authorization']} ({APP}/{SECRET})"
        if request.path.endswith("/Auth/Token"):
            if trouble == "401 at the login":
                return web.json_response({"message": echo}, status=401)
            return web.json_response({"accessToken": TOKEN, "expires": "2099-07-01 05:43:12 +00:00"})
        if trouble == "401 later":
            return web.json_response({"message": echo}, status=401)
        if trouble == "an echo":
            return web.json_response({"message": echo}, status=400)
        if trouble == "a broken page":
            return web.Response(text=f"<html>{echo}</html>", content_type="text/html")
        items = [{"id": 1, "title": "Villa Björk"}, {"id": 2, "title": None}]
        return web.json_response({"page": 1, "pageSize": 100, "totalItemCount": 2, "totalPages": 1, "items": items})

    with background(serving(blikk)) as served:
        connections = to_sandbox(
            sandbox,
            blikk={"base_url": served.url, "retry": {"attempts": 1}, "auth": {"app_id": APP, "app_secret": SECRET}},
            dimesheets={"auth": {"api_key": KEY}, "retry": {"attempts": 1}},
        )
        folder = project(tmp_path, connections, projects=PROJECTS)
        said = commands(folder)
    assert seen == ({"Basic"} if trouble == "401 at the login" else {"Basic", "Bearer"})
    assert spoken_of(folder, said) == []


def test_credentials_in_the_project_file_are_no_less_secret(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("500", api="blikk", path="Projects", nth=1))
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    text = (tmp_path / "etl.yaml").read_text(encoding="utf-8")
    folder.write("etl.yaml", text.replace("${DIMESHEETS_API_KEY}", KEY).replace("${BLIKK_APP_SECRET}", SECRET))
    said = commands(folder)
    (tmp_path / "etl.yaml").unlink()
    assert spoken_of(folder, said) == []


def test_a_mistake_in_the_line_of_a_credential_does_not_show_the_line(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    folder.write(
        "etl.yaml",
        "version: 1\nconnections:\n"
        f"  blikk: {{connector: blik, auth: {{app_id: {APP}, app_secret: {SECRET}, x: 1}}}}\n",
    )
    result = folder.etl("run")
    assert result.exit_code == 2
    (tmp_path / "etl.yaml").unlink()
    assert spoken_of(folder, result.stdout + result.stderr) == []


def test_the_state_is_readable_by_its_owner_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    folder.run()
    assert (tmp_path / ".etl" / "state.db").stat().st_mode & 0o077 == 0
