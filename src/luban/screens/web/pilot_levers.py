"""Levers of a pilot: what each gave, what changed on the shop floor, what it is worth, and which should be off."""

from __future__ import annotations

import html

from nicegui import ui

from luban.core.errors import LubanError
from luban.pilot.proof import LeverTold, Money, Proof
from luban.pilot.study import QUICK
from luban.screens.report.pilot_tables import skipped_grid
from luban.screens.report.pilot_words import LEVER_TONES, amount, field_name, metric_name, shares
from luban.screens.users import Role
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.pilot_panel import PilotPanel, sheet_piece
from luban.screens.web.schedule_parts import tool

__all__ = ["LeversPanel"]

_LEFT_OFF = "it was left off in this study"


class LeversPanel(PilotPanel):
    """What is in the tab; a lever that another tab handed over is marked."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._lever = ""

    async def show(self) -> None:
        """It came to the front, perhaps for one lever."""
        handed, self.bench.handed = self.bench.handed, None
        self._lever = str(handed or "")
        await super().show()

    def _draw(self, proof: Proof) -> None:
        say = self.say
        off = [one for one in proof.levers if one.off]
        if off:
            names = ", ".join(say(one.name) for one in off)
            text = say("Proposed to be switched off, because it makes things worse here: {names}.", names=names)
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note lb-pwarn").props("data-off")
        money = {one.what: one for one in proof.money}
        with ui.element("div").classes("lb-pilots"):
            for one in proof.levers:
                if one.on:
                    self._card(one, money.get(" + ".join(one.with_it)), proof)
        skipped = skipped_grid(proof.levers, say)
        sheet_piece(*([] if skipped is None else [skipped]))
        if self._lever:
            ui.run_javascript(
                f"document.querySelector('[data-lever={self._lever}]')?.scrollIntoView({{block: 'center'}})"
            )

    def _card(self, one: LeverTold, money: Money | None, proof: Proof) -> None:
        say = self.say
        kind = "lb-pchosen" if one.id == self._lever else ""
        with ui.element("section").classes(f"lb-card {kind}").props(f"data-lever={one.id}"):
            tone = "bad" if one.off else LEVER_TONES[one.verdict]
            verdict = say("proposed to be switched off") if one.off else say(one.verdict)
            field = field_name(one.field, say) + (f" · {say('needs capital')}" if one.capital else "")
            inner = (
                f'<h2 class="lb-title">{html.escape(say(one.name))}</h2>'
                f'<span class="lb-state lb-p-{tone}">{html.escape(verdict)}</span>'
                f'<span class="lb-note">{html.escape(field)}</span>'
            )
            ui.html(inner, sanitize=False).classes("lb-head")
            ui.html(html.escape(say(one.text)), sanitize=False, tag="p").classes("lb-pfloor")
            rows = [
                (metric_name(metric.name, say), shares(one.shares[metric.name]))
                for metric in proof.metrics if metric.name in one.shares and metric.name != "full cost"
            ]  # fmt: skip
            rows += self._worth(money, proof) if money is not None else []
            told = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
            ui.html(f"<dl>{told}</dl>", sanitize=False).classes("lb-pfacts")
            if len(one.with_it) > 1:
                names = {own.id: say(own.name) for own in proof.levers}
                others = ", ".join(names[name] for name in one.with_it if name != one.id)
                text = say("switched on together with: {names}", names=others)
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            if one.off and self.bench.may(Role.ENGINEER):
                text = html.escape(say("Run the study again without it"))
                tool(text, lambda: self.bench.call(self._without, one.id), kind="lb-primary")

    def _worth(self, money: Money, proof: Proof) -> list[tuple[str, str]]:
        say, currency = self.say, proof.currency
        rows = [(say("saved a year"), f"{amount(money.saving.mean)} {currency}")]
        if money.invest:
            payback = say("never") if money.payback is None else say("{n} years", n=amount(money.payback, 1))
            rows += [(say("invested"), f"{amount(money.invest)} {currency}"), (say("payback"), payback)]
        years = say("net present value, {n} years", n=money.horizon)
        return [*rows, (years, f"{amount(money.npv.mean)} {currency}")]

    async def _without(self, lever: str) -> None:
        person, proof = self.bench.person(Role.ENGINEER), self.proof
        if person is None or proof is None:
            return
        pilots = await self.bench.ask(self.bench.books.all)
        own = next((one for one in pilots or () if one.standing.proof is proof), None)
        if own is None:
            return
        off = tuple(one.id for one in proof.levers if one.skipped == _LEFT_OFF)
        quick = proof.seeds[0] in QUICK
        try:
            self.bench.books.runs.begin(
                person, own, seeds=len(proof.seeds), quick=quick, method=proof.method, without=(*off, lever)
            )
        except LubanError as error:
            self.bench.complain(error)
            return
        await self.bench.open("pilots")
