"""The nouns of a simulated plant: what the kernel is told, nothing of one plant in particular.

Durations are `Distribution`s in seconds; instants are µs after `Model.start`. Everything is frozen and named, so a
model can be compared, pickled to worker processes and read back from a file. `check` (twin/check.py) says what is
wrong with a model before it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from luban.twin.distribution import Distribution

__all__ = [
    "RULES",
    "STATES",
    "Arrival",
    "Batch",
    "Branch",
    "Calendar",
    "Characteristic",
    "Demand",
    "Failure",
    "Flow",
    "LotOrder",
    "Machine",
    "Maintenance",
    "Model",
    "Pool",
    "QueueLimit",
    "Release",
    "Route",
    "SetupTable",
    "Station",
    "Step",
    "Stock",
    "Tool",
]

RULES = (
    "minrun",  # lots that do not break a minimum run of the present setup
    "queue_time",  # lots with a running queue-time limit
    "full",  # lots whose batch would be fuller
    "hot",  # higher priority
    "setup",  # least setup time from the machine's present setup
    "schedule",  # the given sequence of the machine; lots that it does not name come last
    "fifo",  # first come at the station
    "lifo",
    "spt",  # shortest mean processing time of the step
    "lpt",
    "srpt",  # shortest mean processing time of the rest of the route
    "edd",  # earliest due date
    "slack",  # least (due - now - rest of the work)
    "cr",  # least critical ratio (due - now) / rest of the work
    "random",  # keyed by the lot: the same in every run of a seed
    "urgent",  # lots within the station's `urgent` time of their due date
)
"""Keys of a dispatch rule, compared in the order in which a station lists them; first come breaks ties."""

STATES = ("idle", "standby", "setup", "run", "blocked", "operator", "down", "maintenance", "off")
"""States of a machine; each instant is in exactly one. `operator`: waits for a person or tool of a pool;
`down`: failed or under repair; `off`: outside its calendar; `standby`: switched to standby by a controller."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When something works.

    open        [(start, end), …] in µs after the model's start, in order, apart; nothing outside is worked
    interrupts  True: a running operation waits over a closure; False: it is finished, nothing new begins
    """

    id: str
    open: tuple[tuple[int, int], ...]
    interrupts: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """People, vehicles, fixtures: units that operations, setups, repairs or moves need.

    size      units present while its calendar is open (always where it has none)
    absence   probability that one is missing for a whole open span [1]
    tends     machines that one can look after at a time: so many units each brings, and takes along when missing
    """

    id: str
    size: int
    calendar: str | None = None
    absence: float = 0.0
    tends: int = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a machine fails.

    clock    what ages it: `calendar` (time while not failed), `run` (processing time) or `piece`
    life     time (or pieces) to failure [s | piece]
    repair   duration of the repair once somebody is there [s]
    first    time to the first failure; None: as `life` [s | piece]
    pool     who repairs; None: nobody needed
    """

    id: str
    life: Distribution
    repair: Distribution
    clock: str = "run"
    first: Distribution | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned stop; it begins when the machine is empty. By the calendar it is counted from start to start.

    every    [s | piece | lot] by `clock`: `calendar`, `run`, `piece`, `lot`, or `command` (on order only)
    renews   failures whose age it sets back to zero
    """

    id: str
    duration: Distribution
    every: Distribution | None = None
    clock: str = "calendar"
    first: Distribution | None = None
    pool: str | None = None
    renews: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A wearing edge or wheel of a machine.

    life        cutting time, or pieces, to its end; drawn anew for each edge [s | piece]
    cutting     share of processing time in which it cuts [1]
    replace_at  planned change after that much cutting, or so many pieces [s | piece]; None: used until it ends
    change      duration of a change [s]
    breaks      scrap pieces when it ends before it is changed
    jump        deviation that an early end adds to the pieces until the change [unit of the characteristic]
    clock       what wears it: `cut` (cutting time) or `piece`
    """

    life: Distribution
    change: Distribution
    cutting: float = 1.0
    replace_at: float | None = None
    breaks: int = 1
    jump: float = 0.0
    clock: str = "cut"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A size that a step makes on each piece; deviations from nominal in `unit`.

    deviation of a piece = machine offset + setup offset + wear·(share of tool life used) + heat·(coldness) + noise
    + correction, where coldness falls from 1 to 0 with `heat_tau` of running and rises again with `cool_tau` of rest.
    Below `lower` or above `upper` the piece is defective.

    noise, setup_offset   standard deviations
    wear                  deviation at the end of the tool's life
    heat                  deviation of a cold machine
    gauge                 standard deviation of one reading
    sample_first          pieces measured at the start of each lot
    sample_every          then every n-th piece; 0: none
    correct_beyond        as-is rule of the operator: corrects when |reading| exceeds this share of the tolerance [1];
                          None: never; the first piece of a lot is always corrected where `correct_first`
    correct_gain          share of the reading taken back [1]
    rework_above          True: pieces above `upper` are reworked there for `rework_time` × cycle; False: scrap;
                          rework_below likewise
    cluster               probability that a lot carries a cause that no correction cures, and share of its pieces hit
    nominal               added to a reading where it is shown or written: deviations themselves count from 0
    """

    id: str
    unit: str
    lower: float
    upper: float
    noise: float
    setup_offset: float = 0.0
    wear: float = 0.0
    heat: float = 0.0
    heat_tau: float = 3600.0
    cool_tau: float = 3600.0
    gauge: float = 0.0
    sample_first: int = 0
    sample_every: int = 0
    correct_first: bool = False
    correct_beyond: float | None = None
    correct_gain: float = 1.0
    rework_above: bool = False
    rework_below: bool = False
    rework_time: float = 0.6
    cluster: tuple[float, float] = (0.0, 0.0)
    nominal: float = 0.0


@dataclass(frozen=True, slots=True)
class Station:
    """Machines that share one queue.

    rule      keys of RULES, compared in this order
    buffer    lots that may wait or be on their way here; None: any number. A lot that finds no room blocks its machine.
    location  for transport times
    urgent    (time before the due date [s], probability that such a lot is on the list) of the rule's key `urgent`
    """

    id: str
    rule: tuple[str, ...] = ("fifo",)
    buffer: int | None = None
    location: str = ""
    urgent: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a station.

    speed     factor on processing times [1]; 1.15 = 15 % slower
    cascade   lots that may be inside at once; 0: one, not a cascade. The next lot is set up and loaded beside the one
              before it; its first piece begins when that one's `interval` is over.
    load, unload   added to the time of a lot [s]
    power     [W] by state of STATES; a state not listed draws none
    setup     setup key it begins with; '' none
    setups    id of its SetupTable; None: no setups
    """

    id: str
    station: str
    speed: float = 1.0
    cascade: int = 0
    load: float = 0.0
    unload: float = 0.0
    calendar: str | None = None
    power: Mapping[str, float] = field(default_factory=dict)
    setup: str = ""
    setups: str | None = None
    failures: tuple[Failure, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    tool: Tool | None = None


@dataclass(frozen=True, slots=True)
class SetupTable:
    """Sequence-dependent setup times.

    times     (from key, to key) → s; from '' = any. Not listed: `other`. Same key: 0 unless listed.
    factor    drawn per setup, multiplies the time [1]
    extra     drawn per setup with a time above 0, added [s]: for example waiting for the first-article check
    pool      who sets up
    min_run   key → lots to run before the setup may be changed
    hold      True: the machine waits for lots of its setup until the run is complete; False: only the rule key `minrun`
    """

    id: str
    times: Mapping[tuple[str, str], float]
    other: float = 0.0
    factor: Distribution | None = None
    extra: Distribution | None = None
    pool: str | None = None
    min_run: Mapping[str, int] = field(default_factory=dict)
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Lots processed together.

    family    lots with equal family may share a batch
    maximum   in `measure`; `minimum` likewise: fewer wait
    measure   `lot`, `piece` or `weight`
    max_wait  a batch below the minimum starts when its oldest lot has waited that long [s]; None: never
    """

    family: str
    maximum: float
    minimum: float = 1.0
    measure: str = "lot"
    max_wait: float | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """After the step, with this probability, go to step `to` (index; None: leave the plant finished; -1: scrapped).

    once   at most once a lot and branch (rework is not repeated)
    """

    probability: float
    to: int | None
    once: bool = False


@dataclass(frozen=True, slots=True)
class QueueLimit:
    """From this step to the start of step `to` at most `within` [s].

    since   counted from the `start` or the `end` of this step
    action  `count`, `scrap`, or the index of the step to go back to
    """

    to: int
    within: float
    action: str | int = "count"
    since: str = "start"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a route.

    station       where; None: a delay that needs no machine (plating outside, drying)
    time          of one lot, piece or batch, as `per` says [s]
    factor        drawn per lot and visit, multiplies the time [1]
    machines      eligible machine → time there; None as time = `time`; empty mapping: every machine of the station
    setup         setup key; '' none
    setup_time    fixed time instead of the machine's table [s]
    interval      time after which a cascade machine begins the next lot, per `per_interval` lot|piece|batch [s]
    sample        share of lots that do the step [1]
    pool          unit held while the machine processes
    dedicate_to   index of a later step that must use the same machine
    transport     move to this step; None: the model's [s]
    scrap         probability that a piece is scrapped here [1] (besides characteristics)
    energy        extra energy a piece [J]
    """

    id: str
    station: str | None
    time: Distribution
    per: str = "lot"
    factor: Distribution | None = None
    machines: Mapping[str, Distribution | None] = field(default_factory=dict)
    setup: str = ""
    setup_time: float | None = None
    batch: Batch | None = None
    interval: Distribution | None = None
    per_interval: str = "lot"
    sample: float = 1.0
    branches: tuple[Branch, ...] = ()
    limit: QueueLimit | None = None
    pool: str | None = None
    dedicate_to: int | None = None
    transport: Distribution | None = None
    scrap: float = 0.0
    energy: float = 0.0
    characteristics: tuple[Characteristic, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The steps of one item. `weight` per piece [kg]; `material`: stock id → quantity a piece, taken at release."""

    id: str
    steps: tuple[Step, ...]
    weight: float = 0.0
    material: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stream of lots.

    interval   between arrivals; `first` the time of the first (None: one interval) [s]
    quantity   pieces a lot, rounded, at least 1
    due        due date after arrival [s]; None: none
    ready      delay between arrival and readiness for release (material) [s]
    limit      number of lots; None: endless
    """

    id: str
    route: str
    interval: Distribution
    quantity: Distribution = field(default_factory=lambda: Distribution.constant(1.0))
    first: Distribution | None = None
    due: Distribution | None = None
    ready: Distribution | None = None
    priority: float = 0.0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class LotOrder:
    """One lot that is known: an order, or work in progress (`step` > 0 where it stands).

    arrival   when the order is there; ready: when it may be released (material); due [µs after the model's start]
    key       number that its random draws are keyed by; None: its place in the list
    """

    id: str
    route: str
    quantity: int
    arrival: int
    due: int | None = None
    ready: int | None = None
    priority: float = 0.0
    step: int = 0
    kind: str = ""
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """How orders become lots on the floor.

    kind      `push` (when ready), `conwip` (when fewer than `cap` lots are on the floor), `manual` (a controller)
    instants  where not empty: only at these instants [µs after start], e.g. every Monday morning
    rule      order among the ready ones, keys of RULES (fifo, edd, hot, spt, slack, cr)
    """

    kind: str = "push"
    cap: int | None = None
    instants: tuple[int, ...] = ()
    rule: tuple[str, ...] = ("fifo",)


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock point with demand and an (s, S) policy, reviewed at every demand; shortages are back-ordered.

    interval, quantity  of the demand; None: demand only by releases
    reorder, up_to      s and S: when on hand + on order - back-orders ≤ s, order up to S
    lead                supplier lead time [s]
    """

    id: str
    reorder: float
    up_to: float
    lead: Distribution
    initial: float
    interval: Distribution | None = None
    quantity: Distribution = field(default_factory=lambda: Distribution.constant(1.0))


@dataclass(frozen=True, slots=True)
class Demand:
    """Orders that come by chance, drawn anew for each seed and replication (`demand.draw_orders`).

    per_day   mean number of orders a working day
    mix       (route, share, pieces of an order): shares are relative
    days      working days (start, end, number of the week) [µs after the model's start], `due_days` beyond the horizon
    level     factor of a week on `per_day` [1], held within `limits`
    due_days  an order is due at the end of the working day that many after its own
    delayed   share of orders whose material is not at hand [1]; then it comes after `delay` [s]
    """

    per_day: float
    mix: tuple[tuple[str, float, Distribution], ...]
    days: tuple[tuple[int, int, int], ...]
    level: Distribution | None = None
    limits: tuple[float, float] = (0.0, 1e9)
    due_days: int | None = None
    delayed: float = 0.0
    delay: Distribution | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A medium besides electricity that machines use.

    unit    of its amounts, e.g. m³
    always  [unit/h] whatever the machines do: leaks
    rates   machine → [unit/h] by state of STATES; a state not listed uses none
    """

    medium: str
    unit: str
    always: float = 0.0
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """A plant that can be run.

    start      its time zero [µs UTC]
    horizon    calendars and order lists reach that far [µs]; a run beyond is refused
    transport  move between stations where a step does not say [s]
    transport_pool      vehicles that moves need; None: any number
    transport_calendar  moves pass only while it is open; None: always
    base_load  power drawn always [W]; `base_parts` what of it has a meter of its own [W]
    flows      other media, one entry each
    demand     orders drawn for each run besides `orders`
    """

    id: str
    start: int
    horizon: int
    stations: tuple[Station, ...]
    machines: tuple[Machine, ...]
    routes: tuple[Route, ...]
    arrivals: tuple[Arrival, ...] = ()
    orders: tuple[LotOrder, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    pools: tuple[Pool, ...] = ()
    setups: tuple[SetupTable, ...] = ()
    stocks: tuple[Stock, ...] = ()
    release: Release = field(default_factory=Release)
    transport: Distribution | None = None
    transport_pool: str | None = None
    base_load: float = 0.0
    source: str = ""
    transport_calendar: str | None = None
    demand: Demand | None = None
    base_parts: Mapping[str, float] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
