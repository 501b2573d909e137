"""How a characteristic's set-point stands in the books, and what is proposed for it now.

Reads  Fact(measurement), Fact(event) of the kind `setpoint`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.proposal import SetPointPlan, propose
from luban.decide.setpoint.standing import Standing, standing_of
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.book import entries
from luban.understand.quality.data import Sample
from luban.understand.quality.measured import measured
from luban.understand.quality.spc.chart import Chart

__all__ = ["NEWEST", "Stood", "stood_of"]

_SHOWN = 200
NEWEST = 300
"""Newest values that a proposal rests on."""


@dataclass(frozen=True, slots=True)
class Stood:
    """What there is of one characteristic.

    stands  what people agreed on and set
    plan    the proposal; None where there is none, and `why` says the reason
    head    seq up to which the books were read
    """

    characteristic: str
    stands: Standing
    plan: SetPointPlan | None
    why: InputError | None
    head: int

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        knob = self.stands.knob
        return {
            "characteristic": self.characteristic, "agreed": knob is not None,
            "set_point": None if knob is None else {"name": knob.name, "unit": knob.unit, "now": knob.now},
            "plan": None if self.plan is None else self.plan.as_dict(),
            "why": None if self.why is None else self.why.as_dict(),
            "history": [entry.as_dict() for entry in self.stands.history[:_SHOWN]], "head": self.head,
        }  # fmt: skip


def stood_of(
    ledger: Ledger, plant: Plant, characteristic: str, *, start: int | None = None,
    chart: Callable[[], Chart | None] = lambda: None,
) -> Stood:  # fmt: skip
    """Read the books and work the proposal out anew.

    start  only values from then on [µs UTC]
    chart  gives the control chart as people keep it, for its signals; None: a usual one of these runs
    """
    stands = standing_of(entries(ledger, "setpoint", characteristic))
    found = measured(ledger, plant, characteristic, start)
    if stands.knob is None:
        why = InputError("no safe envelope is agreed on", where=characteristic)
        return Stood(characteristic, stands, None, why, found.head)
    sample = _newest(found.sample)
    try:
        seqs = found.seqs[-len(sample.values) :]
        facts = {"first_seq": int(seqs.min()), "last_seq": int(seqs.max()), "head": found.head} if len(seqs) else {}
        used = stands.in_force(sample.time)
        plan = propose(sample, stands.knob, target=stands.target, set_points=used, facts=facts, chart=chart())
    except InputError as error:
        return Stood(characteristic, stands, None, error, found.head)
    return Stood(characteristic, stands, plan, None, found.head)


def _newest(sample: Sample) -> Sample:
    """The newest runs of a sample."""
    if len(sample) <= NEWEST:
        return sample
    first = len(sample) - NEWEST
    begin = int(sample.starts[first])
    return replace(
        sample, values=sample.values[begin:], starts=np.asarray(sample.starts[first:]) - begin,
        labels=tuple(sample.labels[first:]), time=sample.time[first:],
    )  # fmt: skip
