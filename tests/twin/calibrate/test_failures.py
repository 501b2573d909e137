"""Lives cut off by a window on both sides, against renewal theory."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from luban.twin.calibrate.failures import Lives, renewal_fit


def windows(shape: float, scale: float, length: float, machines: int, seed: int) -> Lives:
    """Each machine has run for ages when the window of `length` begins."""
    rng = np.random.default_rng(seed)
    lives = Lives()
    for _ in range(machines):
        at = -20 * scale * rng.random() - 20 * scale
        inside = []
        while at < length:
            at += scale * rng.weibull(shape)
            if 0 <= at < length:
                inside.append(at)
        if not inside:
            lives.never.append(length)
            continue
        lives.first.append(inside[0])
        lives.complete += [b - a for a, b in itertools.pairwise(inside)]
        lives.open.append(length - inside[-1])
    return lives


@pytest.mark.parametrize("shape", [0.8, 1.0, 2.5])
def test_shape_and_scale_through_a_short_window(shape: float) -> None:
    """The window is two lives long: complete lives alone would be far too short."""
    scale, inside = 100.0, 0
    samples = [windows(shape, scale, 200.0, 400, seed) for seed in range(12)]
    fits = [renewal_fit(lives) for lives in samples]
    for found, _, (low, high), _ in fits:
        assert low < found < high
        inside += low <= shape <= high
    assert inside >= 9  # 95 % of 12 less three standard errors
    assert np.mean([fit[0] for fit in fits]) == pytest.approx(shape, rel=0.04)
    assert np.mean([fit[1] for fit in fits]) == pytest.approx(scale, rel=0.04)
    naive = np.mean([life for lives in samples for life in lives.complete])
    assert naive < 0.9 * scale * math.gamma(1 + 1 / shape)


def test_exposure_counts_machines_that_never_failed() -> None:
    lives = windows(1.0, 100.0, 50.0, 400, 7)
    assert lives.failures / lives.exposure == pytest.approx(1 / 100, rel=0.15)
    assert len(lives.never) > 200
