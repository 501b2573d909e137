"""What comes to the plant: known orders, drawn demand, steady streams, material, and the rule of release."""

from __future__ import annotations

from datetime import date, timedelta

from luban.core.time import DAY, to_datetime
from luban.plant.calendar import instant
from luban.plant.complaint import Complaint, Place, listing
from luban.twin.load.site import Site
from luban.twin.model import Arrival, Demand, LotOrder, Release, Stock

__all__ = ["arrivals_of", "demand_of", "known_orders", "release_of", "stocks_of"]


def known_orders(site: Site) -> tuple[LotOrder, ...]:
    """The orders of the plant's table that begin within the horizon."""
    found = []
    early = late = 0
    for own in site.plant.orders.values():
        if own.item not in site.routed:
            place = Place("orders.csv")
            site.complaints.append(
                Complaint(place, "item", f"order {own.id} of an item without a routing", own.item, listing(site.routed))
            )
            continue
        arrival = 0 if own.release is None else own.release - site.start
        early += arrival < 0
        if arrival >= site.horizon:
            late += 1
            continue
        due = None if own.due is None else own.due - site.start
        found.append(
            LotOrder(own.id, own.item, max(1, round(own.quantity)), max(0, arrival), due, priority=own.priority)
        )
    if early:
        site.assume(f"{early} orders released before the start begin at the start, none of their work done")
    if late:
        site.assume(f"{late} orders released after the end are left out")
    return tuple(found)


def demand_of(site: Site, per_day: float | str | None) -> Demand | None:
    """The demand to be drawn; `per_day` another level of it, by number or by name."""
    own = site.single("demand")
    if own is None:
        return None
    table = own.table
    level = table.per_day
    if isinstance(per_day, str):
        if per_day not in table.levels:
            site.complain(own, "levels", "no such level of demand", repr(per_day), listing(table.levels))
            return None
        level = table.levels[per_day]
    elif per_day is not None:
        level = per_day
    mix = []
    for product in site.told("product"):
        if product.table.share <= 0:
            continue
        if product.table.quantity is None:
            site.complain(
                product, "quantity", "a share of the demand without a quantity", product.table.item, "quantity"
            )
            continue
        mix += [(item, product.table.share, product.table.quantity) for item in site.items(product, "item")]
    days = _working_days(site, table.calendar or site.plant.equipment[site.plant.id].calendar, table.due_days or 0)
    if not mix:
        site.complain(own, "per_day", "demand for nothing", "", "a [[product]] with share and quantity")
    if not days:
        site.complain(
            own, "calendar", "demand without working days", repr(table.calendar), listing(site.plant.calendars)
        )
    if not mix or not days:
        return None
    highest = 1e9 if table.highest is None else table.highest
    return Demand(
        level, tuple(mix), days, table.week, (table.lowest, highest), table.due_days, table.delayed, table.delay
    )


def _working_days(site: Site, calendar: str | None, beyond: int) -> tuple[tuple[int, int, int], ...]:
    """(start, end, week) of each working day, `beyond` so many more than the horizon has."""
    if calendar is None or calendar not in site.plant.calendars:
        return ()
    zone = site.plant.zone
    end = site.start + site.horizon + (2 * beyond + 30) * DAY
    days: dict[date, tuple[int, int]] = {}
    for shift in site.plant.calendars[calendar].shifts(zone, site.start, end):
        if shift.end <= site.start:
            continue
        first, last = days.get(shift.day, (shift.start, shift.end))
        days[shift.day] = (min(first, shift.start), max(last, shift.end))
    monday = to_datetime(site.start, zone).date()
    monday -= timedelta(days=monday.weekday())
    return tuple(
        (max(0, first - site.start), last - site.start, (day - monday).days // 7)
        for day, (first, last) in sorted(days.items())
    )


def release_of(site: Site) -> Release:
    """The release rule."""
    own = site.single("release")
    if own is None:
        return Release()
    table = own.table
    if table.kind == "conwip" and table.cap is None:
        site.complain(own, "kind", "conwip without a cap", "conwip", "cap = number of lots")
    instants: set[int] = set()
    zone = site.plant.zone
    day = to_datetime(site.start, zone).date()
    while (day - to_datetime(site.start + site.horizon, zone).date()).days <= 0:
        for every in table.every:
            moment = instant(day, every.minutes, zone) - site.start
            if day.weekday() in every.days and 0 <= moment <= site.horizon:
                instants.add(moment)
        day += timedelta(days=1)
    if table.every and not instants:
        site.complain(own, "every", "no such time within the run", "", "a time of the week before the end")
    return Release(table.kind, table.cap, tuple(sorted(instants)), tuple(table.rule))


def arrivals_of(site: Site) -> tuple[Arrival, ...]:
    """Steady streams."""
    return tuple(
        Arrival(own.id, item, own.interval, own.quantity, own.first, own.due, own.ready, own.priority, own.limit)
        for told in site.told("arrival")
        for item in site.items(told, "item")
        for own in (told.table,)
    )


def stocks_of(site: Site) -> tuple[Stock, ...]:
    """Stocks of materials."""
    found = []
    for own in site.told("stock"):
        table = own.table
        if table.item not in site.plant.items:
            site.complain(own, "item", "unknown item", repr(table.item), listing(site.plant.items))
        if not table.reorder <= table.up_to:
            site.complain(
                own, "up_to", "an order level above what is ordered up to", table.up_to, f"≥ {table.reorder:g}"
            )
        found.append(
            Stock(table.item, table.reorder, table.up_to, table.lead, table.initial, table.interval, table.quantity)
        )
    return tuple(found)
