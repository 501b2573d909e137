"""The energy books of a plant to the screens: one account a window, made of the facts and kept until they grow.

Reads  Fact(meter, state, count, genealogy, movement)    Writes  nothing
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.interrupts import handed_on
from luban.core.time import DAY, HOUR, from_datetime, parse_duration, parse_time, to_datetime
from luban.norms.emissions import Factor, factors, read_factors
from luban.norms.tariffs import Tariff, in_force, tariffs_named
from luban.screens.service.books import Books, Record
from luban.screens.service.view import PlantView, Range
from luban.understand.energy.allocate import Stay, stays_of
from luban.understand.energy.books import EnergyAccount, energy_account, good_of
from luban.understand.energy.meters import Consumed, Meter, Swap
from luban.understand.energy.plant import meters_of, swaps_of
from luban.understand.energy.profile import Profile, profile
from luban.understand.energy.read import readings_of
from luban.understand.energy.whose import Whose, lot_shares, of_lot, of_order, of_work_unit

__all__ = ["NOTHING", "NO_READING", "WINDOWS", "EnergyBooks", "Priced", "span_text"]

log = logging.getLogger(__name__)

NOTHING: Final = "no work unit, order or lot has this name"
NO_READING: Final = "the plant's books hold no meter readings"
WINDOWS: Final = ("day", "7d", "30d", "month", "last month", "365d", "all")
"""Windows that a person may name; each but a past month ends with the newest reading."""

_READ: Final = ["seq", "time", "subject", "medium", "register", "interval", "start", "measured_in", "quality"]
_KEPT: Final = 6  # accounts
_FRESH: Final = 5.0  # the books are not looked at more often [s]
_BEFORE: Final = 2 * DAY  # readings before a window that tell what a meter usually says
_AFTER: Final = DAY  # readings behind a window, so that what flowed across its end is known
_SILENT: Final = 40 * DAY  # a meter that said nothing for so long begins anew
_LONGEST: Final = 1100 * DAY


@dataclass(frozen=True, slots=True)
class Priced:
    """What energy is priced and weighed with.

    tariffs  medium → tariffs, the newest first
    own      the plant's own factors; they go before `known`, luban's
    """

    tariffs: dict[str, tuple[Tariff, ...]]
    own: tuple[Factor, ...]
    known: tuple[Factor, ...]
    region: str
    idle: str


class EnergyBooks(Books):
    """Everything that pages and REST may ask about energy, water and air. Safe from any thread.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    fresh   the books are looked at at most so often [s]

    Example  books = EnergyBooks(view)
             account = books.account(books.range("7d"))
    """

    def __init__(self, view: PlantView, record: Record | None = None, *, fresh: float = _FRESH) -> None:
        super().__init__(view, record)
        self._fresh = fresh
        plant = view.plant
        self.meters: tuple[Meter, ...] = meters_of(plant)
        self._by_id = {one.id: one for one in self.meters}
        self._swaps = swaps_of(plant)
        named = [one for name in plant.energy.tariff for one in tariffs_named(name, view.folder)]
        own = tuple(one for name in plant.energy.factors for one in read_factors(view.folder / name).values())
        self.priced = Priced(in_force(named), own, tuple(factors().values()), plant.energy.region, plant.energy.idle)
        self._lock = threading.Lock()  # one account is made at a time
        self._state = threading.Lock()
        self._accounts: OrderedDict[tuple[int, int], tuple[tuple[int, ...], EnergyAccount]] = OrderedDict()
        self._looked = -1e9
        self._looking = False
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="luban-energy")
        self._version: tuple[int, ...] = ()
        self._bounds: tuple[int, int] | None = None

    def describe(self, meters: tuple[Meter, ...], swaps: dict[str, list[Swap]] | None = None) -> None:
        """Take other meters than the plant's tables describe, and other replacements where they are given."""
        self.meters, self._by_id = meters, {one.id: one for one in meters}
        self._swaps = self._swaps if swaps is None else swaps
        self._accounts.clear()

    # ------------------------------------------------------------------ what there is

    @property
    def version(self) -> tuple[int, ...]:
        """Another value whenever meter readings came in or facts were corrected; waits for the books only once.

        They are looked at beside, at most each 5 s; what was known until then is returned.
        """
        if self._looked < 0:
            self._look()
        elif time.monotonic() - self._looked >= self._fresh and not self._looking:
            self._looking = True
            self._beside.submit(self._look_beside)
        return self._version

    def _look_beside(self) -> None:
        try:
            handed_on(self._look)()
        except Exception:
            log.exception("the meter readings could not be looked at; it is tried again")
        finally:
            self._looking = False

    @property
    def bounds(self) -> tuple[int, int] | None:
        """First and newest reading [µs UTC]; None where there is none."""
        self._look()
        return self._bounds

    def _look(self) -> None:
        with self._state:
            if time.monotonic() - self._looked < self._fresh:
                return
            ledger = self.view.ledger
            head = ledger.head
            frame = ledger.frame("meter", as_of=head)
            last = frame.select(
                nw.col("seq").max(), nw.col("time").min().alias("first"), nw.col("time").max().alias("last")
            )
            (row,) = last.collect("pyarrow").to_native().to_pylist()
            hidden = tuple(len(ledger.superseded(stream, as_of=head)) for stream in ("meter", "state", "count"))
            self._version = (row["seq"] or 0, *hidden)
            self._bounds = None if row["first"] is None else (row["first"], row["last"])
            self._looked = time.monotonic()

    def range(self, text: str = "", start: str = "", end: str = "") -> Range:
        """The window that a person names.

        text        one of WINDOWS, a length such as 3d, or START/END; 7 days by default, cut to what the books hold
        start, end  ISO 8601 in the plant's zone; they win over text
        Raises      InputError: no readings, no such window
        """
        bounds = self.bounds
        if bounds is None:
            raise InputError(NO_READING, hint="write readings into the stream `meter`, and meters into meters.csv")
        first, last = bounds
        zone = self.view.plant.zone
        if start or end:
            high = parse_time(end, zone) if end else last
            low = parse_time(start, zone) if start else max(first, high - 7 * DAY)
            return _checked(Range(low, high, f"{start or '…'} – {end or '…'}"))
        if "/" in text:
            return self.range("", *text.split("/", 1))
        text = text or "7d"
        if text == "all":
            return _checked(Range(max(first, last - _LONGEST), last, text))
        if text in {"month", "last month"}:
            newest = to_datetime(last - 1, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            begin = from_datetime(newest)
            if text == "month":
                return _checked(Range(max(begin, first), last, text))
            before = from_datetime(newest.replace(year=newest.year - (newest.month == 1),
                                                  month=(newest.month - 2) % 12 + 1))  # fmt: skip
            return _checked(Range(before, begin, text))
        length = DAY if text == "day" else parse_duration(text)
        return _checked(Range(max(first, last - length), last, text))

    # ------------------------------------------------------------------ what it comes to

    def account(self, span: Range) -> EnergyAccount:
        """Meters, tree, allocations, orders, idling, bills and gases of a window; kept until readings come in.

        Raises  InputError: no reading, none within the window
        """
        self._look()
        key, version = (span.start, span.end), self._version
        with self._lock:
            kept = self._accounts.get(key)
            if kept is not None and kept[0] == version:
                self._accounts.move_to_end(key)
                return kept[1]
            made = self._made(span.start, span.end)
            self._accounts[key] = (version, made)
            while len(self._accounts) > _KEPT:
                self._accounts.popitem(last=False)
            return made

    def _made(self, start: int, end: int) -> EnergyAccount:
        ledger, priced = self.view.ledger, self.priced
        head = ledger.head
        before = self._before(start, head)
        rows = ledger.table("meter", since=before, until=end + _AFTER, as_of=head).select(_READ).to_pylist()
        if not rows:
            raise InputError(NO_READING, where=span_text(start, end, self.view))
        every = tuple(one for known in priced.tariffs.values() for one in known)
        return energy_account(
            readings_of(rows), meters=self.meters, swaps=self._swaps, stays=self.stays(start, end),
            good=good_of(ledger.table("count", since=start, until=end, as_of=head).to_pylist()), tariffs=every,
            factors=priced.known, own_factors=priced.own, region=priced.region, start=start, end=end,
            idle=priced.idle, zone=self.view.plant.zone,
        )  # fmt: skip

    def _before(self, start: int, head: int) -> int:
        """From when on readings are read, so that each meter has one before the window where there is one."""
        frame = self.view.ledger.frame("meter", until=start + 1, as_of=head)
        last = frame.group_by("subject").agg(nw.col("time").max()).collect("pyarrow").to_native()
        known: list[int] = [time for time in last["time"].to_pylist() if time > start - _SILENT]
        return min([start - _BEFORE, *known])

    def stays(self, start: int, end: int) -> dict[str, tuple[Stay, ...]]:
        """Stays of the work units within a window, the state that each was in at its begin included."""
        ledger = self.view.ledger
        head = ledger.head
        frame = ledger.frame("state", until=start, as_of=head)
        last = frame.group_by("subject").agg(nw.col("time").max()).collect("pyarrow").to_native()
        rows = ledger.table("state", since=start, until=end, as_of=head).to_pylist()
        by_time: dict[int, list[str]] = {}
        for one in last.to_pylist():
            by_time.setdefault(one["time"], []).append(one["subject"])
        for moment, units in by_time.items():
            rows += ledger.table("state", subjects=units, since=moment, until=moment + 1, as_of=head).to_pylist()
        found = stays_of(rows, end)
        cut = {unit: tuple(_cut(stay, start) for stay in stays if stay.end > start) for unit, stays in found.items()}
        return {unit: stays for unit, stays in cut.items() if stays}

    def consumed(self, span: Range, meter: str) -> Consumed:
        """What one meter said in a window. Raises InputError for one that is not known."""
        known = {one.meter.id: one for one in self.account(span).meters}
        if meter not in known:
            raise InputError("no such meter", came=meter, expected=", ".join([*known][:8]))
        return known[meter]

    def profile(self, span: Range, meter: str = "", step: int = 0) -> Profile:
        """Power over a window.

        meter  the first electricity meter at the top by default
        step   [µs]; by default so that there are at most some 1,500 steps, from 15 min on
        """
        consumed = self.consumed(span, meter or self.main(span))
        step = step or next((one for one in (HOUR // 4, HOUR, 4 * HOUR) if (span.end - span.start) / one <= 1500), DAY)
        return profile(consumed, span.start, span.end, step, tariffs=self.priced.tariffs.get(consumed.meter.medium, ()))

    def main(self, span: Range) -> str:
        """The first electricity meter at the top of the tree; any meter where there is none."""
        meters = [one.meter for one in self.account(span).meters]
        tops = [one for one in meters if not one.parent and one.medium == "electricity"]
        return (tops or meters)[0].id

    def name(self, meter: str) -> str:
        """What people call a meter: the place that it measures; else its id, without the plant's."""
        own = self._by_id.get(meter)
        place = self.view.plant.equipment.get(own.place) if own is not None and own.place else None
        if place is not None and place.name:
            return place.name
        return meter.removeprefix(f"{self.view.plant.id}:") or meter

    def whose(self, span: Range | None = None, *, lot: str = "", order: str = "", unit: str = "") -> Whose:
        """What a lot, a piece, an order or a work unit took of each medium; name one of them.

        span    of a work unit the last 7 days by default; of a lot or an order the whole days on which it was worked on
        Raises  InputError
        """
        if sum(map(bool, (lot, order, unit))) != 1:
            raise InputError(
                "name one of lot, order and unit", came=" ".join(filter(None, (lot, order, unit))) or "none"
            )
        if unit:
            known = self.view.plant.equipment
            path = unit if unit in known else f"{self.view.plant.id}/{unit}"
            return of_work_unit(self.account(span or self.range()), path)
        if order:
            return of_order(self.account(span or self._days([order])), order)
        orders = self._orders_of(lot)
        if not orders:
            raise InputError("no fact names this lot", came=lot, hint="look at its spelling")
        shares = lot_shares(lot, self._facts("genealogy", orders), self._facts("movement", orders))
        return of_lot(self.account(span or self._days(orders)), lot, shares)

    def find(self, text: str) -> dict[str, str]:
        """What a typed name stands for, as `whose` takes it: a work unit, an order, or a lot or serial number.

        Raises  InputError where it stands for nothing
        """
        asked, plant = text.strip(), self.view.plant
        for path in plant.work_units:
            if asked in {path, path.removeprefix(f"{plant.id}/"), plant.place(path).name}:
                return {"unit": path}
        frame = self.view.ledger.frame("state").filter(nw.col("order") == asked)
        if asked and frame.select(nw.len()).collect("pyarrow").item():
            return {"order": asked}
        if asked and self._orders_of(asked):
            return {"lot": asked}
        raise InputError(NOTHING, came=asked or "none", hint="look at its spelling")

    def orders(self, span: Range, limit: int = 300) -> list[str]:
        """Orders that took energy in a window, for a choice."""
        found = {one.order for medium in self.account(span).shares for one in self.account(span).orders_of(medium)[0]}
        return sorted(found)[:limit]

    def _facts(self, stream: str, orders: list[str]) -> list[dict[str, Any]]:
        frame = self.view.ledger.frame(stream).filter(nw.col("order").is_in(orders))
        return list(frame.collect("pyarrow").to_native().to_pylist())

    def _orders_of(self, lot: str) -> list[str]:
        """Orders that made a lot, by the facts that name both."""
        found: dict[str, None] = {}
        for stream, column in (("genealogy", "subject"), ("movement", "lot")):
            frame = self.view.ledger.frame(stream).filter(nw.col(column) == lot, ~nw.col("order").is_null())
            if stream == "movement":
                frame = frame.filter(~nw.col("destination").fill_null("").str.starts_with("customer:"))
            found |= dict.fromkeys(frame.select("order").collect("pyarrow").to_native()["order"].to_pylist())
        return list(found)

    def _days(self, orders: list[str]) -> Range:
        """The whole days, in the plant's zone, on which orders were worked on."""
        frame = self.view.ledger.frame("state").filter(nw.col("order").is_in(orders))
        times = frame.select(nw.col("time").min().alias("low"), nw.col("time").max().alias("high"))
        (row,) = times.collect("pyarrow").to_native().to_pylist()
        if row["low"] is None:
            raise InputError("no state names this order", came=", ".join(orders[:3]))
        zone = self.view.plant.zone
        low = to_datetime(row["low"], zone).replace(hour=0, minute=0, second=0, microsecond=0)
        high = to_datetime(row["high"], zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        last = (self.bounds or (0, 0))[1]
        start, end = from_datetime(low), from_datetime(high)
        return _checked(Range(start, min(end, max(last, start + 1)), "days of the order"))

    def facts(self, meter: str, start: int, end: int, limit: int = 200) -> list[dict[str, Any]]:
        """Readings of a meter as facts, in the order of time; corrected ones too."""
        table = self.view.ledger.table("meter", subjects=[meter], since=start, until=end + 1, corrected=False)
        return sorted(table.to_pylist(), key=lambda row: (row["time"], row["seq"]))[:limit]


def span_text(start: int, end: int, view: PlantView) -> str:
    """A window in the plant's zone."""
    zone = view.plant.zone
    return " – ".join(f"{to_datetime(at, zone):%Y-%m-%d %H:%M}" for at in (start, end))


def _cut(stay: Stay, start: int) -> Stay:
    if stay.start >= start:
        return stay
    return Stay(stay.unit, start, stay.end, stay.state, stay.element, stay.order, stay.operation, stay.item)


def _checked(span: Range) -> Range:
    if span.end <= span.start:
        raise InputError("the window is empty", came=span.label)
    if span.end - span.start > _LONGEST:
        raise InputError("this interval is too long", expected=f"at most {_LONGEST // DAY} days")
    return span
