"""A pilot of any plant that has a twin: release and dispatch, the levers that need nothing but the twin.

Money stands in pilot.toml beside twin.toml; without it operating cost is not evaluable, the rest is.

Reads   plant.toml, its tables, twin.toml, pilot.toml    Writes  nothing
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, HOUR
from luban.pilot.money import YEAR, lever_cost
from luban.pilot.plan import Arm, Figures, Lever

if TYPE_CHECKING:
    from luban.twin.model import Model
    from luban.twin.run import Run, Totals

__all__ = ["GenericPilot", "open_pilot"]

_KWH: Final = 3.6e12
_LEVERS: Final = (
    Lever(
        "release", "orders go to the floor as soon as they can", "supply",
        "An order is released on the day its material is there, not at the next fixed date.",
        needs=("twin.toml: [release] with fixed dates or a cap",),
    ),
    Lever(
        "dispatch", "the next lot by setup and due date", "production",
        "Each machine takes the lot that needs the least setting up, and of those the one that is due first.",
        needs=("twin.toml: setup times, or due dates",),
    ),
)  # fmt: skip
_ELSEWHERE: Final = (
    Lever("quality", "set-points follow drift", "processes", "Offsets are corrected by what was measured."),
    Lever("maintenance", "maintenance by condition", "processes", "A part is changed when its signals say so."),
    Lever("energy", "machines rest", "production", "What waits goes to standby."),
)
_NOT_HERE: Final = "in virtual time only for pilots that ship: at this plant switch it on and let its books judge"
_SCRAPPED: Final = -1
_PRICES: Final = ("kwh", "piece")


@dataclass(frozen=True)
class GenericPilot:
    """A plant's twin as a pilot; fields as in `Pilot`, besides:

    folder  of the plant;  days  warm-up and window of a run [d]
    money   tables of its pilot.toml; empty without one
    lacks   metric → what is missing for it, in words
    """

    folder: str
    name: str
    title: str
    currency: str
    levers: tuple[Lever, ...]
    skipped: Mapping[str, str]
    lacks: Mapping[str, str]
    days: tuple[float, float]
    money: Mapping[str, Any]
    rate: float
    category: str = ""
    unit: str = "a good piece"

    @property
    def units(self) -> Mapping[str, str]:
        """Units of further figures."""
        return {"energy": "kWh", "shop flow": "h", "on time": "%", "lots on the floor": "1"}

    @property
    def binds(self) -> Mapping[str, str]:
        """Which station is asked for most: what limits the cycle."""
        load, station = _tightest(self.folder, sum(self.days))
        if not station:
            return {}
        said = f"{station} is asked for {load:.0%} of its time: what the two levers can do ends there"
        return {"cycle": said, "cost": "release and dispatch move waiting, late orders and setups, not wages"}

    @property
    def meanings(self) -> Mapping[str, str]:
        """Metrics mean what they say."""
        return {}

    def arms(self) -> Mapping[str, Arm]:
        """None of its own."""
        return {}

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run: as is through the warm-up, then under the arm.

        Raises  InputError for an unknown practice or lever
        """
        from luban.twin.run import Run
        from luban.twin.scenario import Scenario

        strange = arm.levers - {one.id for one in self.levers}
        if strange or arm.practice not in ("as is", "conventional"):
            raise InputError("this pilot knows no such arm", came=", ".join(sorted(strange)) or arm.practice)
        warm, window = self.days[0], self.days[1] if days is None else days
        model = _model(self.folder, warm + window)
        if arm.demand != 1:
            model = Scenario.of("demand", {"demand": arm.demand}).apply(model)
        run = Run(model, seed=seed).to(round(warm * DAY))
        if (changed := _changed(model, arm)) is not model:
            run.become(changed)
        before = run.totals()
        run.lots()
        run.to(round((warm + window) * DAY))
        return self._figures(run, before, arm, window)

    def _figures(self, run: Run, before: Totals, arm: Arm, days: float) -> Figures:
        after, lots = run.totals(), run.lots()
        done = lots[lots["lost"] == 0]
        good, scrap, rework = (float(lots[name].sum()) for name in ("good", "scrap", "rework"))
        span = float(after.now - before.now)
        energy = float((after.machine_energy - before.machine_energy).sum()) / _KWH + run.model.base_load * span / _KWH
        dated = done[done["due"] >= 0]
        late = np.maximum(dated["finish"] - dated["due"], 0) / DAY
        pieces = float(((done["finish"] - done["release"]) * done["good"]).sum()) / span
        more = {
            "energy": energy,
            "shop flow": float((done["finish"] - done["release"]).mean()) / HOUR if len(done) else math.nan,
            "on time": 100 * float((dated["finish"] <= dated["due"]).mean()) if len(dated) else math.nan,
            "lots on the floor": float(after.wip_time - before.wip_time) / span,
        }
        made = good + scrap
        bill = {"energy": energy, "scrap": scrap, "rework": rework, "late": float((late * dated["good"]).sum())}
        return Figures(
            days=days, units=good, made=made,
            cycle=float((done["finish"] - done["arrival"]).mean()) / 1e6 if len(done) else math.nan,
            defects=(scrap + rework) / made if made else math.nan,
            costs=self._costs(bill | {"good": good, "pieces": pieces}, arm, days), more=more,
        )  # fmt: skip

    def _costs(self, bill: Mapping[str, float], arm: Arm, days: float) -> dict[str, float]:
        if "cost" in self.lacks:
            return {}
        year, price = self.money.get("year", {}), self.money["price"]
        piece = float(price["piece"])
        costs = {
            name: float(year[name]) * days / YEAR for name in ("labour", "maintenance", "overhead") if name in year
        }
        costs["energy"] = bill["energy"] * float(price["kwh"])
        costs["scrap and rework"] = bill["scrap"] * piece + bill["rework"] * float(price.get("rework", 0.0))
        costs["carrying"] = bill["pieces"] * piece * float(price.get("carrying", 0.0)) * days / YEAR
        costs["lateness"] = bill["late"] * float(price.get("late", 0.0))
        costs["levers"] = lever_cost(self.levers, arm.levers, self.rate, days)
        return costs | {"material": bill["good"] * piece}


def open_pilot(folder: Path) -> GenericPilot:
    """The pilot of a plant's folder.

    Raises  InputError: no twin, or orders without an end; ConfigError: a file that cannot be read
    """
    from luban.twin.load import load_twin, read_loaded

    if not (folder / "twin.toml").is_file():
        hint = "describe how it behaves in twin.toml, or `luban twin calibrate DIR` from its books"
        raise InputError("the plant has no twin", where=str(folder), hint=hint)
    plant = read_loaded(folder).plant
    model = load_twin(folder)
    money = _money(folder / "pilot.toml")
    whole = model.horizon / DAY
    known = not (model.arrivals or model.demand)
    days = money.get("days", {})
    warm = float(days.get("warm_up", 0.0 if known else whole / 7))
    window = float(days.get("window", whole - warm))
    if window <= 0:
        raise InputError("nothing is left to measure", came=f"{whole:g} days, {warm:g} of them warm-up")
    lacks: dict[str, str] = {}
    missing = [f"[year] {name}" for name in ("labour",) if name not in money.get("year", {})]
    missing += [f"[price] {name}" for name in _PRICES if name not in money.get("price", {})]
    if missing:
        lacks |= dict.fromkeys(("cost", "full cost"), f"pilot.toml of the plant does not say: {', '.join(missing)}")
    if not any(step.characteristics or _scraps(step) for route in model.routes for step in route.steps):
        lacks["defects"] = "the twin makes no scrap: its twin.toml describes no characteristic and no share of scrap"
    levers = tuple(replace(one, **_settings(money, one.id)) for one in _LEVERS)
    return GenericPilot(
        folder=str(folder), name=folder.name, title=plant.name, currency=plant.cost.currency,
        levers=(*levers, *_ELSEWHERE), skipped=_skipped(model) | {one.id: _NOT_HERE for one in _ELSEWHERE},
        lacks=lacks, days=(warm, window), money=money, rate=float(money.get("rate", 0.08)),
    )  # fmt: skip


def _money(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not TOML", came=str(error), where=path.name) from None


def _settings(money: Mapping[str, Any], lever: str) -> dict[str, Any]:
    own = money.get("levers", {}).get(lever, {})
    return {name: float(own[name]) for name in ("invest", "life", "yearly") if name in own}


def _scraps(step: Any) -> bool:
    return bool(step.scrap) or any(branch.to == _SCRAPPED for branch in step.branches)


def _skipped(model: Model) -> dict[str, str]:
    found = {}
    if model.release.kind == "push" and not model.release.instants:
        found["release"] = "orders go to the floor as soon as they can already"
    if not _keys(model):
        found["dispatch"] = "the twin has neither setup times nor due dates: first come, first served is as good"
    return found


def _keys(model: Model) -> tuple[str, ...]:
    """What a lot is chosen by: what the twin knows of setup times and due dates."""
    dated = any(one.due is not None for one in model.orders) or any(one.due is not None for one in model.arrivals)
    dated = dated or (model.demand is not None and model.demand.due_days is not None)
    return (*(("setup",) if model.setups else ()), *(("edd",) if dated else ()))


def _changed(model: Model, arm: Arm) -> Model:
    """The model under an arm; the same object where nothing changes."""
    if arm.silent or (arm.practice == "as is" and not arm.levers):
        return model
    keys, release = _keys(model), model.release
    rule: tuple[str, ...] = ()
    if arm.practice == "conventional":
        rule = ("cr",) if "edd" in keys else ()
        daily = tuple(range(0, model.horizon, DAY))
        release = replace(release, instants=daily) if release.instants else release
    if "dispatch" in arm.levers:
        rule = keys
    if "release" in arm.levers:
        release = replace(release, kind="push", cap=None, instants=())
    stations = tuple(replace(one, rule=rule) for one in model.stations) if rule else model.stations
    return replace(model, stations=stations, release=release)


@lru_cache(maxsize=4)
def _model(folder: str, days: float) -> Model:
    from luban.twin.load import load_twin

    return load_twin(folder, days=math.ceil(days))


@lru_cache(maxsize=4)
def _tightest(folder: str, days: float) -> tuple[float, str]:
    from luban.twin.offered import offered_load

    stations = offered_load(_model(folder, days)).stations.items()
    return max(((one.utilisation, name) for name, one in stations if one.lots > 0), default=(0.0, ""))
