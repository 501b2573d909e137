"""Readings of one machine: channels in columns, one row for each stretch of time, with the regime it ran in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Excluded, Floats, Ints

__all__ = ["Flags", "Readings", "joined"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """What one machine's sensors said, in order of time.

    machine   its name
    time      of each row [µs UTC], NO_TIME where there is no clock, shape (n,)
    age       time in use at each row [age_unit], never falling, shape (n,)
    channels  names, length c
    units     of the channels, "" where none is told, length c
    values    shape (n, c); NaN is no reading
    regimes   label of each row (product, program, load); None: to be found
    usable    rows in operation; the others are shown and not judged, shape (n,)
    failed    whether the history ends in a failure; None: not told
    excluded  cells that were not used
    source    where it came from
    """

    machine: str
    time: Ints
    age: Floats
    channels: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    regimes: tuple[str, ...] | None = None
    usable: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    failed: bool | None = None
    age_unit: str = ""
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.usable) != len(self.time):
            object.__setattr__(self, "usable", np.ones(len(self.time), np.bool_))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.time)

    @property
    def timed(self) -> bool:
        """Whether the rows have a clock."""
        return bool(len(self.time)) and bool((self.time != NO_TIME).all())

    @property
    def step(self) -> float | None:
        """Usual time between rows [s]; None without a clock."""
        if not self.timed or len(self.time) < 2:
            return None
        steps = np.diff(self.time)
        steps = steps[steps > 0]
        return float(np.median(steps)) / 1e6 if len(steps) else None

    def column(self, channel: str) -> Floats:
        """The values of a channel."""
        return self.values[:, self.channels.index(channel)]

    def unit_of(self, channel: str) -> str:
        """The unit of a channel."""
        return self.units[self.channels.index(channel)]

    def rows(self, chosen: slice | Flags | Ints) -> Readings:
        """Some of the rows."""
        at = np.arange(len(self))[chosen]
        regimes = None if self.regimes is None else tuple(self.regimes[i] for i in at.tolist())
        return replace(
            self, time=self.time[at], age=self.age[at], values=self.values[at], usable=self.usable[at], regimes=regimes
        )


def joined(parts: Sequence[Readings]) -> Readings:
    """One after the other; of the same machine and channels.

    Raises  InputError for other channels, or for nothing at all
    """
    if not parts:
        raise InputError("no reading of any machine")
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(one.channels != first.channels for one in parts):
        raise InputError(
            "these are other channels", came=", ".join(parts[-1].channels), expected=", ".join(first.channels)
        )
    labelled = all(one.regimes is not None for one in parts)
    return replace(
        first, time=np.concatenate([one.time for one in parts]), age=np.concatenate([one.age for one in parts]),
        values=np.vstack([one.values for one in parts]), usable=np.concatenate([one.usable for one in parts]),
        regimes=tuple(label for one in parts for label in one.regimes or ()) if labelled else None,
        excluded=tuple(bad for one in parts for bad in one.excluded), failed=parts[-1].failed,
    )  # fmt: skip
