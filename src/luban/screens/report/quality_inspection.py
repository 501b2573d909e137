"""Inspection as sheets: newest values, lots held, a non-conformance with its history, devices against people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.quality import Quality
from luban.core.time import to_datetime
from luban.plant import Characteristic
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.quality.effect import STATISTICS
from luban.understand.quality.gauges import STATES
from luban.understand.quality.inspection import DECISIONS, STEPS, Confusion, Due, Entered, NonConformance, Result, Share

__all__ = [
    "confusion_sheet",
    "due_word",
    "entered_sheet",
    "held_grid",
    "nonconformance_sheet",
    "recent_grid",
    "severity_word",
    "standing_sheet",
    "state_word",
    "verdict_word",
]


def verdict_word(state: str, say: Words) -> str:
    """What a verdict is called."""
    return {
        "good": say("within the limits"), "bad": say("out of the limits"), "doubt": say("in doubt"),
        "unknown": say("no limits to judge by"),
    }.get(state, state)  # fmt: skip


def state_word(state: str, say: Words) -> str:
    """What the state of a non-conformance is called."""
    return {
        "open": say("open"), "held": say("held"), "disposed": say("decided"), "acting": say("being corrected"),
        "checking": say("effect to be checked"), "closed": say("closed"),
    }.get(state, state)  # fmt: skip


def severity_word(severity: str, say: Words) -> str:
    """What a severity is called."""
    return {"minor": say("minor"), "major": say("major"), "critical": say("critical")}.get(severity, severity)


def entered_sheet(entered: Entered, its: Characteristic, say: Words, rules: Sequence[str] = ()) -> Sheet:
    """The verdict on values just entered.

    rules  sentences of the chart's rules that fired
    """
    figures = tuple(
        Figure(
            verdict_word(one.state, say), f"{one.value:g}", one.unit,
            ""
            if one.limit is None
            else say(one.reason).format(limit=f"{one.limit:g}", unit=one.unit),
            {"bad": "bad", "doubt": "doubt", "good": "good"}.get(one.state, "quiet"),
        )
        for one in entered.verdicts
    )  # fmt: skip
    blocks: list[Block] = [Figures(figures)]
    blocks += [Note(text, "bad") for text in rules]
    if entered.gauge and entered.gauge != "valid":
        text = say(
            "The gauge is not to be trusted ({state}): the values are kept as doubtful.",
            state=say(STATES[entered.gauge]),
        )
        blocks.append(Note(text, "doubt"))
    if entered.reaction:
        blocks.append(Note(say("What to do: {what}", what=entered.reaction), "bad"))
    return Sheet(its.name, "", tuple(blocks), {})


def recent_grid(rows: Sequence[Mapping[str, Any]], unit: str, say: Words, zone: ZoneInfo) -> Grid:
    """The newest values, the newest first."""
    heads = (say("Time"), f"{say('Value')} [{unit}]", say("Verdict"), say("Lot"), say("Serial number"), say("Gauge"),
             say("Person"))  # fmt: skip
    body = [
        (
            _moment(row["time"], zone), f"{row['value']:g}",
            verdict_word(row["state"], say) if row["state"] else say(_quality(row["quality"])),
            row["lot"] or "", row["serial"] or "", row["gauge"] or "", row["person"] or "",
        )
        for row in rows
    ]  # fmt: skip
    tones = {
        at: {"bad": "bad", "doubt": "doubt"}.get(row["state"], "" if row["state"] else "quiet")
        for at, row in enumerate(rows)
    }
    return Grid(heads, body, numbers=frozenset({1}), tones={at: tone for at, tone in tones.items() if tone})


def held_grid(held: Mapping[str, Sequence[str]], say: Words) -> Grid:
    """Lots that may not go on, and why."""
    body = [(lot, "; ".join(map(say, why))) for lot, why in held.items()]
    return Grid((say("Lot"), say("Held by")), body, tones=dict.fromkeys(range(len(body)), "bad"))


def due_word(one: Due, say: Words) -> str:
    """How a line of the inspection plan stands."""
    if one.state == "due":
        return say("due now")
    if one.state == "asked":
        words = {"lot": say("for every lot"), "first": say("at the first piece")}
        return words.get(one.plan.every, one.plan.every)
    if one.pieces_left is not None:
        return say("after {n} more pieces", n=f"{one.pieces_left:g}")
    return say("not due yet")


def standing_sheet(
    name: str,
    due: Sequence[Due],
    held: Mapping[str, Sequence[str]],
    every: Mapping[str, NonConformance],
    waiting: Sequence[Result],
    say: Words,
    zone: ZoneInfo,
) -> Sheet:
    """How inspection stands: the plan, lots held, non-conformances, results of devices that wait."""
    blocks: list[Block] = []
    if due:
        heads = (say("Characteristic"), say("State"), say("Last measured"), say("Gauge"), say("What to do"))
        rows = [
            (one.plan.subject, due_word(one, say), _moment(one.last, zone), one.plan.gauge or one.plan.method,
             one.plan.reaction)
            for one in due
        ]  # fmt: skip
        tones = {at: "doubt" for at, one in enumerate(due) if one.state == "due"}
        blocks.append(Grid(heads, rows, say("To be measured"), tones=tones))
    else:
        blocks.append(Note(say("No inspection plan yet: the table inspection.csv in the plant's folder holds it.")))
    if held:
        grid = held_grid(held, say)
        blocks.append(Grid(grid.heads, grid.rows, say("Lots that may not go on"), tones=grid.tones))
    else:
        blocks.append(Note(say("No lot is held."), "good"))
    shown = [one for one in every.values() if one.state != "closed"]
    if shown:
        columns = (say("Non-conformance"), say("In words"), say("State"), say("Severity"), say("Opened"), say("Lots"))
        body = [
            (one.id, one.title, state_word(one.state, say), severity_word(one.severity, say),
             _moment(one.opened, zone), ", ".join(one.lots))
            for one in shown
        ]  # fmt: skip
        blocks.append(Grid(columns, body, say("Non-conformances")))
    if waiting:
        asked = (say("Piece"), say("Device"), say("Device says"), say("Lot"))
        waits = [
            (one.piece, f"{one.device} · {one.model} {one.version}",
             say("says {verdict} at {n} %", verdict=say(one.verdict), n=f"{100 * one.confidence:.0f}"), one.lot)
            for one in waiting
        ]  # fmt: skip
        blocks.append(Grid(asked, waits, say("Results of devices that wait for a person")))
    return Sheet(say("Inspection"), name, tuple(blocks), {})


def nonconformance_sheet(one: NonConformance, say: Words, zone: ZoneInfo) -> Sheet:
    """One non-conformance: how it stands, its lots, its actions, and everything that was said."""
    figures = (
        Figure(say("State"), state_word(one.state, say), tone="good" if one.state == "closed" else "doubt"),
        Figure(say("Severity"), severity_word(one.severity, say)),
        Figure(say("Opened"), _moment(one.opened, zone), note=one.person),
        Figure(say("Concerns"), one.subject or one.item or one.unit or "–"),
    )
    blocks: list[Block] = [Figures(figures)]
    if one.lots:
        rows = [
            (lot, say(DECISIONS[one.disposed[lot]]) if lot in one.disposed else say("no decision yet"),
             say("held") if lot in one.held else say("free"))
            for lot in one.lots
        ]  # fmt: skip
        tones = {at: "bad" for at, lot in enumerate(one.lots) if lot in one.held}
        blocks.append(Grid((say("Lot"), say("Decision"), say("State")), rows, say("Lots"), tones=tones))
    if one.cause:
        blocks.append(Note(say("Cause: {what}", what=one.cause)))
    if one.actions:
        actions = [
            (own.id, own.text, own.owner, _moment(own.due, zone), _moment(own.done, zone), _effect(own.effect, say))
            for own in one.actions
        ]
        heads = (say("Action"), say("What"), say("Who"), say("Due"), say("Done"), say("Effect"))
        blocks.append(Grid(heads, actions, say("Actions")))
    if one.state != "closed" and one.missing:
        blocks.append(Note(say("Before it can be closed: {what}", what="; ".join(map(say, one.missing))), "doubt"))
    steps = STEPS | {"open": "opened", "effect": "effect checked"}
    history = [
        (_moment(entry.time, zone), entry.person, say(steps.get(entry.code, entry.code)), entry.text)
        for entry in one.entries
    ]
    columns = (say("Time"), say("Person"), say("Step"), say("In words"))
    blocks.append(Grid(columns, history, say("History")))
    return Sheet(f"{one.id} · {one.title}", "", tuple(blocks), {})


def confusion_sheet(found: Sequence[Confusion], say: Words) -> Sheet:
    """Devices against people: a table for each version of each model."""
    blocks: list[Block] = []
    for one in found:
        name = f"{one.device} · {one.model} {one.version}"
        if one.agreement.value is None:
            blocks.append(Note(say("{name}: nobody has looked at a result yet ({n} wait).", name=name, n=one.waiting)))
            continue
        figures = (
            _share(say("Agreement"), one.agreement), _share(say("Bad pieces called good"), one.escapes),
            _share(say("Good pieces called bad"), one.alarms),
        )  # fmt: skip
        blocks.append(Figures(figures, name))
        heads = (say("Device says"), *(say("person: {word}", word=say(word)) for word in one.words))
        rows = [(say(word), *(str(n) for n in one.table[at])) for at, word in enumerate(one.words)]
        blocks.append(Grid(heads, rows, numbers=frozenset(range(1, len(heads)))))
    if not blocks:
        blocks.append(Note(say("No device has given a result yet.")))
    return Sheet(say("Devices against people"), "", tuple(blocks), {})


def _share(label: str, share: Share) -> Figure:
    if share.value is None:
        return Figure(label, "–", note=f"n = {share.of}", tone="quiet")
    note = f"{100 * share.low:.1f} … {100 * share.high:.1f} %, n = {share.of}"
    return Figure(label, f"{100 * share.value:.1f}", "%", note)


def _effect(effect: Mapping[str, Any], say: Words) -> str:
    """The newest check of an action's effect in one line."""
    if not effect:
        return say("not checked yet")
    gain = effect.get("gain") or {}
    word = {"better": say("better"), "worse": say("worse"), "unclear": say("no effect proven")}.get(
        str(effect.get("verdict")), say("too little to say")
    )
    if gain.get("before") is None:
        return f"{word} (n = {effect.get('n_before', 0)}, {effect.get('n_after', 0)})"
    what = say(STATISTICS.get(effect["statistic"], effect["statistic"]))
    unit = f" {gain['unit']}" if gain.get("unit") not in {"", "1", None} else ""
    p = f", p = {gain['p']:.2g}" if gain.get("p") is not None else ""
    return f"{word}: {what} {gain['before']:.4g} → {gain['after']:.4g}{unit}{p}"


def _moment(at: int | None, zone: ZoneInfo) -> str:
    return f"{to_datetime(at, zone):%Y-%m-%d %H:%M}" if at is not None else "–"


def _quality(code: int) -> str:
    return Quality(code).label if code in set(Quality) else str(code)
