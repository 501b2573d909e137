"""Problems from files: job shop files of the literature, tables in CSV or Excel, and plant folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from luban.core.errors import InputError
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.read.text import is_numbers, read_text_problem

if TYPE_CHECKING:
    from luban.decide.schedule.given.entries import Given

__all__ = ["read_objective", "read_problem"]

_EXPECTED = "a plant folder, a folder of tables, .xlsx, .csv, or a job shop file"


def read_problem(path: str | Path, *, kind: str = "", now: int | str | None = None) -> Problem:
    """The problem that a file or folder describes.

    path    a job shop file of the literature (text that begins with numbers), a CSV file of operations, a workbook, a
            folder of CSV files, or a plant folder
    kind    of a job shop file: jsp, taillard, fjsp, sdst; found out if not given
    now     tick 0 of tables and plants, as text or µs UTC; else as they say
    Raises  InputError that tells everything that is wrong, with file and place
    Example  >>> read_problem("ft06.txt").job_count
             6
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, now)
    if not path.is_file():
        raise InputError("no such file", came=str(path), expected=_EXPECTED)
    if not kind and path.suffix.lower() in {".xlsx", ".xlsm", ".csv"}:
        return _read_tables(path, now)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not kind and not is_numbers(text):
        raise InputError("not a file that can be scheduled", came=path.name, expected=_EXPECTED)
    return read_text_problem(text, path.name, kind)


def _read_folder(path: Path, now: int | str | None) -> Problem:
    if (path / "plant.toml").is_file():
        from luban.decide.schedule.plant import plant_problem

        return plant_problem(path, now=now)
    return _read_tables(path, now)


def _read_tables(path: Path, now: int | str | None) -> Problem:
    """Loaded when asked for: what reads tables takes a while to import, and job shop files need none of it."""
    from luban.decide.schedule.read.tables import read_table_problem

    return read_table_problem(path, now)


def read_objective(path: str | Path) -> Objective | None:
    """The objective that schedule.toml or the sheet of settings names; None where there is none.

    Raises  InputError with its place
    """
    given = _given(Path(path))
    if given is None or not given.schedule.table.objective:
        return None
    try:
        return Objective.parse(given.schedule.table.objective)
    except InputError as error:
        error.where = str(given.schedule.at("objective"))
        raise


def _given(path: Path) -> Given | None:
    from luban.decide.schedule.given.entries import read_schedule, read_tables

    if path.is_dir() and (path / "plant.toml").is_file():
        return read_schedule(path)
    if path.is_dir() or path.suffix.lower() in {".xlsx", ".xlsm"}:
        return read_tables(path)
    return None
