"""The levers of a scenario: what can be changed on a model, and how."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from luban.core.errors import InputError
from luban.plant.complaint import did_you_mean, listing
from luban.twin.model import RULES, LotOrder, Machine, Model, Release, Station, Step

__all__ = ["LEVERS", "Change", "Lever"]

_PART = 1 << 32  # keys of the parts that a split order has besides its first
_WHOLE = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True)
class Change:
    """One lever and where it is put.

    lever    one of LEVERS
    subject  the station or pool that it is about; '' where it is about the plant
    value    as written: `0.8`, `+1`, `setup, edd`
    """

    lever: str
    subject: str
    value: str

    @property
    def name(self) -> str:
        """`lever` or `lever.subject`, as it is written."""
        return f"{self.lever}.{self.subject}" if self.subject else self.lever

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that can be changed.

    of      what the subject is: `station`, `pool`, '' for the plant
    every   whether it may be said without a subject, for all of them
    takes   what value it takes, for people
    """

    of: str
    every: bool
    takes: str
    about: str
    apply: Callable[[Model, Change, Mapping[str, float]], Model]


def _factor(change: Change, least: float = 0.0) -> float:
    """A factor above 0; of 0 too where `least` is below it."""
    try:
        found = float(change.value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or found < 0 or (found == 0 and least == 0.0):
        raise InputError("not a factor", came=repr(change.value), expected=LEVERS[change.lever].takes)
    return found


def _number(change: Change, now: int) -> int:
    """A new number: absolute, or by how many more (+1) or fewer (-1)."""
    if not _WHOLE.fullmatch(change.value.strip()):
        raise InputError("not a number of them", came=repr(change.value), expected=LEVERS[change.lever].takes)
    found = int(change.value)
    found = now + found if change.value.strip()[0] in "+-" else found
    if found < 1:
        raise InputError("none would be left", came=f"{change.value} with {now} there", expected="1 or more")
    return found


def _named(change: Change, known: Sequence[str]) -> str:
    """The id that a subject means: whole, without the plant's own id, or its last part where only one has it."""
    for matches in (
        [own for own in known if own == change.subject],
        [own for own in known if own.partition("/")[2] == change.subject],
        [own for own in known if own.rpartition("/")[2] == change.subject],
    ):
        if len(matches) == 1:
            return matches[0]
    short = [own.partition("/")[2] or own for own in known]
    of = LEVERS[change.lever].of
    raise InputError(
        f"no {of} of that name", came=repr(change.subject), expected=listing(short) or f"a model with a {of}",
        hint=did_you_mean(change.subject, short),
    )  # fmt: skip


# ---- levers


def _rule(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    keys = tuple(key for key in re.split(r"[,\s]+", change.value) if key)
    unknown = [key for key in keys if key not in RULES]
    if unknown or not keys:
        came = ", ".join(unknown) or repr(change.value)
        hint = did_you_mean(came, RULES)
        raise InputError("unknown key of a dispatch rule", came=came, expected=", ".join(RULES), hint=hint)
    ids = [own.id for own in model.stations]
    wanted = {_named(change, ids)} if change.subject else set(ids)
    if "urgent" in keys and any(own.id in wanted and own.urgent is None for own in model.stations):
        raise InputError("a station without a time for `urgent`", came=change.value, hint="urgent_within in twin.toml")
    return replace(
        model, stations=tuple(replace(own, rule=keys) if own.id in wanted else own for own in model.stations)
    )


def _cap(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    if change.value.strip().lower() == "none":
        return replace(model, release=replace(model.release, kind="push", cap=None))
    now = model.release.cap
    if now is None and change.value.strip()[:1] in {"+", "-"}:
        raise InputError("there is no cap yet to add to", came=change.value, expected="a number of lots")
    # a lot is let in when another leaves, whatever the hours of release were
    release = Release("conwip", _number(change, now or 0), (), model.release.rule)
    return replace(model, release=release)


def _machines(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    station = _named(change, [own.id for own in model.stations])
    there = [own for own in model.machines if own.station == station]
    if not there:
        raise InputError("a station without machines", came=station)
    wanted = _number(change, len(there))
    if wanted >= len(there):
        return _more(model, there, wanted - len(there))
    gone = {own.id for own in there[wanted:]}
    return replace(
        model,
        machines=tuple(own for own in model.machines if own.id not in gone),
        routes=tuple(
            replace(route, steps=tuple(_without(step, gone, route.id) for step in route.steps))
            for route in model.routes
        ),
    )


def _more(model: Model, there: Sequence[Machine], count: int) -> Model:
    """Copies of the station's last machine; whatever that one can do they can do too."""
    like = there[-1]
    taken = {own.id for own in model.machines}
    fresh = (f"{like.id}+{number}" for number in range(1, count + len(taken) + 1))
    ids = [name for name in fresh if name not in taken][:count]
    copies = tuple(replace(like, id=name) for name in ids)

    def widened(step: Step) -> Step:
        if like.id not in step.machines:
            return step
        return replace(step, machines={**step.machines, **dict.fromkeys(ids, step.machines[like.id])})

    routes = tuple(replace(route, steps=tuple(widened(step) for step in route.steps)) for route in model.routes)
    # behind all others, so that no other machine's random numbers change
    return replace(model, machines=(*model.machines, *copies), routes=routes)


def _without(step: Step, gone: set[str], route: str) -> Step:
    if not gone & set(step.machines):
        return step
    left = {name: time for name, time in step.machines.items() if name not in gone}
    if not left:
        raise InputError(
            "only that machine can do a step", came=", ".join(sorted(gone)), expected=f"route {route}, step {step.id}"
        )
    return replace(step, machines=left)


def _people(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    name = _named(change, [own.id for own in model.pools])
    return replace(
        model,
        pools=tuple(
            replace(own, size=_number(change, own.size)) if own.id == name else own for own in model.pools
        ),
    )  # fmt: skip


def _demand(model: Model, change: Change, levels: Mapping[str, float]) -> Model:
    if change.value in levels and model.demand is not None:
        return replace(model, demand=replace(model.demand, per_day=levels[change.value]))
    factor = _factor(change)
    if model.demand is None and not model.arrivals:
        hint = "give [demand] or [[arrival]] in twin.toml"
        raise InputError("only known orders, no demand to multiply", came=f"{len(model.orders)} orders", hint=hint)
    demand = model.demand and replace(model.demand, per_day=model.demand.per_day * factor)
    arrivals = tuple(replace(own, interval=own.interval.scaled(1 / factor)) for own in model.arrivals)
    return replace(model, demand=demand, arrivals=arrivals)


def _lot_size(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    """As many pieces in lots that many times as large; what is known to come is split."""
    factor = _factor(change)
    if factor > 1 and model.orders:
        raise InputError(
            "known orders are not joined to larger lots",
            came=f"{len(model.orders)} orders",
            expected="a factor below 1",
        )
    demand = model.demand and replace(
        model.demand,
        per_day=model.demand.per_day / factor,
        mix=tuple((route, share, pieces.scaled(factor)) for route, share, pieces in model.demand.mix),
    )
    arrivals = tuple(
        replace(own, interval=own.interval.scaled(factor), quantity=own.quantity.scaled(factor))
        for own in model.arrivals
    )
    orders = tuple(part for place, own in enumerate(model.orders) for part in _split(own, place, round(1 / factor)))
    return replace(model, demand=demand, arrivals=arrivals, orders=orders)


def _split(order: LotOrder, place: int, parts: int) -> Iterator[LotOrder]:
    parts = max(1, min(parts, order.quantity))
    key = place if order.key is None else order.key
    for number in range(parts):
        pieces = order.quantity // parts + (number < order.quantity % parts)
        name = order.id if number == 0 else f"{order.id}/{number + 1}"
        yield replace(order, id=name, quantity=pieces, key=key + number * _PART)


def _setup(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    factor = _factor(change, least=-1.0)
    setups = tuple(
        replace(own, times={pair: time * factor for pair, time in own.times.items()}, other=own.other * factor)
        for own in model.setups
    )

    def shorter(step: Step) -> Step:
        return step if step.setup_time is None else replace(step, setup_time=step.setup_time * factor)

    routes = tuple(replace(route, steps=tuple(shorter(step) for step in route.steps)) for route in model.routes)
    return replace(model, setups=setups, routes=routes)


def _chosen(model: Model, change: Change) -> set[str]:
    ids = [own.id for own in model.stations]
    return {_named(change, ids)} if change.subject else set(ids)


def _each(model: Model, change: Change, changed: Callable[[Machine], Machine]) -> Model:
    stations = _chosen(model, change)
    return replace(model, machines=tuple(changed(own) if own.station in stations else own for own in model.machines))


def _time(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    factor = _factor(change)
    return _each(model, change, lambda own: replace(own, speed=own.speed * factor))


def _failures(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    factor = _factor(change, least=-1.0)

    def rarer(own: Machine) -> Machine:
        if factor == 0:
            return replace(own, failures=(), maintenance=tuple(replace(one, renews=()) for one in own.maintenance))
        return replace(
            own,
            failures=tuple(
                replace(one, life=one.life.scaled(1 / factor), first=one.first and one.first.scaled(1 / factor))
                for one in own.failures
            ),
        )

    return _each(model, change, rarer)


def _repair(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    factor = _factor(change)
    return _each(
        model,
        change,
        lambda own: replace(
            own, failures=tuple(replace(one, repair=one.repair.scaled(factor)) for one in own.failures)
        ),
    )


def _buffer(model: Model, change: Change, _: Mapping[str, float]) -> Model:
    name = _named(change, [own.id for own in model.stations])

    def room(own: Station) -> int | None:
        return None if change.value.strip().lower() == "none" else _number(change, own.buffer or 0)

    return replace(
        model, stations=tuple(replace(own, buffer=room(own)) if own.id == name else own for own in model.stations)
    )


LEVERS: Mapping[str, Lever] = {
    "demand": Lever("", False, "a factor above 0, or a level of [demand] by name", "orders, times as many", _demand),
    "lot_size": Lever("", False, "a factor above 0", "as many pieces, in lots that many times as large", _lot_size),
    "cap": Lever("", False, "a number of lots, or none", "most lots on the floor (CONWIP)", _cap),
    "rule": Lever("station", True, "keys, most important first, e.g. setup, edd", "which lot is next", _rule),
    "machines": Lever("station", False, "+1, -1 or a number", "machines like its last one", _machines),
    "people": Lever("pool", False, "+1, -1 or a number", "people, vehicles or fixtures of a pool", _people),
    "buffer": Lever("station", False, "a number of lots, or none", "lots that may wait there", _buffer),
    "time": Lever("station", True, "a factor above 0", "processing times, times as long", _time),
    "setup": Lever("", False, "a factor of 0 or more", "setup times, times as long", _setup),
    "failures": Lever("station", True, "a factor of 0 or more", "failures, times as many", _failures),
    "repair": Lever("station", True, "a factor above 0", "repairs, times as long", _repair),
}
"""Everything that a scenario may change, by name."""
