"""Parts of one machine from a table: their lives and prices, put in step, and what company at a stop is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.decide.maintain.grouping import Opportunity, Part, Rhythm, opportunities, rhythm
from luban.decide.maintain.life import weibull_of_mean
from luban.decide.maintain.policies import age
from luban.decide.maintain.prices import Prices
from luban.understand.quality.data import Excluded
from luban.understand.quality.read import read_columns

__all__ = ["COLUMNS", "Together", "read_parts", "together"]

COLUMNS = ("part", "shape", "mean", "failure", "planned")
"""Columns of the table: name, Weibull shape [1], mean life [h], cost of a failure and of a replacement [money]."""


@dataclass(frozen=True, slots=True)
class Together:
    """Parts at shared stops.

    ages         part → best age by itself, its visit paid alone [h]; inf: at failure only
    apart        cost of all parts by these ages, every stop with a visit of its own [money/h]
    opportunity  replacing what is old enough when another part stops the machine
    rhythm       fixed times in step, failures in between repaired; None where renewing pays for none
    excluded     rows that could not be used
    """

    parts: tuple[Part, ...]
    visit: float
    ages: dict[str, float]
    apart: float
    opportunity: Opportunity
    rhythm: Rhythm | None
    excluded: tuple[Excluded, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; never is null."""
        own, step = self.opportunity, self.rhythm
        return {
            "visit": self.visit, "apart": self.apart,
            "ages": {part: value if math.isfinite(value) else None for part, value in self.ages.items()},
            "opportunity": {
                "from_share_of_age": own.share, "rate": own.rate, "rate_half_95": own.half, "saved": own.saved,
                "saved_half_95": own.saved_half, "stops_per_h": own.visits,
                "curve": [list(map(float, row)) for row in zip(own.shares, own.rates, own.halves, strict=True)],
            },
            "rhythm": None if step is None else {
                "interval": step.interval, "times": dict(step.times), "rate": step.rate, "apart": step.apart,
                "alone": dict(step.alone),
            },
            "excluded": [one.as_dict() for one in self.excluded],
        }  # fmt: skip


def read_parts(path: Path | str, sheet: str = "") -> tuple[tuple[Part, ...], tuple[Excluded, ...], str]:
    """(parts, rows left out, source) of a table with COLUMNS.

    Raises  InputError: a column is missing, no row can be used
    """
    table = read_columns(path, sheet)
    rows = table.usable(numbers=COLUMNS[1:], texts=COLUMNS[:1])
    found, excluded = [], list(rows.excluded)
    columns = [rows.numbers[one] for one in COLUMNS[1:]]
    for at, (shape, mean, failure, planned) in enumerate(zip(*columns, strict=True)):
        part = rows.texts["part"][at]
        try:
            life = weibull_of_mean(float(shape), float(mean))
            found.append(Part(part, life, Prices(failure=float(failure), planned=float(planned))))
        except InputError as error:
            excluded.append(Excluded(table.place(rows.rows[at]), part, error.came, error.message))
    if not found:
        raise InputError("no part can be used", where=table.source, expected=", ".join(COLUMNS))
    return tuple(found), tuple(excluded), table.source


def together(parts: Sequence[Part], visit: float, excluded: Sequence[Excluded] = (), *, runs: int = 20) -> Together:
    """What the parts of a machine cost apart, with opportunities, and in step.

    visit   cost of one stop whatever is done at it [money]
    Raises  InputError for no part
    """
    curves = [age(part.life, part.prices.changed(visit=visit)) for part in parts]
    ages = {part.id: curve.interval for part, curve in zip(parts, curves, strict=True)}
    own = opportunities(parts, list(ages.values()), visit, runs=runs)
    wears = all((part.life.shape or 0) > 1 for part in parts)
    step = rhythm(parts, visit) if wears else None
    return Together(tuple(parts), visit, ages, sum(curve.rate for curve in curves), own, step, tuple(excluded))
