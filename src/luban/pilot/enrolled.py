"""A real plant as a pilot: enrolled before levers go on, its state before fixed from facts, judged by later facts.

Three figures a day come from the books: conversion cost of the orders that ended (against what their items cost before,
so that another mix is no gain), hours from an order's release to its last operation, and the share of pieces that were
scrapped or reworked.

Reads   Fact(operation, count, movement, …), orders.csv, prices.csv, the plant's `pilot` entries
Writes  nothing itself: `enrol` makes the entry that a spool or the act log puts into the books
Source  as `luban.verify`; the plan's targets in `luban.pilot.plan.TARGETS`
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, from_datetime, now, to_datetime
from luban.ledger import Ledger
from luban.pilot.plan import TARGETS
from luban.pilot.proof import Change, Span
from luban.pilot.verdict import judged
from luban.plant import Plant
from luban.understand.book import Entry, entries, row
from luban.verify import Baseline, Decision, Metric, Outcome, Series, freeze, judge, series

__all__ = ["ENROL", "Enrolment", "FromBooks", "daily", "enrol", "enrolment", "judge_books", "judge_enrolment"]

ENROL: Final = "enrol"
_MATERIAL: Final = frozenset({"material", "overhead"})
_UNITS: Final = {"cost": "1", "cycle": "h", "defects": "1"}
_OPERATION: Final = ("order", "item", "operation", "end")
_NAMES: Final = {
    "cost": "conversion cost of orders against what their items cost before",
    "cycle": "hours from an order's release to its last operation",
    "defects": "share of pieces scrapped or reworked",
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How a plant was enrolled.

    on, since  levers go on, the state before begins [µs UTC]
    fixed      the state before was fixed then;  recorded  when the books took it in [µs UTC]
    baselines  metric → fixed before;  lacks  metric → why there is none
    norms      item → conversion cost of a piece before [currency]
    """

    name: str
    on: int
    since: int
    fixed: int
    recorded: int
    baselines: Mapping[str, Baseline]
    lacks: Mapping[str, str]
    norms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FromBooks:
    """What the books say of a plant's pilot: a change for each target, and the outcomes they rest on."""

    enrolment: Enrolment
    changes: tuple[Change, ...]
    outcomes: Mapping[str, Outcome]
    notes: tuple[str, ...]


def enrol(
    ledger: Ledger, plant: Plant, name: str, *, on: int, since: int, person: str, moment: int | None = None
) -> dict[str, list[Any]]:  # fmt: skip
    """The entry that enrols a plant: baselines of all three targets, fixed now.

    on      levers go on then [µs UTC], not before the present
    since   the state before begins there [µs UTC]
    moment  the present [µs UTC]; now if None
    Raises  InputError: enrolled already, a date that is over, a start after its end
    """
    present = now() if moment is None else moment
    if enrolment(ledger, name) is not None:
        hint = "its state before is fixed; a new trial is a new folder name"
        raise InputError("the plant is enrolled already", came=name, hint=hint)
    if on < present:
        hint = "a state before that is fixed afterwards could be chosen to fit"
        raise InputError("levers go on after the state before is fixed", came="a date that is over", hint=hint)
    if since >= on:
        raise InputError("the state before ends where it begins", expected="--since before --enrol")
    norms = _norms(ledger, plant, since, min(on, present))
    found, lacks = daily(ledger, plant, since, min(on, present), norms)
    kept = {}
    for metric, some in found.items():
        base = _freeze(metric, some, name, on, present, ledger.head)
        if base.lacks:
            lacks[metric] = "; ".join(base.lacks)
        kept[metric] = base.as_dict()
    data = {"on": on, "since": since, "baselines": kept, "lacks": lacks, "norms": norms}
    said = f"levers on at {to_datetime(on, plant.zone):%Y-%m-%d %H:%M}; fixed: {', '.join(sorted(kept)) or 'nothing'}"
    return row("pilot", name, ENROL, person=person, text=said, data=json.loads(json.dumps(data)), time=present)


def enrolment(ledger: Ledger, name: str) -> Enrolment | None:
    """How a plant was enrolled, the first time; None if it was not."""
    first = next((one for one in entries(ledger, "pilot", name) if one.code == ENROL), None)
    return None if first is None else _enrolment(first)


def judge_books(ledger: Ledger, plant: Plant, name: str, *, until: int | None = None) -> FromBooks:
    """What the facts since the levers went on say of the three targets.

    until   [µs UTC]; None: now
    Raises  InputError: the plant is not enrolled
    """
    own = enrolment(ledger, name)
    if own is None:
        raise InputError("the plant is not enrolled", came=name, hint="luban pilot --plant DIR --enrol DATE")
    return judge_enrolment(ledger, plant, own, until=now() if until is None else until)


def judge_enrolment(ledger: Ledger, plant: Plant, own: Enrolment, *, until: int) -> FromBooks:
    """The same of an enrolment at hand; a state before that the books took in after the levers judges nothing."""
    skip = (own.fixed, own.on)
    found, lacks = daily(ledger, plant, own.since, until, own.norms, skip=skip)
    changes, outcomes = [], {}
    for metric in TARGETS:
        base, some = own.baselines.get(metric), found.get(metric)
        if base is None or some is None:
            changes.append(_unknown(metric, own.lacks.get(metric) or lacks.get(metric, "no facts")))
            continue
        base = replace(base, fixed=max(base.fixed, own.recorded))
        made = judge(base, some, Decision(base.act, own.on, lever="pilot"), until=until, head=ledger.head)
        outcomes[metric] = made
        changes.append(_change(metric, made))
    notes = ["what the levers cost is in operating cost only where it was booked"] if "cost" in outcomes else []
    return FromBooks(own, tuple(changes), outcomes, tuple(notes))


def daily(
    ledger: Ledger,
    plant: Plant,
    start: int,
    end: int,
    norms: Mapping[str, float],
    *,
    skip: tuple[int, int] = (0, 0),
) -> tuple[dict[str, Series], dict[str, str]]:
    """(metric → its figure on each day of the plant, metric → why there is none).

    start, end  [µs UTC]; whole days of the plant's zone between them
    norms       item → conversion cost of a piece before [currency]
    skip        days between these times count for nothing: after the fixing, before the levers [µs UTC]
    """
    days = _days(plant, start, end)
    found: dict[str, Series] = {}
    lacks: dict[str, str] = {}
    if len(days) < 3:
        return found, dict.fromkeys(TARGETS, f"{max(len(days) - 1, 0)} whole days of facts")
    ended = _ended(ledger, plant)
    for metric, made in (
        ("cost", _cost(ledger, plant, days, ended, norms)), ("cycle", _cycle(plant, days, ended)),
        ("defects", _defects(ledger, days)),
    ):  # fmt: skip
        if isinstance(made, str):
            lacks[metric] = made
        else:
            values, exposure = made
            values = np.where((days[:-1] + DAY > skip[0]) & (days[:-1] < skip[1]), np.nan, values)
            if np.isfinite(values).sum() < 2:
                lacks[metric] = "fewer than two days with the figure"
                continue
            found[metric] = series(days[:-1], values, unit=_UNITS[metric], exposure=exposure, period=DAY)
    return found, lacks


Made = tuple[Any, Any]


def _cost(ledger: Ledger, plant: Plant, days: Any, ended: Mapping[str, int], norms: Mapping[str, float]) -> Made | str:
    if not plant.prices:
        return "no prices.csv: nobody knows what an hour or a kilowatt-hour costs"
    if not norms:
        return "no order of the time before has cost and good pieces in the books"
    spent, norm = np.zeros(len(days) - 1), np.zeros(len(days) - 1)
    for order, item, cost, good in _cards(ledger, plant):
        day = _day(days, ended.get(order))
        if day is not None and item in norms and good > 0:
            spent[day] += cost
            norm[day] += good * norms[item]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norm > 0, spent / norm, np.nan), None


def _cycle(plant: Plant, days: Any, ended: Mapping[str, int]) -> Made | str:
    begun = {one.id: one.release for one in plant.orders.values() if one.release is not None}
    known = [(order, begun[order], end) for order, end in ended.items() if order in begun]
    if not known:
        return "no order has a time of release in orders.csv and an operation that ended"
    hours, many = np.zeros(len(days) - 1), np.zeros(len(days) - 1)
    for _, start, end in known:
        day = _day(days, end)
        if day is not None:
            hours[day] += (end - start) / HOUR
            many[day] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(many > 0, hours / many, np.nan), None


def _defects(ledger: Ledger, days: Any) -> Made | str:
    table = ledger.table("count", since=int(days[0]), until=int(days[-1])).to_pydict()
    if not table["time"]:
        return "no counts in the books"
    place = np.searchsorted(days, np.asarray(table["time"], np.int64), side="right") - 1
    size = len(days) - 1
    good, scrap, rework = (
        np.bincount(place, np.asarray([one or 0.0 for one in table[name]]), minlength=size)[:size]
        for name in ("good", "scrap", "rework")
    )
    made = good + scrap + rework
    return np.where(made > 0, scrap + rework, np.nan), np.where(made > 0, made, np.nan)


def _ended(ledger: Ledger, plant: Plant) -> dict[str, int]:
    """When the last operation of an order's routing ended [µs UTC]; of items without one, all that were begun."""
    last = {one.item: one.operation for one in plant.routing}
    table = ledger.table("operation").to_pydict()
    found: dict[str, int] = {}
    runs, done = set(), set()
    for order, item, operation, end in zip(*(table[name] for name in _OPERATION), strict=True):
        if end is None:
            runs.add(order)
            continue
        found[order] = max(found.get(order, 0), end)
        if last.get(item, operation) == operation:
            done.add(order)
    return {order: end for order, end in found.items() if order in done - runs}


def _cards(ledger: Ledger, plant: Plant) -> list[tuple[str, str, float, float]]:
    """(order, item, conversion cost [currency], good pieces) of every order that cost something."""
    from luban.understand.cost.facts import plant_cost

    book = plant_cost(ledger, plant).book
    scale = 10.0**book.digits
    return [
        (card.order, card.item, sum(v for k, v in card.spent.items() if k not in _MATERIAL) / scale, float(card.good))
        for card in book.cards.values()
    ]


def _norms(ledger: Ledger, plant: Plant, start: int, end: int) -> dict[str, float]:
    if not plant.prices:
        return {}
    ended = _ended(ledger, plant)
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for order, item, cost, good in _cards(ledger, plant):
        if good > 0 and cost > 0 and start <= ended.get(order, -1) < end:
            sums[item][0] += cost
            sums[item][1] += good
    return {item: cost / good for item, (cost, good) in sorted(sums.items())}


def _days(plant: Plant, start: int, end: int) -> Any:
    """Midnights of the plant's zone from the first in the time to the last [µs UTC]."""
    first = to_datetime(start, plant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    origin = from_datetime(first)
    origin = origin if origin >= start else origin + DAY
    return np.arange(origin, end + 1, DAY, dtype=np.int64)


def _day(days: Any, time: int | None) -> int | None:
    if time is None or not days[0] <= time < days[-1]:
        return None
    return int(np.searchsorted(days, time, side="right")) - 1


def _freeze(metric: str, some: Series, name: str, on: int, fixed: int, head: int) -> Baseline:
    method = "share" if metric == "defects" else "regression"
    own = Metric(_NAMES[metric], _UNITS[metric])
    return freeze(some, own, act=f"pilot {name}: {metric}", end=on, method=method, head=head, fixed=fixed)


def _change(metric: str, made: Outcome) -> Change:
    before = "before"
    if not made.judged:
        return replace(_unknown(metric, "; ".join(made.reasons)), pairs=made.n_after)
    share = Span(made.relative, made.relative_low, made.relative_high)
    verdict, why = judged(metric, share, made.n_after)
    return Change(metric, before, "levers on", made.expected, made.after, share, made.n_after, verdict, why)


def _unknown(metric: str, why: str) -> Change:
    nothing = Span(math.nan, math.nan, math.nan)
    return Change(metric, "before", "levers on", math.nan, math.nan, nothing, 0, "not evaluable", why)


def _enrolment(entry: Entry) -> Enrolment:
    data = entry.data
    try:
        baselines = {name: Baseline.from_dict(one) for name, one in data["baselines"].items()}
        return Enrolment(
            entry.subject,
            data["on"],
            data["since"],
            entry.time,
            entry.recorded,
            baselines,
            data["lacks"],
            data["norms"],
        )
    except (KeyError, TypeError) as error:
        raise InputError("the enrolment cannot be read", came=str(error), where=entry.subject) from None
