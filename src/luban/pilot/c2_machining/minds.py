"""Who decides in an arm: luban's deciders for levers that are on, a good plant's practice where none is.

Reads   settings, the plant as its papers describe it    Writes  nothing
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.time import DAY, HOUR, to_datetime
from luban.decide.maintain import Prices, age, weibull_life
from luban.loop.deciding.dispatch import DispatchRule
from luban.loop.deciding.energy import Resting, StandbyRules
from luban.loop.deciding.floor import Act, Decider, Heard, Proposal, Seen
from luban.loop.deciding.furnace import Furnace, FurnaceLoads
from luban.loop.deciding.maintenance import AgeMaintenance, ConditionMaintenance
from luban.loop.deciding.quality import Quality, QualityMoney
from luban.loop.deciding.release import ReleaseWhenReady
from luban.loop.virtual_quality import by_hand, quality
from luban.norms.tariffs import tariff
from luban.pilot.c2_machining.settings import Settings
from luban.pilot.plan import Arm
from luban.plant import Plant
from luban.twin.model import Model
from luban.twin.run import Run
from luban.twin.senses import Senses

__all__ = ["KEYS", "THRESHOLD", "Fitters", "Practice", "minds_of", "price_of"]

KEYS: Final = ("setup", "spt")
"""Dispatch by luban: the least setup first, of these the shortest. Found on seeds below 100 among thirteen rules."""
THRESHOLD: Final = 0.3
"""Share of the way to the limit at which a machine is looked at. Found on seeds below 100."""
_GROSS: Final = {"c2/heat/H1": 1.2, "c2/heat/T1": 1.0}
"""Energy of a full load, holding included [kWh/kg]. E3 of the plant's sources."""
_FULL: Final = 300.0


@dataclass
class Practice:
    """What a good plant without luban does: rules that people set once, by hand.

    rules  target → value, as `Act("rule", …)` takes them
    """

    rules: Sequence[tuple[str, object]]
    lever: str = "practice"
    every: int = DAY
    by_hand: bool = True
    concerns: frozenset[str] = frozenset()
    _told: bool = field(default=False)

    def hear(self, told: Iterable[Heard]) -> None:
        """Nothing changes them."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:  # noqa: ARG002  rests on nothing that is seen
        """All rules, at the first question."""
        if self._told:
            return ()
        self._told = True
        return tuple(Proposal(self.lever, "practice", Act("rule", target, value)) for target, value in self.rules)


def minds_of(arm: Arm, settings: Settings, model: Model, plant: Plant) -> list[Decider]:
    """The deciders of an arm, in the order of its levers."""
    good, on = arm.practice == "conventional", arm.levers
    found: list[Decider] = []
    rules: list[tuple[str, object]] = []
    if "release" in on:
        found.append(ReleaseWhenReady(hour=settings.money.order_hour, usual=84.0))
    elif good:
        rules.append(("release", "daily 06:00"))
    if "dispatch" in on:
        found.append(DispatchRule({station.id: KEYS for station in model.stations}))
    elif good:
        rules += [(station.id, ("cr",)) for station in model.stations]
    if "quality" in on:
        found.append(_quality(settings, model, plant))
    elif good:
        found.append(by_hand(model, plant))
    if "furnace" in on:
        found.append(_furnaces(settings, model))
    if "maintenance" in on:
        found.append(_condition(model))
    elif good:
        found += _by_age(settings, model)
    if "energy" in on:
        found.append(_standby(settings, model))
    elif good:
        rules.append(("hours compressor", settings.energy.compressor_margin))
    return [Practice(rules), *found] if rules else found


# ---- luban's levers


def price_of(name: str) -> Callable[[int], float]:
    """Moment [µs UTC] → price of a kilowatt-hour by the tariff [CNY/kWh]."""
    own = tariff(name)
    zone = ZoneInfo(own.zone)

    @lru_cache(maxsize=8192)
    def of_hour(hour: int) -> float:
        return float(own.prices[own.band(to_datetime(hour * HOUR).astimezone(zone))])

    return lambda moment: of_hour(moment // HOUR)


def _quality(settings: Settings, model: Model, plant: Plant) -> Quality:
    own, labour = settings.quality, settings.labour
    money = QualityMoney(
        own.piece, own.rework, settings.tooling.edge, labour.on_top(labour.reading), labour.on_top(labour.confirm)
    )
    minutes = {station.id: getattr(own, station.id.rpartition("/")[2], own.other) for station in model.stations}
    return quality(model, plant, money, minutes)


def _furnaces(settings: Settings, model: Model) -> FurnaceLoads:
    weights = {route.id: route.weight for route in model.routes}
    machines = {own.id: own for own in model.machines}
    furnaces = []
    for name, gross in _GROSS.items():
        hold = machines[name].power["idle"] / 1000
        step = next(s for route in model.routes for s in route.steps if s.station == name)
        minutes = step.time.mean / 60
        furnaces.append(
            Furnace(name, name, minutes, _FULL, hold, gross - hold * minutes / 60 / _FULL, settings.energy.heat_up)
        )
    spans = next(own.open for own in model.calendars if own.id == "two_shift")
    starts = [start + model.start for start, _ in spans]

    def open_(moment: int) -> int | None:
        at = bisect_right(starts, moment) - 1
        end = spans[at][1] + model.start if at >= 0 else 0
        return end if moment < end else None

    return FurnaceLoads(furnaces, weights, price_of(settings.energy.tariff), open_, settings.money.order_hour)


class Fitters(ConditionMaintenance):
    """Those who open a machine tell what they found; the decider hears it as it hears a work order's finding.

    What stands open to the eye is the plant's nature: it is told once a look has ended, and nothing else of it.
    """

    def watch(self, run: Run) -> None:
        """The run at which they work."""
        self._run, self._nature = run, Senses(run)
        self._at = {own.id: number for number, own in enumerate(run.model.machines)}
        self._looks = {
            own.id: int(run.world["machines"]["maintenance"][number])
            + [one.id for one in own.maintenance].index("look")
            for own, number in zip(run.model.machines, range(len(run.model.machines)), strict=True)
            if own.id in self.machines
        }
        self._done = dict.fromkeys(self._looks, 0)

    def hear(self, told: Iterable[Heard]) -> None:
        """Findings of looks that have ended since the last time, then all else."""
        counts = self._run.world["maintenances"]["count"]
        now = self._run.model.start + self._run.now
        found = []
        for name, place in self._looks.items():
            if counts[place] > self._done[name]:
                self._done[name] = int(counts[place])
                parts = self._nature.opened(self._at[name]) or ("",)
                found += [Heard(now, name, "found", part) for part in parts]
        super().hear([*told, *found])


def _condition(model: Model) -> Fitters:
    return Fitters(frozenset(own.id for own in model.machines if own.failures), THRESHOLD)


def _standby(settings: Settings, model: Model) -> StandbyRules:
    machines = {
        own.id: Resting(own.power["idle"] / 1000, own.power["standby"] / 1000, 1.0, own.power["run"] / 1000)
        for own in model.machines
        if own.failures
    }
    services = {"compressor": settings.energy.compressor_margin}
    return StandbyRules(machines, least=settings.energy.standby_after, services=services)


# ---- a good plant's practice


def _by_age(settings: Settings, model: Model) -> list[Decider]:
    """Parts are exchanged at the age that pays by their known lives; nobody is asked where none pays."""
    ages: dict[str, float] = {}
    for machine in model.machines:
        for own in machine.failures:
            if own.id in ages or own.life.kind != "weibull":
                continue
            shape, scale = own.life.params[0], own.life.params[1] / 3600
            best = age(weibull_life(shape, scale), _prices(settings, own.id, own.repair.mean / 3600))
            if best.interval is not None and best.interval < 3 * scale:
                ages[own.id] = best.interval
    if not ages:
        return []
    return [AgeMaintenance(frozenset(own.id for own in model.machines if own.failures), ages)]


def _prices(settings: Settings, part: str, repair: float) -> Prices:
    m, price = settings.maintenance, settings.parts.of(part)
    return Prices(
        failure=m.damage * price + m.technician * repair, planned=price + m.technician * m.planned * repair,
        failure_hours=repair, planned_hours=m.planned * repair,
    )  # fmt: skip
