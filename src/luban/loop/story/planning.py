"""The plan of the story: made in the morning, mended when a machine breaks, handed out as lists."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from luban.core.time import now
from luban.ledger import Ledger
from luban.loop.plans import Plans
from luban.loop.plant_loop import PlantLoop
from luban.loop.story.diary import Diary, short
from luban.loop.story.floor import OBJECTIVE, Floor, Planned, dispatch, laid, planned, problem_of
from luban.loop.story.folder import GROUPS
from luban.loop.story.link import ShopLink

__all__ = ["Planning", "load_planner"]

_PERSON: Final = "story"
_PLAN: Final = 2.0  # s that a plan may take
_REPAIR: Final = 240  # how long a repair is taken to last until somebody knows better [min of the shop]


def load_planner() -> None:
    """Bring the compiled planner into memory: on wires time does not wait for a compiler."""
    from luban.decide.schedule import Objective
    from luban.decide.schedule.build import Builder
    from luban.decide.schedule.lanes import load_kernels

    like = Builder("like the shop: sequences decide")
    like.machine("M")
    like.job("J", due=1)
    like.operation("J", {"M": 1})
    load_kernels(like.problem(), Objective.parse(OBJECTIVE))


class Planning:
    """Plans of one story. `start` of the morning [µs UTC], known once it has begun."""

    def __init__(self, shop: ShopLink, loop: PlantLoop, ledger: Ledger, floor: Floor, diary: Diary) -> None:
        self._shop, self._loop, self._ledger, self._floor, self._diary = shop, loop, ledger, floor, diary
        self._plans = Plans(loop.places.folder)
        self._plan: Planned | None = None
        self._made = asyncio.Event()
        self.start = 0

    async def first(self) -> None:
        """What is left of every lot, in order."""
        wall = now()
        problem = problem_of(self._floor, self._diary.clock, wall)
        schedule = await asyncio.to_thread(planned, problem, _PLAN)
        self._plan = Planned(schedule, self._diary.clock.shop_at(wall))
        await asyncio.to_thread(self._keep, schedule, "this morning")
        self._made.set()
        self._diary.say(
            "plan", "what is left is planned",
            f"{problem.operation_count:,} operations of {problem.job_count} lots; {_late(schedule)} lots end late.",
        )  # fmt: skip

    def _keep(self, schedule: Any, name: str) -> None:
        """The plan is what the floor works by from now on; the page of schedules shows it."""
        from luban.decide.schedule import Objective

        value = list(Objective.parse(OBJECTIVE).value(schedule))
        told = {"name": name, "objective": OBJECTIVE, "value": value, "bound": None, "gap": None, "reason": "work",
                "seconds": _PLAN, "fingerprint": None, "stops": None}  # fmt: skip
        self._plans.publish(self._plans.make(schedule, told, who=_PERSON), who=_PERSON)

    async def around(self, unit: str) -> None:
        """A machine is down: the rest goes around it, from how the floor stands now."""
        from luban.decide.schedule import Objective
        from luban.decide.schedule.events import Breakdown
        from luban.decide.schedule.repair import repair

        alarm = await asyncio.to_thread(self._alarm, unit)
        hours = _REPAIR // 60
        text = f"Its alarm: {alarm or 'none'}. Until somebody knows better it is taken to be away for {hours} hours."
        self._diary.say("breakdown", f"{short(unit)} stands still", text, "bad")
        await self._made.wait()
        assert self._plan is not None  # noqa: S101 - made
        wall, goal = now(), Objective.parse(OBJECTIVE)
        problem = problem_of(self._floor, self._diary.clock, wall)
        stands = await asyncio.to_thread(laid, problem, self._plan.schedule)
        down = [Breakdown(unit, 0, _REPAIR)]
        mended = await asyncio.to_thread(lambda: repair(stands, down, 0, goal, seconds=_PLAN))
        best = mended.best
        self._plan = Planned(best.whole, self._diary.clock.shop_at(wall))
        await asyncio.to_thread(self._keep, best.whole, f"without {short(unit)}")
        self._diary.say(
            "plan", "planned around it",
            f"{len(mended.hit)} operations are hit, {len(best.moved)} of {mended.counted:,} move, the rest "
            f"stays. Late lots: {_late(best.whole)} ({_late(stands)} had nothing broken and nothing been moved). "
            f"Found in {mended.seconds:.1f} s.", "good",
        )  # fmt: skip
        await self._hand_out(unit, best)

    def _alarm(self, unit: str) -> str:
        found = self._ledger.table("state", subjects=[unit], since=self.start).to_pylist()
        return next((one["reason"] for one in reversed(found) if one["state"] == "down" and one["reason"]), "")

    async def _hand_out(self, broken: str, best: Any) -> None:
        """The next orders of the machines whose order has changed, to the people there."""
        assert self._plan is not None  # noqa: S101 - made
        p = best.whole.problem
        group = broken.rpartition("/")[0]
        units = {p.machines[int(best.whole.machine[own])] for own in best.moved}
        units = {unit for unit in units if unit.split("/")[1] in GROUPS}
        units |= {unit for unit in p.machines if unit.rpartition("/")[0] == group}  # they take over
        lists = dispatch(self._plan, self._floor, sorted(units - {broken}))
        if not lists:
            return
        await self._shop.tell({"lists": {unit: ", ".join(names) for unit, names in lists.items()}})
        shown = "; ".join(f"{short(unit)}: {', '.join(names)}" for unit, names in list(lists.items())[:3])
        more = f"; {len(lists) - 3} more machines" if len(lists) > 3 else ""
        self._diary.say("dispatch", "new lists on the floor", f"{shown}{more}.")


def _late(schedule: Any) -> int:
    """Lots that end after their due date."""
    p = schedule.problem
    last = schedule.end[p.job_first[1:] - 1]
    return int((last > p.due).sum())
