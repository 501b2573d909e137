"""Ranges of ranks: the multiple test against statsmodels, and how often they all hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

from luban.core.errors import InputError
from luban.rollup.league import Entry, league


def entries(values: np.ndarray, errors: np.ndarray) -> list[Entry]:
    return [Entry(f"r{at}", float(v), float(v - 1.959963984540054 * e), float(v + 1.959963984540054 * e))
            for at, (v, e) in enumerate(zip(values, errors, strict=True))]  # fmt: skip


def test_pairs_told_apart_are_those_of_holm() -> None:
    rng = np.random.default_rng(3)
    values, errors = rng.normal(50, 8, 14), rng.uniform(1, 4, 14)
    first, second = np.triu_indices(14, 1)
    z = (values[first] - values[second]) / np.hypot(errors[first], errors[second])
    told = multipletests(2 * norm.sf(np.abs(z)), alpha=0.05, method="holm")[0]
    found = league(entries(values, errors))
    assert found.told_apart == int(told.sum())
    assert found.pairs == 91
    better = dict.fromkeys((f"r{at}" for at in range(14)), 0)
    for pair in np.flatnonzero(told):
        better[f"r{first[pair] if z[pair] > 0 else second[pair]}"] += 1
    assert {row.entry.name: row.better for row in found.rows} == better


def test_no_rank_where_intervals_overlap_and_a_rank_where_they_do_not() -> None:
    found = league([Entry("a", 10, 9, 11), Entry("b", 9.5, 8.5, 10.5), Entry("c", 2, 1, 3)])
    assert [(row.entry.name, row.first, row.last, row.rank) for row in found.rows] == [
        ("a", 1, 2, None), ("b", 1, 2, None), ("c", 3, 3, 3)]  # fmt: skip


def test_less_is_better_turns_the_table() -> None:
    found = league([Entry("a", 10), Entry("b", 2), Entry("c", 10)], better="down")
    assert [(row.entry.name, row.first, row.last) for row in found.rows] == [("b", 1, 1), ("a", 2, 3), ("c", 2, 3)]


def test_all_ranges_hold_together_in_at_least_95_of_100_worlds() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([40.0, 41, 41, 43, 48, 50, 50.5, 60])
    errors = np.array([1.0, 2, 1, 1.5, 1, 2, 1, 1])
    best = {f"r{at}": 1 + int((truth > one).sum()) for at, one in enumerate(truth)}
    worst = {f"r{at}": int((truth >= one).sum()) for at, one in enumerate(truth)}
    held = 0
    for _ in range(400):
        found = league(entries(rng.normal(truth, errors), errors))
        held += all(row.first <= best[row.entry.name] and row.last >= worst[row.entry.name] for row in found.rows)
    assert held >= 0.95 * 400


def test_the_unknown_stands_apart_with_its_reason() -> None:
    found = league([Entry("a", 1.0), Entry("b", None, reason="withheld: minimum")])
    assert [one.name for one in found.unranked] == ["b"]
    assert len(found.rows) == 1


def test_a_part_of_a_census_has_no_rank() -> None:
    found = league([Entry("a", 50.0, n=10, coverage=0.5), Entry("b", 49.9, n=10, coverage=1.0), Entry("c", 40.0)])
    assert [(one.name, one.reason) for one in found.unranked] == [("a", "its interval is not known")]
    assert [(row.entry.name, row.rank) for row in found.rows] == [("b", 1), ("c", 2)]
    sampled = Entry("a", 50.0, 48, 52, n=10, coverage=0.5)
    assert league([sampled, Entry("b", 10.0)]).rows[0].rank == 1


@pytest.mark.parametrize(
    ("some", "text"),
    [([Entry("a", 1), Entry("a", 2)], "twice"), ([Entry("a", 5, 6, 7), Entry("b", 1)], "does not hold its value")],
)
def test_bad_input_is_named(some: list[Entry], text: str) -> None:
    with pytest.raises(InputError, match=text):
        league(some)


def test_among_equals_somebody_is_told_apart_in_about_one_of_twenty_worlds() -> None:
    rng = np.random.default_rng(8)
    false = sum(league(entries(rng.normal(50, 2, 12), np.full(12, 2.0))).told_apart > 0 for _ in range(600))
    assert 0.01 * 600 <= false <= 0.07 * 600
