"""The nouns of a plant, frozen: equipment, signals, sources, calendars, items, routings, orders, BOM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.plant.calendar import Calendar, Shift
from luban.plant.complaint import did_you_mean
from luban.plant.trade import CodeLabel, Customer, KanbanLoop, Warranty

__all__ = [
    "Actuator",
    "AlarmRule",
    "BomLine",
    "Characteristic",
    "CostPrice",
    "CostRule",
    "EnergyRule",
    "Equipment",
    "ExchangeRate",
    "Inspection",
    "Interlock",
    "Item",
    "KeyProcess",
    "LeverRule",
    "MaintenanceTask",
    "MeterLine",
    "MeterSwap",
    "Operation",
    "Order",
    "Plant",
    "Retrofit",
    "RollupRule",
    "Signal",
    "Source",
    "SparePart",
    "TechnicianHours",
]


@dataclass(frozen=True, slots=True)
class Equipment:
    """A place in the tree.

    path      full path, plant id first
    kind      site, area, work center or work unit (ISA-95)
    parent    path of the parent; None for the plant itself
    children  paths of the children, in the order of the file
    calendar  id of its calendar, its own or its parents'; None where there is none
    """

    path: str
    kind: str
    name: str
    parent: str | None
    children: tuple[str, ...]
    calendar: str | None


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of one source.

    id           full id, `path:name`
    unit_path    the equipment it belongs to
    address      the source's own name of it
    unit         declared unit, '' where there is none
    range        (lowest, highest) possible value
    role         value, state, good_count, scrap_count, rework_count, total_count, measurement, meter, order, item,
                 reason, lot, serial
    mapping      state mapping of a state signal, '' for any other
    characteristic  `item:name` that a measurement signal measures, '' for any other
    stuck_after  [µs]
    where        file and line
    medium       of a meter signal: what its register counts, "" for any other
    every        a meter signal is put on record so often [µs]
    """

    id: str
    unit_path: str
    name: str
    source: str
    address: str
    unit: str
    range: tuple[float, float] | None
    role: str
    mapping: str
    stuck_after: int | None
    enabled: bool
    where: str
    characteristic: str = ""
    medium: str = ""
    every: int = 900_000_000


@dataclass(frozen=True, slots=True)
class Retrofit:
    """A work unit whose states and counts are read from its power.

    unit     full path
    power    signal of its power or current
    counter  signal that counts pieces, '' where there is none
    cycle    time for a piece [µs], None where nobody says
    """

    unit: str
    power: str
    counter: str = ""
    cycle: int | None = None


@dataclass(frozen=True, slots=True)
class Interlock:
    """A condition that must be seen to hold before anything is written.

    signal    a full id
    relation  <, <=, >, >=, is, is not
    value     a number, or the word of is and is not
    """

    signal: str
    relation: str
    value: float | str

    def __str__(self) -> str:
        return f"{self.signal} {self.relation} {self.value if isinstance(self.value, str) else f'{self.value:g}'}"


@dataclass(frozen=True, slots=True)
class Actuator:
    """A signal that may also be written, and its safe envelope.

    id            the signal that shows what was written, a full id; source and unit are the signal's
    address       where it is written: the signal's own, or another one of its source
    lower, upper  what may be written [unit]
    step          largest change by one command [unit]; None: any within the envelope
    every         shortest time between two writes [µs]
    tolerance     how far the value read back may lie from the one written [unit]
    settle        how long the device may take until it shows the value [µs]
    fresh         how long ago the sources of what is read may have proved themselves last [µs]
    mode          advise, confirm or automatic: what holds until somebody switches
    approver      role that approves a command, operator or engineer
    interlocks    all must hold
    """

    id: str
    source: str
    address: str
    unit: str
    lower: float
    upper: float
    step: float | None = None
    every: int = 0
    tolerance: float = 0.0
    settle: int = 5_000_000
    fresh: int = 60_000_000
    mode: str = "advise"
    approver: str = "engineer"
    interlocks: tuple[Interlock, ...] = ()

    @property
    def unit_path(self) -> str:
        """The equipment that it moves."""
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class LeverRule:
    """What people set for a lever: something that luban decides about.

    mode      advise, confirm or automatic;  approver  role that approves, operator or engineer
    every     how often it is asked [µs], 0: as its decider says;  shifts  at the turn of each shift instead
    figure    what its decisions are verified by, '' for nothing
    settings  of its own
    """

    id: str
    mode: str = "advise"
    approver: str = "engineer"
    every: int = 0
    shifts: bool = False
    figure: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A wire; what its settings mean is its connector's affair.

    where   file and line of its table
    places  file and line of each setting
    """

    id: str
    type: str
    settings: Mapping[str, Any]
    where: str
    places: Mapping[str, str] = field(default_factory=dict)

    def where_of(self, key: str) -> str:
        """File and line of a setting, or of the source where it does not have it."""
        return self.places.get(key, self.where)


@dataclass(frozen=True, slots=True)
class Item:
    """Something made, bought or used, and the unit it is counted in.

    lot  usual size of an order [unit]; None: not known
    """

    id: str
    name: str
    unit: str
    lot: float | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of a routing.

    unit           work unit or group of them, a full path
    ideal_cycle_s  planned run time per item [s/piece]
    setup_s        planned setup time per order [s]
    """

    item: str
    operation: str
    unit: str
    ideal_cycle_s: float
    setup_s: float


@dataclass(frozen=True, slots=True)
class Order:
    """A production order; release and due in µs UTC, None where the table says nothing."""

    id: str
    item: str
    quantity: float
    release: int | None
    due: int | None
    priority: float


@dataclass(frozen=True, slots=True)
class BomLine:
    """`quantity` of `item` goes into one of `parent`."""

    parent: str
    item: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What is measured on an item, with its specification limits."""

    item: str
    name: str
    unit: str
    nominal: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """How one characteristic is inspected.

    operation    after which it is measured; "" for any
    gauge        gauge or type of gauge; "" where any will do
    pieces       measured each time
    every        how often, as the table says it; "" for each piece
    every_us     the duration [µs], else None
    every_pieces the number of pieces, else None; 1 where `every` is empty
    chart        kind of control chart; "" where the number of pieces decides
    reaction     what to do when a value is out
    hold         what holds a lot by itself: out, signal or ""
    """

    item: str
    operation: str
    characteristic: str
    method: str
    gauge: str
    pieces: int
    every: str
    every_us: int | None
    every_pieces: int | None
    chart: str
    reaction: str
    hold: str = ""

    @property
    def subject(self) -> str:
        """The characteristic as facts name it, `item:name`."""
        return f"{self.item}:{self.characteristic}"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One alarm of the plant's alarm list (ISA-18.2: its entry in the master alarm database).

    id           its name
    signal       signal watched, a full id; for anomaly and life the equipment's path
    condition    high, low, rate, deviation, discrepancy, is, is not, bad, silent, anomaly or life
    limit        limit; rate: change within `window_s`; silent: [s]; life: [h]
    word         text of is and is not
    other        signal it is compared with, a full id
    deadband     way back inside the limit before it returns to normal [unit of the signal]
    on_delay_s, off_delay_s  how long the condition must last, or be away [s]
    priority     critical, high, medium or low
    latch        stays in the list until somebody resets it
    watch_in     states of its work unit in which the value is looked at, always if empty; a trailing * takes any ending
    suppress_in  states in which it is suppressed by design
    action       what the operator does; an alarm without one is reported
    response_s   time within which the action still helps [s]
    """

    id: str
    signal: str
    condition: str
    limit: float | None = None
    word: str = ""
    other: str = ""
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    window_s: float | None = None
    priority: str = "low"
    latch: bool = False
    watch_in: tuple[str, ...] = ()
    suppress_in: tuple[str, ...] = ()
    cause: str = ""
    consequence: str = ""
    action: str = ""
    response_s: float | None = None

    @property
    def unit_path(self) -> str:
        """The equipment it is about."""
        return self.signal.partition(":")[0]


@dataclass(frozen=True, slots=True)
class MaintenanceTask:
    """Something that is done to a work unit again and again, or when its condition or a failure asks for it.

    id                `asset:task`, asset by its full path
    asset             path of the work unit
    part              part that it makes new; "" for none
    policy            calendar, age, condition or failure
    every             interval: µs for the clocks calendar and running, a number of pieces for pieces; None without one
    clock             calendar, running or pieces
    duration          it stops the work unit [µs]
    parts             spare parts and how many of each
    planned_cost      of doing it as planned, without lost output [money]; failure_cost: of a failure; None: not known
    failure_duration  [µs]; None: not known
    hour_cost         output lost per hour of stop [money/h]
    """

    id: str
    asset: str
    task: str
    part: str
    policy: str
    every: int | None
    clock: str
    duration: int
    skill: str = ""
    people: int = 1
    parts: tuple[tuple[str, int], ...] = ()
    checklist: tuple[str, ...] = ()
    planned_cost: float | None = None
    failure_cost: float | None = None
    failure_duration: int | None = None
    hour_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class SparePart:
    """A spare part that is kept.

    order_at  order when on hand plus ordered falls to this [piece]; None: worked out
    lead      time of delivery [µs]; None: not known
    price     of a piece [money]; None: not known
    """

    id: str
    name: str
    place: str = ""
    order_at: int | None = None
    lot: int = 1
    lead: int | None = None
    price: float | None = None


@dataclass(frozen=True, slots=True)
class TechnicianHours:
    """Somebody who does maintenance, and the hours a week for it [h]."""

    name: str
    skills: tuple[str, ...]
    hours: float


@dataclass(frozen=True, slots=True)
class KeyProcess:
    """A process that decides quality, safety or output, and the work unit that does it.

    unit   its full path
    since  key process from then on [µs UTC]; None: always
    """

    id: str
    unit: str
    name: str = ""
    since: int | None = None


@dataclass(frozen=True, slots=True)
class CostPrice:
    """A line of prices.csv.

    kind   material, machine, labour, tool, energy, overhead or scrap
    of     item, full path of a work unit or work center, person, tool, medium or cost element; "" for all
    price  money per `per`, or share of the element
    lot, state  only this lot, only this state; "" for all
    basis  actual, standard; "" for both
    start  holds from then on [µs UTC]; None: always did
    currency  ISO 4217 code of its money; "" for the plant's own
    """

    kind: str
    of: str
    price: float
    per: str = ""
    lot: str = ""
    state: str = ""
    basis: str = ""
    start: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """A line of rates.csv.

    currency  ISO 4217 code of the foreign money
    rate      money of the plant for one unit of it
    start     holds from then on [µs UTC]; None: always did
    source    where it is from
    """

    currency: str
    rate: float
    start: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class RollupRule:
    """What returns are collected for: `[rollup]` of plant.toml.

    plan       name of a plan of luban's, or its folder beside plant.toml
    deflators  file of price indices beside plant.toml; '' for none
    """

    plan: str = "mic2025"
    deflators: str = ""


@dataclass(frozen=True, slots=True)
class CostRule:
    """How cost is kept: `[cost]` of plant.toml and accounts.csv.

    currency  ISO 4217 code
    absorb    the good pieces of an order carry its scrap; else it is written off
    rework    operations and states whose cost is shown as rework
    accounts  (number, name) by role, where the plant names them
    closed    books before this are closed [µs UTC]; None: no books are
    """

    currency: str = "CNY"
    absorb: bool = True
    rework: tuple[str, ...] = ("rework",)
    accounts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class MeterLine:
    """A line of meters.csv.

    id        as its readings call it
    parent    the meter before it; "" at the top
    feeds     it brings in beside its parent
    capacity  where its register rolls over [unit]; None: never
    rated     the most that can flow [unit/h]; None: not known
    error     class of the meter, a share; None: not known
    every     it is read so often [µs]; None: not known
    place     full path of what it measures; "" for none
    heat      [GJ/unit]; None: not known
    """

    id: str
    medium: str
    unit: str
    parent: str = ""
    feeds: bool = False
    capacity: float | None = None
    rated: float | None = None
    error: float | None = None
    every: int | None = None
    place: str = ""
    heat: float | None = None


@dataclass(frozen=True, slots=True)
class MeterSwap:
    """A line of meter_swaps.csv.

    time         when the meter was replaced [µs UTC]
    last, first  what the old one read last, and the new one first [unit of the meter]
    """

    meter: str
    time: int
    last: float
    first: float = 0.0


@dataclass(frozen=True, slots=True)
class EnergyRule:
    """How energy is priced and shared: `[energy]` of plant.toml.

    tariff   ids of tariffs that come with luban, or TOML files in the plant's folder, that follow on each other
    factors  TOML files of emission factors in the plant's folder
    region   where the plant lies, e.g. CN-east
    idle     how energy of no order comes to orders: direct, time or apart
    """

    tariff: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    region: str = "CN"
    idle: str = "direct"


@dataclass(frozen=True, slots=True)
class Plant:
    """One plant as its folder describes it. Immutable: a changed folder is a new Plant.

    id           root of every equipment path
    zone         its time zone; calendars are wall clock in it
    edition      edition of the indicator catalogue
    coverage     least known share of planned time that a figure needs [1]
    tolerance    how far the work of pieces may exceed the running time [1]
    equipment    by full path, parents before children
    signals      by full id
    fingerprint  sha256 over the files it was read from: the name of this revision
    inspections  the inspection plan, in the order of the file
    alarms       the alarm list, in the order of the file
    maintenance  what is done to work units, in the order of the file
    spares       by id
    technicians  in the order of the file
    retrofits    work units that are read from their power, in the order of the file
    actuators    what may be written, by full signal id
    levers       what luban decides about, by id
    prices       in the order of the file
    rates        exchange rates, in the order of the file
    cost         how cost is kept
    meters       in the order of the file
    meter_swaps  in the order of the file
    energy       how energy is priced and shared
    rollup       what returns are collected for
    customers    by place
    kanban       loops by id
    codes        what labels stand for, by code
    warranty     by item
    key_processes  by id
    """

    id: str
    name: str
    enterprise: str
    zone: ZoneInfo
    edition: str
    coverage: float
    tolerance: float
    equipment: Mapping[str, Equipment]
    signals: Mapping[str, Signal]
    sources: Mapping[str, Source]
    calendars: Mapping[str, Calendar]
    items: Mapping[str, Item]
    routing: tuple[Operation, ...]
    orders: Mapping[str, Order]
    bom: tuple[BomLine, ...]
    characteristics: Mapping[str, Characteristic]
    fingerprint: str
    inspections: tuple[Inspection, ...] = ()
    alarms: tuple[AlarmRule, ...] = ()
    maintenance: tuple[MaintenanceTask, ...] = ()
    spares: Mapping[str, SparePart] = field(default_factory=dict)
    technicians: tuple[TechnicianHours, ...] = ()
    retrofits: tuple[Retrofit, ...] = ()
    actuators: Mapping[str, Actuator] = field(default_factory=dict)
    levers: Mapping[str, LeverRule] = field(default_factory=dict)
    prices: tuple[CostPrice, ...] = ()
    rates: tuple[ExchangeRate, ...] = ()
    cost: CostRule = field(default_factory=CostRule)
    meters: tuple[MeterLine, ...] = ()
    meter_swaps: tuple[MeterSwap, ...] = ()
    energy: EnergyRule = field(default_factory=EnergyRule)
    rollup: RollupRule = field(default_factory=RollupRule)
    customers: Mapping[str, Customer] = field(default_factory=dict)
    kanban: Mapping[str, KanbanLoop] = field(default_factory=dict)
    codes: Mapping[str, CodeLabel] = field(default_factory=dict)
    warranty: Mapping[str, Warranty] = field(default_factory=dict)
    key_processes: Mapping[str, KeyProcess] = field(default_factory=dict)

    @property
    def work_units(self) -> tuple[str, ...]:
        """Paths of the work units, in the order of the file."""
        return tuple(path for path, equipment in self.equipment.items() if equipment.kind == "work unit")

    def place(self, path: str) -> Equipment:
        """The equipment of that path. Raises InputError with the nearest known path."""
        try:
            return self.equipment[path]
        except KeyError:
            raise InputError(
                "unknown equipment",
                came=repr(path),
                expected=f"a path of plant {self.id}",
                hint=did_you_mean(path, self.equipment),
            ) from None

    def ancestry(self, path: str) -> tuple[str, ...]:
        """The equipment itself and its parents, up to the plant."""
        found = [path]
        while (parent := self.place(found[-1]).parent) is not None:
            found.append(parent)
        return tuple(found)

    def units_of(self, path: str) -> tuple[str, ...]:
        """The work units at or below a path, in the order of the file."""
        here = self.place(path)
        below = (unit for child in here.children for unit in self.units_of(child))
        return ((path,) if here.kind == "work unit" else ()) + tuple(below)

    def shifts(self, path: str, start: int, end: int) -> list[Shift]:
        """Shifts of the equipment that meet [start, end) [µs UTC], whole, in order.

        Empty where it has no calendar: then nobody has said when it is meant to work.
        """
        calendar = self.place(path).calendar
        return self.calendars[calendar].shifts(self.zone, start, end) if calendar else []

    def ideal_cycle(self, path: str, item: str | None = None, operation: str | None = None) -> float | None:
        """Planned run time per item on that equipment [s/piece].

        item       None where the machine does not say it: answers only if all items there agree
        operation  None likewise
        Returns    None where the routing says nothing, or several things
        """
        for place in self.ancestry(path):
            cycles = {
                step.ideal_cycle_s
                for step in self.routing
                if step.unit == place and item in {None, step.item} and operation in {None, step.operation}
            }
            if cycles:
                return cycles.pop() if len(cycles) == 1 else None
        return None
