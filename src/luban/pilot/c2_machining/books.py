"""The books of one run: cost by part, times, defects, and what else is told.

Reads   totals, lots and trace of a run    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from luban.core.time import DAY, SECOND
from luban.pilot.c2_machining.power import Bill
from luban.pilot.c2_machining.settings import Settings
from luban.pilot.money import YEAR
from luban.pilot.plan import Figures
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Model
from luban.twin.run import Totals
from luban.twin.traced import Floats, Trace

__all__ = ["UNITS", "Besides", "Told", "costs_of", "figures_of"]

UNITS = {
    "shop flow": "d", "cycle p90": "d", "on time": "%", "energy": "kWh", "carbon": "kg", "peak": "kW",
    "setups": "1/d", "setup share": "%", "failures": "1/a", "oee": "%", "wip": "lots", "orders": "1/d",
    "scrap": "%", "rework": "%", "edges": "1/d", "confirmed": "1/d", "readings": "1/d", "looks": "1/a",
    "exchanges": "1/a", "mills busy": "%",
}  # fmt: skip
"""Units of the further figures."""

_IDLE, _SETUP, _OFF = (STATES.index(name) for name in ("idle", "setup", "off"))


@dataclass(frozen=True, slots=True)
class Besides:
    """What an arm costs beside what the floor shows.

    levers      of the window, annuities included [CNY]
    posts       persons that are no longer needed
    confirmed   decisions confirmed by people;  readings  beyond those of today
    """

    levers: float = 0.0
    posts: float = 0.0
    confirmed: int = 0
    readings: int = 0


@dataclass(frozen=True)
class Told:
    """A window of a run: totals at both ends, lots that left in it, the trace of it, its electricity.

    maintained  name of each planned work → how often
    """

    days: float
    before: Totals
    after: Totals
    lots: Trace
    trace: Trace
    bill: Bill
    maintained: dict[str, int] = field(default_factory=dict)


def costs_of(settings: Settings, model: Model, told: Told, besides: Besides) -> dict[str, float]:
    """Each part of COSTS in the window [CNY]."""
    s, share = settings, told.days / YEAR
    lots = told.lots
    weight = np.array([route.weight for route in model.routes])
    material = np.array([s.material.of(own) for own in weight])[lots["route"]]
    price = np.array([s.material.price(own) for own in weight])[lots["route"]]
    lot_value = float((material * lots["quantity"]).mean()) if len(lots) else 0.0
    wip = (told.after.wip_time - told.before.wip_time) / DAY / YEAR
    good = float(lots["good"].sum())
    share_made = _output(told, good / (good + float(lots["scrap"].sum()))) / good
    late = np.maximum(0.0, (lots["finish"] - lots["due"]) / DAY)
    penalty = np.minimum(s.money.late_cap, s.money.late_day * late) * price * lots["quantity"]
    return {
        "labour": s.labour.year(s.labour.persons - besides.posts) * share
        + s.labour.on_top(s.labour.confirm * besides.confirmed),
        "energy": told.bill.total,
        "tooling": s.tooling.edge * _edges(model, told.trace) + s.tooling.fixed * share,
        "maintenance": s.maintenance.fixed * share + _maintenance(settings, model, told),
        "scrap and rework": share_made * float((material * lots["scrap"]).sum()),
        "measuring": s.labour.on_top(s.labour.reading * besides.readings),
        "carrying": s.money.carrying * lot_value * wip,
        "lateness": float(penalty[lots["due"] >= 0].sum()),
        "levers": besides.levers,
        "overhead": (s.money.depreciation + s.money.rent) * share,
        "material": share_made * float((material * lots["good"]).sum()),
    }


def _output(told: Told, share: float) -> float:
    """Good pieces of the window: those that left, and the change of what is inside as pieces that will be good.

    An arm that runs down the orders that lay there ships more than it makes for a while; that is no output of its own.
    """
    inside = told.after.pieces_inside - told.before.pieces_inside
    return float(told.lots["good"].sum()) + share * inside


def _edges(model: Model, trace: Trace) -> int:
    """Edges that were used up; wheels wear by the piece and are in what is fixed."""
    cuts = np.array([own.tool is not None and own.tool.clock == "cut" for own in model.machines])
    rows = trace[(trace["kind"] == Kind.TOOL) & (trace["a"] > 0)]
    return int(cuts[rows["machine"]].sum())


def _maintenance(settings: Settings, model: Model, told: Told) -> float:
    """Failures, planned exchanges and looks [CNY]."""
    m, parts = settings.maintenance, settings.parts
    repair = {own.id: own.repair.mean / 3600 for machine in model.machines for own in machine.failures}
    spent = 0.0
    for row in told.trace[told.trace["kind"] == Kind.FAILED]:
        part = model.machines[int(row["machine"])].failures[int(row["a"])].id
        spent += m.damage * parts.of(part) + m.technician * repair[part]
    for name, count in told.maintained.items():
        part = name.removeprefix("replace ")
        if part in repair and part != name:
            spent += count * (parts.of(part) + m.technician * m.planned * repair[part])
        elif name == "look":
            spent += count * m.technician * m.look
    return spent


def figures_of(settings: Settings, model: Model, told: Told, besides: Besides) -> Figures:
    """The figures of a run's window."""
    lots, days = told.lots, told.days
    good, scrap, rework = (float(lots[name].sum()) for name in ("good", "scrap", "rework"))
    made = good + scrap
    output = _output(told, good / made)
    passed = (lots["finish"] - lots["arrival"]).astype(float)
    cutting = [number for number, own in enumerate(model.machines) if own.failures]
    time = (told.after.machine_time - told.before.machine_time)[cutting].astype(float)
    planned = time.sum() - time[:, _OFF].sum()
    mills = [number for number, own in enumerate(model.machines) if own.station.endswith("/milling")]
    mill_time = (told.after.machine_time - told.before.machine_time)[mills].astype(float)
    failures = float((told.after.failures - told.before.failures).sum())
    setups = float((told.after.machine_setups - told.before.machine_setups)[cutting].sum())
    more = {
        "shop flow": float((lots["finish"] - lots["release"]).mean()) / DAY,
        "cycle p90": float(np.percentile(passed, 90)) / DAY,
        "on time": 100 * float((lots["finish"] <= lots["due"]).mean()),
        "energy": told.bill.drawn, "carbon": told.bill.drawn * settings.energy.carbon, "peak": told.bill.peak,
        "setups": setups / days, "setup share": 100 * float(time[:, _SETUP].sum() / planned),
        "failures": failures * YEAR / days, "oee": 100 * _oee(model, told, cutting, planned, time),
        "wip": (told.after.wip_time - told.before.wip_time) / (days * DAY), "orders": len(lots) / days,
        "scrap": 100 * scrap / made, "rework": 100 * rework / made, "edges": _edges(model, told.trace) / days,
        "confirmed": besides.confirmed / days, "readings": besides.readings / days,
        "looks": told.maintained.get("look", 0) * YEAR / days,
        "exchanges": sum(n for name, n in told.maintained.items() if name.startswith("replace ")) * YEAR / days,
        "mills busy": 100 * float(1 - mill_time[:, _IDLE].sum() / (mill_time.sum() - mill_time[:, _OFF].sum())),
    }  # fmt: skip
    return Figures(
        days=days, units=output, made=output * made / good, cycle=float(passed.mean()) / SECOND,
        defects=(scrap + rework) / made,
        costs=costs_of(settings, model, told, besides), more=more,
    )  # fmt: skip


def _oee(model: Model, told: Told, cutting: list[int], planned: float, time: Floats) -> float:
    """Planned cycle of good pieces over the time in which machines had work [1]."""
    ideal = np.array([s.time.mean if s.per == "piece" else 0.0 for route in model.routes for s in route.steps])
    ended = told.trace[(told.trace["kind"] == Kind.ENDED) & np.isin(told.trace["machine"], cutting)]
    return float((ended["a"] * ideal[ended["step"]]).sum() * SECOND / (planned - time[:, _IDLE].sum()))
