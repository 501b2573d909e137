"""A rehearsed controller as a sheet: Cpk after a drift by window, against the plant as it is, and what it set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from luban.decide.setpoint.causes import CauseModel
from luban.decide.setpoint.rehearse import Drift, Window
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import given, number, provenance
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["Rehearsed", "rehearsal_sheet", "rehearsal_svg"]

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal came to.

    windows  hand → Cpk of the parts by window; before: hand → before the drift
    back     piece from which on the controller keeps the bar; None: it does not
    after    Cpk of all parts from there on (from the drift on, where it does not)
    moves, left, refused  set-points set, outside the envelope, not taken by a machine
    """

    plant: str
    stations: tuple[str, ...]
    drift: Drift
    bar: float
    windows: Mapping[str, Sequence[Window]]
    before: Mapping[str, float]
    back: int | None
    after: float
    pieces: int
    moves: int
    left: int
    refused: int
    causes: Mapping[str, CauseModel]
    seed: int
    runs: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`; None where there is no figure."""

        def known(value: float) -> float | None:
            return value if np.isfinite(value) else None

        return {
            "plant": self.plant, "stations": list(self.stations), "seed": self.seed, "runs": self.runs, "bar": self.bar,
            "drift": {"size": self.drift.size, "over": self.drift.over, "begin": self.drift.begin},
            "windows": {
                hand: [
                    {"first": w.first, "last": w.last, "cpk": known(w.cpk), "half_width": known(w.half_width),
                     "pieces": w.count}
                    for w in own
                ]
                for hand, own in self.windows.items()
            },
            "before": {hand: known(value) for hand, value in self.before.items()}, "back": self.back,
            "after": known(self.after), "pieces": self.pieces, "moves": self.moves, "outside": self.left,
            "refused": self.refused,
            "causes": {name: asdict(own) for name, own in self.causes.items()},
        }  # fmt: skip


def rehearsal_sheet(found: Rehearsed, say: Words) -> Sheet:
    """The sheet of a rehearsal."""
    bar = f"{found.bar:g}"
    if found.back is None:
        verdict = Note(say("The controller does not hold Cpk {bar} after this drift.", bar=bar), "bad")
    else:
        text = say("From piece {n} after the drift began, Cpk is at least {bar} for good.", n=found.back, bar=bar)
        verdict = Note(text, "good")
    figures = Figures(
        (
            Figure(say("Cpk before"), _cpk(found.before.get("causes")), "", say("parts, gauge taken off")),
            Figure(say("Cpk after"), _cpk(found.after), "", f"{found.pieces:,} {say('parts')}"),
            Figure(say("set-points set"), f"{found.moves:,}"),
            Figure(say("outside the envelope"), f"{found.left:,}", tone="bad" if found.left else "good"),
            Figure(say("not taken by a machine"), f"{found.refused:,}"),
        )
    )
    blocks: list[Block] = [verdict, figures, _windows(found, say)]
    blocks.append(Picture(rehearsal_svg(found, say), say("Cpk after the drift"), ""))
    if found.causes:
        blocks.append(_causes(found, say))
    text = say("Every piece is measured; the drift is put into each machine by the rehearsal, and no device shows it.")
    blocks.append(Note(text))
    over = found.drift.over
    drift = f"{given(found.drift.size)} σ" + (f", {over} {say('parts')}" if over else "")
    made = provenance(say, found.plant, found.pieces, 0, f"{say('twin')}; {say('seed')} {found.seed} × {found.runs}")
    subtitle = f"{', '.join(found.stations)} · {say('drift')} {drift}"
    return Sheet(say("Rehearsal of the controller"), subtitle, tuple(blocks), made)


def _cpk(value: float | None) -> str:
    return number(value, 3)


def _hands(say: Words) -> dict[str, str]:
    return {"causes": say("controller"), "run_to_run": "EWMA", "as_is": say("operators")}


def _windows(found: Rehearsed, say: Words) -> Grid:
    names = _hands(say)
    hands = [hand for hand in names if hand in found.windows]
    rows = [[say("before"), *(_cpk(found.before.get(hand)) for hand in hands)]]
    for k, window in enumerate(found.windows[hands[0]]):
        own = found.windows["causes"][k]
        around = f"± {own.half_width:.2f}" if np.isfinite(own.half_width) else _NONE
        each = [_cpk(found.windows[hand][k].cpk) for hand in hands]
        rows.append([f"{window.first}–{window.last}", *each, around, f"{own.count:,}"])
    rows[0] += ["", ""]
    heads = (
        say("pieces after the drift began"),
        *(names[hand] for hand in hands),
        say("controller, 95 %"),
        say("parts"),
    )
    return Grid(heads, rows, say("Cpk of the parts"), frozenset(range(1, len(heads))))


def _causes(found: Rehearsed, say: Words) -> Grid:
    rows = [
        (
            name, number(own.noise, 3), number(own.setup, 3), f"{number(own.wear, 3)} ± {number(own.wear_spread, 2)}",
            number(own.heat, 3), number(own.heat_time / 60, 3), f"{own.readings:,}",
        )
        for name, own in found.causes.items()
    ]  # fmt: skip
    heads = (
        say("station"), say("noise"), say("setup"), say("wear an hour"), say("heat"), say("warm after [min]"),
        say("readings"),
    )  # fmt: skip
    return Grid(heads, rows, say("Causes learnt from the plant as it is"), frozenset(range(1, 7)))


def rehearsal_svg(found: Rehearsed, say: Words, *, width: int = 980, height: int = 260) -> str:
    """Cpk of each window, for each hand, over the pieces after the drift began."""
    names, tones = _hands(say), {"causes": "accent", "run_to_run": "second", "as_is": "third"}
    points = {
        hand: [(0.5 * (own.first + own.last), own.cpk) for own in windows if np.isfinite(own.cpk)]
        for hand, windows in found.windows.items()
    }
    values = [value for own in points.values() for _, value in own] or [found.bar]
    ends = [own.last for windows in found.windows.values() for own in windows]
    plot = Plot(
        x=(0, max(ends)), y=(min(0.0, *values), 1.15 * max(found.bar, *values)), width=width, height=height,
        x_label=say("pieces after the drift began"), y_label="Cpk", title=say("Cpk after the drift"),
    )  # fmt: skip
    plot.level(found.bar, f"{found.bar:g}", "limit", dash="6 3")
    for hand, own in points.items():
        if own:
            xs, ys = zip(*own, strict=True)
            plot.line(xs, ys, tones[hand], name=names[hand])
            plot.dots(xs, ys, tones[hand])
    return plot.svg()
