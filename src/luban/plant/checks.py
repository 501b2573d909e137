"""Consistency of a plant folder: one small function a rule, each complaint with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from luban.core.errors import InputError
from luban.core.ids import check_path, split_signal
from luban.core.time import parse_duration
from luban.core.units import parse_unit
from luban.norms import mappings
from luban.plant.calendar import parse_closed, parse_days, span
from luban.plant.complaint import Complaint, Place, did_you_mean
from luban.plant.draft import Draft, Entry
from luban.plant.settings import KINDS, CalendarTable, ExtraShiftTable, ShiftTable, SignalTable
from luban.plant.tables import Row
from luban.plant.tree import Node, tree

__all__ = ["check_draft"]

_DAY = 24 * 60
_WEEK = 7 * _DAY


def check_draft(draft: Draft) -> Iterator[Complaint]:
    """All complaints about what the entries say together."""
    for rule in _RULES:
        yield from rule(draft)


def _said(place: Place, field: str, error: InputError) -> Complaint:
    return Complaint(place, field, error.message, error.came, error.expected, error.hint)


def _duplicates(entries: Sequence[Entry[Any]], key: str, what: str) -> Iterator[Complaint]:
    first: dict[str, Place] = {}
    for entry in entries:
        name = getattr(entry.table, key)
        if name in first:
            yield Complaint(
                entry.at(key), key, f"duplicate {what}", repr(name), "each one once", f"the first is at {first[name]}"
            )
        first.setdefault(name, entry.at(key))


def _unique_ids(draft: Draft) -> Iterator[Complaint]:
    yield from _duplicates(draft.calendars, "id", "calendar")
    yield from _duplicates(draft.equipment, "path", "equipment")
    yield from _duplicates(draft.signals, "id", "signal")
    yield from _duplicates(draft.sources, "id", "source")


def _paths(draft: Draft) -> Iterator[Complaint]:
    for entry in draft.equipment:
        try:
            check_path(entry.table.path)
        except InputError as error:
            yield _said(entry.at("path"), "path", error)


def _parents(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    for entry in draft.equipment:
        parent = entry.table.parent
        if parent and parent not in nodes:
            known = [path for path in nodes if path]
            yield Complaint(
                entry.at("parent"),
                "parent",
                "unknown equipment",
                repr(parent),
                ", ".join(known),
                did_you_mean(parent, known),
            )


def _cycles(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    reported: set[str] = set()
    for path, node in nodes.items():
        chain = [path]
        while (parent := nodes[chain[-1]].parent) is not None and parent in nodes and parent not in chain:
            chain.append(parent)
        if parent in chain and path == parent and not reported & set(chain):
            reported |= set(chain)
            place = node.entry.at("parent") if node.entry else Place("plant.toml", 1)
            yield Complaint(
                place,
                "parent",
                "cycle in the equipment tree",
                " → ".join([*chain, path]),
                "a tree with the plant at its root",
            )


def _levels(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    for node in nodes.values():
        parent = nodes.get(node.parent) if node.parent is not None else None
        if parent is None or parent is node or node.entry is None:
            continue
        wrong = parent.kind == "work unit" or KINDS.index(node.kind) < KINDS.index(parent.kind)
        if wrong or (node.kind == "site" and parent.path == ""):
            yield Complaint(
                node.entry.at("kind"),
                "kind",
                f"{_a(parent.kind)} cannot contain {_a(node.kind)}",
                f"{_named(parent)} contains {node.path}",
                " > ".join(KINDS),
                "a folder is one site" if node.kind == "site" else "change the kind of one of them",
            )


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "area" else f"a {kind}"


def _named(node: Node) -> str:
    return node.path or "the plant"


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
                ", ".join(sorted(known)) or "a [[calendar]]",
                did_you_mean(name, known),
            )


def _calendar_texts(draft: Draft) -> Iterator[Complaint]:
    for entry in draft.calendars:
        for index, text in enumerate(entry.table.closed):
            try:
                parse_closed(text)
            except InputError as error:
                yield _said(entry.at("closed", index), "closed", error)
        for index, shift in enumerate(entry.table.shifts):
            yield from _shift_texts(entry, "shifts", index, shift)
            try:
                parse_days(shift.days)
            except InputError as error:
                yield _said(entry.at("shifts", index, "days"), "days", error)
        for index, extra in enumerate(entry.table.extra):
            yield from _shift_texts(entry, "extra", index, extra)
            try:
                parse_closed(extra.date)
            except InputError as error:
                yield _said(entry.at("extra", index, "date"), "date", error)


def _shift_texts(
    entry: Entry[CalendarTable], key: str, index: int, shift: ShiftTable | ExtraShiftTable
) -> Iterator[Complaint]:
    try:
        start, end = span(shift.start, shift.end)
    except InputError as error:
        yield _said(entry.at(key, index), f"{key}.start", error)
        return
    taken: list[tuple[int, int]] = []
    for number, pause in enumerate(shift.breaks):
        place = entry.at(key, index, "breaks", number)
        came = f"{pause.start}-{pause.end} in {shift.start}-{shift.end}"
        try:
            first, last = span(pause.start, pause.end, start)
        except InputError as error:
            yield _said(place, "breaks", error)
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


def _signals(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    sources = draft.named.get("source", set())
    plant = draft.plant.table.id if draft.plant else ""
    for entry in draft.signals:
        yield from _signal_place(entry, nodes, plant, draft.named.get("equipment", set()))
        table = entry.table
        if table.source not in sources:
            yield Complaint(
                entry.at("source"),
                "source",
                "unknown source",
                repr(table.source),
                ", ".join(sorted(sources)) or "a [[source]]",
                did_you_mean(table.source, sources),
            )
        yield from _signal_values(entry)


def _signal_place(
    entry: Entry[SignalTable], nodes: dict[str, Node], plant: str, named: set[str]
) -> Iterator[Complaint]:
    try:
        path, _ = split_signal(entry.table.id)
    except InputError as error:
        yield _said(entry.at("id"), "id", error)
        return
    if path in nodes or path in named:
        return
    hint = did_you_mean(path, [known for known in nodes if known])
    if path.removeprefix(f"{plant}/") in nodes:
        hint = f"paths are below the plant: leave out '{plant}/'"
    yield Complaint(entry.at("id"), "id", "unknown equipment", repr(path), "the path of an [[equipment]]", hint)


def _signal_values(entry: Entry[SignalTable]) -> Iterator[Complaint]:
    table = entry.table
    for key, parse in (("unit", parse_unit), ("stuck_after", parse_duration)):
        text = getattr(table, key)
        try:
            if text:
                parse(text)
        except InputError as error:
            yield _said(entry.at(key), key, error)
    if table.range and (len(table.range) != 2 or not table.range[0] < table.range[1]):
        yield Complaint(entry.at("range"), "range", "not a range", repr(table.range), "[low, high] with low < high")


def _state_mappings(draft: Draft) -> Iterator[Complaint]:
    default = draft.kpi.table.mapping if draft.kpi else ""
    users: list[tuple[Entry[Any], str]] = [(entry, entry.table.mapping) for entry in draft.signals]
    if draft.kpi:
        users.append((draft.kpi, default))
    for entry, name in users:
        if name and name not in mappings():
            yield Complaint(
                entry.at("mapping"),
                "mapping",
                "unknown state mapping",
                repr(name),
                ", ".join(mappings()),
                did_you_mean(name, mappings()),
            )
    for entry in draft.signals:
        if entry.table.role == "state" and not entry.table.mapping and not default:
            yield Complaint(
                entry.at("role"),
                "mapping",
                "a state signal without a mapping",
                entry.table.id,
                ", ".join(mappings()),
                "name one here, or for all in [kpi]",
            )
        elif entry.table.role != "state" and entry.table.mapping:
            yield Complaint(
                entry.at("mapping"),
                "mapping",
                "a mapping where there is no state",
                f"role = {entry.table.role!r}",
                "role = 'state'",
            )


def _addresses(draft: Draft) -> Iterator[Complaint]:
    first: dict[tuple[str, str], Entry[SignalTable]] = {}
    for entry in draft.signals:
        key = (entry.table.source, entry.table.address)
        if key in first:
            yield Complaint(
                entry.at("address"),
                "address",
                "an address mapped twice",
                f"{key[1]!r} of source {key[0]!r}",
                "one signal for one address",
                f"{first[key].table.id} at {first[key].at('address')} has it",
            )
        first.setdefault(key, entry)


def _table_ids(draft: Draft) -> Iterator[Complaint]:
    keys = {
        "items": ("id",),
        "orders": ("id",),
        "routing": ("item", "operation", "unit"),
        "bom": ("parent", "item"),
        "characteristics": ("item", "name"),
    }
    for table, columns in keys.items():
        first: dict[tuple[Any, ...], Row] = {}
        for row in draft.rows(table):
            key = tuple(row.values[column] for column in columns)
            if key in first:
                yield Complaint(
                    row.at(columns[-1]),
                    columns[-1],
                    "a row given twice",
                    " ".join(map(str, key)),
                    "each one once",
                    f"the first is at {first[key].at(columns[-1])}",
                )
            first.setdefault(key, row)


def _item_references(draft: Draft) -> Iterator[Complaint]:
    items = {row.values["id"] for row in draft.tables.get("items", ())}
    if None in items:  # the table has no id to refer to, which is a complaint of its own
        return
    for table, columns in (
        ("routing", ("item",)),
        ("orders", ("item",)),
        ("bom", ("parent", "item")),
        ("characteristics", ("item",)),
    ):
        for row in draft.rows(table):
            for column in columns:
                item = row.values[column]
                if item not in items:
                    yield Complaint(
                        row.at(column),
                        column,
                        "unknown item",
                        repr(item),
                        "an id of the items table",
                        did_you_mean(item, items),
                    )


def _routing_units(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    named = draft.named.get("equipment", set())
    plant = draft.plant.table.id if draft.plant else ""
    for row in draft.rows("routing"):
        unit = row.values["unit"]
        if unit != "." and unit not in nodes and unit not in named:
            hint = did_you_mean(unit, [path for path in nodes if path])
            if unit.removeprefix(f"{plant}/") in nodes:
                hint = f"paths are below the plant: leave out '{plant}/'"
            yield Complaint(
                row.at("unit"), "unit", "unknown equipment", repr(unit), "the path of an [[equipment]]", hint
            )


def _order_dates(draft: Draft) -> Iterator[Complaint]:
    for row in draft.rows("orders"):
        release, due = row.values["release"], row.values["due"]
        if release is not None and due is not None and release > due:
            yield Complaint(row.at("due"), "due", "due before its release", row.values["id"], "release ≤ due")


def _limits(draft: Draft) -> Iterator[Complaint]:
    """The nominal value may lie outside its limits: fits such as 20 F7 are written so."""
    for row in draft.rows("characteristics"):
        lower, upper = row.values["lower"], row.values["upper"]
        if lower is not None and upper is not None and lower >= upper:
            yield Complaint(row.at("lower"), "lower", "limits out of order", f"{lower} and {upper}", "lower < upper")


def _bom_cycles(draft: Draft) -> Iterator[Complaint]:
    uses: dict[str, list[Row]] = {}
    for row in draft.rows("bom"):
        uses.setdefault(row.values["parent"], []).append(row)
    done: set[str] = set()
    for start in uses:
        path, stack = [start], [iter(uses[start])]
        while stack:
            line = next(stack[-1], None)
            if line is None:
                done.add(path.pop())
                stack.pop()
                continue
            item = line.values["item"]
            if item in path:
                loop = " → ".join([*path[path.index(item) :], item])
                expected = "a bill of material without a cycle"
                yield Complaint(line.at("item"), "item", "an item goes into itself", loop, expected)
            elif item not in done:
                path.append(item)
                stack.append(iter(uses.get(item, [])))


_RULES = (
    _unique_ids,
    _paths,
    _parents,
    _cycles,
    _levels,
    _calendar_references,
    _calendar_texts,
    _shift_overlaps,
    _signals,
    _state_mappings,
    _addresses,
    _table_ids,
    _item_references,
    _routing_units,
    _order_dates,
    _limits,
    _bom_cycles,
)
