"""Every run of a pilot: each seed under each way to run the plant; a figure opens its run as it stands in the books."""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.pilot.proof import AS_IS, CAPITAL, CONVENTIONAL, LUBAN, Proof
from luban.screens.report.pilot import pairs_picture
from luban.screens.report.pilot_words import amount, arm_name, cost_names, metric_name, metric_unit
from luban.screens.web.bar import plain_button
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.pilot_panel import PilotPanel, clock_of, sheet_piece
from luban.screens.web.schedule_parts import segments
from luban.screens.web.tabs import card

__all__ = ["RunsPanel"]

_PRESS = (
    "(event) => { const one = event.target.closest('[data-run]');"
    " if (one) { emit([one.dataset.arm, one.dataset.run]); } }"
)
_WIDE = 460
_SHOWN = (AS_IS, CONVENTIONAL, LUBAN, CAPITAL)


class RunsPanel(PilotPanel):
    """What is in the tab; a metric that another tab handed over is shown."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._metric = "cycle"

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        super().build()
        self._dialog = ui.dialog()

    async def show(self) -> None:
        """It came to the front, perhaps for one metric."""
        handed, self.bench.handed = self.bench.handed, None
        self._metric = str(handed or self._metric)
        await super().show()

    def _asked(self) -> tuple[Any, ...]:
        return (self._metric,)

    def _draw(self, proof: Proof) -> None:
        say = self.say
        metrics = [one.name for one in proof.metrics]
        metric = self._metric if self._metric in metrics else metrics[0]
        segments([(name, metric_name(name, say)) for name in metrics], metric, self._choose, say("figure"))
        with ui.element("div").classes("lb-pairs"):
            sheet_piece(pairs_picture(metric, proof, say, width=_WIDE))
        unit = metric_unit(proof.measured(metric), proof, say)
        with card(say("{name}, every run [{unit}]", name=metric_name(metric, say), unit=unit)):
            table = ui.html(self._table(metric, proof), sanitize=False).classes("lb-scroll lb-cfacts")
            table.on("click", lambda event: self.bench.call(self._open, *event.args), js_handler=_PRESS)
            text = say("A figure opens its run as it stands in the pilot's books.")
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")

    def _table(self, metric: str, proof: Proof) -> str:
        say, one = self.say, proof.measured(metric)
        arms = [name for name in (*_SHOWN, *(arm.name for arm in proof.arms if arm.name not in _SHOWN))
                if len(proof.points.get(name, {}).get(metric, ())) == len(proof.seeds)]  # fmt: skip
        heads = "".join(f'<th class="lb-n">{html.escape(arm_name(name, say))}</th>' for name in arms)
        rows = []
        for place, seed in enumerate(proof.seeds):
            cells = []
            for name in arms:
                told = amount(proof.points[name][metric][place], one.decimals)
                what = html.escape(f"{arm_name(name, say)}, {seed}", quote=True)
                given = f'data-run="{place}" data-arm="{html.escape(name, quote=True)}" aria-label="{what}: {told}"'
                cells.append(f'<td class="lb-n"><button type="button" class="lb-plain" {given}>{told}</button></td>')
            rows.append(f"<tr><td>{seed}</td>{''.join(cells)}</tr>")
        head = f"<thead><tr><th>{html.escape(say('seed'))}</th>{heads}</tr></thead>"
        return f'<table class="lb-table lb-pruns">{head}<tbody>{"".join(rows)}</tbody></table>'

    def _choose(self, metric: str) -> None:
        self._metric = metric
        self.bench.call(self._read)

    async def _open(self, arm: str, place: str) -> None:
        proof = self.proof
        if proof is None or self.bench.user_now() is None:
            return
        at = int(place)
        seqs = proof.seqs.get(arm, ())
        if not 0 <= at < len(seqs):
            return
        told = await self.bench.ask(self.bench.books.run, self.name, seqs[at])
        if told is None or not self.bench.alive:
            return
        say = self.say
        with self.bench.client:
            self._dialog.clear()
            with self._dialog, ui.element("div").classes("lb-dialog lb-cfact").props("data-fact"):
                title = f"{arm_name(arm, say)}, {say('seed')} {proof.seeds[at]}"
                ui.html(html.escape(title), sanitize=False, tag="h2").classes("lb-title")
                rows = self._facts(told, proof)
                inner = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
                ui.html(f"<dl>{inner}</dl>", sanitize=False)
                plain_button(html.escape(say("Close")), self._dialog.close)
            self._dialog.open()

    def _facts(self, told: dict[str, Any], proof: Proof) -> list[tuple[str, str]]:
        """What the entry says, in words."""
        say, figures = self.say, told["figures"]
        names = cost_names(say)
        levers = {one.id: say(one.name) for one in proof.levers}
        rows = [
            (say("fact"), f"{told['seq']:,}"), (say("written"), clock_of(told["time"], self.bench)),
            (say("levers"), ", ".join(levers.get(one, one) for one in told["levers"]) or say("none")),
            (say("orders, times"), amount(told["demand"], 2)), (say("days"), amount(figures["days"], 1)),
            (say("good units"), amount(figures["units"])), (say("made in all"), amount(figures["made"])),
            (metric_name("cycle", say), f"{amount(figures['cycle'] / 86_400, 2)} {say('d')}"),
            (metric_name("defects", say), f"{amount(100 * figures['defects'], 2)} %"),
        ]  # fmt: skip
        rows += [
            (names.get(part, part), f"{amount(value)} {proof.currency}") for part, value in figures["costs"].items()
        ]
        rows += [(say(name), f"{amount(value, 2)} {say(proof.units.get(name, ''))}".strip())
                 for name, value in figures["more"].items()]  # fmt: skip
        rows.append((say("digest of the program"), told["code"][:16]))
        rows.append((say("digest of the pilot's folder"), told["settings"][:16]))
        return rows
