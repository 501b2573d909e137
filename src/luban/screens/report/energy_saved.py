"""Savings from a table as a sheet: by the hour with the week in the baseline, or by day, week or month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.energy_savings import running_picture, saved_text, saving_figures
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.energy.savings import Savings
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["FromTable", "saved_document", "saved_sheet"]

_NONE = "–"
_MOST = 20


@dataclass(frozen=True, eq=False)
class FromTable:
    """Savings of a table.

    source    file
    unit      of energy, "" where the file names none
    step      hour, day, week or month, as the rows are apart
    found     savings; by the day where rows are hours
    at        begin of the first period and end of each counted [µs UTC]
    used      rows that the baseline rests on; `form` of it
    r2, cv    share of the variance explained [1]; scatter over the mean [1]
    tied      autocorrelation of days, or of rows [1]
    notes     of the baseline
    terms     (name, coefficient, standard error); of an hourly baseline none
    by_hour   mean saving by hour of the week [energy/h]; empty where rows are no hours
    left_out  rows of the table that were not used
    """

    source: str
    unit: str
    step: str
    found: Savings
    at: Ints
    used: int
    form: str
    r2: float
    cv: float
    tied: float
    notes: tuple[str, ...]
    terms: tuple[tuple[str, float, float], ...]
    by_hour: Floats
    left_out: tuple[Excluded, ...]


def saved_sheet(made: FromTable, say: Words, zone: ZoneInfo) -> Sheet:
    """The sheet."""
    tone, text = saved_text(made.found, say)
    step = {"hour": say("days"), "day": say("days"), "week": say("weeks"), "month": say("months")}[made.step]
    blocks: list[Block] = [Note(text, tone), saving_figures(made.found, made.unit, step, say)]
    blocks.append(running_picture(made.found, made.at, made.unit, say, zone))
    if len(made.by_hour):
        blocks += _week(made, say)
    forms = {"whole": say("by hour of the week"), "months": say("by hour of the week, month by month")}
    rows = (
        Figure(say("rows used"), f"{made.used:,}", "", forms.get(made.form, made.form)),
        Figure(say("explained of the variance"), f"{100 * made.r2:.1f}", "%", "R²"),
        Figure(say("scatter about the baseline"), f"{100 * made.cv:.1f}", "%", "CV(RMSE)"),
        Figure(say("neighbouring steps go together"), f"{made.tied:.2f}", "1", say("autocorrelation")),
    )
    blocks.append(Figures(rows, say("How well the baseline fits")))
    if made.terms:
        heads = (say("what energy hangs on"), say("for each"), say("standard error"))
        cells = tuple((name, number(value, 4), number(error, 3)) for name, value, error in made.terms)
        blocks.append(Grid(heads, cells, say("Terms of the baseline"), frozenset({1, 2})))
    blocks += [Note(say(note), "doubt") for note in (*made.notes, *made.found.notes)]
    blocks += _left_out((*made.left_out, *made.found.excluded), say)
    return Sheet(say("Savings"), made.source, tuple(blocks), {"luban": __version__})


def _week(made: FromTable, say: Words) -> list[Block]:
    """When it was saved: by hour of the day, on working days and at the weekend."""
    by = made.by_hour.reshape(7, 24)
    kinds = [(say("Monday to Friday"), by[:5]), (say("Saturday and Sunday"), by[5:])]
    lines = []
    for name, rows in kinds:
        count = np.isfinite(rows).sum(axis=0)
        lines.append((name, np.where(count > 0, np.nansum(rows, axis=0) / np.maximum(count, 1), np.nan)))
    every = np.concatenate([one for _, one in lines])
    if not np.isfinite(every).any():
        return []
    low, high = min(0.0, float(np.nanmin(every))), max(0.0, float(np.nanmax(every)))
    room = 0.08 * max(high - low, 1e-9)
    plot = Plot(x=(0, 24), y=(low - room, high + room), height=240,
                x_ticks=[(at, f"{at}:00") for at in range(0, 24, 3)], y_label=made.unit,
                title=say("When it was saved"))  # fmt: skip
    plot.level(0.0, "", "limit", dash="4 3")
    for (name, values), tone in zip(lines, ("accent", "third"), strict=True):
        plot.line(np.arange(25), np.append(values, values[-1]), tone, step=True, name=name)
    return [Picture(plot.svg(), say("When it was saved"), say("Mean saving of an hour, by hour of the day."))]


def _left_out(rows: Sequence[Excluded], say: Words) -> list[Block]:
    if not rows:
        return []
    cells = tuple((one.where, one.field, one.came or _NONE, say(one.reason)) for one in rows[:_MOST])
    found: list[Block] = [
        Grid((say("place"), say("field"), say("came"), say("why")), cells, say("Left out"))
    ]  # fmt: skip
    if len(rows) > _MOST:
        found.append(Note(say("and {n} more", n=len(rows) - _MOST), "quiet"))
    return found


def saved_document(made: FromTable) -> dict[str, Any]:
    """The same for programs."""
    found = made.found
    return {
        "source": made.source, "unit": made.unit, "step": made.step, "total": found.total, "low": found.low,
        "high": found.high, "share": found.share, "share_low": found.share_low, "share_high": found.share_high,
        "level": found.level, "shown": found.shown, "indicator": found.indicator, "periods": found.periods,
        "beyond": found.beyond, "notes": [*made.notes, *found.notes],
        "baseline": {"rows": made.used, "form": made.form, "r2": made.r2, "cv_rmse": made.cv,
                     "autocorrelation": made.tied,
                     "terms": [{"name": n, "value": v, "error": e} for n, v, e in made.terms]},
        "running": found.running.tolist(), "running_error": found.running_error.tolist(), "at": made.at.tolist(),
        "excluded": [one.as_dict() for one in (*made.left_out, *found.excluded)],
    }  # fmt: skip
