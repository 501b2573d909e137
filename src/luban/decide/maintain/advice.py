"""Which policy: all that can be told apart by the data, ranked by cost, with reasons and what would change the answer.

The same draws of the life's parameters go through every policy, so that a difference between two of them is not
blurred by what both do not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.decide.maintain.life import Life, life_of, lives_drawn
from luban.decide.maintain.looking import Signs, by_signs
from luban.decide.maintain.policies import Curve, age, block, minimal_repair, run_to_failure
from luban.decide.maintain.prices import Prices
from luban.decide.maintain.words import FLIP, REASON
from luban.understand.health.lifetime import LifeFit

__all__ = ["Advice", "Flip", "Option", "Reason", "advise", "in_hours"]

_DRAWS = 120
_LEVEL = 0.9
_THRESHOLDS = np.round(np.concatenate([np.arange(0.0, 0.95, 0.05), [0.95, 0.98]]), 2)
_FACTORS = np.geomspace(0.1, 10.0, 25)
_GAIN = 1e-3  # a policy that saves less is no other policy
_CLOSE = 0.02  # policies whose costs differ by less are as good as each other
_HOURS: Mapping[str, float] = {
    "h": 1.0, "hour": 1.0, "hours": 1.0, "d": 24.0, "day": 24.0, "days": 24.0, "week": 168.0, "weeks": 168.0,
    "min": 1 / 60, "s": 1 / 3600, "year": 8766.0, "years": 8766.0, "": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence of `words` and what goes into its blanks."""

    key: str
    sentence: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """In English."""
        return self.sentence.format(**self.given)


@dataclass(frozen=True, slots=True)
class Flip:
    """What would change the answer: a figure, as it is and from where on another policy is the cheapest.

    what   of words.FLIP
    now    as it is; then: from here on; other: the policy that wins there
    """

    what: str
    now: float
    then: float
    other: str
    unit: str = ""

    @property
    def text(self) -> str:
        """In English."""
        return FLIP[self.what].format(now=f"{self.now:.3g}", then=f"{self.then:.3g}", unit=self.unit)


@dataclass(frozen=True, slots=True)
class Option:
    """One policy at its best interval.

    interval   [h]; for `condition` the threshold of the sign [1]; inf: never
    rate       long-run cost [money/h]; low, high: 90 % interval over what the data leave open, with the interval held
    available  share of time not stopped for this part [1]
    failures   expected failures per 1000 h [1]
    best       share of draws in which it is the cheapest [1]; None without draws
    curve      cost over the interval
    allowed    False: shown for comparison only
    """

    name: str
    interval: float
    rate: float
    low: float | None
    high: float | None
    interval_low: float | None
    interval_high: float | None
    available: float
    failures: float
    best: float | None
    curve: Curve
    reasons: tuple[Reason, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST; no end is null."""

        def finite(value: float | None) -> float | None:
            return value if value is not None and math.isfinite(value) else None

        return {
            "policy": self.name, "interval": finite(self.interval), "rate": self.rate, "rate_low": self.low,
            "rate_high": self.high, "interval_low": finite(self.interval_low),
            "interval_high": finite(self.interval_high), "available": self.available,
            "failures_per_1000_h": self.failures, "share_best": self.best,
            "reasons": [one.text for one in self.reasons],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advice:
    """Policies, the cheapest first.

    life      in hours
    options   ranked
    flips     what would change the answer
    notes     about the data
    draws     of the life's parameters
    """

    life: Life
    prices: Prices
    options: tuple[Option, ...]
    flips: tuple[Flip, ...]
    notes: tuple[Reason, ...]
    draws: int

    @property
    def best(self) -> Option:
        """The cheapest."""
        return self.options[0]

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST."""
        return {
            "life": self.life.as_dict(), "prices": self.prices.as_dict(),
            "options": [one.as_dict() for one in self.options],
            "what_would_change_it": [
                {"what": one.what, "now": one.now, "then": one.then, "other": one.other, "text": one.text}
                for one in self.flips
            ],
            "notes": [one.text for one in self.notes], "draws": self.draws,
        }  # fmt: skip


def in_hours(life: Life, pace: float | None = None) -> Life:
    """The life in hours; of pieces or kilometres by their pace [unit/h]. Raises InputError where it is not given."""
    if pace is not None:
        return life.scaled(1 / pace, "h") if pace > 0 else life.scaled(0, "h")
    factor = _HOURS.get(life.unit)
    if factor is None:
        raise InputError("a life that is not in hours needs a pace", came=life.unit, expected="units an hour")
    return life if factor == 1.0 and life.unit == "h" else life.scaled(factor, "h")


def advise(
    life: Life | LifeFit, prices: Prices, *, signs: Signs | None = None, every: float = 24.0, lead: float = 0.0,
    as_old: bool = False, pace: float | None = None, draws: int = _DRAWS, seed: int = 1, turning: bool = True,
) -> Advice:  # fmt: skip
    """Rank the policies for one part.

    life     known, or fitted to failures and units that still run; then with intervals
    signs    what is felt of a failure before it; None: nothing, and condition-based replacement is left out
    every    between looks at the condition [h]; lead: from asking for a stop to having it [h]
    as_old   True: a repair leaves the age as it is, so minimal repair competes with replacing at failure
    pace     units of the life an hour, where it is not in hours [unit/h]
    turning  look for what would change the answer; False is quicker
    Raises   InputError: no fit, a life without hours
    Example  advise(weibull_life(2.5, 1000), Prices(failure=5, planned=1)).best.name == "age"
    """
    fit = life if isinstance(life, LifeFit) else None
    own = in_hours(life_of(life) if isinstance(life, LifeFit) else life, pace)
    drawn = [in_hours(one, pace) for one in lives_drawn(fit, draws, seed)] if fit is not None else []
    ways = _ways(signs, every, lead, as_old, seed)
    curves = {name: way(own, prices) for name, way in ways.items()}
    over = {name: [way(one, prices) for one in drawn] for name, way in ways.items()}
    options = [_option(name, curves[name], over) for name in ways]
    options.sort(key=lambda one: one.rate * (1 - 1e-5 * (one.name == "run_to_failure")))
    reasoned = tuple(_reasoned(one, options, own, prices, signs) for one in options)
    flips = tuple(_flips(own, prices, ways, reasoned[0], signs, every, lead, as_old, seed)) if turning else ()
    notes = _notes(fit, reasoned, drawn, paced=pace is not None)
    return Advice(own, prices, reasoned, flips, notes, len(drawn))


Way = Callable[[Life, Prices], Curve]


def _ways(signs: Signs | None, every: float, lead: float, as_old: bool, seed: int) -> dict[str, Way]:
    ways: dict[str, Way] = {"run_to_failure": run_to_failure, "age": age, "block": block}
    if as_old:
        ways["minimal_repair"] = minimal_repair
    if signs is not None:
        ways["condition"] = lambda life, prices: by_signs(
            life, prices, signs, _THRESHOLDS, every=every, lead=lead, seed=seed
        )
    return ways


def _option(name: str, curve: Curve, every: Mapping[str, Sequence[Curve]]) -> Option:
    at, drawn = curve.at, every[name]
    low = high = first = last = best = None
    if drawn:
        held = [one.rate_at(curve.interval) for one in drawn]
        tail = (1 - _LEVEL) / 2
        low, high = (float(v) for v in np.quantile(held, [tail, 1 - tail]))
        ends = np.sort([one.interval for one in drawn])
        first, last = float(ends[int(tail * len(ends))]), float(ends[min(len(ends) - 1, int((1 - tail) * len(ends)))])
        lowest = [min(curves[i].rate for curves in every.values()) for i in range(len(drawn))]
        # an age of never is no replacement by age: the win is that of waiting for the failure
        wins = [
            one.rate <= bound * (1 + 1e-5) and (name == "run_to_failure" or math.isfinite(one.interval))
            for one, bound in zip(drawn, lowest, strict=True)
        ]
        best = float(np.mean(wins))
    interval = curve.interval
    return Option(
        name, interval, curve.rate, low, high, first, last, float(curve.available[at]),
        1000 * float(curve.failures[at]), best, curve,
    )  # fmt: skip


# ---------------------------------------------------------------- reasons


def _reasoned(one: Option, every: Sequence[Option], life: Life, prices: Prices, signs: Signs | None) -> Option:
    reasons = list(_why(one, life, prices, signs))
    best = every[0]
    if one is not best:
        more = max(0.0, one.rate / best.rate - 1)
        key = "close" if more < _CLOSE else "dearer"
        reasons.insert(0, _reason(key, more=f"{100 * more:.1f}"))
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return Option(**(fields | {"reasons": tuple(reasons)}))


def _why(one: Option, life: Life, prices: Prices, signs: Signs | None) -> list[Reason]:
    ratio = prices.of_failure / prices.of_planned
    if one.name == "age":
        if not math.isfinite(one.interval):
            if life.shape is not None and life.shape <= 1:
                return [_reason("no_wear", shape=f"{life.shape:.2f}")]
            return [_reason("never", ratio=f"{ratio:.2f}")]
        return [
            _reason(
                "age", ratio=f"{ratio:.1f}", share=f"{100 * float(1 - life.surviving(np.array([one.interval]))[0]):.0f}"
            )
        ]
    if one.name == "block":
        return [_reason("block" if math.isfinite(one.interval) else "never", ratio=f"{ratio:.2f}")]
    if one.name == "condition" and signs is not None:
        return [_reason("signs", share=f"{100 * signs.share:.0f}", begins=f"{100 * signs.begins:.0f}")]
    if one.name == "minimal_repair":
        return [_reason("as_old")]
    return [_reason("run_to_failure")]


def _reason(key: str, **given: str) -> Reason:
    return Reason(key, REASON[key], given)


def _notes(fit: LifeFit | None, options: Sequence[Option], drawn: Sequence[Life], *, paced: bool) -> tuple[Reason, ...]:
    notes = []
    if fit is not None:
        failures = fit.lives.failures
        if not fit.lives.unit and not paced:
            notes.append(_reason("hours"))
        if failures < 10:
            notes.append(_reason("few", n=f"{failures:g}"))
        if not drawn:
            notes.append(_reason("no_interval"))
        best = options[0].best
        if best is not None and best < 0.8:
            notes.append(_reason("unsure", share=f"{100 * best:.0f}"))
    else:
        notes.append(_reason("given"))
    return tuple(notes)


# ---------------------------------------------------------------- what would change it


def _flips(
    life: Life, prices: Prices, ways: Mapping[str, Way], best: Option, signs: Signs | None, every: float, lead: float,
    as_old: bool, seed: int,
) -> list[Flip]:  # fmt: skip
    """The nearest value of each figure, up or down, at which another policy becomes the cheapest."""
    found: list[Flip] = []

    def winner(life: Life, prices: Prices, ways: Mapping[str, Way] = ways) -> str:
        # block is never cheaper than age; what is hardly cheaper than waiting for the failure is waiting
        rates = {name: way(life, prices).rate for name, way in ways.items() if name != "block"}
        wait = rates["run_to_failure"] * (1 - _GAIN)
        rates = {name: rate for name, rate in rates.items() if name == "run_to_failure" or rate < wait}
        lowest = min(rates, key=lambda name: rates[name])
        return best.name if rates.get(best.name, math.inf) <= rates[lowest] * (1 + _GAIN) else lowest

    def by_price(name: str, value: float, unit: str) -> None:
        if value <= 0:
            return
        hit = _nearest(lambda f: winner(life, prices.changed(**{name: value * f})), best.name)
        if hit:
            found.append(Flip(name, value, value * hit[0], hit[1], unit))

    money, hourly = prices.currency, f"{prices.currency}/h"
    by_price("failure", prices.failure, money)
    by_price("planned", prices.planned, money)
    by_price("hour", prices.hour, hourly)
    if life.shape is not None and life.family == "weibull":
        mean = life.mean

        def shaped(f: float) -> str:
            width = life.width / f
            scale = mean / math.gamma(1 + width)
            return winner(Life("weibull", math.log(scale), width), prices)

        hit = _nearest(shaped, best.name, _FACTORS[(_FACTORS * life.shape > 0.5) & (_FACTORS * life.shape < 8)])
        if hit:
            found.append(Flip("shape", life.shape, life.shape * hit[0], hit[1]))
    if signs is not None and signs.share > 0:

        def felt(f: float) -> str:
            own = Signs(min(1.0, signs.share * f), signs.begins, signs.false_every)
            return winner(life, prices, _ways(own, every, lead, as_old, seed))

        hit = _nearest(felt, best.name, _FACTORS[signs.share * _FACTORS <= 1])
        if hit:
            found.append(Flip("signs", 100 * signs.share, 100 * signs.share * hit[0], hit[1], "%"))
    return found


def _nearest(asked: Callable[[float], str], best: str, factors: np.ndarray = _FACTORS) -> tuple[float, str] | None:
    """(factor nearest to 1 at which another one wins, its name), found to 1 %; None within the factors."""
    hits = []
    for side in (factors[factors > 1], factors[factors < 1][::-1]):
        before = 1.0
        for factor in side:
            other = asked(float(factor))
            if other != best:
                low, high = before, float(factor)
                while abs(high / low - 1) > 0.01:
                    middle = math.sqrt(low * high)
                    name = asked(middle)
                    low, high, other = (middle, high, other) if name == best else (low, middle, name)
                hits.append((high, other))
                break
            before = float(factor)
    return min(hits, key=lambda hit: abs(math.log(hit[0])), default=None)
