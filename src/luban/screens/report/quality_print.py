"""The chart of a characteristic as a file to hand on: HTML, PDF or Excel, from the same sheet as the command line's.

Reads  Fact(measurement, event)
"""

from __future__ import annotations

from luban.core.time import to_datetime
from luban.screens.i18n import Words, words
from luban.screens.report.quality_spc import spc_sheet
from luban.screens.report.sheet import Block, Grid
from luban.screens.report.sheet_file import file_of
from luban.screens.service.quality import QualityBooks
from luban.screens.service.quality_charting import Wanted, cut
from luban.screens.words import decision_word

__all__ = ["decided_blocks", "printed"]


def printed(books: QualityBooks, subject: str, wanted: Wanted, kind: str, language: str) -> tuple[bytes, str]:
    """The file and its media type. Raises InputError where there is no chart.

    kind  html, pdf or xlsx
    """
    say = words(language)
    sheet = spc_sheet(
        cut(books.chart(subject, wanted)), say, decided_blocks(books, subject, say), books.view.plant.zone
    )
    return file_of(sheet, kind, language)


def decided_blocks(books: QualityBooks, subject: str, say: Words) -> list[Block]:
    """What people decided about the chart, as a table; nothing where nobody did."""
    stands, zone = books.standing(subject), books.view.plant.zone
    revision, rows = 0, []
    for entry in stands.entries:
        revision += entry.code == "freeze"
        when = f"{to_datetime(entry.time, zone):%Y-%m-%d %H:%M}"
        rows.append((when, decision_word(say, entry, revision), entry.text, entry.person))
    heads = (say("Time"), say("What was decided"), say("Reason"), say("Person"))
    return [Grid(heads, rows[::-1], say("History"))] if rows else []
