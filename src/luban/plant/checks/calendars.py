"""Calendars: texts that are times, days and dates; breaks within their shifts; shifts that do not overlap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from luban.core.errors import InputError
from luban.plant.calendar import parse_closed, parse_days, span
from luban.plant.complaint import Complaint, did_you_mean, listing, said
from luban.plant.draft import Draft, Entry
from luban.plant.settings import CalendarTable, ExtraShiftTable, ShiftTable

__all__ = ["RULES"]

_DAY = 24 * 60
_WEEK = 7 * _DAY


def _calendar_references(draft: Draft) -> Iterator[Complaint]:
    known = draft.named.get("calendar", set())
    users: list[Entry[Any]] = [*([draft.plant] if draft.plant else []), *draft.equipment]
    for entry in users:
        name = entry.table.calendar
        if name and name not in known:
            yield Complaint(
                entry.at("calendar"),
                "calendar",
                "unknown calendar",
                repr(name),
                listing(sorted(known)) or "a [[calendar]]",
                did_you_mean(name, known),
            )


def _calendar_texts(draft: Draft) -> Iterator[Complaint]:
    for entry in draft.calendars:
        for index, text in enumerate(entry.table.closed):
            try:
                parse_closed(text)
            except InputError as error:
                yield said(entry.at("closed", index), "closed", error)
        for index, shift in enumerate(entry.table.shifts):
            yield from _shift_texts(entry, "shifts", index, shift)
            try:
                parse_days(shift.days)
            except InputError as error:
                yield said(entry.at("shifts", index, "days"), "days", error)
        for index, extra in enumerate(entry.table.extra):
            yield from _shift_texts(entry, "extra", index, extra)
            try:
                parse_closed(extra.date)
            except InputError as error:
                yield said(entry.at("extra", index, "date"), "date", error)


def _shift_texts(
    entry: Entry[CalendarTable], key: str, index: int, shift: ShiftTable | ExtraShiftTable
) -> Iterator[Complaint]:
    try:
        start, end = span(shift.start, shift.end)
    except InputError as error:
        yield said(entry.at(key, index), f"{key}.start", error)
        return
    taken: list[tuple[int, int]] = []
    for number, pause in enumerate(shift.breaks):
        place = entry.at(key, index, "breaks", number)
        came = f"{pause.start}-{pause.end} in {shift.start}-{shift.end}"
        try:
            first, last = span(pause.start, pause.end, start)
        except InputError as error:
            yield said(place, "breaks", error)
            continue
        if last > end:
            yield Complaint(place, "breaks", "break outside its shift", came, "start and end within the shift")
        if any(first < other_end and other < last for other, other_end in taken):
            yield Complaint(place, "breaks", "breaks overlap", came, "breaks apart from each other")
        taken.append((first, last))


def _shift_overlaps(draft: Draft) -> Iterator[Complaint]:
    """Wall-clock times that do not overlap in a week do not overlap when clocks change either (see `calendar`)."""
    for entry in draft.calendars:
        yield from _weekly_overlaps(entry)
        yield from _extra_overlaps(entry)


def _weekly_overlaps(entry: Entry[CalendarTable]) -> Iterator[Complaint]:
    taken: list[tuple[int, int, str]] = []
    for index, shift in enumerate(entry.table.shifts):
        spans = _week_spans(shift)
        clash = next((name for s, e in spans for first, last, name in taken if _meet(s, e, first, last)), None)
        own = next((shift.name for i, a in enumerate(spans) for b in spans[:i] if _meet(*a, *b)), None)
        if clash or own:
            yield Complaint(
                entry.at("shifts", index),
                "shifts",
                "shifts overlap",
                f"{shift.name} {shift.start}-{shift.end} {shift.days} and {clash or own}",
                "shifts that end before the next begins",
            )
        taken += [(s, e, shift.name) for s, e in spans]


def _week_spans(shift: ShiftTable) -> list[tuple[int, int]]:
    try:
        start, end = span(shift.start, shift.end)
        return [(day * _DAY + start, day * _DAY + end) for day in sorted(parse_days(shift.days))]
    except InputError:
        return []


def _meet(start: int, end: int, first: int, last: int) -> bool:
    """Two stretches of a week overlap; the week is a ring."""
    return any(start < last + turn and first + turn < end for turn in (-_WEEK, 0, _WEEK))


def _extra_overlaps(entry: Entry[CalendarTable]) -> Iterator[Complaint]:
    try:
        closed = [parse_closed(text) for text in entry.table.closed]
        dated = [
            (parse_closed(extra.date)[0], *span(extra.start, extra.end), extra.name) for extra in entry.table.extra
        ]
    except InputError:
        return
    for index, (day, start, end, name) in enumerate(dated):
        others = [((other - day).days * _DAY + s, (other - day).days * _DAY + e, n) for other, s, e, n in dated[:index]]
        others += [stretch for step in (-1, 0, 1) for stretch in _usual(entry, day, step, closed)]
        clash = next((other for s, e, other in others if start < e and s < end), None)
        if clash:
            yield Complaint(
                entry.at("extra", index),
                "extra",
                "shifts overlap",
                f"{name} on {day} and {clash}",
                "shifts that end before the next begins",
            )


def _usual(
    entry: Entry[CalendarTable], day: date, step: int, closed: list[tuple[date, date]]
) -> Iterator[tuple[int, int, str]]:
    other = day + timedelta(days=step)
    if any(first <= other <= last for first, last in closed):
        return
    for shift in entry.table.shifts:
        for start, end in _week_spans(shift):
            if start // _DAY == other.weekday():
                begin = step * _DAY + start % _DAY
                yield begin, begin + end - start, shift.name


RULES = (_calendar_references, _calendar_texts, _shift_overlaps)
