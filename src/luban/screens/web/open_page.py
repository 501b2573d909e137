"""What every page that a browser holds open has in common: its session, its log-out, its end."""

from __future__ import annotations

from nicegui import Client, ui
from nicegui.elements.dark_mode import DarkMode

from luban.screens.i18n import Words, words
from luban.screens.service import Now
from luban.screens.users import Session
from luban.screens.web.bar import dark_cookie
from luban.screens.web.feed import Feed
from luban.screens.web.stop import StopButton

__all__ = ["OpenPage"]


class OpenPage:
    """One open page of one person.

    session  id of the session; it is read again in every handler
    dark     None: as the browser likes it
    """

    client: Client
    dark: DarkMode

    def __init__(self, feed: Feed, language: str, session: Session, *, dark: bool | None) -> None:
        self.feed, self.view, self.reads = feed, feed.view, feed.reads
        self.session, self.user = session.id, session.user
        self.say: Words = words(language)
        self._dark = dark
        self._gone = False

    def _begin(self, *styles: str) -> None:
        """Take the browser's side, and bring the style sheets; first thing of every page."""
        self.client = ui.context.client
        self.client.on_delete(lambda: self.feed.part(self))
        self.dark = ui.dark_mode(self._dark)
        links = ['rel="icon" href="/assets/mark.svg"']
        links += [f'rel="stylesheet" href="/assets/{style}.css"' for style in ("screen", *styles)]
        for link in links:
            ui.add_head_html(f"<link {link}>")

    def _stop_button(self) -> None:
        button = StopButton(self)
        self.feed.join(button)
        self.client.on_delete(lambda: self.feed.part(button))

    def leave(self) -> None:
        """Go to the log-in form; the server forgets the page."""
        if self._gone:
            return
        self._gone = True
        self.feed.part(self)
        with self.client:
            ui.navigate.to(f"/{self.say.language}/login")

    async def tick(self, now: Now) -> None:
        """Show what is new."""

    def _session(self) -> Session | None:
        """The session as of now; the page leaves where it is over."""
        found = self.feed.session(self)
        if found is not None:
            self.user = found.user
        return found

    async def _toggle_dark(self) -> None:
        is_dark = await ui.run_javascript("document.body.classList.contains('body--dark')")
        self.dark.value = self._dark = not is_dark
        dark_cookie(not is_dark)

    def _logout(self) -> None:
        self.feed.users.logout(self.session)
        self.feed.end(self.session)
