"""The verdict on an act: its baseline, the time after it, and what was promised.

Reads   a baseline and series    Writes  nothing
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np

from luban.verify.baseline import LEAST_AFTER, Baseline
from luban.verify.estimate import Estimate
from luban.verify.methods import by_differences, by_interruption, by_regression
from luban.verify.metric import Decision, Prediction
from luban.verify.outcome import Outcome, conclude, without_estimate
from luban.verify.rates import by_rates
from luban.verify.series import Series

__all__ = ["MOST_BEYOND", "judge"]

MOST_BEYOND: Final = 0.5
"""Share of the periods after the act that may lie beyond the drivers the baseline has seen [1]."""

_ROOM = 0.1


def judge(
    baseline: Baseline,
    whole: Series,
    decision: Decision,
    *,
    predicted: Prediction | None = None,
    confirmed: bool = True,
    until: int | None = None,
    head: int = 0,
    notes: tuple[str, ...] = (),
) -> Outcome:
    """What an act brought, by its baseline.

    whole      the figure before and after the act, with the drivers and controls of the baseline
    confirmed  the act was carried out and read back
    until      judge the time up to here [µs UTC]; None: all there is
    head       of the books that the series was read from
    notes      to hand on

    Example    judge(baseline, daily, Decision("offset 12", moment)).verdict
    """
    before = whole.between(baseline.start, baseline.end - baseline.period + 1)
    after = whole.between(baseline.end, until)
    facts = hashlib.sha256(f"{before.digest()} {after.digest()}".encode()).hexdigest()
    said = list(notes)
    if before.digest() != baseline.digest:
        said.append("facts of the baseline were corrected after it was fixed: it was fitted anew, as it was fixed")
    more: dict[str, Any] = {
        "baseline": baseline.digest, "facts": facts, "head": head, "n_out": len(whole.excluded),
        "notes": (*baseline.notes, *said),
    }  # fmt: skip
    verdict, reasons = _refused(baseline, before, after, decision, confirmed=confirmed)
    if verdict:
        counts = {"n_before": len(before), "n_after": len(after), "level": baseline.level, "predicted": predicted}
        return without_estimate(verdict, reasons, decision, baseline.metric, baseline.method, **more, **counts)
    found = _estimate(baseline, before, after)
    return conclude(found, decision, baseline.metric, baseline.method, predicted=predicted, **more)


def _refused(
    baseline: Baseline, before: Series, after: Series, decision: Decision, *, confirmed: bool
) -> tuple[str, tuple[str, ...]]:
    if not baseline.usable:
        return "not evaluable", baseline.lacks
    if baseline.fixed > decision.at:
        return "not evaluable", ("the baseline was fixed after the act",)
    if len(before) < baseline.count * 0.9:
        return "not evaluable", (f"of the baseline's {baseline.count} periods only {len(before)} are left",)
    if not confirmed:
        return "unverified", ("the act was not confirmed: nobody knows whether it was carried out",)
    if len(after) < LEAST_AFTER:
        return "unverified", (f"{len(after)} known periods after the act, {LEAST_AFTER} are needed",)
    share = _beyond(before, after)
    if share > MOST_BEYOND:
        said = f"in {share:.0%} of the periods after the act a driver lies beyond what the baseline has seen"
        return "not evaluable", (said,)
    return "", ()


def _beyond(before: Series, after: Series) -> float:
    far = np.zeros(len(after), bool)
    for name, seen in before.drivers.items():
        room = _ROOM * float(np.ptp(seen))
        far |= (after.drivers[name] < seen.min() - room) | (after.drivers[name] > seen.max() + room)
    return float(far.mean()) if len(far) else 0.0


def _estimate(baseline: Baseline, before: Series, after: Series) -> Estimate:
    season, level = baseline.season, baseline.level
    if baseline.method == "interrupted":
        return by_interruption(before, after, season=season, level=level)
    if baseline.method == "differences":
        return by_differences(before, after, season=season, level=level)
    if baseline.method in ("share", "rate"):
        return by_rates(before, after, share=baseline.method == "share", level=level)
    return by_regression(
        before, after, temperature=baseline.temperature, form=baseline.form, season=season, level=level
    )
