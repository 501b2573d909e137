"""A plan's indicators as a sheet: values with interval, coverage, what was left out; and one of them taken apart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from luban import __version__
from luban.core.errors import InputError
from luban.norms.industry import industry
from luban.norms.plans import Indicator, TargetPlan
from luban.norms.regions import region as known_region
from luban.rollup.check import SENTENCES, Problems
from luban.rollup.drill import Drill, Fact
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number, percent, span
from luban.screens.report.rollup_plan import definition_text, population_text
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["cell_name", "drill_sheet", "facts_sheet", "indicators_sheet", "problem_blocks"]

_NONE: Final = "–"
_MOST: Final = 60
_MOST_PROBLEMS: Final = 40
_MOST_DOTS: Final = 24


def indicators_sheet(
    found: pa.Table,
    plan: TargetPlan,
    say: Words,
    *,
    by: Sequence[str] = (),
    source: str = "",
    problems: Problems | None = None,
    level: float = 0.95,
) -> Sheet:
    """The sheet of `luban.rollup.indicators.indicators`.

    by        dimensions that it was asked for
    source    file or books that it rests on
    problems  what was wrong with the rows
    level     of the intervals [1]
    """
    rows: list[dict[str, Any]] = found.to_pylist()
    years = sorted({row["year"] for row in rows})
    last = years[-1] if years else None
    blocks: list[Block] = [_counts(rows, last, say, problems)]
    newest = [row for row in rows if row["year"] == last]
    blocks += _by_cell(newest, plan, say, by, level) if by else _whole(newest, rows, years, plan, say, level)
    blocks += _pictures(newest, plan, say, by)
    if problems is not None:
        blocks += problem_blocks(problems, plan, say)
    blocks.append(_made(rows, plan, say))
    text = say("Intervals are of sampling alone; where not everyone of a census answered, none can be told.")
    blocks.append(Note(text, "quiet"))
    where = " · ".join(part for part in (plan.title.of(say.language), _range(years), source) if part)
    return Sheet(say("Indicators"), where, tuple(blocks), {
        say("the plan"): plan.id, say("digest of its files"): plan.digest[:16], say("source"): source or _NONE,
        "luban": __version__,
    })  # fmt: skip


def _range(years: Sequence[int]) -> str:
    return "" if not years else str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


def _counts(rows: list[dict[str, Any]], last: int | None, say: Words, problems: Problems | None) -> Figures:
    newest = [row for row in rows if row["year"] == last]
    known = sum(row["value"] is not None for row in newest)
    figures = [
        Figure(say("newest year"), _NONE if last is None else str(last)),
        Figure(say("values known"), f"{known:,}", note=say("of {n}", n=f"{len(newest):,}")),
    ]
    if problems is not None:
        n = problems.errors
        figures.append(Figure(say("rows or figures left out"), f"{n:,}", tone="doubt" if n else "good",
                              note=say("of {n} rows", n=f"{problems.rows:,}")))  # fmt: skip
    return Figures(tuple(figures))


def _heads(say: Words, level: float) -> tuple[str, ...]:
    sampling = say("{level} % sampling interval", level=f"{100 * level:g}")
    return (say("value"), say("unit"), sampling, say("units used"), say("units in all"), say("coverage [%]"),
            say("left out"), say("why there is no value"))  # fmt: skip


def _cells(row: Mapping[str, Any], one: Indicator, plan: TargetPlan, say: Words) -> tuple[str, ...]:
    share = row["excluded_share"]
    out = f"{row['excluded']:,}"
    if row["excluded"] and share is not None:
        out += f" ({percent(100 * share, 1)} %)"
    return (
        number(row["value"], 4), plan.unit(one.unit).of(say.language), _interval(row, say),
        f"{row['n']:,}", number(row["population"], 6) if row["population"] % 1 else f"{row['population']:,.0f}",
        percent(None if row["coverage"] is None else 100 * row["coverage"], 1), out, say(row["reason"]),
    )  # fmt: skip


def _interval(row: Mapping[str, Any], say: Words) -> str:
    low, high = row["low"], row["high"]
    return say("everyone was asked") if low is not None and low == high else span(low, high)


def _name(row: Mapping[str, Any], plan: TargetPlan, say: Words) -> str:
    return plan.indicator(row["indicator"]).name.of(say.language) + _reading(row, plan, say)


def _reading(row: Mapping[str, Any], plan: TargetPlan, say: Words) -> str:
    """Which reading of a definition that the text leaves open."""
    own = plan.indicator(row["indicator"]).definition
    if not own.variants:
        return ""
    if row["variant"]:
        return f" ({own.variants[row['variant']].called.of(say.language)})"
    return f" ({own.called.of(say.language)}; {say('by default')})"


def _whole(
    newest: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    years: Sequence[int],
    plan: TargetPlan,
    say: Words,
    level: float,
) -> list[Block]:
    """All units together: the newest year in full, then the values of every year."""
    heads = ("", say("indicator"), *_heads(say, level))
    table = [
        (row["indicator"], _name(row, plan, say), *_cells(row, plan.indicator(row["indicator"]), plan, say))
        for row in newest
    ]
    tones = {at: "quiet" for at, row in enumerate(newest) if row["value"] is None}
    blocks: list[Block] = [
        Grid(heads, table, title=str(years[-1]) if years else "", numbers=frozenset({2, 5, 6, 7}), tones=tones)
    ]
    if len(years) > 1:
        names = dict.fromkeys((row["indicator"], row["variant"]) for row in rows)
        values = {(row["indicator"], row["variant"], row["year"]): row["value"] for row in rows}
        lines = [
            (name, _name({"indicator": name, "variant": variant}, plan, say),
             *(number(values.get((name, variant, year)), 4) for year in years))
            for name, variant in names
        ]  # fmt: skip
        columns = frozenset(range(2, 2 + len(years)))
        blocks.append(Grid(("", say("indicator"), *map(str, years)), lines, title=say("Every year"), numbers=columns))
    return blocks


def _by_cell(
    newest: list[dict[str, Any]], plan: TargetPlan, say: Words, by: Sequence[str], level: float
) -> list[Block]:
    words = {"region": say("region"), "industry": say("industry"), "size": say("size")}
    heads = (*(words[name] for name in by), "", *_heads(say, level))
    shown = newest[:_MOST] if len(newest) > _MOST else newest
    table = [
        (*(cell_name(name, row[name], say) for name in by), row["indicator"] + _reading(row, plan, say),
         *_cells(row, plan.indicator(row["indicator"]), plan, say))
        for row in shown
    ]  # fmt: skip
    first = len(by) + 1
    numbers = frozenset({first, first + 3, first + 4, first + 5})
    tones = {at: "quiet" for at, row in enumerate(shown) if row["value"] is None}
    year = str(newest[0]["year"]) if newest else ""
    blocks: list[Block] = [Grid(heads, table, title=year, numbers=numbers, tones=tones)]
    if len(newest) > _MOST:
        left = len(newest) - _MOST
        blocks.append(
            Note(say("and {n} more", n=f"{left:,}") + f" ({say('all of them are in the .json file')})", "quiet")
        )
    return blocks


def cell_name(kind: str, key: str, say: Words) -> str:
    """What a region, an industry or a size is called, with its code."""
    if not key:
        return say("all together")
    if kind == "size":
        sizes = {
            "large": say("large enterprise"),
            "medium": say("medium-sized enterprise"),
            "small": say("small enterprise"),
            "micro": say("micro enterprise"),
        }
        return sizes.get(key, key)
    if kind == "region":
        place = known_region(key)
        return key if place is None or place.path != key else f"{key} {say.name(place.names, key)}"
    if kind != "industry":
        return key
    try:
        return f"{key} {industry(key).name(say.language)}"
    except InputError:
        return key


def _pictures(newest: list[dict[str, Any]], plan: TargetPlan, say: Words, by: Sequence[str]) -> list[Block]:
    """With one dimension: a row of dots with intervals for each indicator that is known in several cells."""
    if len(by) != 1:
        return []
    blocks: list[Block] = []
    for name in dict.fromkeys(row["indicator"] for row in newest):
        own = [r for r in newest if r["indicator"] == name and not r["variant"] and r["value"] is not None]
        if 2 <= len(own) <= _MOST_DOTS:
            one = plan.indicator(name)
            title = f"{name} {one.name.of(say.language)}"
            told = ", ".join(f"{row[by[0]]} {number(row['value'], 4)}" for row in own)
            blocks.append(Picture(_dots(own, by[0], title, say), title, told))
    return blocks


def _dots(own: list[dict[str, Any]], by: str, title: str, say: Words) -> str:
    own = sorted(own, key=lambda row: row["value"])
    ends = [end for row in own for end in (row["low"], row["high"], row["value"]) if end is not None]
    room = 0.08 * (max(ends) - min(ends)) or max(abs(ends[0]) * 0.1, 1.0)
    plot = Plot(
        x=(-0.6, len(own) - 0.4), y=(min(ends) - room, max(ends) + room), height=220, title=title,
        x_ticks=[(at, _short(by, row[by], say)) for at, row in enumerate(own)],
    )  # fmt: skip
    for at, row in enumerate(own):
        if row["low"] is not None and row["high"] > row["low"]:
            plot.line([at, at], [row["low"], row["high"]], "centre")
    texts = [f"{cell_name(by, row[by], say)}: {number(row['value'], 4)}" for row in own]
    plot.dots(list(range(len(own))), [row["value"] for row in own], "accent", titles=texts)
    return plot.svg()


def _short(by: str, key: str, say: Words) -> str:
    """What stands below a dot: the name of a region, the code of an industry."""
    name = cell_name(by, key, say)
    return name.removeprefix(key).strip() or name.rpartition("/")[2] if by == "region" else key or name


def problem_blocks(problems: Problems, plan: TargetPlan, say: Words) -> list[Block]:
    """What was wrong with the rows, how often, how much it matters, and which rows."""
    if not problems.counts:
        return []
    name = plan.element(problems.measure).name.of(say.language) if problems.measure else ""
    heads = (say("what"), say("element"), say("rows"), say("share [%]") + (f" ({name})" if name else ""))
    table = []
    for (code, element), n in sorted(problems.counts.items()):
        share = problems.share.get(code) if not element else None
        figure = plan.element(element).name.of(say.language) if element else ""
        table.append((say(SENTENCES[code]), figure, f"{n:,}", percent(None if share is None else 100 * share)))
    blocks: list[Block] = [Grid(heads, table, title=say("Rows to look at"), numbers=frozenset({2, 3}))]
    listed = problems.found[:_MOST_PROBLEMS]
    severities = {"error": say("left out"), "doubt": say("counted, doubtful")}
    rows = [
        (one.unit, "" if one.year is None else str(one.year), one.came, say(one.text), severities[one.severity])
        for one in listed
    ]
    columns = (say("reporting unit"), say("year"), say("what stood there"), say("what"), "")
    tones = {at: "doubt" if one.severity == "doubt" else "bad" for at, one in enumerate(listed)}
    blocks.append(Grid(columns, rows, title=say("Which rows"), tones=tones))
    if len(problems.found) > len(listed):
        blocks.append(Note(say("and {n} more", n=len(problems.found) - len(listed)), "quiet"))
    return blocks


def _made(rows: list[dict[str, Any]], plan: TargetPlan, say: Words) -> Grid:
    heads = ("", say("worked out as"), say("of whom"), say("base year"))
    whole = [
        row for row in rows if not row["variant"] and not any(row.get(by) for by in ("region", "industry", "size"))
    ]
    newest = {row["indicator"]: row for row in sorted(whole, key=lambda row: row["year"])}
    table = []
    for name in dict.fromkeys(row["indicator"] for row in rows):
        one = plan.indicator(name)
        for variant in ("", *one.definition.variants):
            definition = one.definition.variants[variant] if variant else one.definition
            table.append((
                name + _reading({"indicator": name, "variant": variant}, plan, say),
                definition_text(plan, definition, say), population_text(definition, say),
                _base(one, newest.get(name), plan, say),
            ))  # fmt: skip
    return Grid(heads, table, title=say("How a value is made"))


def _base(one: Indicator, row: Mapping[str, Any] | None, plan: TargetPlan, say: Words) -> str:
    """The year that a change is counted from, and its level: a plan prints none, so it is of these figures."""
    if one.kind == "level":
        return _NONE
    year = one.base_year
    if row is not None:
        year = next(
            (m.period[0] - 1 for m in one.milestones if m.period and m.period[0] <= row["year"] <= m.period[1]), year
        )
    if row is None or row["base"] is None:
        return str(year or _NONE)
    unit = plan.unit(one.level_unit).of(say.language)
    return say("{year}: {value} {unit}, of these figures", year=year, value=number(row["base"], 4), unit=unit)


def drill_sheet(
    found: Drill,
    plan: TargetPlan,
    say: Words,
    *,
    place: str = "",
    source: str = "",
    names: Callable[[str], str] | None = None,
    withheld: Collection[str] = (),
) -> Sheet:
    """One indicator of a year taken apart.

    place     region, industry or size that was looked into
    names     what a part is called by its key
    withheld  keys of parts whose figures may not be told
    """
    one = plan.indicator(found.indicator)
    unit = plan.unit(one.level_unit).of(say.language)
    whole = found.whole
    blocks: list[Block] = [
        Figures((
            Figure(say("level of the year"), number(whole.value, 5), unit, say(found.reason)),
            Figure(say("numerator"), number(whole.numerator, 7)),
            Figure(say("denominator"), number(whole.denominator, 7)),
            Figure(say("units used"), f"{whole.n:,}", note=say("left out: {n}", n=f"{whole.excluded:,}")),
        ))
    ]  # fmt: skip
    heads = (
        say("part of the whole"), f"{say('level')} [{unit}]", say("numerator"), say("denominator"),
        say("of the numerator [%]"), say("of the denominator [%]"), say("moves the whole by"), say("units used"),
        say("left out"),
    )  # fmt: skip
    table = []
    for part in found.parts[:_MOST]:
        name = names(part.key) if names else cell_name(found.by, part.key, say)
        if part.key in withheld:
            table.append((name, say("withheld"), *[_NONE] * 7))
            continue
        table.append((
            name, number(part.value, 4), number(part.numerator, 7), number(part.denominator, 7),
            _share(part.share_numerator), _share(part.share_denominator), number(part.effect, 3), f"{part.n:,}",
            f"{part.excluded:,}",
        ))  # fmt: skip
    blocks.append(Grid(heads, table, title=say("Its parts, the largest first"), numbers=frozenset(range(1, 9))))
    if len(found.parts) > _MOST:
        blocks.append(Note(say("and {n} more", n=f"{len(found.parts) - _MOST:,}"), "quiet"))
    text = say("The parts' numerators and denominators add up to those of the whole.")
    blocks.append(Note(text, "quiet"))
    where = " · ".join(part for part in (one.name.of(say.language), str(found.year), place, source) if part)
    return Sheet(f"{found.indicator}: {say('what it is made of')}", where, tuple(blocks), {
        say("the plan"): plan.id, say("source"): source or _NONE, "luban": __version__,
    })  # fmt: skip


def facts_sheet(
    found: Sequence[Fact], plan: TargetPlan, indicator: str, unit: str, year: int, say: Words, *, source: str = ""
) -> Sheet:
    """The facts of a unit that an indicator is made of, each with its number in the books."""
    heads = (
        say("seq"),
        say("element"),
        say("value"),
        say("unit"),
        say("method"),
        say("used in the value"),
        say("left out because"),
    )
    methods = {
        "returned": say("on a form"),
        "own books": say("out of its own books"),
        "estimated": say("estimated by the firm"),
    }
    table = [
        (str(one.seq), plan.element(one.element).name.of(say.language), number(one.value, 8), one.measured_in,
         methods.get(one.method, one.method), say("yes") if one.used else say("no"), "" if one.used else say(one.text))
        for one in found
    ]  # fmt: skip
    tones = {at: "doubt" for at, one in enumerate(found) if not one.used}
    blocks: list[Block] = [Grid(heads, table, numbers=frozenset({0, 2}), tones=tones)]
    if not found:
        blocks = [Note(say("no unit told what it takes"), "doubt")]
    name = plan.indicator(indicator).name.of(say.language)
    return Sheet(f"{indicator}: {say('the facts behind it')}", f"{name} · {year} · {unit}", tuple(blocks), {
        say("the plan"): plan.id, say("source"): source or _NONE, "luban": __version__,
    })  # fmt: skip


def _share(value: float | None) -> str:
    return percent(None if value is None else 100 * value)
