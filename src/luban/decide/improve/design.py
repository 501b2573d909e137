"""What an experiment is: factors with their ranges, and runs as rows of coded settings, in an order by chance.

Coded settings run from -1 (low) to +1 (high); a factor without a scale has the index of its level; a share of a
mixture is itself. The seed that shuffled the runs is kept, so the order can be made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["Design", "Factor", "blocked", "numeric_factors", "randomised", "repeated", "standard_order", "unordered"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that is set in each run.

    name       as in formulas
    low, high  ends of its range [unit]; a numeric factor's coded -1 and +1
    unit       of the settings
    levels     names, for a factor without a scale; () if it is numeric
    mixture    its settings are shares that sum to one over all such factors
    """

    name: str
    low: float = -1.0
    high: float = 1.0
    unit: str = ""
    levels: tuple[str, ...] = ()
    mixture: bool = False

    def __post_init__(self) -> None:
        if self.levels:
            if len(set(self.levels)) < 2:
                raise InputError("a factor needs two levels at least", came=", ".join(self.levels), where=self.name)
        elif not (np.isfinite(self.low) and np.isfinite(self.high)) or self.low >= self.high:
            raise InputError("a factor's range is empty or reversed", came=f"{self.low:g} to {self.high:g}",
                             expected="low below high", where=self.name)  # fmt: skip

    @property
    def numeric(self) -> bool:
        """Whether it has a scale."""
        return not self.levels

    def natural(self, coded: float) -> float | str:
        """A coded setting in its own unit, or the name of the level.

        Example  Factor("T", 150, 250).natural(0.5) == 225.0
        """
        if self.levels:
            at = round(coded) if len(self.levels) > 2 else round((coded + 1) / 2)
            if not 0 <= at < len(self.levels):
                raise InputError("there is no such level", came=f"{coded:g}", where=self.name)
            return self.levels[at]
        if self.mixture:
            return float(coded)
        return (self.low + self.high) / 2 + coded * (self.high - self.low) / 2

    def coded(self, natural: Any) -> float:
        """The other way round.

        Raises  InputError if a level has no such name, or the setting is no number
        """
        if self.levels:
            word = str(natural).strip()
            if word not in self.levels:
                raise InputError("there is no such level", came=word, expected=", ".join(self.levels), where=self.name)
            at = self.levels.index(word)
            return float(at) if len(self.levels) > 2 else 2.0 * at - 1
        try:
            value = float(natural)
        except (TypeError, ValueError):
            raise InputError("a setting is not a number", came=str(natural), where=self.name) from None
        return value if self.mixture else (value - (self.low + self.high) / 2) / ((self.high - self.low) / 2)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, and to build it again from."""
        out: dict[str, Any] = {"name": self.name}
        out |= {"levels": list(self.levels)} if self.levels else {"low": self.low, "high": self.high}
        return out | ({"unit": self.unit} if self.unit else {}) | ({"mixture": True} if self.mixture else {})


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Runs to make.

    kind      e.g. 2^(5-1) fractional factorial
    factors   length k
    settings  coded, in standard order, shape (n, k)
    order     index of the run to make first, second, …, shape (n,)
    block     number of the block of each run, from 1, shape (n,)
    seed      that shuffled the order
    generators, words  of a fraction: `E = ABCD`, and the words of its defining relation
    notes     sentences about it, e.g. its resolution
    """

    kind: str
    factors: tuple[Factor, ...]
    settings: Floats
    order: Ints
    block: Ints
    seed: int = 0
    generators: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of runs."""
        return len(self.settings)

    def data(self) -> dict[str, Any]:
        """Coded settings by factor in standard order, as a fit takes them; names of levels where there are over two."""
        columns: dict[str, Any] = {}
        for j, factor in enumerate(self.factors):
            column = self.settings[:, j]
            columns[factor.name] = (
                column if len(factor.levels) <= 2 else np.array([str(factor.natural(v)) for v in column])
            )
        return columns

    def natural(self, run: int) -> dict[str, float | str]:
        """Settings of one run in their own units."""
        return {
            factor.name: factor.natural(float(v)) for factor, v in zip(self.factors, self.settings[run], strict=True)
        }


def numeric_factors(names: Sequence[str] | int) -> tuple[Factor, ...]:
    """Factors coded -1 to +1, by name, or so many called A, B, C, … (without I, which is the identity)."""
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
    if isinstance(names, int):
        names = [letters[i] if names <= len(letters) else f"X{i + 1}" for i in range(names)]
    return tuple(Factor(name) for name in names)


def unordered(kind: str, factors: Sequence[Factor], settings: Any, **more: Any) -> Design:
    """A design whose runs are still in standard order, in one block."""
    names = [factor.name for factor in factors]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError("two factors have the same name", came=", ".join(double))
    rows = np.asarray(settings, np.float64) + 0.0
    return Design(kind, tuple(factors), rows, np.arange(len(rows)), np.ones(len(rows), np.int64), **more)


def repeated(design: Design, times: int) -> Design:
    """Every run so many times, each time as a whole."""
    if times < 1:
        raise InputError("a run is made once at least", came=str(times))
    n = len(design)
    return replace(design, settings=np.tile(design.settings, (times, 1)), order=np.arange(n * times),
                   block=np.tile(design.block, times))  # fmt: skip


def randomised(design: Design, seed: int) -> Design:
    """The same runs in an order by chance, block after block.

    seed  the same seed gives the same order
    """
    chance = np.random.default_rng(seed)
    parts = [chance.permutation(np.flatnonzero(design.block == b)) for b in np.unique(design.block)]
    return replace(design, order=np.concatenate(parts) if parts else design.order, seed=seed)


def blocked(design: Design, by: Sequence[str]) -> Design:
    """Runs in blocks, by the signs of interactions that are given up: two blocks for one, four for two, …

    by      words of letters or of factor names joined by `·`, e.g. ["ABC"], or ["x1·x2·x3"]
    Raises  InputError if a factor has other levels than two
    """
    names = [factor.name for factor in design.factors]
    number = np.zeros(len(design), np.int64)
    for place, word in enumerate(by):
        parts = word.replace(":", "·").split("·")
        if len(parts) == 1 and parts[0] not in names:
            letters = [factor.name for factor in numeric_factors(len(names))]
            parts = [names[letters.index(c)] if c in letters else c for c in parts[0]]
        strange = [part for part in parts if part not in names]
        if strange:
            raise InputError("a block is made by factors of the design", came=", ".join(strange),
                             expected=", ".join(names))  # fmt: skip
        columns = design.settings[:, [names.index(part) for part in parts]]
        if not bool(np.all(np.abs(columns) == 1)):
            raise InputError("blocks by an interaction need factors at two levels", came="·".join(parts))
        number += (np.prod(columns, axis=1) > 0).astype(np.int64) << place
    return replace(design, block=number + 1)


def standard_order(settings: Floats) -> Ints:
    """Place of each run in standard (Yates) order, the first factor changing fastest, from 1, shape (n,)."""
    order = np.lexsort(tuple(settings[:, j] for j in range(settings.shape[1])))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place
