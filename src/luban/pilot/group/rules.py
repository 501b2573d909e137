"""Figures of a group of plants, as they stand in `pilot.toml`.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from luban.pilot.written import Written

__all__ = ["MONTH", "WEEK", "Demand", "Facts", "Money", "Office", "Practice", "Shops", "facts_of"]

WEEK: Final = 5
"""Working days of a week [d]."""

MONTH: Final = 20
"""Working days of a month of four weeks [d]."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What customers order.

    products   of the two assembling plants together;  parts  kinds of parts
    lines      order lines a week and product, mean [1];  pieces  of a line, mean [1];  spread  of the logarithm [1]
    season     amplitude over the year [1];  walk  of the level in a week, of the logarithm [1]
    back       of the level towards its mean in a week [1]
    history    weeks that the books hold [1];  warmup, window  [working d]
    """

    products: int
    parts: int
    lines: float
    pieces: float
    spread: float
    season: float
    walk: float
    back: float
    history: int
    warmup: int
    window: int


@dataclass(frozen=True, slots=True)
class Shops:
    """What plants can do.

    hours      line-hours of a day and plant [h]: of parts, of each that assembles
    piece      line-hours of a piece [h];  part  of a part [h]
    setup      of another family, within  of the same [h];  quick  times as long with quick fixtures [1]
    scatter    of a lot's time, of the logarithm [1]
    truck      between plants [working d];  ship  from the shelf to the customer [working d]
    each       parts in a piece, of each of its two kinds [1]
    """

    hours_parts: float
    hours_assembly: float
    piece: float
    part: float
    setup: float
    within: float
    quick: float
    scatter: float
    truck: int
    ship: int
    each: int


@dataclass(frozen=True, slots=True)
class Practice:
    """Rules where no lever rules.

    forecast   mean: of the last quarter; smooth: exponential smoothing;  every  days between forecasts [working d]
    cover      days of cover that start a lot [working d], where safety is not by errors
    by_error   safety stock by scatter of the forecast's errors, with this factor [1]; 0: by cover
    lot        weeks of demand in a lot [weeks]; 0: by setup and carrying
    mrp        working days between runs;  frozen  days before a lot may begin [working d]
    sop        working days between plans of hours
    remind     reminders go out by the day they are due; else after the month is closed
    """

    forecast: str
    every: int
    cover: float
    by_error: float
    lot: float
    mrp: int
    frozen: int
    sop: int
    remind: bool


@dataclass(frozen=True, slots=True)
class Office:
    """Sales ledger and closing of books.

    term, late   of payment, and how much later customers pay by themselves, mean [d]
    heeds        from a reminder to the payment, mean [d]
    vouchers     of a month [1];  astray  share that does not match [1]
    match, clear minutes for one, and for one that does not match [min];  clerks  people
    closing      what must be done after all is matched [d]
    """

    term: float
    late: float
    heeds: float
    vouchers: int
    astray: float
    match: float
    clear: float
    clerks: int
    closing: float


@dataclass(frozen=True, slots=True)
class Money:
    """Prices [currency].

    pay, overtime     of a person and year, factor [1];  people  in all plants;  planners  and clerks
    piece, parts      standard cost of a piece with, and its material alone;  price  that it is sold at
    setup             material and tools of a setup;  truck  a trip
    carrying, interest   a year [1];  promise  [working d]
    late, most        share of a line's value owed for a late day, and at most [1]
    safety            standard deviations that the stock lever covers [1]
    overhead          of the group a year
    """

    pay: float
    overtime: float
    people: int
    planners: int
    piece: float
    material: float
    price: float
    setup: float
    truck: float
    carrying: float
    interest: float
    promise: int
    late: float
    most: float
    safety: float
    overhead: float


@dataclass(frozen=True, slots=True)
class Facts:
    """All figures of the pilot; `practices` by name of `Arm.practice`."""

    demand: Demand
    shops: Shops
    office: Office
    money: Money
    practices: dict[str, Practice]


def facts_of(written: Written) -> Facts:
    """The figures of a pilot's file. Raises ConfigError with the place of what is missing or unknown."""
    practices = {name: written.fill(name.replace(" ", "_"), Practice) for name in ("as is", "conventional")}
    return Facts(
        written.fill("demand", Demand), written.fill("shops", Shops), written.fill("office", Office),
        written.fill("money", Money), practices,
    )  # fmt: skip
