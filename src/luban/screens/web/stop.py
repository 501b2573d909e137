"""The stop of all automation: one button in the bar of every page, and what it says while the stop holds."""

from __future__ import annotations

import html
from typing import Protocol

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.service import Now
from luban.screens.users import User
from luban.screens.web.feed import Feed
from luban.screens.web.schedule_parts import tool

__all__ = ["StopButton"]


class _Page(Protocol):
    """What of an open page is needed."""

    feed: Feed
    session: str
    say: Words
    user: User


class StopButton:
    """The button on one open page. The feed shows it what is new, as it does with a page.

    One click stops; to release it takes an engineer, who says why on the page of the loop.
    """

    def __init__(self, page: _Page) -> None:
        self._page, self.session = page, page.session
        self._drawn: object = None
        self._holder = ui.element("div").classes("lb-stop").props("role=status")
        self._draw()

    def leave(self) -> None:
        """The page leaves by itself."""

    async def tick(self, now: Now) -> None:  # noqa: ARG002
        """Draw what somebody else did."""
        self._draw()

    def _draw(self) -> None:
        page, acting = self._page, self._page.feed.acting
        if acting is None or not acting.writable:
            return
        automation, may = acting.automation(), acting.may(page.user, "stop")
        known = (automation.stopped, automation.since, may)
        if known == self._drawn:
            return
        self._drawn = known
        say = page.say
        self._holder.clear()
        with self._holder:
            if automation.stopped is not None:
                at = to_datetime(automation.since, page.feed.view.plant.zone).strftime("%m-%d %H:%M")
                text = say("Automation is stopped since {time}, by {person}", time=at, person=automation.by)
                link = f'<a class="lb-stopped" href="/{say.language}/loop">{html.escape(text)}</a>'
                ui.html(link, sanitize=False)
            elif may:
                tool(html.escape(say("Stop automation")), self._stop, say("Stop all automation at once"), "lb-stopper")

    async def _stop(self) -> None:
        page = self._page
        session, acting = page.feed.users.session_by_id(self.session), page.feed.acting
        if session is None or acting is None:
            return
        try:
            await acting.stop(session.user)
        except LubanError as error:
            ui.notify(page.say(error.message))
        self._draw()
