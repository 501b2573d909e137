"""A proposal: only what is sure, only inside the envelope, and its intervals keep their word."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.proposal import Knob, propose
from luban.decide.setpoint.standing import AGREE, SET, agreed, standing_of
from luban.decide.setpoint.words import PLAN
from luban.understand.book import Entry
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.spc import control_chart

KNOB = Knob("offset", "µm", 1.0, 0.0, Envelope(-20.0, 20.0, 5.0, 0.1))


def sample(values, **more):
    made = individuals(values, characteristic="shaft:diameter", unit="µm")
    return replace(made, lower=-15.0, upper=15.0, **more)


def test_a_shift_is_taken_back_as_far_as_the_envelope_allows():
    draw = np.random.default_rng(1)
    plan = propose(sample(3.0 * draw.normal(size=60) + np.repeat([0.0, 8.0], 30)), KNOB)
    assert plan.decision == "change"
    assert plan.proposed == -5.0
    assert plan.wanted == pytest.approx(-8.0, abs=1.5)
    assert "move" in plan.reasons
    assert set(plan.reasons) <= set(PLAN)
    cpk = next(own for own in plan.effects if own.name == "cpk")
    assert cpk.after[0] > cpk.before[0]
    assert cpk.before[1] <= cpk.before[0] <= cpk.before[2]
    json.dumps(plan.as_dict(), allow_nan=False)


def test_the_chart_that_people_keep_speaks_where_there_is_one():
    made = sample(3.0 * np.random.default_rng(3).normal(size=60) + np.repeat([0.0, 8.0], 30))
    frozen = control_chart("i_mr", made, rules=["nelson_1"])
    assert set(propose(made, KNOB, chart=frozen).signals) <= {"nelson_1"}
    assert "nelson_2" in propose(made, KNOB).signals


def test_noise_alone_is_left_alone():
    kept = [propose(sample(3.0 * np.random.default_rng(k).normal(size=50)), KNOB).decision for k in range(200)]
    assert 0.9 <= kept.count("keep") / 200 <= 0.99


def test_a_set_point_at_its_limit_is_blocked_and_one_outside_comes_back():
    values = sample(3.0 * np.random.default_rng(4).normal(size=40) + 9.0)
    stuck = propose(values, Knob("offset", "µm", 1.0, -20.0, KNOB.envelope))
    assert stuck.decision == "blocked"
    assert stuck.proposed == -20.0
    outside = propose(values, Knob("offset", "µm", 1.0, 30.0, KNOB.envelope))
    assert outside.decision == "change"
    assert KNOB.envelope.holds(outside.proposed)


def test_set_points_that_were_in_force_are_taken_off_first():
    draw = np.random.default_rng(7)
    used = np.repeat([0.0, 6.0, -4.0], 20)
    values = 2.0 * draw.normal(size=60) + used + 1.0
    plan = propose(sample(values), Knob("offset", "µm", 1.0, -4.0, KNOB.envelope), set_points=used, target=0.0)
    assert plan.wanted == pytest.approx(-1.0, abs=1.0)


def test_the_predicted_interval_holds_the_truth_as_often_as_it_says():
    """Levels that wander under noise; the forecast's interval is asked for the level that really was."""
    hits = 0
    for k in range(300):
        draw = np.random.default_rng(1000 + k)
        level = 0.5 * draw.normal(size=80).cumsum()
        plan = propose(sample(level + 1.5 * draw.normal(size=80)), KNOB, target=0.0)
        _, low, high = plan.effects[0].before
        hits += low <= level[-1] <= high
    assert 0.88 <= hits / 300 <= 0.99


def test_subgroups_are_runs_and_limits_one_sided_will_do():
    rows = 2.0 * np.random.default_rng(2).normal(size=(20, 5)) + 4.0
    made = replace(subgroups(rows, characteristic="a", unit="µm"), upper=12.0, target=0.0)
    plan = propose(made, KNOB)
    assert len(plan.values) == 20
    assert plan.used == 100
    assert plan.decision == "change"
    assert [own.name for own in plan.effects] == ["deviation", "cpk", "outside"]


def test_what_cannot_be_answered_is_told():
    with pytest.raises(InputError, match="too few runs"):
        propose(sample([1.0] * 5), KNOB)
    with pytest.raises(InputError, match="do not vary"):
        propose(sample([1.0] * 30), KNOB)
    with pytest.raises(InputError, match="no target"):
        propose(individuals(np.arange(20.0)), KNOB)
    with pytest.raises(InputError, match="do not fit"):
        propose(sample(np.arange(20.0)), KNOB, set_points=np.zeros(3))
    with pytest.raises(InputError, match="weight"):
        propose(sample(np.arange(20.0)), KNOB, weight=2.0)


def entry(seq, code, data):
    return Entry(seq, seq * 1000, seq * 1000, "setpoint", code, "shaft:diameter", "li", "", data)


def test_how_things_stand_is_the_fold_over_the_books():
    first = agreed("offset", "µm", 1.0, 0.0, KNOB.envelope, 2.0)
    book = [
        entry(1, SET, {"value": 9.0}),
        entry(2, AGREE, first),
        entry(3, SET, {"value": -3.0}),
        entry(4, SET, {"value": "?"}),
    ]
    stands = standing_of(book)
    assert stands.knob == Knob("offset", "µm", 1.0, -3.0, KNOB.envelope)
    assert stands.target == 2.0
    assert stands.in_force(np.array([0, 2000, 2999, 3000, 9000])).tolist() == [0.0, 0.0, 0.0, -3.0, -3.0]
    assert [own.seq for own in stands.history] == [4, 3, 2, 1]
    nothing = standing_of([])
    assert nothing.knob is None
    assert nothing.in_force(np.array([5])).tolist() == [0.0]
    with pytest.raises(InputError):
        agreed("offset", "µm", 0.0, 0.0, KNOB.envelope)


@given(st.integers(0, 500), st.floats(-1e3, 1e3), st.sampled_from([0.01, 0.5, 3.0, 100.0]))
@settings(max_examples=30, deadline=None)
def test_origin_and_unit_do_not_matter(seed, shift, scale):
    values = np.random.default_rng(seed).normal(size=40) + np.repeat([0.0, 1.5], 20)
    wide = Envelope(-1e6, 1e6)
    one = propose(individuals(values), Knob("k", "", 1.0, 0.0, wide), target=0.0)
    two = propose(individuals(shift + scale * values), Knob("k", "", scale, 0.0, wide), target=shift)
    assert two.decision == one.decision
    assert two.weight == one.weight
    assert two.wanted == pytest.approx(one.wanted, rel=1e-6, abs=1e-8)
