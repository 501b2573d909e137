"""A run of the process plant: to a time, then look, then move a set-point, then on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, parse_time
from luban.twin.kernel.random import run_key
from luban.twin.process.cycle import DONE, LOST, advance, begin
from luban.twin.process.design import steady_plant
from luban.twin.process.integrator import work
from luban.twin.process.layout import (
    EVENT,
    INPUT,
    LOOP,
    MEMORY,
    POINT,
    PUMPS,
    Code,
    Loop,
    Mode,
    Point,
    Reading,
    State,
    record,
)
from luban.twin.process.parameters import Parameters

__all__ = ["LabResult", "ProcessRun", "ProcessTotals"]

_WIDTH: Final = len(Reading)


@dataclass(frozen=True, slots=True)
class LabResult:
    """What the laboratory said: light share at top and bottom, by-product in the product [1].

    sampled, issued  [µs after the start]
    """

    sampled: int
    issued: int
    top: float
    bottom: float
    by_product: float


@dataclass(frozen=True, slots=True)
class ProcessTotals:
    """The books of a run from its beginning; a window's figure is the difference of two.

    fresh, product, diverted, purge   [kmol]; product and diverted left the column as product and as off-spec
    product_parts …   B, by-product, inert in it [kmol]
    steam       [t]; electricity [kWh]; water [m3] evaporated for the condenser
    mode_time   [µs] by Mode; sums to `now` exactly
    trips       by cause: hot reactor, compressor, other, pump without spare
    """

    now: int
    fresh: float
    product: float
    product_parts: tuple[float, float, float]
    diverted: float
    diverted_parts: tuple[float, float, float]
    purge: float
    purge_parts: tuple[float, float, float]
    steam: float
    electricity: float
    water: float
    mode_time: tuple[int, ...]
    trips: tuple[int, int, int, int]
    cleanings: int


class ProcessRun:
    """One run of a process plant, moved on in windows as a `Run` of the discrete kernel is.

    seed, replication  its random numbers; equal ones give the equal run, whatever decisions are taken
    every              time between two rows of readings [s], whole minutes; 0: none are kept
    swift              integrate in steps of second order, one a sample, at half the time; for many long runs
    fouled             age of the jacket's fouling when the run begins [d]
    Example  >>> run = ProcessRun(load(path), seed=1).to(86_400_000_000)      # one day
             >>> run.set_point("reflux", 3.2)
             >>> run.to(2 * 86_400_000_000).totals().steam
    """

    def __init__(
        self,
        parameters: Parameters,
        *,
        seed: int = 1,
        replication: int = 0,
        every: int = 60,
        swift: bool = False,
        fouled: float = 0.0,
    ) -> None:
        if every < 0 or every % 60:
            raise InputError("readings are kept by whole minutes", came=f"{every} s", expected="0, 60, 120 … s")
        if not 0.0 <= fouled <= 200.0:
            raise InputError("no age of a jacket", came=f"{fouled:g} d", expected="0 to 200 d since the last cleaning")
        self.parameters = p = parameters
        self.start = parse_time(p.flowsheet.start)
        self.seed, self.replication = seed, replication
        self._key = np.uint64(run_key(seed, replication))
        self._every, self._step = every * 1_000_000, int(p.flowsheet.step * 1e6)
        self._memory = np.zeros(1, MEMORY)
        self._input = np.zeros(1, INPUT)
        self._loops = np.zeros(len(Loop), LOOP)
        self._points = np.zeros(len(Point), POINT)
        self._events = np.zeros(4096, EVENT)
        self._told: list[np.ndarray[Any, Any]] = []
        self._lab: list[LabResult] = []
        self._kept: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
        sections = (p.reactor, p.column, p.flowsheet, p.disturbances, p.stops, p.laboratory)
        self._p = tuple(record(section)[0] for section in sections)
        self._y = _first_state(p)
        self._k = work(self._y.size)
        self._absolute = _tolerance(p)
        self._memory["swift"], self._memory["fouled_since"] = int(swift), -round(fouled * DAY)
        self._fill()
        begin(self._memory[0], self._key, self._p[4])

    def _fill(self) -> None:
        p, m = self.parameters, self._memory
        for row, loop in zip(self._loops, p.loops, strict=True):
            for name in ("gain", "low", "high", "stiction", "output", "set_point"):
                row[name] = getattr(loop, name)
            row["reset"], row["auto"] = loop.reset / 60.0, int(loop.auto)
            row["integral"] = row["position"] = loop.output
        jacket, r = float(self._y[State.JACKET]), p.reactor
        first = self._loops[Loop.TC101]
        for name in ("output", "position", "integral"):
            first[name] = min(1.0, max(0.0, (r.jacket_high - jacket) / (r.jacket_high - r.jacket_low)))
        for row, point in zip(self._points, p.set_points, strict=True):
            row["target"] = row["value"] = point.value
            row["low"], row["high"], row["rate"] = point.low, point.high, point.rate
        m["noise"] = [instrument.noise for instrument in p.instruments]
        for number, instrument in enumerate(p.instruments):
            m["limits"][0, number] = (
                -math.inf if instrument.low is None else instrument.low,
                math.inf if instrument.high is None else instrument.high,
            )
        m["h"], m["feed_factor"], m["tank_level"] = p.flowsheet.step / 3600.0, 1.0, 0.5
        m["feed_flow"] = p.reactor.feed
        m["reading"][0, Reading.ANALYSER] = self._points["value"][Point.PURITY]
        m["reflux_flow"], m["boilup_flow"] = (self._points["value"][i] * p.column.feed for i in (3, 6))

    @property
    def now(self) -> int:
        """The run's clock [µs after the start]."""
        return int(self._memory["now"][0])

    @property
    def mode(self) -> Mode:
        """What the plant does now."""
        return Mode(int(self._memory["mode"][0]))

    def to(self, until: int) -> Self:
        """Runs to that time [µs after the start], a multiple of the controllers' sample.

        Raises   InputError: a time in the past or between two samples; the plant cannot be followed
        """
        step, now = self._step, self.now
        if until < now:
            raise InputError("a run does not go back", came=f"{until} µs", expected=f"{now} µs or later")
        if until % step:
            raise InputError("a time between two samples", came=f"{until} µs", expected=f"a multiple of {step} µs")
        while now < until:
            room = min(65_536, (until - now) // self._every + 2) if self._every else 0
            rows, times = np.empty((room, _WIDTH)), np.empty(room, np.int64)
            status, written = advance(
                until, self._key, self._memory[0], self._y, self._input[0], self._loops, self._points,
                self._events, rows, times, self._every, self._k, self._absolute, self._p,
            )  # fmt: skip
            now = self.now
            if written:
                self._kept.append((times[:written], rows[:written]))
            self._take_events()
            if status == LOST:
                raise InputError("the plant left every bound that can be followed", where=f"day {now / DAY:.3f}")
            if status == DONE:
                break
        return self

    def _take_events(self) -> None:
        count = int(self._memory["events"][0])
        if not count:
            return
        rows = self._events[:count].copy()
        self._memory["events"] = 0
        samples = rows["code"] == Code.SAMPLE
        self._lab += [
            LabResult(int(r["since"]), int(r["time"]), float(r["x"]), float(r["y"]), float(r["z"]))
            for r in rows[samples]
        ]
        self._told.append(rows[~samples])

    # ---- what can be seen

    def take_readings(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Times [µs after the start] and readings (columns as Reading) kept since the last call."""
        kept, self._kept = self._kept, []
        if not kept:
            return np.empty(0, np.int64), np.empty((0, len(Reading)))
        return np.concatenate([times for times, _ in kept]), np.concatenate([rows for _, rows in kept])

    def take_events(self) -> np.ndarray[Any, Any]:
        """Stops, starts, alarms, pumps since the last call, in the order in which they happened; see Code."""
        told, self._told = self._told, []
        return np.concatenate(told) if told else np.zeros(0, EVENT)

    def results(self, since: int = 0) -> list[LabResult]:
        """Results that the laboratory has issued so far, in order, without the first `since` of them."""
        now = self.now
        return [result for result in self._lab[since:] if result.issued <= now]

    def shows(self) -> dict[str, float]:
        """The last reading of every instrument."""
        return {i.id: float(v) for i, v in zip(self.parameters.instruments, self._memory["reading"][0], strict=True)}

    def reading(self, of: Reading) -> float:
        """The last reading of one instrument, as `shows` has it."""
        return float(self._memory["reading"][0, of])

    @property
    def diverted(self) -> bool:
        """Whether the distillate goes to off-spec."""
        return bool(self._memory["divert"][0])

    @property
    def pump_failures(self) -> int:
        """Pumps that failed so far [1]."""
        return int(self._memory["pump_count"].sum()) - PUMPS

    @property
    def fouled_since(self) -> int:
        """When the jacket was clean last [µs after the start]; people know, they cleaned it."""
        return int(self._memory["fouled_since"][0])

    def set_points(self) -> dict[str, float]:
        """Where each set-point is now; on its way to where it was sent."""
        return {p.id: float(v) for p, v in zip(self.parameters.set_points, self._points["value"], strict=True)}

    # ---- what can be moved

    def set_point(self, name: str, value: float) -> None:
        """Sends a set-point to a value; it goes there no faster than its rate.

        Raises   InputError: unknown, no number, outside the safe band, or in the hands of a loop in automatic
        """
        number = self._number(name)
        point = self.parameters.set_points[number]
        if not (math.isfinite(value) and point.low <= value <= point.high):
            raise InputError(
                f"{name} outside its safe band", came=f"{value:g} {point.unit}",
                expected=f"{point.low:g} to {point.high:g} {point.unit}",
            )  # fmt: skip
        owner = {Point.REFLUX: Loop.AC201, Point.BOILUP: Loop.TC201}.get(Point(number))
        if owner is not None and self._loops["auto"][owner]:
            raise InputError(
                f"{name} is moved by {owner.name}",
                came="the loop is in automatic",
                hint=f'mode("{owner.name}", auto=False)',
            )
        self._points["target"][number] = value

    def mode_of(self, loop: str, *, auto: bool) -> None:
        """Puts a loop in automatic or in manual, without a bump. Raises InputError for an unknown or fixed loop."""
        number = self._loop(loop)
        if number == Loop.FC301:
            raise InputError("the purge has no automatic", came=loop)
        if auto and number == Loop.AC201 and not self._loops["auto"][number]:
            row = self._loops[number]
            self._points["target"][Point.PURITY] = row["set_point"] = self._points["value"][Point.PURITY]
            reading = float(self._memory["reading"][0, Reading.ANALYSER])
            row["integral"] = row["output"] - row["gain"] * (row["set_point"] - reading)
        self._loops["auto"][number] = int(auto)

    def tune(self, loop: str, gain: float, reset: float) -> None:
        """Gives a loop another gain [output/input] and reset [min].

        Raises   InputError: unknown loop; a gain of other sign or beyond a factor 10 of the present one; reset ≤ 0
        """
        number = self._loop(loop)
        before = float(self._loops["gain"][number])
        if not (0.1 <= gain / before <= 10 and 0 < reset < math.inf):  # factor 10 either way
            raise InputError(
                f"not a tuning for {loop}", came=f"gain {gain:g}, reset {reset:g} min",
                expected=f"gain {before / 10:g} to {before * 10:g}, reset above 0 min",
            )  # fmt: skip
        row = self._loops[number]
        row["gain"], row["reset"] = gain, reset / 60.0

    def clean(self, at: int) -> None:
        """Sets the date of the next cleaning of the jacket [µs after the start]; it replaces the date set before.

        Raises   InputError: less than 24 h ahead, or more than 200 days after the last cleaning
        """
        latest = int(self._memory["fouled_since"][0]) + 200 * DAY
        if not self.now + DAY <= at <= latest:
            raise InputError(
                "no date for a cleaning", came=f"day {at / DAY:.2f}",
                expected=f"day {self.now / DAY + 1:.2f} to {latest / DAY:.2f}",
            )  # fmt: skip
        self._memory["cleaning_at"] = at

    def divert(self, off_spec: bool) -> None:
        """Sends the distillate to off-spec (True) or to product."""
        if off_spec == self.diverted:
            return
        self._memory["divert"] = int(off_spec)
        row = np.zeros(1, EVENT)
        row["time"], row["code"], row["x"] = self.now, Code.DIVERT, float(off_spec)
        self._told.append(row)

    def fill(self, level: float) -> None:
        """Tells the plant how full its product tank is [1]; it throttles from 0.85 on and stops at 0.98."""
        self._memory["tank_level"] = level

    def _number(self, name: str) -> int:
        names = [point.id for point in self.parameters.set_points]
        if name not in names:
            raise InputError("unknown set-point", came=name, expected=", ".join(names))
        return names.index(name)

    def _loop(self, name: str) -> Loop:
        if name not in Loop.__members__:
            raise InputError("unknown loop", came=name, expected=", ".join(Loop.__members__))
        return Loop[name]

    # ---- the books

    def totals(self) -> ProcessTotals:
        """The books at this moment."""
        y, m, flow = self._y, self._memory[0], self.parameters.flowsheet

        def stream(place: int) -> tuple[float, tuple[float, float, float]]:
            return float(y[place]), (float(y[place + 1]), float(y[place + 2]), float(y[place + 3]))

        product, product_parts = stream(State.PRODUCT)
        diverted, diverted_parts = stream(State.DIVERTED)
        purge, purge_parts = stream(State.PURGE)
        return ProcessTotals(
            now=self.now,
            fresh=float(y[State.FRESH]),
            product=product,
            product_parts=product_parts,
            diverted=diverted,
            diverted_parts=diverted_parts,
            purge=purge,
            purge_parts=purge_parts,
            steam=float(y[State.HEAT_REBOILER]) / flow.steam_heat,
            electricity=float(y[State.ELECTRICITY]) / 3.6,
            water=float(y[State.HEAT_REBOILER]) * flow.cooling_water,
            mode_time=tuple(int(v) for v in m["mode_time"]),
            trips=tuple(int(v) for v in m["trips"]),  # type: ignore[arg-type]
            cleanings=int(m["cleanings"]),
        )

    def made(self) -> tuple[float, float, float, float]:
        """Of the books only what the border to a packing line asks for: product, B and by-product in it, off-spec."""
        y = self._y[State.PRODUCT : State.DIVERTED + 1]
        return float(y[0]), float(y[1]), float(y[2]), float(y[4])

    def hidden(self) -> dict[str, float]:
        """What no instrument shows: for tests and for judging an estimate, never for a controller."""
        y, n = self._y, self.parameters.column.stages
        s = int(State.STAGES)
        light, total = y[s : s + n], y[s + n : s + 2 * n]
        heavy = float((total - light).sum())
        return {
            "top": float(light[-1] / total[-1]),
            "bottom": float(light[0] / total[0]),
            "by_product": float(y[State.COLUMN_BY]) / heavy,
            "inert": float(y[State.COLUMN_INERT]) / heavy,
            "reactor_temperature": float(y[State.TEMPERATURE]),
            "reactor_b": float(y[1] / y[0:4].sum()),
            "cooling": float(self._input["cooling"][0]),
            "activity": float(self._input["activity"][0]),
            "analyser_drift": float(self._memory["drift"][0]),
            "laboratory_bias": float(self._memory["bias"][0]),
            "feed_factor": float(self._memory["feed_factor"][0]),
            "next_compressor": float(self._memory["next_compressor"][0]) / HOUR,
        }


def _first_state(p: Parameters) -> np.ndarray[Any, Any]:
    """At rest with the as-is set-points: by-product and inert where they settle, half-full buffer."""
    points = {point.id: point.value for point in p.set_points}
    c = p.column
    rest = steady_plant(
        p, temperature=points["reactor_temperature"], top=points["purity"], bottom=0.005, purge=points["purge"]
    )
    y = np.zeros(int(State.STAGES) + 2 * c.stages)
    y[0:4] = rest.reactor * p.reactor.content
    y[State.TEMPERATURE], y[State.JACKET] = points["reactor_temperature"], rest.jacket
    y[State.BUFFER : State.BUFFER + 4] = rest.reactor * p.flowsheet.buffer / 2
    s = int(State.STAGES)
    number = np.arange(1, c.stages + 1)
    above = (points["reflux"] - c.reflux) * c.feed * c.liquid_lag / 60
    held = c.holdup + np.where((number > 1) & (number < c.stages), above, 0.0)
    y[s + c.stages :] = held
    y[s : s + c.stages] = held * rest.profile.light
    heavy = float((held * (1 - rest.profile.light)).sum())
    y[State.COLUMN_BY], y[State.COLUMN_INERT] = rest.heavy[1] * heavy, rest.heavy[2] * heavy
    return y


def _tolerance(p: Parameters) -> np.ndarray[Any, Any]:
    """Absolute error that a step may make: 1e-6 of a stage's content, 1 mK; the meters are left out."""
    tolerance = np.full(int(State.STAGES) + 2 * p.column.stages, 1e-6 * p.column.holdup)
    tolerance[State.TEMPERATURE] = tolerance[State.JACKET] = 1e-3
    tolerance[State.METERS : State.STAGES] = math.inf
    return tolerance
