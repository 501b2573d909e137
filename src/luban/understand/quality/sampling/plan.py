"""Plans by attributes: how many pieces to draw, when the lot is accepted, when it is rejected, when to draw on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luban.core.errors import InputError
from luban.norms.sampling import Kind, Severity, TablePlan, code_letter, table_plan

__all__ = ["AttributePlan", "Stage", "own_plan", "standard_plan"]

_PERCENT_DEFECTIVE_UP_TO = 10.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One sample of a plan.

    size    pieces in this sample
    accept  accept the lot if all samples so far hold at most this many; -1: cannot accept yet
    reject  reject the lot if they hold at least this many
    """

    size: int
    accept: int
    reject: int


@dataclass(frozen=True, slots=True)
class AttributePlan:
    """A plan by attributes.

    stages     the samples, one after the other; between the last acceptance and rejection number the lot is
               accepted, but reduced inspection ends
    lot        pieces in the lot; None: a stream of lots, or not known
    kind       single, double, multiple, own
    severity   normal, tightened, reduced
    aql        [% nonconforming up to 10, else nonconformities per 100 pieces]; None for a plan of own risks
    level      inspection level, "" for a plan of own risks
    letter     code letter of the lot, used: of the plan where arrows lead
    every      the sample is the whole lot
    notes      what differs from what was asked for
    reference  standard, edition and table, or how the plan was found
    """

    stages: tuple[Stage, ...]
    lot: int | None
    kind: str
    severity: Severity
    aql: float | None
    level: str
    letter: str
    used: str
    every: bool
    notes: tuple[str, ...]
    reference: str

    @property
    def total(self) -> int:
        """Pieces if every sample is drawn."""
        return sum(stage.size for stage in self.stages)

    @property
    def per_hundred(self) -> bool:
        """Nonconformities are counted, several on a piece if need be, not nonconforming pieces."""
        return self.aql is not None and self.aql > _PERCENT_DEFECTIVE_UP_TO

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        stages = [{"size": one.size, "accept": one.accept, "reject": one.reject} for one in self.stages]
        return {
            "kind": self.kind, "severity": self.severity, "lot": self.lot, "aql": self.aql, "level": self.level,
            "letter": self.letter, "used_letter": self.used, "stages": stages, "inspect_all": self.every,
            "counts": "nonconformities" if self.per_hundred else "nonconforming pieces", "notes": list(self.notes),
            "reference": self.reference,
        }  # fmt: skip


def standard_plan(
    lot: int, aql: float | str, *, level: str = "II", severity: Severity = "normal", kind: Kind = "single"
) -> AttributePlan:
    """The plan of MIL-STD-105E (ANSI/ASQ Z1.4) for a lot.

    lot       pieces, from 2
    aql       one of the standard's AQLs [% nonconforming, above 10 nonconformities per 100 pieces]
    level     I, II, III, S-1 to S-4
    severity  normal, tightened, reduced: what the switching rules ask for
    kind      single, double or multiple
    Raises    InputError for what the tables do not have
    Example   standard_plan(1000, 1.0).stages == (Stage(80, 2, 3),)
    """
    letter = code_letter(lot, level)
    found = table_plan(letter, aql, severity, kind)
    notes = []
    if found.used != letter:
        notes.append("The arrows of the table lead to another code letter, and its sample size holds.")
    if found.kind != kind:
        notes.append("The table has no such plan here and refers to a simpler one.")
    if found.kind != "single" and found.size * len(found.numbers) > lot:
        found = table_plan(letter, aql, severity, "single")
        notes.append("All samples together would exceed the lot: the single plan is used.")
    every = found.size >= lot
    if every:
        notes.append("The sample is as large as the lot or larger: inspect every piece.")
    return _made(found, lot, level, every=every, notes=notes)


def own_plan(
    stages: Sequence[tuple[int, int, int]], *, lot: int | None = None, reference: str = "a plan of your own"
) -> AttributePlan:
    """A plan from sample sizes with their accumulated acceptance and rejection numbers.

    stages   (size, accept, reject) of each sample; accept -1: cannot accept with this sample
    Raises   InputError where a plan contradicts itself
    Example  own_plan([(50, 0, 3), (50, 3, 4)]).kind == "double"
    """
    made = tuple(Stage(*one) for one in stages)
    if not made:
        raise InputError("a plan needs at least one sample")
    for number, (before, stage) in enumerate(zip((None, *made), made, strict=False), 1):
        where = f"sample {number}"
        if stage.size < 1 or stage.accept < -1 or stage.reject <= stage.accept or stage.reject < 1:
            came = f"n {stage.size}, accept {stage.accept}, reject {stage.reject}"
            raise InputError(
                "this sample cannot decide", came=came, expected="n > 0, -1 <= accept < reject", where=where
            )
        if before and (stage.accept < before.accept or stage.reject < before.reject):
            raise InputError("acceptance and rejection numbers are accumulated and do not fall", where=where)
    if made[-1].accept < 0:
        raise InputError("the last sample never accepts", expected="an acceptance number of 0 or more")
    if lot is not None and sum(stage.size for stage in made) > lot:
        raise InputError("the samples are larger than the lot", came=f"{sum(s.size for s in made)} of {lot} pieces")
    kind = {1: "single", 2: "double"}.get(len(made), "multiple")
    return AttributePlan(
        made, lot, kind, "normal", None, "", "", "", every=lot is not None and made[0].size == lot, notes=(),
        reference=reference,
    )  # fmt: skip


def _made(found: TablePlan, lot: int, level: str, *, every: bool, notes: Sequence[str]) -> AttributePlan:
    size = lot if every else found.size
    stages = tuple(Stage(size, accept, reject) for accept, reject in found.numbers)
    return AttributePlan(
        stages, lot, found.kind, found.severity, float(found.aql), level, found.letter, found.used, every,
        tuple(notes), found.provenance.reference,
    )  # fmt: skip
