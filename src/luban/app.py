"""Composition root: the only place that knows everything and wires it together. Nothing is built at import."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from luban.screens.cli.main import Doors, run

if TYPE_CHECKING:
    from luban.loop.plant_loop import PlantLoop

__all__ = ["main", "serve", "show_pilot"]

Say = Callable[[str], None]


def main() -> None:
    """The `luban` command."""
    sys.exit(run(Doors(serve=serve, show_pilot=show_pilot)))


def serve(folder: Path, *, host: str, port: int, web: bool, say: Say) -> None:
    """Run a plant until SIGINT or SIGTERM: collectors, intake and books, with web page and REST if wanted.

    say     tells a person how to reach it, and the first admin's password once
    Raises  LedgerBusyError, ConfigError, InputError (the port is taken)
    """
    import asyncio

    from luban.loop.plant_loop import PlantLoop

    loop = PlantLoop(folder)
    asyncio.run(_serve_web(loop, host, port, say) if web else _serve_quietly(loop, say))
    say("ended; everything that was acknowledged is in the books")


def show_pilot(name: str, *, host: str, port: int, say: Say) -> None:
    """Run a pilot's machines and its plant with web page until SIGINT or SIGTERM. Raises as `serve`."""
    import asyncio

    from luban.loop.pilot import LIMITS, workshop
    from luban.loop.plant_loop import PlantLoop

    async def running() -> None:
        async with workshop(name) as machines:
            await _serve_web(PlantLoop(machines.folder, limits=LIMITS), host, port, say)

    asyncio.run(running())
    say("ended")


async def _serve_web(loop: PlantLoop, host: str, port: int, say: Say) -> None:
    from luban.ledger import MasterData
    from luban.screens.acts import ActLog
    from luban.screens.server import check_port, log_to, serve_site
    from luban.screens.service import PlantView
    from luban.screens.site import build_site
    from luban.screens.users import Users

    check_port(host, port)
    log_to(loop.places.web)
    # around the server and not in its lifespan: whatever ends the server, the books are closed
    async with loop:
        acts = ActLog(loop.places.spool)
        master = MasterData(loop.places.ledger)
        users = Users(master, acts.record)
        password = users.first_admin()
        view = PlantView(loop.places.folder, plant=loop.plant, collectors=lambda: loop.collectors)
        site = build_site(view, users, loop.places.web, acts.record, lambda: loop.actor, lambda: loop.running)
        say(f"{loop.plant.name} is up: http://{host}:{port}  (Ctrl-C ends it)")
        if password:
            say(f"first start: log in as admin with the password {password}  (it is shown only now)")
        try:
            await serve_site(site, host, port)
        finally:
            acts.close()
            master.close()


async def _serve_quietly(loop: PlantLoop, say: Say) -> None:
    import asyncio

    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with loop:
        say(f"{loop.plant.name} is up, without web page (Ctrl-C ends it)")
        await asked.wait()
