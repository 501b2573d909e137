"""The process plant as a pilot: one run under an arm, and what it cost.

Reads   `process.toml` and `pilot.toml`    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.pilot.c1_process.settings import Energy, Labour, Loss, Money, Overhead, Settings, Upkeep, Window
from luban.pilot.chance import Chance
from luban.pilot.money import YEAR, lever_cost
from luban.pilot.plan import Arm, Figures, Lever
from luban.pilot.written import read_pilot

if TYPE_CHECKING:
    from luban.loop.deciding.floor import Decider
    from luban.pilot.c1_process.floor import ProcessFloor
    from luban.twin.process.packing import PackOrder
    from luban.twin.process.parameters import Parameters

__all__ = ["ProcessPilot", "open_process"]

_CAPITAL: Final = frozenset({"palletiser"})
_HOTTEST: Final = 354.5  # K: half a kelvin below the end of the safe band
_SPREAD: Final = 0.0015 / 10**0.5  # of ten minutes of the analyser [1]


def open_process(folder: Path) -> ProcessPilot:
    """The pilot of a folder. Raises ConfigError with the place of what is missing or unknown."""
    written = read_pilot(folder)
    settings = Settings(
        written.fill("window", Window), written.fill("labour", Labour), written.fill("energy", Energy),
        written.fill("upkeep", Upkeep), written.fill("loss", Loss), written.fill("overhead", Overhead),
        written.fill("money", Money),
    )  # fmt: skip
    return ProcessPilot(
        folder, settings, written.levers, written.meanings, title=written.title, currency=written.currency,
        unit=written.unit, category=written.category, rate=settings.money.rate,
    )  # fmt: skip


@dataclass
class ProcessPilot:
    """A reactor, a column and a packing line with five crews; see `luban.pilot.plan.Pilot`."""

    folder: Path
    settings: Settings
    levers: tuple[Lever, ...]
    meanings: Mapping[str, str]
    title: str
    currency: str
    unit: str
    category: str
    rate: float
    name: str = "c1_process"
    skipped: Mapping[str, str] = field(
        default_factory=lambda: {
            "loops": "valves that stick make the loops swing, and no order to a valve is among those allowed",
            "pumps": "pumps have spares that start by themselves; no order to a pump is among those allowed",
        }
    )
    units: Mapping[str, str] = field(
        default_factory=lambda: {
            "energy": "kWh", "steam": "t", "carbon": "t", "water": "m³", "steam by tonne": "t/t",
            "purge by tonne": "kg/t",
            "on time": "1", "cycle p90": "s", "made by hour": "t/h", "trips": "1", "cleanings": "1", "diverted": "t",
            "packed off-spec": "t", "giveaway": "t", "running": "1", "acts": "1", "refused": "1", "confirmed": "1",
        }
    )  # fmt: skip
    binds: Mapping[str, str] = field(
        default_factory=lambda: {
            "cost": "wages of a fixed crew, steam for a separation of this volatility, feed lost with the by-product: "
            "set-points move only a part of each",
            "cycle": "an order is five days of demand: even at full load it takes more than four days to make",
            "defects": "the hours after a stop, the laboratory's bias of a month, by-product that builds up",
        }
    )  # fmt: skip

    def arms(self) -> Mapping[str, Arm]:
        """Capacity sold, and low demand.

        Sold is the largest demand, in steps of 4 %, at which cycle and share on time are no worse than as is; on seeds
        that are not reported.
        """
        own = frozenset(one.id for one in self.levers if not one.capital)
        return {
            "capacity sold": Arm(levers=own, demand=1.08),
            "as is, low load": Arm(demand=0.9),
            "luban, low load": Arm(levers=own, demand=0.9),
        }

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run: warm-up as is, then the arm. Raises InputError for an unknown lever or practice."""
        known = {one.id for one in self.levers}
        if arm.levers - known or arm.practice not in {"as is", "conventional"}:
            came = f"{arm.practice}, {', '.join(sorted(arm.levers)) or 'no lever'}"
            raise InputError("no such arm", came=came, expected=f"levers: {', '.join(sorted(known))}")
        window = self.settings.window
        span = window.days if days is None else days
        floor = self.floor(arm, seed, window.warm + span)
        books = _Books(floor, self.settings)
        floor.to(round(window.warm) * DAY)
        books.begin()
        end = round((window.warm + span) * 24) * HOUR
        while floor.plant.now < end:
            floor.to(floor.plant.now + HOUR)
            books.hour()
        return books.figures(self, arm, span)

    def floor(self, arm: Arm, seed: int, days: float) -> ProcessFloor:
        """The plant of a seed under an arm, at its beginning."""
        from luban.pilot.c1_process.floor import ProcessFloor
        from luban.pilot.c1_process.practice import People
        from luban.twin.process.coupled import CoupledRun
        from luban.twin.process.packing import packing_model
        from luban.twin.process.parameters import load
        from luban.twin.process.run import ProcessRun
        from luban.twin.run import Run

        plant, window = load(self.folder / "process.toml"), self.settings.window
        begin = round(window.warm) * DAY
        age = float(int(Chance(seed).uniform("jacket") * window.age))
        orders = self._orders(plant, seed, days, arm.demand, begin)
        process = ProcessRun(plant, seed=seed, swift=True, fouled=age)
        model = packing_model(plant, seed=seed, days=days + 2, orders=orders)
        coupled = CoupledRun(process, Run(model, seed=seed), orders=orders)
        price = self.settings.energy
        return ProcessFloor(
            coupled, People(coupled, age), self.deciders(plant, process.start, arm.levers), begin=begin,
            practice=arm.practice, silent=arm.silent, price=lambda now: price_of(price, now),
        )  # fmt: skip

    @staticmethod
    def _orders(plant: Parameters, seed: int, days: float, demand: float, begin: int) -> tuple[PackOrder, ...]:
        """Orders of the seed; those received after the warm-up so many times as large."""
        from luban.twin.process.packing import draw_orders

        return tuple(
            replace(one, pallets=max(1, round(one.pallets * demand))) if one.received >= begin else one
            for one in draw_orders(plant, seed, 0, days)
        )

    def deciders(self, plant: Parameters, start: int, levers: frozenset[str]) -> list[Decider]:
        """Those who decide, in the order of the levers."""
        from luban.loop.deciding.process.estimate import Doubt
        from luban.loop.deciding.process.model import Sheet
        from luban.loop.deciding.process.quality import LetIn, PurityByEstimate, Worth
        from luban.loop.deciding.process.reactor import BottomByLaboratory, PlantPrices, ReactorByModel
        from luban.loop.deciding.process.upkeep import BagTarget, CleaningByTransfer, GradeOrder, LoadShift

        s, r, c, f, money = self.settings, plant.reactor, plant.column, plant.flowsheet, self.settings.money
        doubt = Doubt(money.accuracy, money.bias, _SPREAD, money.drift, round(money.calibration) * DAY, start)
        guarantees = {grade.id: grade.purity for grade in plant.grades}
        steam_by_purity = 0.19 / 0.005 * 2.0 * plant.prices.steam  # half the impurity costs a fifth of the steam: X5
        worth = Worth(s.loss.standard * s.loss.rerun, steam_by_purity)
        sheet = Sheet(r.content, r.inert, r.e1, r.e2, r.h1, c.volatility, c.stages, c.heat)
        p = plant.prices
        prices = PlantPrices(p.feed, p.steam, p.flare, p.electricity, f.molar_mass, f.steam_heat, f.chiller)
        points = {one.id: one for one in plant.set_points}
        reflux, tray, feed = points["reflux"], points["tray_temperature"], points["reactor_feed"]
        tonne = plant.packing.bag * plant.packing.pallet / 1000
        room = f.product_tank
        made: dict[str, Any] = {
            "quality": lambda: PurityByEstimate(doubt, guarantees, worth, room=room, band=(reflux.low, reflux.high)),
            "faults": lambda: LetIn(doubt, guarantees, worth, room=room),
            "reactor": lambda: ReactorByModel(
                sheet, prices, hottest=_HOTTEST, feeds=(70.0, 100.0), room=room * f.molar_mass / 1000, packed=tonne
            ),
            "bottom": lambda: BottomByLaboratory(sheet, prices, band=(tray.low + 0.5, tray.high)),
            "bags": lambda: BagTarget(
                plant.packing.bag, (plant.packing.target_low, plant.packing.target_high), plant.packing.pallet
            ),
            "cleaning": lambda: CleaningByTransfer(r.h1, r.jacket_low, f.water_mean, f.jacket_water),
            "grades": lambda: GradeOrder(
                {grade.id: p.product * tonne for grade in plant.grades}, guarantees, rate=2.7 / tonne,
                change=plant.packing.changeover / 60, step_up=worth.purity * room * f.molar_mass / 1000,
                late=s.loss.late, carrying=s.loss.carrying / YEAR,
                unready=0.4 * room * f.molar_mass / 1000 * worth.off,
            ),
            "tariff": lambda: LoadShift(
                s.energy.flat * sum(s.energy.ratios) / len(s.energy.ratios), (feed.low, feed.high)
            ),
        }  # fmt: skip
        return [made[one.id]() for one in self.levers if one.id in levers and one.id in made]


def price_of(energy: Energy, now: int) -> float:
    """Price of a kilowatt-hour in the hour of a time [µs UTC] [currency]; the plant's clock is eight hours ahead."""
    return energy.flat * energy.ratios[(now // HOUR + 8) % 24]


class _Books:
    """What a run spends, hour by hour, within its window."""

    def __init__(self, floor: ProcessFloor, settings: Settings) -> None:
        self.floor, self.s = floor, settings
        self.power_cost = self.peak = self.stock_time = 0.0
        self._before: dict[str, float] = {}
        self._pumps = 0

    def _now(self) -> dict[str, float]:
        plant = self.floor.plant
        made, line = plant.process.totals(), plant.totals()
        mass = plant.process.parameters.flowsheet.molar_mass / 1000
        return {
            "steam": made.steam, "power": made.electricity + plant.line_energy(), "water": made.water,
            "purge": made.purge * mass,
            "diverted": line.diverted / 1e9, "off": line.off_spec / 1e9, "good": line.good / 1e9,
            "declared": line.declared / 1e9, "made": line.made / 1e9, "trips": float(sum(made.trips)),
            "cleanings": float(made.cleanings), "running": float(made.mode_time[0]) / HOUR, "fresh": made.fresh * mass,
            "pumps": float(plant.process.pump_failures),
        }  # fmt: skip

    def begin(self) -> None:
        """The window begins."""
        self._start, self._last = self._now(), self._now()
        self._from = self.floor.plant.now
        self._acts, self._confirmed = len(self.floor.acts), self.floor.confirmed

    def hour(self) -> None:
        """An hour is over."""
        now, plant = self._now(), self.floor.plant
        used = now["power"] - self._last["power"]
        self.power_cost += used * price_of(self.s.energy, plant.process.start + plant.now - HOUR)
        self.peak = max(self.peak, used)
        whole = plant.totals()
        self.stock_time += (whole.tank + whole.in_packing + whole.good - whole.shipped) / 1e9
        self._last = now

    def figures(self, pilot: ProcessPilot, arm: Arm, days: float) -> Figures:
        """The window's figures."""
        d = {name: value - self._start[name] for name, value in self._last.items()}
        s, p, share = self.s, self.floor.plant.process.parameters, days / YEAR
        on = frozenset() if arm.silent else arm.levers
        orders = self._orders()
        good, off = d["declared"], d["off"] + d["diverted"]
        posts = s.labour.posts if "palletiser" in on else 0.0
        own = len(on - _CAPITAL) > 0
        confirmed = (self.floor.confirmed - self._confirmed) if own else 0
        late = sum(min(s.loss.late_cap, s.loss.late * one.late) * one.tonnes * p.prices.product for one in orders)
        standard = s.loss.standard
        costs = {
            "labour": (s.labour.persons - posts) * s.labour.person * share
            + confirmed * s.labour.confirm / 60 * s.labour.person / s.labour.hours,
            "energy": d["steam"] * p.prices.steam + self.power_cost + d["water"] * p.prices.water
            + self.peak * s.energy.demand * 12 * share,
            "tooling": 0.0,
            "maintenance": d["cleanings"] * s.upkeep.cleaning + d["trips"] * s.upkeep.stop + d["pumps"] * s.upkeep.pump,
            "scrap and rework": off * s.loss.rerun * standard + (d["good"] - good) * p.prices.feed
            + d["purge"] * (p.prices.feed + p.prices.flare),
            "measuring": 0.0,
            "carrying": self.stock_time / 24 / YEAR * s.loss.carrying * standard,
            "lateness": late,
            "levers": lever_cost(pilot.levers, on, pilot.rate, days),
            "overhead": s.overhead.year * share,
            "material": good * p.prices.feed,
        }  # fmt: skip
        cycles = sorted(one.cycle for one in orders)
        refused = sum(one.state == "refused" for one in self.floor.acts[self._acts :])
        more = {
            "energy": d["power"], "steam": d["steam"], "water": d["water"], "steam by tonne": d["steam"] / d["made"],
            "carbon": (d["power"] * s.energy.carbon + d["steam"] * s.energy.steam_carbon) / 1000,
            "purge by tonne": 1000 * d["purge"] / d["made"],
            "on time": sum(one.late <= 0 for one in orders) / len(orders) if orders else 1.0,
            "cycle p90": cycles[min(len(cycles) - 1, int(0.9 * len(cycles)))] if cycles else float("nan"),
            "made by hour": d["made"] / days / 24, "trips": d["trips"], "cleanings": d["cleanings"],
            "diverted": d["diverted"], "packed off-spec": d["off"], "giveaway": d["good"] - good,
            "running": d["running"] / 24 / days, "acts": float(len(self.floor.acts) - self._acts),
            "refused": float(refused), "confirmed": float(confirmed),
        }  # fmt: skip
        if not cycles or good <= 0:
            raise InputError("no order was finished in the window", came=f"{days:g} days", expected="a longer window")
        whole = d["good"] + off
        return Figures(days, good, whole, sum(cycles) / len(cycles), off / whole, costs, more)

    def _orders(self) -> list[_Order]:
        """Orders whose last pallet left within the window: the truck goes once a day."""
        plant, found = self.floor.plant, []
        tonne = plant.process.parameters.packing.bag * plant.process.parameters.packing.pallet / 1000
        for one in plant.orders():
            left = -(-one.finish // DAY) * DAY
            if one.finish > 0 and self._from < left <= plant.now:
                late = (left - one.order.due) / DAY
                found.append(_Order((left - one.order.received) / 1e6, max(0.0, late), one.order.pallets * tonne))
        return found


@dataclass(frozen=True, slots=True)
class _Order:
    """Receipt to leaving [s]; days late [d]; size [t]."""

    cycle: float
    late: float
    tonnes: float
