"""The green account of a plant over a window: energy, greenhouse gases, water, waste, footprints, from its facts.

Every number says which facts it rests on. Two accounts of the same window at the same seq are the same to the bit.

Reads   Fact(meter, state, count, genealogy, movement, event)    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, cast

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import iso, to_datetime
from luban.ledger import Ledger
from luban.norms.emissions import Factor
from luban.plant import Plant
from luban.understand.energy.allocate import stays_of
from luban.understand.energy.books import EnergyAccount, energy_account, good_of
from luban.understand.energy.meters import Consumed, Reading, in_unit
from luban.understand.energy.plant import meters_of, swaps_of
from luban.understand.energy.read import readings_of
from luban.understand.green.facts import Facts, Found, facts_of, together
from luban.understand.green.figures import SECOND, figures_of, tops_of
from luban.understand.green.footprints import Metered, ProductFootprint, Shared, made_of, product_footprints
from luban.understand.green.statements import Statement, current, statements_of
from luban.understand.green.waste import WasteBalance, waste_balance
from luban.understand.green.water import WaterBalance, role_of, water_balance

__all__ = ["GreenAccount", "green_account"]

_WITHIN: Final = ("circulating", "recycled")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GreenAccount:
    """What was made of the facts.

    as_of       seq at which the books were read
    energy      None without a meter reading in the window
    found       numbers by the basis of a point, and by `figure:NAME` for the report
    stated      statements that hold in the window, by name
    """

    start: int
    end: int
    as_of: int
    energy: EnergyAccount | None
    water: WaterBalance
    waste: WasteBalance
    footprints: tuple[ProductFootprint, ...]
    found: Mapping[str, Found]
    stated: Mapping[str, Statement]
    facts: Mapping[str, int]


def green_account(
    ledger: Ledger,
    plant: Plant,
    factors: Sequence[Factor],
    *,
    own: Sequence[Factor] = (),
    start: int | None = None,
    end: int | None = None,
    as_of: int | None = None,
    energy: EnergyAccount | None = None,
) -> GreenAccount:
    """The green account from `start` to `end` [µs UTC]; from the first to the last reading by default.

    own     factors of the plant itself: they go before the others
    as_of   the books as they stood at this seq; as they stand by default
    energy  the energy account of the same window and seq, where it is at hand; made here by default
    Raises  InputError where there is neither a reading nor a window
    """
    seq = ledger.head if as_of is None else as_of
    low, high = _window(ledger, seq, start, end)
    rows = {
        "meter": ledger.table("meter", until=high + 1, as_of=seq).to_pylist(),
        "count": ledger.table("count", since=low, until=high, as_of=seq).to_pylist(),
        "genealogy": ledger.table("genealogy", since=low, until=high, as_of=seq).to_pylist(),
        "movement": _of_waste(ledger, seq, high),
    }
    readings = readings_of(rows["meter"])
    if energy is None:
        energy = _energy(ledger, readings, rows, plant, (factors, own), (low, high, seq))
    meters = () if energy is None else energy.meters
    water = water_balance(meters, low, high)
    units = {name: item.unit for name, item in plant.items.items()}
    waste = waste_balance(rows["movement"], units, low, high)
    stated = current(statements_of(ledger, as_of=seq), low, high)
    metered = _metered(meters, readings, low, high)
    prints = _footprints(energy, rows, plant, (factors, own), waste, metered, high)
    found = figures_of(energy, water, waste, prints, plant, rows, stated, metered, (low, high))
    return GreenAccount(low, high, seq, energy, water, waste, prints, found, stated,
                        {name: len(one) for name, one in rows.items()})  # fmt: skip


def _window(ledger: Ledger, seq: int, start: int | None, end: int | None) -> tuple[int, int]:
    if start is None or end is None:
        frame = ledger.frame("meter", as_of=seq).select(first=nw.col("time").min(), last=nw.col("time").max())
        (row,) = frame.collect("pyarrow").to_native().to_pylist()
        if row["first"] is None:
            raise InputError("the plant's books hold no meter readings", hint="give the window with --from and --to")
        start, end = (row["first"] if start is None else start), (row["last"] if end is None else end)
    if end <= start:
        raise InputError("the window is empty", came=f"{iso(start)} to {iso(end)}")
    return start, end


def _of_waste(ledger: Ledger, seq: int, end: int) -> list[Row]:
    """Movements of waste until the end of the window, those before it too."""
    subject = nw.col("subject").str
    frame = ledger.frame("movement", until=end, as_of=seq)
    kept = frame.filter(subject.starts_with("waste:") | subject.starts_with("hazardous-waste:"))
    return cast("list[Row]", kept.collect("pyarrow").to_native().to_pylist())


def _energy(
    ledger: Ledger, readings: Mapping[str, list[Reading]], rows: Mapping[str, list[Row]], plant: Plant,
    factors: tuple[Sequence[Factor], Sequence[Factor]], window: tuple[int, int, int],
) -> EnergyAccount | None:  # fmt: skip
    low, high, seq = window
    if not any(low <= one.time <= high for many in readings.values() for one in many):
        return None
    states = ledger.table("state", until=high, as_of=seq).to_pylist()
    return energy_account(
        readings, meters=meters_of(plant), swaps=swaps_of(plant), stays=stays_of(states, high),
        good=good_of(rows["count"]), factors=factors[0], own_factors=factors[1], region=plant.energy.region, start=low,
        end=high, idle=plant.energy.idle, zone=plant.zone,
    )  # fmt: skip


def _metered(
    meters: Iterable[Consumed], readings: Mapping[str, list[Reading]], low: int, high: int
) -> dict[str, tuple[Facts, ...]]:
    """Readings by meter that its amount of the window rests on: those in it, and the last one before it."""
    found = {}
    for one in meters:
        inside = [reading for reading in readings.get(one.meter.id, ()) if low <= reading.time <= high]
        before = max((r for r in readings.get(one.meter.id, ()) if r.time < low), key=lambda r: r.time, default=None)
        found[one.meter.id] = facts_of("meter", [*(r.seq for r in inside), *([before.seq] if before else [])])
    return found


def _orders(energy: EnergyAccount | None, rows: Mapping[str, list[Row]], plant: Plant) -> dict[str, str]:
    """Order → item, by the plant's orders and by facts."""
    found = {name: order.item for name, order in plant.orders.items()}
    stays = (part.stay for one in (energy.allocations if energy else ()) for part in one.parts)
    for order, item in [
        *((stay.order, stay.item) for stay in stays),
        *((r["order"], r["item"]) for r in rows["count"]),
    ]:
        if order and item:
            found.setdefault(order, item)
    return found


def _footprints(
    energy: EnergyAccount | None, rows: Mapping[str, list[Row]], plant: Plant,
    factors: tuple[Sequence[Factor], Sequence[Factor]], waste: WasteBalance, metered: Mapping[str, tuple[Facts, ...]],
    high: int,
) -> tuple[ProductFootprint, ...]:  # fmt: skip
    items = _orders(energy, rows, plant)
    media = _media(energy)
    made = made_of(rows["count"], rows["genealogy"], items, media)
    given = {use.medium: sum((amount for order, amount in use.orders.items() if items.get(order) in made), Decimal(0))
             for use in media}  # fmt: skip
    bom: dict[str, dict[str, float]] = {}
    for line in plant.bom:
        bom.setdefault(line.parent, {})[line.item] = line.quantity
    units = {name: one.unit for name, one in plant.items.items()}
    placed = [one.meter.id for one in (energy.meters if energy else ()) if one.meter.place]
    return product_footprints(
        made, bom, units, factors[0], own=factors[1], year=to_datetime(high - 1, plant.zone).year,
        region=plant.energy.region, energy=media, shared=_shared(energy, waste, metered, given),
        metered=together(*(metered.get(name, ()) for name in placed)),
    )  # fmt: skip


def _media(energy: EnergyAccount | None) -> tuple[Metered, ...]:
    """What orders took of each medium that comes in, in the unit of its first meter at the top."""
    found: list[Metered] = []
    for medium in () if energy is None else energy.shares:
        tops = [one.meter for one, _ in tops_of(energy) if one.meter.medium == medium]
        if energy is None or not tops or medium in SECOND or role_of(medium) in _WITHIN:
            continue
        orders, _ = energy.orders_of(medium)
        unit = next(one.measured_in for one in energy.shares[medium])
        taken = {one.order: in_unit(one.total, unit, tops[0].unit) for one in orders}
        found.append(Metered(medium, tops[0].unit, taken, tops[0].heat))
    return tuple(found)


def _shared(
    energy: EnergyAccount | None, waste: WasteBalance, metered: Mapping[str, tuple[Facts, ...]],
    given: Mapping[str, Decimal],
) -> list[Shared]:  # fmt: skip
    """What no meter gives to an order, by medium: what came in less what orders took; and waste that came up."""
    rest: dict[str, Shared] = {}
    for one, amount in tops_of(energy):
        meter = one.meter
        if meter.medium in SECOND or role_of(meter.medium) in _WITHIN:
            continue  # within the plant: it was counted when it came in
        before = rest.get(meter.medium)
        first = before or Shared(meter.medium, -given.get(meter.medium, Decimal(0)), meter.unit, "shared energy",
                                 meter.heat)  # fmt: skip
        facts = together(first.facts, metered.get(meter.id, ()))
        rest[meter.medium] = replace(first, amount=first.amount + in_unit(amount, meter.unit, first.unit), facts=facts)
    found = [one for one in rest.values() if one.amount > 0]
    found += [Shared(one.item, one.generated, "kg", "waste", None, facts_of("movement", one.seqs))
              for one in waste.streams if one.generated]  # fmt: skip
    return found
