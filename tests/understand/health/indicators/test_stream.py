"""Stretches and cycles: streaming is batch to the bit, a change of product ends a stretch, doubt about data is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.health.indicators import (
    UNSEEN,
    Bearing,
    CycleStream,
    Flow,
    IndicatorStream,
    Look,
    Regimes,
    Usual,
    amount,
    cycles_by_signal,
    cycles_by_state,
    doubts_of,
    efficiency,
    learn_usual,
    order_spectrum,
    stretches,
    turned_by_speed,
    turned_by_tacho,
)

SECOND = 1_000_000


def signal(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Irregular times with jumps, missing values, three products."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(500_000, 1_500_000, n)
    steps[rng.integers(0, n, 3)] = [90 * SECOND, -30 * SECOND, 3600 * SECOND]
    values = rng.normal(5, 1, n)
    values[rng.integers(0, n, 5)] = math.nan
    return np.cumsum(steps), values, [f"p{k // 700}" for k in range(n)]


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(1, 2999), min_size=1, max_size=6, unique=True),
    even=st.booleans(),
)
def test_streaming_is_batch_to_the_bit_across_restarts(seed: int, cuts: list[int], even: bool) -> None:
    time, values, regimes = signal(seed)
    look = (
        Look(length=60.0, rate=5.0, bearing=Bearing(9, 8, 40), speed=60.0, bands=((0.1, 1.0),)) if even else Look(60.0)
    )
    whole = stretches(values, time, look, regimes)
    stream, found = IndicatorStream(look), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), 3000], strict=True):
        found += stream.run(values[begin:end], time[begin:end], regimes[begin:end])
        stream = IndicatorStream.restore(stream.save())
    assert (*found, *stream.flush()) == whole
    batch = IndicatorStream(look)
    batch.run(values, time, regimes)
    assert stream.doubts == batch.doubts


def test_a_change_of_product_ends_a_stretch() -> None:
    time, values, regimes = signal(1)
    found = stretches(values, time, Look(1e6), regimes)
    assert [one.regime for one in found][:2] == ["p0", "p0"] or found[0].regime == "p0"
    assert {one.regime for one in found} == {"p0", "p1", "p2", "p3", "p4"}
    assert sum(one.used + one.excluded for one in found) == 3000
    assert sum(one.excluded for one in found) == np.isnan(values).sum()


def test_a_stretch_of_an_even_signal_has_a_spectrum_and_a_rest_has_none() -> None:
    wave = np.sin(2 * np.pi * 5 * np.arange(1050) / 100)
    one, two, rest = stretches(wave, None, Look(length=5.0, rate=100.0))
    assert one.values["main frequency"] == pytest.approx(5, abs=0.01)
    assert one.values == pytest.approx(two.values, rel=1e-6, abs=1e-9)
    assert rest.used == 50
    assert "main frequency" not in rest.values


def test_data_that_is_odd_is_said_and_the_rest_goes_on() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(4000) * SECOND
    load = rng.normal(50, 5, 4000)
    quicker = np.concatenate([np.arange(2000) * SECOND, 2_000 * SECOND + np.arange(2000) * 200_000])
    jumped = (
        time + np.where(np.arange(4000) >= 1000, 3600 * SECOND, 0) - np.where(np.arange(4000) >= 3000, 3600 * SECOND, 0)
    )
    found = doubts_of(
        {
            "load": (time, load), "flat": (time, np.full(4000, 7.0)), "quicker": (quicker, load),
            "clock": (jumped, load), "unit": (time, np.where(np.arange(4000) < 2100, load, load * 1000)),
            "holes": (time, np.where(np.arange(4000) % 1000 == 5, np.nan, load)),
            "empty": (time, np.full(4000, np.nan)),
            "silent": (time[:2000], load[:2000]),
        },
        expected=["load", "vibration"],
    )  # fmt: skip
    told = {(doubt.channel, doubt.kind) for doubt in found}
    assert told == {
        ("vibration", "missing"), ("flat", "constant"), ("quicker", "sampling changed"), ("clock", "gap"),
        ("clock", "clock set back"), ("unit", "unit changed"), ("holes", "not a number"), ("empty", "empty"),
        ("empty", "not a number"), ("silent", "silent"), ("quicker", "silent"),
    }  # fmt: skip
    amount_of = {(doubt.channel, doubt.kind): doubt.amount for doubt in found}
    assert amount_of["quicker", "sampling changed"] == pytest.approx(0.2)
    assert amount_of["unit", "unit changed"] == pytest.approx(1000, rel=0.03)
    at = next(doubt.at for doubt in found if doubt.kind == "unit changed")
    assert 2100 <= at < 2100 + 2 * 128
    assert all(doubt.text for doubt in found)


@pytest.mark.parametrize("seed", range(8))
def test_a_change_of_load_is_no_change_of_unit(seed: int) -> None:
    """Idle at 2.5 and work at 9, or twice the speed: the other level comes back, or the factor is none."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.choice([2.5, 9.0, 25.0], 40), 100)
    found = doubts_of({"power": (np.arange(4000) * SECOND, level * (1 + 0.05 * rng.normal(size=4000)))})
    assert not [doubt for doubt in found if doubt.kind == "unit changed"]


def test_regimes_make_a_change_of_product_no_anomaly() -> None:
    rng = np.random.default_rng(3)
    products = [("shaft", "gear")[k // 10 % 2] for k in range(80)]
    time = np.arange(80 * 60) * SECOND
    words = [product for product in products for _ in range(60)]
    values = rng.normal([2.0 if word == "shaft" else 6.0 for word in words], 0.2)
    usual = learn_usual(stretches(values, time, Look(60.0), words))
    usual = Usual.restore(usual.save())
    later = time[:60] + 10_000 * SECOND
    good = stretches(rng.normal(6.0, 0.2, 60), later, Look(1e7), "gear")[0]
    bad = stretches(rng.normal(6.0, 0.2, 60), later, Look(1e7), "shaft")[0]
    new = stretches(rng.normal(6.0, 0.2, 60), later, Look(1e7), "housing")[0]
    assert abs(usual.compare(good).scores["rms"].score) < 5
    assert usual.compare(bad).scores["rms"].score > 50
    assert usual.compare(new).regime == UNSEEN
    assert "never seen" in usual.compare(new).reasons[""]


def test_regimes_are_found_in_load_and_speed_and_a_strange_one_is_said() -> None:
    rng = np.random.default_rng(4)
    centres = np.array([[20.0, 800.0], [60.0, 800.0], [60.0, 2400.0]])
    mine = rng.integers(0, 3, 600)
    rows = centres[mine] + rng.normal(size=(600, 2)) * [2.0, 20.0]
    regimes = Regimes.restore(Regimes.learn(names=("load", "speed"), values=rows).save())
    assert len(regimes) == 3
    told = np.array(regimes.of(values=rows))
    assert all(len(set(told[mine == k])) == 1 for k in range(3))
    assert regimes.of(values=np.array([[20.0, 2400.0]])) == [UNSEEN]
    one_cloud = Regimes.learn(names=("load",), values=rng.normal(50, 5, (600, 1)))
    assert len(one_cloud) == 1
    drifting = Regimes.learn(names=("load",), values=np.linspace(10, 60, 600)[:, None] + rng.normal(size=(600, 1)))
    assert len(drifting) == 1
    both = Regimes.learn(words=["a", "b"], names=("load", "speed"), values=rows)
    assert both.of(words=["a", "c"], values=rows[:2])[1] == UNSEEN
    assert both.of(words=["a"], values=rows[:1])[0].startswith("a, regime")


def test_cycles_have_known_features_and_stream_to_the_bit() -> None:
    time = np.arange(1000) * 100_000
    phase = np.arange(1000) % 100
    values = np.where((phase >= 20) & (phase < 80), 3.0 + (phase == 50) * 2.0, 0.5)
    found = cycles_by_signal(time, values)
    assert len(found) == 10
    one = found[3]
    assert one.duration == pytest.approx(6.0)
    assert (one.peak, one.used) == (5.0, 60)
    assert one.area == pytest.approx(6.0 * 3.0 + 0.1 * 2.0)
    assert one.mean == pytest.approx(one.area / 6)
    assert one.rise == pytest.approx(3.0)
    assert cycles_by_state(time, values, (values > 1).tolist()) == found
    stream, streamed = CycleStream(2.0, 1.5), []
    for begin in range(0, 1000, 37):
        streamed += stream.run(time[begin : begin + 37], values[begin : begin + 37])
        stream = CycleStream.restore(stream.save())
    assert tuple(streamed) == CycleStream(2.0, 1.5).run(time, values)
    with pytest.raises(InputError):
        cycles_by_signal(time, np.full(1000, 2.0))


def test_efficiency_counts_registers_that_begin_anew() -> None:
    hour = 3600 * SECOND
    time = np.arange(0, 5) * hour
    energy = Flow(time, np.array([10.0, 14.0, 20.0, 3.0, 5.0]), "register")
    pieces = Flow(time, np.array([0.0, 8.0, 6.0, 3.0, 0.0]))
    told = efficiency(pieces, energy, time)
    assert [one.input for one in told] == pytest.approx([4, 6, 3, 2])
    assert [one.value for one in told] == pytest.approx([2.0, 1.0, 1.0, 0.0])
    rate = Flow(time, np.array([6.0, 6.0, 12.0, 12.0, 0.0]), "rate")
    assert amount(rate, time) == pytest.approx([6, 6, 12, 12])
    assert math.isnan(efficiency(pieces, Flow(time, np.zeros(5)), time)[0].value)


@pytest.mark.parametrize("by", ["tacho", "speed"])
def test_orders_stay_in_place_while_the_speed_runs_up(by: str) -> None:
    """A run-up from 600 to 1,800 turns a minute with 1 and 3.5 swings a turn."""
    rate, seconds = 5000.0, 10.0
    t = np.arange(round(rate * seconds)) / rate
    speed = 10 + 2 * t  # turns per second
    turns = 10 * t + t**2
    values = 2 * np.sin(2 * np.pi * turns) + 1 * np.sin(2 * np.pi * 3.5 * turns)
    if by == "speed":
        turned = turned_by_speed(values, rate, speed * 60)
    else:
        whole = np.arange(1, int(turns[-1]))
        turned = turned_by_tacho(values, rate, -5 + np.sqrt(25 + whole))
    spectrum = order_spectrum(turned)
    assert spectrum.rms(0.8, 1.2) == pytest.approx(2 / math.sqrt(2), rel=0.02)
    assert spectrum.rms(3.3, 3.7) == pytest.approx(1 / math.sqrt(2), rel=0.02)
    assert spectrum.rms(1.3, 3.2) < 0.05
    with pytest.raises(InputError):
        turned_by_tacho(values, rate, np.array([1.0, 0.5, 2.0]))
    with pytest.raises(InputError):
        turned_by_speed(values, rate, 0.0)
