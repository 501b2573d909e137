"""Outcomes as sheets: one act with its picture, or all acts with what became of our promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.quality_words import chance, left_out, level_text, number, percent, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.report.verify_pictures import course_svg, running_svg
from luban.understand.quality.data import Excluded
from luban.verify import METHODS, VERDICTS, Outcome, Score, calibration, scoreboard

__all__ = ["VERDICT_TONES", "board_sheet", "outcome_sheet"]

VERDICT_TONES = {
    "helped": "good", "no effect": "quiet", "made worse": "bad", "unverified": "doubt", "not evaluable": "doubt",
}  # fmt: skip
"""Verdict → tone."""

_NONE = "–"


def outcome_sheet(
    found: Outcome, say: Words, zone: tzinfo, *, excluded: Sequence[Excluded] = (), frozen: bool = True
) -> Sheet:
    """One act: verdict, effect with interval, promise, money, the course with and without it.

    frozen  the baseline was fixed before the act
    """
    blocks: list[Block] = [_figures(found, say)]
    blocks += [Note(say(one), VERDICT_TONES[found.verdict]) for one in found.reasons]
    if not frozen:
        text = say("This baseline was chosen after the act: who chooses it can see what comes out.")
        blocks.append(Note(text, "doubt"))
    blocks += [Note(say(one), "doubt") for one in found.notes]
    if found.course is not None:
        with_it, without = found.after, found.expected
        text = say("{measured} on the average after the act, {expected} to be expected without it",
                   measured=number(with_it, 4), expected=number(without, 4))  # fmt: skip
        blocks.append(Picture(course_svg(found, say, zone), say("With the act and without"), text))
        total = number(float(found.course.running[-1]), 4)
        text = say("{total} {unit} in all since the act", total=total, unit=_unit(found))
        blocks.append(Picture(running_svg(found, say, zone), say("Sum of the effect since the act"), text))
    blocks += _details(found, say)
    blocks += left_out(say, excluded)
    when = to_datetime(found.decision.at).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    provenance = {
        say("method"): say(METHODS[found.method]), say("periods before"): f"{found.n_before:,}",
        say("periods after"): f"{found.n_after:,}", say("left out"): f"{found.n_out:,}",
        say("digest of the baseline"): found.baseline[:16] or _NONE,
        say("digest of the facts"): found.facts[:16] or _NONE, "luban": __version__,
    }  # fmt: skip
    return Sheet(say("Did it help?"), f"{found.decision.act} · {found.metric.name} · {when}", tuple(blocks), provenance)


def board_sheet(some: Sequence[Outcome], say: Words, zone: tzinfo, source: str) -> Sheet:
    """All acts, scores by lever, author and method, and how good our promises were."""
    if not some:
        text = say("No act has a baseline yet. A baseline is fixed before an act, then its outcome is judged here.")
        return Sheet(say("Did it help?"), source, (Note(text),), {"luban": __version__})
    counts = {verdict: sum(one.verdict == verdict for one in some) for verdict in VERDICTS}
    rows = tuple(
        Figure(say(name), f"{count:,}", tone=VERDICT_TONES[name] if count else "quiet")
        for name, count in counts.items()
    )
    blocks: list[Block] = [Figures(rows), _acts(some, say, zone)]
    for title, by in ((say("By lever"), "lever"), (say("By author"), "author"), (say("By method"), "method")):
        blocks.append(_scores(scoreboard(some, by), title, say))
    blocks.append(_promises(some, say))
    return Sheet(say("Did it help?"), source, tuple(blocks), {say("acts"): f"{len(some):,}", "luban": __version__})


def _figures(found: Outcome, say: Words) -> Figures:
    unit, interval = found.metric.unit, level_text(say, found.level)
    rows = [Figure(say("verdict"), say(found.verdict), tone=VERDICT_TONES[found.verdict])]
    if found.judged:
        ends = span(found.low, found.high)
        rows.append(Figure(say("effect a period"), _signed(found.effect), unit, f"{interval}: {ends}"))
        ends = f"{percent(100 * found.relative_low)} … {percent(100 * found.relative_high)}"
        share = f"{'+' if found.relative > 0 else ''}{percent(100 * found.relative)}"
        rows.append(Figure(say("of what was to be expected"), share, "%", f"{interval}: {ends}"))
    if found.verdict == "no effect":
        tone = "" if found.small is None else "good" if found.small else "doubt"
        rows.append(Figure(say("smaller than"), number(found.bound, 3), unit, tone=tone))
    if found.money is not None:
        one = found.money
        ends = f"{one.low:,.0f} … {one.high:,.0f}"
        tone = "good" if one.low > 0 else "bad" if one.high < 0 else ""
        rows.append(Figure(say("earned since the act"), f"{one.value:,.0f}", one.currency, f"{interval}: {ends}", tone))
    if found.against is not None and found.predicted is not None:
        told = say("agrees with what was promised") if found.against.held else say("not what was promised")
        ends = span(found.against.low, found.against.high)
        value = _signed(found.predicted.value)
        note = f"{told}; {say('measured less promised')}: {_signed(found.against.difference)} ({ends})"
        rows.append(Figure(say("promised"), value, unit, note, "good" if found.against.held else "doubt"))
    return Figures(tuple(rows))


def _details(found: Outcome, say: Words) -> list[Block]:
    if not found.judged:
        return []
    names = {
        "level change": say("change of level"), "slope change": say("change of slope a period"),
        "slope before": say("slope before, a period"), "change of the controls": say("change of the controls"),
        "events before": say("events before"), "events after": say("events after"),
        "scatter over chance": say("scatter over that of chance"), "ratio": say("after over before"),
    }  # fmt: skip
    rows = [
        (say("average before"), number(found.before), _unit(found)),
        (say("average after"), number(found.after), _unit(found)),
        (say("expected after, without the act"), number(found.expected), _unit(found)),
        (say("probability of as much by chance alone"), chance(found.p), ""),
        (say("neighbouring periods go together"), number(found.rho, 2), ""),
        *((names[name], number(value), "") for name, value in found.figures.items() if name in names),
    ]
    return [Grid((say("figure"), say("value"), say("unit")), rows, say("Details"), frozenset({1}))]


def _acts(some: Sequence[Outcome], say: Words, zone: tzinfo) -> Grid:
    heads = (say("act"), say("since"), say("lever"), say("figure"), say("verdict"), say("effect a period"),
             say("interval"), say("unit"), say("promised"), say("why"))  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(sorted(some, key=lambda one: -one.decision.at)):
        tones[at] = VERDICT_TONES[one.verdict]
        rows.append((
            one.decision.act, to_datetime(one.decision.at).astimezone(zone).strftime("%Y-%m-%d %H:%M"),
            one.decision.lever or _NONE, one.metric.name, say(one.verdict), _signed(one.effect),
            span(one.low, one.high) if one.judged else _NONE, one.metric.unit,
            _signed(one.predicted.value) if one.predicted else _NONE, "; ".join(say(own) for own in one.reasons),
        ))  # fmt: skip
    return Grid(heads, rows, say("Acts"), frozenset({5, 8}), tones)


def _scores(scores: Sequence[Score], title: str, say: Words) -> Grid:
    heads = (title, say("decisions"), *(say(one) for one in VERDICTS), say("helped, of those judged [%]"),
             say("interval"), say("earned since the act"), say("promises that held"))  # fmt: skip
    rows = [
        (
            say(one.name), f"{one.decisions:,}", *(f"{one.verdicts[name]:,}" for name in VERDICTS),
            percent(100 * one.helped, 0), _shares(one.helped_low, one.helped_high),
            " · ".join(f"{value:,.0f} {name}" for name, value in one.money.items()) or _NONE,
            f"{one.calibration.held} / {one.calibration.promised}",
        )
        for one in scores
    ]  # fmt: skip
    return Grid(heads, rows, title, frozenset(range(1, 8)))


def _promises(some: Sequence[Outcome], say: Words) -> Figures:
    own = calibration(some)
    note = _shares(own.share_low, own.share_high)
    rows = [Figure(say("promises that held"), f"{own.held} / {own.promised}"),
            Figure(say("share"), percent(100 * own.share, 0), "%", note)]  # fmt: skip
    told = say("below 0: more was promised than came") if own.bias == own.bias else ""
    ends = span(own.bias_low, own.bias_high, 2)
    rows.append(
        Figure(say("bias of promises"), number(own.bias, 2), say("standard deviations"), f"{ends} {told}".strip())
    )
    rows.append(Figure(say("came of what was promised"), percent(100 * own.realised, 0), "%"))
    return Figures(tuple(rows), say("How good our promises are"))


def _unit(found: Outcome) -> str:
    return "" if found.metric.unit == "1" else found.metric.unit


def _shares(low: float, high: float) -> str:
    return _NONE if low != low else f"{percent(100 * low, 0)} … {percent(100 * high, 0)}"


def _signed(value: float) -> str:
    told = number(value, 4)
    return f"+{told}" if value > 0 else told
