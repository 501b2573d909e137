"""Baselines and savings as sheets: how a baseline fits, what was saved against it, and a verdict in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.energy_plant import window_text
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.service.energy_savings import PIECES, WORK, Found, Trial
from luban.understand.energy.enpi import Baseline, Term
from luban.understand.energy.keep import Kept
from luban.understand.energy.savings import Savings
from luban.understand.energy.steps import Steps

__all__ = [
    "driver_name",
    "found_document",
    "found_sheet",
    "kept_document",
    "running_picture",
    "saved_text",
    "saving_figures",
    "trial_document",
    "trial_sheet",
    "verdict",
]

_NONE = "–"
_MOST = 30
_HARD = 0.2  # share of the steps beyond what the baseline has seen that makes the answer doubtful


def driver_name(name: str, say: Words) -> str:
    """A driver, for people."""
    if name == PIECES:
        return say("good pieces")
    if name == WORK:
        return say("hours at work on orders")
    kind, _, rest = name.partition(" ")
    return say("good pieces of {item}", item=rest) if kind == PIECES else rest


def trial_sheet(made: Trial, say: Words, zone: ZoneInfo, source: str, name: str) -> Sheet:
    """A baseline on trial: its fit, its terms, what was left out.

    name  of the meter, for people
    """
    steps, base = made.steps, made.baseline
    blocks: list[Block] = [_fit_figures(base, steps, made.asked.step, say)]
    blocks.append(_fit_picture(steps, made.expected, made.meter.unit, say, zone))
    blocks += _scatter(steps, made.expected, made.meter.unit, say)
    blocks += _terms(base, made.meter.unit, made.asked.step, say)
    blocks += _left_out(steps, say, zone)
    title = f"{source} · {name} · {window_text(int(steps.edges[0]), int(steps.edges[-1]), zone)}"
    return Sheet(say("Baseline on trial"), title, tuple(blocks), {"luban": __version__})


def found_sheet(made: Found, say: Words, zone: ZoneInfo, source: str, name: str) -> Sheet:
    """A frozen baseline and what was saved against it since: verdict, running sum with its interval, step by step."""
    kept = made.kept
    tone, text = verdict(made, say)
    blocks: list[Block] = [Note(text, tone)]
    if made.found is not None and made.after is not None:
        blocks.append(saving_figures(made.found, kept.unit, _step(kept.step, say), say))
        at = np.concatenate([made.after.edges[:1], made.after.edges[1:][_counted(made.after)]])
        blocks.append(running_picture(made.found, at, kept.unit, say, zone))
        blocks.append(_after_picture(kept, made.after, say, zone))
    blocks += _doubts(made, say, zone)
    fit = _fit_picture(made.before, made.fitted, kept.unit, say, zone)
    blocks += [fit, _fit_figures(kept.baseline, made.before, kept.step, say)]
    blocks += _terms(kept.baseline, kept.unit, kept.step, say)
    if made.after is not None:
        blocks += _left_out(made.after, say, zone)
    provenance: dict[str, Any] = {
        say("baseline"): kept.id, say("frozen"): _moment(kept.frozen, zone), say("by"): kept.person or _NONE,
        say("fact"): str(kept.seq), say("savings count from"): _moment(kept.act, zone), "luban": __version__,
    }  # fmt: skip
    return Sheet(f"{kept.id}: {kept.title}", f"{source} · {name}", tuple(blocks), provenance)


def verdict(made: Found, say: Words) -> tuple[str, str]:
    """Tone and sentence: what the data show, and what they do not."""
    if made.found is None:
        return "quiet", f"{say('Nothing can be said yet.')} {say(made.lacking)}".strip()
    tone, text = saved_text(made.found, say)
    if made.kept.afterwards:
        tone = "doubt" if tone == "good" else tone
        text += " " + say("The baseline was frozen only after the act, when its outcome could be known.")
    return tone, text


def saved_text(found: Savings, say: Words) -> tuple[str, str]:
    """Tone and sentence of savings: shown, more used, or nothing shown and what could have been told."""
    share, low, high = (f"{100 * one:.1f}" for one in (found.share, found.share_low, found.share_high))
    level = f"{100 * found.level:.0f}"
    if found.low > 0:
        tone, text = "good", say(
            "A saving is shown: {share} % of what was expected, between {low} % and {high} % ({level} % interval).",
            share=share, low=low, high=high, level=level,
        )  # fmt: skip
    elif found.high < 0:
        tone, text = "bad", say(
            "More was used than expected: {share} %, between {low} % and {high} % ({level} % interval).",
            share=f"{-100 * found.share:.1f}", low=f"{-100 * found.share_high:.1f}",
            high=f"{-100 * found.share_low:.1f}", level=level,
        )  # fmt: skip
    else:
        tone, text = "doubt", say(
            "No saving is shown: anything between {low} % and {high} % fits ({level} % interval).",
            low=low, high=high, level=level,
        )  # fmt: skip
        least = 50 * (found.share_high - found.share_low)
        text += " " + say("Over {count} steps nothing below some {least} % can be told.", count=found.periods,
                          least=f"{least:.1f}")  # fmt: skip
    if found.beyond > _HARD:
        tone = "doubt" if tone == "good" else tone
        text += " " + say("Take it with care: {share} % of the steps lie beyond what the baseline has seen.",
                          share=f"{100 * found.beyond:.0f}")  # fmt: skip
    return tone, text


def saving_figures(found: Savings, unit: str, step: str, say: Words) -> Figures:
    """What was saved, with its interval, used and expected.

    step  what a period is called
    """
    half = f"{number(found.low, 4)} … {number(found.high, 4)}"
    tone = "good" if found.low > 0 else "bad" if found.high < 0 else "doubt"
    return Figures((
        Figure(say("saved"), number(found.total, 4), unit, half, tone),
        Figure(say("saved of what was expected"), f"{100 * found.share:.1f}", "%",
               f"{100 * found.share_low:.1f} … {100 * found.share_high:.1f}", tone),
        Figure(say("energy performance indicator"), f"{found.indicator:.3f}", "1", say("used over expected")),
        Figure(say("used"), number(float(found.used.sum()), 5), unit),
        Figure(say("expected"), number(float(found.expected.sum()), 5), unit),
        Figure(say("steps used"), f"{found.periods}", step,
               say("{n} left out", n=len(found.excluded)) if found.excluded else ""),
    ))  # fmt: skip


def _fit_figures(base: Baseline, steps: Steps, step: str, say: Words) -> Figures:
    cv = 100 * base.cv_rmse
    return Figures((
        Figure(say("steps used"), f"{base.used}", _step(step, say),
               say("{n} left out", n=len(base.excluded)) if base.excluded else ""),
        Figure(say("explained of the variance"), f"{100 * base.r2:.1f}", "%", "R²"),
        Figure(say("scatter about the baseline"), f"{cv:.1f}", "%", "CV(RMSE)", "doubt" if cv > 25 else ""),
        Figure(say("neighbouring steps go together"), f"{base.noise.rho:.2f}", "1", say("autocorrelation")),
        Figure(say("smallest saving that a year would show"), f"{100 * _least(base, steps, step):.1f}", "%",
               say("of the same work, at 95 %")),
    ), say("How well the baseline fits"))  # fmt: skip


def _least(base: Baseline, steps: Steps, step: str) -> float:
    """Half the interval of a year of steps like those of the baseline, of what is expected [1]."""
    from scipy.stats import t as student

    count, known = 365 if step == "day" else 52, steps.energy[np.isfinite(steps.energy)]
    mean = float(known.mean()) if len(known) else 0.0
    noise = float(base.noise.of_sums(np.ones(count))[-1])
    doubt = count * base.noise.size / math.sqrt(max(base.used, 1)) * _tied(base.noise.rho)
    return float(student.ppf(0.975, base.noise.free)) * math.hypot(noise, doubt) / (count * mean) if mean else math.nan


def _tied(rho: float) -> float:
    """How much a mean scatters more where neighbours go together."""
    return math.sqrt((1 + rho) / (1 - rho))


def _fit_picture(steps: Steps, expected: np.ndarray, unit: str, say: Words, zone: ZoneInfo) -> Picture:
    at = (steps.edges[:-1] + steps.edges[1:]) / 2
    every = np.concatenate([steps.energy, expected])
    top = float(np.nanmax(every)) if np.isfinite(every).any() else 1.0
    low = min(0.0, float(np.nanmin(every))) if np.isfinite(every).any() else 0.0
    plot = Plot(x=(float(steps.edges[0]), float(steps.edges[-1])), y=(low, 1.1 * top if top > 0 else 1.0), height=260,
                x_ticks=_ticks(steps, zone), y_label=unit, title=say("Measured and expected"))  # fmt: skip
    plot.line(at, expected, "accent", name=say("expected"))
    titles = [f"{to_datetime(int(edge), zone):%Y-%m-%d}: {number(value, 4)} {unit}"
              for edge, value in zip(steps.edges[:-1], steps.energy, strict=True)]  # fmt: skip
    plot.dots(at, steps.energy, "ink", titles=titles)
    return Picture(plot.svg(), f"{say('Measured and expected')} [{unit}]",
                   say("Points are measured, the line is what the baseline expects of the same drivers."))  # fmt: skip


def _scatter(steps: Steps, expected: np.ndarray, unit: str, say: Words) -> list[Block]:
    """Energy over its first driver."""
    if not steps.drivers:
        return []
    name, values = next(iter(steps.drivers.items()))
    good = np.isfinite(values) & np.isfinite(steps.energy)
    if good.sum() < 3 or np.ptp(values[good]) <= 0:
        return []
    room = 0.04 * float(np.ptp(values[good]))
    top = float(max(np.nanmax(steps.energy[good]), np.nanmax(expected[good])))
    plot = Plot(x=(float(values[good].min()) - room, float(values[good].max()) + room), y=(0.0, 1.1 * top), height=260,
                x_label=driver_name(name, say), y_label=unit, title=say("Energy over its first driver"))  # fmt: skip
    plot.dots(values[good], steps.energy[good], "ink")
    plot.dots(values[good], expected[good], "accent", hollow=True)
    text = say("Full points are measured, rings are expected.")
    return [Picture(plot.svg(), say("Energy over its first driver"), text)]


def running_picture(found: Savings, at: np.ndarray, unit: str, say: Words, zone: ZoneInfo) -> Picture:
    """The running sum of savings with its interval: CUSUM.

    at  begin of the first period and end of each that was counted [µs UTC]
    """
    middle, half = (np.concatenate([[0.0], one]) for one in (found.running, found.running_error))
    low, high = float((middle - half).min()), float((middle + half).max())
    room = 0.06 * max(high - low, 1e-9)
    every = max(1, (len(at) - 1) // 7)
    ticks = [(float(one), f"{to_datetime(int(one), zone):%m-%d}") for one in at[::every]]
    plot = Plot(x=(float(at[0]), float(at[-1])), y=(low - room, high + room), height=280, x_ticks=ticks, y_label=unit,
                title=say("Running sum of savings"))  # fmt: skip
    plot.level(0.0, "0", "limit", dash="4 3")
    plot.line(at, middle + half, "quiet", dash="3 3", name=f"{100 * found.level:.0f} %")
    plot.line(at, middle - half, "quiet", dash="3 3")
    plot.line(at, middle, "good" if found.low > 0 else "bad" if found.high < 0 else "doubt", name=say("saved"))
    text = say("It rises while less is used than expected. While 0 lies between the dashed lines, nothing is shown.")
    return Picture(plot.svg(), f"{say('Running sum of savings')} [{unit}]", text)


def _after_picture(kept: Kept, steps: Steps, say: Words, zone: ZoneInfo) -> Picture:
    expected = kept.baseline.expected(steps.drivers, np.ones(len(steps.energy)))
    own = _fit_picture(steps, expected, kept.unit, say, zone)
    return Picture(own.svg, f"{say('Since the act')} [{kept.unit}]", own.text)


def _counted(steps: Steps) -> np.ndarray:
    known = np.isfinite(steps.energy) & (steps.energy >= 0)
    for values in steps.drivers.values():
        known &= np.isfinite(values)
    return known


def _doubts(made: Found, say: Words, zone: ZoneInfo) -> list[Block]:
    said: list[Block] = []
    if made.kept.retired is not None:
        text = say("Put aside on {when}: {why}", when=_moment(made.kept.retired, zone), why=made.kept.why)
        said.append(Note(text, "quiet"))
    if made.found is not None:
        said += [Note(_plain(note, made.kept.drivers, say), "doubt") for note in made.found.notes]
    return said


def _plain(note: str, drivers: Iterable[str], say: Words) -> str:
    """A note of the core, its driver said for people."""
    for name in drivers:
        if note.startswith(f"{name}: "):
            return f"{driver_name(name, say)}: {say(note.removeprefix(f'{name}: '))}"
    return say(note)


def _terms(base: Baseline, unit: str, step: str, say: Words) -> list[Block]:
    rows = []
    for term, value, error in zip(base.terms, base.coefficients, base.errors, strict=True):
        told = "told" if abs(value) > 2 * error else ""
        rows.append((_term(term, say), number(float(value), 4), number(float(error), 3),
                     say("yes") if told else say("not told from no effect")))  # fmt: skip
    heads = (say("what energy hangs on"), f"{say('for each')} [{unit}/{_step(step, say)}]", say("standard error"),
             say("effect shown"))  # fmt: skip
    found: list[Block] = [Grid(heads, tuple(rows), say("Terms of the baseline"), frozenset({1, 2}))]
    found += [Note(say(note), "doubt") for note in base.notes if "not told" not in note]
    return found


def _term(term: Term, say: Words) -> str:
    if term.shape == "one":
        return say("whatever is made")
    name = driver_name(term.driver, say)
    if term.shape == "line":
        return name
    point = f"{term.point:.4g}"
    return (say("{driver} under {point}", driver=name, point=point) if term.shape == "below"
            else say("{driver} over {point}", driver=name, point=point))  # fmt: skip


def _left_out(steps: Steps, say: Words, zone: ZoneInfo) -> list[Block]:
    rows = []
    for at in np.flatnonzero(~_counted(steps)).tolist():
        gone = [driver_name(name, say) for name, values in steps.drivers.items() if not np.isfinite(values[at])]
        energy = steps.energy[at]
        why = say("{share} % metered", share=f"{100 * steps.known[at]:.0f}") if not np.isfinite(energy) else (
            say("less than nothing") if energy < 0 else say("not known: {names}", names=", ".join(gone)))  # fmt: skip
        rows.append((f"{to_datetime(int(steps.edges[at]), zone):%Y-%m-%d}", why))
    if not rows:
        return []
    found: list[Block] = [Grid((say("from"), say("why")), tuple(rows[:_MOST]), say("Steps left out"))]
    if len(rows) > _MOST:
        found.append(Note(say("and {n} more", n=len(rows) - _MOST), "quiet"))
    return found


def _ticks(steps: Steps, zone: ZoneInfo) -> list[tuple[float, str]]:
    every = max(1, (len(steps.edges) - 1) // 7)
    return [(float(edge), f"{to_datetime(int(edge), zone):%m-%d}") for edge in steps.edges[::every]]


def _step(step: str, say: Words) -> str:
    return say("days") if step == "day" else say("weeks")


def _moment(at: int, zone: ZoneInfo) -> str:
    return f"{to_datetime(at, zone):%Y-%m-%d %H:%M}"


# ---- for programs


def trial_document(made: Trial) -> dict[str, Any]:
    """A trial: what was asked, the baseline, and its steps."""
    from luban.understand.energy.keep import baseline_document

    return {
        "meter": made.meter.id, "unit": made.meter.unit, "step": made.asked.step, "drivers": list(made.asked.drivers),
        "temperature": made.asked.temperature, "baseline": baseline_document(made.baseline),
        "steps": _steps_document(made.steps, made.expected),
    }  # fmt: skip


def kept_document(kept: Kept) -> dict[str, Any]:
    """A frozen baseline without its numbers."""
    return {
        "id": kept.id, "title": kept.title, "meter": kept.meter, "medium": kept.medium, "unit": kept.unit,
        "step": kept.step, "drivers": list(kept.drivers), "temperature": kept.temperature, "start": kept.start,
        "end": kept.end, "act": kept.act, "frozen": kept.frozen, "person": kept.person, "seq": kept.seq,
        "afterwards": kept.afterwards, "retired": kept.retired, "why": kept.why,
        "r2": kept.baseline.r2, "cv_rmse": kept.baseline.cv_rmse, "used": kept.baseline.used,
    }  # fmt: skip


def found_document(made: Found) -> dict[str, Any]:
    """A frozen baseline with what was saved since."""
    told: dict[str, Any] = {"baseline": kept_document(made.kept), "lacking": made.lacking, "savings": None}
    found = made.found
    if found is not None and made.after is not None:
        expected = made.kept.baseline.expected(made.after.drivers, np.ones(len(made.after.energy)))
        told["savings"] = {
            "total": found.total, "low": found.low, "high": found.high, "share": found.share,
            "share_low": found.share_low, "share_high": found.share_high, "level": found.level,
            "indicator": found.indicator, "periods": found.periods, "beyond": found.beyond, "shown": found.shown,
            "running": found.running.tolist(), "running_error": found.running_error.tolist(),
            "notes": list(found.notes), "excluded": [one.as_dict() for one in found.excluded],
        }  # fmt: skip
        told["steps"] = _steps_document(made.after, expected)
    return told


def _steps_document(steps: Steps, expected: np.ndarray) -> dict[str, Any]:
    def plain(values: np.ndarray) -> list[float | None]:
        return [float(value) if np.isfinite(value) else None for value in values]

    return {
        "edges": steps.edges.tolist(), "energy": plain(steps.energy), "expected": plain(expected),
        "known": steps.known.tolist(), "drivers": {name: plain(values) for name, values in steps.drivers.items()},
    }  # fmt: skip
