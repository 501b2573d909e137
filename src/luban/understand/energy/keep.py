"""Baselines that are kept: frozen with their numbers before the act, so that nothing can be fitted to the outcome.

A frozen baseline is an entry `baseline` of the book with its terms, coefficients, covariance and noise; readings that
come in or are corrected later do not move it. What is done about it later is one more entry.

Reads   Fact(event) of kind `baseline`    Writes  nothing itself
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.understand.book import entries
from luban.understand.energy.enpi import Baseline, Term
from luban.understand.energy.noise import Noise
from luban.understand.quality.data import Excluded

__all__ = ["KIND", "Kept", "baseline_document", "baseline_of", "kept_baselines"]

KIND = "baseline"
"""Kind of the entries; their codes are freeze and retire."""


@dataclass(frozen=True)
class Kept:
    """A frozen baseline.

    id         e.g. B-1
    title      what is done about the energy, in words
    meter      whose energy it is of; `medium`, `unit` of it
    step       day or week
    drivers    what it hangs on; `temperature`: which of them is one, or ""
    start, end the window it was fitted on [µs UTC]
    act        from when on savings count [µs UTC]
    frozen     when it was written [µs UTC]; `person` by whom; `seq` of the entry
    head       newest fact that it had seen
    retired    when it was put aside [µs UTC]; None while it counts
    why        it was put aside
    """

    id: str
    title: str
    meter: str
    medium: str
    unit: str
    step: str
    drivers: tuple[str, ...]
    temperature: str
    start: int
    end: int
    act: int
    frozen: int
    person: str
    seq: int
    head: int
    baseline: Baseline
    retired: int | None = None
    why: str = ""

    @property
    def afterwards(self) -> bool:
        """Frozen only after the act: whoever chose it may have known the outcome."""
        return self.frozen > self.act


def kept_baselines(ledger: Ledger, as_of: int | None = None) -> dict[str, Kept]:
    """Frozen baselines by id, in the order in which they were frozen; an entry that cannot be read is passed over."""
    found: dict[str, Kept] = {}
    for entry in entries(ledger, KIND, as_of=as_of):
        if entry.code == "freeze" and entry.subject not in found:
            made = _kept(entry.subject, entry.data)
            if made is not None:
                found[entry.subject] = replace(
                    made, title=entry.text, frozen=entry.time, person=entry.person, seq=entry.seq
                )
        elif entry.code == "retire" and entry.subject in found:
            found[entry.subject] = replace(found[entry.subject], retired=entry.time, why=entry.text)
    return found


def _kept(name: str, data: Mapping[str, Any]) -> Kept | None:
    try:
        return Kept(
            id=name, title="", meter=str(data["meter"]), medium=str(data["medium"]), unit=str(data["unit"]),
            step=str(data["step"]), drivers=tuple(map(str, data["drivers"])), temperature=str(data["temperature"]),
            start=int(data["start"]), end=int(data["end"]), act=int(data["act"]), frozen=0, person="", seq=0,
            head=int(data["head"]), baseline=baseline_of(data["baseline"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def baseline_document(baseline: Baseline) -> dict[str, Any]:
    """A baseline as JSON holds it; its residuals stay behind.

    Raises  InputError where a number of it is not finite
    """
    noise = baseline.noise
    terms = [[one.driver, one.shape, None if math.isnan(one.point) else one.point] for one in baseline.terms]
    made = {
        "form": baseline.form, "terms": terms, "coefficients": baseline.coefficients.tolist(),
        "errors": baseline.errors.tolist(), "used": baseline.used, "r2": baseline.r2,
        "adjusted_r2": baseline.adjusted_r2, "cv_rmse": baseline.cv_rmse,
        "noise": {"rhos": noise.rhos.tolist(), "weights": noise.weights.tolist(), "sizes": noise.sizes.tolist(),
                  "free": noise.free},
        "covariance": baseline.covariance.tolist(), "notes": list(baseline.notes),
        "ranges": {name: list(span) for name, span in baseline.ranges.items()},
        "excluded": [one.as_dict() for one in baseline.excluded],
    }  # fmt: skip
    arrays = (baseline.coefficients, baseline.covariance, noise.sizes, np.array([baseline.r2, baseline.cv_rmse]))
    if not all(np.isfinite(one).all() for one in arrays):
        raise InputError("this baseline has no finite numbers", came=f"r² {baseline.r2:g}, CV {baseline.cv_rmse:g}")
    return made


def baseline_of(data: Mapping[str, Any]) -> Baseline:
    """The baseline of such a document. Raises KeyError, TypeError or ValueError for another one."""

    def floats(value: Any) -> np.ndarray:
        return np.array(value, np.float64)

    told = data["noise"]
    noise = Noise(floats(told["rhos"]), floats(told["weights"]), floats(told["sizes"]), float(told["free"]))
    terms = tuple(Term(str(d), str(s), math.nan if p is None else float(p)) for d, s, p in data["terms"])
    return Baseline(
        form=str(data["form"]), terms=terms, coefficients=floats(data["coefficients"]), errors=floats(data["errors"]),
        used=int(data["used"]), excluded=tuple(Excluded(**one) for one in data["excluded"]), r2=float(data["r2"]),
        adjusted_r2=float(data["adjusted_r2"]), cv_rmse=float(data["cv_rmse"]), noise=noise,
        covariance=floats(data["covariance"]), notes=tuple(map(str, data["notes"])),
        ranges={str(name): (float(low), float(high)) for name, (low, high) in data["ranges"].items()},
    )  # fmt: skip
