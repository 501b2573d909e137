"""Before and after: intervals and tests against published values and scipy, and the traps of real data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.understand.quality.effect import compare_shares, compare_values, effect, newcombe
from tests.understand.quality.gauging import DIAMETER, Gauging
from tests.understand.shop import M1


@pytest.mark.parametrize(
    ("table", "interval"),  # Newcombe 1998, table II, method 10
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
    ],
)
def test_newcombe_prints_what_newcombe_printed(table: tuple[int, ...], interval: tuple[float, float]) -> None:
    assert newcombe(*table) == pytest.approx(interval, abs=5.1e-5)


def test_means_by_welch() -> None:
    draw = np.random.default_rng(7)
    before, after = draw.normal(10, 1, 60), draw.normal(9, 3, 35)
    found = compare_values(before, after, unit="mm")
    truth = stats.ttest_ind(after, before, equal_var=False)
    assert found.p == pytest.approx(truth.pvalue, rel=1e-9)
    interval = truth.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert (found.n_before, found.n_after, found.notes, found.unit) == (60, 35, (), "mm")


@pytest.mark.parametrize("table", [(1, 24, 5, 30), (0, 20, 0, 20), (20, 20, 0, 20), (10, 5000, 60, 5000)])
def test_shares_by_fisher(table: tuple[int, int, int, int]) -> None:
    b1, n1, b2, n2 = table
    sides = [np.repeat([1.0, 0.0], [b, n - b]) for b, n in ((b1, n1), (b2, n2))]
    found = compare_shares(sides[0], np.ones(n1), sides[1], np.ones(n2))
    assert found.p == pytest.approx(stats.fisher_exact([[b1, n1 - b1], [b2, n2 - b2]]).pvalue, rel=1e-9)
    assert (found.before, found.after) == (b1 / n1, b2 / n2)


def test_the_verdict_says_which_way() -> None:
    draw = np.random.default_rng(3)
    high, low = draw.normal(10, 1, 100), draw.normal(8, 1, 100)
    assert compare_values(high, low).verdict == "better"
    assert compare_values(high, low, better="higher").verdict == "worse"
    assert compare_values(high, low, better="target", target=10.2).verdict == "worse"
    assert compare_values(high, low, better="target", target=8.1).verdict == "better"
    assert compare_values(high, high[::-1]).verdict == "no effect shown"
    assert compare_values(high[:7], low).verdict == "too few"
    wide, narrow = draw.normal(0, 2, 200), draw.normal(0, 1, 200)
    spread = compare_values(wide, narrow, statistic="spread")
    assert spread.verdict == "better"
    assert spread.change == pytest.approx(narrow.std(ddof=1) / wide.std(ddof=1))
    assert compare_values(narrow, wide, statistic="spread").verdict == "worse"
    assert compare_values(np.ones(20), narrow, statistic="spread").verdict == "too few"


def test_the_interval_of_a_ratio_of_deviations_covers_as_it_says() -> None:
    """Also where the values are far from normal (exponential, t with 5 degrees of freedom)."""
    draw = np.random.default_rng(11)
    for make in (draw.standard_normal, draw.standard_exponential, lambda n: np.asarray(draw.standard_t(5, n))):
        held = 0
        for _ in range(600):
            found = compare_values(np.asarray(make(60)), np.asarray(make(60)), statistic="spread")
            held += found.low <= 1 <= found.high  # type: ignore[operator]
        assert 0.90 <= held / 600 <= 0.985


def test_values_that_resemble_their_neighbours_do_not_prove_what_chance_did() -> None:
    """A slowly wandering process without any change: wrong alarms stay near the 5 % that are promised."""
    draw = np.random.default_rng(5)
    alarms = naive = 0
    for _ in range(300):
        noise = draw.standard_normal(240)
        path = np.zeros(240)
        for at in range(1, 240):
            path[at] = 0.7 * path[at - 1] + noise[at]
        found = compare_values(path[:120], path[120:])
        alarms += found.verdict != "no effect shown"
        naive += stats.ttest_ind(path[:120], path[120:], equal_var=False).pvalue < 0.05
    assert naive > 75  # what a plain test would claim
    assert alarms < 33


def test_shares_that_scatter_widen_the_interval() -> None:
    pieces = np.full(10, 100.0)
    calm = compare_shares(np.full(10, 10.0), pieces, np.full(10, 8.0), pieces)
    bad = np.array([0, 20, 0, 20, 0, 20, 0, 20, 0, 20.0])
    wild = compare_shares(bad, pieces, 0.8 * bad, pieces)
    assert (calm.before, wild.before) == (0.1, 0.1)
    assert wild.high - wild.low > 2 * (calm.high - calm.low)  # type: ignore[operator]
    assert (calm.notes, len(wild.notes)) == ((), 1)


def test_from_the_books(gauging: Gauging) -> None:
    gauging.measure([10.0, 10.2] * 20, begin="2026-03-02T08:00")
    gauging.measure([10.0, 10.02] * 20, begin="2026-03-03T08:00")
    gauging.measure([50.0], begin="2026-03-03T09:00", quality=64)
    day = gauging.at("2026-03-02T00:00")
    windows = (day, day + DAY), (day + DAY, day + 2 * DAY)
    out = effect(gauging.ledger, gauging.plant, "out", DIAMETER, *windows)
    assert (out.before, out.after, out.n_before, out.n_after, out.verdict) == (0.5, 0.0, 40, 40, "better")
    assert (out.excluded, out.head) == (1, gauging.ledger.head)
    mean = effect(gauging.ledger, gauging.plant, "mean", DIAMETER, *windows, better="target")
    assert (mean.unit, mean.verdict) == ("mm", "better")
    assert mean.change == pytest.approx(-0.09)
    with pytest.raises(InputError, match="windows out of order"):
        effect(gauging.ledger, gauging.plant, "out", DIAMETER, windows[1], windows[0])


def test_scrap_of_a_work_unit_and_of_an_item(gauging: Gauging) -> None:
    gauging.counts(*((f"2026-03-0{day}T08:00", 90, 10) for day in (2, 3, 4)), unit=M1)
    gauging.counts(*((f"2026-03-0{day}T08:00", 99, 1) for day in (5, 6, 7)), unit=M1)
    start = gauging.at("2026-03-02T00:00")
    windows = (start, start + 3 * DAY), (start + 3 * DAY, start + 6 * DAY)
    for subject in (M1, "works/cell", "g7"):
        found = effect(gauging.ledger, gauging.plant, "scrap", subject, *windows)
        assert (found.before, found.after, found.n_before, found.verdict) == (0.1, 0.01, 300, "better")
    assert effect(gauging.ledger, gauging.plant, "scrap", "b2", *windows).verdict == "too few"
    with pytest.raises(InputError, match="unknown equipment"):
        effect(gauging.ledger, gauging.plant, "scrap", "nowhere", *windows)
