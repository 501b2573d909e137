"""Readings of a gauge study: which part, which operator, what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["Readings", "coded", "readings"]


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings in the order in which they were taken.

    part, operator  index of each reading's part and operator, shape (n,)
    values          what was read, finite, shape (n,) [unit]
    parts, operators  their names
    lower, upper    specification limits of the characteristic [unit]; None: none
    """

    part: Ints
    operator: Ints
    values: Floats
    parts: tuple[str, ...]
    operators: tuple[str, ...]
    characteristic: str = "value"
    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        n = len(self.values)
        if len(self.part) != n or len(self.operator) != n:
            raise InputError("readings, parts and operators differ in number", came=f"{n} readings")
        if not bool(np.isfinite(self.values).all()):
            raise InputError("a reading is not a finite number", hint="list it in `excluded` with a reason instead")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            came = f"lower {self.lower:g}, upper {self.upper:g} {self.unit}"
            raise InputError("specification limits are reversed", came=came, where=self.characteristic)

    @property
    def cells(self) -> Ints:
        """Number of readings of each part (row) by each operator (column)."""
        table = np.zeros((len(self.parts), len(self.operators)), np.int64)
        np.add.at(table, (self.part, self.operator), 1)
        return table

    @property
    def tolerance(self) -> float | None:
        """Upper minus lower limit [unit]; None where there are not both."""
        return None if self.lower is None or self.upper is None else self.upper - self.lower


def coded(names: Sequence[object]) -> tuple[Ints, tuple[str, ...]]:
    """Index of each name among the different ones, which keep the order of their first appearance."""
    order: dict[str, int] = {}
    index = [order.setdefault(str(name), len(order)) for name in names]
    return np.asarray(index, np.int64), tuple(order)


def readings(
    part: Sequence[object],
    operator: Sequence[object],
    values: Sequence[float] | Floats,
    *,
    characteristic: str = "value",
    unit: str = "",
    lower: float | None = None,
    upper: float | None = None,
    excluded: tuple[Excluded, ...] = (),
    source: str = "",
) -> Readings:
    """Readings from three columns of the same length.

    Example  readings([1, 1, 2, 2], ["A", "A", "A", "A"], [9.9, 10.0, 10.4, 10.5]).parts == ("1", "2")
    """
    parts, part_names = coded(part)
    operators, operator_names = coded(operator)
    taken = np.asarray(values, np.float64)
    return Readings(
        parts, operators, taken, part_names, operator_names, characteristic, unit, lower, upper, excluded, source
    )  # fmt: skip
