"""`luban progress`: where a plan's indicators stand, what lies ahead, what drove them, what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.norms.plans import TargetPlan
    from luban.rollup.gap import Decomposition
    from luban.rollup.outlook import Outlook
    from luban.rollup.points import Point
    from luban.rollup.reports import Report
    from luban.rollup.world import WorldPlace

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban progress values.csv` · `luban progress examples/region/returns.csv --deflators "
    "examples/region/deflators.csv --drivers I09 -o progress.html` · `luban progress plant --region CN/31` · "
    "`luban progress data/nation --economy CHN --until 2035` · `luban progress values.csv --what-if I08=0.05`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("progress", epilog=_EXAMPLES)(progress)


def progress(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="Values by indicator and year, returns by unit and year, reports; or a folder: books, public data.",
        ),
    ],
    plan: Annotated[
        str, typer.Option("--plan", help="A plan by name, or its folder; that of DIR's plant.toml by default.")
    ] = "",
    economy: Annotated[str, typer.Option(help="With public data: three letters of ISO 3166.")] = "CHN",
    own_figures: Annotated[
        list[str] | None,
        typer.Option(
            "--own", help="With public data: SERIES=VALUE, a figure to place among economies; may be repeated."
        ),
    ] = None,
    region: Annotated[str, typer.Option(help="With returns: only this region, as CN/31.")] = "",
    until: Annotated[int, typer.Option(help="Last year of the forecasts; each milestone's own by default.")] = 0,
    level: Annotated[float, typer.Option(min=0.5, max=0.99, help="Of the forecasts' intervals [1].")] = 0.8,
    reports: Annotated[
        Path | None,
        typer.Option(help="File of figures that others reported; *reported*.csv of public data by default."),
    ] = None,
    deflators: Annotated[Path | None, typer.Option(help="With returns: price indices by industry and year.")] = None,
    drivers: Annotated[str, typer.Option(help="With returns: what drove this indicator since its base year.")] = "",
    by: Annotated[str, typer.Option(help="With --drivers: industry or region.")] = "industry",
    what_if: Annotated[
        list[str] | None, typer.Option(help="ID=RATE: growth a year [1] in place of the trend; may be repeated.")
    ] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Status of every milestone (growth ratio), path, forecast with interval and chance, early warnings.

    With --what-if the forecasts hold the scenario.
    """
    from luban.rollup.outlook import outlook, public_outlook
    from luban.rollup.public import PublicData, is_public, population_words, proxies
    from luban.rollup.reports import read_reports, reported_points
    from luban.rollup.world import world_places
    from luban.screens.i18n import words
    from luban.screens.report.rollup_progress import drivers_blocks, progress_sheet
    from luban.screens.report.rollup_world import world_blocks

    say, spoken = output(as_json), words(language)
    own = _plan(plan, source)
    growth = _pairs(what_if or (), "--what-if", "ID=RATE, 0.05 for 5 % a year")
    for name in growth:
        own.indicator(name)
    placed: tuple[WorldPlace, ...] = ()
    some: dict[str, Any] = {"until": until or None, "level": level}
    found: Outlook
    extra = None
    public = source.is_dir() and is_public(source)
    if own_figures and not public:
        raise InputError("a figure is placed among economies of public data only", came=str(source), where="--own")
    if public:
        told = reports or next(iter(sorted(source.glob("*reported*.csv"))), None)
        found = public_outlook(PublicData(source), own, economy, **some, reports=_reports(told, own))
        if not proxies(own):
            raise InputError("the plan names no public series", came=own.id, expected="proxies.toml in its folder")
        if not found.lines:
            raise InputError("nothing is known of this economy", came=economy, where=str(source),
                             hint="three letters of ISO 3166, e.g. CHN")  # fmt: skip
        given = _pairs(own_figures or (), "--own", "SERIES=VALUE in the unit of the series")
        placed = world_places(PublicData(source), own, economy, own=given)
    elif not source.is_dir() and _kind(source) == "reports":
        said = read_reports(source, population_words(own))
        found = outlook(reported_points(said, own), own, source=source.name, reports=said, growth=growth, **some)
    else:
        points, table = _points(source, own, region, deflators, drivers, by)
        found = outlook(points, own, source=source.name, reports=_reports(reports, own), growth=growth, **some)
        extra = _drivers(table, own, drivers, by) if drivers else None
    sheet = progress_sheet(found, spoken)
    document = found.as_dict()
    if placed:
        sheet = replace(sheet, blocks=(*sheet.blocks, *world_blocks(placed, spoken)))
        document["places"] = [one.as_dict() for one in placed]
    if extra is not None:
        first, last, moved, rest = extra
        title = f"{drivers} {first}–{last}"
        shown = drivers_blocks(moved, spoken, _names(moved.groups, language), title, rest)
        sheet = replace(sheet, blocks=(*sheet.blocks, *shown))
        document["drivers"] = {"from": first, "to": last, **moved.as_dict(), "missing": rest}
    give(say, sheet, document, out, language)
    return OK


def _plan(name: str, source: Path) -> TargetPlan:
    from luban.norms.plans import USUAL, load_plan, plans

    if not name and (source / "plant.toml").is_file():
        from luban.plant import load

        own = load(source).rollup.plan
        return load_plan(own if own in plans() else source / own)
    return load_plan(name or USUAL)


def _pairs(given: Sequence[str], where: str, expected: str) -> dict[str, float]:
    found = {}
    for one in given:
        name, _, number = one.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise InputError("not a rate" if where == "--what-if" else "not a figure", came=one, expected=expected,
                             where=where) from None  # fmt: skip
    return found


def _reports(file: Path | None, plan: TargetPlan) -> tuple[Report, ...]:
    from luban.rollup.public import population_words
    from luban.rollup.reports import read_reports

    return read_reports(file, population_words(plan)) if file is not None else ()


def _kind(file: Path) -> str:
    """What a file holds, by its columns."""
    from luban.rollup.read import scan

    names = {name.strip().casefold() for name in scan(file).collect_schema().names()}
    if {"comparable", "statement"} & names:
        return "reports"
    return "returns" if "unit" in names and "value" not in names else "values"


def _points(
    source: Path, plan: TargetPlan, region: str, deflators: Path | None, drivers: str, by: str
) -> tuple[Mapping[str, Sequence[Point]], Any]:
    """Series by indicator, and with --drivers the long frame by group."""
    from luban.rollup.points import points_of, read_points

    if drivers:
        plan.indicator(drivers)
    if by not in ("industry", "region"):
        raise InputError("no such dimension", came=by, expected="industry, region", where="--by")
    if not source.is_dir() and _kind(source) == "values":
        if region or drivers:
            raise InputError("a file of values has no regions and no industries", where="--region, --drivers")
        return read_points(source), None
    frame, prices = _frame(source, plan, deflators)
    from luban.rollup.indicators import indicators

    depth = {"region": region.count("/")} if region else {}
    cell = ("region",) if region else ()
    table = indicators(frame, plan, by=cell, depth=depth, deflators=prices).collect("pyarrow")
    series = {name: points_of(table, name, region=region, industry="", size="") for name in plan.indicators}
    groups = None
    if drivers:
        both = tuple(dict.fromkeys((*cell, by)))
        groups = indicators(frame, plan, by=both, depth={"region": 1, "industry": 2} | depth, only=(drivers,),
                            deflators=prices)  # fmt: skip
        groups = groups.collect("pyarrow").to_native()
        groups = _leaves(groups, region, by)
    return {name: points for name, points in series.items() if points}, groups


def _frame(source: Path, plan: TargetPlan, deflators: Path | None) -> tuple[Any, Any]:
    from luban.rollup.deflators import read_deflators
    from luban.rollup.frame import read_frame

    if not source.is_dir():
        return read_frame(source, plan), read_deflators(deflators) if deflators else None
    from luban.screens.service import PlantView
    from luban.screens.service.rollup import RollupBooks

    books = RollupBooks(PlantView(plant_folder(source)))
    return books.frame(), read_deflators(deflators) if deflators else books.deflators


def _leaves(table: Any, region: str, by: str) -> Any:
    """The rows of single groups: the totals over them would count twice."""
    import pyarrow.compute as pc

    kept = pc.not_equal(table[by], "")
    if region and by != "region":
        kept = pc.and_(kept, pc.equal(table["region"], region))
    elif by == "region":
        kept = pc.and_(kept, pc.equal(table["industry"], ""))
    return table.filter(kept)


def _drivers(
    table: Any, plan: TargetPlan, drivers: str, by: str
) -> tuple[int, int, Decomposition, dict[str, float]] | None:
    """First and last year, what drove the change, and by group what the next milestone still asks for."""
    from luban.rollup.gap import burden, contributions, required_level

    if table is None:
        return None
    indicator = plan.indicator(drivers)
    known = zip(table["year"].to_pylist(), table["numerator"].to_pylist(), strict=True)
    years = sorted({year for year, value in known if value is not None})
    if len(years) < 2:
        raise InputError("nothing moved: two known years are needed", came=", ".join(map(str, years)), where=drivers)
    base = indicator.base_year
    first = base if base is not None and base in years else years[0]
    found = contributions(table, drivers, first, years[-1], by=by, factor=indicator.definition.factor)
    ahead = next((one for one in indicator.targets if one.year >= years[-1]), None)
    needed = None if ahead is None else required_level(found.start, first, indicator, ahead)
    return first, years[-1], found, {} if needed is None else burden(found, needed)


def _names(groups: Mapping[str, Any], language: str) -> dict[str, str]:
    """Codes with their names, where they are known."""
    from luban.norms.industry import industry

    found = {}
    for code in groups:
        try:
            found[code] = f"{code} {industry(code).name(language)}"
        except InputError:
            continue
    return found
