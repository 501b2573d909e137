"""Diagnosis as a sheet: the likely cause with its evidence, rules that hold, and how well past cases are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.quality_words import left_out, percent, provenance
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.screens.service.health_diagnosis import Diagnosed
from luban.understand.health.diagnosis import Ailment, Cause, DiagnosisStudy, Evidence, Found, Signatures, Verdict
from luban.understand.health.diagnosis.study import Told
from luban.understand.quality.data import NO_TIME, Excluded

__all__ = [
    "ailment_grid", "check_grid", "diagnosed_sheet", "diagnosis_sheet", "fleet_diagnosis_sheet", "moment",
    "signature_figures", "study_sheet", "verdict_blocks", "view_word",
]  # fmt: skip

_NONE = "–"
_METHOD = "Angelopoulos et al. (2024) arXiv:2208.02814"
_SHORT = 12


def diagnosis_sheet(
    verdict: Verdict, say: Words, *, name: str, source: str = "", rows: int = 0, zone: ZoneInfo | None = None,
    signatures: Signatures | None = None, cases: Sequence[Ailment] = (), more: Sequence[Block] = (),
) -> Sheet:  # fmt: skip
    """The sheet of one machine: the verdict, then what it rests on, then its cases."""
    blocks = [*verdict_blocks(verdict, say, zone), *more]
    excluded: tuple[Excluded, ...] = ()
    if signatures is not None and signatures.cases:
        blocks += [signature_figures(signatures, say), check_grid(signatures.check(), say)]
        excluded = signatures.excluded
    if cases:
        blocks.append(ailment_grid(cases, say, zone))
    blocks += left_out(say, excluded)
    made = provenance(say, source, rows, len(excluded), _METHOD)
    return Sheet(say("Diagnosis: {name}", name=name), _headline(verdict, say), tuple(blocks), made)


def diagnosed_sheet(told: Diagnosed, say: Words, name: str, zone: ZoneInfo | None = None) -> Sheet:
    """The sheet of a machine of a plant: what is unusual now and why, its cases, what was learned."""
    verdict = told.verdict or Verdict(False, (), told.reason)
    more = [Note(f"{rule}: {say(reason)}", "doubt") for rule, reason in told.skipped.items()]
    own = next((one for one in told.cases if one.id == told.case and one.state == "named"), None)
    if own is not None:
        more.insert(0, Note(say("This case was named {cause} by {who}.", cause=own.cause, who=own.person)))
    if told.waiting:
        more.append(Note(say("{n} cases named since then are not learned from yet.", n=told.waiting), "doubt"))
    return diagnosis_sheet(verdict, say, name=name, source=told.machine, rows=told.rows, zone=zone,
                           signatures=told.signatures, cases=told.cases, more=more)  # fmt: skip


def fleet_diagnosis_sheet(found: Sequence[Diagnosed], say: Words, name: str, zone: ZoneInfo | None = None) -> Sheet:
    """One row a machine: what is said of it now."""
    heads = (say("machine"), say("unusual since"), say("verdict"), say("likeness, %"), say("open cases"))
    rows, tones = list[tuple[str, ...]](), dict[int, str]()
    for one in found:
        best = one.verdict.causes[0] if one.verdict is not None and one.verdict.causes else None
        likeness = _NONE if best is None or best.likeness is None else _share(best.likeness)
        since = moment(one.finding.start, zone) if one.finding is not None else _NONE
        text = say(one.reason) if one.verdict is None else one.verdict.cause or say(one.verdict.reason)
        if one.health is None:
            tones[len(rows)] = "quiet"
        elif one.verdict is not None:
            tones[len(rows)] = "bad" if one.verdict.known else "doubt"
        rows.append((one.machine, since, text, likeness, f"{sum(case.state == 'open' for case in one.cases)}"))
    made = provenance(say, name, sum(one.rows for one in found), 0, _METHOD)
    grid = Grid(heads, tuple(rows), numbers=frozenset({3, 4}), tones=tones)
    return Sheet(say("Diagnosis: {name}", name=name), "", (grid,), made)


def study_sheet(study: DiagnosisStudy, say: Words, name: str, rows: int) -> Sheet:
    """The sheet of a table of readings with causes."""
    blocks = list[Block]()
    for one in study.told:
        blocks.append(Note(say("{machine}: rows {first} to {last}", machine=one.machine or name,
                               first=f"{one.first + 1}", last=f"{one.last + 1}"), "quiet"))  # fmt: skip
        blocks += verdict_blocks(one.verdict, say)
    if len(study.told) > 1:
        blocks.insert(0, _told_grid(study.told, say, name))
    if study.signatures.cases:
        blocks += [signature_figures(study.signatures, say), check_grid(study.found, say)]
    blocks += [Note(f"{rule}: {say(reason)}", "doubt") for rule, reason in study.skipped.items()]
    blocks += left_out(say, study.excluded)
    told = say("{n} cases of {m} causes, {k} stretches asked", n=f"{len(study.signatures.cases)}",
               m=f"{len(study.signatures.causes)}", k=f"{len(study.told)}")  # fmt: skip
    made = provenance(say, study.source, rows, len(study.excluded), _METHOD)
    return Sheet(say("Diagnosis: {name}", name=name), told, tuple(blocks), made)


def verdict_blocks(verdict: Verdict, say: Words, zone: ZoneInfo | None = None) -> list[Block]:
    """The verdict as blocks, for a sheet of its own or within another."""
    blocks: list[Block] = [_figures(verdict, say, zone)]
    if not verdict.known and verdict.causes:
        blocks.append(Note(say(verdict.reason), "doubt"))
    best = verdict.causes[0] if verdict.causes else None
    if best is not None and best.evidence:
        title = say("What speaks for it") if verdict.known else say("What the nearest case has in common")
        blocks.append(_evidence(best.evidence, say, title))
    if best is not None and best.against:
        blocks.append(_evidence(best.against, say, say("What speaks against it")))
    firings = [one for cause in verdict.causes for one in cause.rules]
    if firings:
        rows = tuple((one.rule, one.cause, one.text, moment(one.since, zone), one.advice or _NONE)
                     for one in firings)  # fmt: skip
        heads = (say("rule"), say("cause"), say("holds because"), say("since"), say("what to do"))
        blocks.append(Grid(heads, rows, title=say("Rules that hold")))
    if len(verdict.causes) > 1:
        blocks.append(_others(verdict.causes, say, zone))
    if verdict.stands_out and (best is None or not best.evidence):
        blocks.append(_evidence(verdict.stands_out, say, say("What stands out")))
    if verdict.missing:
        text = say("No values now, left out of the comparison: {signals}", signals=", ".join(verdict.missing))
        blocks.append(Note(text, "doubt"))
    return blocks + [Note(say(note), "doubt") for note in verdict.notes]


def signature_figures(signatures: Signatures, say: Words) -> Figures:
    """What was learned, and the rate of error that it states."""
    rate = signatures.rate
    told = Figure(
        say("an unknown cause is taken for a known one, at most"), percent(None if rate is None else 100 * rate, 0),
        "%", say("of windows; good operation counted with them") if rate is not None else say("cannot be told"),
        "" if rate is not None and rate <= signatures.rule.false_known else "doubt",
    )  # fmt: skip
    return Figures((
        Figure(say("past cases"), f"{len(signatures.cases)}"),
        Figure(say("causes known"), f"{len(signatures.causes)}", note=", ".join(signatures.causes)),
        Figure(say("signals compared"), f"{len(signatures.names)}", note=", ".join(signatures.names[:_SHORT])),
        told,
        Figure(say("named from a likeness of"), percent(100 * signatures.threshold, 0), "%"),
        Figure(say("record of the model"), signatures.digest()[:_SHORT]),
    ), title=say("What was learned"))  # fmt: skip


def check_grid(found: Sequence[Found], say: Words) -> Grid:
    """How past cases are named by models that had not seen them."""
    heads = (say("cause"), say("cases"), say("windows asked"), say("named rightly"), say("named otherwise"), say("how"))
    rows = []
    for one in found:
        others = sorted(((name, count) for name, count in one.named.items() if name != one.cause), key=lambda p: -p[1])
        told = ", ".join(f"{name or say('unknown')} {100 * count / one.windows:.0f} %" for name, count in others)
        how = say("second half by the first") if one.halves else say("case by other cases")
        right = f"{percent(100 * one.right, 0)} %" if one.windows else _NONE
        rows.append((one.cause, f"{one.cases}", f"{one.windows}", right, told or _NONE, how if one.windows else _NONE))
    return Grid(
        heads, tuple(rows), title=say("Past cases, named without having seen them"), numbers=frozenset({1, 2, 3})
    )


def ailment_grid(cases: Sequence[Ailment], say: Words, zone: ZoneInfo | None = None) -> Grid:
    """The cases of a machine as people left them, the newest first."""
    heads = (say("case"), say("since"), say("state"), say("cause"), say("by"), say("note"))
    states = {"open": say("open"), "named": say("named"), "dismissed": say("no fault")}
    rows = tuple((one.id, moment(one.start, zone), states[one.state], one.cause or _NONE, one.person or _NONE,
                  one.text or _NONE) for one in reversed(cases))  # fmt: skip
    return Grid(heads, rows, title=say("Cases"), tones={at: "quiet" for at, one in enumerate(reversed(cases))
                                                        if one.state == "dismissed"})  # fmt: skip


def view_word(view: str, say: Words) -> str:
    """What of a signal stands out."""
    return {"level": say("level"), "spread": say("spread"), "roughness": say("roughness")}.get(view, view)


def moment(time: int, zone: ZoneInfo | None = None) -> str:
    """A moment of the plant's clock, to the minute; rounded half up."""
    if time in (0, NO_TIME):
        return _NONE
    shown = to_datetime(time, zone) + timedelta(seconds=30)
    return f"{shown:%Y-%m-%d %H:%M}" + ("" if zone is not None else " UTC")


def _headline(verdict: Verdict, say: Words) -> str:
    return say(verdict.text) if verdict.text else ""


def _figures(verdict: Verdict, say: Words, zone: ZoneInfo | None) -> Figures:
    best = verdict.causes[0] if verdict.causes else None
    if best is None:
        return Figures((Figure(say("cause"), say("none named"), note=say(verdict.reason), tone="quiet"),))
    cause = best.name if verdict.known else say("unknown")
    rows = [Figure(say("cause"), cause, tone="bad" if verdict.known else "doubt")]
    if not verdict.known:
        rows.append(Figure(say("nearest"), best.name, tone="quiet"))
    if best.likeness is not None:
        rows.append(
            Figure(say("likeness"), _share(best.likeness), "%", say("of what is unusual the past case explains"))
        )
        told = say("of other causes look as much alike") if best.chance is not None else say("cannot be told")
        value = _NONE if best.chance is None else f"≤ {percent(100 * best.chance, 0)}"
        rows.append(Figure(say("chance of a mix-up"), value, "%", told))
        rows.append(Figure(say("past case"), best.case, note=_place(best, say, zone)))
    if best.rules:
        rows.append(Figure(say("rule"), ", ".join(one.rule for one in best.rules)))
    return Figures(tuple(rows))


def _place(cause: Cause, say: Words, zone: ZoneInfo | None) -> str:
    told = [cause.machine] if cause.machine else []
    told += [moment(cause.time, zone)] if cause.time not in (0, NO_TIME) else []
    told.append(say("one of {n}", n=f"{cause.cases}"))
    return " · ".join(told)


def _evidence(found: Sequence[Evidence], say: Words, title: str) -> Grid:
    compared = found[0].then is not None
    heads: tuple[str, ...] = (say("signal"), say("what of it"), say("now, standard deviations"))
    if compared:
        heads = (*heads, say("in the past case"))
    rows = list[tuple[str, ...]]()
    for one in found:
        row = (one.signal, view_word(one.view, say), f"{one.now:+.1f}")
        rows.append((*row, f"{one.then:+.1f}") if compared and one.then is not None else row)
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({2, 3}))


def _others(causes: Sequence[Cause], say: Words, zone: ZoneInfo | None) -> Grid:
    heads = (say("cause"), say("likeness, %"), say("chance of a mix-up, %"), say("past case"), say("rules"))
    rows = tuple(
        (one.name, _NONE if one.likeness is None else _share(one.likeness),
         _NONE if one.chance is None else percent(100 * one.chance, 0),
         f"{one.case} · {_place(one, say, zone)}" if one.case else _NONE,
         ", ".join(own.rule for own in one.rules) or _NONE)
        for one in causes
    )  # fmt: skip
    return Grid(heads, rows, title=say("Likely causes"), numbers=frozenset({1, 2}))


def _told_grid(told: Sequence[Told], say: Words, name: str) -> Grid:
    heads = (say("machine"), say("rows"), say("verdict"), say("likeness, %"))
    rows = []
    for one in told:
        best = one.verdict.causes[0] if one.verdict.causes else None
        near = _NONE if best is None or best.likeness is None else _share(best.likeness)
        cause = one.verdict.cause or say(one.verdict.reason)
        rows.append((one.machine or name, f"{one.first + 1} … {one.last + 1}", cause, near))
    return Grid(heads, tuple(rows), title=say("Verdicts"), numbers=frozenset({3}))


def _share(likeness: float) -> str:
    return f"{100 * max(likeness, 0.0):.0f}"
