"""The controller and its envelope: nothing leaves it, nothing winds up, a restart changes nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, strategies as st

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import REASONS, Envelope
from luban.decide.setpoint.run_to_run import RunToRun, Settings

finite = st.floats(-1e4, 1e4)


@given(finite, finite, st.floats(0.1, 50) | st.none(), st.sampled_from([0.0, 0.1, 0.5, 3.0]))
def test_from_inside_nothing_leaves_the_envelope_or_moves_too_far(now, wanted, move, resolution):
    envelope = Envelope(-20.0, 31.0, move, resolution)
    found = envelope.allowed(now, wanted)
    assert set(found.reasons) <= set(REASONS)
    assert -20.0 - 1e-9 <= found.value <= 31.0 + 1e-9
    if envelope.holds(now):
        if move is not None:
            assert abs(found.value - now) <= move + 1e-9
        if envelope.holds(wanted) and (move is None or abs(wanted - now) <= move):
            assert abs(found.value - wanted) <= max(resolution, 1e-9) or found.value == now


@pytest.mark.parametrize(
    ("lowest", "highest", "more"),
    [(1.0, 1.0, {}), (2.0, 1.0, {}), (0, 1, {"move": 0.0}), (0, 1, {"resolution": -1.0}), (-np.inf, 1, {})],
)
def test_an_envelope_that_is_none_is_told(lowest, highest, more):
    with pytest.raises(InputError):
        Envelope(lowest, highest, **more)


def test_a_set_point_at_its_limit_winds_nothing_up():
    control = RunToRun(Settings(0.0, 1.0, 0.5, Envelope(-1.0, 1.0)), level=0.0)
    for _ in range(200):
        step = control.update(5.0 + control.set_point)
    assert step.set_point == -1.0
    assert step.reasons == ("lowest",)
    back = [control.update(0.2 + control.set_point).set_point for _ in range(6)]
    assert back[-1] > -0.7, "the level is found again within a few runs"


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30), st.integers(1, 29))
def test_a_restart_changes_nothing(values, cut):
    settings = Settings(1.0, 2.0, 0.4, Envelope(-10, 10, 2.0, 0.01), 0.1, 0.3)
    whole = RunToRun(settings)
    steps = [whole.update(value) for value in values]
    first = RunToRun(settings)
    again = [first.update(value) for value in values[:cut]]
    second = RunToRun.from_dict(settings, json.loads(json.dumps(first.as_dict())))
    again += [second.update(value) for value in values[cut:]]
    assert again == steps


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=20), st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_it_does_not_depend_on_origin_and_unit(values, shift, scale):
    plain = RunToRun(Settings(0.0, 1.0, 0.3, Envelope(-1e6, 1e6), 0.2))
    other = RunToRun(Settings(shift, scale, 0.3, Envelope(-1e6, 1e6), 0.2))
    for value in values:
        one, two = plain.update(value), other.update(shift + scale * value)
        assert two.set_point == pytest.approx(one.set_point, abs=1e-6)


def test_what_is_no_measurement_or_no_setting_is_told():
    good = Settings(0.0, 1.0, 0.5, Envelope(-1, 1))
    with pytest.raises(InputError, match="finite"):
        RunToRun(good).update(float("nan"))
    for wrong in (
        {"gain": 0.0},
        {"weight": 0.0},
        {"weight": 1.5},
        {"drift_weight": -0.1},
        {"dead_band": -1.0},
        {"target": float("inf")},
    ):
        with pytest.raises(InputError):
            Settings(**({"target": 0.0, "gain": 1.0, "weight": 0.5, "envelope": good.envelope} | wrong))


def test_the_set_point_that_was_really_in_force_counts():
    control = RunToRun(Settings(0.0, 1.0, 1.0, Envelope(-10, 10)), level=0.0)
    control.update(2.0)
    assert control.set_point == -2.0
    step = control.update(2.0, used=0.0)  # nobody set it
    assert step.used == 0.0
    assert step.set_point == pytest.approx(-2.0)
