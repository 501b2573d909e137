"""Remaining life from histories that end in a failure."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.health.life import LifeModel, gather, learn_life, words
from luban.understand.health.life.conformal import collect, failures_needed
from tests.understand.health.life.fleet import made_fleet


@pytest.fixture(scope="module")
def model() -> LifeModel:
    return learn_life(made_fleet(30, 1, states=3)[0])


@pytest.fixture(scope="module")
def small() -> LifeModel:
    return learn_life(made_fleet(10, 3, states=2)[0])


def test_life_is_near_the_truth_and_the_interval_holds_it_as_often_as_it_says(model: LifeModel) -> None:
    running, left = made_fleet(150, 2, states=3, cut=True)
    told = model.at(running)
    life = np.array([one.life for one in told], np.float64)
    known = np.minimum(left, model.horizon)
    naive = np.maximum(140 - running.lives(), 0.0)
    assert np.sqrt(np.mean((life - known) ** 2)) < 0.5 * np.sqrt(np.mean((naive - known) ** 2))
    inside = [one.low <= x <= (one.high or np.inf) for one, x in zip(told, left, strict=True) if one.low is not None]
    assert len(inside) == 150
    assert 0.84 <= np.mean(inside) <= 0.97
    assert {one.used for one in told} == {30}


def test_horizon_ends_where_wear_begins_to_show(model: LifeModel) -> None:
    # wear of (age/life)^4 stays below the noise of a moving average until a good part of the life is over
    assert 25 < model.horizon < 100
    fresh = model.at(made_fleet(1, 5, states=3)[0].part([0]).only(model.learned.channels))
    assert fresh[0].life is not None
    assert fresh[0].life < 10  # the whole history: it has just failed


def test_states_of_operation_are_found_and_wear_is_none_of_them(model: LifeModel) -> None:
    assert model.sight is not None
    assert len(model.sight.regimes) == 3
    one = learn_life(made_fleet(12, 3)[0])
    assert one.sight is not None
    assert len(one.sight.regimes) == 1
    assert [(out.field, out.reason) for out in one.excluded] == [("load", words.CONSTANT)]


def test_what_is_said_at_a_moment_knows_nothing_of_later_ones(model: LifeModel) -> None:
    assert model.sight is not None
    whole = made_fleet(2, 7, states=3)[0]
    rows = slice(0, 40)
    early = gather(["m0"] * 40, whole.time[rows], {n: whole.values[rows, i] for i, n in enumerate(whole.channels)})
    np.testing.assert_allclose(model.sight.features(early), model.sight.features(whole)[:40], rtol=0, atol=1e-9)
    assert model.path(early) == pytest.approx(model.path(whole)[:40])


def test_same_histories_in_another_order_of_rows_give_the_same_life(model: LifeModel) -> None:
    running, _ = made_fleet(3, 8, states=3, cut=True)
    unit = np.repeat(running.units, np.diff(running.starts))
    mixed = np.random.default_rng(1).permutation(len(unit))
    again = gather(
        unit[mixed], running.time[mixed], {n: running.values[mixed, i] for i, n in enumerate(running.channels)}
    )
    assert {one.unit: one.life for one in model.at(again)} == {one.unit: one.life for one in model.at(running)}


def test_four_failures_are_not_enough_and_five_carry_no_interval_of_90_percent() -> None:
    few = learn_life(made_fleet(4, 1)[0])
    told = few.at(made_fleet(2, 2, cut=True)[0])
    assert [one.life for one in told] == [None, None]
    assert told[0].reason == words.TOO_FEW_FAILURES.format(n=4, least=5)
    with pytest.raises(InputError, match="4 histories"):
        few.path(made_fleet(2, 2, cut=True)[0])
    five = learn_life(made_fleet(5, 1)[0]).at(made_fleet(1, 2, cut=True)[0])[0]
    assert five.life is not None
    assert (five.low, five.high) == (None, None)
    assert five.reason == words.WIDE.format(n=5, share=90, least=9)


def test_readings_of_running_machines_teach_nothing_and_are_listed() -> None:
    histories, _ = made_fleet(6, 1, cut=True)
    model = learn_life(histories)
    assert model.used == 0
    assert sum(out.reason == words.NOT_ENDED for out in model.excluded) == 6


def test_a_missing_channel_or_changed_unit_is_left_out_and_said(small: LifeModel) -> None:
    model = small
    running, _ = made_fleet(2, 4, states=2, cut=True)
    less = running.only(["load", "heat", "idle"])
    rows = {n: less.values[:, i] for i, n in enumerate(less.channels)}
    missing = model.at(gather(np.repeat(less.units, np.diff(less.starts)), less.time, rows))
    assert missing[0].life is not None
    assert missing[0].notes == (words.CHANNEL_MISSING.format(channel="flow"),)
    values = running.values.copy()
    values[:, running.channels.index("heat")] *= 25.4
    changed = gather(
        np.repeat(running.units, np.diff(running.starts)), running.time,
        {n: values[:, i] for i, n in enumerate(running.channels)},
    )  # fmt: skip
    told = model.at(changed)
    assert told[0].notes == (words.STRANGE_CHANNEL.format(channel="heat"),)
    assert told[0].life == learn_life(model.learned.only(["load", "flow", "idle"])).at(running)[0].life


def test_a_state_never_seen_is_an_answer(small: LifeModel) -> None:
    model = small
    assert model.sight is not None
    assert len(model.sight.regimes) == 2
    running, _ = made_fleet(1, 4, cut=True)
    values = running.values + np.array([40.0, 100.0, 4.0, 0.0])  # a third load
    rows = {n: values[:, i] for i, n in enumerate(running.channels)}
    told = model.at(gather(["new"] * len(values), running.time, rows))[0]
    assert (told.life, told.reason) == (None, words.NEW_STATE)


def test_jumps_of_the_clock_and_another_rate_are_noted(model: LifeModel) -> None:
    running, _ = made_fleet(1, 4, states=3, cut=True)
    rows = {n: running.values[:, i] for i, n in enumerate(running.channels)}
    names = ["a"] * len(running.time)
    jumped = np.where(running.time > 20, running.time + 500, running.time)
    assert model.at(gather(names, jumped, rows))[0].notes == (words.GAP.format(step=501, time=20, usual=1),)
    assert model.at(gather(names, 4 * running.time, rows))[0].notes == (words.RATE.format(step=4, usual=1),)


def test_direction_that_physics_gives_holds_at_every_reading() -> None:
    histories, _ = made_fleet(12, 3)
    model = learn_life(histories, directions={"heat": 1})
    worn = histories.only(histories.channels)
    base = model.path(histories)
    assert model.sight is not None
    moved = worn.values.copy()
    # a step up that lasts from the beginning lifts levels, and neither drift nor trend
    moved[:, histories.channels.index("heat")] += 3.0
    rows = {n: moved[:, i] for i, n in enumerate(histories.channels)}
    higher = gather(np.repeat(histories.units, np.diff(histories.starts)), histories.time, rows)
    assert np.all(model.path(higher) <= base + 1e-9)
    with pytest.raises(InputError, match="direction"):
        learn_life(histories, directions={"heat": 2})


def test_double_and_unknown_moments_are_left_out_with_a_reason() -> None:
    histories = gather(["a", "a", "a", "b"], [1, 1, np.nan, 1], {"x": [1.0, 2.0, 3.0, np.inf]})
    assert histories.units == ("a", "b")
    assert [(out.where, out.reason) for out in histories.excluded] == [
        ("row 2", words.TIME_DOUBLE),
        ("row 3", words.TIME_MISSING),
    ]
    assert np.isnan(histories.values[1, 0])
    with pytest.raises(InputError, match="length"):
        gather(["a"], [1.0], {"x": [1.0, 2.0]})
    with pytest.raises(InputError, match="no reading"):
        gather(["a"], [np.nan], {"x": [1.0]})


def test_channels_that_never_move_say_that_there_is_no_signal() -> None:
    unit = np.repeat(np.arange(6), 30)
    model = learn_life(gather(unit, np.tile(np.arange(30), 6), {"x": np.ones(180), "y": np.full(180, np.nan)}))
    assert model.reason == words.NO_SIGNAL
    assert {out.reason for out in model.excluded} == {words.CONSTANT, words.NO_NUMBERS}


@pytest.mark.parametrize(("share", "needed"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_failures_that_an_interval_needs(share: float, needed: int) -> None:
    assert failures_needed(share) == needed
    many = collect(np.arange(200.0), np.arange(200.0) + 1, needed)
    assert np.isfinite(many.width(np.array([3.0]), share)).all()
    if needed > 1:
        few = collect(np.arange(200.0), np.arange(200.0) + 1, needed - 1)
        assert np.isnan(few.width(np.array([3.0]), share)).all()


def test_width_follows_the_errors_where_they_are_and_covers_new_ones() -> None:
    rng = np.random.default_rng(4)
    predicted = rng.uniform(0, 100, 4000)
    errors = collect(predicted, predicted + rng.normal(size=4000) * (1 + predicted / 10), 2000)
    asked = rng.uniform(0, 100, 20_000)
    true = asked + rng.normal(size=20_000) * (1 + asked / 10)
    width = errors.width(asked, 0.9)
    assert np.mean(np.abs(true - asked) <= width) == pytest.approx(0.9, abs=0.015)
    assert errors.width(np.array([5.0]), 0.9)[0] < 0.5 * errors.width(np.array([95.0]), 0.9)[0]


def test_estimates_can_be_written_down(model: LifeModel) -> None:
    told = model.at(made_fleet(1, 4, states=3, cut=True)[0])[0].as_dict()
    assert (told["used"], told["time_unit"], told["withheld"]) == (30, "cycles", "")
    with pytest.raises(InputError, match="coverage"):
        model.at(made_fleet(1, 4, states=3, cut=True)[0], share=1.0)
