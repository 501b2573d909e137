"""`luban pilot --plant DIR` of a plant with books: enrol it, or judge it by what its books say since."""

from __future__ import annotations

import math
from pathlib import Path

from luban.core.errors import InputError
from luban.core.time import DAY, parse_time
from luban.screens.cli.output import NO, OK, Output
from luban.screens.cli.sheets import write_sheet

__all__ = ["enrol_plant", "enrolled", "tell_books"]

_BEFORE = 56 * DAY
"""The state before, where nobody says since when."""


def enrolled(folder: Path) -> bool:
    """Whether the books of a plant hold an enrolment."""
    from luban.ledger import Ledger
    from luban.pilot.enrolled import enrolment
    from luban.screens.service import places

    home = places(folder)
    if not home.ledger.is_dir():
        return False
    ledger = Ledger(home.ledger)
    try:
        return enrolment(ledger, folder.resolve().name) is not None
    finally:
        ledger.close()


def enrol_plant(say: Output, folder: Path, on: str, since: str) -> int:
    """Fix the state before, and write it into the books."""
    import getpass

    from luban.ledger import Ledger
    from luban.pilot.enrolled import enrol
    from luban.plant import load
    from luban.screens.acts import ActLog
    from luban.screens.service import places

    plant, home = load(folder), places(folder)
    if not home.ledger.is_dir():
        raise InputError("the plant has no books yet", where=str(home.ledger), hint="`luban up` starts it")
    moment = parse_time(on, plant.zone)
    start = parse_time(since, plant.zone) if since else moment - _BEFORE
    ledger = Ledger(home.ledger)
    try:
        made = enrol(ledger, plant, folder.resolve().name, on=moment, since=start, person=getpass.getuser())
    finally:
        ledger.close()
    log = ActLog(home.spool, "pilot")
    try:
        log.note("event", [made])
    finally:
        log.close()
    say.answer({"enrolled": made["subject"][0], "text": made["text"][0]}, f"enrolled: {made['text'][0]}")
    say.say("the books take it in while `luban up` runs; then: luban pilot --plant DIR")
    return OK


def tell_books(say: Output, folder: Path, out: Path | None, language: str) -> int:
    """Three targets by the books; NO if one got worse."""
    from luban.ledger import Ledger
    from luban.pilot.enrolled import judge_books
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.pilot_books import books_sheet
    from luban.screens.service import places

    plant, home = load(folder), places(folder)
    ledger = Ledger(home.ledger)
    try:
        found = judge_books(ledger, plant, folder.resolve().name)
    finally:
        ledger.close()
    document = {
        "name": found.enrolment.name, "on": found.enrolment.on, "since": found.enrolment.since,
        "fixed": max(found.enrolment.fixed, found.enrolment.recorded),
        "targets": [
            {"metric": one.metric, "share": _known(one.share.mean), "low": _known(one.share.low),
             "high": _known(one.share.high), "days": one.pairs, "verdict": one.verdict, "why": one.why}
            for one in found.changes
        ],
        "outcomes": {name: one.as_dict() for name, one in found.outcomes.items()}, "notes": list(found.notes),
    }  # fmt: skip
    if out is not None:
        write_sheet(out, books_sheet(found, plant.name, words(language), plant.zone), document, language)
    if say.as_json:
        say.document(document)
    else:
        rows = [
            (one.metric, _share(one.share.mean), f"{_share(one.share.low)} … {_share(one.share.high)}", one.pairs,
             one.verdict, one.why)
            for one in found.changes
        ]  # fmt: skip
        say.table(("target", "change", "95% interval", "days after", "verdict", "why"), rows, title=plant.name)
        for note in found.notes:
            say.line(note)
    return NO if any(one.share.low > 0 for one in found.changes) else OK


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.1%}"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
