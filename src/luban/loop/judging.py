"""What decisions brought: a baseline is fixed before each is carried out, and judged as time goes on.

Reads   Fact(event) of the kind `outcome`, and the facts that a figure names
Writes  Fact(event) of the kind `outcome`
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from luban.core.errors import InputError
from luban.core.time import DAY, SECOND, from_datetime, now as clock_now, to_datetime
from luban.ledger import Ledger
from luban.loop.deciding.record import Decision
from luban.plant import LeverRule, Plant

if TYPE_CHECKING:
    from luban.verify import Measure, Metric

__all__ = ["Judging", "figures_of"]

_log = logging.getLogger(__name__)
_BACK: Final = 60 * DAY  # before an act that a baseline reaches back
_TOGETHER: Final = 7 * DAY  # acts of one lever within that time have one effect together
_AHEAD: Final = 2 * SECOND  # the act is announced so long before it takes effect


def figures_of(plant: Plant, at: int) -> dict[str, tuple[str, Measure, Metric]]:
    """What can be judged by the day: id → (name, where it comes from, figure).

    at  days begin at the midnight of the plant's clock before that [µs UTC]
    """
    from luban.verify import Measure, Metric  # its methods come with it: only where something is judged

    today = to_datetime(at, plant.zone)
    origin = from_datetime(today.replace(hour=0, minute=0, second=0, microsecond=0))
    found: dict[str, tuple[str, Measure, Metric]] = {}
    for path in plant.work_units:
        over = ("good", "scrap", "rework")
        measure = Measure("count", path, "scrap", "share", over=over, origin=origin)
        found[f"scrap {path}"] = (path, measure, Metric(f"scrap share {path}", "1", -1))
        found[f"good {path}"] = (path, Measure("count", path, "good", "sum", origin=origin),
                                 Metric(f"good pieces {path}", "piece", 1))  # fmt: skip
    for key, one in plant.characteristics.items():
        found[f"mean {key}"] = (key, Measure("measurement", key, "value", origin=origin),
                                Metric(f"mean {key}", one.unit))  # fmt: skip
    for signal in plant.signals.values():
        if signal.role == "value":
            found[f"mean {signal.id}"] = (signal.id, Measure("signal", signal.id, "value", origin=origin),
                                          Metric(f"mean {signal.id}", signal.unit))  # fmt: skip
    return found


class Judging:
    """Baselines and outcomes of a plant's own decisions.

    note  makes an entry durable
    """

    def __init__(self, ledger: Ledger, plant: Plant, note: Callable[[Mapping[str, list[Any]]], int]) -> None:
        self._ledger, self._plant, self._note = ledger, plant, note
        self._fixed: dict[str, dict[str, Any]] = {}

    def fix(self, decision: Decision, rule: LeverRule) -> dict[str, Any]:
        """Fix the baseline of a decision before it is carried out; asked again, the same.

        Returns  outcome: the act by which it is judged, its own or an earlier one of the lever; or lacks: why none
        """
        if decision.id not in self._fixed:
            self._fixed[decision.id] = self._fix(decision, rule)
        return self._fixed[decision.id]

    def _fix(self, decision: Decision, rule: LeverRule) -> dict[str, Any]:
        if not rule.figure:
            return {"lacks": "no figure is named for this lever"}
        from luban.verify import Decision as Announced, freeze_row, frozen, kept

        own = [one for one in kept(self._ledger) if one.decision.lever == decision.lever]
        if any(one.decision.act == decision.id for one in own):
            return {"outcome": decision.id}
        last = max(own, key=lambda one: one.decision.at, default=None)
        at = clock_now() + _AHEAD
        if last is not None and at - last.decision.at < _TOGETHER:
            return {"outcome": last.decision.act}
        named = figures_of(self._plant, at).get(rule.figure)
        if named is None:
            return {"lacks": "no such figure"}
        announced = Announced(decision.id, at, decision.lever, decision.author)
        try:
            base = frozen(self._ledger, named[1], named[2], announced, start=at - _BACK)
            self._note(freeze_row(self._ledger, base, announced, person=""))
        except InputError as error:
            return {"lacks": error.message}
        return {"outcome": decision.id}

    def judge(self, decisions: Mapping[str, Decision]) -> None:
        """Judge every decision with a baseline by the facts as they stand; what is new goes into the books."""
        if not decisions:
            return
        from luban.verify import kept, outcome_row, recompute

        for one in kept(self._ledger):
            decision = decisions.get(one.decision.act)
            if decision is None:
                continue
            try:
                made, last, why = recompute(self._ledger, decision.id, confirmed=decision.stage.value != "unverified")
            except InputError as error:
                _log.warning("%s could not be judged: %s", decision.id, error)
                continue
            if why:
                self._note(outcome_row(made, before=last, why=why))
