"""What a lot, an order or a work unit took, as a sheet: how much, measured or by which rule."""

from __future__ import annotations

from datetime import tzinfo

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.energy_plant import window_text
from luban.screens.report.energy_states import state_name
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.energy.whose import Whose

__all__ = ["whose_sheet"]

_NONE = "–"


def whose_sheet(found: Whose, say: Words, zone: tzinfo, source: str) -> Sheet:
    """Each medium with what was measured, what came by a rule and what is of idling; the rules below."""
    kinds = {"order": say("order"), "lot": say("lot"), "work unit": say("work unit")}
    gas = [row.gas for row in found.rows if row.gas is not None]
    figures = [Figure(say(row.medium), number(float(row.total), 5), row.unit) for row in found.rows]
    if gas:
        figures.append(Figure(say("greenhouse gases"), number(float(sum(gas)), 4), "kgCO2e"))
    if found.good:
        figures.append(Figure(say("good pieces"), f"{found.good:g}"))
    heads = (say("energy carrier"), say("unit"), say("measured"), say("shared by rule"), say("of idling"),
             say("all of it"), say("per good piece"), "kgCO2e")  # fmt: skip
    rows = [
        (say(row.medium), row.unit, number(float(row.direct - row.shared), 5), number(float(row.shared), 5),
         number(float(row.idle), 5), number(float(row.total), 5),
         number(float(row.total / found.good), 4) if found.good else _NONE,
         _NONE if row.gas is None else number(float(row.gas), 4))
        for row in found.rows
    ]  # fmt: skip
    blocks: list[Block] = [Figures(tuple(figures)), Grid(heads, rows, "", frozenset(range(2, 8)))]
    if found.states:
        own = (say("energy carrier"), say("state"), say("amount"), say("of it shared by rule"))
        told = [
            (say(medium), state_name(state, say), number(float(amount), 5), number(float(shared), 5))
            for medium, state, amount, shared in found.states
        ]
        blocks.append(Grid(own, told, say("By state"), frozenset({2, 3})))
    if found.kind != "order" and found.orders:
        shown = ", ".join(found.orders[:12]) + (f" + {len(found.orders) - 12:,}" if len(found.orders) > 12 else "")
        blocks.append(Note(say("Orders: {orders}", orders=shown)))
    if found.rules:
        rules = tuple((say(rule),) for rule in found.rules)
        blocks.append(Grid((say("By these rules"),), rules))
    title = say("What {kind} {name} took", kind=kinds[found.kind], name=found.name)
    return Sheet(title, f"{source} · {window_text(found.start, found.end, zone)}", tuple(blocks),
                 {"luban": __version__})  # fmt: skip
