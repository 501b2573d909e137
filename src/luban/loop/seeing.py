"""What the books show of a running plant, as decisions see it: states, newest values, orders; and what is new.

Reads   Fact(signal, state, count, measurement, operation), the plant's orders    Writes  nothing

What nobody can vouch for is no state: a machine whose source is silent is `unknown`, and the doubt is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import narwhals as nw

from luban.core.time import DAY, HOUR, SECOND
from luban.ledger import Ledger
from luban.loop.deciding.floor import Heard, LotSeen, MachineSeen, Seen
from luban.loop.words import SILENT
from luban.norms import TimeElement, state_mapping
from luban.plant import Plant

__all__ = ["Link", "Seeing", "normal_word"]

_BACK: Final = 30 * DAY
_LONG: Final = 180 * DAY
_LATE: Final = HOUR  # a fact that comes later than that is history: nobody is asked for it
_SILENT: Final = 20 * SECOND  # a proof of the link is in the books at most 15 s after it happened
_WORDS: Final[Mapping[TimeElement, str]] = {
    TimeElement.APT: "running", TimeElement.AUST: "setup", TimeElement.ADET: "waiting", TimeElement.ADOT: "idle",
    TimeElement.PDOT: "planned_stop",
}  # fmt: skip


class Link(Protocol):
    """How a source stands."""

    last_alive: int | None


def normal_word(state: str, mapping: str) -> str:
    """A machine's own word in the normal vocabulary: running, setup, idle, waiting, down, planned_stop, unknown.

    Example  normal_word("ACTIVE", "mtconnect-execution@1") == "running"
    """
    known = state_mapping(mapping)
    if known.is_failure(state):
        return "down"
    return _WORDS.get(known.element(state), "unknown")


class Seeing:
    """Looks at a plant's books again and again, reading only what is new. One thread at a time.

    links  how the sources stand now, by id; empty: nobody says, and nothing is in doubt for that
    """

    def __init__(self, ledger: Ledger, plant: Plant, links: Callable[[], Mapping[str, Link]] = dict) -> None:
        self._ledger, self._plant, self._links = ledger, plant, links
        self._cursor = -1
        self._states: dict[str, dict[str, Any]] = {}
        self._done: dict[str, dict[str, int | None]] = {}  # order → operation → when it ended, None while it runs
        self._begun: dict[str, int] = {}  # order → when its newest operation began
        self._at: dict[str, tuple[str, str]] = {}  # machine → order, operation that it works on
        self._setup: dict[str, tuple[int, str]] = {}  # machine → since when, what it worked on last
        self._made: dict[str, float] = {}  # machine → pieces counted
        self._shown = {
            name: frozenset(one.unit_path for one in plant.signals.values() if one.name == name)
            for name in ("reading", "part_count", "order", "program")
        }
        self._routes: dict[str, dict[str, str]] = {}  # item → operation → unit of its first row
        for step in plant.routing:
            self._routes.setdefault(step.item, {}).setdefault(step.operation, step.unit)

    def heard(self, now: int, names: frozenset[str] = frozenset(), *, past: bool = False) -> list[Heard]:
        """What is new in the books since the last time, oldest first; at the first time, how things stand.

        names  signals that somebody wants to hear of, by their own names; `part_count`, `order` and `program` are
               told from counts and bookings where a machine shows none, `reading` with `reading_of` from measurements
        past   at the first time all of that too: somebody learns from it
        """
        head = self._ledger.head
        if head == self._cursor:
            return []
        before, self._cursor = self._cursor, head
        since = now - (_BACK if before < 0 else _LATE)
        told = [self._state(row) for row in self._new("state", before, since)]
        for row in self._operations(before, now - _BACK):
            heard = self._operation(row)
            if row["time"] >= since and (before >= 0 or past):
                told += [one for one in heard if one.name in names]
        if before >= 0 or past:
            for row in self._new("measurement", before, since):
                unit = row["unit"] or ""
                if row["quality"] == 0 and unit not in self._shown["reading"]:
                    told += [Heard(row["time"], unit, "reading_of", row["subject"]),
                             Heard(row["time"], unit, "reading", float(row["value"]))]  # fmt: skip
            if names:
                told += self._signals(before, since, names)
            if "part_count" in names:
                told += self._counts(before, since)
        return sorted(told, key=lambda one: one.time)

    def look(self, now: int) -> Seen:
        """The picture now, by what `heard` has read."""
        silent = self._silent(now)
        values: dict[str, dict[str, float | int | str | bool]] = {}
        for row in self._ledger.last_values().to_pylist():
            unit, _, name = row["subject"].partition(":")
            value = row["value"] if row["value"] is not None else row["text"]
            if value is not None and row["quality"] == 0:
                values.setdefault(unit, {})[name] = value
        machines = {path: self._machine(path, silent, values.get(path, {})) for path in self._plant.work_units}
        doubts = tuple(SILENT.format(source=name) for name in sorted(silent))
        return Seen(now, machines, self._lots(), self._prices(), doubts)

    # ------------------------------------------------------------------ reading

    def _operations(self, before: int, since: int) -> list[dict[str, Any]]:
        """Their time is when they began: the end of a long one is no late fact, nor an open order's old steps."""
        if before >= 0:
            return self._new("operation", before, since)
        open_ = nw.col("order").is_in(list(self._plant.orders))
        old = self._new("operation", before, 0, open_, nw.col("time") < since)
        return [*old, *self._new("operation", before, since)]

    def _new(self, stream: str, before: int, since: int, *only: nw.Expr) -> list[dict[str, Any]]:
        frame = self._ledger.frame(stream, since=since)
        frame = frame.filter(nw.col("seq") > before, nw.col("seq") <= self._cursor, *only)
        rows: list[dict[str, Any]] = frame.collect("pyarrow").to_native().to_pylist()
        return sorted(rows, key=lambda row: (row["time"], row["seq"]))

    def _state(self, row: dict[str, Any]) -> Heard:
        known = self._states.get(row["subject"])
        word = normal_word(row["state"], row["mapping"])
        if known is None or row["time"] >= known["time"]:
            since = known["since"] if known is not None and known["word"] == word else row["time"]
            self._states[row["subject"]] = {**row, "word": word, "since": since}
        return Heard(row["time"], row["subject"], "state", word)

    def _operation(self, row: dict[str, Any]) -> list[Heard]:
        unit, order, operation = row["subject"], row["order"], row["operation"]
        self._done.setdefault(order, {})[operation] = row["end"]
        self._begun[order] = max(row["time"], self._begun.get(order, row["time"]))
        known = self._plant.orders.get(order)
        item = row.get("item") or (known.item if known is not None else "")
        made = f"{item}:{operation}" if item else ""
        newest = row["time"] >= self._setup.get(unit, (0, ""))[0]
        if newest:
            self._setup[unit] = row["time"], made
        if row["end"] is not None:
            if self._at.get(unit) == (order, operation):
                del self._at[unit]
            return []
        if newest:
            self._at[unit] = (order, operation)
        both = (("order", order), ("program", made))
        return [Heard(row["time"], unit, name, value) for name, value in both if unit not in self._shown[name]]

    def _counts(self, before: int, since: int) -> list[Heard]:
        """Pieces that each machine has counted, all kinds."""
        told = []
        for row in self._new("count", before, since):
            unit = row["subject"]
            if row["quality"] == 0 and unit not in self._shown["part_count"]:
                made = self._made.get(unit, 0.0) + row["good"] + row["scrap"] + row["rework"]
                self._made[unit] = made
                told.append(Heard(row["time"], unit, "part_count", made))
        return told

    def _signals(self, before: int, since: int, names: frozenset[str]) -> list[Heard]:
        wanted = [one.id for one in self._plant.signals.values() if one.name in names]
        if not wanted:
            return []
        frame = self._ledger.frame("signal", subjects=wanted, since=since)
        frame = frame.filter(nw.col("seq") > before, nw.col("seq") <= self._cursor)
        rows = frame.collect("pyarrow").to_native().to_pylist()
        if before < 0:  # what a source that tells only changes told before holds until the first change after it
            older = self._ledger.frame("signal", subjects=wanted, since=since - _LONG, until=since)
            older = older.filter(nw.col("quality") == 0)
            newest = older.group_by("subject").agg(nw.col("time").max())
            rows += older.join(newest, on=["subject", "time"]).collect("pyarrow").to_native().to_pylist()
            rows += [row for row in self._ledger.last_values(wanted).to_pylist() if row["time"] < since - _LONG]
        told = []
        for row in sorted(rows, key=lambda row: (row["time"], row["seq"])):
            unit, _, name = row["subject"].partition(":")
            value = row["value"] if row["value"] is not None else row["text"]
            if value is not None and row["quality"] == 0:
                told.append(Heard(row["time"], unit, name, value))
        return told

    # ------------------------------------------------------------------ the picture

    def _silent(self, now: int) -> set[str]:
        return {name for name, link in self._links().items() if now - (link.last_alive or 0) > _SILENT}

    def _machine(
        self, path: str, silent: set[str], values: Mapping[str, float | int | str | bool]
    ) -> MachineSeen:  # fmt: skip
        row = self._states.get(path)
        place = self._plant.equipment[path]
        if row is None:
            return MachineSeen(path, place.parent or "", "unknown", 0, signals=values)
        order, operation = self._at.get(path, (row.get("order") or "", row.get("operation") or ""))
        word = "unknown" if row["source"] in silent else row["word"]
        _, setup = self._setup.get(path, (0, ""))
        return MachineSeen(path, place.parent or "", word, row["since"], order, operation, setup, signals=values)

    def _lots(self) -> tuple[LotSeen, ...]:
        """Orders that are not finished: which step is next, and where it is."""
        found = []
        for order in self._plant.orders.values():
            route, done = self._routes.get(order.item, {}), self._done.get(order.id, {})
            steps = list(route)
            at = next((n for n, step in enumerate(steps) if done.get(step) is None), len(steps))
            if at == len(steps):
                continue
            ends = [end for end in done.values() if end is not None]
            place, since = "pool", order.release or 0
            if steps[at] in done:
                place, since = "machine", self._begun[order.id]
            elif ends:
                place, since = "queue", max(ends)
            unit = route[steps[at]]
            station = self._plant.equipment[unit].parent if unit in self._plant.work_units else unit
            found.append(
                LotSeen(order.id, order.item, round(order.quantity), place, station or "", at, order.release or 0,
                        order.due, order.release, since)
            )  # fmt: skip
        return tuple(found)

    def _prices(self) -> dict[str, float]:
        """What an hour of a machine is worth, as maintenance.csv says: `hour PATH`."""
        return {f"hour {one.asset}": one.hour_cost for one in self._plant.maintenance if one.hour_cost > 0}
