"""Policies learned from what machines showed: lives by their alarms, signs by vibration, ages and a threshold.

Reads   runs of the twin through its panels, as histories of the plant would be read
Writes  nothing
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.maintain.advice import Advice, advise
from luban.decide.maintain.life import life_of
from luban.decide.maintain.looking import Signs, by_signs
from luban.decide.maintain.policies import run_to_failure
from luban.decide.maintain.prices import Prices
from luban.decide.maintain.rehearse import Excursion, Policy, watched
from luban.plant import Plant
from luban.twin.model import Model
from luban.understand.health.lifetime import LifeFit, fit_life

__all__ = ["Learned", "learn_policies", "signs_of"]

_WEARS = 1.1  # Weibull shape above which a calendar would name a part
_WATCHED_AT = 0.3  # threshold at which signs are watched
_THRESHOLDS = np.round(np.arange(0.1, 0.96, 0.05), 2)


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned.

    fits     part → Weibull life in running hours
    signs    part → what is felt of its failure; parts that never gave one are not in it
    advice   part → policies priced
    ages     part → running hours after which replacing pays [h]; parts for which none does are not in it
    threshold  of the sign at which a look is asked for [1]; None where no part gives signs that pay
    """

    fits: Mapping[str, LifeFit]
    signs: Mapping[str, Signs]
    advice: Mapping[str, Advice]
    ages: Mapping[str, float]
    threshold: float | None

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Run to failure; by calendar: each part that wears when a quarter of them would have failed; by the age that
        costs least, where one pays; by condition.
        """
        quarter = {part: fit.quantile(0.25) for part, fit in self.fits.items() if fit.named["shape"] > _WEARS}
        told = [Policy("run to failure"), Policy("by calendar", quarter)]
        told += [Policy("by best age", self.ages)] if self.ages else []
        return (*told, Policy("by condition", {}, self.threshold))


def learn_policies(
    model: Model, plant: Plant | None, prices: Mapping[str, Prices], *, days: int, seeds: Sequence[int],
    lead: float = 24.0,
) -> Learned:  # fmt: skip
    """Policies from runs in which nothing was replaced before it failed.

    model   of `prepared`
    prices  part → prices, in running hours' currency
    lead    running hours from the threshold to the stop: smoothing, and until the machine is empty [h]
    Raises  InputError where a part has no price
    """
    seen, runs = watched(model, plant, _WATCHED_AT, days=days, seeds=seeds)
    missing = sorted(set(seen) - set(prices))
    if missing:
        raise InputError("a part has no price", came=", ".join(missing))
    fits = {part: fit_life(own) for part, own in seen.items()}
    fits = {part: fit for part, fit in fits.items() if not fit.reason}
    failures: dict[str, int] = defaultdict(int)
    warned: dict[str, int] = defaultdict(int)
    for run in runs:
        for part, count in run.failures.items():
            failures[part] += count
            warned[part] += run.warned.get(part, 0)
    ended = [one for run in runs for one in run.excursions]
    machine_hours = sum(run.hours * run.machines for run in runs)
    signs = signs_of(fits, failures, warned, ended, machine_hours)
    advice = {part: advise(fit, prices[part], signs=signs.get(part), every=8.0, lead=lead, draws=60, turning=False)
              for part, fit in fits.items()}  # fmt: skip
    ages = {}
    for part, own in advice.items():
        age = next(one for one in own.options if one.name == "age")
        never = next(one for one in own.options if one.name == "run_to_failure")
        if math.isfinite(age.interval) and age.rate < 0.98 * never.rate:
            ages[part] = age.interval
    return Learned(fits, signs, advice, ages, _threshold(fits, signs, prices, lead))


def signs_of(
    fits: Mapping[str, LifeFit], failures: Mapping[str, int], warned: Mapping[str, int], ended: Sequence[Excursion],
    machine_hours: float, at: float = _WATCHED_AT,
) -> dict[str, Signs]:  # fmt: skip
    """What is felt of each part's failures, from excursions that were watched at a threshold.

    The time from the threshold to the failure is (1 - at) · (1 - begins) of that life, taking the sign as a straight
    line; a part with fewer than 5 warned failures is left out.
    """
    false = sum(1 for one in ended if one.end is not None and not one.part)
    every = machine_hours / false if false else math.inf
    found = {}
    for part in fits:
        shares = [one.hours / one.life for one in ended if one.part == part and one.life > 0]
        if warned.get(part, 0) < 5 or not shares:
            continue
        left = float(np.median(shares)) / (1 - at)
        found[part] = Signs(min(1.0, warned[part] / failures[part]), min(0.99, max(0.0, 1 - left)), every)
    return found


def _threshold(
    fits: Mapping[str, LifeFit], signs: Mapping[str, Signs], prices: Mapping[str, Prices], lead: float
) -> float | None:
    """One threshold for a machine whose parts share a sensor: the cheapest over all of them together."""
    if not signs:
        return None
    total = np.zeros(len(_THRESHOLDS))
    never = 0.0
    for part, own in signs.items():
        life = life_of(fits[part])
        total += by_signs(life, prices[part], own, _THRESHOLDS, every=8.0, lead=lead).rates
        never += run_to_failure(life, prices[part]).rate
    return float(_THRESHOLDS[int(total.argmin())]) if total.min() < never else None
