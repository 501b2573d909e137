"""A log of alarms from a file: CSV, Excel or Parquet, as control systems, SCADA and people write it.

- one row an alarm: when it came, when it went, when it was acknowledged
- one row an event: alarm, return to normal, acknowledge, in a column that says which
- one row a coming, and nothing else
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.units import convert
from luban.understand.health.alarms import words
from luban.understand.health.alarms.headings import EVENT_OF, PRIORITY_OF, ROLE_OF
from luban.understand.health.alarms.log import AlarmLog, log_rows, priority_of
from luban.understand.quality.data import NO_TIME, Excluded
from luban.understand.quality.read import Columns
from luban.understand.quality.read.moments import moments_of
from luban.understand.quality.read.names import plain_name, split_unit
from luban.understand.quality.read.numbers import number_of, text_of
from luban.understand.quality.read.sources import open_rows

__all__ = ["read_alarm_log"]

_NO_TIME, _NO_NAME, _UNKNOWN, _REVERSED = words.READING
_TOP: Final = 30
_LONGEST: Final = 1e9  # [s] 30 years: a longer duration is a slip
_RAISED, _RETURNED, _SEEN = 1, 2, 3


def read_alarm_log(
    path: Path | str, *, time: str = "", end: str = "", alarm: str = "", event: str = "", priority: str = "",
    seen: str = "", sheet: str = "", zone: ZoneInfo | None = None,
) -> AlarmLog:  # fmt: skip
    """Read a log of alarms; columns that are not named are found by what they are called.

    Priorities are words, or numbers: up to 10, where 1 is the most urgent, or severities up to 1000, where 1000 is.

    zone     of wall-clock times; UTC by default
    Raises   InputError: no such file, no column of times or alarms, no row that can be used
    Example  read_alarm_log("alarms.csv", alarm="tag", event="state")
    """
    given = {"time": time, "end": end, "alarm": alarm, "event": event, "priority": priority, "seen": seen}
    table, named = _table(path, sheet, {role: name for role, name in given.items() if name})
    times = moments_of(table.cells[named["time"]], zone)
    names = _names(table, named)
    urgency, notes = _urgency(table, named)
    excluded: list[Excluded] = []
    rows: list[int] = []
    for row, (moment, name) in enumerate(zip(times, names, strict=True)):
        if moment is not None and name:
            rows.append(row)
        else:
            column = named["time"] if moment is None else named.get("alarm", "")
            came = text_of(table.cells[column][row]) if column else ""
            excluded.append(Excluded(table.place(row, column), column, came, _NO_TIME if moment is None else _NO_NAME))
    known = [times[row] or 0 for row in rows]
    if known != sorted(known):
        notes.append(words.NO_ORDER)
        rows.sort(key=lambda row: times[row] or 0)
    one = _Reading(table, named, times, names, urgency, rows, excluded, notes, zone)
    log = one.events() if "event" in named else one.spans()
    if not len(log):
        first = f"{excluded[0].where}: {excluded[0].reason}" if excluded else "no row"
        raise InputError("no row can be used", came=first, where=table.source)
    return log


class _Reading:
    def __init__(
        self, table: Columns, named: Mapping[str, str], times: Sequence[int | None], names: Sequence[str],
        urgency: Sequence[int], rows: Sequence[int], excluded: list[Excluded], notes: list[str], zone: ZoneInfo | None,
    ) -> None:  # fmt: skip
        self.table, self.named, self.times, self.names = table, named, times, names
        self.urgency, self.rows, self.excluded, self.notes, self.zone = urgency, rows, excluded, notes, zone
        self.known: dict[str, int] = {}

    def spans(self) -> AlarmLog:
        """One row an alarm."""
        ends, sights = self._ends(), self._moments("seen")
        made: list[list[int]] = []
        for row in self.rows:
            begun, end, sight = self.times[row] or 0, ends[row], sights[row]
            if end is not None and end < begun:
                column = self.named.get("end", self.named.get("duration", ""))
                came = text_of(self.table.cells[column][row])
                self.excluded.append(Excluded(self.table.place(row, column), column, came, _REVERSED))
                continue
            at = self.known.setdefault(self.names[row], len(self.known))
            seen = NO_TIME if sight is None else max(sight, begun)
            made.append([at, begun, NO_TIME if end is None else end, seen, self.urgency[row]])
        if not ({"end", "duration"} & set(self.named)):
            self.notes.append(words.NO_EVENT)
        return self._log(made, returns=any(row[_RETURNED] != NO_TIME for row in made))

    def events(self) -> AlarmLog:
        """One row an event."""
        made: list[list[int]] = []
        open_rows_of: dict[int, int] = {}
        unmatched = again = 0
        for row in self.rows:
            cell = text_of(self.table.cells[self.named["event"]][row])
            event = EVENT_OF.get(plain_name(cell))
            if event is None:
                column = self.named["event"]
                self.excluded.append(Excluded(self.table.place(row, column), column, cell, _UNKNOWN))
                continue
            if not event:
                continue
            at, moment = self.known.setdefault(self.names[row], len(self.known)), self.times[row] or 0
            last = open_rows_of.get(at)
            if event == "raise":
                again += last is not None and made[last][_RETURNED] == NO_TIME
                open_rows_of[at] = len(made)
                made.append([at, moment, NO_TIME, NO_TIME, self.urgency[row]])
                continue
            column_of = _RETURNED if event == "return" else _SEEN
            if last is None or made[last][column_of] != NO_TIME:
                unmatched += 1
            else:
                made[last][column_of] = moment
        returns = any(row[_RETURNED] != NO_TIME for row in made)
        if unmatched:
            self.notes.append(words.UNMATCHED.format(n=unmatched))
        if again and returns:
            self.notes.append(words.AGAIN.format(n=again))
        return self._log(made, returns=returns)

    def _log(self, made: list[list[int]], *, returns: bool) -> AlarmLog:
        if not returns:
            self.notes.append(words.NO_RETURNS)
        moments = [self.times[row] or 0 for row in self.rows]
        ends = [row[at] for row in made for at in (_RETURNED, _SEEN) if row[at] != NO_TIME]
        return log_rows(
            tuple(self.known), made, start=min(moments, default=0), end=max([*moments, *ends], default=0),
            source=self.table.source, returns=returns, sees=any(row[_SEEN] != NO_TIME for row in made),
            excluded=self.excluded, notes=self.notes,
        )  # fmt: skip

    def _moments(self, role: str) -> Sequence[int | None]:
        if role not in self.named:
            return [None] * len(self.table)
        return moments_of(self.table.cells[self.named[role]], self.zone)

    def _ends(self) -> Sequence[int | None]:
        if "end" in self.named or "duration" not in self.named:
            return self._moments("end")
        column = self.named["duration"]
        unit = self.table.units.get(column, "") or "s"
        made: list[int | None] = []
        for row, (begun, cell) in enumerate(zip(self.times, self.table.cells[column], strict=True)):
            lasted = number_of(cell)[0]
            seconds = None if lasted is None else convert(lasted, unit, "s")
            if seconds is not None and abs(seconds) > _LONGEST:
                self.excluded.append(Excluded(self.table.place(row, column), column, text_of(cell), _NO_TIME))
                seconds = None
            made.append(None if begun is None or seconds is None else round(begun + seconds * 1e6))
        return made


def _table(path: Path | str, sheet: str, given: Mapping[str, str]) -> tuple[Columns, dict[str, str]]:
    """The table and the column of each role; its header is the row that names most of them."""
    rows = open_rows(path, sheet)
    wanted = {plain_name(name) for name in given.values()}
    if rows.header is not None:
        header, body = list(rows.header), list(rows.rows)
    else:
        scores = [_score(cells, wanted) for _, cells in rows.rows[:_TOP]]
        best = max(range(len(scores)), key=lambda at: scores[at], default=0)
        if not scores or scores[best] < 2:
            raise InputError(
                "no header that names times and alarms", where=rows.name,
                came=", ".join(map(text_of, rows.rows[0][1])) if rows.rows else "no row",
                expected="a row with column names such as time, alarm, state",
                hint="name the columns with --time and --alarm",
            )  # fmt: skip
        header, body = [text_of(cell) for cell in rows.rows[best][1]], list(rows.rows[best + 1 :])
    names: list[str] = []
    for at, name in enumerate(header):
        own = name.replace("\n", " ").strip() or f"column {at + 1}"
        names.append(f"{own} ({at + 1})" if own in names else own)
    cells = {name: tuple(row[at] if at < len(row) else None for _, row in body) for at, name in enumerate(names)}
    units = {name: unit for name in names if (unit := split_unit(name)[1])}
    table = Columns(
        tuple(names), cells, tuple(number for number, _ in body), rows.name, rows.sheet, rows.delimiter, units,
        {name: at for at, name in enumerate(names)},
    )  # fmt: skip
    if not body:
        raise InputError("a header without rows", came=", ".join(names), where=rows.name)
    named = {role: table.find(name) for role, name in given.items()}
    for name in names:
        role = ROLE_OF.get(plain_name(name))
        if role and role not in named and name not in named.values():
            named[role] = name
    if "time" not in named or not ({"alarm", "message"} & set(named)):
        missing = "times" if "time" not in named else "alarms"
        raise InputError(
            f"no column of {missing}", came=", ".join(names), where=table.source,
            expected="columns such as time and alarm", hint=f"name it with --{missing[:-1]}",
        )  # fmt: skip
    return table, named


def _score(cells: Iterable[object], wanted: set[str]) -> int:
    texts = [plain_name(text_of(cell)) for cell in cells]
    return len({ROLE_OF[text] for text in texts if text in ROLE_OF} | {text for text in texts if text in wanted})


def _names(table: Columns, named: Mapping[str, str]) -> list[str]:
    """What each row's alarm is called: tag and condition, or the message where there is no tag."""
    parts = [table.text(named[role]) for role in ("alarm", "condition") if role in named]
    if "alarm" not in named:
        parts = [table.text(named["message"])]
    return [" ".join(filter(None, row)) if row[0] else "" for row in zip(*parts, strict=True)]


def _urgency(table: Columns, named: Mapping[str, str]) -> tuple[list[int], list[str]]:
    """Index of the priority of each row, -1 where it is not known; notes."""
    if "priority" not in named:
        return [-1] * len(table), []
    texts = table.text(named["priority"])
    numbers = [number_of(text)[0] for text in texts]
    known = [number for number in numbers if number is not None]
    if 2 * len(known) < sum(text != "" for text in texts) or not known:
        return [priority_of(PRIORITY_OF.get(plain_name(text), "")) for text in texts], []
    if max(known) > 10:  # OPC 10000-9: severity 1 to 1000
        note = words.SEVERITY
        return [
            -1 if one is None else 0 if one > 800 else 1 if one > 600 else 2 if one > 400 else 3 for one in numbers
        ], [note]
    return [-1 if one is None else min(max(int(one) - 1, 0), 3) for one in numbers], [words.ONE_IS_URGENT]
