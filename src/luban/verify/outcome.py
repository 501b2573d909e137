"""An outcome: what an act really brought, with an interval, against what was promised.

Reads   nothing    Writes  nothing itself: `record` puts it into the books
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from luban.core.errors import InputError
from luban.verify.estimate import Course, Estimate
from luban.verify.metric import Decision, Metric, Prediction

__all__ = ["VERDICTS", "Against", "Money", "Outcome", "against", "conclude", "without_estimate"]

VERDICTS: Final[Mapping[str, str]] = {
    "helped": "the interval lies on the better side of none",
    "no effect": "the interval holds none; the effect is smaller than the bound",
    "made worse": "the interval lies on the worse side of none",
    "unverified": "the act, or the time after it, is not there to be judged",
    "not evaluable": "there is no baseline to judge by",
}
"""Verdicts, and what each says."""


@dataclass(frozen=True, slots=True)
class Against:
    """Measured less predicted.

    difference, low, high  [unit] at the level of the outcome
    held                   the difference may be none: the promise agrees with what was measured
    """

    difference: float
    low: float
    high: float
    held: bool


@dataclass(frozen=True, slots=True)
class Money:
    """What the effect was worth since the act: above 0 it paid.

    value, low, high  over all periods measured after the act;  each  a period  [currency]
    """

    value: float
    low: float
    high: float
    each: float
    currency: str


@dataclass(frozen=True)
class Outcome:
    """What an act brought.

    decision, metric, method  whose, in what, how judged
    verdict                   one of VERDICTS;  reasons  why, in sentences
    effect, low, high         in one period, on the average [unit] at `level`; NaN where there is none
    relative                  effect over expected [1], `relative_low`, `relative_high`
    bound                     the effect is smaller than this [unit]
    small                     that bound is below the smallest effect worth having; None: nobody said what is
    n_before, n_after         periods or runs;  n_out  left out
    before, after, expected   the figure [unit]
    predicted, against        the promise, and measured less promised; None without one
    money                     None where no price is known
    baseline, facts           digests of the facts before, and of those before and after
    head                      of the books that were read
    """

    decision: Decision
    metric: Metric
    method: str
    verdict: str
    reasons: tuple[str, ...] = ()
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    relative: float = math.nan
    relative_low: float = math.nan
    relative_high: float = math.nan
    bound: float = math.nan
    small: bool | None = None
    p: float = math.nan
    n_before: int = 0
    n_after: int = 0
    n_out: int = 0
    before: float = math.nan
    after: float = math.nan
    expected: float = math.nan
    rho: float = math.nan
    figures: Mapping[str, float] = field(default_factory=dict)
    predicted: Prediction | None = None
    against: Against | None = None
    money: Money | None = None
    baseline: str = ""
    facts: str = ""
    head: int = 0
    notes: tuple[str, ...] = ()
    course: Course | None = field(default=None, repr=False, compare=False)

    @property
    def judged(self) -> bool:
        """Whether there is an effect with an interval."""
        return self.verdict in ("helped", "no effect", "made worse")

    def as_dict(self) -> dict[str, Any]:
        """For the entry, `--json` and REST; what is not known is None. The course is not in it."""
        found: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name in ("decision", "metric", "predicted"):
                value = value and value.as_dict()
            elif name in ("against", "money"):
                value = value and {one: _plain(getattr(value, one)) for one in value.__slots__}
            elif name == "figures":
                value = {one: _plain(own) for one, own in value.items()}
            elif name in ("reasons", "notes"):
                value = list(value)
            if name != "course":
                found[name] = _plain(value)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """From what `as_dict` gave. Raises InputError where it cannot be read."""
        try:
            fields = {name: data[name] for name in cls.__dataclass_fields__ if name != "course"}
            for name, kind in cls.__annotations__.items():
                if kind == "float" and fields[name] is None:
                    fields[name] = math.nan
            fields |= {"decision": Decision(**data["decision"]), "metric": Metric(**data["metric"])}
            fields["predicted"] = data["predicted"] and Prediction(**data["predicted"])
            fields["against"] = data["against"] and Against(**data["against"])
            fields["money"] = data["money"] and Money(**data["money"])
            fields |= {name: tuple(data[name]) for name in ("reasons", "notes")}
            fields["figures"] = {one: math.nan if own is None else own for one, own in data["figures"].items()}
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise InputError("an outcome cannot be read", came=str(error)) from None


def conclude(
    found: Estimate, decision: Decision, metric: Metric, method: str, *, predicted: Prediction | None = None,
    **more: Any,
) -> Outcome:  # fmt: skip
    """The outcome that an estimate comes to.

    more  further fields of `Outcome`: baseline, facts, head, n_out, notes
    """
    small = None if metric.margin is None else found.bound < metric.margin
    verdict, reasons = _verdict(found, metric)
    relative = _relative(found)
    notes = (*more.pop("notes", ()), *found.notes)
    return Outcome(
        decision=decision, metric=metric, method=method, verdict=verdict, reasons=reasons, effect=found.effect,
        low=found.low, high=found.high, level=found.level, relative=relative[0], relative_low=relative[1],
        relative_high=relative[2], bound=found.bound, small=small, p=found.p, n_before=found.n_before,
        n_after=found.n_after, before=found.before, after=found.after, expected=found.expected, rho=found.rho,
        figures=found.figures, predicted=predicted, against=against(found, predicted), money=_money(found, metric),
        notes=notes, course=found.course, **more,
    )  # fmt: skip


def without_estimate(
    verdict: str, reasons: tuple[str, ...], decision: Decision, metric: Metric, method: str, **more: Any
) -> Outcome:
    """An outcome without an effect: unverified or not evaluable, and why."""
    return Outcome(decision=decision, metric=metric, method=method, verdict=verdict, reasons=reasons, **more)


def against(found: Estimate, predicted: Prediction | None) -> Against | None:
    """Measured less predicted, at the level of the estimate; both doubts in it."""
    if predicted is None:
        return None
    from scipy.special import ndtri

    stretch = float(ndtri((1 + found.level) / 2) / ndtri((1 + predicted.level) / 2))
    gap = found.effect - predicted.value
    # the difference is lowest where we measured too much and promised too little: each end has its own pair of halves
    low = gap - math.hypot(found.effect - found.low, stretch * (predicted.high - predicted.value))
    high = gap + math.hypot(found.high - found.effect, stretch * (predicted.value - predicted.low))
    return Against(gap, low, high, low <= 0 <= high)


def _verdict(found: Estimate, metric: Metric) -> tuple[str, tuple[str, ...]]:
    if found.low > 0 or found.high < 0:
        return ("helped" if (found.effect > 0) == (metric.wish > 0) else "made worse"), ()
    said = f"smaller than {found.bound:.3g} {metric.unit}".rstrip()
    if metric.margin is None:
        return "no effect", (f"no effect shown; it is {said}, if there is one",)
    if found.bound < metric.margin:
        return "no effect", (f"{said}: less than is worth having",)
    return "no effect", (f"no effect shown, but one worth having is not ruled out: it is {said}",)


def _relative(found: Estimate) -> tuple[float, float, float]:
    if "relative change" in found.figures:
        return tuple(found.figures[name] for name in ("relative change", "relative low", "relative high"))  # type: ignore[return-value]
    if not found.expected:
        return math.nan, math.nan, math.nan
    # expected is measured less effect: each end of the effect has its own expectation
    ends = [
        one / (found.after - one) if (found.after - one) * found.expected > 0 else math.nan
        for one in (found.low, found.high)
    ]
    return found.effect / found.expected, min(ends), max(ends)


def _money(found: Estimate, metric: Metric) -> Money | None:
    if metric.price is None:
        return None
    each, periods = metric.wish * metric.price, found.n_after
    ends = sorted((each * periods * found.low, each * periods * found.high))
    return Money(each * periods * found.effect, ends[0], ends[1], each * found.effect, metric.currency)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
