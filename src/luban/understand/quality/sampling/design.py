"""Plans of your own risks: the smallest one that accepts good lots and rejects bad ones as often as asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, pdtr

from luban.core.errors import InputError
from luban.understand.quality.sampling.curves import Curves, Model, curves
from luban.understand.quality.sampling.plan import AttributePlan, own_plan

__all__ = ["Risks", "double_plan", "single_plan"]

_LARGEST = 1_000_000
_MOST_ACCEPTED = 400


@dataclass(frozen=True, slots=True)
class Risks:
    """What a plan has to keep.

    good      quality that is to be accepted (AQL) [1]
    bad       quality that is to be rejected (LTPD, RQL), above good [1]
    producer  most lots of good quality that may be rejected, alpha [1]
    consumer  most lots of bad quality that may be accepted, beta [1]
    """

    good: float
    bad: float
    producer: float = 0.05
    consumer: float = 0.10

    def __post_init__(self) -> None:
        if not 0 < self.good < self.bad < 1:
            came = f"good {self.good:g}, bad {self.bad:g}"
            raise InputError("the bad quality lies above the good one", came=came, expected="0 < good < bad < 1")
        if not (0 < self.producer < 1 and 0 < self.consumer < 1 and self.producer + self.consumer < 1):
            came = f"producer {self.producer:g}, consumer {self.consumer:g}"
            raise InputError("these risks cannot be", came=came, expected="both above 0, together below 1")

    @property
    def text(self) -> str:
        """The risks as a reference."""
        return (
            f"own plan: {100 * self.good:g} % accepted at least {100 * (1 - self.producer):g} %, "
            f"{100 * self.bad:g} % accepted at most {100 * self.consumer:g} %"
        )


def single_plan(risks: Risks, *, lot: int | None = None, model: Model = "binomial") -> AttributePlan:
    """The smallest single plan that keeps both risks.

    lot      pieces in the lot; needed for the hypergeometric model
    model    binomial, hypergeometric, poisson
    Raises   InputError where no plan below the lot (or below a million pieces) keeps them
    Source   A. J. Duncan, Quality Control and Industrial Statistics, ch. 8: two points of the OC curve
    Example  single_plan(Risks(0.02, 0.08)).stages[0].size == 98
    """
    if model == "hypergeometric" and lot is None:
        raise InputError("this model needs the size of the lot", hint="say how many pieces the lot has")
    most = min(lot or _LARGEST, _LARGEST)
    for accept in range(_MOST_ACCEPTED):
        if accept >= most:
            break
        size = _smallest(accept, risks, most, lot, model)
        if size is None:
            break
        if _accepted(size, accept, risks.good, lot, model, up=True) >= 1 - risks.producer:
            return own_plan([(size, accept, accept + 1)], lot=lot, reference=risks.text)
    raise InputError(
        "no single plan keeps both risks", came=risks.text, hint="allow larger risks, or a larger gap between the two"
    )


def double_plan(risks: Risks, *, lot: int | None = None, ratio: float = 1.0) -> AttributePlan:
    """The double plan with the fewest pieces on average at good quality that keeps both risks (binomial).

    ratio    size of the second sample as a multiple of the first
    Raises   InputError where none is found among the acceptance numbers around those of the single plan
    Example  double_plan(Risks(0.01, 0.05)).kind == "double"
    """
    single = single_plan(risks, lot=lot)
    size, number = single.stages[0].size, single.stages[0].accept
    best: tuple[float, AttributePlan] | None = None
    for second in range(number, 2 * number + 3):
        for first in range(second):
            found = _double(risks, first, second, ratio, 2 * size)
            if found is None or (lot is not None and found.total > lot):
                continue
            asn = float(_curves(found, risks.good).asn[0])
            if best is None or asn < best[0]:
                best = asn, found
    if best is None:
        raise InputError("no double plan keeps both risks", came=risks.text, hint="take the single plan")
    chosen = best[1]
    stages = [(stage.size, stage.accept, stage.reject) for stage in chosen.stages]
    return own_plan(stages, lot=lot, reference=risks.text)


def _double(risks: Risks, first: int, second: int, ratio: float, most: int) -> AttributePlan | None:
    """The smallest first sample for these acceptance numbers; None where the producer's risk is then too large."""

    def made(size: int) -> AttributePlan:
        return own_plan([(size, first, second + 1), (max(1, round(ratio * size)), second, second + 1)])

    low, high = 1, most
    if _curves(made(high), risks.bad).accept[0] > risks.consumer:
        return None
    while low < high:
        middle = (low + high) // 2
        if _curves(made(middle), risks.bad).accept[0] <= risks.consumer:
            high = middle
        else:
            low = middle + 1
    found = made(low)
    return found if _curves(found, risks.good).accept[0] >= 1 - risks.producer else None


def _curves(plan: AttributePlan, quality: float) -> Curves:
    return curves(plan, np.array([quality]), model="binomial")


def _smallest(accept: int, risks: Risks, most: int, lot: int | None, model: Model) -> int | None:
    """The smallest sample that keeps the consumer's risk with this acceptance number."""
    low, high = accept + 1, most
    if _accepted(high, accept, risks.bad, lot, model, up=False) > risks.consumer:
        return None
    while low < high:
        middle = (low + high) // 2
        if _accepted(middle, accept, risks.bad, lot, model, up=False) <= risks.consumer:
            high = middle
        else:
            low = middle + 1
    return low


def _accepted(size: int, accept: int, quality: float, lot: int | None, model: Model, *, up: bool) -> float:
    """Chance of acceptance; of one lot the quality is rounded to whole pieces on the strict side."""
    if model == "binomial":
        return float(bdtr(accept, size, quality)) if accept < size else 1.0
    if model == "poisson":
        return float(pdtr(accept, size * quality))
    whole = lot or 1
    bad = int(np.ceil(quality * whole - 1e-9)) if up else int(np.floor(quality * whole + 1e-9))
    plan = own_plan([(size, accept, accept + 1)], lot=whole)
    return float(curves(plan, np.array([bad / whole]), model="hypergeometric").accept[0])
