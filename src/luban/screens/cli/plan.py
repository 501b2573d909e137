"""`luban plan`: what a plan with targets says, as printed and as data."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban plan` · `luban plan programmes --lang zh` · `luban plan examples/park_plan` · "
    "`luban plan examples/park_plan tasks -o tasks.xlsx`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("plan", epilog=_EXAMPLES)(plan)


def plan(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FOLDER] [PART]", help="A plan by name or a folder; and a part of it."),
    ] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """A plan's targets: the indicator table as printed, how each value is made, tasks, programmes, sectors, lists.

    PART is table, elements, tasks, programmes, sectors or lists.
    """
    from luban.norms.plans import load_plan
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.rollup_plan import PARTS, plan_sheet

    say, asked = output(as_json), list(what or ())
    part = asked.pop() if asked and (asked[-1] in PARTS or len(asked) > 1) else "table"
    if part not in PARTS or len(asked) > 1:
        raise InputError("no such part of a plan", came=" ".join([*asked, part]), expected=", ".join(PARTS))
    found = load_plan(asked[0]) if asked else load_plan()
    document: dict[str, Any] = {key: value for key, value in plain(found).items() if key != "folder"}
    document["definitions"] = {name: found.definition_digest(name) for name in found.indicators}
    give(say, plan_sheet(found, words(language), part), document, out, language)
    return OK
