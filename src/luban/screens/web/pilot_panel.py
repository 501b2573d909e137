"""What the tabs of a pilot share: which pilot is shown, its proof while there is one, and its sheet as a file."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.time import to_datetime
from luban.pilot.proof import Proof
from luban.screens.i18n import Words
from luban.screens.report.pilot import proof_sheet
from luban.screens.report.pilot_words import change_tone, ends, metric_name, signed, verdict_name
from luban.screens.report.sheet import Block, Picture, Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.service import Now
from luban.screens.service.pilot import OWN, ShownPilot
from luban.screens.web.cost_panel import PICK, PICK_KEYS
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.schedule_parts import Choice, tool
from luban.screens.web.tabs import BookPanel, card

__all__ = ["PilotPanel", "clock_of", "picked_picture", "pilot_title", "sheet_piece", "target_buttons"]


def pilot_title(one: ShownPilot, say: Words) -> str:
    """A pilot for people: the plant's own by the plant's name."""
    return say("this plant: {name}", name=one.title) if one.name == OWN else say(one.title)


def clock_of(time: int, bench: Bench) -> str:
    """A moment [µs UTC] in the plant's zone."""
    return to_datetime(time).astimezone(bench.view.plant.zone).strftime("%Y-%m-%d %H:%M")


def target_buttons(proof: Proof, say: Words, act: Callable[[str], Any]) -> None:
    """The targets of a proof as figures that open something.

    act  called with the metric
    """
    with ui.element("div").classes("lb-pfigures"):
        for one in proof.metrics:
            found = proof.change(one.name)
            if found is None or not found.verdict:
                continue
            with ui.element("button").classes(f"lb-figure lb-p-{change_tone(found)}") as button:
                button.props(f"type=button data-metric={one.name}")
                inner = (
                    f'<span class="lb-label">{html.escape(metric_name(one.name, say))}</span>'
                    f'<span class="lb-number">{signed(100 * found.share.mean)}<small>%</small></span>'
                    f'<span class="lb-reason">{ends(found.share, 1, 100)} · '
                    f"{html.escape(verdict_name(found.verdict, say))}</span>"
                )
                ui.html(inner, sanitize=False, tag="span").style("display: grid")
            button.on("click", lambda _event, of=one.name: act(of))


def sheet_piece(*blocks: Block, title: str = "") -> None:
    """Blocks of a sheet as a part of the page; nothing where there are none."""
    if blocks:
        ui.html(sheet_part(Sheet(title, "", tuple(blocks))), sanitize=False).classes("lb-ppart")


def picked_picture(picture: Picture, act: Callable[[str], Any]) -> None:
    """A picture whose rows are buttons.

    act  called with the `pick` of the row that was pressed
    """
    with card(picture.title):
        held = ui.html(picture.svg, sanitize=False)
        held.on("click", lambda event: act(str(event.args[0])), js_handler=PICK)
        held.on("keydown", lambda event: act(str(event.args[0])), js_handler=PICK_KEYS)
        if picture.text:
            ui.html(html.escape(picture.text), sanitize=False, tag="p").classes("lb-note")


class PilotPanel(BookPanel):
    """A tab that shows one pilot's proof. A subclass draws it into `holder`.

    DOWNLOADS  the tab offers the whole sheet as a file
    """

    DOWNLOADS = False

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.proof: Proof | None = None
        self.name = ""

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").classes("lb-tbar"):
            with ui.element("label"):
                ui.html(html.escape(say("pilot")), sanitize=False, tag="span")
                self._pilots = Choice(say("pilot"), lambda name: self.bench.call(self.bench.choose, name))
            for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")) if self.DOWNLOADS else ():
                tool(text, partial(self.bench.call, self._file, kind))
        self.holder = ui.element("div").classes("lb-main lb-pholder")

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where a pilot was proved anew: pilots have books of their own."""
        await self._read()

    def _draw(self, proof: Proof) -> None:
        raise NotImplementedError

    def _asked(self) -> tuple[Any, ...]:
        """What else is asked of the proof: something other, and it is drawn anew."""
        return ()

    async def _read(self) -> None:
        found = await self.bench.ask(self.bench.books.all)
        if found is None or not self.bench.alive:
            return
        proved = [one for one in found if one.standing.proof is not None]
        own = next((one for one in found if one.name == self.bench.chosen), None) or next(iter(proved), None)
        proof = own.standing.proof if own is not None else None
        entries = [(one.name, pilot_title(one, self.say)) for one in found]
        known = (own and own.name, proof and proof.made, self._asked(), tuple(entries))
        if known == self._known:
            return
        self._known, self.proof, self.name = known, proof, own.name if own is not None else ""
        with self.bench.client:
            self._pilots.fill(entries, own.name if own is not None else "")
            self.holder.clear()
            with self.holder:
                if proof is None:
                    self._empty(own)
                else:
                    self._draw(proof)

    def _empty(self, own: ShownPilot | None) -> None:
        say = self.say
        text = say("Nothing was proved yet.") if own is None else say("This pilot has no proof yet.")
        if own is not None and own.standing.wanted:
            text = f"{text} {_unfinished(own, say)}"
        with ui.element("section").classes("lb-card"):
            ui.html(f'<div class="lb-empty">{html.escape(text)}</div>', sanitize=False)
            tool(html.escape(say("To the pilots")), lambda: self.bench.call(self.bench.open, "pilots"))

    async def _file(self, kind: str) -> None:
        proof = self.proof
        if proof is None:
            self.bench.say_to(self.say("This pilot has no proof yet."))
            return
        sheet = proof_sheet(proof, self.say, zone=self.bench.view.plant.zone)
        made = await self.bench.ask(file_of, sheet, kind, self.say.language)
        if made is not None:
            content, media = made
            self.bench.download(content, f"{proof.name}.{kind}", media)


def _unfinished(own: ShownPilot, say: Words) -> str:
    return say("A study was begun and not ended: {done} of {wanted} runs are kept.", done=own.standing.done,
               wanted=own.standing.wanted)  # fmt: skip
