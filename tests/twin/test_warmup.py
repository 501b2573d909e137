"""MSER-5 against its definition, series of known initial bias, and the M/M/1 queue that starts empty."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.twin.warmup import mser


def _by_definition(series: np.ndarray, batch: int = 5) -> int:
    means = [series[i : i + batch].mean() for i in range(0, len(series) - batch + 1, batch)]
    errors = [
        sum((x - np.mean(means[d:])) ** 2 for x in means[d:]) / (len(means) - d) ** 2 for d in range(len(means) - 5)
    ]
    return int(np.argmin(errors)) * batch


@pytest.mark.parametrize("seed", range(5))
def test_it_is_whites_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    series = random.normal(50, 5, 403) - 40 * np.exp(-np.arange(403) / 30)
    found = mser(series)
    assert found.found
    assert found.points == _by_definition(series) > 30


@pytest.mark.parametrize(
    ("bias", "low", "high"),
    [
        (lambda i: np.where(i < 200, -5.0, 0.0), 195, 230),
        (lambda i: np.where(i < 200, -5.0 * (1 - i / 200), 0.0), 130, 220),
        (lambda i: np.where(i < 200, -5.0 * (1 - i / 200) ** 2, 0.0), 90, 220),
        (lambda i: 5.0 * 0.98**i * np.cos(i / 8), 80, 260),
        (lambda i: 0.0 * i, 0, 60),
    ],
    ids=["shift", "linear", "quadratic", "oscillating", "none"],
)
def test_known_bias(bias, low: float, high: float) -> None:  # type: ignore[no-untyped-def]
    """The shapes of Hoad's trials on an AR(1) of 0.4; the middle of 100 series, and never a series called too short."""
    random = np.random.default_rng(7)
    points = []
    for _ in range(100):
        noise = random.normal(size=1000)
        for i in range(1, 1000):
            noise[i] += 0.4 * noise[i - 1]
        found = mser(100 + noise + bias(np.arange(1000)))
        points.append(found.points)
        assert found.found or np.all(bias(np.arange(1000)) == 0)
    assert low <= np.median(points) <= high


def _number_in_system(rho: float, horizon: int, runs: int, seed: int) -> np.ndarray:
    """Mean number in an M/M/1 that begins empty, over each mean service time; runs × times (Lindley's recursion)."""
    random = np.random.default_rng(seed)
    count = int(horizon * rho * 1.3)
    arrival = np.cumsum(random.exponential(1 / rho, (count, runs)), axis=0)
    leave = random.exponential(1, (count, runs))
    leave[0] += arrival[0]
    for i in range(1, count):
        leave[i] += np.maximum(arrival[i], leave[i - 1])
    edges = np.arange(horizon + 1)
    return np.stack([np.diff(_passed(arrival[:, run], edges) - _passed(leave[:, run], edges)) for run in range(runs)])


def _passed(times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """∑ max(0, edge - time): integral of the number that has passed."""
    count = np.searchsorted(times, edges, side="right")
    return count * edges - np.concatenate([[0.0], np.cumsum(times)])[count]


def test_mm1_that_starts_empty() -> None:
    """ρ = 0.9, mean number ρ / (1 - ρ) = 9, 4,000 service times, 300 pilots of 10 runs each.

    The empty start costs 0.15 of the 9. A pilot's point takes more than half of that from *other* runs. Of its own runs
    it takes nothing: the point then follows the chance of the runs, so replications must not be their own pilots.
    """
    series = np.concatenate([_number_in_system(0.9, 4000, 500, seed) for seed in range(6)]).reshape(300, 10, -1).mean(1)
    found = [mser(one) for one in series]
    points = np.array([min(one.points, 2000) for one in found])
    assert np.mean([one.found for one in found]) > 0.75
    assert 20 <= np.median(points) <= 1000  # the queue forgets in 1 / (1 - √ρ)² = 380 service times
    whole = series.mean() - 9
    own = np.mean([one[start:].mean() for one, start in zip(series, points, strict=True)]) - 9
    other = np.mean([one[start:].mean() for one, start in zip(np.roll(series, 1, 0), points, strict=True)]) - 9
    assert -0.3 < whole < -0.08
    assert abs(other) < 0.5 * abs(whole)
    assert own < other - 0.05


def test_a_series_that_has_not_settled_is_too_short() -> None:
    found = mser(np.arange(1000.0))
    assert not found.found
    assert found.points > 500
    assert "second half" in found.reason
    late = mser(np.where(np.arange(1000) < 600, 0.0, 10.0) + np.random.default_rng(1).normal(size=1000))
    assert not late.found
    assert mser([1.0] * 99).reason.startswith("too short: 99 values")


def test_a_constant_series_has_no_warm_up() -> None:
    assert mser([3.0] * 200).points == 0
    assert mser([3.0] * 200).found


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gap_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="without gaps"):
        mser([1.0] * 150 + [bad])
