"""Alarms as sheets: the measures of a log against the standard's bands, and what is wrong with an alarm list."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import HOUR, to_datetime
from luban.plant import AlarmRule
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import given, left_out, number, percent, provenance
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.health.alarms import AlarmStatistics, ListFinding, Measure

__all__ = ["condition_text", "lasted", "list_sheet", "priority_name", "statistics_sheet", "verdict_name"]

_NONE = "–"
_METHOD = "ISA-18.2-2016, IEC 62682:2022"
_MOST = 50
_TONES = {"met": "good", "acceptable": "good", "manageable": "doubt", "too many": "bad", "missed": "bad"}


def statistics_sheet(made: AlarmStatistics, say: Words, zone: ZoneInfo | None = None) -> Sheet:
    """The sheet of a log."""
    title = say("Alarm statistics")
    told = (
        say("{n} alarms", n=f"{made.n:,}"), f"{_moment(made.start, zone)} … {_moment(made.end, zone)}",
        say("operating positions: {n}", n=made.positions),
    )  # fmt: skip
    blocks: list[Block] = [_figures(made, say)]
    blocks += [Note(say(note), "doubt") for note in made.notes]
    blocks.append(_measures(made, say))
    blocks.append(Picture(_hours_svg(made, say, zone), say("Alarms in each hour"), _hours_text(made, say)))
    blocks.append(_top(made, say, zone))
    blocks += _floods(made, say, zone)
    blocks += _stale(made, say, zone)
    blocks.append(_priorities(made, say))
    blocks += left_out(say, made.excluded)
    rests_on = provenance(say, made.source, made.n, len(made.excluded), _METHOD)
    return Sheet(title, " · ".join(told), tuple(blocks), rests_on)


def list_sheet(plant: str, rules: Sequence[AlarmRule], findings: Sequence[ListFinding], say: Words) -> Sheet:
    """The sheet of an alarm list with what is wrong with it."""
    heavy = sum(one.heavy for one in findings)
    blocks: list[Block] = [Figures((
        Figure(say("alarms in the list"), str(len(rules))),
        Figure(say("without an action"), str(sum(not rule.action for rule in rules)),
               tone="bad" if any(not rule.action for rule in rules) else "good"),
        Figure(say("findings"), str(len(findings)), note=say("{n} of them grave", n=heavy),
               tone="bad" if heavy else "doubt" if findings else "good"),
    ))]  # fmt: skip
    if not rules:
        blocks.append(Note(say("This plant has no alarm list: write one in its folder."), "quiet"))
    elif not findings:
        blocks.append(Note(say("The list is sound."), "good"))
    if findings:
        rows = [(one.alarm or say("the whole list"), say(one.text), say("grave") if one.heavy else say("advice"))
                for one in findings]  # fmt: skip
        tones = {at: "bad" if one.heavy else "doubt" for at, one in enumerate(findings)}
        blocks.append(Grid((say("alarm"), say("what is wrong"), say("weight")), rows, say("Findings"), tones=tones))
    if rules:
        heads = (
            say("alarm"), say("condition"), say("priority"), say("cause"), say("consequence"), say("action"),
            say("time to act [s]"),
        )  # fmt: skip
        rows_of = [
            (
                rule.id, condition_text(rule, say), priority_name(rule.priority, say), rule.cause or _NONE,
                rule.consequence or _NONE, rule.action or _NONE, given(rule.response_s),
            )
            for rule in rules
        ]  # fmt: skip
        blocks.append(Grid(heads, rows_of, say("Alarm list"), numbers=frozenset({6})))
    made = provenance(say, "alarms.csv", len(rules), 0, "ISA-18.2-2016, 9")
    return Sheet(say("Alarm list: {plant}", plant=plant), say("{n} alarms", n=len(rules)), tuple(blocks), made)


def condition_text(rule: AlarmRule, say: Words) -> str:
    """What raises an alarm, in words."""
    name = {
        "high": say("above"), "low": say("below"), "rate": say("changes by"), "deviation": say("deviates by"),
        "discrepancy": say("differs"), "is": say("is"), "is not": say("is not"), "bad": say("bad quality"),
        "silent": say("silent for"), "anomaly": say("unusual"), "life": say("remaining life below"),
    }.get(rule.condition, rule.condition)  # fmt: skip
    parts = [name, rule.word or ("" if rule.limit is None else given(rule.limit))]
    if rule.condition in {"silent", "life"}:
        parts.append("s" if rule.condition == "silent" else "h")
    if rule.condition == "rate":
        parts.append(say("within {seconds} s", seconds=given(rule.window_s)))
    if rule.other:
        parts.append(say("from {signal}", signal=rule.other))
    return " ".join(filter(None, parts))


def priority_name(priority: str, say: Words) -> str:
    """What a priority is called."""
    return {
        "critical": say("critical"), "high": say("high"), "medium": say("medium"), "low": say("low"),
    }.get(priority, say("not known"))  # fmt: skip


def verdict_name(verdict: str, say: Words) -> str:
    """What a verdict is called."""
    return {
        "met": say("met"), "acceptable": say("acceptable"), "manageable": say("manageable"),
        "too many": say("too many"), "missed": say("missed"),
    }.get(verdict, _NONE)  # fmt: skip


def lasted(seconds: float | None, say: Words) -> str:
    """A length of time, as people read it: 45 s, 12 min, 3.5 h, 2.1 d."""
    if seconds is None:
        return _NONE
    for size, unit in ((86_400.0, say("d")), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _figures(made: AlarmStatistics, say: Words) -> Figures:
    by_name = {one.name: one for one in made.measures}
    rows = [_figure(by_name[name], say) for name in list(by_name)[:2]]
    rows.append(Figure(say("floods"), str(len(made.floods)), tone="bad" if made.floods else "good",
                       note=say("more than 10 alarms within 10 min")))  # fmt: skip
    chattering = sum(one.chatters > 0 for one in made.alarms)
    rows.append(Figure(say("alarms that chatter"), str(chattering), tone="bad" if chattering else "good"))
    fleeting = sum(one.fleeting for one in made.alarms)
    rows.append(Figure(say("fleeting alarms"), str(fleeting), note=say("gone within a minute")))
    standing = sum(one.standing_since is not None for one in made.alarms)
    rows.append(Figure(say("still standing"), str(standing), note=say("at the end of the log")))
    if made.seen_s is not None:
        note = say("90 % within {time}", time=lasted(made.seen_s[1], say))
        rows.append(Figure(say("median time to acknowledgement"), lasted(made.seen_s[0], say), note=note))
    if made.unseen is not None:
        rows.append(Figure(say("never acknowledged"), str(made.unseen)))
    if made.hidden:
        rows.append(
            Figure(say("kept out of the list"), str(made.hidden), note=say("shelved, suppressed, out of service"))
        )
    return Figures(tuple(rows))


def _figure(one: Measure, say: Words) -> Figure:
    note = say(one.reason) if one.value is None else verdict_name(one.verdict, say)
    return Figure(say(one.name), number(one.value, 3), _unit(one, say), note, _TONES.get(one.verdict, "quiet"))


def _unit(one: Measure, say: Words) -> str:
    return {"1/d": say("1/d"), "1/h": "1/h", "1/10 min": "1/(10 min)"}.get(one.unit, one.unit)


def _measures(made: AlarmStatistics, say: Words) -> Grid:
    heads = (
        say("measure"), say("value"), say("unit"), say("acceptable up to"), say("manageable up to"), say("verdict"),
    )  # fmt: skip
    rows = [
        (
            say(one.name), number(one.value, 3), _unit(one, say), given(one.good), given(one.most),
            say(one.reason) if one.value is None else verdict_name(one.verdict, say),
        )
        for one in made.measures
    ]  # fmt: skip
    tones = {at: _TONES.get(one.verdict, "quiet") for at, one in enumerate(made.measures)}
    title = say("Measures of the standard")
    return Grid(heads, rows, title, numbers=frozenset({1, 3, 4}), tones=tones)


def _top(made: AlarmStatistics, say: Words, zone: ZoneInfo | None) -> Grid:
    heads = (
        say("alarm"), say("priority"), say("how often"), say("share [%]"), say("chattering"), say("fleeting"),
        say("usually stands for"), say("stands since"),
    )  # fmt: skip
    rows = [
        (
            one.name, priority_name(one.priority, say), f"{one.count:,}", percent(100 * one.share, 1),
            str(one.chatters), str(one.fleeting), lasted(one.median_s, say),
            _NONE if one.standing_since is None else _moment(one.standing_since, zone),
        )
        for one in made.alarms[: made.top]
    ]  # fmt: skip
    tones = {at: "doubt" for at, one in enumerate(made.alarms[: made.top]) if one.chatters}
    title = say("The {n} most frequent of {all} alarms", n=len(rows), all=len(made.alarms))
    return Grid(heads, rows, title, numbers=frozenset({2, 3, 4, 5}), tones=tones)


def _floods(made: AlarmStatistics, say: Words, zone: ZoneInfo | None) -> list[Block]:
    if not made.floods:
        return []
    heads = (
        say("begins"), say("lasts"), say("alarms"), say("most within 10 min"), say("came first"),
        say("came most often"),
    )  # fmt: skip
    rows = [
        (
            _moment(one.start, zone), lasted((one.end - one.start) / 1e6, say), str(one.count), str(one.peak),
            one.first, one.most,
        )
        for one in made.floods[:_MOST]
    ]  # fmt: skip
    blocks: list[Block] = [Grid(heads, rows, say("Floods"), numbers=frozenset({2, 3}))]
    if len(made.floods) > _MOST:
        blocks.append(Note(say("{n} more are not shown", n=len(made.floods) - _MOST), "quiet"))
    return blocks


def _stale(made: AlarmStatistics, say: Words, zone: ZoneInfo | None) -> list[Block]:
    if not made.stale:
        return []
    heads = say("alarm"), say("since"), say("until")
    rows = [
        (name, _moment(since, zone), say("still standing") if until is None else _moment(until, zone))
        for name, since, until in made.stale[:_MOST]
    ]
    return [Grid(heads, rows, say("Stood for more than a day"))]


def _priorities(made: AlarmStatistics, say: Words) -> Grid:
    known = sum(count for name, count in made.priorities.items() if name)
    rows = [
        (priority_name(name, say), str(count), percent(100 * count / known, 1) if name and known else _NONE)
        for name, count in made.priorities.items() if name or count
    ]  # fmt: skip
    heads = say("priority"), say("alarms"), say("share [%]")
    return Grid(heads, rows, say("Priorities"), numbers=frozenset({1, 2}))


def _hours_svg(made: AlarmStatistics, say: Words, zone: ZoneInfo | None) -> str:
    """Alarms in each hour; in a long log the busiest hour of each column."""
    counts = made.hours / made.positions
    step = -(-len(counts) // 480)
    padded = np.concatenate([counts, np.zeros(-len(counts) % step)]).reshape(-1, step).max(axis=1)
    at = np.arange(len(padded), dtype=np.float64) * step
    top = max(float(padded.max()), 12.0)
    ticks = [
        (float(hour), _moment(made.start + int(hour) * HOUR, zone)) for hour in np.linspace(0, len(counts), 5)[:-1]
    ]
    plot = Plot(
        x=(0.0, float(max(len(counts), 1))), y=(0.0, 1.08 * top), height=220, y_label=say("alarms per hour"),
        x_ticks=ticks,
    )  # fmt: skip
    plot.bars(at, at + step, padded, tone="accent")
    plot.level(12.0, "12", dash="4 3")
    return plot.svg()


def _hours_text(made: AlarmStatistics, say: Words) -> str:
    worst = int(np.argmax(made.hours))
    return say(
        "Busiest hour: {n} alarms; half of the hours had {median} or fewer.", n=int(made.hours[worst]),
        median=f"{float(np.median(made.hours)):g}",
    )  # fmt: skip


def _moment(at: int, zone: ZoneInfo | None) -> str:
    return to_datetime(at, zone).strftime("%Y-%m-%d %H:%M")
