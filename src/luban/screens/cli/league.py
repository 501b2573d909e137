"""`luban league`: who is surely before whom, one's place among its peers, and what ranks owe to weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    import narwhals as nw

    from luban.rollup.league import Entry
    from luban.screens.cli.output import Output
    from luban.screens.i18n import Words
    from luban.screens.report.sheet import Block
    from luban.understand.quality.read import Columns

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban league yields.csv --value yield --low low --high high` · "
    "`luban league examples/region/returns.csv --indicator I08 --by region` · "
    "`luban league parts.csv --index weights.csv` · `luban league gdp.csv --name iso3 --own CHN --public`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("league", epilog=_EXAMPLES)(league)


def league(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="One row a line to rank; with --indicator returns of units.")
    ],
    name: Annotated[str, typer.Option(help="Column of the names; the first by default.")] = "",
    value: Annotated[str, typer.Option(help="Column of the values.")] = "value",
    low: Annotated[str, typer.Option(help="Column of the lower ends of the intervals.")] = "",
    high: Annotated[str, typer.Option(help="Column of the upper ends.")] = "",
    error: Annotated[str, typer.Option(help="Column of standard errors, in place of intervals.")] = "",
    better: Annotated[str, typer.Option(help="up or down; an indicator's own direction by default.")] = "",
    level: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="That all ranges of ranks hold together [1].")
    ] = 0.95,
    indicator: Annotated[str, typer.Option(help="Compare this indicator of the plan, computed from returns.")] = "",
    plan: Annotated[str, typer.Option(help="With --indicator: a plan by name, or its folder.")] = "mic2025",
    by: Annotated[str, typer.Option(help="With --indicator: region or industry.")] = "region",
    depth: Annotated[
        int, typer.Option(help="With --indicator: steps of the region's path, digits of the industry.")
    ] = -1,
    year: Annotated[int, typer.Option(help="With --indicator; the latest by default.")] = 0,
    deflators: Annotated[Path | None, typer.Option(help="With --indicator: price indices by industry, year.")] = None,
    index: Annotated[
        Path | None, typer.Option(help="Parts of a composite index: id, weight, low, high; its columns are in FILE.")
    ] = None,
    own: Annotated[str, typer.Option(help="Place this line among all others.")] = "",
    public: Annotated[
        bool, typer.Option("--public", help="The lines' figures are public: every level is told.")
    ] = False,
    unit: Annotated[str, typer.Option(help="Unit of the values.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Rank lines as far as their intervals allow: no rank where they overlap.

    With --indicator figures that would tell on a unit are withheld first, and are not ranked.
    """
    from luban.rollup.league import league as ranked
    from luban.screens.i18n import words
    from luban.screens.report.rollup_league import league_sheet

    say, spoken = output(as_json), words(language)
    if index is not None:
        return _composite(source, index, name, own, say, spoken, out, language, public=public)
    document: dict[str, Any] = {}
    more: tuple[Block, ...] = ()
    title = source.stem
    way = better or "up"
    if indicator:
        entries, direction, unit, title = _computed(source, indicator, plan, by, depth, year, deflators, language)
        way = better or direction
    else:
        entries = _given(source, name, value, low, high, error)
    if way not in ("up", "down"):
        raise InputError("no such direction", came=way, expected="up or down", where="--better")
    found = ranked(entries, better=way, level=level)  # type: ignore[arg-type]
    if own:
        more, document["place"] = _placed(entries, own, way, unit, spoken, public=public)
    document |= {"rows": [asdict(row) | {"rank": row.rank} for row in found.rows], "pairs": found.pairs,
                 "unranked": [asdict(one) for one in found.unranked], "told_apart": found.told_apart,
                 "level": found.level, "better": found.better}  # fmt: skip
    sheet = league_sheet(found, spoken, title=title, unit=unit, source=source.name, more=more)
    give(say, sheet, document, out, language)
    return OK


def _given(source: Path, name: str, value: str, low: str, high: str, error: str) -> list[Entry]:
    from luban.rollup.league import Entry
    from luban.understand.quality.read import read_columns

    if bool(low) != bool(high):
        raise InputError("an interval has two ends", came=low or high, expected="--low and --high")
    table = read_columns(source)
    values = _numbers(table, value)
    ends = [(_numbers(table, low), _numbers(table, high))] if low else []
    errors = _numbers(table, error) if error else []
    entries = []
    for at, label in enumerate(_names(table, name, value)):
        one = values[at]
        bottom, top = (ends[0][0][at], ends[0][1][at]) if ends else (None, None)
        if errors and one is not None and errors[at] is not None:
            half = 1.959963984540054 * float(errors[at] or 0.0)
            bottom, top = one - half, one + half
        entries.append(Entry(label, one, bottom, top, reason="" if one is not None else "not known"))
    return entries


def _computed(
    source: Path, indicator: str, plan: str, by: str, depth: int, year: int, deflators: Path | None, language: str
) -> tuple[list[Entry], str, str, str]:
    """Protected figures of an indicator in one year."""
    from luban.norms.plans import load_plan
    from luban.rollup.deflators import read_deflators
    from luban.rollup.frame import read_frame
    from luban.rollup.indicators import indicators
    from luban.rollup.league import Entry
    from luban.rollup.protect import protect_indicators
    from luban.screens.report.rollup_protect import named

    if by not in ("region", "industry"):
        raise InputError("no such dimension", came=by, expected="region or industry", where="--by")
    own = load_plan(plan)
    known = own.indicator(indicator)
    deep = {by: depth if depth >= 0 else {"region": 1, "industry": 2}[by]}
    frame = read_frame(source, own)
    when = (year or _latest(frame),)
    prices = read_deflators(deflators) if deflators else None
    points = indicators(frame, own, (by,), deep, only=(indicator,), years=when, deflators=prices)
    told = protect_indicators(frame, own, only=(indicator,), years=when, by=(by,), depth=deep,
                              deflators=prices).points(points)  # fmt: skip
    rows: list[dict[str, Any]] = told.collect("pyarrow").to_native().to_pylist()
    if not rows:
        raise InputError("nothing to compare", came=f"{indicator} {year or ''}".strip(), where=source.name)
    entries = [
        Entry(named(by, row[by], language), row["value"], row["low"], row["high"], row["n"], row["coverage"],
              row["reason"])
        for row in rows
    ]  # fmt: skip
    direction = "up" if known.kind == "cut" else known.direction
    title = f"{indicator} {known.name.of(language)} · {when[0]}"
    return entries, direction, own.unit(known.unit).of(language), title


def _latest(frame: nw.LazyFrame[Any]) -> int:
    import narwhals as nw

    years = frame.select(nw.col("year").max()).collect("pyarrow").to_native()["year"].to_pylist()
    return int(years[0] or 0)


def _composite(
    source: Path, index: Path, name: str, own: str, say: Output, spoken: Words, out: Path | None, language: str, *,
    public: bool,
) -> int:  # fmt: skip
    from types import SimpleNamespace

    from luban.rollup.composite import composite, sensitivity
    from luban.rollup.league import Entry
    from luban.screens.report.rollup_league import index_sheet
    from luban.understand.quality.read import read_columns

    weights, table = read_columns(index), read_columns(source)
    numbers = {column: _numbers(weights, column) for column in ("weight", "low", "high")}
    parts: list[Any] = []
    for at, part in enumerate(weights.text(weights.find("id"))):
        row = {column: some[at] for column, some in numbers.items()}
        if None in row.values():
            raise InputError("a part needs weight, low and high", came=part, where=weights.place(at))
        parts.append(SimpleNamespace(id=part, **row))
    columns = {one.id: _numbers(table, one.id) for one in parts}
    values = {label: {one.id: columns[one.id][at] for one in parts}
              for at, label in enumerate(_names(table, name, *columns))}  # fmt: skip
    made, drawn = composite(values, parts), sensitivity(values, parts)
    document: dict[str, Any] = {"scores": {key: asdict(one) for key, one in made.scores.items()},
                                "sensitivity": asdict(drawn)}  # fmt: skip
    more: tuple[Block, ...] = ()
    if own:
        entries = [Entry(label, one.value) for label, one in made.scores.items()]
        more, document["place"] = _placed(entries, own, "up", "", spoken, public=public)
    sheet = index_sheet(made, drawn, parts, spoken, title=source.stem, source=source.name, more=more)
    give(say, sheet, document, out, language)
    return OK


def _placed(
    entries: Sequence[Entry], own: str, better: str, unit: str, say: Words, *, public: bool
) -> tuple[tuple[Block, ...], dict[str, Any]]:
    from luban.rollup.peers import place
    from luban.screens.report.rollup_league import place_blocks

    mine = next((one for one in entries if one.name == own), None)
    if mine is None or mine.value is None:
        raise InputError("no such line with a value", came=own, where="--own",
                         expected=", ".join(one.name for one in entries[:8]) + " …")  # fmt: skip
    peers = [one.value for one in entries if one.name != own and one.value is not None]
    found = place(mine.value, peers, better=better, public=public)  # type: ignore[arg-type]
    return place_blocks(found, say, name=own, unit=unit, public=public), asdict(found)


def _names(table: Columns, name: str, *others: str) -> Sequence[str]:
    rest = [one for one in table.names if one not in {table.find(other) for other in others}]
    if not name and not rest:
        raise InputError("no column of names", came=", ".join(table.names), hint="name it with --name")
    return table.text(table.find(name) if name else rest[0])


def _numbers(table: Columns, name: str) -> list[float | None]:
    found = table.numbers(table.find(name))
    return [None if one != one else float(one) for one in found.values.tolist()]
