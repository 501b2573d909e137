"""`luban dependence`: how far an economy's technology depends on abroad, from public series."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban dependence data/nation --economy CHN` · `luban dependence data/nation --economy DEU --lang zh`"
)
_SERIES = {
    "payments": "wdi/bm.gsr.royl.cd.csv", "receipts": "wdi/bx.gsr.royl.cd.csv", "product": "wdi/ny.gdp.mktp.cd.csv",
    "research": "wdi/gb.xpd.rsdv.gd.zs.csv",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("dependence", epilog=_EXAMPLES)(dependence)


def dependence(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of public data with the series of WDI.")],
    economy: Annotated[str, typer.Option(help="Three letters of ISO 3166.")] = "CHN",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Payments abroad for knowledge over these and research at home, year by year, and the place among economies."""
    from luban.rollup.dependence import royalties
    from luban.rollup.peers import place
    from luban.rollup.public import PublicData, Source
    from luban.screens.i18n import words
    from luban.screens.report.rollup_dependence import dependence_sheet

    data = PublicData(source)

    def of(one: str) -> Any:
        return royalties(**{name: data.series(Source(file), one) for name, file in _SERIES.items()})

    rows = of(economy)
    if not rows:
        raise InputError("nothing is known of this economy", came=economy, where=str(source),
                         hint="three letters of ISO 3166, e.g. CHN")  # fmt: skip
    known = [one for one in rows if one.dependence.value is not None]
    found = None
    if known:
        year = known[-1].year
        others = [row.dependence.value for one in data.economies if one != economy for row in of(one)
                  if row.year == year and row.dependence.value is not None]  # fmt: skip
        if others:
            found = place(100 * known[-1].dependence.value, [100 * one for one in others], better="down", public=True)
    document = {"economy": economy, "rows": [asdict(one) for one in rows],
                "place": asdict(found) if found is not None else None}  # fmt: skip
    sheet = dependence_sheet(economy, rows, words(language), place=found, source=", ".join(_SERIES.values()))
    give(output(as_json), sheet, document, out, language)
    return OK
