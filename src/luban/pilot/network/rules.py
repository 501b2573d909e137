"""Figures of a network of shops, as they stand in `pilot.toml`.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from luban.pilot.written import Written

__all__ = ["DAY", "WEEK", "Demand", "Facts", "Kind", "Money", "Network", "Practice", "facts_of"]

DAY: Final = 450.0
"""Open minutes of a working day [min]."""

WEEK: Final = 5
"""Working days of a week [d]."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of machine.

    near, other   setup from the same class and from another [min];  cycle  of a piece [min];  power  running [kW]
    shops         machines in each shop of the four sorts of shops [1]
    share         of orders that need it [1]
    """

    name: str
    near: float
    other: float
    cycle: float
    power: float
    shops: tuple[float, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Network:
    """Shops and their days.

    shops   of each of the four sorts [1];  classes  of setups [1]
    move    from machine to machine [min];  truck  from shop to shop [min]
    pack    from the last machine to the customer [min]
    first   wait for the first article [min];  setup_sigma, sigma  scatter of setup and of work, of the logarithm [1]
    slow    real over planned time of a piece, mean [1];  quick  setups with quick fixtures, times as long [1]
    warmup, window   [working d]
    """

    shops: int
    classes: int
    move: float
    truck: float
    pack: float
    first: float
    setup_sigma: float
    sigma: float
    slow: float
    quick: float
    warmup: int
    window: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Orders.

    own      of the shops' own customers, a working day;  sold  through the network, a working day [1/d]
    week     scatter of the level of a week [1];  most  pieces of a lot
    """

    own: float
    sold: float
    week: float
    most: int


@dataclass(frozen=True, slots=True)
class Practice:
    """Rules where no lever rules.

    quote    until an order through the network is placed [min];  asked  shops that are asked for a quote [1]
    loads    the least loaded of them gets it, else the first that answers
    promise  from the order [working d]
    by_date  lots go by the promise, else as they came;  own_first  those of own customers before the network's
    """

    quote: float
    asked: int
    loads: bool
    promise: float
    by_date: bool
    own_first: bool


@dataclass(frozen=True, slots=True)
class Money:
    """Prices [currency].

    pay, people   of a person and year, in all shops;  selling  hours of a quote [h], of an order through luban [h]
    material, price   of a piece;  edge  tools of a setup;  energy  of a kWh;  truck  a trip from shop to shop
    late, most    share of an order's value owed for a late day, at most [1]
    carrying, interest   a year [1];  overhead  a year
    """

    pay: float
    people: int
    quoting: float
    placing: float
    material: float
    price: float
    edge: float
    energy: float
    truck: float
    late: float
    most: float
    carrying: float
    interest: float
    overhead: float


@dataclass(frozen=True, slots=True)
class Facts:
    """All figures of the pilot; `practices` by name of `Arm.practice`."""

    kinds: tuple[Kind, ...]
    network: Network
    demand: Demand
    money: Money
    practices: dict[str, Practice]

    def machines(self, shop: int, kind: int) -> int:
        """Machines of that kind in that shop; shops of the four sorts take turns."""
        return round(self.kinds[kind].shops[shop % len(self.kinds[kind].shops)])


def facts_of(written: Written) -> Facts:
    """The figures of a pilot's file. Raises ConfigError with the place of what is missing or unknown."""
    practices = {name: written.fill(name.replace(" ", "_"), Practice) for name in ("as is", "conventional")}
    return Facts(
        written.each("kind", Kind), written.fill("network", Network), written.fill("demand", Demand),
        written.fill("money", Money), practices,
    )  # fmt: skip
