"""The alarm list of a plant that runs: the watch with a spool of its own, from the server's start to its end."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from luban.screens.acts import ActLog
from luban.screens.service import places
from luban.screens.service.alarms_live import AlarmWatch, findings_of
from luban.screens.service.health import HealthBooks

__all__ = ["alarms_watched"]


@asynccontextmanager
async def alarms_watched(
    books: HealthBooks, commands: Callable[[], Mapping[str, str]] = dict
) -> AsyncIterator[AlarmWatch | None]:
    """The alarm list of a plant that runs, kept live until the end; None where nothing can be written.

    commands  actuators whose device did not confirm what was written, and why
    """
    if not books.writable:
        yield None
        return
    spool = await to_thread(ActLog, places(books.view.folder).spool, "alarms")
    watch = AlarmWatch(books.view.ledger, books.view.plant, spool.note, lambda: findings_of(books), commands)
    watch.start()
    try:
        yield watch
    finally:
        await to_thread(watch.stop)
        spool.close()
