"""How a characteristic's set-point stands in the books, and what is proposed for it now.

Reads  Fact(measurement, event)    Writes  nothing: pages write entries of the kind `setpoint`
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.proposal import SetPointPlan, propose
from luban.decide.setpoint.standing import Standing, standing_of
from luban.screens.service.view import PlantView
from luban.understand.quality.book import entries
from luban.understand.quality.data import Sample
from luban.understand.quality.measured import characteristics_with_data, measured

__all__ = ["NEWEST", "Stood", "known_characteristics", "read_setpoint"]

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


def known_characteristics(view: PlantView) -> tuple[str, ...]:
    """Those with values in the books, as the plant lists them."""
    return tuple(characteristics_with_data(view.ledger, view.plant))


def read_setpoint(view: PlantView, characteristic: str) -> Stood:
    """Read the books and work the proposal out anew."""
    stands = standing_of(entries(view.ledger, "setpoint", characteristic))
    found = measured(view.ledger, view.plant, characteristic)
    if stands.knob is None:
        why = InputError("no safe envelope is agreed on", where=characteristic)
        return Stood(characteristic, stands, None, why, found.head)
    sample = _newest(found.sample)
    try:
        seqs = found.seqs[-len(sample.values) :]
        facts = {"first_seq": int(seqs.min()), "last_seq": int(seqs.max()), "head": found.head} if len(seqs) else {}
        used = stands.in_force(sample.time)
        plan = propose(sample, stands.knob, target=stands.target, set_points=used, facts=facts)
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
