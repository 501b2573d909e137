"""Indicators of one stretch against scipy, published bearing frequencies and signals with known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import signal, stats

from luban.core.errors import InputError
from luban.understand.health.indicators import (
    SHAPES,
    Bearing,
    band_of,
    describe,
    described,
    envelope_of,
    envelope_spectrum,
    shape_of,
    spectrum_of,
)

RATE = 12_000.0


def test_shapes_are_those_of_scipy() -> None:
    values = np.random.default_rng(1).gamma(2.0, 3.0, 5000) - 4
    told = describe(values)
    assert tuple(told) == SHAPES
    assert told["kurtosis"] == pytest.approx(stats.kurtosis(values, fisher=False), rel=1e-12)
    assert told["skewness"] == pytest.approx(stats.skew(values), rel=1e-12)
    assert told["rms"] == pytest.approx(math.sqrt(np.mean(values**2)), rel=1e-13)
    assert told["standard deviation"] == pytest.approx(np.std(values), rel=1e-12)
    assert told["clearance factor"] == pytest.approx(np.abs(values).max() / np.mean(np.sqrt(np.abs(values))) ** 2)


def test_a_sine_has_the_factors_of_the_textbook() -> None:
    wave = 7.0 * np.sin(2 * np.pi * np.arange(100_000) / 1000)
    told = describe(wave)
    for name, expected in {
        "rms": 7 / math.sqrt(2), "crest factor": math.sqrt(2), "shape factor": math.pi / (2 * math.sqrt(2)),
        "impulse factor": math.pi / 2, "kurtosis": 1.5,
    }.items():  # fmt: skip
        assert told[name] == pytest.approx(expected, rel=1e-5), name


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=60).filter(lambda v: max(v) - min(v) > 1e-3),
    scale=st.floats(1e-3, 1e3),
)
def test_factors_do_not_know_the_unit(values: list[float], scale: float) -> None:
    one, other = describe(values), describe([scale * value for value in values])
    for name in SHAPES:
        times = scale if name in {"mean", "rms", "standard deviation", "peak", "peak to peak"} else 1.0
        assert other.get(name, math.nan) == pytest.approx(
            times * one.get(name, math.nan), rel=1e-6, abs=1e-9, nan_ok=True
        )


def test_what_is_not_defined_is_left_out_with_a_reason() -> None:
    told, reasons = described(np.full(1000, 3.0), 100.0)
    assert told["rms"] == 3.0
    assert not {"kurtosis", "main frequency"} & set(told)
    assert "do not vary" in reasons[0]
    assert described(np.array([math.nan, math.inf]))[0] == {}
    told, reasons = described(np.append(np.random.default_rng(1).normal(size=500), math.nan), 100.0)
    assert "kurtosis" in told
    assert "main frequency" not in told
    assert "missing" in reasons[0]
    assert shape_of(np.zeros(5))["peak"] == 0.0
    assert "crest factor" not in shape_of(np.zeros(5))


def test_the_spectrum_keeps_power_as_scipys_does() -> None:
    values = np.random.default_rng(3).normal(size=4001)
    ours = spectrum_of(values, 500.0)
    _, density = signal.periodogram(values, 500.0, window="hann", detrend="constant", scaling="density")
    assert ours.power == pytest.approx(density * ours.resolution, rel=1e-9, abs=1e-15)
    assert ours.power.sum() == pytest.approx(values.var(), rel=0.05)


def test_bands_and_the_main_frequency_of_known_waves() -> None:
    t = np.arange(10_000) / 1000
    told = describe(
        3 * np.sin(2 * np.pi * 50.3 * t) + 1 * np.sin(2 * np.pi * 210 * t), 1000.0, bands=[(40, 60), (200, 220)]
    )
    assert told["main frequency"] == pytest.approx(50.3, abs=0.02)
    assert told["band 40-60 Hz"] == pytest.approx(3 / math.sqrt(2), rel=1e-3)
    assert told["band 200-220 Hz"] == pytest.approx(1 / math.sqrt(2), rel=1e-3)
    _, reasons = described(np.sin(t), 1000.0, bands=[(600, 700)])
    assert "600 to 700 Hz" in reasons[0]


def test_velocity_of_a_known_vibration() -> None:
    """10 m/s² at 80 Hz is 10 / (2π 80) m/s: 19.894 mm/s peak."""
    t = np.arange(16_000) / 4000
    found = spectrum_of(10 * np.sin(2 * np.pi * 80 * t), 4000.0).velocity_rms(10, 1000)
    assert found == pytest.approx(1000 * 10 / (2 * math.pi * 80) / math.sqrt(2), rel=1e-3)


# multiples of the shaft speed that the Bearing Data Center of Case Western Reserve University states for its drive end
# (6205-2RS) and fan end (6203-2RS) bearings; its "rolling element" is the frequency of both races, twice the spin
@pytest.mark.parametrize(("bearing", "published"), [
    (Bearing(9, 0.3126, 1.537), {"inner race": 5.4152, "outer race": 3.5848, "cage": 0.39828, "ball": 4.7135}),
    (Bearing(8, 0.2656, 1.122), {"inner race": 4.9469, "outer race": 3.0530, "cage": 0.3817, "ball": 3.9874}),
])  # fmt: skip
def test_bearing_multiples_are_the_published_ones(bearing: Bearing, published: dict[str, float]) -> None:
    told = bearing.multiples()
    for name, expected in published.items():
        assert told[name] == pytest.approx(expected, abs=6e-4), name
    assert told["inner race"] + told["outer race"] == pytest.approx(bearing.balls)
    assert bearing.frequencies(1797)["outer race"] == pytest.approx(told["outer race"] * 1797 / 60)


def test_a_contact_angle_brings_the_races_together() -> None:
    flat, steep = Bearing(12, 10, 60).multiples(), Bearing(12, 10, 60, 40).multiples()
    assert flat["outer race"] < steep["outer race"] < 6 < steep["inner race"] < flat["inner race"]


@pytest.mark.parametrize("wrong", [(2, 8, 40, 0), (9, 40, 8, 0), (9, 8, 40, 90)])
def test_bearings_that_cannot_be(wrong: tuple[int, float, float, float]) -> None:
    with pytest.raises(InputError):
        Bearing(*wrong)


def ringing(frequency: float, seed: int = 1, seconds: float = 2.0) -> np.ndarray:
    """Blows with 0.5 % of slip that ring at 3,300 Hz, in noise and a strong wave of the shaft."""
    rng = np.random.default_rng(seed)
    n = round(RATE * seconds)
    t = np.arange(n) / RATE
    blows = np.zeros(n)
    at = 0.01
    while at < seconds:
        blows[int(at * RATE)] = 1.0
        at += (1 + 0.005 * rng.normal()) / frequency
    ring = np.exp(-1200 * t[:200]) * np.sin(2 * np.pi * 3300 * t[:200])
    return rng.normal(size=n) + 5 * np.convolve(blows, ring)[:n] + 3 * np.sin(2 * np.pi * 30 * t)


@pytest.mark.parametrize("place", ["outer race", "inner race", "ball"])
def test_damage_shows_at_its_own_place(place: str) -> None:
    bearing = Bearing(9, 7.94, 39.04)
    told = describe(ringing(bearing.frequencies(1797)[place]), RATE, speed=1797, bearing=bearing)
    others = [told[name] for name in ("outer race", "inner race", "ball") if name != place]
    assert told[place] > 10
    assert max(others) < told[place] / 3
    assert told["envelope low"] <= 3300 <= told["envelope high"]
    assert told["envelope kurtosis"] > 1


def test_noise_shows_no_damage() -> None:
    bearing = Bearing(9, 7.94, 39.04)
    noise = [np.random.default_rng(seed).normal(size=24_000) for seed in range(20)]
    told = [describe(values, RATE, speed=1797, bearing=bearing) for values in noise]
    assert max(one[name] for one in told for name in ("outer race", "inner race", "ball")) < 4
    assert max(one["envelope kurtosis"] for one in told) < 1


def test_the_envelope_is_that_of_the_analytic_signal() -> None:
    t = np.arange(8192) / 8192
    values = (1 + 0.5 * np.sin(2 * np.pi * 20 * t)) * np.sin(2 * np.pi * 2000 * t)
    band = band_of(values, 8192.0)
    envelope, rate = envelope_of(values, 8192.0, type(band)(1024.0, 3072.0, 0.0))
    at = np.arange(len(envelope)) / rate
    assert envelope[100:-100] == pytest.approx((1 + 0.5 * np.sin(2 * np.pi * 20 * at))[100:-100], abs=1e-6)
    assert envelope_spectrum(values, 8192.0, band=type(band)(1024.0, 3072.0, 0.0)).main() == pytest.approx(20, abs=0.1)
    judge = np.abs(signal.hilbert(values))
    assert envelope[100:-100] == pytest.approx(np.interp(at, t, judge)[100:-100], abs=2e-3)


def test_what_cannot_be_asked_is_refused() -> None:
    noise = np.random.default_rng(1).normal(size=300)
    for call in (
        lambda: describe(noise, 0.0), lambda: describe(noise.reshape(3, 100)), lambda: spectrum_of(noise[:5], 1.0),
        lambda: spectrum_of(noise, 10.0).rms(6, 9), lambda: spectrum_of(noise, 10.0).rms(2.01, 2.02),
        lambda: band_of(noise[:100], 1.0), lambda: Bearing(9, 8, 40).frequencies(0.0),
    ):  # fmt: skip
        with pytest.raises(InputError):
            call()
    assert "speed" in described(noise, 100.0, bearing=Bearing(9, 8, 40))[1][0]
