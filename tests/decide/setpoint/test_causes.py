"""Causes: without any it is the EWMA; what nature drew is found again; a restart and a broken edge change nothing."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.setpoint.causes import CauseFilter, CauseModel, Look, _likelihood, fit_causes
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.machine import EdgePlan, MachineControl
from luban.decide.setpoint.theory import best_weight

TRUE = CauseModel(5.8, 6.0, 20.0, 6.0, 12.0, 0.01, 3600.0, 0.3)


def nature(seed=3, machines=3, lots=50, pieces=25):
    """Readings of machines whose causes are TRUE, drawn by another hand than the filter's."""
    draw = np.random.default_rng(seed)
    looks = []
    for _ in range(machines):
        bias, cold, worn, wear = 6.0 * draw.normal(), 1.0, 0.0, 20.0 + 6.0 * draw.normal()
        first = True
        for _ in range(lots):
            setup, rest = 6.0 * draw.normal(), draw.uniform(600, 7200)
            cold = 1 - (1 - cold) * math.exp(-rest / 3600)
            for piece in range(pieces):
                cold *= math.exp(-180 / 3600)
                worn, edge = worn + 180, False
                if worn > 3000:
                    worn, wear, edge = 0.0, 20.0 + 6.0 * draw.normal(), True
                bias += 0.3 * draw.normal()
                value = bias + setup + wear * worn / 3600 + 12 * cold + 5.8 * draw.normal()
                looks.append(
                    Look(value, 0.0, rest * (piece == 0), 180.0, 0.0 if edge else 180.0, piece == 0, edge, first)
                )
                first = False
    return looks


def test_the_sizes_of_the_causes_are_found_again():
    found = fit_causes(nature())
    assert found.noise == pytest.approx(5.8, rel=0.05)
    assert found.setup == pytest.approx(6.0, rel=0.2)
    assert found.wear == pytest.approx(20.0, rel=0.15)
    assert found.wear_spread == pytest.approx(6.0, rel=0.4)
    assert found.heat == pytest.approx(12.0, rel=0.35)
    assert found.wander >= 0.08 * found.noise
    assert found.readings == 3 * 50 * 25


def test_the_compiled_likelihood_is_that_of_the_filter():
    looks = nature(machines=1, lots=6)
    table = np.array([(k.value - k.offset, k.rested, k.ran, k.setup, k.edge, k.cut, k.machine) for k in looks], float)
    own = TRUE
    compiled = _likelihood()(
        table, own.noise, own.setup, own.wear, own.wear_spread, own.heat, own.heat_spread, own.heat_time, own.wander
    )
    known, total = CauseFilter(own, gate=1e9), 0.0
    for look in looks:
        if look.setup:
            known.setup()
        known.rest(look.rested)
        known.run(look.ran)
        if look.edge:
            known.edge()
        known.cut(look.cut)
        known.spread[0, 0] += own.wander**2
        mean, sd = known.forecast()
        known.spread[0, 0] -= own.wander**2
        total += math.log(sd) + 0.5 * ((look.value - mean) / sd) ** 2
        known.see(look.value, 0.0)
    assert compiled == pytest.approx(total, rel=1e-9)


def test_without_causes_it_is_the_best_ewma():
    known = CauseFilter(CauseModel(noise=1.0, wander=0.4), gate=1e9)
    draw = np.random.default_rng(1)
    level, weight = 0.0, best_weight(1.0, 0.4)
    values = draw.normal(size=300) + 0.4 * draw.normal(size=300).cumsum()
    for value in values:
        known.see(value, 0.0)
    for value in values:
        level += weight * (value - level)
    assert known.forecast()[0] == pytest.approx(level, abs=1e-6)


def test_one_far_reading_is_left_out_and_two_are_believed():
    known = CauseFilter(CauseModel(noise=1.0, setup=1.0))
    for _ in range(20):
        known.see(0.0, 0.0)
    assert not known.see(25.0, 0.0)
    assert abs(known.forecast()[0]) < 0.1
    known.see(0.0, 0.0)
    assert not known.see(25.0, 0.0)
    assert known.see(25.0, 0.0)
    assert known.forecast()[0] > 0.5
    assert known.left_out == 2


def test_a_restart_changes_nothing():
    one = CauseFilter(TRUE)
    looks = nature(machines=1, lots=4)
    for look in looks[:50]:
        one.run(look.ran)
        one.cut(look.cut)
        one.see(look.value, 0.0)
    other = CauseFilter.from_dict(TRUE, json.loads(json.dumps(one.as_dict())))
    for known in (one, other):
        known.setup()
        known.see(3.0, 1.0)
    assert one.forecast(100.0, 100.0) == other.forecast(100.0, 100.0)
    for fresh in (False, True):
        assert one.mean_ahead(100.0, 60.0, fresh=fresh) == pytest.approx(one.forecast(100.0, 60.0, fresh=fresh)[0])


def test_a_planned_change_of_edges_is_learnt_and_expected():
    plan = EdgePlan()
    assert not plan.ends(1e9)
    for edge in range(8):
        work = 40.0 * edge
        while work + 200 < 3000:
            work += 200
            plan.last(work)
        plan.end(work + 200)
    plan.end(1200.0)  # one broke
    assert plan.ends(3010.0)
    assert not plan.ends(2790.0)


def test_a_machine_holds_its_size_through_wear_setup_and_rest():
    """A machine with a wear of 30 and a cold offset of 10: after some lots its pieces are on target."""
    draw = np.random.default_rng(4)
    control = MachineControl(CauseModel(1.0, 4.0, 25.0, 5.0, 8.0, 3.0, 3600.0, 0.05), Envelope(-60, 60, 10, 0.01))
    now, made, worn, cold, edges, offset, deviations = 0, 0, 0.0, 1.0, 1, 0.0, []
    control.hear(0, "tool_number", 1)
    for lot in range(12):
        control.hear(now, "state", "setup")
        now += 1_800_000_000
        cold, setup, offset = 1 - (1 - cold) * math.exp(-1800 / 3600), 4.0 * draw.normal(), 0.0
        control.hear(now, "state", "run")
        control.hear(now, "order", f"lot {lot}")
        control.hear(now, "program", "A/10")
        for _ in range(20):
            for _ in range(3):
                new = control.wanted(now).value
                assert abs(new - offset) <= 10 + 1e-9
                offset = new
                control.hear(now, "offset", offset)
                now += 60_000_000
                cold *= math.exp(-60 / 3600)
            worn, made = worn + 180, made + 1
            if worn > 3000:
                worn, edges = 0.0, edges + 1
                control.hear(now, "tool_number", edges)
            value = setup + 30 * worn / 3600 + 10 * cold + offset + draw.normal()
            deviations.append(value)
            control.hear(now, "reading_of", "A:size")
            control.hear(now, "reading", value)
            control.hear(now, "part_count", made)
    late = np.array(deviations[120:]).reshape(-1, 20)[:, 2:]
    assert abs(late.mean()) < 0.5
    assert late.std() < 1.8, "noise is 1, wear and heat alone would make 8"


def test_bad_input_is_told():
    with pytest.raises(InputError, match="too few"):
        fit_causes(nature()[:10])
    with pytest.raises(InputError, match="finite"):
        fit_causes([*nature()[:40], Look(math.nan, 0, 0, 1, 1)])
    with pytest.raises(InputError):
        CauseModel(noise=0.0)
    with pytest.raises(InputError, match="standard deviation"):
        CauseModel(noise=1.0, setup=-1.0)
    control = MachineControl(CauseModel(1.0), Envelope(-1, 1))
    control.hear(10, "state", "run")
    with pytest.raises(InputError, match="went back"):
        control.hear(5, "state", "idle")
