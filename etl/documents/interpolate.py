"""`${…}` in texts of a document: environment, files, the system's keyring and variables.

Values below `auth` are registered as secrets the moment they are known, before anything else can print them.
"""

from __future__ import annotations

import difflib
import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
from dotenv.parser import parse_stream

from etl import secrets
from etl.documents import text
from etl.documents.marks import DocumentPath, SourceText
from etl.documents.source import Document
from etl.errors import DocumentError
from etl.model import Json, Problem

_PLACEHOLDER = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<body>[^}]*)(?P<closed>\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FOREIGN = re.compile(
    r"\$(\w+)|\$\((\w+)\)|%(\w+)%|\$?env:(\w+)|\{\{\s*(?:vars?\.)?(\w+)\s*\}\}|var\(\s*['\"]?(\w+)['\"]?\s*\)"
)
"""A name as other tools would have it filled in, or as expressions do."""
_FORMS = "${NAME}, ${NAME:-default}, ${file:PATH}, ${keyring:SERVICE/USER} or ${var:NAME}"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from. `folder` is what `${file:…}` is relative to."""

    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    vars: Mapping[str, Json] = field(default_factory=dict)
    lenient: bool = False
    """True: a credential that is not set is empty and no error (the sandbox brings its own)."""


class _Unset(Exception):
    """A placeholder without a value: what is wrong, and how to fix it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def environment(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's environment over the `.env` in a folder. Raises DocumentError for a `.env` that can't be read."""
    environ = os.environ if environ is None else environ
    return {**_dotenv(folder / ".env"), **environ}


def interpolate(document: Document, sources: Sources, *, secret: Callable[[DocumentPath], bool]) -> Document:
    """The document with every `${…}` filled in. Raises DocumentError with all that can't be."""
    filled, problems = fill(document, sources, secret=secret)
    if problems:
        raise DocumentError(problems)
    return filled


def fill(
    document: Document,
    sources: Sources,
    *,
    secret: Callable[[DocumentPath], bool],
    within: Callable[[DocumentPath], bool] = lambda _: True,
) -> tuple[Document, list[Problem]]:
    """The document filled in as far as possible, and what could not be: such a text stays as it is written.

    `within` says at which paths texts are filled in at all.
    """
    filling = _Filling(document, sources, secret, within)
    return replace(document, data=filling.value(document.data, ())), filling.problems


def placeholders(content: str) -> bool:
    """Whether a text holds a `${…}`."""
    return any(found["escaped"] is None for found in _PLACEHOLDER.finditer(content))


@dataclass(slots=True)
class _Filling:
    document: Document
    sources: Sources
    secret: Callable[[DocumentPath], bool]
    within: Callable[[DocumentPath], bool]
    problems: list[Problem] = field(default_factory=list)

    def value(self, data: Json, path: DocumentPath) -> Json:
        if isinstance(data, dict):
            return {key: self.value(value, (*path, key)) for key, value in data.items()}
        if isinstance(data, list):
            return [self.value(value, (*path, index)) for index, value in enumerate(data)]
        if not isinstance(data, str):
            if self.secret(path) and data is not None:
                secrets.register(self.document.marks.written(path))
            return data
        before = len(self.problems)
        meant = self._meant(data, path)
        if meant is not None:
            place = self.document.marks.value(path)
            self.problems.append(Problem("interpolation", f"'{data}' is not filled in", place, f"write {meant}"))
            return data
        as_written = "${" not in data
        result = self._text(data, path) if not as_written and self.within(path) else data
        known = as_written or (self.within(path) and len(self.problems) == before)
        if known and isinstance(result, str) and self.secret(path):
            secrets.register(result)
        return result

    def _meant(self, content: str, path: DocumentPath) -> str | None:
        """The placeholder that a whole text was meant to be: it names what is there, but in another way."""
        found = _FOREIGN.fullmatch(content.strip())
        name = next(filter(None, found.groups())) if found else ""
        if self.secret(path) and name in self.sources.environment:
            return f"${{{name}}}"
        of_a_var = name in self.sources.vars and content[:1] in "{v" and self.within(path)
        return f"${{var:{name}}}" if of_a_var else None

    def _text(self, content: str, path: DocumentPath) -> Json:
        whole = _PLACEHOLDER.fullmatch(content)
        if whole and whole["closed"] and whole["body"].startswith("var:"):
            result = self._found(whole, path)
            return content if result is None else result.value
        pieces: list[str] = []
        end = 0
        for match in _PLACEHOLDER.finditer(content):
            result = self._found(match, path)
            pieces += [content[end : match.start()], match.group() if result is None else _as_text(result.value)]
            end = match.end()
        return "".join([*pieces, content[end:]])

    def _found(self, match: re.Match[str], path: DocumentPath) -> _Found | None:
        """The value of one placeholder; None after its problem was noted."""
        if match["escaped"]:
            return _Found("${")
        secret = self.secret(path)
        try:
            if not match["closed"]:
                raise _Unset(
                    "this '${' is not closed", "close it with '}', or write '$${' for the characters themselves"
                )
            value = _look_up(match["body"], self.sources)
            if secret and value == "":
                raise _Unset(f"'{match['body']}' is set, but empty", "give it a value")
            if match.group() != match.string and isinstance(value, dict | list):
                raise _Unset(f"'{match['body']}' is a list or an object", "it can't stand inside a text")
        except _Unset as unset:
            if secret and self.sources.lenient:
                return _Found("")
            place = self.document.marks.inside(path, match.start(), len(match.group()))
            self.problems.append(Problem("interpolation", unset.message, place, unset.hint))
            return None
        if secret and isinstance(value, str):
            secrets.register(value)
        return _Found(value)


@dataclass(frozen=True, slots=True)
class _Found:
    value: Json = field(repr=False)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


# --- where values come from ----------------------------------------------------------------------


def _look_up(body: str, sources: Sources) -> Json:
    name, has_default, default = body.partition(":-")
    if _NAME.fullmatch(name) and (has_default or name == body):
        return _variable(name, default if has_default else None, sources)
    kind, _, rest = body.partition(":")
    if kind == "file":
        return _file(rest, sources.folder)
    if kind == "keyring":
        return _keyring(rest)
    if kind == "var":
        return _var(rest, sources.vars)
    raise _Unset(f"'${{{body}}}' is not understood", f"write {_FORMS}")


def _variable(name: str, default: str | None, sources: Sources) -> str:
    variables = sources.environment
    value = variables.get(name)
    if default is not None:
        return value or default
    if value is None:
        close = difflib.get_close_matches(name, list(variables), 1, 0.8)
        meant = f"; or did you mean '{close[0]}'?" if close else ""
        raise _Unset(f"'{name}' is not set", f"{_to_set(sources.folder)}{meant}")
    return value


def _to_set(folder: Path) -> str:
    if (folder / ".env.example").is_file() and not (folder / ".env").exists():
        return "copy .env.example to .env and fill it in (cp .env.example .env), or set it in the environment"
    return "set it in the environment or in .env beside etl.yaml"


def _var(name: str, variables: Mapping[str, Json]) -> Json:
    if name not in variables:
        close = difflib.get_close_matches(name, list(variables), 1)
        hint = f"did you mean '{close[0]}'?" if close else "add it under 'vars' in etl.yaml, or give --var"
        raise _Unset(f"there is no variable '{name}'", hint)
    return variables[name]


def _file(name: str, folder: Path) -> str:
    try:
        content = text.read(folder / name).text
    except DocumentError as error:
        problem = error.problems[0]
        raise _Unset(problem.message, problem.hint or "check the path") from None
    return content.removesuffix("\n").removesuffix("\r")


def _keyring(name: str) -> str:
    service, _, user = name.rpartition("/")
    if not service or not user:
        raise _Unset(f"'${{keyring:{name}}}' is not understood", "write ${keyring:SERVICE/USER}")
    try:
        import keyring  # an optional dependency
    except ImportError:
        raise _Unset("the package keyring is not installed", "pip install 'etl-mappings[keyring]'") from None
    try:
        value: str | None = keyring.get_password(service, user)
    except Exception as error:  # each of its back ends has errors of its own
        raise _Unset(f"the keyring can't be read: {type(error).__name__}", "unlock it, or use ${NAME}") from None
    if value is None:
        raise _Unset(f"the keyring has no '{user}' of '{service}'", f"store it: keyring set {service} {user}")
    return value


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    source = text.read(path)
    bindings = list(parse_stream(io.StringIO(source.text)))
    problems = [_wrong_binding(source, binding.original.line) for binding in bindings if binding.error]
    if problems:
        raise DocumentError(problems)
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value is not None}


def _wrong_binding(source: SourceText, line: int) -> Problem:
    start = source.start_of(line)
    return Problem(
        "interpolation", "this line is no NAME=value", source.location(start), "correct it, or start it with '#'"
    )
