"""`luban protect`: what of a table or of a plan's indicators may be told without telling on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    import narwhals as nw

    from luban.rollup.protect import Release, Rules, Vintages

__all__ = ["read_depth", "read_rules", "register"]

_EXAMPLES = (
    "Examples: `luban protect examples/region/returns.csv --element revenue` · `luban protect returns.parquet "
    "--by region --indicator I01 -o told.xlsx` · `luban protect now.csv --element revenue --since before.csv`"
)
_PARTS = ("region", "industry", "size")


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("protect", epilog=_EXAMPLES)(protect)


def protect(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Returns: one row a unit and year.")],
    element: Annotated[
        str, typer.Option(help="Column to make a table of; without it the plan's indicators are protected.")
    ] = "",
    indicator: Annotated[list[str] | None, typer.Option(help="Only this indicator; may be repeated.")] = None,
    plan: Annotated[str, typer.Option(help="A plan by name, or its folder.")] = "mic2025",
    by: Annotated[str, typer.Option(help="Dimensions, any of region, industry, size.")] = "region,industry",
    depth: Annotated[
        str, typer.Option(help="Steps of a region's path, digits of an industry: region=1,industry=2.")
    ] = "region=1,industry=2",
    year: Annotated[int, typer.Option(help="Only this year; with --element the latest by default.")] = 0,
    minimum: Annotated[int, typer.Option(min=1, help="So many units stand behind a figure at least.")] = 3,
    dominance: Annotated[str, typer.Option(help="n,k: the largest n make up k % at most; none.")] = "2,85",
    percent: Annotated[str, typer.Option("--p", help="No unit is estimated within this many %; none.")] = "15",
    owner: Annotated[str, typer.Option(help="Column of who is behind a unit; units of one owner are one.")] = "unit",
    since: Annotated[
        Path | None, typer.Option(help="With --element: the returns of the vintage that was told before.")
    ] = None,
    deflators: Annotated[Path | None, typer.Option(help="Price indices by industry and year.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Minimum count, dominance and p % rules, further cells withheld so that nothing can be computed, and an attack.

    Exit code 1 if something cannot be protected.
    """
    from luban.screens.i18n import words

    say, spoken = output(as_json), words(language)
    rules = read_rules(minimum, dominance, percent)
    parts = _list(by, _PARTS)
    deep = read_depth(depth, parts)
    if element:
        from luban.rollup.protect import attack
        from luban.screens.report.rollup_protect import protect_sheet

        release, vintages, when = _table(source, element, parts, deep, rules, owner, since, year)
        exposed = attack(vintages.joint if vintages else release)
        differences = len(vintages.differences) if vintages else 0
        name = f"{source.name} {when}".strip()
        sheet = protect_sheet(release, exposed, rules, spoken, source=name, differences=differences)
        give(say, sheet, _document(release, exposed), out, language)
        return NO if exposed else OK
    if since is not None:
        raise InputError("only with --element", came="--since", hint="protect one column: --element revenue")
    from luban.norms.plans import load_plan
    from luban.rollup.deflators import read_deflators
    from luban.rollup.frame import read_frame
    from luban.rollup.indicators import indicators
    from luban.rollup.protect import protect_indicators
    from luban.screens.report.rollup_protect import protected_sheet

    own = load_plan(plan)
    frame, only, years = read_frame(source, own), tuple(indicator or ()), (year,) if year else ()
    prices = read_deflators(deflators) if deflators else None
    made = protect_indicators(frame, own, only=only, years=years, by=parts, depth=deep, rules=rules, deflators=prices,
                              owners=_owners(source, owner))  # fmt: skip
    points = indicators(frame, own, parts, deep, only=only, years=years, deflators=prices)
    rows: list[dict[str, Any]] = made.points(points).collect("pyarrow").to_native().to_pylist()
    document = {"rules": asdict(rules), "rows": rows, "exposed": [asdict(one) for one in made.exposures]}
    give(say, protected_sheet(made, rows, own, rules, spoken, source.name), document, out, language)
    return NO if made.exposures else OK


def read_rules(minimum: int, dominance: str, percent: str) -> Rules:
    """Rules as they are typed: `2,85` and `15`, or `none`. Raises InputError."""
    from luban.rollup.protect import Rules

    pair: tuple[int, float] | None = None
    try:
        if dominance != "none":
            n, k = dominance.split(",")
            pair = int(n), float(k)
        p = None if percent == "none" else float(percent)
    except ValueError:
        raise InputError("no such rule", came=f"--dominance {dominance} --p {percent}",
                         expected="--dominance 2,85 --p 15, or none") from None  # fmt: skip
    return Rules(minimum, pair, p)


def read_depth(text: str, parts: Sequence[str]) -> dict[str, int]:
    """`region=1,industry=2` → how deep each goes; what is not said goes as deep as the data. Raises InputError."""
    found = {}
    for one in filter(None, text.split(",")):
        name, _, steps = one.partition("=")
        if name.strip() not in _PARTS or not steps.strip().isdigit():
            raise InputError("no such depth", came=one, expected="region=1,industry=2", where="--depth")
        found[name.strip()] = int(steps)
    return {name: steps for name, steps in found.items() if name in parts}


def _list(text: str, known: Sequence[str]) -> tuple[str, ...]:
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    if not found or set(found) - set(known):
        raise InputError("no such dimension", came=text, expected=", ".join(known), where="--by")
    return found


def _table(
    source: Path, element: str, by: Sequence[str], depth: Mapping[str, int], rules: Rules, owner: str,
    since: Path | None, year: int,
) -> tuple[Release, Vintages | None, str]:  # fmt: skip
    from luban.rollup.protect import changes, since as together, suppress, tabulate

    frame, when = _year(source, element, year)
    how: dict[str, Any] = {"by": by, "depth": depth, "rules": rules, "holder": owner}
    table = tabulate(frame, element, name=element, **how)
    if since is None:
        return suppress(table), None, when
    before, _ = _year(since, element, int(when) if when else year)
    first = suppress(tabulate(before, element, name=element, **how))
    made = together([(first, changes(before, frame, element, **how))], table)
    return made.release, made, when


def _owners(source: Path, owner: str) -> dict[str, str]:
    """Unit → who is behind it; where nobody is named the unit itself is. Raises InputError: no such column."""
    from luban.rollup.read import scan

    if owner == "unit":
        return {}
    frame = scan(source)
    names = frame.collect_schema().names()
    if owner not in names:
        raise InputError("no such column", came=owner, expected=", ".join(names), where=source.name)
    rows = frame.select("unit", owner).collect("pyarrow").to_native().to_pylist()
    return {str(row["unit"]): str(row[owner]) for row in rows if row[owner] not in (None, "")}


def _year(source: Path, element: str, year: int) -> tuple[nw.LazyFrame[Any], str]:
    """The rows of one year, the latest by default, in which the element is known."""
    import narwhals as nw

    from luban.rollup.read import scan

    frame = scan(source)
    names = frame.collect_schema().names()
    if element not in names:
        raise InputError("no such column", came=element, expected=", ".join(names), where=source.name)
    frame = frame.filter(~nw.col(element).is_null())
    if "year" not in names:
        return frame, ""
    years = sorted(frame.select("year").unique().collect("pyarrow").to_native()["year"].to_pylist())
    if not years or (year and year not in years):
        raise InputError("no figure of that year", came=str(year or "none"), expected=", ".join(map(str, years)),
                         where=source.name)  # fmt: skip
    chosen = year or years[-1]
    return frame.filter(nw.col("year") == chosen), str(chosen)


def _document(release: Release, exposed: Sequence[Any]) -> dict[str, Any]:
    table = release.table
    cells = [
        {**dict(zip(table.dimensions, key, strict=True)), "value": release.value(key), "units": int(table.counts[at]),
         "state": release.states[at], "reason": release.reason(key)}
        for at, key in enumerate(table.keys)
    ]  # fmt: skip
    return {"table": table.name, "cells": cells, "loss": asdict(release.loss),
            "exposed": [asdict(one) for one in exposed]}  # fmt: skip
