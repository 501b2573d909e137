"""Returns as they came in, before anything is taken: a row a unit and year, with the place of every cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from luban.core.errors import InputError
from luban.rollup.read import whole
from luban.rollup.returns.findings import Finding
from luban.rollup.returns.said import register_cell
from luban.understand.quality.read.numbers import text_of

__all__ = ["REGISTER", "Batch", "batch_of", "joined"]

Floats: TypeAlias = npt.NDArray[np.float64]

REGISTER: Final = ("name", "level", "region", "industry", "edition", "size", "above_scale", "stratum", "weight", "code")
"""What a row may say about its unit beside its values."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of returns.

    units     shape (n,), text; "" where the row names none
    years     shape (n,); 0 where the row names none
    values    element → shape (n,), in the element's unit; nan where it is not known
    register  column of REGISTER → shape (n,), None where it is not said
    reasons   (row, element) → why it is not known
    place     (row, element or "") → file and line, or cell
    findings  what reading found
    source    file
    """

    units: npt.NDArray[np.object_]
    years: npt.NDArray[np.int64]
    values: Mapping[str, Floats]
    register: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    reasons: Mapping[tuple[int, str], str] = field(default_factory=dict)
    place: Callable[[int, str], str] = lambda row, _element: f"row {row + 1}"
    findings: tuple[Finding, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.units)

    def said(self, column: str, row: int) -> Any:
        """What a row says of its unit; None where it does not."""
        return self.register[column][row] if column in self.register else None

    def column(self, name: str) -> npt.NDArray[np.object_]:
        """A column of the register, shape (n,); all None where no row says it."""
        return self.register.get(name, np.full(len(self), None, object))

    def cells(self) -> Iterator[tuple[int, str, float]]:
        """(row, element, value) of every known value."""
        for element, values in self.values.items():
            for row in np.flatnonzero(np.isfinite(values)):
                yield int(row), element, float(values[row])


def batch_of(rows: Sequence[Mapping[str, Any]], elements: Sequence[str], *, source: str = "") -> Batch:
    """A batch from rows with `unit`, `year`, columns of REGISTER and elements; None or nan where not known.

    The register is read as that of a file: what cannot be read is a finding.

    Raises   InputError: a row without unit or year, a value that is no number or infinite
    Example  batch_of([{"unit": "f1", "year": 2020, "revenue": 120.0}], ["revenue"])
    """
    n = len(rows)
    try:
        units = np.array([str(row["unit"]) for row in rows] or [], object)
        years = np.array([whole(row["year"]) for row in rows], np.int64)
        values = {
            element: np.array(
                [np.nan if row.get(element) is None else _number(row[element]) for row in rows], np.float64
            )
            for element in elements
            if any(row.get(element) is not None for row in rows)
        }
    except (KeyError, TypeError, ValueError) as error:
        expected = "unit, year, and numbers by element"
        raise InputError("a row of a return cannot be read", came=str(error), expected=expected, where=source) from None
    register: dict[str, npt.NDArray[np.object_]] = {}
    findings = []
    for name in REGISTER:
        column = np.full(n, None, object)
        for at, row in enumerate(rows):
            cell = row.get(name)
            column[at] = register_cell(name, cell)
            if column[at] is None and (said := text_of(cell)):
                more = {"column": name, "cell": said}
                findings.append(Finding("register", "error", units[at], int(years[at]), "", None, f"{name}: {said}",
                                        f"row {at + 1}", "", more))  # fmt: skip
        if any(row.get(name) is not None for row in rows):
            register[name] = column
    return Batch(units, years, values, register, findings=tuple(findings), source=source)


def _number(cell: Any) -> float:
    number = float(cell)
    if math.isinf(number):
        raise ValueError(f"{cell} is not finite")
    return number


def joined(batches: Sequence[Batch]) -> Batch:
    """Several batches as one, each row with its place in its own file. Raises InputError without any."""
    if not batches:
        raise InputError("no returns were handed in")
    if len(batches) == 1:
        return batches[0]
    starts = np.cumsum([0, *(len(one) for one in batches)])
    elements = dict.fromkeys(element for one in batches for element in one.values)
    columns = dict.fromkeys(name for one in batches for name in one.register)

    def place(row: int, element: str) -> str:
        at = int(np.searchsorted(starts, row, "right")) - 1
        return batches[at].place(row - int(starts[at]), element)

    return Batch(
        np.concatenate([one.units for one in batches]), np.concatenate([one.years for one in batches]),
        {e: np.concatenate([one.values.get(e, np.full(len(one), np.nan)) for one in batches]) for e in elements},
        {name: np.concatenate([one.column(name) for one in batches]) for name in columns},
        {(row + int(start), element): why for start, one in zip(starts[:-1], batches, strict=True)
         for (row, element), why in one.reasons.items()},
        place, tuple(finding for one in batches for finding in one.findings), ", ".join(one.source for one in batches),
    )  # fmt: skip
