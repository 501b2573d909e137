"""The gauge register as a sheet: what is due, the chain to the national standard, and the lots that a gauge holds."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.quality_sampling import when_text
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.quality.gauge_use import CLEARED, REASONS, GaugeUse
from luban.understand.quality.gauges import STATES, Calibration, Chain, Due, Gauge

__all__ = ["affected_grid", "chain_grid", "due_grid", "gauge_sheet", "register_sheet"]

_NONE = "–"
_SOON = 30.0


def register_sheet(due: Sequence[Due], use: GaugeUse, say: Words, zone: ZoneInfo | None = None) -> Sheet:
    """What is due, and what rests on gauges that could not be trusted."""
    late = sum(one.state != "valid" for one in due)
    soon = sum(one.state == "valid" and one.days is not None and one.days <= _SOON for one in due)
    broken = sum(not one.chain.complete for one in due)
    held = use.held
    figures = Figures((
        Figure(say("gauges in service"), f"{len(due):,}"),
        Figure(say("not valid"), f"{late:,}", tone="bad" if late else "good"),
        Figure(say("due within {n} days", n=f"{_SOON:g}"), f"{soon:,}", tone="doubt" if soon else ""),
        Figure(say("without a chain to a national standard"), f"{broken:,}", tone="doubt" if broken else "good"),
        Figure(say("lots held"), f"{len(held):,}", note=", ".join(held[:12]), tone="bad" if held else "good"),
    ))  # fmt: skip
    blocks: list[Block] = [figures]
    if due:
        blocks.append(due_grid(due, say, zone))
    else:
        blocks.append(Note(say("No gauge is registered yet.")))
    if use.affected:
        blocks.append(affected_grid(use, say, zone))
    if use.unregistered:
        listed = ", ".join(f"{name} ({n:,})" for name, n in use.unregistered.items())
        blocks.append(Note(say("Measured with gauges that are not in the register: {gauges}", gauges=listed), "doubt"))
    return Sheet(say("Gauge register"), "", tuple(blocks), {
        say("measured values"): f"{use.n:,}",
        say("values without a gauge"): f"{use.without:,}",
        say("method"): "JCGM 200:2012, 2.41; ISO 9001:2015, 7.1.5.2",
        "luban": __version__,
    })  # fmt: skip


def gauge_sheet(gauge: Gauge, traced: Chain, state: str, say: Words, zone: ZoneInfo | None = None) -> Sheet:
    """One gauge with its calibrations and its chain."""
    tone = "good" if state == "valid" else "bad"
    done = gauge.newest
    figures = Figures((
        Figure(say("state"), say(STATES[state]), tone=tone),
        Figure(say("due on"), when_text(done.due, zone) if done else _NONE),
        Figure(say("chain"), say("complete") if traced.complete else say("broken"),
               note="" if traced.complete else _chained(traced, say), tone="good" if traced.complete else "doubt"),
        Figure(say("expanded uncertainty"), *_uncertainty(done)),
    ))  # fmt: skip
    rows = [
        (when_text(one.time, zone), when_text(one.due, zone), one.certificate, one.laboratory,
         " ".join(filter(None, _uncertainty(one)[:2])),
         one.standard or one.national or _NONE, say("passed") if one.passed else say("not passed"),
         {"in": say("in tolerance"), "out": say("out of tolerance")}.get(one.found, _NONE))
        for one in reversed(gauge.calibrations)
    ]  # fmt: skip
    heads = (
        say("time"), say("due on"), say("certificate"), say("laboratory"), say("expanded uncertainty"), say("standard"),
        say("result"), say("as found"),
    )  # fmt: skip
    blocks: list[Block] = [figures, chain_grid(traced, say, zone)]
    blocks.append(Grid(heads, tuple(rows), title=say("Calibrations, the newest first")))
    blocks += [Note(say(note), "doubt") for note in traced.notes]
    blocks += [Note(say("Not understood: {entry}", entry=one), "doubt") for one in gauge.unread[:20]]
    subtitle = " · ".join(filter(None, (gauge.type, gauge.measures, gauge.place)))
    return Sheet(gauge.id, subtitle, tuple(blocks), {"luban": __version__})


def due_grid(due: Sequence[Due], say: Words, zone: ZoneInfo | None = None) -> Grid:
    """The due list, the most urgent first."""
    rows, tones = [], {}
    for at, one in enumerate(due):
        left = _NONE if one.days is None else f"{one.days:,.1f}"
        rows.append((
            one.gauge.id, one.gauge.type, one.gauge.place, _NONE if one.due is None else when_text(one.due, zone), left,
            say(STATES[one.state]), _chained(one.chain, say),
        ))  # fmt: skip
        if one.state != "valid":
            tones[at] = "bad"
        elif (one.days is not None and one.days <= _SOON) or not one.chain.complete:
            tones[at] = "doubt"
    heads = (
        say("gauge"), say("type"), say("place"), say("due on"), say("days left"), say("state"),
        say("chain to a national standard"),
    )  # fmt: skip
    return Grid(heads, tuple(rows), title=say("Due list"), numbers=frozenset({4}), tones=tones)


def chain_grid(traced: Chain, say: Words, zone: ZoneInfo | None = None) -> Grid:
    """The traceability chain, link by link."""
    rows = [
        (link.gauge, link.type, link.calibration.certificate, link.calibration.laboratory,
         when_text(link.calibration.time, zone),
         *_uncertainty(link.calibration)[:2], link.calibration.standard or link.calibration.national or _NONE)
        for link in traced.links
    ]  # fmt: skip
    heads = (
        say("gauge"), say("type"), say("certificate"), say("laboratory"), say("time"), say("expanded uncertainty"),
        say("unit"), say("compared with"),
    )  # fmt: skip
    return Grid(heads, tuple(rows), title=say("Chain to the national standard"), numbers=frozenset({5}))


def affected_grid(use: GaugeUse, say: Words, zone: ZoneInfo | None = None) -> Grid:
    """What rests on gauges that could not be trusted: held lots first."""
    rows = [
        (one.lot or _NONE, one.characteristic, one.gauge, f"{one.n:,}", when_text(one.first, zone),
         when_text(one.last, zone),
         say(REASONS[one.reason]), say("held") if one.held else say(CLEARED[one.cleared]))
        for one in use.affected
    ]  # fmt: skip
    tones = {at: "bad" for at, one in enumerate(use.affected) if one.held}
    heads = (
        say("lot"), say("characteristic"), say("gauge"), say("values"), say("first"), say("last"), say("why"),
        say("may it go"),
    )  # fmt: skip
    title = say("Lots measured with a gauge that could not be trusted")
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({3}), tones=tones)


def _chained(traced: Chain, say: Words) -> str:
    if traced.complete:
        return say("complete")
    return f"{traced.gauge}: {say(traced.why)}"


def _uncertainty(done: Calibration | None) -> tuple[str, str, str]:
    """Value, unit, note."""
    if done is None or done.uncertainty is None:
        return _NONE, "", ""
    return f"{done.uncertainty:g}", done.unit, f"k = {done.coverage:g}"
