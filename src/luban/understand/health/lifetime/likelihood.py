"""How likely the lives are under a law, with exact first and second derivatives.

The parameters are place and log width; the threshold of a bounded family is held while they move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from luban.understand.health.lifetime.laws import Law, Standard, standard
from luban.understand.health.lifetime.lives import Lives
from luban.understand.quality.data import Floats

__all__ = ["Likelihood", "Point"]

_STEPS = 200
_STILL = 1e-11


@dataclass(frozen=True, slots=True)
class Point:
    """The log-likelihood at one place: value, slope (2,), bend (2, 2) by place and log width."""

    value: float
    slope: Floats
    bend: Floats


class Likelihood:
    """The lives under one law and one threshold.

    Example  Likelihood(LAWS["weibull"], lives([1.0, 2.0])).at(0.5, 0.0).value
    """

    def __init__(self, law: Law, lives: Lives, threshold: float = 0.0) -> None:
        self.law = law
        self._exact = law.scale(lives.low[lives.exact], threshold)
        self._w_exact = lives.count[lives.exact]
        running, before, between = lives.running & (lives.low > max(threshold, 0.0)), lives.before, lives.between
        if law.log and threshold > 0:  # a first look below the threshold says no more than that it failed before
            before = before | (between & (lives.low <= threshold))
            between = between & (lives.low > threshold)
        self._running, self._w_running = law.scale(lives.low[running], threshold), lives.count[running]
        self._before, self._w_before = law.scale(lives.high[before], threshold), lives.count[before]
        self._from = law.scale(lives.low[between], threshold)
        self._to, self._w_between = law.scale(lives.high[between], threshold), lives.count[between]
        late = lives.entry > max(threshold, 0.0)
        self._entry, self._w_entry = law.scale(lives.entry[late], threshold), lives.count[late]
        self._scale = float((self._w_exact * self._exact).sum()) if law.log else 0.0
        self.possible = bool(np.isfinite(self._exact).all() and np.isfinite(self._before).all())

    @property
    def places(self) -> Floats:
        """What the data say of places, for a start: exact lives, censored ones where they stand."""
        return np.concatenate((self._exact, self._running, self._before, 0.5 * (self._from + self._to)))

    @property
    def weights(self) -> Floats:
        """Units behind each of them."""
        return np.concatenate((self._w_exact, self._w_running, self._w_before, self._w_between))

    @property
    def failed(self) -> tuple[float, Floats]:
        """Failures, and the places of the failed units alone."""
        places = np.concatenate((self._exact, self._before, 0.5 * (self._from + self._to)))
        return float(self._w_exact.sum() + self._w_before.sum() + self._w_between.sum()), places

    def at(self, place: float, log_width: float) -> Point:
        """Value and derivatives; minus infinity where the lives cannot be."""
        width = math.exp(min(max(log_width, -300.0), 300.0))
        value, slope, bend = -self._scale, np.zeros(2), np.zeros((2, 2))
        with np.errstate(all="ignore"):
            for part in (
                self._at_exact(place, width), self._at_running(place, width), self._at_before(place, width),
                self._at_between(place, width), self._at_entry(place, width),
            ):  # fmt: skip
                if part is not None:
                    value, slope, bend = value + part.value, slope + part.slope, bend + part.bend
        weight = float(self._w_exact.sum())
        value -= weight * math.log(width)
        slope[1] -= weight
        if not (math.isfinite(value) and np.isfinite(slope).all() and np.isfinite(bend).all()):
            return Point(-math.inf, np.zeros(2), -np.eye(2))
        return Point(value, slope, bend)

    def _at_exact(self, place: float, width: float) -> Point | None:
        if not len(self._exact):
            return None
        z = (self._exact - place) / width
        law = standard(self.law.kind, z)
        return _one(z, law.density, law.slope, law.bend, self._w_exact, width)

    def _at_running(self, place: float, width: float) -> Point | None:
        if not len(self._running):
            return None
        return _outliving(self.law.kind, (self._running - place) / width, self._w_running, width)

    def _at_entry(self, place: float, width: float) -> Point | None:
        if not len(self._entry):
            return None
        return _outliving(self.law.kind, (self._entry - place) / width, -self._w_entry, width)

    def _at_before(self, place: float, width: float) -> Point | None:
        if not len(self._before):
            return None
        z = (self._before - place) / width
        law = standard(self.law.kind, z)
        rate = np.exp(law.density - law.below)
        return _one(z, law.below, rate, rate * (law.slope - rate), self._w_before, width)

    def _at_between(self, place: float, width: float) -> Point | None:
        if not len(self._from):
            return None
        a, b = (self._from - place) / width, (self._to - place) / width
        left, right = standard(self.law.kind, a), standard(self.law.kind, b)
        share = _share(left, right)
        p, q = np.exp(left.density - share), np.exp(right.density - share)
        w = self._w_between
        aa = np.where(p == 0, 0.0, -p * np.where(np.isfinite(left.slope), left.slope, 0.0) - p * p)
        bb = np.where(q == 0, 0.0, q * np.where(np.isfinite(right.slope), right.slope, 0.0) - q * q)
        ab = p * q
        slope = np.array([-(w * (q - p)).sum() / width, -(w * (q * b - p * a)).sum()])
        pp = (w * (aa + 2 * ab + bb)).sum() / width**2
        ps = (w * (aa * a + ab * (a + b) + bb * b + q - p)).sum() / width
        ss = (w * (aa * a * a + 2 * ab * a * b + bb * b * b + q * b - p * a)).sum()
        return Point(float((w * share).sum()), slope, np.array([[pp, ps], [ps, ss]]))

    # ------------------------------------------------------------------ the greatest

    def start(self) -> tuple[float, float]:
        """A sane place and log width: spread of the failed, moved up by the share that still runs."""
        y, w = self.places, self.weights
        good = np.isfinite(y)
        y, w = y[good], w[good]
        mean = float(np.average(y, weights=w))
        spread = float(np.sqrt(np.average((y - mean) ** 2, weights=w)))
        failures, _ = self.failed
        lift = math.log(max(float(w.sum()) / max(failures, 0.5), 1.0))
        spread = max(spread, 1e-3 * (abs(mean) if not self.law.log else 1.0), 1e-9)
        return mean + spread * lift, math.log(spread)

    def greatest(self, place: float, log_width: float, *, fixed: bool = False) -> tuple[float, float, Point] | None:
        """Climb to the greatest likelihood; None where there is none.

        fixed  the width stays
        """
        here = self.at(place, log_width)
        if not math.isfinite(here.value):
            return None
        began = log_width
        for _ in range(_STEPS):
            slope, bend = (here.slope[:1], here.bend[:1, :1]) if fixed else (here.slope, here.bend)
            step = _uphill(slope, bend)
            gain = float(slope @ step)
            if gain < _STILL * (1 + 1e-3 * abs(here.value)):
                return place, log_width, here
            step *= min(1.0, 2.0 / max(abs(step[-1]) if not fixed else 0.0, 1e-9, abs(step[0]) * math.exp(-log_width)))
            size = 1.0
            while size > 1e-12:
                to = (place + size * float(step[0]), log_width + (0.0 if fixed else size * float(step[1])))
                there = self.at(*to)
                if there.value >= here.value + 1e-4 * size * float(slope @ step):
                    break
                size /= 2
            else:
                return place, log_width, here
            (place, log_width), here = to, there
            if abs(log_width - began) > 25:
                return None
        return None


def _uphill(slope: Floats, bend: Floats) -> Floats:
    """Newton's step, turned uphill where the surface bends the wrong way."""
    values, vectors = np.linalg.eigh(bend)
    values = np.maximum(np.abs(values), 1e-9 * max(float(np.abs(values).max()), 1e-300))
    return np.asarray(vectors @ ((vectors.T @ slope) / values))


def _one(z: Floats, g: Floats, g1: Floats, g2: Floats, w: Floats, width: float) -> Point:
    """A term g(z) with its derivatives by z, in place and log width."""
    slope = np.array([-(w * g1).sum() / width, -(w * g1 * z).sum()])
    ps = (w * (g2 * z + g1)).sum() / width
    bend = np.array([[(w * g2).sum() / width**2, ps], [ps, (w * (g2 * z * z + g1 * z)).sum()]])
    return Point(float((w * g).sum()), slope, bend)


def _outliving(kind: str, z: Floats, w: Floats, width: float) -> Point:
    law = standard(kind, z)
    rate = np.exp(law.density - law.survival)
    return _one(z, law.survival, -rate, -rate * (law.slope + rate), w, width)


def _share(left: Standard, right: Standard) -> Floats:
    """Logarithm of the share between, from the side where it keeps its digits."""
    up = left.survival + np.log(-np.expm1(right.survival - left.survival))
    down = right.below + np.log(-np.expm1(left.below - right.below))
    return np.asarray(np.where(left.below > right.survival, up, down))
