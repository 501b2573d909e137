"""From measured values to a set-point: what the chart says, where the process stands, and what a change would bring.

Reads   a Sample (Fact(measurement) or a file), the set-points that were in force
Writes  nothing: a `SetPointPlan` is a Plan that people, or the loop, act on
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.understand.quality.data import Excluded, Floats, Sample
from luban.understand.quality.spc.chart import Chart

__all__ = ["Effect", "Knob", "SetPointPlan", "propose"]

_FEWEST = 12
_RECENT = 25
_RULES = ["nelson_1", "nelson_2", "nelson_3"]
_MOST_RUNS = 20_000  # newest ones that the weight is fitted to
_WEIGHTS = np.concatenate([np.linspace(0.02, 0.98, 49), [1.0]])
_TWO_SIDED = 1.959963984540054  # 95 % of a normal law


@dataclass(frozen=True, slots=True)
class Knob:
    """What can be set, and what the model says it does.

    name      of the set-point: an offset register, a temperature, a dose
    unit      of the set-point
    gain      change of the measured value for a change by 1 [unit of the value / unit of the set-point], not 0
    now       set-point in force [unit of the set-point]
    envelope  its limits
    Raises    InputError
    """

    name: str
    unit: str
    gain: float
    now: float
    envelope: Envelope

    def __post_init__(self) -> None:
        if not math.isfinite(self.gain) or self.gain == 0:
            came = f"gain {self.gain:g}"
            raise InputError("a set-point without an effect cannot control", came=came, expected="not 0")
        if not math.isfinite(self.now):
            raise InputError("the set-point is not a finite number", came=str(self.now))


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure before and after the change, with its 95 % interval.

    name    deviation, cpk or outside (share outside the limits)
    unit    of the figure
    before, after  (value, low, high)
    """

    name: str
    unit: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class SetPointPlan:
    """A proposal for one set-point.

    decision   change, keep (nothing to be gained that one could be sure of) or blocked (the envelope allows nothing)
    proposed   set-point to take; equal to knob.now unless `decision` is change
    effects    predicted, with intervals
    weight     λ of the level's EWMA under which the values are likeliest [1]
    shock      standard deviation of the forecast of a run [unit of the value]
    levels     estimated level of each run with the set-point of then, shape (runs,) [unit of the value]
    values     measured value of each run, shape (runs,); set_points in force, shape (runs,)
    signals    rule → how often it fired among the newest 25 points
    reasons    keys of REASONS of the envelope or of words.PLAN, in their order
    facts      first_seq, last_seq of the measurements it rests on and the head of the books; empty for a file
    excluded   what was left out of the source
    """

    characteristic: str
    unit: str
    knob: Knob
    target: float
    lower: float | None
    upper: float | None
    decision: str
    proposed: float
    wanted: float
    effects: tuple[Effect, ...]
    weight: float
    shock: float
    levels: Floats
    values: Floats
    set_points: Floats
    labels: tuple[str, ...]
    signals: Mapping[str, int]
    reasons: tuple[str, ...]
    used: int
    excluded: tuple[Excluded, ...] = ()
    source: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def change(self) -> float:
        """From the set-point in force to the proposed one [unit of the set-point]."""
        return self.proposed - self.knob.now

    def as_dict(self) -> dict[str, Any]:
        """The same for the books, `--json` and REST; intervals as [value, low, high]."""
        envelope = self.knob.envelope
        return {
            "characteristic": self.characteristic, "unit": self.unit, "target": self.target, "lower": self.lower,
            "upper": self.upper, "objective": "mean on target with the fewest changes, inside the envelope",
            "set_point": {
                "name": self.knob.name, "unit": self.knob.unit, "gain": self.knob.gain, "now": self.knob.now,
                "lowest": envelope.lowest, "highest": envelope.highest, "move": envelope.move,
                "resolution": envelope.resolution,
            },
            "decision": self.decision, "proposed": self.proposed, "wanted": self.wanted, "change": self.change,
            "effects": {
                own.name: {"unit": own.unit, "before": list(own.before), "after": list(own.after)}
                for own in self.effects
            },
            "weight": self.weight, "shock": self.shock, "signals": dict(self.signals), "reasons": list(self.reasons),
            "rests_on": {
                "first": self.labels[0], "last": self.labels[-1], "runs": len(self.labels), "values": self.used,
                **self.facts,
            },
            "excluded": [own.as_dict() for own in self.excluded], "source": self.source,
        }  # fmt: skip


def propose(
    sample: Sample, knob: Knob, *, target: float | None = None, weight: float | None = None,
    set_points: Floats | None = None, facts: Mapping[str, int] | None = None,
    chart: Chart | None = None,
) -> SetPointPlan:  # fmt: skip
    """A proposal from the values of a characteristic.

    sample      in order of time; a subgroup is a run, its mean the run's value
    target      None: the sample's, else the middle of its limits
    weight      λ; None: the one under which the values are likeliest
    set_points  in force at each run, shape (runs,); None: `knob.now` all the time
    facts       what it rests on in the books: first and last seq, head
    chart       control chart as people keep it; None: an individuals chart of these runs, judged by a point beyond a
                limit, a run on one side and a trend (Nelson 1 to 3)
    A change is proposed only where the 95 % interval of the deviation leaves out 0: to follow noise would add to it. A
    signal of the chart without such a deviation is a reason to look for a cause, not to move an offset.
    Raises      InputError for fewer than 12 runs, no target, shapes that do not fit
    """
    runs = len(sample)
    if runs < _FEWEST:
        hint = "collect more before anything is set by them"
        raise InputError(
            "too few runs", came=str(runs), expected=f"{_FEWEST} or more", where=sample.characteristic, hint=hint
        )
    aim = _target(sample, target)
    values = np.add.reduceat(sample.values, sample.starts[:-1]) / sample.sizes
    used = np.full(runs, knob.now) if set_points is None else np.asarray(set_points, np.float64)
    if used.shape != (runs,) or not bool(np.isfinite(used).all()):
        raise InputError("the set-points do not fit the runs", came=str(used.shape), expected=f"({runs},), finite")
    free = values - knob.gain * used
    chosen = _likeliest(free) if weight is None else weight
    if not 0 < chosen <= 1:
        raise InputError("the weight is none", came=f"{chosen:g}", expected="above 0, at most 1")
    levels, shock = _levels(free, chosen)
    if not shock > 0:
        raise InputError("the values do not vary", came=f"{runs} runs of {values[0]:g}", hint="is the gauge alive?")
    level = float(levels[-1])
    error = math.sqrt(max(chosen * (1 - chosen), 1.0 / runs)) * shock
    deviation = level + knob.gain * knob.now - aim
    signals = _signals(sample, values, chart)
    decision, proposed, wanted, reasons = _decided(knob, aim, level, deviation, error, bool(signals))
    spread = _spread(sample, shock)
    effects = _effects(sample, deviation, deviation + knob.gain * (proposed - knob.now), error, spread, aim)
    return SetPointPlan(
        sample.characteristic, sample.unit, knob, aim, sample.lower, sample.upper, decision, proposed, wanted, effects,
        float(chosen), shock, levels + knob.gain * used, values, used, tuple(sample.labels), signals, reasons,
        len(sample.values), sample.excluded, sample.source, dict(facts or {}),
    )  # fmt: skip


def _target(sample: Sample, target: float | None) -> float:
    if target is not None:
        if not math.isfinite(target):
            raise InputError("the target is not a finite number", came=str(target))
        return target
    if sample.target is not None:
        return sample.target
    if sample.lower is not None and sample.upper is not None:
        return 0.5 * (sample.lower + sample.upper)
    raise InputError("no target", where=sample.characteristic, hint="give a target, or both specification limits")


def _levels(free: Floats, weight: float) -> tuple[Floats, float]:
    """EWMA of each run, begun at the mean of the first runs, and the standard deviation of its forecasts' errors."""
    level = _first(free)
    levels, errors = np.empty(len(free)), np.empty(len(free))
    for k, value in enumerate(free.tolist()):
        errors[k] = value - level
        level += weight * errors[k]
        levels[k] = level
    return levels, float(np.sqrt(np.mean(errors**2)))


def _first(free: Floats) -> float:
    return float(free[: max(3, min(len(free) // 4, 10))].mean())


def _likeliest(free: Floats) -> float:
    """The weight whose forecasts err least: maximum likelihood of a level that wanders under noise."""
    level = np.full(len(_WEIGHTS), _first(free))
    squares = np.zeros(len(_WEIGHTS))
    for value in free[-_MOST_RUNS:].tolist():
        error = value - level
        squares += error * error
        level += _WEIGHTS * error
    return float(_WEIGHTS[int(np.argmin(squares))])


def _signals(sample: Sample, values: Floats, chart: Chart | None) -> dict[str, int]:
    """Rules that fired at one of the newest points of the chart's first panel."""
    if chart is None:
        chart = _usual_chart(sample, values)
    found: dict[str, int] = {}
    for one in chart.violations:
        if one.panel == 0 and one.point >= len(chart.labels) - _RECENT and one.point not in chart.out:
            found[one.rule] = found.get(one.rule, 0) + 1
    return found


def _usual_chart(sample: Sample, values: Floats) -> Chart:
    from luban.understand.quality.spc import control_chart

    runs = Sample(
        sample.characteristic, sample.unit, values, np.arange(len(values) + 1), sample.labels, sample.time,
    )  # fmt: skip
    return control_chart("i_mr", runs, rules=_RULES)


def _decided(
    knob: Knob, aim: float, level: float, deviation: float, error: float, signalled: bool
) -> tuple[str, float, float, tuple[str, ...]]:
    wanted = (aim - level) / knob.gain
    sure = abs(deviation) > _TWO_SIDED * error
    if not knob.envelope.holds(knob.now):
        found = knob.envelope.allowed(knob.now, wanted)
        return "change", found.value, wanted, found.reasons
    if not sure and not signalled:
        return "keep", knob.now, wanted, ("not_sure",)
    if not sure:
        return "keep", knob.now, wanted, ("signal_without_shift",)
    found = knob.envelope.allowed(knob.now, wanted)
    if found.value == knob.now:
        return "blocked", knob.now, wanted, found.reasons
    return "change", found.value, wanted, (*(("signal",) if signalled else ()), "sure", *found.reasons)


def _spread(sample: Sample, shock: float) -> float:
    """Standard deviation of single pieces: that within subgroups with that of the runs' forecasts."""
    within = [
        sample.values[a:b].var(ddof=1) for a, b in zip(sample.starts, sample.starts[1:], strict=False) if b - a > 1
    ]
    if not within:
        return shock
    single = float(np.mean(within))
    size = float(sample.sizes.mean())
    return math.sqrt(max(single, single * (1 - 1 / size) + shock**2))


def _effects(
    sample: Sample, before: float, after: float, error: float, spread: float, aim: float
) -> tuple[Effect, ...]:
    reach = _TWO_SIDED * error

    def around(value: float) -> tuple[float, float, float]:
        return value, value - reach, value + reach

    found = [Effect("deviation", sample.unit, around(before), around(after))]
    if sample.lower is not None or sample.upper is not None:
        for name, figure in (("cpk", _cpk), ("outside", _outside)):
            both = []
            for value in (before, after):
                grid = [figure(sample, aim + at, spread) for at in np.linspace(value - reach, value + reach, 41)]
                both.append((figure(sample, aim + value, spread), min(grid), max(grid)))
            found.append(Effect(name, "1", both[0], both[1]))
    return tuple(found)


def _cpk(sample: Sample, mean: float, spread: float) -> float:
    sides = []
    if sample.upper is not None:
        sides.append((sample.upper - mean) / (3 * spread))
    if sample.lower is not None:
        sides.append((mean - sample.lower) / (3 * spread))
    return min(sides)


def _outside(sample: Sample, mean: float, spread: float) -> float:
    share = 0.0
    if sample.upper is not None:
        share += 0.5 * math.erfc((sample.upper - mean) / (spread * math.sqrt(2)))
    if sample.lower is not None:
        share += 0.5 * math.erfc((mean - sample.lower) / (spread * math.sqrt(2)))
    return share
