"""The shop of the story as a process of its own: its machines on OPC UA, its MES on files. It alone knows the twin.

    python -m luban.loop.story.shop FOLDER --seconds 50

It tells on stdout, a JSON line each, what a shop's people know: that its devices answer, which lots lie where, when
its morning begins. It hears on stdin that the morning may begin, and dispatch lists, which its people then follow.

Reads  plant folder    Writes  files of its MES
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import LubanError
from luban.core.time import DAY, MINUTE, SECOND
from luban.loop.serve import ServeSettings, Service
from luban.loop.story.folder import GROUPS, MES, PAST
from luban.loop.story.morning import Morning, find_morning
from luban.loop.story.offsets import HEARD
from luban.plant import Plant
from luban.twin.kernel.layout import FAR, Where
from luban.twin.load import Loaded, read_loaded
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.show import Show

__all__ = ["lots_of", "main", "past_of"]

_PAST = 8 * DAY

_PLACES = {Where.POOL: "pool", Where.MOVING: "moving", Where.QUEUE: "queue", Where.MACHINE: "machine",
           Where.DELAY: "outside"}  # fmt: skip


def lots_of(run: Run, plant: Plant | None) -> list[dict[str, Any]]:
    """Orders that have arrived and not left, as a MES books them.

    place  pool, moving, queue, machine, outside;  operation  the next one, or the one that runs
    unit   path of the machine it is on, "" elsewhere;  due, ready, started  [µs UTC], None for none
    """
    names, start = Names(run.model, plant), run.model.start
    rows = run.world["lots"]
    rows = rows[rows["where"] >= Where.POOL]
    found = []
    for row in rows[np.argsort(rows["key"], kind="stable")]:
        place = _PLACES[Where(int(row["where"]))]
        on = place == "machine"
        found.append({
            "order": run.lot_name(int(row["key"])), "item": names.items[int(row["route"])],
            "quantity": int(row["quantity"]), "place": place,
            "operation": names.operations[int(row["step"])],
            "unit": names.machines[int(row["machine"])] if on else "",
            "received": start + int(row["arrival"]),
            "due": start + int(row["due"]) if row["due"] < FAR else None,
            "started": start + int(row["started"]) if on or place == "outside" else None,
        })  # fmt: skip
    return found


def past_of(loaded: Loaded, morning: Morning, file: Path) -> None:
    """What the shop's historian has of the days before: (time, machine tool, signal, value) a line."""
    run = Run(loaded.model, seed=morning.seed, trace="facts")
    show = Show(run, loaded.plant)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        show.see(run.to(morning.begin - _PAST).take_trace())
        while run.now < morning.begin:  # readings come piece by piece only to somebody who looks
            for change in show.see(run.to(min(run.now + MINUTE, morning.begin)).take_trace()):
                path = show.machines[change.machine]
                if change.name in HEARD and path.split("/")[1] in GROUPS:
                    writer.writerow((run.model.start + change.time, path, change.name, change.value))


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=50.0)
    given = parser.parse_args()
    try:
        loaded = read_loaded(given.folder)
        morning = find_morning(loaded.model)
        past_of(loaded, morning, given.folder / MES / PAST)
        run = Run(loaded.model, seed=morning.seed, trace="facts").to(morning.begin)
        scale = (morning.end - morning.begin) / (given.seconds * SECOND)
        settings = ServeSettings.model_validate({"scale": scale, "tick": 0.05, "sample": 1.0, "drop": MES})
        asyncio.run(_serve(Service(run, loaded.plant, given.folder, settings), loaded.plant, morning.end))
    except LubanError as error:
        _tell(error=str(error))
        sys.exit(1)


def _tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _serve(service: Service, plant: Plant, end: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    begin, start = service.run.now, service.run.model.start
    async with service:
        _tell(
            ready=start + begin, ends=start + end, scale=service.settings.scale,
            lots=lots_of(service.run, plant),
        )  # fmt: skip
        going: asyncio.Task[None] | None = None
        while line := await reader.readline():
            asked = json.loads(line)
            if asked.get("go") and going is None:
                going = asyncio.create_task(_go(service, end))
                await asyncio.sleep(0)
                _tell(epoch=service.wall(begin))
            elif "lists" in asked:
                await _follow(service, asked["lists"])
            elif "hands off" in asked:
                _hands_off(service.run)
        if going is not None:
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)


async def _go(service: Service, end: int) -> None:
    try:
        await service.go(end)
        _tell(ended=True, values=service.status.values, commands=service.status.commands, lag=service.status.worst)
    except LubanError as error:
        _tell(error=str(error))


def _hands_off(run: Run) -> None:
    """Operators correct the first piece of a lot as ever, and leave the others to luban."""
    routes = tuple(
        replace(route, steps=tuple(
            replace(step, characteristics=tuple(replace(size, correct_beyond=None) for size in step.characteristics))
            for step in route.steps
        ))
        for route in run.model.routes
    )  # fmt: skip
    run.become(replace(run.model, routes=routes))


async def _follow(service: Service, lists: Mapping[str, str]) -> None:
    """People of the shop take the next orders as the list says: machine path → `order/operation, …`."""
    machines = {path: number for number, path in enumerate(service.show.machines)}
    taken = 0
    for path, text in lists.items():
        method = next(m for m in service.show.methods if m.machine == machines.get(path) and m.name == "set_schedule")
        try:
            await service.call(method, [text])
            taken += 1
        except LubanError as error:
            _tell(refused=path, why=str(error))
    _tell(followed=taken)


if __name__ == "__main__":
    main()
