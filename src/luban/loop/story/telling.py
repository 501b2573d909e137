"""A morning of the machining job shop on real wires, told as it happens.

The shop runs in a process of its own and is seen through OPC UA and the files of its MES only. Here its facts are
collected, drifts are corrected through the plant's actor, a breakdown is planned around, a lot is traced.

Reads   a shop's wires    Writes  its books
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from luban.connect.collector import Limits
from luban.core.errors import LubanError
from luban.core.time import SECOND, now, parse_time
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop
from luban.loop.story.correcting import Correcting
from luban.loop.story.diary import Diary, short
from luban.loop.story.ending import energy_of, lots_while
from luban.loop.story.floor import Clock, Floor, rows_in
from luban.loop.story.folder import MES, PAST, SHOP, make_folder
from luban.loop.story.link import ShopLink
from luban.loop.story.planning import Planning, load_planner
from luban.loop.story.told import Step, Story

__all__ = ["story_folder", "tell_story"]

_LOOK: Final = 0.3  # s between two looks
_START: Final = 60.0  # s that the shop's devices may take
_ON: Final = 0.35  # share of the morning after which offsets may be set
_SEEN: Final = {
    "drift": "no drift was seen", "write": "nothing was written", "breakdown": "nothing broke",
    "dispatch": "no list changed", "trace": "no lot was traced", "energy": "no register was read",
}  # fmt: skip


def story_folder() -> Path:
    """Where the story's plant lies: `.luban/pilots/wires` below the working folder."""
    return Path.cwd() / ".luban" / "pilots" / "wires"


async def tell_story(
    folder: Path | None = None,
    *,
    seconds: float = 50.0,
    heard: Callable[[Step], None] = lambda _: None,
    advance: Callable[[float], None] = lambda _: None,
    source: Path | None = None,
) -> Story:
    """Let a morning of the shop pass in so many seconds, and tell what happens.

    folder   becomes the plant; None: `story_folder()`. An earlier story's is replaced
    seconds  at least 20
    heard    is told each step as it happens;  advance  of seconds that have passed
    source   the shop; None: examples/c2_machining
    Raises   LubanError where the folder holds something else or the shop stops
    """
    home = make_folder(source or Path(__file__).parents[4] / "examples" / SHOP, folder or story_folder())
    seconds = max(seconds, 20.0)
    async with ShopLink(home, seconds) as shop:
        ready, _ = await asyncio.gather(shop.hear("ready"), asyncio.to_thread(load_planner))
        async with PlantLoop(home, limits=Limits(alive_every=SECOND)) as loop:
            telling = _Telling(shop, loop, ready, heard)
            await telling.begin()
            await telling.watch(seconds, advance)
            return await telling.end()


class _Telling:
    """A story under way."""

    def __init__(self, shop: ShopLink, loop: PlantLoop, ready: dict[str, Any], heard: Callable[[Step], None]) -> None:
        self._shop, self._loop, self._ready = shop, loop, ready
        self._ledger: Ledger = loop.ledger
        self._floor = Floor.told(loop.plant, ready["lots"])
        self._diary = Diary(Clock(ready["ready"], now(), ready["scale"]), loop.plant.zone, heard)
        self._correcting = Correcting(loop, self._ledger, self._diary)
        self._planning = Planning(shop, loop, self._ledger, self._floor, self._diary)
        self._files: set[str] = set()
        self._seq = 0
        self._broken: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._start = 0

    # ---- the beginning

    async def begin(self) -> None:
        """Wires up, the past learned, the morning begins."""
        past = self._loop.places.folder / MES / PAST
        _, used = await asyncio.gather(self._connected(), asyncio.to_thread(self._correcting.learn, past))
        await self._shop.tell({"go": True})
        self._start = self._correcting.start = self._planning.start = (await self._shop.hear("epoch"))["epoch"]
        clock = self._diary.clock = Clock(self._ready["ready"], self._start, self._ready["scale"])
        signals, sources = len(self._loop.plant.signals), len(self._loop.collectors)
        lots = sum(lot.place != "pool" for lot in self._floor.lots.values())
        hours = (self._ready["ends"] - self._ready["ready"]) / 3.6e9
        self._diary.say(
            "wires", f"{len(self._loop.plant.work_units)} machines answer",
            f"{signals} signals over {sources} wires (OPC UA and files), {lots} lots on the floor. {hours:.1f} hours "
            f"of the shop pass {clock.scale:.0f} times as fast. Causes of drift are learned from {used:,} readings of "
            "the days before.",
        )  # fmt: skip
        self._tasks.append(asyncio.create_task(self._planning.first()))

    async def _connected(self) -> None:
        """Until every wire is up and each machine's state is known. Raises LubanError where that does not come."""
        deadline, down = now() + round(_START * SECOND), ["no wire"]
        while now() < deadline:
            down = [name for name, status in self._loop.collectors.items() if status.state != "up"]
            if not down and await asyncio.to_thread(self._states_known):
                return
            await asyncio.sleep(0.2)
        raise LubanError("the shop's devices do not answer", came=", ".join(down) or "no states",
                         where=str(self._loop.places.folder / "shop.log"))  # fmt: skip

    def _states_known(self) -> bool:
        known = set(self._ledger.table("state").column("subject").to_pylist())
        return set(self._loop.plant.work_units) <= known

    # ---- while time passes

    async def watch(self, seconds: float, advance: Callable[[float], None]) -> None:
        """Look, tell and answer until the morning is over."""
        told = 0.0
        while (gone := (now() - self._start) / SECOND) < seconds:
            if gone >= _ON * seconds and not self._correcting.on:
                await self._shop.tell({"hands off": True})
                await self._correcting.switch_on()
            await self._look()
            for task in [task for task in self._tasks if task.done()]:
                task.result()
            advance(gone - told)
            told = gone
            await asyncio.sleep(_LOOK)
        await asyncio.gather(*self._tasks)

    async def _look(self) -> None:
        await self._bookings()
        for unit, state, order, time in await asyncio.to_thread(self._new_states):
            self._floor.works(unit, state, order, self._diary.clock.shop_at(time))
            if state == "down" and unit not in self._broken and time >= self._start:
                self._broken.add(unit)
                self._tasks.append(asyncio.create_task(self._planning.around(unit)))
        await self._correcting.look()

    def _new_states(self) -> list[tuple[str, str, str | None, int]]:
        table = self._ledger.table("state", since=self._start - 60 * SECOND).to_pylist()
        fresh = sorted((one for one in table if one["seq"] > self._seq), key=lambda one: (one["time"], one["seq"]))
        self._seq = max([self._seq, *(one["seq"] for one in fresh)])
        return [(one["subject"], one["state"], one["order"], one["time"]) for one in fresh]

    async def _bookings(self) -> None:
        """What the MES has booked since the last look goes into the books: operations, and lots that move on."""
        rows = await asyncio.to_thread(rows_in, self._loop.places.folder / MES, "operations_*.csv", self._files)
        rows = [one for one in rows if one["unit"]]
        if not rows:
            return
        times = [parse_time(one["time"]) for one in rows]
        for one, time in zip(rows, times, strict=True):
            self._floor.booked(one["order"], one["operation"], int(one["good"]), self._diary.clock.shop_at(time))
        work = {name: [one[name] for one in rows] for name in ("order", "operation", "item")}
        good = [float(one["good"]) for one in rows]
        done: dict[str, list[Any]] = {
            "time": [parse_time(one["start"]) for one in rows], "end": times,
            "subject": [one["unit"] for one in rows], "good": good, **work,
            "scrap": [float(one["scrap"]) for one in rows],
        }  # fmt: skip
        await self._loop.note("operation", done, source=MES)
        on = [at for at, count in enumerate(good) if count > 0]
        moved: dict[str, list[Any]] = {
            "time": [times[at] for at in on], "subject": [work["item"][at] for at in on],
            "lot": [work["order"][at] for at in on], "order": [work["order"][at] for at in on],
            "origin": [rows[at]["unit"] for at in on], "quantity": [good[at] for at in on],
        }  # fmt: skip
        if on:
            await self._loop.note("movement", moved, source=MES)

    # ---- the end

    async def end(self) -> Story:
        """What it came to."""
        end = now()
        verdict, why = await self._correcting.end(end)
        await self._trace(end)
        energy = await asyncio.to_thread(energy_of, self._ledger, self._loop.plant, self._start, end)
        if energy:
            top = ", ".join(f"{short(one.machine)} {one.energy:.0f}" for one in energy[:5])
            total = sum(one.energy for one in energy)
            self._diary.say("energy", f"{total:,.0f} kWh by the machines' registers", f"Most of it: {top} kWh.")
        streams = ("signal", "state", "count", "measurement", "operation", "movement", "event")
        facts = await asyncio.to_thread(lambda: {one: self._ledger.table(one).num_rows for one in streams})
        clock, steps = self._diary.clock, self._diary.steps
        seen = {step.kind for step in steps if not (step.kind == "write" and step.tone != "good")}
        missing = tuple(text for kind, text in _SEEN.items() if kind not in seen)
        return Story(
            self._loop.places.folder, self._start, end, clock.scale, tuple(steps), facts, self._correcting.states(),
            tuple(energy), verdict, why, missing,
        )  # fmt: skip

    async def _trace(self, end: int) -> None:
        """Which lots went through the machine that was corrected first, while it was off."""
        first = self._correcting.first
        if first is None:
            return
        await self._under_way()
        unit = first.actuator.partition(":")[0]
        span = self._start, min(first.proposed, end)
        lots = await asyncio.to_thread(lots_while, self._ledger, self._floor, unit, *span)
        if lots:
            text = f"Lots that ran there before the first correction: {', '.join(lots)}."
            self._diary.say("trace", f"what {short(unit)} made before", text)

    async def _under_way(self) -> None:
        """Work that runs at the end is in the books, too."""
        lots = [lot for lot in self._floor.lots.values() if lot.place == "machine" and lot.since is not None]
        clock = self._diary.clock
        work = {name: [getattr(lot, name) for lot in lots] for name in ("order", "operation", "item")}
        times = [clock.wall_at(lot.since or 0) for lot in lots]
        done: dict[str, list[Any]] = {"time": times, "subject": [lot.unit for lot in lots], **work}
        moved: dict[str, list[Any]] = {
            "time": times, "subject": work["item"], "lot": work["order"], "order": work["order"],
            "destination": [lot.unit for lot in lots], "quantity": [float(lot.quantity) for lot in lots],
        }  # fmt: skip
        if lots:
            await self._loop.note("operation", done, source=MES)
            await self._loop.note("movement", moved, source=MES)
