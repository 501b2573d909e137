"""The same models in SimPy, salabim and Ciw: equal within intervals, and the benchmark's ratios are of equal models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks import twin_peers
from benchmarks.twin import main, mm1, shop
from scipy import stats

from luban.twin.replicate import replicate

SECOND, DAY = 1_000_000, 86_400.0
PEERS: dict[str, Callable[[float, float, int], twin_peers.Found]] = {
    "SimPy": twin_peers.simpy_mm1,
    "SimPy by hand": lambda *given: twin_peers.simpy_mm1(*given, by_hand=True),
    "salabim": twin_peers.salabim_mm1,
    "Ciw": twin_peers.ciw_mm1,
}


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    """Welch's test at 1 in 10,000: two honest samples differ that much once in 10,000 seeds."""
    return stats.ttest_ind(a, b, equal_var=False).pvalue > 1e-4


@pytest.mark.parametrize("peer", PEERS)
def test_mm1(peer: str) -> None:
    """20 runs of 1,000 s from empty: cycle times and lots made; and a model with 10 % more load is told apart."""
    found = [PEERS[peer](0.5, 1000, seed) for seed in range(20)]
    cycles, made = (np.array([getattr(run, name) for run in found]) for name in ("cycle_mean", "finished"))
    ours = replicate(mm1(0.5), 1000 * SECOND, replications=20, workers=1)
    assert _equal(cycles, ours.values("cycle_time_mean"))
    assert _equal(made * 86.4, ours.values("throughput"))
    more = replicate(mm1(0.55), 1000 * SECOND, replications=20, workers=1)
    assert not _equal(made * 86.4, more.values("throughput"))


@pytest.mark.parametrize("by_hand", [False, True])
def test_shop(by_hand: bool) -> None:
    """8 runs of 60 days: cycle time of every route, setups, failures; without setups it would be another shop."""
    model, until, warmup = shop(), 60 * DAY, 10 * DAY
    found = [twin_peers.simpy_shop(model, until, seed, warmup, by_hand=by_hand) for seed in range(8)]
    ours = replicate(model, round(until * 1e6), warmup=round(warmup * 1e6), replications=8, workers=1)
    for route in model.routes:
        theirs = np.array([np.mean(run.by_route[route.id]) for run in found])
        assert _equal(theirs, ours.values("cycle_time_mean", route.id)), route.id
    whole = replicate(model, round(until * 1e6), replications=8, workers=1)
    for name, peer in (("setups", "setups"), ("failures", "failures"), ("lots", "operations")):
        total = np.sum([whole.values(name, machine.id) for machine in model.machines], axis=0)
        assert _equal(np.array([getattr(run, peer) for run in found], float), total), name


def test_seeds_give_peers_their_own_runs() -> None:
    one, same, other = (twin_peers.simpy_mm1(0.5, 100, seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.events == one.arrived + 2 * one.operations


def test_the_benchmark_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--quick" in capsys.readouterr().out
