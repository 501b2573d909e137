"""The closed forms against simulation of the controller that runs: drift, step, noise, wander, dead band."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.run_to_run import RunToRun, Settings
from luban.decide.setpoint.theory import (
    Loop,
    best_weight,
    dead_band,
    deviations_after_step,
    is_stable,
    offset_under_drift,
    spread,
)

WIDE = Envelope(-1e9, 1e9)
LOOPS = [Loop(0.2), Loop(0.6, 0.7), Loop(0.3, 1.8), Loop(0.3, 1.0, 0.1), Loop(0.5, 1.2, 0.3)]


def driven(loop, disturbance, gain=-2.0):
    """Deviations of a process whose true gain is ξ times the model's."""
    control = RunToRun(Settings(7.0, gain, loop.weight, WIDE, loop.drift_weight), set_point=0.0, level=7.0)
    found = np.zeros(len(disturbance))
    for k, level in enumerate(disturbance.tolist()):
        found[k] = control.update(7.0 + level + loop.ratio * gain * control.set_point).error
    return found


@pytest.mark.parametrize("loop", LOOPS)
def test_after_a_step_each_deviation_is_the_closed_form(loop):
    expected = deviations_after_step(loop, 3.0, 40)
    assert driven(loop, np.full(40, 3.0)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("loop", LOOPS)
def test_under_drift_the_offset_is_the_closed_form(loop):
    assert driven(loop, 0.05 * np.arange(400))[-1] == pytest.approx(offset_under_drift(loop, 0.05), abs=1e-9)


@pytest.mark.parametrize("loop", LOOPS)
def test_under_noise_and_wander_the_spread_is_the_closed_form(loop):
    draw = np.random.default_rng(5)
    n = 60_000
    level = 1.0 * draw.normal(size=n) + 0.3 * draw.normal(size=n).cumsum()
    found = driven(loop, level)[500:]
    assert found.std() == pytest.approx(spread(loop, noise=1.0, wander=0.3), rel=0.02)


@given(st.floats(0.01, 1), st.floats(0.05, 5), st.floats(0, 1))
def test_stable_is_what_the_roots_say(weight, ratio, drift_weight):
    loop = Loop(weight, ratio, drift_weight)
    both = ratio * (weight + drift_weight)
    roots = np.roots([1, -(2 - both), 1 - both + ratio * weight * drift_weight])
    if not drift_weight:
        roots = np.array([1 - weight * ratio])
    largest = np.abs(roots).max()
    if abs(largest - 1) > 1e-6:
        assert is_stable(loop) == (largest < 1)


def test_the_best_weight_is_the_best_of_all():
    best = best_weight(1.0, 0.4)
    least = spread(Loop(best), noise=1.0, wander=0.4)
    for other in (0.8 * best, 1.25 * best):
        assert spread(Loop(other), noise=1.0, wander=0.4) > least
    assert best_weight(0.0, 1.0) == 1.0
    with pytest.raises(InputError):
        best_weight(0.0, 0.0)


@pytest.mark.parametrize(("width", "weight"), [(0.2, 0.2), (0.6, 0.2), (1.5, 0.6)])
def test_a_dead_band_saves_changes_and_costs_spread_as_computed(width, weight):
    """Disturbance of an integrated moving average, whose best weight is λ: the forecast's errors are the shocks."""
    draw = np.random.default_rng(8)
    shocks = draw.normal(size=120_000)
    level = shocks + weight * np.concatenate([[0.0], shocks[:-1].cumsum()])
    control = RunToRun(Settings(0.0, 1.0, weight, WIDE, dead_band=width), set_point=0.0, level=0.0)
    steps = [control.update(own + control.set_point) for own in level.tolist()]
    changes = [step.run for step in steps if step.moved]
    found = dead_band(width, weight, 1.0)
    assert np.diff(changes).mean() == pytest.approx(found.runs, rel=0.03)
    assert np.sqrt(np.mean([step.error**2 for step in steps])) == pytest.approx(found.spread, rel=0.01)
    assert found.runs > 1.5
    assert found.spread > 1.0


def test_an_unstable_loop_is_told():
    with pytest.raises(InputError, match="not stable"):
        offset_under_drift(Loop(1.0, 2.5), 0.1)
    with pytest.raises(InputError, match="not stable"):
        spread(Loop(1.0, 2.0, 0.5), noise=1.0)
    grown = np.abs(driven(Loop(1.0, 2.5), np.full(30, 1.0)))
    assert all(later > sooner for sooner, later in itertools.pairwise(grown))
    with pytest.raises(InputError):
        dead_band(-1.0, 0.2, 1.0)
