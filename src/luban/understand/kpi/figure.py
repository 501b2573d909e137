"""A figure: a number that says what it is, of what, from what, and how sure, or why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from luban.core.errors import InputError
from luban.plant import Plant

__all__ = ["METHOD", "Figure", "Input", "Settings"]

METHOD = "iso22400/1"


@dataclass(frozen=True, slots=True)
class Settings:
    """How careful a figure is; a plant's own choice stands under [kpi] in its plant.toml.

    coverage   least known share of the planned time; below it a figure made of times is withheld [1], in [0, 1]
    tolerance  how far the work of the pieces may exceed the running time before the figure is withheld [1], ≥ 0
    """

    coverage: float = 0.9
    tolerance: float = 0.05

    @classmethod
    def of(cls, plant: Plant) -> Settings:
        """The plant's own."""
        return cls(plant.coverage, plant.tolerance)

    def __post_init__(self) -> None:
        if not 0 <= self.coverage <= 1:
            raise InputError("coverage is a share", came=str(self.coverage), expected="0 to 1", where="[kpi] coverage")
        if not self.tolerance >= 0:
            raise InputError("tolerance is negative", came=str(self.tolerance), where="[kpi] tolerance")


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a figure was made from.

    name    abbreviation of ISO 22400, UNKNOWN, or the name of another figure
    detail  what it holds for, e.g. the item of a planned run time
    """

    name: str
    value: float | None
    unit: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of one place and window.

    name      id in the norms' catalogue, e.g. oee
    label     name for people
    value     None where it is withheld
    unit      unit of the value
    subject   equipment path; for a group the sums of its units are divided, never their ratios averaged
    units     the work units it is made of
    start     [µs UTC]
    end       [µs UTC]
    shift     name and day of the shift, '' where the window is not one shift
    edition   the standard and its edition
    mapping   name@version of the state mappings in force
    quality   good, partial (some planned time is unknown), withheld
    withheld  why there is no value, '' where there is one
    inputs    what it was made from
    coverage  known share of the planned time [1]; None where no time was planned
    low,high  the value if all unknown time had been a loss, or all of it the best; None where there is no value
    seq       newest fact of the ledger when it was made: the same books give the same figure
    method    name and version of the way it is made
    notes     what to know when reading it
    """

    name: str
    label: str
    value: float | None
    unit: str
    subject: str
    units: tuple[str, ...]
    start: int
    end: int
    shift: str
    edition: str
    mapping: str
    quality: str
    withheld: str
    inputs: tuple[Input, ...]
    coverage: float | None
    low: float | None
    high: float | None
    seq: int
    method: str = METHOD
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def input(self, name: str) -> float | None:
        """Value of the first input of that name, None where it has none."""
        return next((i.value for i in self.inputs if i.name == name), None)
