"""What a process plant of the C1 kind is: one file of parameters, checked at the door."""

from __future__ import annotations

import math
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from luban.core.errors import ConfigError
from luban.twin.process.column import Column
from luban.twin.process.layout import Loop, Point, Reading
from luban.twin.process.reactor import Reactor

__all__ = [
    "Disturbances",
    "Flowsheet",
    "Grade",
    "Instrument",
    "Laboratory",
    "LoopSettings",
    "Packing",
    "Parameters",
    "Prices",
    "SetPoint",
    "Stops",
    "load",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flowsheet:
    """What lies around reactor and column.

    start          first instant, ISO with offset
    step           time between two samples of the controllers [s]; divides 60
    buffer         room between reactor and column [kmol]
    product_tank   room for product [kmol]
    molar_mass     of every component [kg/kmol]
    start_ramp     from 60 % to full feed after a stop [h]; heat_ramp of the reactor then [K/h]
    turndown       flows of the idle column, under total reflux [1 of nominal]
    most_distillate  by feed, beyond which the boil-up is held back [1]
    valve_lag      of flow behind its valve [s]; valve_room: largest flow by nominal [1]
    pumps_power, idle_power   [kW]
    chiller        heat moved per power at mean water temperature [1]; chiller_water: its loss by water [1/K]
    water_mean     [K]; jacket_water: share of the water's deviation that the cold jacket shows [1]
    steam_heat     [MJ/t]
    cooling_water  lost by evaporation per heat of the condenser [m3/MJ]
    high_valve     jacket valve above which the feed is cut; feed_cut: how fast [1/h]; feed_back: how it returns [1/h]
    """

    start: str
    step: float
    buffer: float
    product_tank: float
    molar_mass: float
    start_ramp: float
    heat_ramp: float
    turndown: float
    most_distillate: float
    valve_lag: float
    valve_room: float
    pumps_power: float
    idle_power: float
    chiller: float
    chiller_water: float
    water_mean: float
    jacket_water: float
    steam_heat: float
    cooling_water: float
    high_valve: float
    feed_cut: float
    feed_back: float


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What moves the plant; sigma and time constant [h] of first-order noise.

    activity    of the first reaction [1]
    feed_t      [K]
    steam       pressure [1]
    water_day, water_year   amplitude of the cooling water [K]
    """

    activity: float
    activity_tau: float
    feed_t: float
    feed_t_tau: float
    steam: float
    steam_tau: float
    water_day: float
    water_year: float


@dataclass(frozen=True, slots=True)
class Stops:
    """What stops the plant.

    compressor, compressor_repair   mean time between failures and mean repair of the cooling-water compressor [h]
    trips        other trips a year; trip_repair: mean [h]; repair_sigma: of the logarithm of both repairs
    pump         mean time between failures [h], pump_shape of its Weibull, pump_repair [h]
    pump_gap     flow is missing until the spare has started [s]; pump_precursor: vibration before [d]
    cleaning     of the reactor's jacket [h]
    """

    compressor: float
    compressor_repair: float
    trips: float
    trip_repair: float
    repair_sigma: float
    pump: float
    pump_shape: float
    pump_repair: float
    pump_gap: float
    pump_precursor: float
    cleaning: float


@dataclass(frozen=True, slots=True)
class Laboratory:
    """How quality is seen.

    every, delay   of laboratory samples [h]; sigma [1]; bias: sigma of its monthly bias [1]
    analyser_sigma [1]; analyser_drift: step of its drift a day [1]; calibration: every so often it is set to zero [d]
    """

    every: float
    delay: float
    sigma: float
    bias: float
    analyser_sigma: float
    analyser_drift: float
    calibration: float


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """A PI loop: gain [output/input], reset [min], range of the output, stiction of its valve [1 of the range].

    output      where it stands at the beginning; auto: whether it controls
    set_point   where nothing else gives it one
    """

    id: str
    gain: float
    reset: float
    low: float
    high: float
    output: float
    stiction: float = 0.0
    auto: bool = True
    set_point: float = 0.0


@dataclass(frozen=True, slots=True)
class SetPoint:
    """A handle: as-is value, safe band, rate [unit/h]."""

    id: str
    unit: str
    value: float
    low: float
    high: float
    rate: float


@dataclass(frozen=True, slots=True)
class Instrument:
    """A reading: its tag, the equipment it belongs to, unit, noise (standard deviation), alarm limits (None: none)."""

    id: str
    tag: str
    place: str
    unit: str
    noise: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """A product: least light share [1], highest by-product [1], share of the demand [1]."""

    id: str
    purity: float
    by_product: float
    share: float


@dataclass(frozen=True, slots=True)
class Packing:
    """The packing line and what is asked of it.

    bag, target, sigma   [kg]; rate [bags/h]; pallet [bags]
    start_level, stop_level   of the tank, above which the line starts and below which it stops [1]
    stop, repair         mean time between stops and mean repair [min]; repair_sigma of its logarithm; changeover [min]
    power                running, waiting [kW]
    warehouse            room for packed product [t]
    nameplate            of the plant [t/h]; demand: share of it [1]
    order                mean [d of demand]; order_sigma of its logarithm
    notice               order received so long before it is due at the earliest [d]
    """

    bag: float
    target: float
    target_low: float
    target_high: float
    sigma: float
    rate: float
    pallet: int
    start_level: float
    stop_level: float
    stop: float
    repair: float
    repair_sigma: float
    changeover: float
    power: float
    power_idle: float
    warehouse: float
    nameplate: float
    demand: float
    order: float
    order_sigma: float
    notice: float


@dataclass(frozen=True, slots=True)
class Prices:
    """In yuan/t, electricity in yuan/kWh, water in yuan/m3.

    rerun  share of the variable cost that off-spec costs again [1]
    """

    feed: float
    product: float
    steam: float
    electricity: float
    water: float
    flare: float
    rerun: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """A process plant."""

    flowsheet: Flowsheet
    reactor: Reactor
    column: Column
    disturbances: Disturbances
    stops: Stops
    laboratory: Laboratory
    packing: Packing
    prices: Prices
    loops: tuple[LoopSettings, ...]
    set_points: tuple[SetPoint, ...]
    instruments: tuple[Instrument, ...]
    grades: tuple[Grade, ...]

    def __post_init__(self) -> None:
        for what, found, wanted in (
            ("loop", self.loops, Loop),
            ("setpoint", self.set_points, Point),
            ("instrument", self.instruments, Reading),
        ):
            names, expected = [one.id for one in found], [e.name if what == "loop" else e.name.lower() for e in wanted]
            if names != expected:
                raise ConfigError(
                    f"the [[{what}]] tables are not those of the model",
                    came=", ".join(names),
                    expected=", ".join(expected),
                )
        for point in self.set_points:
            if not (point.low <= point.value <= point.high and point.rate > 0):
                raise ConfigError(f"set-point {point.id} is outside its band", came=f"{point.value} {point.unit}")
        if 60.0 % self.flowsheet.step:
            raise ConfigError("step does not divide a minute", came=f"{self.flowsheet.step} s")
        if not math.isclose(sum(grade.share for grade in self.grades), 1.0):
            raise ConfigError("the grades' shares do not add up to 1")


def load(path: Path) -> Parameters:
    """Reads a process plant from its TOML file.

    Raises   ConfigError: missing, unknown or wrong keys, with file and table
    """
    try:
        text = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("no process plant there", where=str(path), came=str(error)) from None
    one = {"flowsheet": Flowsheet, "reactor": Reactor, "column": Column, "disturbances": Disturbances, "stops": Stops,
           "laboratory": Laboratory, "packing": Packing, "prices": Prices}  # fmt: skip
    many = {"loop": LoopSettings, "setpoint": SetPoint, "instrument": Instrument, "grade": Grade}
    strange = sorted(set(text) - set(one) - set(many))
    if strange:
        raise ConfigError("unknown table", where=str(path), came=strange[0], expected=", ".join([*one, *many]))
    made: dict[str, Any] = {name: _fill(kind, text.get(name, {}), f"{path} [{name}]") for name, kind in one.items()}
    lists: dict[str, tuple[Any, ...]] = {
        name: tuple(
            _fill(kind, table, f"{path} [[{name}]] {number}") for number, table in enumerate(text.get(name, ()), 1)
        )
        for name, kind in many.items()
    }
    return Parameters(
        **made,
        loops=lists["loop"],
        set_points=lists["setpoint"],
        instruments=lists["instrument"],
        grades=lists["grade"],
    )


def _fill(kind: type[T], table: dict[str, Any], where: str) -> T:
    """A dataclass from a table: every key known, none missing, each of its type."""
    wanted = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in wanted:
            raise ConfigError("unknown key", where=where, came=name, expected=", ".join(wanted))
    values: dict[str, Any] = {}
    for name, field in wanted.items():
        if name not in table:
            if field.default is MISSING:
                raise ConfigError("a key is missing", where=where, expected=name)
            continue
        value, text = table[name], str(field.type)
        fits = {"str": isinstance(value, str), "bool": isinstance(value, bool), "int": type(value) is int}.get(
            text, isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
        if not fits:
            raise ConfigError("a value of the wrong kind", where=where, came=f"{name} = {value!r}", expected=text)
        values[name] = float(value) if text.startswith("float") else value
    return kind(**values)
