"""A workbook to begin with: every table that `read_problem` knows, with a small job shop, and what columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from pydantic import BaseModel

from luban.decide.schedule.given.columns import SHEETS

__all__ = ["write_template"]

_EXAMPLE: dict[str, tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]] = {
    "operation": (
        (
            "order",
            "operation",
            "machine",
            "time [min]",
            "family",
            "needs",
            "batch",
            "size",
            "lag [min]",
            "longest_wait [min]",
        ),
        (
            ("PO-1", 10, "lathe-1 | lathe-2", 240, "shaft", "operator", "", "", "", ""),
            ("PO-1", 20, "mill-1", 180, "shaft", "operator", "", "", 30, ""),
            ("PO-1", 30, "furnace-1", 300, "", "", "850 °C", 2, "", 120),
            ("PO-1", 40, "grinder-1", 90, "", "operator | gauge", "", "", "", ""),
            ("PO-2", 10, "lathe-1 = 150 min | lathe-2 = 3 h", "", "flange", "operator", "", "", "", ""),
            ("PO-2", 20, "mill-1", 210, "flange", "operator", "", "", "", ""),
            ("PO-2", 30, "furnace-1", 300, "", "", "850 °C", 1, "", ""),
            ("PO-3", 10, "turning", 120, "bushing", "operator", "", "", "", ""),
            ("PO-3", 20, "grinder-1", 60, "", "operator | gauge", "", "", "", ""),
        ),
    ),
    "order": (
        ("order", "release", "due", "deadline", "weight"),
        (
            ("PO-1", "2026-01-05T06:00", "2026-01-06T22:00", "", 2),
            ("PO-2", "2026-01-05T06:00", "2026-01-06T14:00", "", 1),
            ("PO-3", "2026-01-05T14:00", "2026-01-07T06:00", "2026-01-09T22:00", 1),
        ),
    ),
    "machine": (
        ("machine", "group", "calendar", "interrupts", "setups", "family", "batch", "power", "setup_pool"),
        (
            ("lathe-1", "turning", "two shifts", True, "turning", "shaft", "", 9, "setter"),
            ("lathe-2", "turning", "two shifts", True, "turning", "", "", 11, "setter"),
            ("mill-1", "", "two shifts", True, "milling", "", "", 15, "setter"),
            ("furnace-1", "", "", "", "", "", 4, 60, ""),
            ("grinder-1", "", "two shifts", False, "", "", "", 7, ""),
        ),
    ),
    "calendar": (
        ("calendar", "days", "start", "end", "breaks", "closed"),
        (
            ("two shifts", "Mon-Fri", "06:00", "14:00", "10:00-10:15", "2026-04-06"),
            ("two shifts", "Mon-Fri", "14:00", "22:00", "18:00-18:15", "2026-04-06"),
            ("early", "Mon-Fri", "06:00", "14:00", "10:00-10:15", "2026-04-06"),
        ),
    ),
    "pool": (
        ("pool", "size", "calendar"),
        (("operator", 3, "two shifts"), ("operator", 1, "early"), ("setter", 1, "two shifts"), ("gauge", 1, "")),
    ),
    "setup": (
        ("setups", "before", "after", "time [min]", "cost"),
        (
            ("turning", "*", "*", 25, 0),
            ("turning", "shaft", "flange", 40, 12),
            ("turning", "", "*", 30, 0),
            ("milling", "*", "*", 40, 0),
        ),
    ),
    "move": (("before", "after", "time [min]"), (("*", "*", 5), ("mill-1", "furnace-1", 20))),
    "maintenance": (
        ("machine", "name", "time [min]", "start", "earliest", "latest"),
        (
            ("mill-1", "oil change", 60, "2026-01-06T10:15", "", ""),
            ("grinder-1", "dressing", 45, "", "2026-01-05T06:00", "2026-01-07T22:00"),
        ),
    ),
    "lock": (("order", "operation", "machine", "start"), (("PO-1", 10, "lathe-1", ""),)),
    "tariff": (
        ("days", "start", "price"),
        (("Mon-Sun", "00:00", 0.11), ("Mon-Fri", "08:00", 0.19), ("Mon-Fri", "20:00", 0.11)),
    ),
}


def write_template(path: str | Path) -> None:
    """Writes the workbook; `read_problem` reads it as it is.

    path    a file that ends in .xlsx; one that is there is replaced
    """
    with xlsxwriter.Workbook(str(path)) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for section, (header, rows) in _EXAMPLE.items():
            _sheet(book, bold, section, header, rows)
        settings = book.add_worksheet("settings")
        settings.set_column(0, 1, 28)
        lines = [
            ("key", "value"),
            ("name", "Example"),
            ("start", "2026-01-05T06:00"),
            ("time_zone", "UTC"),
            ("objective", "tardiness > setup_time + makespan"),
        ]
        for number, line in enumerate(lines):
            settings.write_row(number, 0, line, bold if number == 0 else None)
        _help(book, bold, wrap)


def _sheet(book: Any, bold: Any, section: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(SHEETS[section].name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, 20)
    sheet.write_row(0, 0, header, bold)
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, row)


def _help(book: Any, bold: Any, wrap: Any) -> None:
    sheet = book.add_worksheet("help")
    sheet.set_column(0, 1, 16)
    sheet.set_column(2, 2, 100)
    sheet.write_row(0, 0, ("sheet", "column", "meaning"), bold)
    number = 1
    for own in SHEETS.values():
        for name, meaning in _columns(own.model):
            sheet.write_row(number, 0, (own.name, name))
            sheet.write(number, 2, meaning, wrap)
            number += 1


def _columns(model: type[BaseModel]) -> list[tuple[str, str]]:
    needed = {True: "needed", False: "optional"}
    return [
        (name, f"{own.description or ''} ({needed[own.is_required()]})") for name, own in model.model_fields.items()
    ]
