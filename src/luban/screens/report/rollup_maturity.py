"""A maturity assessment as a sheet: the result as a range, every dimension, and every answer with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from luban import __version__
from luban.norms.maturity import Model, Requirement
from luban.rollup.maturity import Answer, Assessment, DimensionScore, Shown
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["answer_text", "evidence_text", "maturity_sheet"]

_NONE: Final = "–"


def maturity_sheet(model: Model, found: Assessment, say: Words, plant: str = "") -> Sheet:
    """The sheet of one model.

    plant  its name
    """
    language = say.language
    blocks: list[Block] = [] if model.verified else [Note(model.doubt.of(language), "doubt")]
    blocks += [_figures(model, found, say), _picture(model, found, say), _dimensions(model, found, say)]
    blocks += _left_out(model, found, say)
    blocks += [_answers(model, found, say)]
    blocks.append(Note(say("What the books do not show proves nothing: it stays unknown until somebody states it.")))
    return Sheet(model.title.of(language), plant, tuple(blocks), {
        say("model"): f"{model.reference} · {model.start}",
        say("how it was read"): {"memory": say("from memory"), "second hand": say("at second hand"),
                      "own": say("luban's own")}.get(model.how, say("in the model itself")),
        say("requirements"): say("in luban's own words"),
        say("books at seq"): str(found.seq),
        "luban": __version__,
    })  # fmt: skip


def _figures(model: Model, found: Assessment, say: Words) -> Figures:
    rows = []
    if found.level_low is not None and found.level_high is not None:
        named = {level: name.of(say.language) for level, name in model.levels}
        low, high = (named.get(level, say("below the first level")) for level in (found.level_low, found.level_high))
        rows.append(Figure(say("maturity level"), low, note="" if low == high else say("up to {level}", level=high)))
    if found.low is not None and found.high is not None:
        top = "100" if model.rule == "stages of groups" else f"{len(model.bounds)}"
        note = "" if found.low == found.high else say("up to {n} if everything unknown were met", n=f"{found.high:.2f}")
        rows.append(Figure(say("score of {n}", n=top), f"{found.low:.2f}", note=note))
    books = sum(one.by == "books" for one in found.answers.values())
    rows += [
        Figure(say("answered"), str(found.known), note=say("of {n} requirements", n=found.asked),
               tone="" if found.known == found.asked else "doubt"),
        Figure(say("of them by the books"), str(books)),
    ]  # fmt: skip
    return Figures(tuple(rows))


def _picture(model: Model, found: Assessment, say: Words) -> Picture:
    """A bar a dimension: what is shown, and lighter what the unknown could add."""
    n, top = len(found.dimensions), max(one.asked for one in found.dimensions)
    names = {one.id: one.name.of(say.language) for one in model.dimensions}
    plot = Plot(x=(0, n), y=(0, top), height=280, y_label=say("met"), y_ticks=[(at, str(at)) for at in range(top + 1)],
                x_ticks=[(at + 0.5, str(at + 1)) for at in range(n)])  # fmt: skip
    lefts, rights = [at + 0.15 for at in range(n)], [at + 0.85 for at in range(n)]
    plot.bars(lefts, rights, [one.high for one in found.dimensions], "soft")
    plot.bars(lefts, rights, [one.low for one in found.dimensions], "accent")
    text = "; ".join(f"{at} {names[one.dimension]} {_range(one)}" for at, one in enumerate(found.dimensions, 1))
    return Picture(plot.svg(), say("Dimensions: shown, and what the unknown could add"), text)


def _range(one: DimensionScore) -> str:
    return f"{one.low:g}" if one.low == one.high else f"{one.low:g}–{one.high:g}"


def _dimensions(model: Model, found: Assessment, say: Words) -> Grid:
    language = say.language
    named, groups = {one.id: one for one in model.dimensions}, dict(model.groups)
    rows = [
        (str(at), groups[named[one.dimension].group].of(language), named[one.dimension].name.of(language),
         f"{one.low:g}", f"{one.high:g}", f"{one.known}/{one.asked}")
        for at, one in enumerate(found.dimensions, 1)
    ]  # fmt: skip
    heads = (
        "",
        say("group of dimensions"),
        say("dimension"),
        say("shown by evidence"),
        say("at most"),
        say("answered"),
    )
    return Grid(heads, rows, title=say("Dimensions"), numbers=frozenset({0, 3, 4}))


def _left_out(model: Model, found: Assessment, say: Words) -> list[Block]:
    names = {one.id: one.name.of(say.language) for one in model.dimensions}
    rows = [(names[one.dimension], one.document, one.person, str(one.seq)) for one in found.left_out]
    heads = (say("dimension"), say("why it does not apply"), say("said by"), "seq")
    return [Grid(heads, rows, title=say("Left out: without weight"), numbers=frozenset({3}))] if rows else []


def _answers(model: Model, found: Assessment, say: Words) -> Grid:
    asked = [one for one in model.requirements if one.id in found.answers]
    rows = [_row(one, found.answers[one.id], say) for one in asked]
    tones = {at: "quiet" for at, one in enumerate(asked) if found.answers[one.id].mark is None}
    heads = ("", say("requirement"), say("mark of an answer"), say("how it is known"))
    return Grid(heads, rows, title=say("Requirements and answers"), numbers=frozenset({2}), tones=tones)


def _row(asked: Requirement, one: Answer, say: Words) -> tuple[str, str, str, str]:
    mark = _NONE if one.mark is None else f"{one.mark:g}"
    return asked.id, asked.text.of(say.language), mark, answer_text(one, say)


def answer_text(one: Answer, say: Words) -> str:
    """How an answer is known, with its evidence; why not, where it is unknown."""
    if one.mark is None:
        nothing = {"the books show nothing of it": say("the books show nothing of it")}
        return nothing.get(one.reason, say("nobody has answered it"))
    stated = ""
    if one.stated is not None:
        stated = say("stated {mark} by {person}: {document} (seq {seq})", mark=f"{one.stated:g}", person=one.person,
                     document=one.document or _NONE, seq=one.seq)  # fmt: skip
    return "; ".join(part for part in (evidence_text(one.shown, say) if one.shown else "", stated) if part)


def evidence_text(shown: Shown, say: Words) -> str:
    """What the books show, with the facts behind it.

    Example  "50 % of work units report their state (12 facts, seq 3 to 907)"
    """
    word, _, name = shown.basis.partition(":")
    if word == "table":
        return say("{n} in the plant's folder: {what}", n=shown.count, what=_tables(say).get(name, name))
    span = say("{n} facts, seq {first} to {last}", n=shown.count, first=shown.first, last=shown.last)
    share = f"{100 * shown.amount:.0f} %"
    if word == "connected":
        return say("{share} of work units report their state", share=share) + f" ({span})"
    if word == "sensed":
        return say("{share} of signals deliver", share=share) + f" ({span})"
    if word == "controlled":
        return say("{share} of key processes are run by a controller", share=share) + f" ({span})"
    return f"{_books(say).get(name, name)} ({span})"


def _tables(say: Words) -> Mapping[str, str]:
    return {
        "routing": say("routing"),
        "characteristics": say("characteristics"),
        "calendars": say("calendars"),
        "orders": say("orders"),
        "maintenance": say("maintenance tasks"),
        "meters": say("meters"),
        "items": say("items"),
    }


def _books(say: Words) -> Mapping[str, str]:
    return {
        "signal": say("values of signals"),
        "state": say("states of machines"),
        "count": say("counts of pieces"),
        "operation": say("operations of orders"),
        "genealogy": say("where lots went"),
        "meter": say("meter readings"),
        "movement": say("movements of stock"),
        "posting": say("postings of cost"),
        "decision": say("decisions on record"),
        "grant": say("outside experts with a dated grant"),
        "experiment": say("designed experiments"),
        "sampling": say("lots sampled"),
        "outcome": say("effects verified"),
        "setpoint": say("set-points proposed"),
        "workorder": say("work orders"),
        "annunciation": say("alarms on record"),
        "model": say("fitted models of health"),
        "green": say("statements for the green sheet"),
        "baseline": say("frozen energy baselines"),
        "claim": say("claims of customers"),
        "recall": say("recalls on record"),
        "command": say("commands to devices"),
        "partner": say("views exchanged with partners"),
        "diagnosis": say("causes named"),
        "inspection": say("inspections on record"),
    }
