"""What a failure and a planned stop cost: parts, work, and the output that the plant loses meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from luban.core.errors import InputError

__all__ = ["Prices", "output_lost", "spare_hours"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one part of one machine, in one currency.

    failure           of one failure: part, work, damage around it, without lost output [money], > 0
    planned           of one planned replacement, without lost output [money], > 0
    repair            of one repair that leaves the age as it is [money]; None: as `failure`
    inspection        of one look [money], ≥ 0
    visit             shared by all that is done at one stop: travel, permit, cooling down [money], ≥ 0
    hour              of output lost per hour of stop [money/h], ≥ 0: the bottleneck's price, see `output_lost`
    spare             hours of a stop that the machine catches up, so that no output is lost [h], see `spare_hours`
    failure_hours     a failure stops the machine [h]; likewise planned_hours, repair_hours, inspection_hours
    source            where the prices are from, or which are assumed
    Raises            InputError
    """

    failure: float
    planned: float
    repair: float | None = None
    inspection: float = 0.0
    visit: float = 0.0
    hour: float = 0.0
    spare: float = 0.0
    failure_hours: float = 0.0
    planned_hours: float = 0.0
    repair_hours: float | None = None
    inspection_hours: float = 0.0
    currency: str = "CNY"
    source: str = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, str) or value is None:
                continue
            least = 5e-324 if one.name in {"failure", "planned"} else 0.0
            if not (least <= value < math.inf):
                expected = "above 0" if least else "0 or above"
                raise InputError("no price", came=f"{value:g}", expected=expected, where=one.name)

    @property
    def of_failure(self) -> float:
        """A failure with the output lost [money]."""
        return self.failure + self.visit + self._lost(self.failure_hours)

    @property
    def of_planned(self) -> float:
        """A planned replacement with the output lost [money]."""
        return self.planned + self.visit + self._lost(self.planned_hours)

    @property
    def of_repair(self) -> float:
        """A minimal repair with the output lost [money]."""
        own = self.failure if self.repair is None else self.repair
        return own + self.visit + self._lost(self.hours_of_repair)

    @property
    def hours_of_repair(self) -> float:
        """Hours that a minimal repair stops the machine [h]."""
        return self.failure_hours if self.repair_hours is None else self.repair_hours

    @property
    def of_inspection(self) -> float:
        """A look with the output lost [money]."""
        return self.inspection + self._lost(self.inspection_hours)

    def _lost(self, hours: float) -> float:
        return self.hour * max(0.0, hours - self.spare)

    def changed(self, **new: float) -> Prices:
        """The same with some prices changed."""
        return replace(self, **new)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST, with the sums."""
        own: dict[str, object] = {one.name: getattr(self, one.name) for one in fields(self)}
        return own | {
            "of_failure": self.of_failure, "of_planned": self.of_planned, "of_inspection": self.of_inspection
        }  # fmt: skip


def output_lost(stop: float, load: float, bottleneck: float, hours: float) -> float:
    """Hours of the plant's output that one stop of a machine costs [h].

    A machine that is less loaded than the bottleneck can catch up: its spare hours of the period are taken off.

    stop        length of the stop [h], ≥ 0
    load        share of its open time that the schedule has it work [1]
    bottleneck  the greatest load of a machine in that schedule [1], > 0
    hours       open hours of the period over which work can be caught up [h]
    Example     output_lost(20, 0.9, 0.9, 75) == 20.0 and output_lost(20, 0.5, 0.9, 75) == 0.0
    """
    if stop < 0:
        raise InputError("a stop takes some time", came=f"{stop:g}", expected="0 or above")
    return max(0.0, stop - spare_hours(load, bottleneck, hours))


def spare_hours(load: float, bottleneck: float, hours: float) -> float:
    """Hours of a period that a machine has more than the bottleneck: stops as long are caught up [h].

    load, bottleneck, hours  as `output_lost` has them
    Raises   InputError
    Example  spare_hours(0.5, 0.9, 75) == 30.0
    """
    if not (0 <= load <= bottleneck * (1 + 1e-9) and bottleneck > 0 and hours >= 0):
        raise InputError("loads lie between 0 and that of the bottleneck", came=f"{load:g} of {bottleneck:g}")
    return max(0.0, (bottleneck - load) * hours)
