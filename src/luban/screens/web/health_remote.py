"""Experts from outside on the page: who may look at which machine until when, the way in, everything they did."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.errors import InputError, LubanError
from luban.core.time import now as moment, parse_duration
from luban.screens.grants import PARTS, Grant, Grants
from luban.screens.i18n import Words
from luban.screens.report.health_remote import audit_grid, clock, grant_word, grants_sheet, part_word
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.service import Now
from luban.screens.users import Role
from luban.screens.web.health_frame import Bench
from luban.screens.web.quality_columns import LEFT, RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.understand.book import Entry, entries

__all__ = ["RemotePanel"]

_LENGTHS = ("1h", "4h", "8h", "1d", "3d", "7d", "30d")
_USUAL = ("health", "signals", "alarms")
_MOST = 60


class RemotePanel:
    """What is in the tab: left whom to let in, right all grants and what was done with them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self._given = {"machine": "", "expert": "", "length": "4h", "reason": ""}
        self._parts = set(_USUAL)
        self._shown: tuple[Any, ...] = ()
        self._grants: tuple[Grant, ...] = ()
        self._steps: tuple[Entry, ...] = ()

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(LEFT):
                self._form_holder = ui.element("div").style("display: grid; gap: 12px")
                self._link = ui.element("div")
            with ui.element("div").style(RIGHT):
                with card(say("Grants")) as head:
                    with head:
                        self._tools = ui.element("div").classes("lb-tools")
                    self._list = ui.element("div")
                with card(say("What was done")):
                    self._audit = ui.element("div")

    async def show(self) -> None:
        """Read and draw; the form speaks of the chosen machine."""
        self._given["machine"] = (
            self.bench.chosen or self._given["machine"] or next(iter(self.bench.books.machines()), "")
        )
        with self.bench.client:
            self._form()
        self._shown = ()
        await self._read()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - the frame's protocol
        """A grant that ends, or a look, shows at once."""
        await self._read()

    async def _read(self) -> None:
        grants = self.bench.books.grants
        if grants is None:
            return
        found = await self.bench.ask(_read, grants, self.bench)
        if found is None or not self.bench.alive:
            return
        at = moment()
        shown = (tuple((one.id, one.state(at)) for one in found[0]), len(found[1]))
        if shown == self._shown:
            return
        self._shown, (self._grants, self._steps) = shown, found
        with self.bench.client:
            self._draw(at)

    # ------------------------------------------------------------------ drawing

    def _form(self) -> None:
        say = self.say
        self._form_holder.clear()
        if not self.bench.may(Role.ENGINEER) or self.bench.books.grants is None:
            return
        with self._form_holder, card(say("Let an expert look at one machine")), ui.element("div").classes("lb-form"):
            machines = [(path, self.bench.view.plant.equipment[path].name) for path in self.bench.books.machines()]
            labelled_choice(say("Machine"), machines, self._given["machine"], partial(self._set, "machine"))
            box = field(say("For whom: name and firm"), self._given["expert"], partial(self._set, "expert"), "text")
            box.props("data-field=expert maxlength=100")
            lengths = [(name, _length(say, name)) for name in _LENGTHS]
            labelled_choice(say("For how long"), lengths, self._given["length"], partial(self._set, "length"))
            with ui.element("fieldset").style("border: 0; padding: 0; margin: 0; display: grid; gap: 4px"):
                ui.html(html.escape(say("The expert may see")), sanitize=False, tag="legend").classes("lb-note")
                for part in PARTS:
                    self._part(part)
            box = field(say("Reason"), self._given["reason"], partial(self._set, "reason"), "text")
            box.props("data-field=reason maxlength=500")
            tool(html.escape(say("Make the link")), self._give, kind="lb-take")

    def _part(self, part: str) -> None:
        with ui.element("label").style("display: flex; gap: 6px; align-items: center"):
            box = ui.element("input").props(f"type=checkbox data-part={part}")
            if part in self._parts:
                box.props("checked")
            box.on("change", lambda event, part=part: self._choose(part, on=bool(event.args)), js_handler=_CHECKED)
            ui.html(html.escape(part_word(self.say, part)), sanitize=False, tag="span")

    def _choose(self, part: str, *, on: bool) -> None:
        self._parts = self._parts | {part} if on else self._parts - {part}

    def _set(self, name: str, value: str) -> None:
        self._given[name] = value

    def _draw(self, at: int) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        self._list.clear()
        with self._list:
            if not self._grants:
                ui.html(html.escape(say("no grants yet")), sanitize=False).classes("lb-note")
            for one in self._grants[:_MOST]:
                self._grant(one, at)
        self._audit.clear()
        with self._audit:
            grid = audit_grid(self._steps[-200:], say, zone, titled=False)
            ui.html(sheet_part(Sheet("", "", (grid,))), sanitize=False)
        self._tools.clear()
        with self._tools:
            download_tools(self.bench, grants_sheet(self._grants, self._steps, at, say, zone), "grants")

    def _grant(self, one: Grant, at: int) -> None:
        say, zone, state = self.say, self.bench.view.plant.zone, one.state(at)
        running = state in {"early", "waiting", "open"}
        place = self.bench.view.plant.equipment.get(one.machine)
        name = html.escape(place.name if place else one.machine)
        parts = html.escape(", ".join(part_word(say, part) for part in one.parts))
        until = say("until {time}", time=clock(one.expires, zone))
        with ui.element("div").classes("lb-grant").props(f"data-id={one.id} data-state={state}"):
            text = (
                f"<b>{name}</b> · {html.escape(one.expert)}"
                f'<div class="lb-note">{html.escape(grant_word(say, state))} · {html.escape(until)} · {parts}</div>'
            )
            ui.html(text, sanitize=False)
            if running and self.bench.may(Role.ENGINEER):
                with ui.element("div").classes("lb-tools"):
                    tool(html.escape(say("End it now")), lambda: self._revoke(one.id))
                    tool(html.escape(say("New link")), lambda: self._renew(one.id))

    # ------------------------------------------------------------------ doing

    async def _give(self) -> None:
        person, grants = self.bench.person(Role.ENGINEER), self.bench.books.grants
        if person is None or grants is None:
            return
        given = self._given
        try:
            machine, length = self.bench.books.known(given["machine"]), parse_duration(given["length"])
            if not given["expert"].strip():
                raise InputError("say whom the grant is for")
        except LubanError as error:
            self.bench.complain(error)
            return
        parts = [part for part in PARTS if part in self._parts]
        made = await self.bench.ask(
            grants.give, machine, given["expert"], length, parts, who=person, reason=given["reason"]
        )
        if made is not None:
            await self._way_in(*made)
            await self._read()

    async def _renew(self, identifier: str) -> None:
        person, grants = self.bench.person(Role.ENGINEER), self.bench.books.grants
        if person is None or grants is None:
            return
        secret = await self.bench.ask(grants.renew, identifier, who=person)
        if secret is not None:
            await self._way_in(grants.get(identifier), secret)
            await self._read()

    async def _revoke(self, identifier: str) -> None:
        person, grants = self.bench.person(Role.ENGINEER), self.bench.books.grants
        if person is not None and grants is not None:
            await self.bench.ask(grants.revoke, identifier, who=person)
            await self._read()

    async def _way_in(self, grant: Grant, secret: str) -> None:
        """The link, shown once: luban keeps only its hash."""
        say = self.say
        with self.bench.client:
            origin = await ui.run_javascript("location.origin")
            link = html.escape(f"{origin}/{say.language}/remote#{grant.id}.{secret}", quote=True)
            self._link.clear()
            with self._link, card(say("The link for {expert}", expert=grant.expert)):
                note = say("It is shown only now, works once, and opens nothing else. Send it to the expert alone.")
                ui.html(f'<div class="lb-note">{html.escape(note)}</div>', sanitize=False)
                box = f'<input class="lb-link-once" readonly value="{link}" aria-label="{html.escape(say("Link"))}">'
                ui.html(box, sanitize=False)
                tool(html.escape(say("Copy")), lambda: None).on("click", js_handler=_COPY)


def _read(grants: Grants, bench: Bench) -> tuple[tuple[Grant, ...], tuple[Entry, ...]]:
    return tuple(grants.all()), entries(bench.view.ledger, "grant")


def _length(say: Words, name: str) -> str:
    return say("{n} h", n=name[:-1]) if name.endswith("h") else say("{n} d", n=name[:-1])


_CHECKED = "(event) => emit(event.target.checked)"
_COPY = """() => {
  const box = document.querySelector('.lb-link-once');
  box.select();
  if (navigator.clipboard) navigator.clipboard.writeText(box.value); else document.execCommand('copy');
}"""
