"""Measured values as every method of quality takes them, with what was left out and why.

A `Sample` holds measurements of one characteristic in order of time, in subgroups; `Counts` holds defects or
defective pieces. What could not be used is in `excluded` with place and reason, and every result hands it on:
nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["NO_TIME", "Counts", "Excluded", "Floats", "Ints", "Ordinals", "Sample", "individuals", "subgroups"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_TIME = np.iinfo(np.int64).min
"""A time that is not known [µs UTC]."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """One value that was not used.

    where   file:row, file!sheet!cell, seq of a fact, or `subgroup 7`
    field   column or characteristic
    came    what stood there
    reason  why it was not used
    """

    where: str
    field: str
    came: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The same for `--json` and REST."""
        return {"where": self.where, "field": self.field, "came": self.came, "reason": self.reason}


class Ordinals(Sequence[str]):
    """The labels 1, 2, … of points that the source does not name; ten million of them take no room.

    Example  list(Ordinals(3)) == ["1", "2", "3"]
    """

    __slots__ = ("_numbers",)

    def __init__(self, count: int) -> None:
        self._numbers = range(1, count + 1)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        return tuple(map(str, self._numbers[at])) if isinstance(at, slice) else str(self._numbers[at])

    def __len__(self) -> int:
        return len(self._numbers)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Ordinals):
            return len(self) == len(other)
        return isinstance(other, Sequence) and not isinstance(other, str) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._numbers)


@dataclass(frozen=True, slots=True)
class Sample:
    """Measurements of one characteristic, in order of time, in subgroups.

    characteristic  `item:name`, or the column of a file
    unit            unit of the values; "" if the source names none
    values          measured values, finite, shape (n,)
    starts          where each subgroup begins in `values`, then n; shape (k + 1,), strictly rising, starts[0] == 0
    labels          name of each subgroup (batch, day, serial, 1, 2, …), length k
    time            of each subgroup [µs UTC], shape (k,); NO_TIME where the source has none
    lower, upper    specification limits [unit]; None: none
    target          nominal value [unit]; None: none
    excluded        values that the source holds and that are not in `values`
    source          file or ledger they came from, for people
    """

    characteristic: str
    unit: str
    values: Floats
    starts: Ints
    labels: Sequence[str]
    time: Ints
    lower: float | None = None
    target: float | None = None
    upper: float | None = None
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        k = len(self.labels)
        if self.starts.shape != (k + 1,) or self.time.shape != (k,) or (k and self.starts[0] != 0):
            raise InputError("subgroups do not fit their labels", came=f"{len(self.starts) - 1} for {k} labels")
        if k and (self.starts[-1] != len(self.values) or not bool(np.all(np.diff(self.starts) > 0))):
            raise InputError("a subgroup is empty or reaches past the values", came=str(self.starts[:10].tolist()))
        if not bool(np.isfinite(self.values).all()):
            raise InputError("a value is not a finite number", hint="list it in `excluded` with a reason instead")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise InputError(
                "specification limits are reversed", came=f"lower {self.lower:g}, upper {self.upper:g} {self.unit}",
                expected="lower below upper", where=self.characteristic,
            )  # fmt: skip

    def __len__(self) -> int:
        """Number of subgroups."""
        return len(self.labels)

    @property
    def sizes(self) -> Ints:
        """Size of each subgroup, shape (k,)."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Counts:
    """Defects or defective pieces by subgroup, in order of time.

    counts     what was counted, at least 0, shape (k,)
    sizes      pieces or area of opportunity inspected, above 0, shape (k,)
    defective  counts are defective pieces (p, np), so none exceeds its size; else defects (c, u)
    """

    characteristic: str
    counts: Floats
    sizes: Floats
    labels: Sequence[str]
    time: Ints
    defective: bool
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        k = len(self.labels)
        if any(len(column) != k for column in (self.counts, self.sizes, self.time)):
            raise InputError("counts, sizes and labels differ in number", where=self.characteristic)
        if not bool(np.isfinite(self.counts).all() and np.isfinite(self.sizes).all()):
            raise InputError("a count or a size is not a finite number", where=self.characteristic)
        for wrong, message in (
            (self.counts < 0, "a count is below zero"),
            (self.sizes <= 0, "a size is not above zero"),
            (self.defective & (self.counts > self.sizes), "more defective pieces than were inspected"),
        ):
            if bool(wrong.any()):
                at = int(np.argmax(wrong))
                came = f"{self.counts[at]:g} of {self.sizes[at]:g}"
                raise InputError(message, came=came, where=f"{self.characteristic}, subgroup {self.labels[at]}")


def individuals(values: Sequence[float] | Floats, *, characteristic: str = "value", unit: str = "") -> Sample:
    """Values as subgroups of one, in the order given.

    Example  len(individuals([9.9, 10.1, 10.0])) == 3
    """
    taken = np.asarray(values, np.float64)
    k = len(taken)
    return Sample(characteristic, unit, taken, np.arange(k + 1), Ordinals(k), np.full(k, NO_TIME))


def subgroups(rows: Sequence[Sequence[float]] | Floats, *, characteristic: str = "value", unit: str = "") -> Sample:
    """Subgroups in the order given; they may differ in size.

    Example  subgroups([[1.0, 2.0], [3.0]]).sizes.tolist() == [2, 1]
    """
    taken = [np.asarray(row, np.float64) for row in rows]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in taken]))).astype(np.int64)
    values = np.concatenate(taken) if taken else np.zeros(0)
    return Sample(characteristic, unit, values, starts, Ordinals(len(taken)), np.full(len(taken), NO_TIME))
