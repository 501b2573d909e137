"""The attacker against a printed example and against counting every possible table."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.rollup.protect import Published, Sum, ranges


def square(inner: np.ndarray) -> tuple[np.ndarray, tuple[Sum, ...]]:
    """Cells row by row, each row's total at its end; the totals of the columns as the last row."""
    whole = np.vstack([np.column_stack([inner, inner.sum(1)]), [*inner.sum(0), inner.sum()]])
    rows, columns = whole.shape
    lines = [
        Sum(row * columns + columns - 1, tuple(range(row * columns, (row + 1) * columns - 1))) for row in range(rows)
    ]
    lines += [
        Sum((rows - 1) * columns + column, tuple(row * columns + column for row in range(rows - 1)))
        for column in range(columns)
    ]
    return whole.ravel().astype(float), tuple(lines)


def told(values: np.ndarray, sums: tuple[Sum, ...], hidden: tuple[int, ...]) -> Published:
    shown = values.copy()
    shown[list(hidden)] = np.nan
    return Published(shown, np.zeros(values.size), np.full(values.size, np.inf), sums)


def test_the_investment_table_of_the_literature() -> None:
    # M. Fischetti, J. J. Salazar-González, Math. Program. 84 (1999) 283-312, figure 1: the attacker finds 5 … 30
    values, sums = square(np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]]))
    (found,) = ranges(told(values, sums, (4, 6, 8, 10)), [6])
    assert [found.low, found.high] == pytest.approx([5.0, 30.0])


@pytest.mark.parametrize("seed", range(6))
def test_ends_are_those_of_every_table_that_fits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.integers(0, 4, (3, 3))
    values, sums = square(inner)
    hidden = tuple(int(one) for one in sorted(rng.choice(9, 5, replace=False)))
    cells = [row * 4 + column for row in range(3) for column in range(3)]
    withheld = tuple(cells[one] for one in hidden)
    seen: dict[int, set[int]] = {one: set() for one in withheld}
    fits = _all_tables(inner, hidden)
    for table in fits:
        for place in hidden:
            seen[cells[place]].add(int(table.flat[place]))
    for found in ranges(told(values, sums, withheld), withheld):
        assert found.low == pytest.approx(min(seen[found.cell]), abs=1e-6)
        assert found.high == pytest.approx(max(seen[found.cell]), abs=1e-6)


def _all_tables(inner: np.ndarray, hidden: tuple[int, ...]) -> list[np.ndarray]:
    """Every table of whole numbers with these margins and these open cells."""
    found = []
    most = [int(min(inner.sum(1)[one // 3], inner.sum(0)[one % 3])) for one in hidden]
    for values in product(*(range(one + 1) for one in most)):
        table = inner.copy()
        table.flat[list(hidden)] = values
        if (table.sum(0) == inner.sum(0)).all() and (table.sum(1) == inner.sum(1)).all():
            found.append(table)
    return found


def test_who_knows_more_finds_more() -> None:
    values, sums = square(np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]]))
    (found,) = ranges(told(values, sums, (4, 6, 8, 10)), [6], known={4: 8.0})
    assert found.low == pytest.approx(22.0) == pytest.approx(found.high)


def test_contradictions_are_named() -> None:
    values, sums = square(np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]]))
    published = told(values, sums, (4, 6, 8, 10))
    published.values[5] = 40.0
    with pytest.raises(InputError, match="contradicts itself"):
        ranges(published, [6])
