"""Which morning of the shop is told: one on which chance has a breakdown in store.

The shop's own process looks for it; whoever collects and decides never learns of it.

Reads   runs of a model    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.twin.kernel.trace import Kind
from luban.twin.model import Model
from luban.twin.run import Run

__all__ = ["Morning", "find_morning"]

_OPENS: Final = 6 * HOUR
_BREAKS: Final = (7.2, 8.4)  # [h of the day] between which the breakdown lies
_REPAIR: Final = (1.5, 10.0)  # [h] for how long
_WARM: Final = 25 * DAY  # the shop has filled up by then
_SHARE: Final = 0.55  # of what is told, the breakdown comes


@dataclass(frozen=True, slots=True)
class Morning:
    """A stretch of a run.

    begin, end  [µs after the model's start];  breakdown  when the machine fails
    """

    seed: int
    begin: int
    end: int
    breakdown: int
    machine: str


def find_morning(model: Model, seeds: Iterable[int] = range(1, 60)) -> Morning:
    """The first such morning. Raises InputError where there is none."""
    for seed in seeds:
        trace = Run(model, seed=seed, trace="facts").to(model.horizon).take_trace()
        failed, repaired = trace[trace["kind"] == Kind.FAILED], trace[trace["kind"] == Kind.REPAIRED]
        for row in failed[failed["time"] >= _WARM]:
            at, machine = int(row["time"]), int(row["machine"])
            later = repaired[(repaired["machine"] == machine) & (repaired["time"] > at)]["time"]
            lasts = (int(later[0]) - at) / HOUR if len(later) else 0.0
            if _BREAKS[0] <= at % DAY / HOUR <= _BREAKS[1] and _REPAIR[0] <= lasts <= _REPAIR[1]:
                begin = at // DAY * DAY + _OPENS
                end = begin + int((at - begin) / _SHARE)
                return Morning(seed, begin, end, at, model.machines[machine].id)
    raise InputError("no morning with a breakdown was found", came=model.id)
