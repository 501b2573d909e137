"""Scans: a field that takes every code, what was read so far, and one event of part, tool, person and machine."""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.screens.service.trace_scan import ScanDesk
from luban.screens.users import Role
from luban.screens.web.schedule_parts import VALUE, labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice
from luban.understand.book import Entry
from luban.understand.trace import Named

__all__ = ["ScanPanel"]

_NONE = "–"
_STAY = ("machine", "person", "tool")
_ENTER = """(event) => { if (event.key === 'Enter') { emit(event.target.value); event.target.value = ''; } }"""
_FOCUS = "() => { const box = document.querySelector('[data-field=scanned]'); if (box) { box.focus(); } }"
_PICKED = "(event) => { const one = event.target.closest('[data-lot]'); if (one) { emit(one.dataset.lot); } }"


class ScanPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = ScanDesk(bench.books)
        self._read_so_far: dict[str, str] = {}
        self._components: dict[str, float] = {}
        self._new = ""
        self._told = ""

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        may = self.bench.books.writable and self.bench.may(Role.OPERATOR)
        with card(say("Scan")):
            text = say("Read the labels of part, machine, person and tool in any order; more parts go into the first. "
                       "Each code must stand for one thing.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            with ui.element("div").classes("lb-tsearch"):
                with ui.element("label"):
                    ui.html(html.escape(say("code, scanned or typed; then Enter")), sanitize=False, tag="span")
                    box = ui.element("input").classes("lb-tlot")
                    box.props("type=text autocomplete=off autofocus spellcheck=false data-field=scanned")
                    box.on("keydown", self._scanned, js_handler=_ENTER)
                if may:
                    items = [("", say("no, it is known")), *((one, one) for one in self.bench.view.plant.items)]
                    labelled_choice(say("the next part is new: its item"), items, "", self._set_new)
            self._said = ui.html("", sanitize=False).props("aria-live=polite")
            self._so_far = ui.element("div")
        with card(say("Joined last")):
            self._list = ui.element("div").classes("lb-scroll")
            self._list.on("click", self._picked, js_handler=_PICKED)
        self._may = may
        self._draw()

    def _set_new(self, value: str) -> None:
        self._new = value

    # ------------------------------------------------------------------ reading a code

    async def _scanned(self, event: Any) -> None:
        code = str(event.args)[:400].strip()
        if not code:
            return
        say = self.say
        try:
            found = await self._meant(code)
            text = self._took(found)
            alarm = bool(text)
            text = text or f"{self._kinds()[found.kind]}: {found.name}"
        except LubanError as error:
            parts = (say(error.message), error.came, error.expected, say(error.hint) if error.hint else "")
            text, alarm = " · ".join(filter(None, parts)), True
        if self.bench.alive:
            with self.bench.client:
                self._said.content = notice(text, alarm=alarm)
                self._draw()

    async def _meant(self, code: str) -> Named:
        """What the code stands for; a part that is to be new stands for itself. Raises LubanError."""
        if self._new and "part" not in self._read_so_far:
            try:
                return await self.bench.reads(self.desk.identify, code)
            except LubanError:
                return Named("part", self.desk.new_name(code))
        return await self.bench.reads(self.desk.identify, code)

    def _took(self, found: Named) -> str:
        """Put it where it belongs; why not, or ""."""
        say = self.say
        if found.kind == "place":
            return say("A place is not part of a step of work: {name}", name=found.name)
        if found.kind != "part":
            self._read_so_far[found.kind] = found.name
        elif "part" not in self._read_so_far:
            self._read_so_far["part"] = found.name
        elif found.name == self._read_so_far["part"] or found.name in self._components:
            return f"{say('read twice')}: {found.name}"
        else:
            self._components[found.name] = 1.0
        return ""

    def _kinds(self) -> dict[str, str]:
        say = self.say
        return {
            "part": say("part"), "machine": say("work unit"), "person": say("person"), "tool": say("tool"),
            "order": say("order"), "place": say("place"),
        }  # fmt: skip

    # ------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        say = self.say
        self._so_far.clear()
        with self._so_far:
            if not self._read_so_far:
                return
            with ui.element("table").classes("lb-ttable lb-tnotices"), ui.element("tbody"):
                for kind, said in self._kinds().items():
                    if kind in self._read_so_far:
                        self._row(said, self._read_so_far[kind], f"read-{kind}")
                for name in self._components:
                    self._row(say("goes into it"), name, "component", quantity=True)
            if self._new and "part" in self._read_so_far:
                text = say("The part is new: {item}", item=self._new)
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            with ui.element("div").classes("lb-tbar"):
                if self._may:
                    tool(html.escape(say("Book it")), lambda: self.bench.call(self._join), kind="lb-primary")
                tool(html.escape(say("Begin anew")), lambda: self.bench.call(self._clear))

    def _row(self, said: str, name: str, mark: str, *, quantity: bool = False) -> None:
        with ui.element("tr") as row:
            row._props["data-read"] = mark  # noqa: SLF001 - a text with quotes cannot go through props()
            ui.html(html.escape(said), sanitize=False, tag="th").props("scope=row")
            ui.html(html.escape(name), sanitize=False, tag="td")
            with ui.element("td"):
                if quantity:
                    box = ui.element("input").props("type=number min=0 step=any data-field=component")
                    label = f"{name} {self.say('quantity')}"
                    box._props.update({"aria-label": label, "defaultValue": f"{self._components[name]:g}"})  # noqa: SLF001
                    box.on("input", lambda event: self._amount(name, str(event.args)), js_handler=VALUE)

    def _amount(self, name: str, text: str) -> None:
        try:
            self._components[name] = float(text)
        except ValueError:
            self._components[name] = 0.0  # refused when it is booked

    async def _clear(self) -> None:
        self._read_so_far, self._components = {}, {}
        with self.bench.client:
            self._said.content = ""
            self._draw()
            ui.run_javascript(f"({_FOCUS})()")

    # ------------------------------------------------------------------ booking

    async def _join(self) -> None:
        person, read, say = self.bench.person(Role.OPERATOR), dict(self._read_so_far), self.say
        if person is None:
            return
        done = await self.bench.do(
            self.desk.join, read.get("part", ""), read.get("machine", ""), person=person, worker=read.get("person", ""),
            tool=read.get("tool", ""), order=read.get("order", ""), components=tuple(self._components.items()),
            new=self._new,
        )  # fmt: skip
        if done and self.bench.alive:
            self._read_so_far = {kind: name for kind, name in read.items() if kind in _STAY}
            self._components = {}
            with self.bench.client:
                self._said.content = notice(say("Booked: {part}", part=read["part"]))
                self._draw()
                ui.run_javascript(f"({_FOCUS})()")
            await self.again()

    # ------------------------------------------------------------------ what was joined

    async def _read(self) -> None:
        latest = await self.bench.ask(self.desk.latest)
        if latest is None or latest == self._known or not self.bench.alive:
            return
        self._known = latest
        with self.bench.client:
            self._draw_list(latest)

    def _draw_list(self, latest: list[Entry]) -> None:
        say = self.say
        self._list.clear()
        with self._list:
            if not latest:
                ui.html(notice(say("Nothing was joined yet.")), sanitize=False)
                return
            heads = (say("time"), say("part"), say("item"), say("goes into it"), say("work unit"), say("person"),
                     say("tool"), say("order"))  # fmt: skip
            head = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in heads)
            body = "".join(self._joined(one, heads) for one in latest)
            table = f'<table class="lb-ttable"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
            ui.html(table, sanitize=False)

    def _joined(self, one: Entry, heads: tuple[str, ...]) -> str:
        data = one.data
        when = to_datetime(one.time).astimezone(self.bench.view.plant.zone).strftime("%Y-%m-%d %H:%M")
        part = html.escape(one.subject, quote=True)
        into = ", ".join(f"{own['lot']} {own['quantity']:g}" for own in data.get("components", ()))
        rest = (data.get("item"), into, data.get("machine"), data.get("person"), data.get("tool"), data.get("order"))
        cells = [when, f'<button type="button" class="lb-plain" data-lot="{part}">{part}</button>',
                 *(html.escape(str(cell)) if cell else _NONE for cell in rest)]  # fmt: skip
        row = "".join(f'<td data-head="{html.escape(head, quote=True)}">{cell}</td>'
                      for head, cell in zip(heads, cells, strict=True))  # fmt: skip
        return f"<tr>{row}</tr>"

    async def _picked(self, event: Any) -> None:
        await self.bench.choose(str(event.args))
        await self.bench.open("explorer")
