"""`luban inspect`: what is to be measured, which lots may not go on, what does not conform, how devices do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.core.time import now
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban inspect plant` · `luban inspect plant --id NC-0001 -o nc.pdf` · "
    "`luban inspect plant --devices --json`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("inspect", epilog=_EXAMPLES)(inspect)


def inspect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The plant's folder.")],
    id: Annotated[str, typer.Option("--id", metavar="NC", help="One non-conformance with its history.")] = "",  # noqa: A002
    devices: Annotated[bool, typer.Option("--devices", help="Devices against people: confusion matrices.")] = False,
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What is to be measured now, lots that are held and why, and non-conformances that are open.

    Exit code 1 while a lot is held.
    """
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.quality_inspection import confusion_sheet, nonconformance_sheet, standing_sheet
    from luban.screens.service import places
    from luban.understand.quality.gauge_use import held_lots
    from luban.understand.quality.inspection import (
        blocked_lots,
        confusion,
        inspection_plan,
        known_nonconformance,
        nonconformances,
        queue,
        results,
    )

    voice, say = output(as_json), words(language)
    plant = load(plant_folder(folder))
    ledger = Ledger(places(folder).ledger)
    try:
        if id:
            one = known_nonconformance(ledger, id)
            give(voice, nonconformance_sheet(one, say, plant.zone), plain(one.as_dict()), out, language)
            return OK
        judged = results(ledger, as_of=as_of)
        if devices:
            found = confusion(judged)
            give(voice, confusion_sheet(found, say), plain(found), out, language)
            return OK
        every = nonconformances(ledger, as_of=as_of)
        held = {lot: list(ids) for lot, ids in blocked_lots(every.values()).items()}
        for lot, why in held_lots(ledger, as_of=as_of).items():
            held.setdefault(lot, []).extend(why)
        due = inspection_plan(ledger, plant, now(), as_of=as_of)
        waiting = queue(judged)
        sheet = standing_sheet(plant.name, due, dict(sorted(held.items())), every, waiting, say, plant.zone)
        document = {
            "plan": [one.as_dict() for one in due], "held": held,
            "nonconformances": [one.as_dict() for one in every.values()], "waiting": waiting,
        }  # fmt: skip
        give(voice, sheet, plain(document), out, language)
        return NO if held else OK
    finally:
        ledger.close()
