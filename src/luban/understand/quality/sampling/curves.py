"""What a plan does to lots of any quality: chance of acceptance, outgoing quality, pieces inspected; all exact.

A plan of several samples is followed sample by sample: the distribution of what was found so far, among the lots that
are not decided yet, is carried on. Nothing is simulated or approximated by another distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.sampling.chances import binomial, hypergeometric, poisson
from luban.understand.quality.sampling.plan import AttributePlan

__all__ = ["MODELS", "Curves", "Model", "Worst", "aoql", "curves", "model_of", "quality_at"]

Model = Literal["binomial", "hypergeometric", "poisson"]
MODELS: Final[dict[Model, str]] = {
    "binomial": "a stream of lots from one process: nonconforming pieces, type B",
    "hypergeometric": "this one lot, drawn without putting back: type A",
    "poisson": "nonconformities, several on a piece",
}
"""How the count in a sample is distributed, and what that means."""

_POINTS = 201
_FAR = 1e-4


@dataclass(frozen=True, slots=True)
class Curves:
    """A plan's curves over incoming quality; every array has the shape of `quality`.

    quality  share of nonconforming pieces, or nonconformities per piece [1]
    accept   chance that the lot is accepted (OC curve) [1]
    asn      average number of pieces in the samples, none cut short (ASN) [piece]
    aoq      average outgoing quality if rejected lots are sorted and all that is found is replaced (AOQ) [1]
    ati      average pieces inspected, sorting included (ATI); nan where no lot size is known [piece]
    model    see MODELS
    """

    quality: Floats
    accept: Floats
    asn: Floats
    aoq: Floats
    ati: Floats
    model: Model
    lot: int | None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST: numbers as lists, None where there is none."""

        def numbers(values: Floats) -> list[float | None]:
            return [float(value) if np.isfinite(value) else None for value in values]

        arrays = {name: numbers(getattr(self, name)) for name in ("quality", "accept", "asn", "aoq", "ati")}
        return {"model": self.model, "lot": self.lot} | arrays


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst average outgoing quality.

    quality  incoming quality at which it occurs [1]
    limit    average outgoing quality limit, AOQL [1]
    """

    quality: float
    limit: float


def model_of(plan: AttributePlan) -> Model:
    """The model that fits what the plan counts: Poisson for nonconformities, else binomial."""
    return "poisson" if plan.per_hundred else "binomial"


def curves(plan: AttributePlan, quality: Floats | None = None, *, model: Model | None = None) -> Curves:
    """Curves of a plan.

    quality  incoming qualities from 0 on [1]; chosen to show the whole fall if None
    model    see MODELS; `model_of` if None. Hypergeometric needs a lot, and takes whole numbers of pieces in it
    Raises   InputError: quality out of range, hypergeometric without a lot
    Source   D. C. Montgomery, Introduction to Statistical Quality Control, 15.2 and 15.3; MIL-STD-105E, 4.11 and 4.12
    Example  curves(own_plan([(52, 3, 4)]), np.array([0.02])).accept[0].round(3) == 0.98
    """
    chosen = model or model_of(plan)
    if chosen not in MODELS:
        raise InputError("unknown model", came=str(model), expected=", ".join(MODELS))
    given = _grid(plan, chosen) if quality is None else np.atleast_1d(np.asarray(quality, np.float64))
    if bool((~np.isfinite(given)).any() or (given < 0).any() or (chosen != "poisson" and (given > 1).any())):
        raise InputError("a quality is a share from 0 to 1", came=str(given[:5].tolist()))
    if chosen == "hypergeometric":
        if plan.lot is None:
            raise InputError("this model needs the size of the lot", hint="say how many pieces the lot has")
        given = np.unique(np.rint(given * plan.lot)) / plan.lot
    accepted, rejected = _followed(plan, given, chosen)
    drawn = np.cumsum([stage.size for stage in plan.stages], dtype=np.float64)[:, None]
    accept = np.minimum(accepted.sum(0), 1.0)
    asn = ((accepted + rejected) * drawn).sum(0)
    if plan.lot is None:
        return Curves(given, accept, asn, given * accept, np.full(len(given), np.nan), chosen, None)
    left = (accepted * (plan.lot - drawn)).sum(0)
    aoq = given * left / plan.lot
    ati = plan.lot - left
    return Curves(given, accept, asn, aoq, ati, chosen, plan.lot)


def quality_at(plan: AttributePlan, accept: float, *, model: Model | None = None) -> float:
    """Incoming quality of which the plan accepts this share of lots [1].

    accept   chance of acceptance, strictly between 0 and 1
    model    binomial or Poisson; for one lot read the curve, its qualities are whole pieces
    Raises   InputError: accept out of range, hypergeometric model
    Example  round(quality_at(own_plan([(52, 3, 4)]), 0.10), 4) == 0.1244
    """
    chosen = model or model_of(plan)
    if not 0 < accept < 1:
        raise InputError("a chance of acceptance lies between 0 and 1", came=str(accept))
    if chosen == "hypergeometric":
        raise InputError("the qualities of one lot are whole pieces", hint="read the curve of the lot instead")
    return _root(plan, accept, chosen)


def aoql(plan: AttributePlan, *, model: Model | None = None) -> Worst:
    """The average outgoing quality limit, by search over incoming quality.

    Example  round(aoql(own_plan([(52, 3, 4)], lot=10000)).limit, 4) == 0.0371
    """
    chosen = model or model_of(plan)
    grid = curves(plan, model=chosen)
    best = int(np.argmax(grid.aoq))
    if chosen == "hypergeometric":
        whole = np.arange((plan.lot or 0) + 1) / (plan.lot or 1)
        grid = curves(plan, whole, model=chosen)
        best = int(np.argmax(grid.aoq))
        return Worst(float(grid.quality[best]), float(grid.aoq[best]))
    low, high = grid.quality[max(best - 1, 0)], grid.quality[min(best + 1, len(grid.quality) - 1)]
    found = minimize_scalar(
        lambda q: -float(curves(plan, np.array([q]), model=chosen).aoq[0]), bounds=(low, high), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return Worst(float(found.x), float(-found.fun))


def _root(plan: AttributePlan, accept: float, model: Model) -> float:
    def gap(quality: float) -> float:
        return float(curves(plan, np.array([quality]), model=model).accept[0]) - accept

    top = 1.0 if model != "poisson" else _poisson_top(plan)
    if gap(top) > 0:
        return top
    return float(brentq(gap, 0.0, top, xtol=1e-13, rtol=1e-12))


def _poisson_top(plan: AttributePlan) -> float:
    most = plan.stages[-1].reject
    return float(most + 12 * np.sqrt(most) + 30) / plan.stages[0].size


def _grid(plan: AttributePlan, model: Model) -> Floats:
    if model == "hypergeometric":
        lot = plan.lot or 1
        top = min(lot, int(np.ceil(_root(plan, _FAR, "binomial") * lot)) + 1)
        step = max(1, top // _POINTS)
        return np.arange(0, top + 1, step, dtype=np.float64) / lot
    return np.linspace(0.0, _root(plan, _FAR, model), _POINTS)


def _followed(plan: AttributePlan, quality: Floats, model: Model) -> tuple[Floats, Floats]:
    """Chance of being accepted and rejected at each sample, each of shape (samples, qualities)."""
    stages = plan.stages
    most = max(stage.reject for stage in stages)
    undecided = np.zeros((most, len(quality)))
    undecided[0] = 1.0
    accepted, rejected = np.zeros((2, len(stages), len(quality)))
    drawn = 0
    for at, stage in enumerate(stages):
        counted = np.zeros_like(undecided)
        more = np.zeros((0, len(quality)))
        if model != "hypergeometric":  # what is in this sample does not depend on what was found before
            more = _chances(model, stage.size, stage.reject, quality, plan.lot, drawn, 0)
        for before in np.flatnonzero(undecided.any(1)).tolist():
            if model == "hypergeometric":
                more = _chances(model, stage.size, stage.reject - before, quality, plan.lot, drawn, before)
            counted[before : stage.reject] += undecided[before] * more[: stage.reject - before]
        alive = undecided.sum(0)
        accepts_to = stage.reject - 1 if at == len(stages) - 1 else stage.accept
        accepted[at] = counted[: accepts_to + 1].sum(0)
        rejected[at] = np.maximum(alive - counted[: stage.reject].sum(0), 0.0)
        undecided = counted
        undecided[: accepts_to + 1] = 0.0
        undecided[stage.reject :] = 0.0
        drawn += stage.size
    return accepted, rejected


def _chances(
    model: Model, size: int, most: int, quality: Floats, lot: int | None, drawn: int, found: int
) -> Floats:  # fmt: skip
    """Chance of 0 … most-1 nonconforming in the next sample, shape (most, qualities)."""
    more = np.arange(most, dtype=np.float64)[:, None]
    if model == "poisson":
        return poisson(more, size * quality[None, :])
    if model == "binomial":
        return binomial(more, float(size), quality[None, :])
    bad = np.rint(quality * (lot or 0))[None, :] - found
    return hypergeometric(more, float(size), bad, float((lot or 0) - drawn))
