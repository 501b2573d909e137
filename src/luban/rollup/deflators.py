"""Price indices by industry and year: what turns money of a year into money of another.

Reads   a table of indices; writes nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.norms.industry import known_prefix

__all__ = ["Deflators", "read_deflators"]


@dataclass(frozen=True)
class Deflators:
    """Price indices.

    index    (industry prefix, year) → index; the prefix "" holds for every industry that has none of its own
    Example  Deflators.of([("", 2015, 1.0), ("", 2020, 1.1)]).factor("C3421", 2020, 2015) == 1.1
    """

    index: dict[tuple[str, int], float]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int, float]]) -> Deflators:
        """From rows of industry prefix, year and index. Raises InputError: index not above zero, a row twice."""
        found: dict[tuple[str, int], float] = {}
        for place, (told, year, index) in enumerate(rows, 1):
            where, industry = f"price index, row {place}", told.strip().upper()
            if industry and not known_prefix(industry):
                raise InputError("no such industry", came=told, expected="a code as C, C34 or C3421", where=where)
            if not (math.isfinite(index) and index > 0):
                raise InputError("a price index is not above zero", came=str(index), expected="> 0", where=where)
            if (industry, int(year)) in found:
                raise InputError("an industry and year twice", came=f"{industry or 'all'} {year}", where=where)
            found[industry, int(year)] = float(index)
        return cls(found)

    @cached_property
    def digits(self) -> int:
        """Digits of the longest prefix; -1 where one index holds for all industries."""
        return max((len(industry) for industry, _ in self.index), default=0) - 1

    def factor(self, industry: str, year: int, base: int) -> float | None:
        """Price level of a year, that of `base` being 1; None where either year has no index.

        The longest prefix that has both years counts.
        """
        for end in range(len(industry), -1, -1):
            then, now = self.index.get((industry[:end], base)), self.index.get((industry[:end], year))
            if then is not None and now is not None:
                return now / then
        return 1.0 if year == base else None


def read_deflators(path: Path) -> Deflators:
    """Indices from a CSV, Excel or Parquet file with the columns industry, year, index.

    Raises InputError: a column is missing, a number is none.
    """
    from luban.rollup.read import table_of, whole

    table = table_of(path)
    missing = [name for name in ("industry", "year", "index") if name not in table.column_names]
    if missing:
        raise InputError(
            "a column is missing", came=", ".join(table.column_names), expected=", ".join(missing), where=str(path)
        )
    rows = []
    for place, row in enumerate(table.select(["industry", "year", "index"]).to_pylist(), 2):
        try:
            rows.append((_text(row["industry"]), whole(row["year"]), float(row["index"])))
        except (TypeError, ValueError):
            raise InputError("not a year and an index", came=str(row), where=f"{path}:{place}") from None
    return Deflators.of(rows)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
