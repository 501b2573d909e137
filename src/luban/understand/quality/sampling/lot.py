"""The decision on a lot, sample by sample: accept, reject, or draw the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from luban.core.errors import InputError
from luban.understand.quality.sampling.plan import AttributePlan

__all__ = ["LotDecision", "Verdict", "judge"]

Verdict = Literal["accept", "reject", "next"]


@dataclass(frozen=True, slots=True)
class LotDecision:
    """How a lot stands after the samples drawn so far.

    verdict  accept, reject, or next: draw another sample
    samples  samples judged
    found    nonconforming pieces (or nonconformities) in them, accumulated
    units    pieces in them
    gap      accepted between acceptance and rejection number: reduced inspection ends with this lot
    size     pieces of the next sample; 0 where the decision is final
    why      the decision in words
    """

    verdict: Verdict
    samples: int
    found: int
    units: int
    gap: bool
    size: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "verdict": self.verdict, "samples": self.samples, "found": self.found, "units": self.units,
            "gap": self.gap, "next_sample": self.size, "why": self.why,
        }  # fmt: skip


def judge(plan: AttributePlan, found: Sequence[int]) -> LotDecision:
    """Judge a lot by what its samples held.

    found    nonconforming pieces (above AQL 10: nonconformities) in each sample drawn so far, in order
    Raises   InputError: a count below 0 or above its sample, a sample after the decision, more samples than the plan
    Example  judge(own_plan([(50, 0, 3), (50, 3, 4)]), [1]).verdict == "next"
    """
    if len(found) > len(plan.stages):
        raise InputError("more samples than the plan has", came=str(len(found)), expected=str(len(plan.stages)))
    total = units = 0
    for number, (stage, count) in enumerate(zip(plan.stages, found, strict=False), 1):
        if count < 0 or (not plan.per_hundred and count > stage.size):
            raise InputError(
                "this count cannot be", came=f"{count} in {stage.size} pieces", expected=f"0 to {stage.size}",
                where=f"sample {number}",
            )  # fmt: skip
        total, units = total + count, units + stage.size
        last = number == len(plan.stages)
        verdict: Verdict = "next"
        gap = False
        if total <= stage.accept:
            verdict, why = "accept", f"{total} found, at most {stage.accept} allowed"
        elif total >= stage.reject:
            verdict, why = "reject", f"{total} found, rejected from {stage.reject} on"
        elif last:
            verdict, gap = "accept", True
            why = f"{total} found, more than {stage.accept} but fewer than {stage.reject}"
        if verdict != "next":
            if len(found) > number:
                raise InputError("the lot was decided before its last sample", came=f"{verdict} at sample {number}")
            return LotDecision(verdict, number, total, units, gap, 0, why)
    samples = len(found)
    why = f"{total} found after {samples} samples: draw the next one" if samples else "no sample judged yet"
    return LotDecision("next", samples, total, units, gap=False, size=plan.stages[samples].size, why=why)
