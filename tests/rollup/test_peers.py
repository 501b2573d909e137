"""Places on a distribution: recomputable, and telling on no peer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import percentileofscore
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]

from luban.core.errors import InputError
from luban.rollup.peers import place


def test_the_percentile_is_that_of_anybody_s_count() -> None:
    rng = np.random.default_rng(2)
    peers = rng.normal(50, 10, 60).round(0)
    found = place(52.0, peers.tolist())
    assert found.percentile == pytest.approx(percentileofscore(peers, 52.0, kind="mean"))
    sure = place(float(np.sort(peers)[30] + 0.5), peers.tolist())
    worse = int((peers < np.sort(peers)[30] + 0.5).sum())
    low, high = proportion_confint(worse, 60, method="beta")
    assert sure.low == pytest.approx(100 * low)
    assert sure.high == pytest.approx(100 * high)


def test_less_is_better() -> None:
    found = place(1.0, [2.0, 3, 4, 5, 6, 7, 8, 9, 10, 11], better="down")
    assert found.percentile == 100.0


def test_nothing_is_told_of_fewer_than_k() -> None:
    found = place(1.0, [2.0, 3.0, 4.0, np.nan, 5.0])
    assert (found.percentile, found.best, set(found.levels.values())) == (None, None, {None})
    assert found.reason == "fewer than 5 peers"


def test_no_level_is_a_peer_s_own_figure() -> None:
    rng = np.random.default_rng(4)
    for seed in range(20):
        peers = np.random.default_rng(seed).normal(100, 15, 40 + seed).tolist()
        found = place(float(rng.normal(100, 15)), peers)
        for value in (*found.levels.values(), found.best):
            assert value is None or min(abs(value - one) for one in peers) > 0
    assert place(100.0, peers).levels[50] == pytest.approx(float(np.median(peers)), abs=3.0)


def test_ends_are_told_only_with_k_beyond_them() -> None:
    few = place(5.0, np.arange(1.0, 21.0).tolist())
    assert [few.levels[10], few.levels[90]] == [None, None]
    assert few.levels[50] is not None
    many = place(5.0, np.arange(1.0, 101.0).tolist())
    assert None not in many.levels.values()


def test_a_giant_among_the_best_is_not_told() -> None:
    peers = [*np.linspace(1, 2, 30).tolist(), 500.0]
    assert place(1.5, peers).best is None
    assert place(1.5, peers, public=True).best is not None


def test_peers_of_one_owner_are_one() -> None:
    assert place(1.0, [2.0] * 6, owners=["a"] * 6).reason == "fewer than 5 peers"


def test_public_figures_are_told_as_they_are() -> None:
    found = place(3.0, [1.0, 2.0, 4.0], public=True)
    assert found.levels[50] == 2.0
    assert found.percentile == pytest.approx(200 / 3)


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="no figure to place"):
        place(float("nan"), [1.0] * 9)
    with pytest.raises(InputError, match="differ in number"):
        place(1.0, [1.0] * 9, owners=["a"])
