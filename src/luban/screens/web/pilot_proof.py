"""Targets of a pilot: what was reached, what binds, and how each metric falls from lever to lever."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from luban.pilot.proof import Proof
from luban.screens.report.pilot import (
    binding_notes,
    changes_picture,
    fall_picture,
    honest_notes,
    meaning_notes,
    tuned_notes,
)
from luban.screens.report.pilot_tables import fall_grid, others_grid, targets_grid
from luban.screens.report.pilot_words import metric_name
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.pilot_panel import PilotPanel, picked_picture, sheet_piece, target_buttons
from luban.screens.web.schedule_parts import segments

__all__ = ["ProofPanel"]


class ProofPanel(PilotPanel):
    """What is in the tab."""

    DOWNLOADS = True

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._metric = "cycle"

    def _asked(self) -> tuple[Any, ...]:
        return (self._metric,)

    def _draw(self, proof: Proof) -> None:
        say = self.say
        target_buttons(proof, say, self._to_runs)
        sheet_piece(
            *tuned_notes(proof, say), *meaning_notes(proof, say), *binding_notes(proof, say), title=say(proof.title)
        )
        falls = {fall.metric: fall for fall in proof.falls}
        if falls:
            metric = self._metric if self._metric in falls else next(iter(falls))
            choices = [(name, metric_name(name, say)) for name in falls]
            segments(choices, metric, self._choose, say("figure"))
            with ui.element("div").classes("lb-two"):
                picked_picture(fall_picture(falls[metric], proof, say, paper=False), self._to_lever)
                picked_picture(changes_picture(proof, say, paper=False), self._to_runs)
            sheet_piece(fall_grid(falls[metric], proof, say))
        others = others_grid(proof, say)
        sheet_piece(targets_grid(proof, say), *([] if others is None else [others]), *honest_notes(proof, say))

    def _choose(self, metric: str) -> None:
        self._metric = metric
        self.bench.call(self._read)

    def _to_runs(self, metric: str) -> None:
        self.bench.call(self.bench.open, "runs", metric)

    def _to_lever(self, lever: str) -> None:
        self.bench.call(self.bench.open, "levers", lever)
