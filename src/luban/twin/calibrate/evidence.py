"""What a calibration rests on: every parameter with its interval, and what the facts could not say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from scipy import special

from luban.twin.calibrate.fitting import Fit

__all__ = ["Evidence", "Finding", "Unknown", "share_interval"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One parameter that the facts identify.

    what       for example `processing time`
    where      item/operation, machine, station or pool
    value      estimate in `unit`; low, high its 95 % interval, nan where it has none
    n          values it rests on, `censored` of them only bounded
    goodness   p of the fit, nan where there is none
    shown      the distribution or setting as the model has it
    note       doubts, in words
    """

    what: str
    where: str
    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = "s"
    n: int = 0
    censored: int = 0
    method: str = ""
    goodness: float = math.nan
    shown: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """One thing that could not be identified: why, what the model assumes instead, what data would settle it."""

    what: str
    where: str
    why: str
    assumed: str
    needs: str


@dataclass(slots=True)
class Evidence:
    """Findings and unknowns, in the order in which they were made."""

    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def add(self, what: str, where: str, value: float, **more: object) -> None:
        """Book a parameter."""
        self.findings.append(Finding(what, where, float(value), **more))  # type: ignore[arg-type]

    def add_fit(self, what: str, where: str, fit: Fit, unit: str = "s", note: str = "") -> None:
        """Book a fitted distribution."""
        shown = (
            str(fit.distribution) if fit.kind != "empirical" else f"empirical, {len(fit.distribution.params)} points"
        )
        notes = "; ".join(filter(None, (note, *fit.doubts)))
        self.findings.append(
            Finding(what, where, *fit.mean, unit, fit.n, fit.censored, fit.method, fit.p, shown, notes)
        )

    def add_share(self, what: str, where: str, hits: int, n: int, note: str = "") -> None:
        """Book a probability with its Clopper-Pearson interval."""
        low, high = share_interval(hits, n)
        self.add(what, where, hits / n, low=low, high=high, unit="1", n=n, method="share", note=note)

    def miss(self, what: str, where: str, why: str, assumed: str, needs: str) -> None:
        """Book what could not be identified."""
        self.unknown.append(Unknown(what, where, why, assumed, needs))

    def of(self, what: str, where: str | None = None) -> list[Finding]:
        """Findings of one kind, at one place if given."""
        return [f for f in self.findings if f.what == what and where in {None, f.where}]

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """For JSON; nan becomes null."""
        return {
            "findings": [{k: _plain(v) for k, v in asdict(f).items()} for f in self.findings],
            "unknown": [asdict(u) for u in self.unknown],
        }

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def share_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a probability (Clopper, Pearson 1934) [1].

    Example share_interval(0, 10)[1] is 0.308: nothing seen in ten is not never
    """
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(special.betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high
