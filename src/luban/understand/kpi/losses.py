"""The OEE loss waterfall: where the planned time went. The steps add up to the planned time exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from luban.core.time import SECOND
from luban.understand.kpi.figure import Settings
from luban.understand.kpi.figures import Place, figure
from luban.understand.kpi.sums import Sums

__all__ = ["Losses", "Step", "losses_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the waterfall.

    name      unknown, down, setup, delay, speed, scrap, rework, effective; `running` where it cannot be split
    element   ISO 22400 abbreviation where the step is one
    duration  [µs]
    share     of the planned time [1]; None where nothing was planned
    """

    name: str
    element: str
    duration: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Planned time of one place and window, step by step.

    planned   planned busy time, unknown time included [µs]
    steps     losses in order, what is left last; their durations add up to `planned`
    withheld  why running time is not split into speed, quality and effective, '' where it is
    """

    subject: str
    start: int
    end: int
    shift: str
    planned: int
    steps: tuple[Step, ...]
    withheld: str
    seq: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def losses_of(sums: Sums, place: Place, settings: Settings) -> Losses:
    """The waterfall of some sums: planned, less unknown, down, setup, delay, speed, scrap and rework, is effective.

    Speed loss is running time less the work of the pieces; it is negative where work runs ahead of the ideal cycle
    within the tolerance. Scrap and rework take their share of the pieces, so effective time is OEE of known time.
    """
    rows = [
        ("unknown", "UNKNOWN", sums.time("UNKNOWN")),
        ("down", "ADOT", sums.time("ADOT")),
        ("setup", "AUST", sums.time("AUST")),
        ("delay", "ADET", sums.time("ADET")),
    ]
    oee = figure("oee", sums, place, settings)
    running = sums.time("APT")
    if oee.value is None:
        rows.append(("running", "APT", running))
    else:
        elements = sums.elements
        work = round(elements["WORK"] * SECOND)
        scrap, rework = (round(work * elements[kind] / elements["PQ"]) for kind in ("SQ", "RQ"))
        rows += [
            ("speed", "", running - work),
            ("scrap", "", scrap),
            ("rework", "", rework),
            ("effective", "", work - scrap - rework),
        ]
    planned = sums.planned
    return Losses(
        place.subject,
        place.start,
        place.end,
        place.shift,
        planned,
        tuple(Step(name, element, span, span / planned if planned else None) for name, element, span in rows),
        oee.withheld,
        place.seq,
    )
