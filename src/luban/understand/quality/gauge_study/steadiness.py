"""Stability of a gauge: readings of one master piece over time, on a control chart, with bias and drift.

Source: AIAG, Measurement Systems Analysis, 4th edition (2010), ch. III A; NIST/SEMATECH e-Handbook 2.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.capability.stable import Stability, stability
from luban.understand.quality.data import NO_TIME, Sample
from luban.understand.quality.gauge_study import words
from luban.understand.quality.gauge_study.bias import Bias, Coefficient, bias, line_fit

__all__ = ["GaugeStability", "gauge_stability"]

_DAY = 86_400_000_000.0


@dataclass(frozen=True, slots=True)
class GaugeStability:
    """How a gauge kept over time.

    judged    control chart of the readings and what it says
    bias      against the reference of the master; None where none was given
    drift     change of the reading a day, or a sitting where times are not known, with its test [unit]
    by_time   whether the drift is a day's
    """

    sample: Sample
    judged: Stability
    bias: Bias | None
    drift: Coefficient | None
    by_time: bool
    level: float
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Readings used."""
        return len(self.sample.values)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "characteristic": self.sample.characteristic, "unit": self.sample.unit, "used": self.used,
            "excluded": [one.as_dict() for one in self.sample.excluded], "stable": self.judged.in_control,
            "against": list(self.judged.reasons), "doubts": list(self.judged.doubts),
            "bias": None if self.bias is None else self.bias.as_dict(),
            "drift": None if self.drift is None else self.drift.as_dict(),
            "drift_per": "day" if self.by_time else "sitting",
            "chart": None if self.judged.chart is None else self.judged.chart.as_dict(), "notes": list(self.notes),
            "confidence": self.level, "source": self.sample.source,
        }  # fmt: skip


def gauge_stability(
    sample: Sample, reference: float | None = None, *, tolerance: float | None = None, level: float = 0.95
) -> GaugeStability:
    """Judge readings of a master piece, a subgroup a sitting, in order of time.

    reference  accepted value of the master [unit]; None: no bias
    Raises     InputError: fewer than two sittings
    """
    if len(sample) < 2:
        raise InputError("one sitting shows no stability", came=str(len(sample)), expected="at least 2 sittings")
    judged = stability(sample)
    known = bool((sample.time != NO_TIME).all()) and int(np.ptp(sample.time)) > 0
    at = (sample.time - sample.time[0]) / _DAY if known else np.arange(len(sample), dtype=np.float64)
    drift = None
    if len(sample.values) > 2:
        drift = line_fit(np.repeat(at, sample.sizes), sample.values, level)[1]
    own = None
    if reference is not None:
        own = bias(sample.values, reference, tolerance=tolerance, level=level, label=sample.characteristic)
    notes = [words.UNSTABLE_GAUGE.format(what=one) for one in judged.reasons] if judged.in_control is False else []
    return GaugeStability(sample, judged, own, drift, known, level, tuple(notes))
