"""A plant's pilot by its own books, as a sheet: three targets, what each rests on, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.pilot_words import change_tone, ends, metric_name, signed, target_text, verdict_name
from luban.screens.report.sheet import Block, Grid, Note, Sheet

if TYPE_CHECKING:
    from luban.pilot.enrolled import FromBooks

__all__ = ["books_sheet"]


def books_sheet(found: FromBooks, plant: str, say: Words, zone: ZoneInfo) -> Sheet:
    """The sheet of a plant that is enrolled.

    plant  its name;  zone  of the dates
    """
    own = found.enrolment
    heads = (
        say("figure"),
        say("change [%]"),
        say("95 % interval [%]"),
        say("days after"),
        say("target"),
        say("verdict"),
    )
    rows, tones = [], {}
    for at, one in enumerate(found.changes):
        tones[at] = change_tone(one)
        rows.append((
            metric_name(one.metric, say), signed(100 * one.share.mean), ends(one.share, 1, 100), f"{one.pairs}",
            target_text(one.metric, say), verdict_name(one.verdict, say),
        ))  # fmt: skip
    blocks: list[Block] = [
        Grid(heads, rows, say("Targets by the plant's own books"), frozenset({1, 3}), tones),
        *(Note(f"{metric_name(one.metric, say)}: {say(one.why)}") for one in found.changes if one.why),
        *(Note(say(one), "quiet") for one in found.notes),
    ]
    dates = [f"{to_datetime(one, zone):%Y-%m-%d %H:%M}" for one in (own.since, own.fixed, own.on)]
    return Sheet(
        title=say("Pilot of {plant}", plant=plant), subtitle=say("judged by facts since the levers went on"),
        blocks=tuple(blocks),
        provenance=dict(zip(
            (say("state before since"), say("fixed at"), say("levers on at")), dates, strict=True,
        )),
    )  # fmt: skip
