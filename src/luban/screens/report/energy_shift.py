"""Load shifting as a sheet: what moves where, what it saves, power before and after under the prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import HOUR, to_datetime
from luban.decide.energy.shift import Moved, Risk, Shift, load_of
from luban.decide.schedule.problem import Problem
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.energy.meters import merged

__all__ = ["shift_document", "shift_sheet"]

_MOST = 60
_NONE = "–"


def shift_sheet(
    found: Shift, risk: Risk, say: Words, zone: ZoneInfo, source: str, *, currency: str = "",
    powers: Mapping[str, str] | None = None,
) -> Sheet:  # fmt: skip
    """The sheet.

    currency  of the tariff
    powers    machine → where its power comes from: given, schedule, meter or none
    """
    p = found.before.problem
    blocks: list[Block] = [_figures(found, risk, say, currency)]
    if not found.moved:
        blocks.append(Note(say("Nothing is to be gained: every run lies as cheap as its due date lets it."), "quiet"))
    blocks.append(_picture(found, say, zone))
    blocks += _moves(found, say, zone, currency)
    blocks.append(_bands(found, say, currency))
    late = [name for name in found.late[1] if name not in found.late[0]]
    if found.late[1] and not late:
        text = say("Late before and after: {orders}.", orders=", ".join(found.late[1][:12]))
        blocks.append(Note(text, "quiet"))
    told = {
        "given": say("as given"), "schedule": say("as the schedule's file says"),
        "meter": say("metered while at work on orders"), "none": say("not known: counts as none"),
    }  # fmt: skip
    rows = [
        (name, number(float(p.machine_power[at]), 4) if p.machine_power[at] else _NONE,
         told[(powers or {}).get(name, "given" if p.machine_power[at] else "none")])
        for at, name in enumerate(p.machines)
    ]  # fmt: skip
    heads = (say("machine"), f"{say('power at work')} [kW]", say("source"))
    blocks.append(Grid(heads, tuple(rows), say("Powers"), frozenset({1})))
    text = say("Machines and their order of work stay as planned; only moments change. What machines draw while they "
               "wait is not counted.") if not found.searched else say(
               "Machines and order of work were looked for anew, then the moments. What machines draw while they wait "
               "is not counted.")  # fmt: skip
    blocks.append(Note(text, "quiet"))
    return Sheet(say("Load shifting"), source, tuple(blocks), {"luban": __version__})


def _figures(found: Shift, risk: Risk, say: Words, currency: str) -> Figures:
    spread = say("{low} to {high} where work takes longer or shorter ({level} % of {count} courses)",
                 low=number(risk.low, 4), high=number(risk.high, 4), level=f"{100 * risk.level:.0f}",
                 count=risk.courses)  # fmt: skip
    rows = [
        Figure(say("saved"), number(found.saved, 4), currency, f"{100 * found.share:.1f} %",
               "good" if found.saved > 0 else ""),
        Figure(say("saved on energy"), number(risk.saved, 4), currency, spread),
        Figure(say("cost of energy"), f"{number(found.cost[0], 5)} → {number(found.cost[1], 5)}", currency,
               say("no plan that keeps the due dates pays less than {bound}", bound=number(found.bound, 5))),
        Figure(say("highest demand"), f"{number(found.peak[0], 4)} → {number(found.peak[1], 4)}", "kW",
               say("of the machines in the plan")),
        Figure(say("runs moved"), f"{len(found.moved)}"),
        Figure(say("orders late"), f"{len(found.late[0])} → {len(found.late[1])}",
               tone="good" if len(found.late[1]) <= len(found.late[0]) else "bad"),
    ]  # fmt: skip
    if risk.late > 0.05:
        rows.append(Figure(say("more orders late by chance"), f"{risk.late:.2f}", "",
                           say("mean number where work takes longer or shorter"), "doubt"))  # fmt: skip
    return Figures(tuple(rows))


def _picture(found: Shift, say: Words, zone: ZoneInfo) -> Picture:
    """Power before and after; the dear hours shaded."""
    p = found.before.problem
    edges, before = load_of(found.before)
    after_edges, after = load_of(found.after)
    end = max(int(found.before.end.max()), int(found.after.end.max()), 1)
    top = max(float(before.max(initial=0.0)), float(after.max(initial=0.0)), 1.0)
    hour = HOUR // p.tick
    every = next(step for step in (2, 6, 12, 24, 48, 168) if end / (step * hour) <= 12 or step == 168) * hour
    ticks = [(float(at), f"{to_datetime(p.start + at * p.tick, zone):%m-%d %H:%M}") for at in range(0, end, every)]
    plot = Plot(x=(0.0, float(end)), y=(0.0, 1.15 * top), height=300, x_ticks=ticks, y_label="kW",
                title=say("Power before and after"))  # fmt: skip
    _shade(plot, p, end, 1.15 * top)
    window = int(edges[1] - edges[0]) if len(edges) > 1 else end
    _steps(plot, edges, before, window, "quiet", say("before"))
    _steps(plot, after_edges, after, window, "accent", say("after"))
    return Picture(plot.svg(), f"{say('Power before and after')} [kW]", say("Shaded: dearer than the mean price."))


def _shade(plot: Plot, p: Problem, end: int, top: float) -> None:
    prices = p.tariff_price
    if len(prices) < 2 or float(np.ptp(prices)) <= 0:
        return
    times = [*p.tariff_time.tolist(), max(end, int(p.tariff_time[-1]))]
    spans = [(max(0, low), min(end, high), float(price)) for low, high, price in zip(times[:-1], times[1:], prices,
             strict=True) if high > 0 and low < end]  # fmt: skip
    mean = sum((high - low) * price for low, high, price in spans) / max(1, sum(high - low for low, high, _ in spans))
    dear = merged([(low, high) for low, high, price in spans if price > mean])
    if dear:
        plot.bars([float(low) for low, _ in dear], [float(high) for _, high in dear], [top] * len(dear), "soft")


def _steps(plot: Plot, edges: np.ndarray, power: np.ndarray, window: int, tone: str, name: str) -> None:
    if len(edges):
        xs = np.append(edges, edges[-1] + window).astype(float)
        plot.line(xs, np.append(power, power[-1]), tone, step=True, name=name)


def _moves(found: Shift, say: Words, zone: ZoneInfo, currency: str) -> list[Block]:
    if not found.moved:
        return []
    p = found.before.problem

    def when(tick: int) -> str:
        return f"{to_datetime(p.start + tick * p.tick, zone):%m-%d %H:%M}"

    shown = found.moved[:_MOST]
    rows = [
        (", ".join(one.operations[:3]) + ("…" if len(one.operations) > 3 else ""), one.machine, when(one.before),
         when(one.after), number(one.power, 4), number(one.saved, 4))
        for one in shown
    ]  # fmt: skip
    tones = {at: "quiet" for at, one in enumerate(shown) if one.saved <= 0}
    unit = f" [{currency}]" if currency else ""
    heads = (say("operation"), say("machine"), say("from"), say("to"), "kW", f"{say('saved')}{unit}")
    blocks: list[Block] = [Grid(heads, tuple(rows), say("What moves where"), frozenset({4, 5}), tones)]
    if len(found.moved) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(found.moved) - _MOST), "quiet"))
    if tones:
        blocks.append(Note(say("A run that saves nothing itself made way for one that does."), "quiet"))
    return blocks


def _bands(found: Shift, say: Words, currency: str) -> Grid:
    unit = f"{currency}/kWh" if currency else say("price per kWh")
    rows = [
        (f"{price:g}", number(before, 5), number(after, 5), number(after - before, 4))
        for price, (before, after) in found.bands.items()
    ]
    heads = (f"{say('price')} [{unit}]", f"{say('before')} [kWh]", f"{say('after')} [kWh]",
             f"{say('difference')} [kWh]")  # fmt: skip
    return Grid(heads, tuple(rows), say("Energy by price"), frozenset(range(4)))


def shift_document(found: Shift, risk: Risk, currency: str) -> dict[str, Any]:
    """The same for programs; times are ISO 8601 in UTC."""
    p = found.before.problem

    def when(tick: int) -> str:
        return to_datetime(p.start + tick * p.tick).isoformat()

    def moved(one: Moved) -> dict[str, Any]:
        return {"operations": list(one.operations), "orders": list(one.jobs), "machine": one.machine,
                "from": when(one.before), "to": when(one.after), "power_kW": one.power, "saved": one.saved}  # fmt: skip

    return {
        "problem": p.name, "currency": currency, "saved": found.saved, "share": found.share,
        "energy_kWh": list(found.energy), "cost": list(found.cost), "demand_cost": list(found.demand_cost),
        "peak_kW": list(found.peak), "bound": found.bound, "searched": found.searched,
        "late": [list(one) for one in found.late], "moved": [moved(one) for one in found.moved],
        "bands": [{"price": price, "before_kWh": two[0], "after_kWh": two[1]} for price, two in found.bands.items()],
        "risk": {"saved": risk.saved, "low": risk.low, "high": risk.high, "level": risk.level,
                 "courses": risk.courses, "late": risk.late},
    }  # fmt: skip
