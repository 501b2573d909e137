"""A capability study: what measured pieces say about a process against its limits, and whether that may be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.capability import words
from luban.understand.quality.capability.fitted import fitted_indices
from luban.understand.quality.capability.indices import Index, indices_of, share_between, withheld
from luban.understand.quality.capability.outside import Outside, observed
from luban.understand.quality.capability.spread import Spread, measurable, overall, within as within_of
from luban.understand.quality.capability.stable import Stability, stability
from luban.understand.quality.data import Excluded, Floats, Sample
from luban.understand.quality.distributions import Fit, best, fit, fit_all

__all__ = ["SMALLEST", "Capability", "capability"]

SMALLEST = 10
"""Fewest values a capability index is told of: below, its interval spans the whole scale from poor to good."""
_SHORT, _LONG = ("Cp", "Cpl", "Cpu", "Cpk"), ("Pp", "Ppl", "Ppu", "Ppk", "Cpm")
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability study.

    values     measured values that were used, shape (n,) [unit]
    lower, target, upper  specification [unit]
    mean       of the values [unit]
    within     spread within subgroups; None where the sample cannot show it
    overall    spread of all values; None below two values
    fit        the family that percentiles and shares outside come from
    normality  how the normal fits
    fits       every family that was tried, the best first; empty where one was asked for
    indices    Cp, Cpl, Cpu, Cpk, Pp, Ppl, Ppu, Ppk, Cpm; a withheld one says why
    outside    shares beyond the limits: counted, and expected from the family
    stability  whether the process was in control, and what speaks against it
    level      confidence of the intervals [1]
    """

    characteristic: str
    unit: str
    values: Floats
    subgroups: int
    lower: float | None
    target: float | None
    upper: float | None
    mean: float
    within: Spread | None
    overall: Spread | None
    fit: Fit
    normality: Fit
    fits: tuple[Fit, ...]
    indices: tuple[Index, ...]
    outside: tuple[Outside, ...]
    stability: Stability
    level: float
    notes: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    source: str = ""
    _by_name: Mapping[str, Index] = field(default_factory=dict, repr=False, compare=False)

    @property
    def used(self) -> int:
        """Number of values used."""
        return len(self.values)

    def index(self, name: str) -> Index:
        """One index by its name."""
        return self._by_name[name]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        spreads = {
            name: None if one is None else {"method": one.method, "sigma": one.sigma, "degrees": one.degrees}
            for name, one in (("within", self.within), ("overall", self.overall))
        }
        law = self.fit.law
        return {
            "characteristic": self.characteristic, "unit": self.unit, "used": self.used, "subgroups": self.subgroups,
            "excluded": [one.as_dict() for one in self.excluded], "lower": self.lower, "target": self.target,
            "upper": self.upper, "mean": self.mean, **spreads, "confidence": self.level,
            "indices": [one.as_dict() for one in self.indices], "outside": [one.as_dict() for one in self.outside],
            "family": self.fit.family, "parameters": {} if law is None else dict(law.named),
            "normality": {"a2": _told(self.normality.a2), "p": self.normality.p},
            "families": [
                {"family": one.family, "bic": _told(one.bic), "a2": _told(one.a2), "p": one.p, "reason": one.reason}
                for one in self.fits
            ],
            "in_control": self.stability.in_control, "against_control": list(self.stability.reasons),
            "notes": list(self.notes), "source": self.source,
        }  # fmt: skip


def capability(
    sample: Sample,
    *,
    family: str = "normal",
    method: str = "",
    level: float = 0.95,
    despite: str = "",
    seed: int = 1,
) -> Capability:
    """What the sample says about its process against the limits of the sample.

    family  normal; the name of another family of `distributions`; or auto: normal unless it is refuted, else the best
    method  of the spread within subgroups, see `spread.within`
    level   confidence of the intervals, 0 < level < 1
    despite reason to give short-term indices although the process is not in control; it stands in the notes
    seed    of the samples drawn for intervals of a family other than the normal
    Raises  InputError: no value at all, no limit at all, unknown family or method
    Source  ISO 22514-2:2017; NIST/SEMATECH e-Handbook 6.1.6
    Example capability(replace(individuals(values), lower=9.0, upper=11.0)).index("Ppk").value
    """
    if not len(sample.values):
        expected = "at least one number"
        raise InputError("no value to judge", expected=expected, where=sample.source or sample.characteristic)
    if sample.lower is None and sample.upper is None:
        hint = "give a lower limit, an upper limit, or both"
        raise InputError("no specification limit", where=sample.characteristic, hint=hint)
    if not 0 < level < 1:
        raise InputError("a confidence lies between 0 and 1", came=f"{level:g}")
    x, n = measurable(sample.values, sample.characteristic), len(sample.values)
    short = within_of(sample, method)
    long = overall(x) if n > 1 else None
    normality = fit(x, "normal")
    chosen, fits = _family(x, family)
    judged = stability(sample, chosen.law)
    reason = _too_little(x)
    if reason:
        indices = tuple(withheld(name, reason) for name in (*_SHORT, *_LONG))
    else:
        indices = (
            *_short_term(sample, short, judged, level, despite, chosen), *_long_term(sample, long, chosen, level, seed),
        )  # fmt: skip
    sides = {one.name: one for one in indices}
    return Capability(
        sample.characteristic, sample.unit, x, len(sample), sample.lower, sample.target, sample.upper, float(x.mean()),
        short, long, chosen, normality, fits, indices, _outside(sample, chosen, sides, reason, level), judged, level,
        _notes(sample, chosen, normality, judged, reason, despite), sample.excluded, sample.source, sides,
    )  # fmt: skip


def _told(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _family(x: Floats, family: str) -> tuple[Fit, tuple[Fit, ...]]:
    if family == "auto":
        fits = fit_all(x)
        return best(fits, _DOUBT), fits
    return fit(x, family), ()


def _too_little(x: Floats) -> str:
    if len(x) < SMALLEST:
        return words.FEW.format(n=len(x), m=SMALLEST)
    if not float(x.std()) > 0:
        return words.CONSTANT.format(n=len(x))
    return ""


def _short_term(
    sample: Sample, spread: Spread | None, judged: Stability, level: float, despite: str, chosen: Fit
) -> tuple[Index, ...]:
    reason = ""
    if spread is None:
        reason = words.NO_WITHIN
    elif not spread.sigma > 0:
        reason = words.CONSTANT.format(n=len(sample.values))
    elif chosen.family != "normal":
        reason = words.FAMILY_WITHIN
    elif judged.in_control is None and not despite:
        reason = judged.reasons[0]
    elif judged.in_control is False and not despite:
        reason = words.UNSTABLE.format(what=judged.reasons[0])
    if reason or spread is None:
        return tuple(withheld(name, reason) for name in _SHORT)
    limits = sample.lower, sample.target, sample.upper
    return indices_of(float(sample.values.mean()), spread, len(sample.values), *limits, level=level)[: len(_SHORT)]


def _long_term(sample: Sample, spread: Spread | None, chosen: Fit, level: float, seed: int) -> tuple[Index, ...]:
    if spread is None or chosen.law is None:
        why = words.NO_FAMILY.format(family=chosen.family, why=chosen.reason)
        return tuple(withheld(name, why) for name in _LONG)
    limits = sample.lower, sample.target, sample.upper
    mean, n = float(sample.values.mean()), len(sample.values)
    normal = indices_of(mean, spread, n, *limits, level=level, short_term=False)
    if chosen.family == "normal":
        return normal
    return (*fitted_indices(sample, chosen.law, level, seed), normal[-1])


def _outside(sample: Sample, chosen: Fit, sides: Mapping[str, Index], reason: str, level: float) -> tuple[Outside, ...]:
    found = []
    for side, limit, name in (("below", sample.lower, "Ppl"), ("above", sample.upper, "Ppu")):
        if limit is None:
            continue
        own = observed(side, limit, sample.values, level)
        law, index = chosen.law, sides[name]
        if law is not None and not reason:
            share = float(law.below(limit) if side == "below" else law.above(limit))
            least, most = (None, None)
            if chosen.family == "normal" and index.low is not None:
                least, most = share_between(index.low, index.high)
            own = own.expecting(share, least, most)
        found.append(own)
    return tuple(found)


def _notes(
    sample: Sample, chosen: Fit, normality: Fit, judged: Stability, reason: str, despite: str
) -> tuple[str, ...]:
    if reason:
        return (reason,)
    x, n, notes = sample.values, len(sample.values), []
    if judged.in_control is False:
        notes.append(words.GUARDED.format(why=despite) if despite else words.UNSTABLE_OVERALL)
    notes += judged.doubts
    if chosen.law is None:
        notes.append(words.NO_FAMILY.format(family=chosen.family, why=chosen.reason))
    elif chosen.family == "normal" and normality.p is not None and normality.p < _DOUBT:
        notes.append(words.NOT_NORMAL.format(a=f"{normality.a2:.3f}", p=f"{normality.p:.4f}"))
    if n < 50:
        notes.append(words.CHANCE_SMALL)
    different = len(np.unique(x))
    if different < min(10, n / 2):
        notes.append(words.ROUNDED.format(n=different, m=n))
    return tuple(notes)
