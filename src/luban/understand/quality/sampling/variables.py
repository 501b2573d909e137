"""Sampling by variables: a measured characteristic and its limits instead of good and bad, with far fewer pieces.

The k method takes a lot if the mean lies at least k standard deviations inside the limit. With two limits the share
outside is estimated on both sides and compared with the largest share M that belongs to k (form 2 of MIL-STD-414).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, gammaln, ndtr, ndtri, xlogy

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.sampling.curves import quality_at
from luban.understand.quality.sampling.design import Risks
from luban.understand.quality.sampling.plan import AttributePlan

__all__ = [
    "Measured", "VariablesDecision", "VariablesPlan", "judge_measured", "largest_share", "share_outside",
    "variables_like", "variables_oc", "variables_plan",
]  # fmt: skip

Spread = Literal["known", "unknown"]
_LARGEST = 100_000
_SMALLEST_UNKNOWN = 3
_NODES = 400


@dataclass(frozen=True, slots=True)
class VariablesPlan:
    """A plan by variables.

    size       pieces to measure
    k          least distance of the mean from the limit, in standard deviations
    spread     the standard deviation of the process is known, or estimated from the sample
    reference  how the plan was found
    """

    size: int
    k: float
    spread: Spread
    reference: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        share = largest_share(self)
        return {
            "kind": "variables", "size": self.size, "k": self.k, "spread": self.spread, "largest_share": share,
            "reference": self.reference,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a lot.

    mean, deviation  of the sample [unit]; deviation with n - 1, or that of the process where it is known
    size             values used
    lower, upper     specification limits [unit]; None: none
    """

    mean: float
    deviation: float
    size: int
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class VariablesDecision:
    """The decision on a lot by variables.

    accepted        the lot is accepted
    below, above    distance of the mean from each limit in standard deviations; None without the limit
    share           estimated share outside the limits [1]
    largest         largest share with which the plan accepts [1]
    why             the decision in words
    """

    accepted: bool
    below: float | None
    above: float | None
    share: float
    largest: float
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "verdict": "accept" if self.accepted else "reject", "q_lower": self.below, "q_upper": self.above,
            "share_outside": self.share, "largest_share": self.largest, "why": self.why,
        }  # fmt: skip


def variables_plan(risks: Risks, *, spread: Spread = "unknown") -> VariablesPlan:
    """The smallest k-method plan for one limit that keeps both risks; k lies midway between what each side allows.

    spread   "known": the standard deviation of the process is known and steady; "unknown": the sample's is taken
    Raises   InputError where no plan of up to 100,000 pieces keeps them
    Source   noncentral t distribution; D. B. Owen, Technometrics 10 (1968) 445, doi:10.1080/00401706.1968.10490597
    Example  variables_plan(Risks(0.01, 0.08), spread="known").size == 10
    """
    if spread not in {"known", "unknown"}:
        raise InputError("the spread is known or unknown", came=repr(spread))
    low, high = (1 if spread == "known" else _SMALLEST_UNKNOWN), _LARGEST
    if not _fits(high, risks, spread):
        raise InputError("no plan by variables keeps both risks", came=risks.text, hint="allow a larger gap")
    while low < high:
        middle = (low + high) // 2
        if _fits(middle, risks, spread):
            high = middle
        else:
            low = middle + 1
    least, most = _k_range(low, risks, spread)
    return VariablesPlan(low, (least + most) / 2, spread, f"{risks.text}; k method, spread {spread}")


def variables_like(plan: AttributePlan, *, spread: Spread = "unknown") -> VariablesPlan:
    """The smallest plan by variables that protects as a plan by attributes does, with fewer pieces.

    It accepts at least 95 % of the lots of which the other accepts 95 %, and at most 10 % of those of which it accepts
    10 %: plans by variables of the standards are matched to those by attributes in the same way.
    Raises   InputError for a plan that counts nonconformities
    Source   ISO 3951-1, introduction: operating characteristic curves as close as can be to those of ISO 2859-1
    Example  variables_like(standard_plan(1000, 1.0), spread="known").size < 80
    """
    if plan.per_hundred:
        raise InputError("nonconformities cannot be judged by measured values", came=plan.reference)
    risks = Risks(quality_at(plan, 0.95), quality_at(plan, 0.10))
    found = variables_plan(risks, spread=spread)
    drawn = ", ".join(f"n {stage.size} c {stage.accept}" for stage in plan.stages)
    text = f"as protective as {drawn} ({plan.reference}); k method, spread {spread}"
    return VariablesPlan(found.size, found.k, spread, text)


def variables_oc(plan: VariablesPlan, quality: Floats | Sequence[float]) -> Floats:
    """Chance of acceptance for shares outside one limit, shape of `quality` [1]; measured values normal.

    Example  0.949 < variables_oc(variables_plan(Risks(0.01, 0.08)), [0.01])[0] < 1
    """
    share = np.asarray(quality, np.float64)
    if bool(((share < 0) | (share > 1) | ~np.isfinite(share)).any()):
        raise InputError("a quality is a share from 0 to 1", came=str(share[:5].tolist()))
    with np.errstate(divide="ignore"):
        distance = -ndtri(share)
    return _accepted(plan.size, plan.k, distance, plan.spread)


def largest_share(plan: VariablesPlan) -> float:
    """M: the largest estimated share outside with which the plan accepts [1].

    Source   MIL-STD-414, B3 (spread unknown) and D3 (known): the share estimated where the distance is just k
    """
    return _estimate(plan.k, plan.size, plan.spread)


def share_outside(measured: Measured, spread: Spread = "unknown") -> tuple[float, float]:
    """Estimated share below the lower and above the upper limit [1]; the best unbiased estimate for a normal process.

    Source   MIL-STD-414, B and D; G. J. Lieberman, G. J. Resnikoff, J. Am. Stat. Assoc. 50 (1955) 457
    """
    below, above = _distances(measured)
    return tuple(0.0 if q is None else _estimate(q, measured.size, spread) for q in (below, above))  # type: ignore[return-value]


def judge_measured(
    plan: VariablesPlan, values: Sequence[float] | Floats, *, lower: float | None = None, upper: float | None = None,
    sigma: float | None = None,
) -> VariablesDecision:  # fmt: skip
    """Judge a lot by its measured values.

    values   as many as the plan's size [unit]
    sigma    standard deviation of the process [unit], for a plan whose spread is known
    Raises   InputError: wrong number of values, a value that is not a number, no limit, limits reversed, no spread
    Example  judge_measured(plan, [9.9, 10.1, 10.0], lower=9.0).accepted
    """
    measured = _measured(plan, values, lower, upper, sigma)
    below, above = _distances(measured)
    outside = share_outside(measured, plan.spread)
    share, largest = sum(outside), largest_share(plan)
    if lower is not None and upper is not None:
        accepted = share <= largest
        why = f"{100 * share:.3g} % estimated outside both limits, at most {100 * largest:.3g} % allowed"
    else:
        distance = below if below is not None else above
        accepted = distance is not None and distance >= plan.k
        why = f"the mean is {distance:.4g} standard deviations inside the limit, at least {plan.k:.4g} needed"
    return VariablesDecision(accepted, below, above, share, largest, why)


def _measured(
    plan: VariablesPlan, values: Sequence[float] | Floats, lower: float | None, upper: float | None, sigma: float | None
) -> Measured:
    taken = np.asarray(values, np.float64)
    if len(taken) != plan.size:
        raise InputError("the plan needs another number of values", came=str(len(taken)), expected=str(plan.size))
    if not bool(np.isfinite(taken).all()):
        raise InputError("a value is not a finite number", came=str(taken[~np.isfinite(taken)][:3].tolist()))
    if lower is None and upper is None:
        raise InputError("a plan by variables needs a specification limit", hint="give the lower or the upper limit")
    if lower is not None and upper is not None and lower >= upper:
        raise InputError("specification limits are reversed", came=f"lower {lower:g}, upper {upper:g}")
    if plan.spread == "known":
        if sigma is None or not sigma > 0:
            raise InputError(
                "this plan needs the standard deviation of the process", came=str(sigma), expected="above 0"
            )
        return Measured(float(taken.mean()), sigma, len(taken), lower, upper)
    deviation = float(taken.std(ddof=1))
    if deviation == 0:
        raise InputError(
            "all values are equal: the spread cannot be estimated", hint="use a gauge with a finer resolution"
        )
    return Measured(float(taken.mean()), deviation, len(taken), lower, upper)


def _distances(measured: Measured) -> tuple[float | None, float | None]:
    below = None if measured.lower is None else (measured.mean - measured.lower) / measured.deviation
    above = None if measured.upper is None else (measured.upper - measured.mean) / measured.deviation
    return below, above


def _estimate(distance: float, size: int, spread: Spread) -> float:
    if spread == "known":
        return float(ndtr(-distance * math.sqrt(size / (size - 1)))) if size > 1 else float(distance < 0)
    half = 0.5 - 0.5 * distance * math.sqrt(size) / (size - 1)
    return float(betainc(size / 2 - 1, size / 2 - 1, min(max(half, 0.0), 1.0)))


def _accepted(size: int, k: float, distance: Floats, spread: Spread) -> Floats:
    """Chance of acceptance of processes this many standard deviations inside the limit.

    Spread unknown: the noncentral t probability as the normal one averaged over the sample's spread, by quadrature;
    right to 1e-12 at every size, where series for the noncentral t give up.
    """
    root = math.sqrt(size)
    if spread == "known":
        return np.asarray(ndtr((distance - k) * root))
    spreads, weights = _spreads(size - 1)
    with np.errstate(invalid="ignore"):
        return np.asarray(ndtr(root * (distance[..., None] - k * spreads)) @ weights)


@cache
def _spreads(free: int) -> tuple[Floats, Floats]:
    """Nodes and weights of the sample's standard deviation over that of the process, with this many degrees."""
    unit = 1 / math.sqrt(2 * free)
    low, high = max(0.0, 1 - 10 * unit), 1 + 14 * unit
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    at = low + (high - low) * (nodes + 1) / 2
    log = (
        math.log(2) + free / 2 * math.log(free / 2) - float(gammaln(free / 2)) + xlogy(free - 1, at) - free * at**2 / 2
    )
    density = np.exp(log) * weights * (high - low) / 2
    return at, density / density.sum()


def _fits(size: int, risks: Risks, spread: Spread) -> bool:
    least, most = _k_range(size, risks, spread)
    return least <= most


def _k_range(size: int, risks: Risks, spread: Spread) -> tuple[float, float]:
    """The k that just keeps the consumer's risk, and the one that just keeps the producer's."""
    good, bad = -float(ndtri(risks.good)), -float(ndtri(risks.bad))
    if spread == "known":
        root = math.sqrt(size)
        return bad - float(ndtri(risks.consumer)) / root, good + float(ndtri(risks.producer)) / root
    return _k_at(size, bad, risks.consumer), _k_at(size, good, 1 - risks.producer)


def _k_at(size: int, distance: float, accept: float) -> float:
    """The k with which a process this far inside the limit is accepted that often; spread unknown."""
    away = np.asarray(distance)

    def gap(k: float) -> float:
        return float(_accepted(size, k, away, "unknown")) - accept

    low, high = distance - 1.0, distance + 1.0
    while gap(low) < 0:
        low -= 2 * (high - low)
    while gap(high) > 0:
        high += 2 * (high - low)
    return float(brentq(gap, low, high, xtol=1e-12))
