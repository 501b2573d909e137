"""Gauge studies of a table, as the command line and the quality page ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.agreement import Agreement, agreement
from luban.understand.quality.gauge_study import (
    Bias,
    GaugeStability,
    GaugeStudy,
    LevelStudy,
    Linearity,
    average_range,
    bias,
    crossed,
    gauge_differences,
    gauge_stability,
    level_study,
    linearity,
    nested,
)
from luban.understand.quality.gauge_study.columns import judgements_of, named, readings_of, value_columns
from luban.understand.quality.gauge_study.readings import Readings
from luban.understand.quality.read import Columns, read_sample

__all__ = ["METHODS", "STUDIES", "Asked", "poor", "repeatability_of", "study_of"]

STUDIES = ("rr", "bias", "linearity", "stability", "agreement", "levels", "differences")
"""Kinds of study: repeatability and reproducibility first."""
METHODS = ("anova", "range", "nested")
"""Ways to repeatability and reproducibility."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a table; columns that are not named are found by their names.

    study, method   see STUDIES, METHODS
    reference       value of the reference piece, or the column that holds it
    process         spread of the process, 6 standard deviations [unit]
    pool            the interaction is left out where its p is above this [1]
    """

    study: str = "rr"
    method: str = "anova"
    part: str = ""
    operator: str = ""
    value: str = ""
    reference: str = ""
    instrument: str = ""
    run: str = ""
    repeats: int = 0
    good: str = ""
    weights: str = "none"
    order: str = ""
    lower: float | None = None
    upper: float | None = None
    process: float | None = None
    pool: float = 0.25
    level: float = 0.95
    subgroup: str = ""
    time: str = ""
    unit: str = ""
    seed: int = 1


def study_of(columns: Columns, asked: Asked) -> Any:
    """The study: GaugeStudy, Linearity, GaugeStability, LevelStudy, Agreement, or a tuple of Bias.

    Raises InputError: no such study or method, columns that cannot be found, a table that is no such study
    """
    way = _WAYS.get(asked.study)
    if way is None:
        raise InputError("no such study", came=asked.study, expected=", ".join(STUDIES), where="study")
    return way(columns, asked)


def repeatability_of(read: Readings, asked: Asked) -> GaugeStudy:
    """Repeatability and reproducibility by the asked method."""
    if asked.method == "range":
        return average_range(read, level=asked.level, seed=asked.seed)
    if asked.method == "nested":
        return nested(read, level=asked.level, seed=asked.seed)
    if asked.method != "anova":
        raise InputError("no such method", came=asked.method, expected=", ".join(METHODS), where="method")
    return crossed(read, pool_above=asked.pool, level=asked.level, seed=asked.seed)


def _rr(columns: Columns, own: Asked) -> Any:
    read = readings_of(
        columns, part=own.part, operator=own.operator, value=own.value, unit=own.unit, lower=own.lower,
        upper=own.upper,
    )  # fmt: skip
    return repeatability_of(read, own)


def _referenced(columns: Columns, own: Asked) -> tuple[Any, Any, Any]:
    """Readings, reference of each, and what was left out."""
    known = _number(own.reference)
    column = "" if known is not None else named(columns, "reference", own.reference)
    (value, *more) = value_columns(columns, own.value, [column] if column else [])
    if more:
        raise InputError("one column of readings is needed", came=", ".join((value, *more)), where="value")
    usable = columns.usable([value, column] if column else [value], units={value: own.unit})
    x = usable.numbers[value]
    return x, usable.numbers[column] if column else np.full(len(x), known), usable


def _bias(columns: Columns, own: Asked) -> tuple[Bias, ...]:
    values, reference, _ = _referenced(columns, own)
    tolerance = _tolerance(own)
    return tuple(
        bias(values[reference == one], float(one), tolerance=tolerance, process=own.process, level=own.level,
             label=f"{one:g}")
        for one in np.unique(reference)
    )  # fmt: skip


def _linearity(columns: Columns, own: Asked) -> Linearity:
    values, reference, usable = _referenced(columns, own)
    return linearity(
        reference, values, process=own.process, tolerance=_tolerance(own), level=own.level, source=columns.source,
        excluded=usable.excluded, unit=next(iter(usable.units.values())),
    )  # fmt: skip


def _stability(columns: Columns, own: Asked) -> Any:
    sample = read_sample(
        columns, value=own.value, subgroup=own.subgroup, time=own.time, lower=own.lower, upper=own.upper,
        unit=own.unit,
    )  # fmt: skip
    known = _number(own.reference)
    if own.reference and known is None:
        raise InputError("the master's reference is one number", came=own.reference, where="reference")
    return gauge_stability(sample, known, tolerance=_tolerance(own), level=own.level)


def _agreement(columns: Columns, own: Asked) -> Agreement:
    read = judgements_of(columns, part=own.part, operator=own.operator, value=own.value, reference=own.reference)
    order = [one.strip() for one in own.order.split(",") if one.strip()]
    return agreement(
        read.part, read.appraiser, read.judged, read.reference, good=own.good, order=order, weights=own.weights,
        level=own.level, excluded=read.excluded, source=read.source,
    )  # fmt: skip


def _levels(columns: Columns, own: Asked) -> LevelStudy:
    if own.repeats < 2:
        came = str(own.repeats)
        raise InputError("how many readings has a sitting", came=came, expected="at least 2", where="repeats")
    names = {
        "average": named(columns, "average", own.value), "deviation": named(columns, "deviation"),
        "part": named(columns, "part", own.part), "run": named(columns, "run", own.run, needed=False),
        "gauge": named(columns, "gauge", own.instrument, needed=False),
    }  # fmt: skip
    texts = [names[role] for role in ("part", "run", "gauge") if names[role]]
    usable = columns.usable([names["average"], names["deviation"]], texts)
    told = {role: usable.texts[names[role]] if names[role] else None for role in ("part", "run", "gauge")}
    return level_study(
        usable.numbers[names["average"]], usable.numbers[names["deviation"]], told["part"] or (), told["run"],
        told["gauge"], repeats=own.repeats, level=own.level, excluded=usable.excluded, source=columns.source,
        unit=usable.units[names["average"]],
    )  # fmt: skip


def _differences(columns: Columns, own: Asked) -> tuple[Bias, ...]:
    """How far each gauge reads from the mean of all gauges on the same piece; each column of readings for itself."""
    piece, tool = named(columns, "part", own.part), named(columns, "gauge", own.instrument)
    found: list[Bias] = []
    taken = value_columns(columns, own.value, [piece, tool])
    for name in taken:
        usable = columns.usable([name], [piece, tool], units={name: own.unit})
        told = gauge_differences(usable.numbers[name], usable.texts[piece], usable.texts[tool], level=own.level)
        found += [replace(one, label=f"{one.label}, {name}") if len(taken) > 1 else one for one in told]
    return tuple(found)


_WAYS: Mapping[str, Callable[[Columns, Asked], Any]] = {
    "rr": _rr, "bias": _bias, "linearity": _linearity, "stability": _stability, "agreement": _agreement,
    "levels": _levels, "differences": _differences,
}  # fmt: skip


def poor(found: Any, doubt: float) -> bool:
    """Whether the answer is no: a gauge that is not good, at this chance of being wrong [1]."""
    if isinstance(found, GaugeStudy):
        return found.verdict == "bad"
    if isinstance(found, Linearity):
        chances = [found.slope.p, *(one.p for one in found.levels)]
        return any(p is not None and p < doubt for p in chances)
    if isinstance(found, GaugeStability):
        off = found.bias is not None and found.bias.p is not None and found.bias.p < doubt
        return found.judged.in_control is False or off
    if isinstance(found, Agreement):
        return "bad" in found.verdicts.values()
    return isinstance(found, tuple) and any(one.p is not None and one.p < doubt for one in found)


def _tolerance(own: Asked) -> float | None:
    if own.lower is None or own.upper is None:
        return None
    if own.lower >= own.upper:
        came = f"lower {own.lower:g}, upper {own.upper:g}"
        raise InputError("specification limits are reversed", came=came, expected="lower below upper")
    return float(own.upper - own.lower)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
