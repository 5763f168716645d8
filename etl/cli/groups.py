"""A group of commands of which one is meant where none is named: `etl rejects` lists."""

from __future__ import annotations

import click


class DefaultGroup(click.Group):
    """Its first command is the default, also where only options follow."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = any(arg in self.commands for arg in args)
        if not named and (not args or args[0].startswith("-")) and not {"-h", "--help"} & set(args):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)
