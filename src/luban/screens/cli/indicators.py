"""`luban indicators`: a plan's indicators from files of returns or from the books of an office that collects them."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError, LedgerBusyError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    import narwhals as nw

    from luban.norms.plans import TargetPlan
    from luban.rollup.deflators import Deflators
    from luban.rollup.drill import Fact
    from luban.screens.cli.output import Output

__all__ = ["register"]

_TAKEN_IN = 10.0  # s that a running plant has
_EXAMPLES = (
    "Examples: `luban indicators firms.parquet` · `luban indicators examples/region/returns.csv --deflators "
    "examples/region/deflators.csv --by region` · `luban indicators examples/region --by region,industry --depth "
    "region=1,industry=2 -o indicators.xlsx` · `luban indicators firms.csv --only I01 --into industry --region "
    "CN/31` · `luban indicators office --release 'as published in May'`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("indicators", epilog=_EXAMPLES)(indicators)


def indicators(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…|DIR", help="Returns by unit and year (CSV, Excel, Parquet), or an office's folder."
        ),
    ],
    plan: Annotated[
        str, typer.Option("--plan", help="A plan by name, or its folder; that of DIR's plant.toml by default.")
    ] = "",
    by: Annotated[str, typer.Option(help="region, industry, size, with commas between; none: all together.")] = "",
    depth: Annotated[str, typer.Option(help="How fine, e.g. region=1,industry=2; all the way where not said.")] = "",
    only: Annotated[str, typer.Option(help="Indicators by their ids, with commas between.")] = "",
    years: Annotated[str, typer.Option(help="Years, e.g. 2020 or 2015-2020 or 2015,2020.")] = "",
    deflators: Annotated[Path | None, typer.Option(help="Price indices: industry, year, index.")] = None,
    measure: Annotated[str, typer.Option(help="Element that says how much units left out matter.")] = "",
    variants: Annotated[bool, typer.Option("--variants", help="Other readings of a definition beside it.")] = False,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals [1].")] = 0.95,
    into: Annotated[str, typer.Option(help="Take --only's indicator apart: region, industry, size or unit.")] = "",
    region: Annotated[str, typer.Option(help="With --into: look into this region, as CN/31.")] = "",
    industry: Annotated[str, typer.Option(help="With --into: look into this industry, as C34.")] = "",
    size: Annotated[str, typer.Option(help="With --into: only units of this size.")] = "",
    unit: Annotated[str, typer.Option(help="With DIR: the facts that this unit told for --only's indicator.")] = "",
    as_of: Annotated[int | None, typer.Option(help="With DIR: the books as they stood at this seq.")] = None,
    release: Annotated[
        str,
        typer.Option(metavar="VINTAGE", help="With DIR: put a named vintage out for everybody, as deep as --depth."),
    ] = "",
    person: Annotated[str, typer.Option(help="Who puts it out; the account of this machine by default.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Every indicator by region, industry and size: value, interval, coverage, what was left out and why.

    With --into one indicator of a year is taken apart, from the whole down to units; with --unit down to facts.
    """
    from luban.rollup.check import check_frame
    from luban.rollup.drill import drill
    from luban.rollup.indicators import indicators as rolled
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.rollup_indicators import drill_sheet, facts_sheet, indicators_sheet

    say, spoken = output(as_json), words(language)
    if release:
        return _release(say, sources, release, _depths(depth), person)
    own, frame, prices = _read(sources, plan, deflators, as_of)
    source = ", ".join(path.name for path in sources)
    chosen, wanted = _listed(only), _years(years)
    problems = check_frame(frame, own)
    rows = problems.left_out(frame)
    if (into or unit) and len(chosen) != 1:
        raise InputError("one indicator is taken apart at a time", came=only or "none", where="--only")
    year = 0 if not into and not unit else wanted[-1] if wanted else _newest(rows)
    if unit:
        told = _facts(sources[0], own, chosen[0], unit, year, as_of)
        give(say, facts_sheet(told, own, chosen[0], unit, year, spoken, source=source), plain(told), out, language)
        return OK
    if into:
        taken = drill(
            rows, own, chosen[0], year, region=region, industry=industry, size=size, by=into, deflators=prices
        )
        place = " ".join(one for one in (region, industry, size) if one)
        give(say, drill_sheet(taken, own, spoken, place=place, source=source), plain(taken), out, language)
        return OK
    dimensions = _listed(by)
    found = rolled(
        rows, own, dimensions, _depths(depth), deflators=prices, only=chosen, years=wanted, variants=variants,
        measure=measure, level=level,
    ).collect("pyarrow").to_native()  # fmt: skip
    sheet = indicators_sheet(found, own, spoken, by=dimensions, source=source, problems=problems, level=level)
    document: dict[str, Any] = {
        "plan": own.id, "plan_digest": own.digest, "source": source, "by": list(dimensions), "level": level,
        "definitions": {name: own.definition_digest(name) for name in chosen or own.indicators},
        "rows": found.to_pylist(),
        "problems": {
            "rows": problems.rows, "left_out": problems.errors, "measure": problems.measure,
            "share": dict(problems.share), "found": [plain(one) for one in problems.found],
            "counts": [
                {"code": code, "element": element, "rows": n} for (code, element), n in sorted(problems.counts.items())
            ],
        },
    }  # fmt: skip
    give(say, sheet, document, out, language)
    return OK


def _read(
    sources: Sequence[Path], plan: str, deflators: Path | None, as_of: int | None
) -> tuple[TargetPlan, nw.LazyFrame[Any], Deflators | None]:
    """The plan, the returns, price indices."""
    from luban.norms.plans import load_plan
    from luban.rollup.deflators import read_deflators
    from luban.rollup.frame import read_frame

    prices = read_deflators(deflators) if deflators is not None else None
    first = sources[0]
    if first.is_dir() and not any(first.glob("*.parquet")):
        from luban.screens.service import PlantView
        from luban.screens.service.rollup import RollupBooks

        if len(sources) > 1:
            raise InputError("one folder of books at a time", came=", ".join(map(str, sources)))
        books = RollupBooks(PlantView(plant_folder(first)))
        own = load_plan(plan) if plan else books.plan
        return own, books.frame(as_of), prices or books.deflators
    if as_of is not None:
        raise InputError("files have no earlier state of the books", where="--as-of")
    own = load_plan(plan or "mic2025")
    return own, read_frame(list(sources), own), prices


def _release(say: Output, sources: Sequence[Path], name: str, depth: Mapping[str, int], person: str) -> int:
    """Put a vintage out; exit code 0."""
    from luban.screens.cli.recording import record
    from luban.screens.service import PlantView
    from luban.screens.service.releases import Releases
    from luban.screens.service.rollup import RollupBooks
    from luban.screens.users import Act

    if len(sources) != 1 or not sources[0].is_dir():
        raise InputError("files have no vintages, books have", came=", ".join(map(str, sources)), where="--release",
                         hint="an office's folder")  # fmt: skip
    folder, who = plant_folder(sources[0]), person or getpass.getuser()
    desk = Releases(RollupBooks(PlantView(folder)))
    made, rows = desk.make(
        name, who, depth=depth, progress=lambda done, of: say.say(f"{done} of {of} years are protected")
    )
    head = desk.books.view.ledger.head
    record(say, folder, Act(who, "indicators released", name, ""), "event", rows)
    until = time.monotonic() + _TAKEN_IN
    while not Releases(RollupBooks(PlantView(folder))).check(name, after=head):
        if time.monotonic() > until:
            raise LedgerBusyError("the books have not taken in what was written", came=name,
                                  hint="it is kept, and goes in by itself; look again")  # fmt: skip
        time.sleep(0.2)
    found: dict[str, list[int]] = {}
    for row in made.rows.to_pylist():
        found.setdefault(row["indicator"], [0, 0])[row["value"] is None] += 1
    document = {
        "release": name,
        "seq": made.seq,
        "depth": dict(made.depth),
        "figures": {one: {"told": told, "not told": not_told} for one, (told, not_told) in found.items()},
    }
    if say.as_json:
        say.document(document)
    else:
        say.table(("indicator", "told", "not told"), [(one, *some) for one, some in found.items()])
        say.line(f"released: {name}, the books at {made.seq}")
    return OK


def _facts(folder: Path, plan: TargetPlan, indicator: str, unit: str, year: int, as_of: int | None) -> tuple[Fact, ...]:
    from luban.rollup.drill import facts
    from luban.screens.service import PlantView

    if not folder.is_dir():
        raise InputError("a file has no facts, books have", came=str(folder), where="--unit", hint="an office's folder")
    return facts(PlantView(plant_folder(folder)).ledger, plan, indicator, unit, year, as_of=as_of)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _depths(text: str) -> dict[str, int]:
    found = {}
    for part in _listed(text):
        name, _, steps = part.partition("=")
        if name not in ("region", "industry") or not (steps.isdecimal() and len(steps) < 3):
            raise InputError("not a depth", came=part, expected="region=1, industry=2", where="--depth")
        found[name] = int(steps)
    return found


def _years(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in _listed(text):
        first, dash, last = part.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise InputError("not a year", came=part, expected="2020 or 2015-2020", where="--years")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _newest(rows: nw.LazyFrame[Any]) -> int:
    import narwhals as nw

    found = rows.select(nw.col("year").max()).collect("pyarrow").to_native()["year"].to_pylist()[0]
    if found is None:
        raise InputError("no row is left", hint="see the rows that were left out")
    return int(found)
