"""What holds for every command: options, mistakes, exit codes, streams."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from syrupy.assertion import SnapshotAssertion

from etl import __version__, secrets
from etl.cli.failures import explain
from etl.cli.main import COMMANDS
from etl.cli.options import Settings, settings, with_settings
from etl.errors import DocumentError, Interrupted, LimitReached, LoginFailed, StateError, UsageError
from etl.model import Location, Problem
from tests.support.cli import etl, etl_process


def test_the_version_is_printed_without_importing_anything_slow() -> None:
    code = "import sys; from etl.cli.main import cli\ntry: cli.main(['--version'])\nfinally: print(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"etl {__version__}" in found
    for slow in ("rich", "httpx", "aiohttp", "yaml", "jsonschema", "orjson", "asyncio", "etl.cli.commands.run"):
        assert f"'{slow}'" not in found


def test_documents_are_checked_without_importing_what_sends_requests() -> None:
    code = "import sys, etl.cli.commands.validate, etl.assemble.workspace; print(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for slow in ("httpx", "aiohttp", "etl.connectors.rest"):
        assert f"'{slow}'" not in found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_shows_the_common_options(name: str) -> None:
    result = etl(name, "--help")
    assert result.exit_code == 0
    for option in ("--project", "--env", "--var", "--verbose", "--quiet", "--log-format", "--color"):
        assert option in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_what_its_line_in_the_overview_says(name: str) -> None:
    command = importlib.import_module(f"etl.cli.commands.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rnu", "No such command 'rnu'. Did you mean 'run'?"),
        ("frobnicate", "No such command 'frobnicate'. `etl --help` lists them."),
        ("--prject x", "--project"),
        ("run --sandbx", "--sandbox"),
        ("run --limit 0", "Invalid value for '--limit': '0' won't do: write a whole number, 1 or more"),
        ("run --limit many", "Invalid value for '--limit': 'many' won't do: write a whole number, 1 or more"),
        ("sandbox --port 99999", "Invalid value for '--port': '99999' won't do: write a whole number, 1 to 65000"),
        ("check", "there are no connections to check: there is no etl.yaml in "),
        ("run --since yesterday", "'yesterday' is no date: write 2026-04-01"),
        ("run --var prefix", "Invalid value for '--var': 'prefix' is not of the form NAME=VALUE"),
        ("validate --format xml", "'xml' is not one of 'text', 'json', 'sarif'"),
        ("schema maping", "Invalid value for 'KIND': 'maping' is not one of 'project', 'mapping', 'connector'"),
        ("functions splitt", "'splitt' is no function — did you mean 'split'?"),
        ("run --report out.pdf", "--report out.pdf: the name tells the form — end it in .html or .json"),
        ("run --report nowhere/out.html", "--report nowhere/out.html: there is no folder nowhere — create it first"),
        ("plan --out .", "--out .: that is a folder — name a file in it"),
        ("graph --output out.png", "--output out.png: the name tells the form — end it in .svg, .mmd or .md"),
        ("--env", "Option '--env' requires an argument"),
    ],
)
def test_wrong_usage_is_named_with_what_was_meant_and_ends_with_2(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl(*words.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert said in result.stderr


def test_a_run_without_a_project_says_that_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl("run", "builtin:blikk-to-dimesheets/projects")
    assert result.exit_code == 2
    assert f"there is no etl.yaml in {tmp_path}, nor in a folder above it — go to the project's folder" in result.stderr


def test_a_folder_called_etl_yaml_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etl.yaml").mkdir()
    result = etl("run", "builtin:blikk-to-dimesheets/projects")
    assert result.exit_code == 2
    assert "etl.yaml:1:1: error[no-file]: 'etl.yaml' is a folder — name a file in it" in result.stderr


@pytest.mark.parametrize("words", ["--report nowhere/out.html", "--plan nowhere.json", "nowhere.yaml", "--select x"])
def test_json_is_one_document_whatever_keeps_a_run_from_beginning(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl("run", "--json", *words.split())
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert (found["status"], found["exit_code"], found["mappings"]) == ("failed", 2, [])
    assert result.stderr


posix = pytest.mark.skipif(sys.platform == "win32", reason="shells and devices of POSIX")


@posix
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("rmdir ../gone && {etl} run", 3, "the folder that you are in is no longer there — go to one that is (cd)\n"),
        ("{etl} functions >&-", 0, ""),
        ("{etl} functions >&- 2>&- <&-", 0, ""),
    ],
)
def test_odd_surroundings_are_no_fault_of_the_engine(line: str, code: int, said: str, tmp_path: Path) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    command = line.format(etl=f"{sys.executable} -m etl")
    done = subprocess.run(command, shell=True, cwd=here, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.removeprefix("error: ")) == (code, said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_output_that_can_t_be_written_says_so() -> None:
    command = f"{sys.executable} -m etl functions > /dev/full"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "nothing more can be written: the disk is full — free some space and run again" in done.stderr


def test_without_a_command_the_overview_is_shown() -> None:
    result = etl()
    assert result.exit_code == 2
    assert "Commands:" in result.stderr
    assert all(name in result.stderr for name in COMMANDS)


# --- common options ------------------------------------------------------------------------------


def given(*words: str) -> Settings:
    """The settings that a command sees; the first words up to `go` stand before its name."""
    seen: list[Settings] = []

    @click.command("go")
    @with_settings
    def go(found: Settings) -> None:
        seen.append(found)

    from etl.cli.options import common_options

    @click.group()
    @common_options
    def group() -> None: ...

    group.add_command(go)
    group.main(list(words), standalone_mode=False)
    return seen[0]


def test_common_options_mean_the_same_before_and_after_the_command() -> None:
    assert given("--env", "test", "-v", "go") == given("go", "--env", "test", "-v") == Settings(env="test", verbose=1)


def test_an_option_after_the_command_wins_and_vars_add_up() -> None:
    found = given("--env", "a", "--var", "x=1", "--var", "y=2", "go", "--env", "b", "--var", "y=3", "--var", "z=a=b")
    assert found == Settings(env="b", vars={"x": "1", "y": "3", "z": "a=b"})


def test_settings_outside_of_a_command_are_the_defaults() -> None:
    assert settings() == Settings()


def test_what_a_next_command_needs_is_spelled_as_options() -> None:
    assert Settings(project=Path("acme"), env="test").spelled() == "--project acme --env test"
    assert Settings().spelled() == ""


# --- errors --------------------------------------------------------------------------------------

PROBLEM = Problem("unknown-key", "'a' is no key", Location("etl.yaml", 2, 1, 2, "a: 1"), "remove it")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("there is no environment 'tst'", "did you mean 'test'?"), 2),
        (DocumentError([PROBLEM]), 2),
        (LoginFailed("blikk: the credentials were refused", "check auth.app_id"), 3),
        (StateError("the state is locked"), 3),
        (LimitReached("more records were rejected than allowed"), 3),
        (Interrupted("interrupted; what was done is recorded"), 130),
        (KeyboardInterrupt(), 130),
        (ExceptionGroup("several", [ValueError("x"), LoginFailed("blikk: no")]), 3),
        (OSError(28, "No space left on device"), 3),
        (PermissionError(13, "Permission denied", "run.html"), 3),
        (SystemExit(3), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_error_becomes_one_text_and_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
) -> None:
    assert explain(error) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert printed.err == snapshot


def failing(error: Callable[[], BaseException]) -> BaseException:
    try:
        raise error()
    except BaseException as raised:
        return raised


def test_a_fault_of_the_engine_says_so_and_where_its_log_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets.register("hunter2hunter2")
    try:
        assert explain(failing(lambda: KeyError("hunter2hunter2"))) == 70
    finally:
        secrets.forget()
    message = capsys.readouterr().err
    (log,) = (tmp_path / ".etl" / "logs").iterdir()
    assert str(log) in message
    assert "a fault of the engine itself" in message
    assert "Traceback" not in message
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert __version__ in text
    assert "hunter2" not in text + message


def test_a_fault_in_a_folder_that_cannot_be_written_still_leaves_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".etl").write_text("a file in the way")
    (tmp_path / "temp").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    assert explain(failing(lambda: RuntimeError("x"))) == 70
    assert len(list((tmp_path / "temp").iterdir())) == 1
    assert "temp" in capsys.readouterr().err


def test_diagnostics_can_be_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl("--log-format", "json", "functions", "splitt")
    line = json.loads(result.stderr)
    assert line["level"] == "error"
    assert "did you mean 'split'?" in line["message"]


# --- streams -------------------------------------------------------------------------------------


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "etl", "functions"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 0


def test_output_is_utf_8_where_it_goes_to_a_file_whatever_the_locale(tmp_path: Path) -> None:
    found = etl_process(
        "functions", "lower", cwd=tmp_path, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    )
    assert "björk" in found.stdout


def test_an_encoding_that_lacks_a_sign_is_no_error(tmp_path: Path) -> None:
    found = etl_process("functions", "lower", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert found.returncode == 0
    assert "bj?rk" in found.stdout


def test_json_is_utf_8_in_any_case(tmp_path: Path) -> None:
    found = etl_process("functions", "lower", "--json", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(found.stdout)["functions"][0]["example_result"] == "björk"


@pytest.mark.parametrize(("option", "painted"), [("always", True), ("never", False), ("auto", False)])
def test_colour_is_given_where_it_is_asked_for(option: str, painted: bool) -> None:
    assert ("\x1b[" in etl("functions", "--color", option).stdout) is painted


@pytest.mark.parametrize("kind", ["project", "mapping", "connector"])
def test_a_schema_is_printed_as_one_json_document(kind: str) -> None:
    assert json.loads(etl("schema", kind).stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
