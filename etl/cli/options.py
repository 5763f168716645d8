"""Options that every command takes, before its name or after it, and what they come to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import click

Body = Callable[..., Any]
_KEPT = "etl.options"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the common options say."""

    project: Path | None = None
    env: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    verbose: int = 0
    quiet: bool = False
    log_format: Literal["text", "json"] = "text"
    color: Literal["auto", "always", "never"] = "auto"

    def spelled(self) -> str:
        """The options that a next command needs in order to mean the same project and environment."""
        project = [f"--project {self.project}"] if self.project else []
        return " ".join(project + ([f"--env {self.env}"] if self.env else []))


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """A value given after the command's name wins over one given before; vars and -v add up."""
    kept: dict[str, Any] = ctx.meta.setdefault(_KEPT, {})
    name = str(param.name)
    if name == "vars":
        kept[name] = kept.get(name, {}) | dict(value)
    elif name == "verbose":
        kept[name] = kept.get(name, 0) + value
    elif value not in (None, False):
        kept[name] = value
    return value


class Assignment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """`NAME=VALUE`."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"'{value}' is not of the form NAME=VALUE", param, ctx)
        return name, text


def _option(*names: str, **attributes: Any) -> Callable[[Body], Body]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


_OPTIONS = (
    _option("--project", type=click.Path(path_type=Path), help="The project file (default: the nearest etl.yaml)."),
    _option("--env", metavar="NAME", help="Merge this environment of the project over the rest."),
    _option("--var", "vars", type=Assignment(), multiple=True, help="Set a variable; may be repeated."),
    _option("-v", "--verbose", count=True, help="Say more on standard error; -vv says everything."),
    _option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    _option("--log-format", type=click.Choice(["text", "json"]), help="How diagnostics are written."),
    _option("--color", type=click.Choice(["auto", "always", "never"]), help="Colour (default: on a terminal)."),
)


class WholeNumber(click.IntRange):
    """A whole number, refused in words: click's own speak of `range x>=1`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            bounds = f"{self.min} or more" if self.max is None else f"{self.min} to {self.max}"
            self.fail(f"'{value}' won't do: write a whole number, {bounds}", param, ctx)


def common_options(body: Body) -> Body:
    """Adds the common options; read them with `settings()`."""
    for option in reversed(_OPTIONS):
        body = option(body)
    return body


def settings() -> Settings:
    """What the options of the command under way say, wherever they stood."""
    context = click.get_current_context(silent=True)
    return Settings(**context.meta.get(_KEPT, {})) if context else Settings()


def with_settings(body: Body) -> Body:
    """Adds the common options and calls `body` with the settings first, the log being set up."""

    @functools.wraps(body)
    def call(*args: Any, **options: Any) -> Any:
        from etl.cli.logs import set_up

        given = settings()
        set_up(given)
        return body(given, *args, **options)

    own = list(getattr(body, "__click_params__", []))
    call.__click_params__ = []  # type: ignore[attr-defined]  # click keeps a function's options there, the last one first
    common_options(call)
    call.__click_params__ += own  # type: ignore[attr-defined]
    return call
