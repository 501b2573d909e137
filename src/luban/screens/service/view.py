"""One plant as the screens see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, now, parse_duration, parse_time, to_datetime
from luban.ledger import Ledger, VerifyReport, verify
from luban.loop.places import places
from luban.plant import Plant, load
from luban.screens.service import figures, past
from luban.screens.service.board import Board, Tile
from luban.screens.service.now import SILENT_AFTER, Live, Now
from luban.understand import kpi

__all__ = ["Header", "PlantView", "Range"]

_LONGEST_TREND = 400 * DAY
_MOST_POINTS = 4000


@dataclass(frozen=True, slots=True)
class Range:
    """An interval [start, end) in µs UTC, and what it is called."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The plant itself."""

    id: str
    name: str
    enterprise: str
    time_zone: str
    head: int
    time: int


class PlantView:
    """Everything a screen may ask of one plant. Safe from any thread; every method only reads.

    folder      the plant's folder
    plant       its configuration; read from the folder by default
    ledger      its books; opened by default
    collectors  what the running collectors say of themselves, by source; empty where none runs in this process
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        plant: Plant | None = None,
        ledger: Ledger | None = None,
        collectors: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self.folder = Path(folder)
        self.plant = plant or load(self.folder)
        self.ledger = ledger or Ledger(places(self.folder).ledger)
        self.collectors = collectors
        # one board at a time: many pages of the same place share what the first one reads
        self._board_lock = threading.Lock()
        self._boards: dict[tuple[object, ...], tuple[int, Board]] = {}
        self._first: dict[str, int] = {}
        self._live = Live(self.ledger, self.plant, collectors)

    def header(self) -> Header:
        """Name, zone and newest seq."""
        plant = self.plant
        return Header(plant.id, plant.name, plant.enterprise, str(plant.zone), self.ledger.head, now())

    def now(self, *, fresh: int = 0) -> Now:
        """The plant at this moment; a look not older than `fresh` [µs] will do."""
        return self._live.read(now(), fresh=fresh)

    def units_below(self, path: str) -> tuple[str, ...]:
        """The work units at or below a place, in tree order. Raises InputError for an unknown place."""
        return self.plant.units_of(path)

    def range(self, text: str = "", start: str = "", end: str = "", path: str = "") -> Range:
        """The interval that a person names.

        text        shift (the running one, or the newest), begun (since all its machines speak), today,
                    last (the newest shift of which the books know a state),
                    or a length such as 10min, 8h, 7d; all but a past shift last until now
        start, end  ISO 8601 in the plant's zone; they win over text
        path        whose shift
        Raises      InputError
        """
        at = now()
        if start or end:
            stop = parse_time(end, self.plant.zone) if end else at
            begin = parse_time(start, self.plant.zone) if start else stop - DAY
            return self._checked(Range(begin, stop, f"{start or '…'} – {end or 'now'}"))
        if text in {"", "shift"}:
            return self._shift(path or self.plant.id, at)
        if text == "begun":
            return Range(self._begun(path or self.plant.id, at), self._settled(path or self.plant.id, at), text)
        if text == "last":
            return self._last(path or self.plant.id, at)
        if text == "today":
            midnight = to_datetime(at, self.plant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return Range(parse_time(midnight.isoformat()), at, "today")
        newest = self._settled(path or self.plant.id, at)
        return self._checked(Range(newest - parse_duration(text), newest, text))

    def usual_range(self, path: str) -> str:
        """What a person wants to see first: the shift, or what there is where the books begin within it.

        Where nobody has spoken for a day, the last shift that the books know.
        """
        at = now()
        newest = past.newest_state(self.ledger, self.plant.units_of(path))
        if newest is not None and newest < at - DAY:
            return "last"
        return "begun" if self._begun(path, at) > self._shift(path, at).start else "shift"

    def trend(self, signal: str, span: Range, *, points: int = 800) -> past.Trend:
        """Lowest and highest of each pixel, gaps as None. Raises InputError."""
        known = self.plant.signals.get(signal)
        if known is None:
            raise InputError("no such signal", came=signal, expected="an id of the plant", hint="see /api/v1/tree")
        self._checked(span)
        if span.end - span.start > _LONGEST_TREND:
            raise InputError("this interval is too long", expected=f"at most {_LONGEST_TREND // DAY} days")
        count = max(2, min(points, _MOST_POINTS))
        return past.trend(self.ledger, signal, known.source, span.start, span.end, points=count)

    def gaps(self, span: Range, *, sources: Sequence[str] | None = None, silent: bool = True) -> list[past.Gap]:
        """Gap facts and unexplained silences, newest first."""
        wanted = tuple(self.plant.sources) if sources is None else tuple(sources)
        return past.gaps(self.ledger, wanted, span.start, span.end, patience=SILENT_AFTER, silent=silent)

    def sources_of(self, path: str) -> tuple[str, ...]:
        """The sources that feed a place or what lies below it."""
        units = set(self.units_below(path))
        return tuple(sorted({s.source for s in self.plant.signals.values() if s.unit_path in units}))

    def board(self, path: str, span: Range, *, as_of: int | None = None, fresh: int = 0) -> Board:
        """Figures, losses and states of a place, all from the same state of the books. Raises InputError.

        fresh  a board of the same place and interval that was read at most so long ago [µs] will do
        """
        key = (path, span.label, span.start if span.label[:1].isalpha() else span.end - span.start, as_of)
        with self._board_lock:
            known = self._boards.get(key)
            if known and fresh and now() - known[0] < fresh:
                return known[1]
            made = figures.board(self.ledger, self.plant, path, span.start, span.end, span.label, as_of)
            self._boards = {k: entry for k, entry in self._boards.items() if now() - entry[0] < MINUTE}
            self._boards[key] = (now(), made)
            return made

    def figures(self, path: str, span: Range, *, as_of: int | None = None) -> list[kpi.Figure]:
        """The indicators themselves, with their inputs. Raises InputError."""
        return kpi.read(self.ledger, self.plant, span.start, span.end, [path], as_of)

    def timeline(self, path: str, span: Range, *, as_of: int | None = None) -> list[Tile]:
        """States of each work unit at or below a place. Raises InputError."""
        seq = self.ledger.head if as_of is None else as_of
        return figures.tiles(self.ledger, self.plant, path, span.start, span.end, seq)

    def explain(self, figure: str, path: str, span: Range, *, as_of: int | None = None) -> kpi.Explanation:
        """How a figure was made, down to the facts. Raises InputError."""
        name = figures.check_name(figure)
        made = kpi.read(self.ledger, self.plant, span.start, span.end, [path], as_of, names=[name])[0]
        return kpi.explain(made, self.ledger, self.plant)

    def fact(self, seq: int) -> dict[str, Any] | None:
        """One fact with its stream, or None."""
        return self.ledger.fact(seq)

    def verify(self, progress: Callable[[int, int], None] | None = None) -> VerifyReport:
        """Recompute every hash of the books."""
        return verify(self.ledger.folder, progress=progress)

    def _begun(self, path: str, at: int) -> int:
        """When the last of the place's sources and machines first spoke, at most a day ago."""
        known = self._first.get(path)
        if known is None:
            words = past.first_words(self.ledger, self.sources_of(path))
            states = past.first_states(self.ledger, self.plant.units_of(path))
            known = max([0, *(word for word in (*words.values(), *states.values()) if word < at)])
            if len(words) == len(self.sources_of(path)):
                # everybody has spoken: what was first stays first
                self._first[path] = known
        return max(at - DAY, known)

    def _settled(self, path: str, at: int) -> int:
        """Now, less the few seconds whose proof is still on its way into the books: they are not unknown time."""
        proofs = past.last_proofs(self.ledger, self.sources_of(path), at - 2 * MINUTE)
        fresh = [end for end in proofs.values() if at - end <= SILENT_AFTER]
        return min([at, *fresh])

    def _last(self, path: str, at: int) -> Range:
        units = self.plant.units_of(path)
        newest = past.newest_state(self.ledger, units)
        if newest is None or newest >= at:
            return self._shift(path, at)
        held = self.plant.shifts(units[0], newest, newest + 1)
        return Range(held[0].start, min(held[0].end, at), held[0].name) if held else self._shift(path, newest)

    def _shift(self, path: str, at: int) -> Range:
        units = self.units_below(path) if path in self.plant.equipment else self.plant.work_units
        for unit in units[:1]:
            begun = [s for s in self.plant.shifts(unit, at - 7 * DAY, at + MINUTE) if s.start <= at]
            if begun:
                newest = max(begun, key=lambda s: s.start)
                end = newest.end if newest.end <= at else max(newest.start + 1, self._settled(path, at))
                return Range(newest.start, end, newest.name)
        return Range(at - 8 * HOUR, at, "8h")

    @staticmethod
    def _checked(span: Range) -> Range:
        if span.end <= span.start:
            raise InputError("the interval ends before it starts", came=f"{span.start} … {span.end} µs")
        return span
