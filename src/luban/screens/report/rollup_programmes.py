"""Programmes, tasks, regional plans and decisions as a sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from luban import __version__
from luban.norms.plans import TargetPlan
from luban.rollup.minutes import Item
from luban.rollup.programmes import WAYS, Follow, ItemStatus, Overdue, Roadmap, SumCheck, duties
from luban.rollup.revised import Revised
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import given, number, percent, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["ITEM_TONES", "item_sheet", "programme_blocks", "programme_sheet", "roadmap_sheet"]

ITEM_TONES = {
    "met": "good",
    "on the way": "good",
    "behind": "doubt",
    "missed": "bad",
    "not evaluable": "doubt",
    "qualitative": "quiet",
}
"""Status of a target → tone."""

_MOST = 40


def programme_sheet(
    plan: TargetPlan, year: int, items: Sequence[ItemStatus], say: Words, *, follow: Sequence[Follow] = (),
    late: Sequence[Overdue] = (), sums: Sequence[SumCheck] = (), agenda: Sequence[Item] = (),
    revised: Sequence[Revised] = (), source: str = "",
) -> Sheet:  # fmt: skip
    """The board of a plan's programmes, with what is late and where regions do not add up."""
    blocks = programme_blocks(plan, items, say, follow=follow, late=late, sums=sums, agenda=agenda, revised=revised)
    subtitle = f"{plan.title.of(say.language)} · {year}" + (f" · {source}" if source else "")
    return Sheet(say("Programmes"), subtitle, tuple(blocks),
                 {say("plan"): plan.id, say("digest of the plan"): plan.digest[:16], "luban": __version__})  # fmt: skip


def programme_blocks(
    plan: TargetPlan, items: Sequence[ItemStatus], say: Words, *, follow: Sequence[Follow] = (),
    late: Sequence[Overdue] = (), sums: Sequence[SumCheck] = (), agenda: Sequence[Item] = (),
    revised: Sequence[Revised] = (),
) -> list[Block]:  # fmt: skip
    """The blocks of the board; parts with nothing in them are left out."""
    counts = {name: sum(one.status == name for one in items) for name in ITEM_TONES}
    blocks: list[Block] = [
        Figures(tuple(Figure(say(name), f"{count:,}", tone=ITEM_TONES[name] if count else "quiet")
                      for name, count in counts.items()))
    ]  # fmt: skip
    titles = {one.id: f"{one.number} {one.name.of(say.language)}" for one in plan.programmes}
    titles |= {one.id: f"{one.name.of(say.language)} · {one.until}" for one in plan.steps}
    for group, title in titles.items():
        own = [one for one in items if one.programme == group]
        if own:
            blocks.append(_board(plan, own, title, say))
    blocks += _delivery(plan, follow, late, say)
    if sums:
        blocks.append(_sums(plan, sums, say))
    if revised:
        blocks.append(_revised(plan, revised, say))
    if agenda:
        blocks.append(_agenda(agenda, say))
    return blocks


def item_sheet(plan: TargetPlan, one: ItemStatus, say: Words) -> Sheet:
    """One target: what it rests on, what is left out and why, pilots and industries one by one."""
    blocks: list[Block] = [_board(plan, [one], "", say)]
    blocks += [Note(say(note), "doubt") for note in one.notes]
    if one.pilots is not None and one.pilots.effects:
        rows = [(some.pilot, some.region or "–", _or_dash(some.cut), span(_maybe(some.low), _maybe(some.high), 3),
                 say(some.reason)) for some in one.pilots.effects]  # fmt: skip
        heads = (
            say("pilot"),
            say("region"),
            say("reduction (%)"),
            say("interval of the value"),
            say("why it is not evaluable"),
        )
        blocks.append(Grid(heads, rows, say("Pilots, each against its own state before"), frozenset({2})))
    if one.cut is not None and one.cut.parts:
        own = [
            (some.key, percent(100 * some.share, 1), number(some.before, 4), number(some.after, 4), _or_dash(some.cut))
            for some in one.cut.parts
        ]
        pooled = one.cut.pooled
        own.append(
            (say("pooled"), percent(100.0, 1), number(pooled.before, 4), number(pooled.after, 4), _or_dash(pooled.cut))
        )
        heads = (
            say("industry"),
            say("share in the base year (%)"),
            str(one.cut.base),
            str(one.cut.year),
            say("cut (%)"),
        )
        blocks.append(Grid(heads, own, say("By industry, and pooled"), frozenset({1, 2, 3, 4})))
    if one.by_region:
        regions = [(name or "–", str(count)) for name, count in one.by_region]
        blocks.append(Grid((say("region"), say("how many")), regions, say("By region"), frozenset({1})))
    if one.left_out:
        out = [(name, say(why)) for name, why in one.left_out[:_MOST]]
        blocks.append(Grid((say("what"), say("why it does not count")), out, say("Does not count")))
    title = f"{one.item.id} {one.item.name.of(say.language)}"
    return Sheet(
        title,
        f"{plan.title.of(say.language)} · {one.year}",
        tuple(blocks),
        {
            say("how it is followed"): say(WAYS[one.way]),
            say("place in the text"): one.item.reference,
            "luban": __version__,
        },
    )


def roadmap_sheet(found: Roadmap, say: Words, source: str) -> Sheet:
    """A roadmap: what comes when, what it needs, where dates clash."""
    heads = (
        say("item of the roadmap"),
        say("name"),
        say("begins"),
        say("ends"),
        say("readiness"),
        say("needs"),
        say("owner"),
    )
    rows = [
        (
            one.id,
            one.name,
            one.start.isoformat(),
            one.end.isoformat(),
            f"{one.readiness} → {one.aim}",
            ", ".join(one.needs),
            one.owner,
        )
        for one in found.steps
    ]
    blocks: list[Block] = []
    if found.steps:
        longest = " → ".join(found.longest)
        blocks.append(Figures((Figure(say("longest chain of needs"), f"{found.days:,}", "d", longest),)))
        blocks.append(
            Picture(_gantt(found, say), say("Roadmap"), say("{n} items in the order of their needs", n=len(rows)))
        )
    blocks.append(Grid(heads, rows, say("Items of the roadmap")))
    for name, need, days in found.clashes:
        text = say("{name} begins {days} days before {need} ends, which it needs", name=name, days=days, need=need)
        blocks.append(Note(text, "bad"))
    return Sheet(
        say("Roadmap"), source, tuple(blocks), {say("items of the roadmap"): str(len(rows)), "luban": __version__}
    )


def _board(plan: TargetPlan, items: Sequence[ItemStatus], title: str, say: Words) -> Grid:
    heads = (
        "",
        say("what is aimed at"),
        say("value"),
        say("interval of the value"),
        say("milestone of the plan"),
        say("status"),
        say("rests on"),
        say("what to know"),
    )
    rows, tones = [], {}
    for at, one in enumerate(items):
        stone = one.milestone
        printed = "–" if stone is None else f"{stone.year}: {stone.printed.of(say.language)}"
        unit = plan.unit(one.item.unit).of(say.language) if one.item.unit else ""
        value = "–" if not math.isfinite(one.value) else f"{given(round(one.value, 2))} {unit}".strip()
        told = [say(text) for text in (one.reason, one.said, *one.notes) if text]
        if one.left_out:
            told.append(say("{n} do not count", n=len(one.left_out)))
        rows.append(
            (
                one.item.id,
                one.item.name.of(say.language),
                value,
                span(_maybe(one.low), _maybe(one.high), 3),
                printed,
                say(one.status),
                f"{one.counted}" if one.counted else "–",
                "; ".join(told),
            )
        )
        tones[at] = ITEM_TONES[one.status]
    return Grid(heads, rows, title, frozenset({2, 6}), tones)


def _delivery(plan: TargetPlan, follow: Sequence[Follow], late: Sequence[Overdue], say: Words) -> list[Block]:
    blocks: list[Block] = []
    if any(one.tasks for one in follow):
        names = {one.id: one.name.of(say.language) for one in duties(plan)}
        rows = [(names[one.id], str(one.measures), str(one.taken), str(len(one.missing)), str(one.done), str(one.late))
                for one in follow]  # fmt: skip
        heads = (
            say("task of the plan"),
            say("measures"),
            say("with owner and date"),
            say("without"),
            say("done"),
            say("late"),
        )
        tones = {at: "bad" for at, one in enumerate(follow) if one.late}
        blocks.append(Grid(heads, rows, say("Delivery"), frozenset(range(1, 6)), tones))
    if late:
        rows = [
            (one.task.id, one.task.name, one.task.owner, one.task.due.isoformat(), str(one.days), say(one.to))
            for one in late[:_MOST]
        ]
        heads = (say("task of the plan"), say("name"), say("owner"), say("due by"), say("days late"), say("now before"))
        blocks.append(Grid(heads, rows, say("Overdue"), frozenset({4}), dict.fromkeys(range(len(rows)), "bad")))
    return blocks


def _sums(plan: TargetPlan, sums: Sequence[SumCheck], say: Words) -> Grid:
    heads = (
        say("what is aimed at"),
        say("year"),
        say("of the plan"),
        say("regions together"),
        say("gap to the plan"),
        say("regions"),
        say("what to know"),
    )
    rows, tones = [], {}
    for at, one in enumerate(sums):
        told = [say(one.reason)] if one.reason else []
        if one.missing:
            told.append(say("without a target: {names}", names=", ".join(one.missing)))
        unit = plan.unit(one.unit).of(say.language)
        rows.append((one.id, str(one.year), f"{_or_dash(one.national)} {unit}", _or_dash(one.together),
                     _or_dash(one.gap), str(one.regions), "; ".join(told)))  # fmt: skip
        tones[at] = "doubt" if one.reason else "bad" if one.short else "good"
    return Grid(heads, rows, say("Regional plans against the whole"), frozenset({1, 2, 3, 4, 5}), tones)


def _revised(plan: TargetPlan, revised: Sequence[Revised], say: Words) -> Grid:
    heads = (say("what is aimed at"), say("year"), say("as printed"), say("as decided"), say("status by the print"),
             say("status by the decision"), say("decision taken"))  # fmt: skip
    rows = []
    for one in revised:
        own = one.decided
        target = plan.indicators.get(own.id) or plan.item(own.id)
        unit = plan.unit(target.unit).of(say.language) if target.unit else ""
        told = (f"{given(value)} {unit}".strip() for value in (own.printed, own.value))
        rows.append((f"{own.id} {target.name.of(say.language)}", str(own.year), *told,
                     say(one.status_printed) if one.status_printed else "–", say(one.status) if one.status else "–",
                     f"{own.item} · {own.on.isoformat()} · {own.person}"))  # fmt: skip
    return Grid(heads, rows, say("Targets decided anew"), frozenset({1, 2, 3}))


def _agenda(agenda: Sequence[Item], say: Words) -> Grid:
    heads = (say("item of the agenda"), say("title"), say("decision taken"), say("indicator versions quoted"))
    rows = [
        (
            one.id,
            one.title,
            one.decided or "–",
            "; ".join(
                f"{own.indicator} {own.year} = {number(own.value, 4)} ({own.definition[:8]} @ {own.vintage})"
                for own in one.quotes
            ),
        )
        for one in agenda
    ]
    return Grid(heads, rows, say("Items, advice, decisions"))


def _gantt(found: Roadmap, say: Words) -> str:
    count = len(found.steps)
    days = [one.start.toordinal() for one in found.steps] + [one.end.toordinal() for one in found.steps]
    years = sorted({one.start.year for one in found.steps} | {one.end.year for one in found.steps})
    ticks = [(float(one.start.replace(year=year, month=1, day=1).toordinal()), str(year)) for one in found.steps[:1]
             for year in years]  # fmt: skip
    names = [(count - at - 0.5, one.id) for at, one in enumerate(found.steps)]
    plot = Plot(
        x=(min(days), max(days) + 1),
        y=(0, count),
        height=max(120, 26 * count + 60),
        x_ticks=ticks,
        y_ticks=names,
        title=say("Roadmap"),
    )
    on_chain = set(found.longest)
    for at, one in enumerate(found.steps):
        y = count - at - 0.5
        plot.line([one.start.toordinal(), one.end.toordinal()], [y, y], "accent" if one.id in on_chain else "quiet")
        plot.text(one.end.toordinal(), y, f"{one.readiness} → {one.aim}")
    return plot.svg()


def _or_dash(value: float) -> str:
    return "–" if not math.isfinite(value) else given(round(value, 2))


def _maybe(value: float) -> float | None:
    return value if math.isfinite(value) else None
