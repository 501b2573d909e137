"""Figures of a fleet in the field and of its service, as they stand in `pilot.toml`.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from luban.pilot.written import Written

__all__ = [
    "QUARTER",
    "WEEK",
    "YEAR",
    "Crew",
    "Facts",
    "Fleet",
    "Mode",
    "Money",
    "Opening",
    "Practice",
    "Signals",
    "facts_of",
]

WEEK: Final = 168.0
"""Hours of a week [h]."""

QUARTER: Final = 13 * WEEK
"""Hours of a quarter of 13 weeks [h]."""

YEAR: Final = 8766.0
"""Hours of a year [h]."""

_DAYS: Final = 7
_DAY: Final = 24.0


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours of a week that somebody works or a machine is wanted, from Monday on.

    days   of a week, from Monday [1];  start  on each of them [h];  hours  long [h]
    """

    days: int
    start: float
    hours: float

    def open(self, time: float) -> float:
        """Open hours from 0 to that time [h]; time [h] from a Monday at midnight."""
        day, hour = divmod(time, _DAY)
        week, at = divmod(int(day), _DAYS)
        today = min(max(hour - self.start, 0.0), self.hours) if at < self.days else 0.0
        return (week * self.days + min(at, self.days)) * self.hours + today

    def when(self, hours: float) -> float:
        """The time at which so many open hours are over [h]; `open(when(x)) == x`."""
        day, left = divmod(hours, self.hours)
        week, at = divmod(int(day), self.days)
        return (week * _DAYS + at) * _DAY + self.start + left


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines at customers.

    count     machines;  regions  that they lie in, evenly
    days, start, hours  when they are wanted: days of a week, hour of a day, hours
    use       running hours in an hour that they are wanted [1]
    warmup    [d] as is;  window  [d] measured
    """

    count: int
    regions: int
    days: int
    start: float
    hours: float
    use: float
    warmup: float
    window: float


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to fail.

    shape, scale    of a Weibull life [1, running h];  sigma  of the logarithm of the repair time [1]
    repair, planned time on site after a failure, and at a date that was chosen [h]
    part, chosen    what is fitted after a failure, and at a date that was chosen [currency]
    reset           share of its failures that could be put right from afar [1]
    sign            gives a sign before it fails;  serviced  a service begins its life anew
    stock           pieces on the shelf as is
    """

    name: str
    shape: float
    scale: float
    repair: float
    sigma: float
    planned: float
    part: float
    chosen: float
    reset: float = 0.0
    sign: bool = False
    serviced: bool = False
    stock: int = 1
    exchanged: float = 0.0


@dataclass(frozen=True, slots=True)
class Crew:
    """Those who travel.

    count, days, start, hours   people and their hours;  travel, local  to another region, within one [h], one way
    trip, trip_local            what a way costs besides wages [currency]
    look                        on site until it is clear that it will not be put right today [h]
    again                       from a visit in vain to the next attempt: part, specialist [h]
    office                      people who take calls and plan
    service                     a service visit [h]
    """

    count: int
    days: int
    start: float
    hours: float
    travel: float
    local: float
    trip: float
    trip_local: float
    look: float
    again: float
    office: float
    service: float


@dataclass(frozen=True, slots=True)
class Practice:
    """Rules where no lever rules.

    service     days between service visits; 0: none
    ages        parts are changed at the age that known lives and prices make best
    call        until the customer has noticed and called [h]
    phone       from the call until it is clear whether it can be put right from afar [h]
    found       share of what could be put right from afar that is [1]
    cause       chance that a first visit is in vain as the cause was not known [1];  other  for other reasons
    cause_again, other_again    likewise for later visits
    nearest     jobs nearby first, instead of in order of the calls
    covered     share of demand that stocks are to cover [1]; 0: the stocks of the modes
    """

    service: float
    ages: bool
    call: float
    phone: float
    found: float
    cause: float
    other: float
    cause_again: float
    other_again: float
    nearest: bool
    covered: float


@dataclass(frozen=True, slots=True)
class Signals:
    """What data links deliver.

    begins   share of a life from which a sign grows [1];  missed  share of failures without a sign [1]
    base, spread   level of a sound machine, and its scatter between machines;  rise  until failure
    noise    of a reading
    limit    level at which the maker says that a machine has to stop
    call     until a fault is known [h];  phone  until it is clear whether it can be put right from afar [h]
    found    share of what can be put right from afar that is, if the cause was named rightly [1]
    channels that a fault shows in;  apart  distance of the patterns of two causes, in units of their noise [1]
    wrong    share of service reports with a wrong cause [1]
    confirm  hours of a person for each proposal [h]
    astray   added chance of a visit in vain when the cause was named wrongly [1]
    """

    begins: float
    missed: float
    base: float
    spread: float
    rise: float
    limit: float
    noise: float
    call: float
    phone: float
    found: float
    channels: int
    apart: float
    wrong: float
    confirm: float
    astray: float


@dataclass(frozen=True, slots=True)
class Money:
    """Prices [currency].

    pay        of a person a year with social charges;  overtime  factor [1]
    lead       of a part from its maker [h];  express  [h] and its surcharge: what a missing part costs
    carrying, interest   a year [1]
    fee        of a machine a year;  guarantee  share of wanted hours in a quarter [1]; 0: none is given
    penalty    share of the fee for a point below [1];  cap  of the penalty as a share of the fee [1]
    grace      hours from fault to fixed that nothing is owed for [h];  hour  owed beyond
    overhead   of the service a year
    """

    pay: float
    overtime: float
    lead: float
    express: float
    surcharge: float
    carrying: float
    interest: float
    fee: float
    overhead: float
    guarantee: float = 0.0
    penalty: float = 0.0
    cap: float = 0.0
    grace: float = 0.0
    hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """All figures of one pilot; `practices` by name of `Arm.practice`."""

    fleet: Fleet
    modes: tuple[Mode, ...]
    crew: Crew
    practices: dict[str, Practice]
    signals: Signals
    money: Money

    @property
    def wanted(self) -> Opening:
        """When machines are wanted."""
        return Opening(self.fleet.days, self.fleet.start, self.fleet.hours)

    @property
    def shift(self) -> Opening:
        """When the crew sets out."""
        return Opening(self.crew.days, self.crew.start, self.crew.hours)


def facts_of(written: Written) -> Facts:
    """The figures of a pilot's file. Raises ConfigError with the place of what is missing or unknown."""
    practices = {name: written.fill(name.replace(" ", "_"), Practice) for name in ("as is", "conventional")}
    return Facts(
        written.fill("fleet", Fleet), written.each("mode", Mode), written.fill("crew", Crew), practices,
        written.fill("signals", Signals), written.fill("money", Money),
    )  # fmt: skip
