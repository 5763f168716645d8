"""`${…}`: where values come from, what is told when there is none, and that credentials become secrets."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import secrets
from etl.documents import source
from etl.documents.expression_text import misplaced, unbalanced
from etl.documents.interpolate import Sources, environment, interpolate
from etl.documents.marks import DocumentPath
from etl.errors import DocumentError
from etl.model import Json


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


def in_auth(path: DocumentPath) -> bool:
    return path[:1] == ("auth",)


def fill(
    text: str,
    folder: Path = Path(),
    *,
    environ: Mapping[str, str] | None = None,
    variables: Mapping[str, Json] | None = None,
    lenient: bool = False,
) -> Json:
    sources = Sources(environ or {}, folder, variables or {}, lenient)
    return interpolate(source.parse(text, "etl.yaml"), sources, secret=in_auth).data


def problems(text: str, folder: Path = Path(), **settings: Mapping[str, str]) -> list[tuple[int, int, int, str]]:
    with pytest.raises(DocumentError) as caught:
        fill(text, folder, **settings)  # type: ignore[arg-type]
    places = [(problem.location, problem.message) for problem in caught.value.problems]
    return [(place.line, place.column, place.end_column or 0, message) for place, message in places if place]


def test_names_come_from_the_environment_with_a_default_for_what_is_unset_or_empty() -> None:
    found = fill("['a-${A}-b', '${B:-none}', '${C:-}', '${D:-x y}']", environ={"A": "1", "D": ""})

    assert found == ["a-1-b", "none", "", "x y"]


def test_keys_numbers_and_other_values_stay_as_they_are() -> None:
    assert fill("{'${A}': 1, b: [true, null, 1.5]}") == {"${A}": 1, "b": [True, None, 1.5]}


def test_two_dollars_stand_for_the_characters_themselves() -> None:
    assert fill("['$${A}', '$$${A}', '$', '$A', '{A}']", environ={"A": "x"}) == ["${A}", "$${A}", "$", "$A", "{A}"]


def test_a_file_is_read_relative_to_the_project_without_its_final_newline(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"line\n\n")
    (tmp_path / "two").write_bytes(b"line\r\n")
    (tmp_path / "three").write_bytes(b"line")

    assert fill("['${file:one}', '${file:two}', 'x ${file:three}']", tmp_path) == ["line\n", "line", "x line"]


def test_a_variable_that_is_the_whole_text_keeps_its_type() -> None:
    variables = {"n": 5, "flag": True, "list": [1], "text": "a"}

    found = fill(
        "['${var:n}', '${var:flag}', '${var:list}', 'x-${var:n}-${var:flag}-${var:text}']", variables=variables
    )

    assert found == [5, True, [1], "x-5-true-a"]


def test_every_placeholder_without_a_value_is_told_at_its_own_place() -> None:
    text = (
        'a: "x ${ONE} ${TWO}"\nb: >-\n  y\n  ${var:three}\nc: ${file:four}\nd: "${"\ne: ${keyring:a}\nf: ${no name}\n'
    )

    assert problems(text) == [
        (1, 7, 13, "'ONE' is not set"),
        (1, 14, 20, "'TWO' is not set"),
        (4, 3, 15, "there is no variable 'three'"),
        (5, 4, 16, "there is no file 'four'"),
        (6, 5, 7, "this '${' is not closed"),
        (7, 4, 16, "'${keyring:a}' is not understood"),
        (8, 4, 14, "'${no name}' is not understood"),
    ]


def test_a_name_that_is_nearly_set_is_suggested() -> None:
    with pytest.raises(DocumentError) as caught:
        fill("${BLIKK_APPID}", environ={"BLIKK_APP_ID": "x"})

    assert caught.value.problems[0].hint is not None
    assert "did you mean 'BLIKK_APP_ID'?" in caught.value.problems[0].hint


def test_a_list_can_not_stand_inside_a_text() -> None:
    with pytest.raises(DocumentError, match="is a list or an object"):
        fill("'a ${var:list}'", variables={"list": [1]})


# --- credentials ---------------------------------------------------------------------------------


def test_what_stands_below_auth_is_never_printed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    text = "auth: {a: '${A}', b: 'x${A}y', c: '${file:key}', d: literal-key, e: 123456}\nother: ${B}\n"

    fill(text, tmp_path, environ={"A": "from-env", "B": "shown"})

    shown = secrets.redact("from-env xfrom-envy from-a-file literal-key 123456 shown")
    assert shown == f"{secrets.MASK} {secrets.MASK} {secrets.MASK} {secrets.MASK} {secrets.MASK} shown"


def test_a_credential_is_not_part_of_what_is_said_about_it() -> None:
    with pytest.raises(DocumentError) as caught:
        fill("auth: {a: 'pass-${A}-${NONE}'}", environ={"A": "word"})

    assert "pass-word" not in repr(caught.value)
    assert "word" not in repr(Sources({"A": "word"}, Path()))


def test_an_empty_credential_is_one_that_is_missing() -> None:
    assert problems("auth: {a: '${A}'}\nb: '${A}'", environ={"A": ""}) == [(1, 12, 16, "'A' is set, but empty")]


def test_for_the_sandbox_credentials_may_be_missing() -> None:
    assert fill("auth: {a: '${A}', b: '${file:none}'}", lenient=True) == {"auth": {"a": "", "b": ""}}
    with pytest.raises(DocumentError):
        fill("b: '${A}'", lenient=True)


class Keyring(types.ModuleType):
    """The system's keyring, in memory."""

    @staticmethod
    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise RuntimeError("no back end")
        return {("blikk/prod", "acme"): "from-the-keyring"}.get((service, user))


def test_a_secret_of_the_keyring_is_found_by_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Keyring("keyring"))

    assert fill("auth: {a: '${keyring:blikk/prod/acme}'}") == {"auth": {"a": "from-the-keyring"}}
    assert [message for *_, message in problems("[ '${keyring:blikk/none}', '${keyring:locked/x}' ]")] == [
        "the keyring has no 'none' of 'blikk'",
        "the keyring can't be read: RuntimeError",
    ]


def test_without_the_keyring_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(DocumentError) as caught:
        fill("${keyring:a/b}")

    assert caught.value.problems[0].hint == "pip install 'etl-mappings[keyring]'"


# --- .env ----------------------------------------------------------------------------------------


def test_the_environment_goes_before_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# made up\nA=file\nexport B='quoted $A ${A}'\nC=\nD\n")

    assert environment(tmp_path, {"A": "process"}) == {"A": "process", "B": "quoted $A ${A}", "C": ""}


def test_without_an_env_file_there_is_the_process_only(tmp_path: Path) -> None:
    assert environment(tmp_path, {"A": "1"}) == {"A": "1"}


def test_a_line_of_the_env_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n=broken 'x\nB=2\n")

    with pytest.raises(DocumentError) as caught:
        environment(tmp_path, {})

    assert [(problem.message, problem.location and problem.location.line) for problem in caught.value.problems] == [
        ("this line is no NAME=value", 2)
    ]


def test_an_env_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff")

    with pytest.raises(DocumentError, match="not UTF-8"):
        environment(tmp_path, {})


# --- laws ----------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
PLAIN = st.text(st.sampled_from("ab {}:-/.å\n"), max_size=8)


@given(st.lists(st.tuples(PLAIN, NAMES, st.text(max_size=6)), max_size=4), PLAIN)
def test_a_text_is_its_pieces_with_the_values_between(pieces: list[tuple[str, str, str]], end: str) -> None:
    values = {name: value for _, name, value in pieces}
    document = source.parse("a", "m.yaml")
    text = "".join(f"{plain}${{{name}}}" for plain, name, _ in pieces) + end
    wanted = "".join(f"{plain}{values[name]}" for plain, name, _ in pieces) + end
    written = source.Document("m.yaml", text, document.marks)

    assert interpolate(written, Sources(values, Path()), secret=lambda _: False).data == wanted


@given(st.text(st.sampled_from("ab ${}$"), max_size=12))
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    document = source.parse("a", "m.yaml")
    written = source.Document("m.yaml", text.replace("${", "$${"), document.marks)

    assert interpolate(written, Sources({}, Path()), secret=lambda _: False).data == text


# --- in expressions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("title", []),
        ("concat('${var:x}', id)", [(8, 8, "write var('x')")]),
        ("${PREFIX:-a}", [(0, 12, "set it under 'vars' in etl.yaml and write var('prefix')")]),
        ("join('$', ['{a}'])", []),
    ],
)
def test_a_placeholder_in_an_expression_is_told_what_to_write_instead(
    expression: str, found: list[tuple[int, int, str]]
) -> None:
    assert [(each.offset, each.length, each.hint) for each in misplaced(expression)] == found


@pytest.mark.parametrize("text", ["a", "f(a)", "'('", '"["', "`{`", "[a, {b: c}][?d == 'e']", r"'it\'s'", "a)"])
def test_an_expression_that_is_whole(text: str) -> None:
    assert not unbalanced(text)


@pytest.mark.parametrize("text", ["f(a", "'a", "[a", "{a: b", "`1", r"'a\'", "join('"])
def test_an_expression_whose_end_is_missing(text: str) -> None:
    assert unbalanced(text)
