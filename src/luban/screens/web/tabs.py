"""A page with tabs: the frame, and what it gives to the panel in a tab.

A panel is a class of its own module, named in the frame's `PANELS`. A panel whose module is not there has no tab. The
frame imports a panel when its tab is first opened, makes it
with a `Bench`, calls `build` inside the tab's element, then `show` whenever it comes to the front or what was
chosen changes, and `tick` twice a second while it is in front. Panels never touch feed, session or client:
the bench has all that.

Example
    class SamplingPanel:
        def __init__(self, bench: Bench[QualityBooks]) -> None:
            self.bench, self.say = bench, bench.say
        def build(self) -> None:
            with card(self.say("Lot")):
                self.holder = ui.element("div")
        async def show(self) -> None:
            told = await self.bench.ask(read_lots, self.bench.view.ledger)  # in a thread; None after an error
            if told is not None:
                with self.bench.client:
                    ...
        async def tick(self, now: Now) -> None: ...
        async def _accept(self) -> None:
            person = self.bench.person(Role.OPERATOR)  # the session is read again; says so where it may not
            if person is not None:
                await self.bench.write(Act(person, "lot accepted", lot, ""), "event", rows)
"""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from nicegui import background_tasks, ui

from luban.core.errors import LubanError
from luban.ledger import Rows
from luban.screens.i18n import Words
from luban.screens.reads import Reads
from luban.screens.service import Now, PlantView
from luban.screens.service.books import Books
from luban.screens.users import Act, Role, Session, User
from luban.screens.web.bar import bar, heading
from luban.screens.web.feed import Feed
from luban.screens.web.open_page import OpenPage
from luban.screens.web.twin_tables import notice

__all__ = ["Bench", "BookPanel", "Panel", "TabFrame", "card"]

log = logging.getLogger(__name__)
T = TypeVar("T")
B = TypeVar("B", bound=Books)


class Panel(Protocol):
    """What is in a tab."""

    def __init__(self, bench: Bench[Any]) -> None: ...

    def build(self) -> None:
        """Lay it out inside the tab's element; once, when the tab is first opened."""

    async def show(self) -> None:
        """It came to the front, or something else was chosen: read and draw."""

    async def tick(self, now: Now) -> None:
        """Twice a second while it is in front."""


class BookPanel:
    """A panel that shows what stands in the books: it reads again where they have grown, and draws what is new.

    `_read` reads, and leaves in `_known` what was drawn; None there has it drawn anew.
    """

    _head = -1
    _known: Any = None

    async def show(self) -> None:
        """Read the books and draw, also when something else was chosen."""
        await self.again()

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown."""
        if now.head != self._head:
            self._head = now.head
            await self._read()

    async def again(self) -> None:
        """Something was written: read the books anew."""
        self._known = None
        await self._read()

    async def _read(self) -> None:
        raise NotImplementedError


class Bench(Generic[B]):
    """What a panel works with: the plant, the words, the person, the books.

    chosen  what all panels speak of: a characteristic `item:name`, a machine's path; '' while nothing is
    handed  what a panel leaves for the one that it opens, which takes it away; None while nothing is there
    """

    def __init__(self, frame: TabFrame[B]) -> None:
        self._frame = frame
        self.view: PlantView = frame.view
        self.reads: Reads = frame.reads
        self.books: B = frame.books
        self.say: Words = frame.say
        self.chosen = frame.chosen
        self.handed: Any = None

    @property
    def client(self) -> Any:
        """The page's client: `with bench.client:` before drawing after an await."""
        return self._frame.client

    @property
    def alive(self) -> bool:
        """The page is still there."""
        return not self._frame.gone

    @property
    def dark(self) -> bool:
        """Whether the page is dark (for charts that do not follow the style sheet)."""
        return self._frame.is_dark

    @property
    def user(self) -> User:
        """The person as last read; ask `person` before acting."""
        return self._frame.user

    def may(self, role: Role) -> bool:
        """Whether to offer what needs this role; the act itself asks `person` again."""
        return self.user.may(role, self.view.plant.id)

    def person(self, role: Role) -> str | None:
        """The person's name where the session, read again now, may do it; otherwise None, and the page says why."""
        session = self._frame.session_now()
        if session is None:
            return None
        if not session.user.may(role, self.view.plant.id):
            self.say_to(self.say("This needs the role {role}.", role=self.say(role.name.lower())))
            return None
        return session.user.name

    def user_now(self) -> User | None:
        """The person where the session, read again now, still holds; who may do what is asked of the books."""
        session = self._frame.session_now()
        return None if session is None else session.user

    async def choose(self, what: str) -> None:
        """Have every panel speak of this."""
        if self._frame.session_now() is not None and what != self.chosen:
            self.chosen = what
            await self._frame.chose()

    async def open(self, tab: str, handed: Any = None, *, of: str = "") -> None:
        """Bring another tab to the front at once.

        handed  what is left for its panel, which is then shown anew; nothing by default
        of      what every panel is to speak of from here on; as before by default
        """
        if self._frame.session_now() is not None:
            if handed is not None:
                self.handed = handed
                self._frame.stale(tab)
            if of and of != self.chosen:
                self.chosen = of
                self._frame.stale(*self._frame.panels)
            await self._frame.open(tab)

    def say_to(self, text: str) -> None:
        """A short message at the edge of the page."""
        if self.alive:
            with self.client:
                ui.notify(text)

    def complain(self, error: LubanError) -> None:
        """What was wrong, in the page's language, with the hint."""
        parts = (self.say(error.message), error.where, error.came, self.say(error.hint) if error.hint else "")
        self.say_to(" · ".join(filter(None, parts)))

    async def ask(self, read: Callable[..., T], *given: Any, **named: Any) -> T | None:
        """The result of a function run in a thread; None after an error, which the page then shows."""
        return (await self._tried(read, *given, **named))[1]

    async def do(self, act: Callable[..., Any], *given: Any, **named: Any) -> bool:
        """Run a function in a thread for what it does; False after an error, which the page then shows."""
        return (await self._tried(act, *given, **named))[0]

    async def _tried(self, act: Callable[..., T], *given: Any, **named: Any) -> tuple[bool, T | None]:
        try:
            return True, await self.reads(act, *given, **named)
        except LubanError as error:
            self.complain(error)
        except Exception:
            log.exception("the page %s could not do what was asked", self._frame.PAGE)
            self.say_to(self.say("This did not work; the server's log says why."))
        return False, None

    async def write(self, act: Act, stream: str, rows: Rows) -> bool:
        """Make an act and its facts durable and wait until the books show them; False after an error."""
        return await self.do(self.books.write, act, stream, rows)

    def download(self, content: bytes, name: str, kind: str) -> None:
        """Hand the browser a file."""
        if self.alive:
            with self.client:
                ui.download(content, name, kind)

    def call(self, act: Callable[..., Any], *given: Any) -> None:
        """Start a coroutine function beside the event that asked for it."""
        background_tasks.create(act(*given), name=f"luban {self._frame.PAGE}")


@contextmanager
def card(title: str = "", kind: str = "") -> Iterator[Any]:
    """A card with a title; what follows the title in the same line goes into what is yielded."""
    with ui.element("section").classes(f"lb-card {kind}"):
        head = ui.element("div").classes("lb-head")
        with head:
            if title:
                heading(title)
        yield head


class TabFrame(OpenPage, Generic[B]):
    """One open page with tabs of one person. A page is a subclass that says what is in it.

    books    what its panels read and write
    tab      the tab to open
    chosen   what to open: a characteristic, a machine
    """

    PAGE: ClassVar[str]
    """The page in the address, e.g. `quality`."""

    PANELS: ClassVar[Mapping[str, tuple[str, str]]]
    """Module in `screens.web` and class of each tab's panel, in the order of the tabs."""

    ROLE: ClassVar[Role] = Role.VIEWER
    """Who may see the page."""

    STYLES: ClassVar[tuple[str, ...]] = ()
    """Style sheets beside those that every page with tabs has."""

    def __init__(
        self, feed: Feed, books: B, language: str, session: Session, tab: str = "", chosen: str = "", *,
        dark: bool | None,
    ) -> None:  # fmt: skip
        super().__init__(feed, language, session, dark=dark)
        self.books = books
        self.chosen = chosen
        self.panels = {name: at for name, at in self.PANELS.items() if find_spec(f"luban.screens.web.{at[0]}")}
        self.tab = tab if tab in self.panels else next(iter(self.panels))
        self._turn = 0
        self._busy = False
        self._panels: dict[str, Panel] = {}
        self._stale: set[str] = set()
        self._buttons: dict[str, Any] = {}
        self._holders: dict[str, Any] = {}

    def title(self) -> str:
        """What the page is called."""
        raise NotImplementedError

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        raise NotImplementedError

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        raise NotImplementedError

    @property
    def gone(self) -> bool:
        """The browser has left."""
        return self._gone

    @property
    def is_dark(self) -> bool:
        """Whether the page is dark."""
        return bool(self._dark)

    def build(self) -> None:
        """Lay the page out; data follow once the browser is there."""
        self._begin("schedule", "sheet", "tabs", *self.STYLES)
        self.client.on_delete(self._closed)
        bar(self.say, self.view.plant.name, self.user, self.PAGE, "", self._toggle, self._logout, self._stop_button)
        if not self.user.may(self.ROLE, self.view.plant.id):
            with ui.element("div").classes("lb-frame"):
                ui.html(notice(self.partly()), sanitize=False)
            return
        self.bench = Bench(self)
        with ui.element("div").classes("lb-tabbed"):
            with ui.element("div").classes("lb-qtabs").props("role=tablist") as row:
                row._props["aria-label"] = self.title()  # noqa: SLF001 - a text with quotes cannot go through props()
                names = self.tab_names()
                for name in self.panels:
                    self._tab(name, names[name])
                row.on("keydown", js_handler=_ARROWS)
            for name in self.panels:
                holder = ui.element("div").classes("lb-qpanel").props(f"role=tabpanel id=lb-panel-{name}")
                holder.props(f"aria-labelledby=lb-tab-{name}")
                self._holders[name] = holder
                holder.set_visibility(False)
        self.feed.join(self)
        background_tasks.create(self.open(self.tab), name=f"luban {self.PAGE}")

    def _tab(self, name: str, said: str) -> None:
        button = ui.element("button").classes("lb-qtab")
        button.props(f"type=button role=tab id=lb-tab-{name} aria-controls=lb-panel-{name} data-tab={name}")
        with button.on("click", lambda _event: self._press(name), js_handler=_PRESS):
            ui.html(html.escape(said), sanitize=False, tag="span")
        self._buttons[name] = button

    # ------------------------------------------------------------------ tabs

    async def _press(self, name: str) -> None:
        if self.session_now() is not None:
            await self.open(name)

    async def open(self, name: str) -> None:
        """Bring a tab to the front."""
        self.tab = name
        with self.client:
            for other, button in self._buttons.items():
                chosen = str(other == name).lower()
                button.props(f"aria-selected={chosen} tabindex={0 if other == name else -1}")
                self._holders[other].set_visibility(other == name)
            self._address()
            fresh = name not in self._panels
            if fresh and not self._made(name):
                return
        if fresh or name in self._stale:
            self._stale.discard(name)
            await self._shown(name)

    def _made(self, name: str) -> bool:
        module, kind = self.panels[name]
        try:
            panel: Panel = getattr(import_module(f"luban.screens.web.{module}"), kind)(self.bench)
            with self._holders[name]:
                panel.build()
        except Exception:
            log.exception("the panel %s could not be made", name)
            with self._holders[name]:
                text = self.say("This did not work; the server's log says why.")
                ui.html(notice(text, alarm=True), sanitize=False)
            return False
        self._panels[name] = panel
        return True

    async def _shown(self, name: str) -> None:
        try:
            await self._panels[name].show()
        except LubanError as error:
            self.bench.complain(error)
        except Exception:
            log.exception("the panel %s could not be shown", name)
            self.bench.say_to(self.say("This did not work; the server's log says why."))

    def stale(self, *names: str) -> None:
        """Panels are to be shown anew when they come to the front."""
        self._stale.update(names)

    async def chose(self) -> None:
        """Something else was chosen: the panel in front at once, the others when they come to the front."""
        self._stale = set(self._panels) - {self.tab}
        with self.client:
            self._address()
        if self.tab in self._panels:
            await self._shown(self.tab)

    def _address(self) -> None:
        """The browser's address names what is open, so that it can be sent to a colleague."""
        asked = {"tab": self.tab} | ({"of": self.bench.chosen} if self.bench.chosen else {})
        address = f"/{self.say.language}/{self.PAGE}?{urlencode(asked)}"
        ui.run_javascript(f"({_ADDRESS})({json.dumps(address)})")

    async def tick(self, now: Now) -> None:
        """Twice a second to the panel in front; a slow panel is not called again before it has ended."""
        self._turn += 1
        panel = self._panels.get(self.tab)
        if self._turn % 5 or self._gone or self._busy or panel is None or not self.client.has_socket_connection:
            return
        self._busy = True
        try:
            await panel.tick(now)
        finally:
            self._busy = False

    # ------------------------------------------------------------------ who asks

    def session_now(self) -> Session | None:
        """The session as of now; where it is over, the page goes to the log-in form."""
        return self._session()

    async def _toggle(self) -> None:
        await self._toggle_dark()
        await self.chose()

    def _closed(self) -> None:
        self._gone = True


# what the server opened ends the wish of `_PRESS`; the language links lead to the same tab and the same thing
_ADDRESS = """(address) => {
  if (window.lbWish) { window.lbWish.again = null; }
  history.replaceState(history.state, '', address);
  const search = address.slice(address.indexOf('?'));
  document.querySelectorAll('.lb-bar a[hreflang]').forEach((link) => { link.search = search; });
}"""
# a press that went down with the connection is made again on the next one: a tab may be opened twice
_PRESS = """() => {
  if (!window.lbWish) {
    window.lbWish = {};
    window.socket.on('connect', () => window.lbWish.again?.());
  }
  window.lbWish.again = emit;
  emit();
}"""
# arrow keys go from tab to tab, as in every list of tabs
_ARROWS = """(event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], tabs = [...event.currentTarget.children];
  const at = tabs.indexOf(event.target.closest('[role=tab]'));
  if (step && at >= 0) {
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }
}"""
