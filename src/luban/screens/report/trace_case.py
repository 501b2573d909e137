"""How far a recall has come, as a sheet."""

from __future__ import annotations

from datetime import tzinfo

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Figure, Figures, Grid, Sheet
from luban.understand.trace import RecallCase

__all__ = ["case_sheet"]

_NONE = "–"


def case_sheet(case: RecallCase, say: Words, zone: tzinfo) -> Sheet:
    """Who was told, who answered, and how much is accounted for."""

    def when(moment: int | None) -> str:
        return _NONE if moment is None else to_datetime(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")

    def share(value: float | None) -> str:
        return _NONE if value is None else f"{100 * value:.1f}"

    figures = Figures((
        Figure(say("accounted for"), share(case.closure), "%", tone="good" if case.closure == 1 else "doubt"),
        Figure(say("customers that answered"), share(case.answered), "%"),
        Figure(say("affected, delivered"), number(case.quantity)), Figure(say("opened"), when(case.opened)),
        Figure(say("case closed"), when(case.closed)),
    ))  # fmt: skip
    heads = (say("customer"), say("orders"), say("affected, delivered"), say("told"), say("answered"), say("returned"),
             say("destroyed"), say("used up"), say("open"))  # fmt: skip
    rows = tuple(
        (one.customer, ", ".join(one.orders) or _NONE, number(one.quantity), when(one.notified), when(one.answered),
         number(one.returned), number(one.destroyed), number(one.used), number(one.quantity - one.accounted))
        for one in case.told.values()
    )  # fmt: skip
    grid = Grid(heads, rows, say("Told and answered"), frozenset({2, 5, 6, 7, 8}))
    title = say("Recall {id}", id=case.id)
    return Sheet(
        title,
        f"{', '.join(case.suspects)} · {case.reason}".strip(" ·"),
        (figures, *((grid,) if rows else ())),
        {"luban": __version__},
    )
