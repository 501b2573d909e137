"""How good our decisions and our promises are: by lever, by author, by method.

Reads   outcomes    Writes  nothing
Source  E. B. Wilson, JASA 22 (1927) 209-212, doi 10.1080/01621459.1927.10502953 (interval of a share);
        T. Gneiting, F. Balabdaoui, A. E. Raftery, J. R. Stat. Soc. B 69 (2007) 243-268 (calibration)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from scipy.special import ndtri, stdtrit

from luban.core.errors import InputError
from luban.verify.metric import METHODS
from luban.verify.outcome import VERDICTS, Outcome
from luban.verify.rates import wilson

__all__ = ["BY", "Calibration", "Score", "calibration", "scoreboard"]

BY: Final[Mapping[str, Callable[[Outcome], str]]] = {
    "lever": lambda one: one.decision.lever or "–",
    "author": lambda one: one.decision.author or "–",
    "method": lambda one: METHODS.get(one.method, one.method),
}
"""What decisions are sorted by."""

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Calibration:
    """Promises held against what was measured.

    promised   outcomes with a promise and an effect
    held       of them: measured and promised agree, both doubts counted; `share` with its Wilson interval
    bias       mean of how far the effect fell behind the promise, each over its own doubt [standard deviations], with
               Student's interval: below 0 we promised too much
    realised   effect in all over promise in all, where all have one unit [1]; NaN else
    """

    promised: int
    held: int
    share: float
    share_low: float
    share_high: float
    bias: float
    bias_low: float
    bias_high: float
    realised: float

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST; what is not known is None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Score:
    """Decisions of one lever, author or method.

    verdicts  verdict → how many;  decisions  in all
    helped    share of those that were judged [1], with its Wilson interval
    money     by currency, what was earned since the acts
    """

    name: str
    decisions: int
    verdicts: Mapping[str, int]
    helped: float
    helped_low: float
    helped_high: float
    money: Mapping[str, float]
    calibration: Calibration

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST; what is not known is None."""
        found = {name: getattr(self, name) for name in self.__slots__}
        found = {name: None if isinstance(value, float) and value != value else value for name, value in found.items()}
        return found | {"verdicts": dict(self.verdicts), "money": dict(self.money),
                        "calibration": self.calibration.as_dict()}  # fmt: skip


def scoreboard(some: Iterable[Outcome], by: str = "lever") -> tuple[Score, ...]:
    """Scores, those with the most decisions first.

    by      lever, author or method
    Raises  InputError for another
    """
    if by not in BY:
        raise InputError("decisions are not sorted by that", came=by, expected=", ".join(BY))
    groups: dict[str, list[Outcome]] = {}
    for one in some:
        groups.setdefault(BY[by](one), []).append(one)
    return tuple(sorted((_score(name, own) for name, own in groups.items()), key=lambda s: (-s.decisions, s.name)))


def calibration(some: Iterable[Outcome]) -> Calibration:
    """How our promises did.

    Example  calibration([]).promised == 0
    """
    own = [one for one in some if one.against is not None and one.predicted is not None and one.judged]
    held = sum(one.against is not None and one.against.held for one in own)
    share = _share(held, len(own))
    gaps = np.array([_gap(one) for one in own])
    gaps = gaps[np.isfinite(gaps)]
    bias, bias_low, bias_high = (math.nan,) * 3
    if len(gaps) >= 2:
        half = float(stdtrit(len(gaps) - 1, (1 + _LEVEL) / 2)) * float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
        bias = float(gaps.mean())
        bias_low, bias_high = bias - half, bias + half
    return Calibration(len(own), held, *share, bias, bias_low, bias_high, _realised(own))


def _score(name: str, own: list[Outcome]) -> Score:
    verdicts = {verdict: sum(one.verdict == verdict for one in own) for verdict in VERDICTS}
    judged = sum(one.judged for one in own)
    money: dict[str, float] = {}
    for one in own:
        if one.money is not None and one.judged:
            money[one.money.currency] = money.get(one.money.currency, 0.0) + one.money.value
    return Score(name, len(own), verdicts, *_share(verdicts["helped"], judged), money, calibration(own))


def _share(some: int, of: int) -> tuple[float, float, float]:
    if not of:
        return math.nan, math.nan, math.nan
    return (some / of, *wilson(some, of, float(ndtri((1 + _LEVEL) / 2))))


def _gap(one: Outcome) -> float:
    """Effect behind promise, over the doubt in both; better than promised is above 0."""
    if one.against is None or one.predicted is None:
        return math.nan
    wide = (one.against.high - one.against.low) / (2 * float(ndtri((1 + one.level) / 2)))
    return one.metric.wish * one.against.difference / wide if wide > 0 else math.nan


def _realised(own: list[Outcome]) -> float:
    promised = sum(one.predicted.value for one in own if one.predicted)
    if len({one.metric.unit for one in own}) != 1 or not promised:
        return math.nan
    return sum(one.effect for one in own) / promised
