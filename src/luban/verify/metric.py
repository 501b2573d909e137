"""What an act is judged by, what was promised of it, and whose it was.

Reads   nothing    Writes  nothing: these are parts of a baseline and of an outcome
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from luban.core.errors import InputError

__all__ = ["METHODS", "Decision", "Metric", "Prediction"]

METHODS: Final[Mapping[str, str]] = {
    "regression": "regression baseline",
    "interrupted": "interrupted series",
    "differences": "difference in differences",
    "share": "shares before and after",
    "rate": "rates before and after",
    "replications": "matched replications of the twin",
}
"""Name of a method → the same in words."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that an act should move.

    name      what it is called, e.g. scrap share of cell 3
    unit      of one period's value
    wish      -1: less is better, +1: more is better
    margin    smallest effect worth having [unit]; None: nobody said
    price     what one unit less (more) in one period is worth [currency]; None: not known
    currency  of the price

    Raises  InputError: a wish that is neither, a margin or price that is not above 0
    """

    name: str
    unit: str
    wish: int = -1
    margin: float | None = None
    price: float | None = None
    currency: str = ""

    def __post_init__(self) -> None:
        if self.wish not in (-1, 1):
            raise InputError("say which way is better", came=f"{self.wish}", expected="-1 for less, +1 for more")
        for name, value in (("margin", self.margin), ("price", self.price)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"a {name} is above 0", came=f"{value}", where=self.name)

    def as_dict(self) -> dict[str, Any]:
        """For entries and `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a plan promised: the effect in one period [unit of the metric], with its interval at `level`.

    Raises  InputError: ends out of order, a number that is none
    """

    value: float
    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if not (self.low <= self.value <= self.high and math.isfinite(self.high - self.low)):
            raise InputError("a prediction lies within its interval", came=f"{self.value} in {self.low} … {self.high}")
        if not 0 < self.level < 1:
            raise InputError("a level of confidence lies between 0 and 1", came=f"{self.level}")

    def as_dict(self) -> dict[str, Any]:
        """For entries and `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose act it was.

    act     its id
    at      when it took effect [µs UTC]
    lever   what was moved, e.g. setpoint, schedule, maintenance
    author  person or program that decided
    plan    the plan it carried out; "" for none
    """

    act: str
    at: int
    lever: str = ""
    author: str = ""
    plan: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For entries and `--json`."""
        return asdict(self)
