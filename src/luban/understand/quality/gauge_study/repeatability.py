"""Repeatability and reproducibility of a gauge (gauge R&R): crossed and nested studies by analysis of variance,
crossed ones by averages and ranges too.

Sources: AIAG, Measurement Systems Analysis, 4th edition (2010), ch. III B; R. K. Burdick, C. M. Borror, D. C.
Montgomery (2003), Journal of Quality Technology 35, 342-354; VDA 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.capability.spread import measurable
from luban.understand.quality.data import Excluded, Floats
from luban.understand.quality.gauge_study import words
from luban.understand.quality.gauge_study.components import REPEAT, Table, Term, analyse, draws, solve
from luban.understand.quality.gauge_study.readings import Readings

__all__ = ["SOURCES", "GaugeStudy", "Variation", "crossed", "from_variances", "nested"]

SOURCES = ("repeatability", "reproducibility", "operator", "interaction", "gauge", "part", "total")
"""Sources of variation: gauge is repeatability and reproducibility together."""

_DRAWS = 20_000
_CATEGORIES = 1.41  # AIAG's rounded square root of 2


@dataclass(frozen=True, slots=True)
class Variation:
    """One source of variation.

    variance      [unit²]
    sd            [unit], with its interval
    contribution  share of the total variance [%]
    study         share of the total standard deviation [%], with its interval
    tolerance     6 sd over the tolerance [%], with its interval; None without a tolerance
    """

    source: str
    variance: float
    sd: float
    sd_low: float | None
    sd_high: float | None
    contribution: float
    study: float
    study_low: float | None
    study_high: float | None
    tolerance: float | None
    tolerance_low: float | None = None
    tolerance_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class GaugeStudy:
    """A study of a gauge's repeatability and reproducibility.

    method      anova crossed, anova nested, average and range
    table       analysis of variance, interaction included; None by ranges
    pooled      the table without interaction that the components come from; None where it was kept
    sources      sources of variation
    categories  number of distinct categories as a fraction: 1.41 · part sd / gauge sd
    ndc         its whole part, at least 1
    ndc_low, ndc_high  interval of `categories`
    verdict     good (gauge below 10 % of the study), doubt (to 30 %), bad; by tolerance where one is given
    """

    readings: Readings
    method: str
    table: Table | None
    pooled: Table | None
    sources: tuple[Variation, ...]
    categories: float
    ndc: int
    ndc_low: float | None
    ndc_high: float | None
    verdict: str
    level: float
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Number of readings used."""
        return len(self.readings.values)

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """Readings that were not used."""
        return self.readings.excluded

    def of(self, source: str) -> Variation:
        """One source of variation by its name, see SOURCES."""
        return next(one for one in self.sources if one.source == source)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = self.readings
        return {
            "method": self.method, "characteristic": own.characteristic, "unit": own.unit, "used": self.used,
            "excluded": [one.as_dict() for one in own.excluded], "parts": len(own.parts),
            "operators": len(own.operators), "lower": own.lower, "upper": own.upper, "confidence": self.level,
            "anova": None if self.table is None else [line.as_dict() for line in self.table.lines],
            "anova_pooled": None if self.pooled is None else [line.as_dict() for line in self.pooled.lines],
            "total_ss": None if self.table is None else self.table.total,
            "components": [one.as_dict() for one in self.sources], "categories": _known(self.categories),
            "ndc": self.ndc, "ndc_low": self.ndc_low, "ndc_high": self.ndc_high, "verdict": self.verdict,
            "notes": list(self.notes), "source": own.source,
        }  # fmt: skip


def crossed(study: Readings, *, pool_above: float = 0.25, level: float = 0.95, seed: int = 1) -> GaugeStudy:
    """A crossed study (every operator reads every part) by analysis of variance.

    pool_above  the interaction is left out where its p is larger [1]
    level       confidence of the intervals
    seed        of the draws for the intervals
    Raises      InputError: fewer than two parts or operators, no reading repeated, empty cells
    Example     crossed(readings(parts, operators, values)).of("gauge").study
    """
    _enough(study)
    cells = study.cells
    empty = int((cells == 0).sum())
    if empty:
        at = np.argwhere(cells == 0)[0]
        where = f"part {study.parts[at[0]]}, operator {study.operators[at[1]]}"
        told = words.MISSING.format(n=empty, m=cells.size)
        hint = "a study where each operator has own parts is nested"
        raise InputError(told, expected="every part read by every operator", where=where, hint=hint)
    part, operator = Term("part", study.part), Term("operator", study.operator)
    both = Term("interaction", study.part * len(study.operators) + study.operator)
    notes = _notes(study)
    table = analyse(study.values, (part, operator, both), ("interaction", "interaction", REPEAT))
    p = table.line("interaction").p
    pooled = None
    if p is not None and p > pool_above:
        pooled = analyse(study.values, (part, operator), (REPEAT, REPEAT))
        notes.append(words.POOLED.format(p=f"{p:.4f}", limit=f"{pool_above:g}"))
    elif p is not None:
        notes.append(words.KEPT.format(p=f"{p:.4f}"))
    used = pooled or table
    found = dict(zip([line.term for line in used.lines], solve(used).tolist(), strict=True))
    drawn = solve(used, draws(used, _DRAWS, seed)).T
    likely = dict(zip(found, drawn, strict=True))
    return from_variances(study, "anova crossed", table, pooled, found, likely, notes, level)


def nested(study: Readings, *, level: float = 0.95, seed: int = 1) -> GaugeStudy:
    """A nested study (each operator has parts of his own, as where a test destroys them) by analysis of variance.

    Parts of one name with different operators are different parts. Raises InputError as `crossed`.
    """
    _enough(study, parts=False)
    operator = Term("operator", study.operator)
    part = Term("part", study.operator * len(study.parts) + study.part)
    table = analyse(study.values, (operator, part), ("part", REPEAT))
    found = dict(zip([line.term for line in table.lines], solve(table).tolist(), strict=True))
    likely = dict(zip(found, solve(table, draws(table, _DRAWS, seed)).T, strict=True))
    return from_variances(study, "anova nested", table, None, found, likely, _notes(study), level)


def from_variances(
    study: Readings,
    method: str,
    table: Table | None,
    pooled: Table | None,
    found: dict[str, float],
    likely: dict[str, Floats] | None,
    notes: list[str],
    level: float,
) -> GaugeStudy:
    """The study's sources from the variances of its terms.

    found   variance of part, operator, interaction and repeat; those that are missing are zero [unit²]
    likely  draws of the same; None: no intervals
    """
    told = [words.BELOW_ZERO.format(term=name) for name, value in found.items() if value < 0]
    own = _sources({name: np.array([max(value, 0.0)]) for name, value in found.items()})
    cloud = None
    if likely is not None:
        cloud = _sources({name: np.maximum(values, 0.0) for name, values in likely.items()})
    gauge, part = (float(np.sqrt(own[name][0])) for name in ("gauge", "part"))
    ratio = _CATEGORIES * part / gauge if gauge > 0 else math.inf
    low = high = None
    if cloud is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.nan_to_num(_CATEGORIES * np.sqrt(cloud["part"] / cloud["gauge"]), nan=0.0, posinf=1e9)
        low, high = _ends(spread, level)
    parts = tuple(_part(name, own, cloud, study.tolerance, level) for name in SOURCES)
    ndc = max(1, int(ratio)) if math.isfinite(ratio) else 10**6
    share = parts[SOURCES.index("gauge")]
    worst = share.study if share.tolerance is None else share.tolerance
    verdict = "good" if worst < 10 else "doubt" if worst <= 30 else "bad"
    if ndc < 5:
        told.append(words.NDC_LOW if part > 0 else words.NO_PART_SPREAD)
        verdict = "bad" if verdict == "bad" or ndc < 2 else "doubt"
    notes = [*notes, *told]
    return GaugeStudy(study, method, table, pooled, parts, ratio, ndc, low, high, verdict, level, tuple(notes))


def _sources(variance: dict[str, Floats]) -> dict[str, Floats]:
    zero = np.zeros_like(variance[REPEAT])
    part, operator, both = (variance.get(name, zero) for name in ("part", "operator", "interaction"))
    repeat, people = variance[REPEAT], operator + both
    gauge = repeat + people
    return dict(zip(SOURCES, (repeat, people, operator, both, gauge, part, gauge + part), strict=True))


def _part(
    name: str, own: dict[str, Floats], cloud: dict[str, Floats] | None, tolerance: float | None, level: float
) -> Variation:
    variance, total = float(own[name][0]), float(own["total"][0])
    sd = math.sqrt(variance)
    sd_ends: tuple[float | None, float | None] = (None, None)
    study_ends = sd_ends
    if cloud is not None:
        sd_ends = _ends(np.sqrt(cloud[name]), level)
        study_ends = _ends(100 * np.sqrt(cloud[name] / cloud["total"]), level)
    share = [None if tolerance is None or end is None else 600 * end / tolerance for end in (sd, *sd_ends)]
    contribution = 100 * variance / total if total > 0 else 0.0
    study = 100 * sd / math.sqrt(total) if total > 0 else 0.0
    return Variation(name, variance, sd, *sd_ends, contribution, study, *study_ends, *share)


def _ends(cloud: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(cloud, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _enough(study: Readings, *, parts: bool = True) -> None:
    if len(study.operators) < 2:
        hint = "without a second operator only repeatability can be told: see bias"
        raise InputError("one operator shows no reproducibility", came=", ".join(study.operators) or "none", hint=hint)
    if parts and len(study.parts) < 2:
        raise InputError("one part shows no spread of parts", came=", ".join(study.parts) or "none")
    if not float(measurable(study.values, study.characteristic).std()) > 0:
        raise InputError(words.ALL_EQUAL.format(n=len(study.values)), hint="use a gauge with a finer step")


def _notes(study: Readings) -> list[str]:
    notes, cells = [], study.cells
    filled = cells[cells > 0]
    if filled.min() != filled.max():
        notes.append(words.UNBALANCED.format(n=int(filled.min()), m=int(filled.max())))
    if len(study.parts) < 5:
        notes.append(words.FEW_PARTS.format(n=len(study.parts)))
    if len(study.operators) < 3:
        notes.append(words.FEW_OPERATORS.format(n=len(study.operators)))
    different = len(np.unique(study.values))
    if different < 5:
        notes.append(words.COARSE.format(n=different, m=len(study.values)))
    return notes
