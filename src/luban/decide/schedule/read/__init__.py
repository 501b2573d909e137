"""Problems from files: job shop files of the literature, tables in CSV or Excel, and plant folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.read.text import read_text_problem

__all__ = ["read_problem"]


def read_problem(path: str | Path, **options: Any) -> Problem:
    """The problem that a file or folder describes.

    options  kind: of a job shop file, one of jsp, taillard, fjsp, sdst; found out if not given
    Raises   InputError with file and place
    Example  >>> read_problem("ft06.txt").job_count
             6
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("no such file", came=str(path), expected="a job shop file")
    return read_text_problem(path.read_text("utf-8-sig"), path.name, options.get("kind", ""))
