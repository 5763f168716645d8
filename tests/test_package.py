"""The wheel alone works from any folder: schemas, connectors and mappings travel inside it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if sys.platform == "win32" else "bin"


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout; by the backend that is installed here, so that nothing has to be fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    alone = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    pip("wheel", "--quiet", "--no-deps", *alone, "--wheel-dir", str(folder), ".")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel, and borrows what it depends on from this one."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    python = folder / BIN / ("python.exe" if sys.platform == "win32" else "python")
    pip("--python", str(python), "install", "--quiet", "--no-deps", str(wheel))
    libraries = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(libraries.stdout.strip(), "borrowed.pth").write_text("\n".join(borrowed))
    return folder / BIN


def etl(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed console script, in a folder that has nothing to do with the checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [installed / "etl", *words], cwd=cwd, env=env, capture_output=True, encoding="utf-8", timeout=60, check=False
    )


def test_the_wheel_holds_the_package_and_its_documents_and_nothing_else(wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == {"etl"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name or name.endswith((".db", ".env"))]
    documents = {name for name in names if name.endswith((".yaml", ".json"))}
    for folder, where in (("schemas", "_data/schemas"), ("mappings", "_data/mappings")):
        for file in (ROOT / folder).rglob("*.*"):
            if file.suffix in (".yaml", ".json"):
                assert f"etl/{where}/{file.relative_to(ROOT / folder).as_posix()}" in documents
    assert {"etl/connectors/blikk.yaml", "etl/connectors/dimesheets.yaml"} <= documents


@pytest.fixture(autouse=True)
def _nothing_but_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import etl; print(etl.__file__)"
    found = subprocess.run([installed / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(installed.parent)


def test_it_says_its_version(installed: Path, tmp_path: Path, wheel: Path) -> None:
    found = etl(installed, tmp_path, "--version")
    assert found.returncode == 0
    assert found.stdout.strip() == f"etl {wheel.name.split('-')[1]}"


@pytest.mark.parametrize("kind", ["project", "mapping", "connector"])
def test_its_schemas_are_inside(kind: str, installed: Path, tmp_path: Path) -> None:
    found = etl(installed, tmp_path, "schema", kind)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text("utf-8"))


def test_its_connectors_are_inside(installed: Path, tmp_path: Path) -> None:
    found = etl(installed, tmp_path, "connectors", "--json")
    assert found.returncode == 0, found.stderr
    assert {"blikk", "dimesheets"} <= {each["name"] for each in json.loads(found.stdout)["connectors"]}


def test_its_mappings_are_inside_and_right(installed: Path, tmp_path: Path) -> None:
    checked = etl(installed, tmp_path, "validate", "builtin:blikk-to-dimesheets")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = etl(installed, tmp_path, "test", "builtin:blikk-to-dimesheets")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_it_runs_against_its_own_sandbox_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    words = ["run", "--sandbox", "builtin:blikk-to-dimesheets/projects", "--limit", "5", "--json"]
    found = etl(installed, tmp_path, *words)
    assert found.returncode == 0, found.stderr
    report = json.loads(found.stdout)
    assert report["mappings"][0]["read"] == 5
    assert [each.name for each in tmp_path.iterdir()] == [".etl"]
