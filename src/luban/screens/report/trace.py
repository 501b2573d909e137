"""Trace as sheets: one lot both ways, what ran under a condition, a recall with its notices, a chain of hashes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.quality_words import left_out, number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.report.trace_picture import flow_svg
from luban.understand.quality.data import Excluded
from luban.understand.trace import (
    GRADES,
    Balance,
    Content,
    Doubts,
    Fault,
    Match,
    Mock,
    Recall,
    Spread,
    Step,
    Trace,
    Walk,
    balance_of,
    contents,
    spread_of,
    steps_of,
)
from luban.understand.trace.flow import lot_id
from luban.understand.trace.partner import FIELDS

__all__ = [
    "books_sheet", "chain_sheet", "condition_sheet", "field_words", "lot_document", "lot_sheet", "mock_sheet",
    "recall_sheet",
]  # fmt: skip

_NONE = "–"
_MOST = 200


def _when(moment: int | None, zone: tzinfo) -> str:
    """A moment as it is read; ordinals of a file stay numbers."""
    if moment is None:
        return _NONE
    if abs(moment) < 10**12:
        return str(moment)
    local: datetime = to_datetime(moment).astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _made(say: Words, source: str, trace: Trace, excluded: int = 0) -> dict[str, str]:
    return {
        say("source"): source or _NONE,
        say("facts of use"): f"{len(trace.graph):,}", say("movements"): f"{len(trace.moves):,}",
        say("newest fact"): str(trace.as_of), say("rows left out"): f"{excluded:,}", "luban": __version__,
    }  # fmt: skip


def _more(say: Words, total: int, shown: int = _MOST) -> list[Block]:
    return [Note(say("and {n} more", n=total - shown), "quiet")] if total > shown else []


# ---------------------------------------------------------------- one lot


def lot_sheet(
    trace: Trace, lot: str, say: Words, zone: tzinfo, *, source: str = "", depth: int = -1,
    excluded: Sequence[Excluded] = (),
) -> Sheet:  # fmt: skip
    """Where a lot came from, where it went, its steps of work and its balance.

    Raises InputError for a lot that no fact names
    """
    start = lot_id(trace, lot)
    doubts = trace.doubts
    back, on = (trace.graph.walk([start], back=way, limit=depth) for way in (True, False))
    inside, spread, balance = contents(trace, lot), spread_of(trace, lot), balance_of(trace, lot)
    blocks: list[Block] = [_lot_figures(trace, lot, back, on, balance, say)]
    blocks += [Note(say(note), "doubt") for note in spread.notes]
    if len(back.nodes) + len(on.nodes) > 2:
        text = say(
            "{from_} lots went into it, it went into {into} lots", from_=len(back.nodes) - 1, into=len(on.nodes) - 1
        )
        blocks.append(Picture(flow_svg(trace, lot, back, on), say("Where it came from and where it went"), text))
    blocks += _walk_grid(trace, back, say, zone, say("Made from"), _shares(inside))
    blocks += _walk_grid(trace, on, say, zone, say("Went into"), _amounts(trace, spread))
    steps = steps_of(trace, lot)
    blocks += _steps(steps, say, zone)
    blocks += _own_doubts(trace, doubts, {*back.nodes.tolist(), *on.nodes.tolist()}, say, zone)
    blocks += left_out(say, excluded)
    return Sheet(say("Trace of {lot}", lot=lot), source, tuple(blocks), _made(say, source, trace, len(excluded)))


def _lot_figures(trace: Trace, lot: str, back: Walk, on: Walk, balance: Balance, say: Words) -> Figures:
    item = trace.labels.name(int(trace.item_of(np.array([lot_id(trace, lot)], np.int32))[0]))
    rows = [
        Figure(say("item"), item or _NONE),
        Figure(say("lots it was made from"), f"{len(back.nodes) - 1:,}", note=_doubtful(back, say)),
        Figure(say("lots it went into"), f"{len(on.nodes) - 1:,}", note=_doubtful(on, say)),
        Figure(say("received or made"), number(balance.had), tone="" if balance.had is not None else "quiet",
               note="" if balance.had is not None else say("not on record")),
        Figure(say("used"), number(balance.used)), Figure(say("delivered or issued"), number(balance.out)),
        Figure(say("must be left"), number(balance.left), tone="quiet" if balance.left is None else ""),
    ]  # fmt: skip
    if balance.excluded:
        note = say("in doubtful facts, in no total")
        rows.append(Figure(say("left out"), number(balance.excluded), tone="doubt", note=note))
    return Figures(tuple(rows))


def _doubtful(walk: Walk, say: Words) -> str:
    left = len(walk.nodes) - walk.sure
    return say("{n} of them only through doubtful facts", n=left) if left else ""


def _shares(inside: Sequence[Content]) -> Mapping[str, float]:
    return {one.lot: one.quantity for one in inside}


def _amounts(trace: Trace, spread: Spread) -> Mapping[str, float]:
    return dict(zip(trace.lots.array(spread.nodes).to_pylist(), spread.amounts.tolist(), strict=True))


def _walk_grid(
    trace: Trace, walk: Walk, say: Words, zone: tzinfo, title: str, amounts: Mapping[str, float]
) -> list[Block]:
    if len(walk.nodes) == 1:
        return []
    columns = trace.graph.view.columns
    order = np.argsort(walk.depth[1:], kind="stable")[:_MOST] + 1
    names = trace.lots.array(walk.nodes[order]).to_pylist()
    items = trace.labels.array(trace.item_of(walk.nodes[order])).to_pylist()
    heads = (say("steps"), say("lot"), say("item"), say("by way of"), say("amount"), say("order"), say("work unit"),
             say("time"), say("confidence"))  # fmt: skip
    rows, tones = [], {}
    for at, (place, name, item) in enumerate(zip(order.tolist(), names, items, strict=True)):
        fact, sure = int(walk.facts[place]), place < walk.sure
        rows.append((
            str(int(walk.depth[place])), name, item or _NONE, trace.lots.name(int(walk.nodes[walk.came[place]])),
            number(amounts[name]) if sure and name in amounts else _NONE,
            trace.labels.name(int(columns["order"][fact])) or _NONE,
            trace.labels.name(int(columns["unit"][fact])) or _NONE, _when(int(columns["time"][fact]), zone),
            say("certain") if sure else say("doubtful"),
        ))  # fmt: skip
        if not sure:
            tones[at] = "doubt"
    return [Grid(heads, tuple(rows), title, frozenset({0, 4}), tones), *_more(say, len(walk.nodes) - 1)]


def _steps(steps: Sequence[Step], say: Words, zone: tzinfo) -> list[Block]:
    if not steps:
        return []
    heads = (say("start"), say("end"), say("work unit"), say("order"), say("operation"), say("person"), say("tool"),
             say("confidence"))  # fmt: skip
    rows = tuple(
        (
            _when(one.start, zone), _when(one.end, zone), one.unit, one.order, one.operation or _NONE,
            one.person or _NONE, one.tool or _NONE, say("certain") if one.certain else say("possible"),
        )
        for one in steps[:_MOST]
    )  # fmt: skip
    return [Grid(heads, rows, say("Steps of work")), *_more(say, len(steps))]


def _own_doubts(trace: Trace, doubts: Doubts, nodes: set[int], say: Words, zone: tzinfo) -> list[Block]:
    names = {trace.lots.name(node) for node in nodes} if len(nodes) < 100_000 else None
    rows = [one for one in doubts.rows(100_000) if names is None or one.lot in names or one.output in names]
    blocks: list[Block] = []
    if rows:
        heads = (say("lot"), say("said to have gone to"), say("reason"), say("quantity"), say("left out"), say("time"),
                 say("fact"))  # fmt: skip
        grid = tuple(
            (one.lot, one.output or _NONE, say(one.reason), number(one.quantity), number(one.excluded),
             _when(one.time, zone), str(one.seq)) for one in rows[:_MOST]
        )  # fmt: skip
        blocks.append(Grid(heads, grid, say("Doubtful facts"), frozenset({3, 4, 6})))
        blocks += _more(say, len(rows))
    loops = [one for one in doubts.loops if names is None or names & set(one.lots)]
    if loops:
        back = tuple(
            (" → ".join((*one.lots, one.lots[0])), say("rework") if one.rework else say("cannot be true"),
             number(one.quantity), _when(one.time, zone)) for one in loops[:_MOST]
        )  # fmt: skip
        ways = (say("way back"), say("what it is"), say("quantity"), say("time"))
        blocks += [Grid(ways, back, say("Ways that lead back"), frozenset({2})), *_more(say, len(loops))]
    return blocks


def lot_document(trace: Trace, lot: str, depth: int = -1) -> dict[str, Any]:
    """The same for `--json`: every lot with how it was reached.

    Raises InputError for a lot that no fact names
    """
    start = lot_id(trace, lot)
    inside, spread, balance = contents(trace, lot), spread_of(trace, lot), balance_of(trace, lot)
    shares, amounts = _shares(inside), _amounts(trace, spread)
    return {
        "lot": lot, "as_of": trace.as_of,
        "from": _reached(trace, trace.graph.walk([start], back=True, limit=depth), shares),
        "into": _reached(trace, trace.graph.walk([start], limit=depth), amounts),
        "balance": {
            "had": balance.had, "used": balance.used, "out": balance.out, "left": balance.left,
            "excluded": balance.excluded, "gap": spread.gap,
        },
        "notes": list(spread.notes),
        "steps": [{name: getattr(one, name) for name in one.__slots__} for one in steps_of(trace, lot)],
    }  # fmt: skip


def _reached(trace: Trace, walk: Walk, amounts: Mapping[str, float]) -> list[dict[str, Any]]:
    names = trace.lots.array(walk.nodes).to_pylist()
    columns = trace.graph.view.columns
    return [
        {
            "lot": names[place], "steps": int(walk.depth[place]), "by": names[walk.came[place]],
            "seq": int(columns["seq"][walk.facts[place]]), "amount": amounts.get(names[place]),
            "confidence": "certain" if place < walk.sure else "doubtful",
        }
        for place in range(1, len(names))
    ]  # fmt: skip


# ---------------------------------------------------------------- all of it, conditions


def books_sheet(
    trace: Trace, say: Words, zone: tzinfo, *, source: str = "", excluded: Sequence[Excluded] = (),
    passed: Mapping[str, int] | None = None,
) -> Sheet:  # fmt: skip
    """What is on record, what is doubtful about it, and which ways lead back."""
    doubts = trace.doubts
    totals: dict[str, tuple[int, float]] = {}
    for one in doubts.rows():
        count, amount = totals.get(one.reason, (0, 0.0))
        totals[one.reason] = (count + 1, amount + one.excluded)
    left = f"{len(doubts):,}"
    figures = Figures((
        Figure(say("lots and serial numbers"), f"{len(trace.lots):,}"),
        Figure(say("facts of use"), f"{len(trace.graph):,}"), Figure(say("movements"), f"{len(trace.moves):,}"),
        Figure(say("steps of work"), f"{len(trace.steps):,}"),
        Figure(say("doubtful facts"), left, tone="doubt" if len(doubts) else "good"),
        Figure(say("ways that lead back"), f"{len(doubts.loops):,}"),
    ))  # fmt: skip
    blocks: list[Block] = [figures]
    if trace.nameless:
        blocks.append(Note(say("{n} facts of use do not name both lots and are left out.", n=trace.nameless), "doubt"))
    if totals:
        rows = tuple((say(reason), f"{count:,}", number(amount)) for reason, (count, amount) in totals.items())
        blocks.append(Grid((say("reason"), say("facts"), say("left out of totals")), rows, say("Doubts"),
                           frozenset({1, 2})))  # fmt: skip
    nodes = set(range(len(trace.lots))) if len(trace.lots) < 100_000 else set(range(100_000))
    blocks += _own_doubts(trace, doubts, nodes, say, zone)
    if passed and any(passed.values()):
        events = tuple((why, f"{count:,}") for why, count in passed.items() if count)
        blocks.append(Grid((say("events that make no fact"), say("count")), events, "", frozenset({1})))
    blocks += left_out(say, excluded)
    return Sheet(say("Trace"), source, tuple(blocks), _made(say, source, trace, len(excluded)))


def condition_sheet(trace: Trace, match: Match, told: str, say: Words, *, source: str = "") -> Sheet:
    """Lots that ran under a condition."""
    names = trace.lots.array(match.lots).to_pylist()
    items = trace.labels.array(trace.item_of(match.lots)).to_pylist()
    order = np.argsort(~match.certain, kind="stable")
    rows = tuple(
        (names[at], items[at] or _NONE, say("certain") if match.certain[at] else say("possible"))
        for at in order[:_MOST].tolist()
    )
    figures = Figures((
        Figure(say("lots"), f"{len(names):,}"), Figure(say("of them certain"), f"{int(match.certain.sum()):,}"),
        Figure(say("steps of work"), f"{len(match.steps):,}"),
    ))  # fmt: skip
    blocks: list[Block] = [figures]
    if len(match.certain) and not match.certain.all():
        blocks.append(Note(say("Possible: the order ran this operation in several steps, and no fact says which of "
                               "them the lot went through."), "doubt"))  # fmt: skip
    if rows:
        heads = (say("lot"), say("item"), say("confidence"))
        blocks += [Grid(heads, rows, say("Lots")), *_more(say, len(names))]
    return Sheet(say("Ran under the same condition"), told, tuple(blocks), _made(say, source, trace))


# ---------------------------------------------------------------- recalls


def recall_sheet(found: Recall, say: Words, zone: tzinfo, *, told: str = "", source: str = "") -> Sheet:
    """Affected lots, where they are, who got them, and the notices."""
    trace = found.trace
    grades = _grade_words(say)
    counts = np.bincount(found.grades, minlength=3)
    hand, notices, deliveries = found.on_hand(), found.notices(), found.deliveries()
    out, held = math.fsum(found.quantity.tolist()), math.fsum(one.quantity for one in hand)
    figures = [
        Figure(say("suspect lots"), f"{len(found.suspects):,}"),
        Figure(say("affected lots"), f"{len(found.lots):,}", tone="bad" if len(found.lots) else "",
               note=" · ".join(f"{grades[name]} {counts[at]:,}" for at, name in enumerate(GRADES) if counts[at])),
        Figure(say("customer orders"), f"{len(found.orders):,}"),
        Figure(say("customers to be told"), f"{len(notices):,}"),
        Figure(say("delivered"), number(out), note=say("quantities of all items together")),
        Figure(say("still in the plant"), number(held)),
    ]  # fmt: skip
    blocks: list[Block] = [Figures(tuple(figures))]
    if counts[1]:
        blocks.append(Note(say("Out of time: by the books it is affected, by the clocks the lot was taken before the "
                               "suspect material came in. Keep it on the list unless the clocks are trusted."),
                           "doubt"))  # fmt: skip
    if counts[2]:
        blocks.append(Note(say("Doubtful: only a fact that cannot be true as it stands leads there."), "doubt"))
    if found.unexamined:
        blocks.append(Note(say("{n} facts are too new to have been examined; they count as sound.",
                               n=found.unexamined), "quiet"))  # fmt: skip
    blocks += _notices(found, say, grades)
    if deliveries:
        heads = (say("time"), say("customer"), say("order"), say("lot"), say("item"), say("quantity"), say("container"),
                 say("confidence"))  # fmt: skip
        rows = tuple(
            (_when(one.time, zone), one.customer or _NONE, one.order or _NONE, one.lot, one.item or _NONE,
             number(one.quantity), one.container or _NONE, grades[one.confidence]) for one in deliveries[:_MOST]
        )  # fmt: skip
        blocks += [Grid(heads, rows, say("Deliveries"), frozenset({5})), *_more(say, len(deliveries))]
    if hand:
        held_rows = tuple((one.lot, one.item or _NONE, one.place, number(one.quantity)) for one in hand[:_MOST])
        where = (say("lot"), say("item"), say("place"), say("quantity"))
        blocks += [Grid(where, held_rows, say("To be held in the plant"), frozenset({3})), *_more(say, len(hand))]
    blocks += _affected(found, say, grades)
    blocks += _own_doubts(trace, trace.doubts, set(found.lots.tolist()), say, zone)
    names = ", ".join(trace.lots.array(found.suspects[:20]).to_pylist())
    return Sheet(say("Recall"), told or names, tuple(blocks), _made(say, source, trace))


def _grade_words(say: Words) -> dict[str, str]:
    return {"certain": say("certain"), "out of time": say("out of time"), "doubtful": say("doubtful")}


def _notices(found: Recall, say: Words, grades: Mapping[str, str]) -> list[Block]:
    rows = tuple(
        (one.customer, ", ".join(one.orders) or _NONE, ", ".join(one.lots[:20]) + (" …" if len(one.lots) > 20 else ""),
         number(one.quantity), grades[one.confidence]) for one in found.notices()
    )  # fmt: skip
    if not rows:
        return [Note(say("Nothing of it has left the plant."), "good")]
    heads = (say("customer"), say("orders"), say("lots"), say("quantity"), say("confidence"))
    return [Grid(heads, rows[:_MOST], say("Notices"), frozenset({3})), *_more(say, len(rows))]


def _affected(found: Recall, say: Words, grades: Mapping[str, str]) -> list[Block]:
    trace = found.trace
    most = found.lots[:_MOST]
    names = trace.lots.array(most).to_pylist()
    items = trace.labels.array(trace.item_of(most)).to_pylist()
    rows = tuple(
        (name, item or _NONE, str(int(found.walk.depth[at])),
         trace.lots.name(int(found.lots[found.walk.came[at]])) if found.walk.came[at] >= 0 else _NONE,
         grades[GRADES[found.grades[at]]]) for at, (name, item) in enumerate(zip(names, items, strict=True))
    )  # fmt: skip
    heads = (say("lot"), say("item"), say("steps"), say("by way of"), say("confidence"))
    return [Grid(heads, rows, say("Affected lots"), frozenset({2})), *_more(say, len(found.lots))]


def mock_sheet(mocks: Sequence[Mock], trace: Trace, say: Words, *, source: str = "") -> Sheet:
    """Mock recalls: what was drawn, and whether both directions agree."""
    heads = (say("lot"), say("affected lots"), say("customer orders"), say("found of what is affected [%]"),
             say("affected of what was found [%]"), say("lots asked the other way"), say("accounted for [%]"),
             f"{say('time')} [ms]")  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(mocks):
        shares = [_NONE if one is None else f"{100 * one:.2f}" for one in (one.recall, one.precision, one.accounted)]
        rows.append((
            one.lot, f"{one.affected:,}", f"{one.orders:,}", shares[0], shares[1], f"{one.checked:,}", shares[2],
            f"{1000 * one.seconds:.1f}",
        ))  # fmt: skip
        good = all(share is None or share > 1 - 1e-9 for share in (one.recall, one.precision))
        tones[at] = "good" if good else "bad"
    grid = Grid(heads, tuple(rows), "", frozenset(range(1, 8)), tones)
    text = say("The list is checked the other way round: every lot that left the plant is asked where it came from.")
    return Sheet(say("Mock recalls"), source, (Note(text), grid), _made(say, source, trace))


def field_words(say: Words) -> dict[str, str]:
    """What the fields of a record are called."""
    said = (say("item"), say("made"), say("quantity"), say("order"), say("work unit"))
    return dict(zip(FIELDS, said, strict=True))


def chain_sheet(faults: Sequence[Fault], documents: int, records: int, say: Words, *, source: str = "") -> Sheet:
    """Whether documents of partners hold together."""
    kinds = {"forged": say("forged"), "missing": say("missing"), "head": say("another hash than known")}
    figures = Figures((
        Figure(say("documents"), str(documents)), Figure(say("records"), f"{records:,}"),
        Figure(say("faults"), f"{len(faults):,}", tone="bad" if faults else "good"),
    ))  # fmt: skip
    blocks: list[Block] = [figures]
    if faults:
        fields = field_words(say)
        rows = tuple(
            (kinds[one.kind], one.lot or _NONE,
             say(one.sentence, **{key: fields.get(text, text) for key, text in one.blanks.items()}))
            for one in faults[:_MOST]
        )  # fmt: skip
        blocks += [
            Grid((say("fault"), say("lot"), say("what it shows")), rows, say("Faults")),
            *_more(say, len(faults)),
        ]
    else:
        blocks.append(Note(say("Every record has its hash, and every hash has its record."), "good"))
    return Sheet(say("Chain of records"), source, tuple(blocks), {say("source"): source, "luban": __version__})
