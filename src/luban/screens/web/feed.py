"""One producer for all open pages: looks at the plant ten times a second, only while somebody watches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from luban.core.errors import LubanError
from luban.screens.reads import Reads
from luban.screens.service import Now, PlantView
from luban.screens.service.acting import ActingBooks
from luban.screens.users import Session, Users

__all__ = ["Feed", "Page"]

log = logging.getLogger(__name__)
PERIOD = 0.1


class Page(Protocol):
    """An open page."""

    session: str

    async def tick(self, now: Now) -> None:
        """Show what is new."""

    def leave(self) -> None:
        """Go to the log-in form: the session is over."""


class Feed:
    """Keeps the open pages fed.

    Sessions are read again once a second for every page, because a page's socket would otherwise outlive a log-out.
    """

    def __init__(self, view: PlantView, users: Users, reads: Reads, acting: ActingBooks | None = None) -> None:
        self.view, self.users, self.reads, self.acting = view, users, reads, acting
        self._pages: list[Page] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call from the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="luban-feed")

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def join(self, page: Page) -> None:
        """A page was opened."""
        self._pages.append(page)

    def part(self, page: Page) -> None:
        """A page was closed."""
        if page in self._pages:
            self._pages.remove(page)

    def end(self, session: str) -> None:
        """Send every page of a session to the log-in form at once."""
        for page in [page for page in self._pages if page.session == session]:
            page.leave()

    def session(self, page: Page) -> Session | None:
        """The page's session as of now; where it is over, the page is sent away."""
        found = self.users.session_by_id(page.session)
        if found is None:
            page.leave()
        return found

    async def _run(self) -> None:
        turn = 0
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            turn += 1
            if turn % 10 == 0:
                for page in list(self._pages):
                    self.session(page)
            if self._pages:
                await self._look()
            await asyncio.sleep(max(0.01, PERIOD - (loop.time() - begun)))

    async def _look(self) -> None:
        try:
            now = await self.reads(self.view.now)
        except LubanError as error:
            log.warning("the live page cannot read the books: %s", error)
            await asyncio.sleep(1)
            return
        except Exception:
            log.exception("the live page could not look at the plant")
            await asyncio.sleep(1)
            return
        for page in list(self._pages):
            await _safely(page.tick, now)


async def _safely(act: Callable[[Now], Awaitable[None]], now: Now) -> None:
    try:
        await act(now)
    except Exception:
        # one broken page must not stop the others
        log.exception("a page could not be fed")
