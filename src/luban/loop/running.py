"""The running plant's mind: its levers, what they see, the turn of their decisions, what came of them.

Reads   what `Seeing` reads, plans, maintenance.csv    Writes  through `Turns`, `PlantHands` and `Judging`
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from luban.act.engine import Actor
from luban.core.errors import InputError
from luban.core.interrupts import handed_on
from luban.core.time import DAY, HOUR, MINUTE, SECOND, now
from luban.ledger import Ledger
from luban.loop.deciding.floor import Decider
from luban.loop.deciding.mind import Mind
from luban.loop.deciding.record import Decision, Stage
from luban.loop.deciding.turn import Carried, Turns
from luban.loop.hands import PlantHands
from luban.loop.judging import Judging
from luban.loop.levers import decider_of
from luban.loop.seeing import Link, Seeing
from luban.loop.setting import LEVER, SetPoints
from luban.loop.tariff import Electricity
from luban.plant import LeverRule, Plant
from luban.understand.book import entries

__all__ = ["Running"]

_log = logging.getLogger(__name__)
_HEAR: Final = SECOND  # between two looks at what is new
_JUDGE: Final = HOUR
_DECLINED: Final = 30 * MINUTE  # no new set-point after a person turned one down


class Running:
    """Decides for one plant.

    note   makes an entry durable;  links  how the sources stand
    skipped  lever → why it does not run, in words
    """

    def __init__(
        self,
        plant: Plant,
        ledger: Ledger,
        folder: Path,
        actor: Actor,
        note: Callable[[Mapping[str, list[Any]]], int],
        links: Callable[[], Mapping[str, Link]] = dict,
    ) -> None:
        self._plant = plant
        self._judging = Judging(ledger, plant, note)
        hands = _Hands(plant, ledger, folder, actor, note, self._judging)
        self.rules = {LEVER: LeverRule(LEVER, "automatic"), **plant.levers}
        self.skipped: dict[str, str] = {}
        deciders: list[Decider] = []
        for lever, rule in self.rules.items():
            if lever == LEVER:
                continue
            try:
                deciders.append(decider_of(rule, plant, ledger, hands.plans, folder, self._decided))
            except InputError as error:
                self.skipped[lever] = error.message
        moments = {
            one: moment for one, rule in self.rules.items() if (moment := _moment(plant, rule, folder)) is not None
        }
        known = {one.lever for one in deciders}
        mind = Mind(deciders, moments={lever: moment for lever, moment in moments.items() if lever in known})
        stopped = lambda: actor.automation.stopped  # noqa: E731 - a port
        self.turns = Turns(mind, self.rules, hands, note, stopped=stopped)
        self.turns.load(entries(ledger, "decision"))
        hands.rules = self.rules
        self._names = frozenset().union(*(getattr(one, "concerns", frozenset()) for one in deciders))
        acts = [one for one in deciders if self.rules[one.lever].mode != "advise"]
        self._governs = [one.governs for one in acts if hasattr(one, "governs")]
        self._past = any(hasattr(one, "governs") for one in deciders)
        self._decides = bool(deciders)
        self.seeing = Seeing(ledger, plant, links)
        self._set_points = SetPoints(plant, ledger, actor, note, self._held)
        self._heard_at, self._judged_at = 0, now()

    async def turn(self) -> list[Decision]:
        """One turn; what was proposed."""
        more = await self._set_points.turn()
        moment = now()
        if self._decides and moment - self._heard_at >= _HEAR:
            self._heard_at = moment
            heard = partial(self.seeing.heard, past=self._past)
            self.turns.mind.hear(await asyncio.to_thread(handed_on(heard), moment, self._names))
        made = await self.turns.turn(lambda: self.seeing.look(now()), more)
        if moment - self._judged_at >= _JUDGE:
            self._judged_at = moment
            await asyncio.to_thread(handed_on(self._judging.judge), dict(self.turns.decisions))
        return made

    async def judge(self) -> None:
        """Judge what decisions brought, now."""
        await asyncio.to_thread(handed_on(self._judging.judge), dict(self.turns.decisions))

    def _decided(self) -> list[Decision]:
        return list(self.turns.decisions.values())

    def _held(self, actuator: str) -> bool:
        """A set-point of this actuator waits for a person, was turned down lately, or another lever holds it."""
        if any(governs(actuator) for governs in self._governs):
            return True
        for one in reversed(list(self.turns.decisions.values())):
            if one.lever == LEVER and one.act.target == actuator:
                if one.open:
                    return one.stage is not Stage.ADVISED or now() < one.expires
                return one.stage is Stage.DECLINED and now() - one.since < _DECLINED
        return False


class _Hands(PlantHands):
    """Hands that have the baseline fixed before anything is done."""

    rules: Mapping[str, LeverRule] = {}

    def __init__(
        self,
        plant: Plant,
        ledger: Ledger,
        folder: Path,
        actor: Actor,
        note: Callable[[Mapping[str, list[Any]]], int],
        judging: Judging,
    ) -> None:
        super().__init__(plant, ledger, folder, actor, note)
        self._judging = judging

    async def carry(self, decision: Decision) -> Carried:
        """See `Hands`; what it is verified by is told with what came of it."""
        rule = self.rules.get(decision.lever) or LeverRule(decision.lever)
        verified = await asyncio.to_thread(handed_on(self._judging.fix), decision, rule)
        carried = await super().carry(decision)
        return Carried(carried.stage, {**carried.told, **verified}, carried.reason)


def _moment(plant: Plant, rule: LeverRule, folder: Path) -> Callable[[int], int] | None:
    """When a lever is asked next, after a moment; None: as its decider says."""
    if rule.shifts:
        unit = next((path for path in plant.work_units if plant.equipment[path].calendar), None)

        def turn_of_shift(moment: int) -> int:
            found = plant.shifts(unit, moment, moment + 8 * DAY) if unit is not None else []
            return min((one.start for one in found if one.start > moment), default=moment + DAY)

        return turn_of_shift
    if rule.every > 0:
        return lambda moment: moment - moment % rule.every + rule.every
    if rule.id == "energy" and (electricity := Electricity(plant, folder)).known:
        return electricity.next
    return None
