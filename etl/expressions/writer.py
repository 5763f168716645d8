"""The source of a set of Python functions that is being written, and the values that it refers to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Writer:
    """Lines, blocks, names and constants; `build` compiles them."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace: dict[str, Any] = dict(namespace)
        self._finished: list[str] = []
        self._lines: list[str] = []
        self._depth = 0
        self._names = itertools.count()
        self._types: dict[str, type] = {}

    def line(self, text: str) -> None:
        """Writes one statement at the current depth."""
        self._lines.append(f"{' ' * self._depth}{text}")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Writes a header; what is written inside the context stands below it."""
        self.line(header)
        self._depth += 1
        start = len(self._lines)
        yield
        if len(self._lines) == start:
            self.line("pass")
        self._depth -= 1

    @contextmanager
    def function(self, name: str, parameters: str) -> Iterator[None]:
        """Writes one function; the one being written goes on afterwards."""
        outer, self._lines = self._lines, []
        outer_depth, self._depth = self._depth, 0
        with self.block(f"def {name}({parameters}):"):
            yield
        self._finished += self._lines
        self._lines, self._depth = outer, outer_depth

    def new(self, prefix: str = "t") -> str:
        """A name that nothing else has."""
        return f"{prefix}{next(self._names)}"

    def constant(self, value: object, prefix: str = "c") -> str:
        """A name under which generated code finds the value."""
        name = self.new(prefix)
        self.namespace[name] = value
        return name

    def promise(self, name: str, kind: type) -> None:
        """Says what a variable always holds, so that no test is written for it."""
        self._types[name] = kind

    def is_surely(self, name: str, kind: type) -> bool:
        """Whether a variable was promised to hold this."""
        return self._types.get(name) is kind

    def build(self, name: str) -> Callable[..., Any]:
        """The function of that name, compiled."""
        code = compile(self.source, f"<etl {name}>", "exec")
        exec(code, self.namespace)  # noqa: S102 - texts reach the source only through repr()
        built: Callable[..., Any] = self.namespace[name]
        return built

    @property
    def source(self) -> str:
        """What has been written."""
        return "\n".join(self._finished)
