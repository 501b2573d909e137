"""Tests that prove a life: how many units, how long, how many failures allowed.

Source  MIL-HDBK-781A (1996) and MIL-STD-781D for a constant failure rate; W. Weibull shape known: G. J. Hahn and
        W. Q. Meeker, Statistical Intervals (1991), R. B. Abernethy, The New Weibull Handbook; NIST handbook 8.3.1
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from luban.core.errors import InputError

__all__ = ["MeanPlan", "UnitPlan", "lowest_life", "mean_test", "prove_mean", "prove_reliability"]

_MOST_UNITS = 10_000_000


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """Units to test.

    units     how many [1]
    failures  failures allowed among them
    ratio     test length over the life to be proved [1]
    shown     confidence that passing gives [1], at least the one asked
    passing   chance to pass [1] where the reliability really is as `better` says; None: not asked
    """

    units: int
    failures: int
    ratio: float
    shown: float
    passing: float | None = None


@dataclass(frozen=True, slots=True)
class MeanPlan:
    """Length of a test under a constant failure rate.

    total     life of all units together [unit of the mean life]
    failures  failures allowed
    producer  chance to reject the better mean life [1]; None: not asked
    consumer  chance to accept the worse one [1]
    """

    total: float
    failures: int
    producer: float | None
    consumer: float


def prove_reliability(
    reliability: float, confidence: float, failures: int = 0, *, ratio: float = 1.0, shape: float | None = None,
    better: float | None = None,
) -> UnitPlan:  # fmt: skip
    """Fewest units that show a reliability with a confidence when no more than so many fail.

    ratio   test length over the life for which the reliability is asked; other than 1 needs the shape
    shape   Weibull shape, known from before

    Raises   InputError: shares not between 0 and 1, a ratio without a shape, more than ten million units
    Example  prove_reliability(0.9, 0.9).units == 22
    """
    for name, share in (("reliability", reliability), ("confidence", confidence)):
        _share(share, name)
    if failures < 0 or not ratio > 0:
        raise InputError("failures from 0 up, and a ratio above 0", came=f"{failures}, {ratio:g}", where="plan")
    if ratio != 1 and not (shape and shape > 0):
        raise InputError("a test of another length needs the Weibull shape", came=f"ratio {ratio:g}", where="shape")
    tested = reliability ** (ratio ** (shape or 1.0))
    if not 0 < tested < 1:
        raise InputError(
            "this test shows nothing: hardly any unit could fail in it", came=f"ratio {ratio:g}", where="ratio"
        )

    def accepted(units: int, share: float) -> float:  # chance of no more than so many failures among them
        return float(special.bdtr(failures, units, 1 - share)) if units > failures else 1.0

    low, high = failures, failures + 1
    while accepted(high, tested) > 1 - confidence + 1e-12:
        low, high = high, 2 * high
        if high > _MOST_UNITS:
            raise InputError("no test of ten million units shows it", came=f"{reliability:g} at {confidence:g}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accepted(middle, tested) > 1 - confidence + 1e-12 else (low, middle)
    passing = None
    if better is not None:
        _share(better, "better")
        passing = accepted(high, better ** (ratio ** (shape or 1.0)))
    return UnitPlan(high, failures, ratio, 1 - accepted(high, tested), passing)


def prove_mean(mean: float, confidence: float, failures: int = 0, *, better: float | None = None) -> MeanPlan:
    """Life of all units together that shows a mean life under a constant failure rate.

    better   mean life for which the chance to be rejected is asked [unit]
    Raises   InputError
    Example  round(prove_mean(1.0, 0.9).total, 2) == 2.30
    """
    _share(confidence, "confidence")
    if not mean > 0 or failures < 0:
        raise InputError("a mean life above 0 and failures from 0 up", came=f"{mean:g}, {failures}", where="plan")
    total = mean * float(special.gammaincinv(failures + 1, confidence))
    producer = None if better is None else float(special.gammainc(failures + 1, total / better))
    return MeanPlan(total, failures, producer, 1 - confidence)


def mean_test(better: float, worse: float, producer: float = 0.1, consumer: float = 0.1) -> MeanPlan:
    """Shortest fixed-length test that rejects the better mean life and accepts the worse one no oftener than asked.

    Raises   InputError: better not above worse, risks not between 0 and 1
    Example  mean_test(2.0, 1.0).failures == 14
    Source   MIL-HDBK-781A, 5.9: the plan's exact risks, not those rounded in its table
    """
    if not better > worse > 0:
        raise InputError("the better mean life lies above the worse one", came=f"{better:g}, {worse:g}", where="plan")
    for name, risk in (("producer", producer), ("consumer", consumer)):
        _share(risk, name)
    for failures in range(10_000):
        total = worse * float(special.gammaincinv(failures + 1, 1 - consumer))
        rejected = float(special.gammainc(failures + 1, total / better))
        if rejected <= producer:
            return MeanPlan(total, failures, rejected, consumer)
    raise InputError("the two mean lives lie too close for a test of 10,000 failures", came=f"{better:g}, {worse:g}")


def lowest_life(lives: list[float], failures: float, shape: float, confidence: float) -> float:
    """Lowest scale that the lives allow when the Weibull shape is known (Weibayes), one-sided [unit].

    lives    of all units, failed or not [unit]
    Raises   InputError
    Example  round(lowest_life([100.0] * 10, 0, 1.0, 0.9), 1) == 434.3
    """
    _share(confidence, "confidence")
    if not lives or min(lives) < 0 or max(lives) <= 0 or not shape > 0 or failures < 0:
        raise InputError(
            "lives above 0, a shape above 0", came=f"{len(lives)} lives, shape {shape:g}", where="Weibayes"
        )
    longest = max(lives)
    used = math.fsum((life / longest) ** shape for life in lives)
    return float(longest * (used / float(special.gammaincinv(failures + 1, confidence))) ** (1 / shape))


def _share(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise InputError("a share lies between 0 and 1", came=f"{value:g}", where=name)
