"""`luban maturity`: a self-assessment of a plant, filled in from its books, with the evidence of each answer."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import OK
from luban.screens.cli.recording import record
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.norms.maturity import Model
    from luban.screens.cli.output import Output

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban maturity plant` · `luban maturity plant --model siri --lang zh -o siri.html` · "
    "`luban maturity plant --answer skills.1=0.8 --document 'training plan 2026'`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("maturity", epilog=_EXAMPLES)(maturity)


def maturity(
    folder: Plant,
    model: Annotated[str, typer.Option(help="gbt_39116, siri or gbt_23020.")] = "gbt_39116",
    answer: Annotated[
        str, typer.Option(metavar="REQUIREMENT=MARK", help="Put an answer on record first; =none takes it back.")
    ] = "",
    document: Annotated[str, typer.Option(help="What shows the answer.")] = "",
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """How mature a plant is by GB/T 39116, SIRI or GB/T 23020, answered from its books as far as they go.

    What the books show counts before what is stated; what nobody answers is unknown, and the result a range.
    --answer DIMENSION=n/a leaves out what does not apply, DIMENSION=applies takes it in again.
    """
    from luban.ledger import Ledger
    from luban.norms.maturity import maturity_model
    from luban.plant import load
    from luban.rollup.maturity import maturity as assessed
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.rollup_maturity import maturity_sheet
    from luban.screens.service import places

    say, chosen, plant = output(as_json), maturity_model(model), load(plant_folder(folder))
    home = places(folder).ledger
    if not home.is_dir():
        raise InputError("the plant has no books yet", where=str(home), hint="`luban up` starts it")
    if answer:
        _record(say, folder, chosen, answer, document)
    ledger = Ledger(home)
    try:
        found = assessed(ledger, plant, chosen, as_of=as_of)
    finally:
        ledger.close()
    document_ = plain(found) | {"verified": chosen.verified, "how": chosen.how, "rule": chosen.rule}
    give(say, maturity_sheet(chosen, found, words(language), plant.name), document_, out, language)
    return OK


def _record(say: Output, folder: Path, model: Model, text: str, document: str) -> None:
    from luban.rollup.maturity import answer_row, scope_row
    from luban.screens.users import Act

    name, mark, given = (part.strip() for part in text.partition("="))
    person = getpass.getuser()
    if not mark:
        raise InputError("an answer is REQUIREMENT=MARK", came=text, where="--answer")
    if given in {"n/a", "applies"}:
        rows = scope_row(model, name, applies=given == "applies", person=person, document=document)
    else:
        rows = answer_row(model, name, _number(name, given), person=person, document=document)
    record(say, folder, Act(person, "maturity answer", name, document), "event", rows)


def _number(name: str, given: str) -> float | None:
    if given == "none":
        return None
    try:
        return float(given)
    except ValueError:
        raise InputError("not a number", came=given, where=f"--answer {name}") from None
