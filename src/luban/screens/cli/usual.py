"""A group of commands one of which stands for none: `luban health pump.csv` is `luban health examine pump.csv`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["Usual"]


class Usual(TyperGroup):
    """What is not the name of a command is an argument of the usual one.

    usual  the command that stands for none
    """

    usual = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the usual command before them where none is named."""
        if any(one not in {"-h", "--help"} for one in args[:1]) and args[0] not in self.commands:
            args = [self.usual, *args]
        return super().parse_args(ctx, args)
