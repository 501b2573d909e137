"""Tables of the live page: sources and their links, gaps; and what to do where there is nothing to show."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from luban.core.time import SECOND
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.service import Gap, Now, PlantView, SourceNow
from luban.screens.users import Role, User
from luban.screens.web.texts import clock, duration, sign

__all__ = ["gaps", "no_lanes", "no_sources", "no_states", "sources"]

_MOST_GAPS = 12


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def sources(say: Words, holder: Any, now: Now, view: PlantView, user: User) -> None:
    """Each source's link: sign and word, last proof, values, gaps, what the collector says."""
    mine = {s.source for s in now.signals.values() if user.may(Role.VIEWER, s.equipment)}
    running = view.collectors()
    rows: list[Sequence[object]] = []
    for source in now.sources.values():
        if user.sites and source.id not in mine:
            continue
        status = running.get(source.id)
        said = source.text or (status.last_error if status is not None and source.link != "up" else "")
        values = f"{status.samples:,}" if status is not None else "–"
        seen = _seen(say, source, now.time, view.plant.zone)
        rows.append((source.id, source.type, _link(say, source, said), seen, values, source.gaps, source.quarantined))
    heads = [say("Source"), say("Type"), say("Link"), say("Last proof"), say("Values")]
    heads += [say("Gaps, 24 h"), say("Put aside")]
    holder.clear()
    with holder:
        ui.html(_table(heads, rows, numbers=4) if rows else no_sources(say), sanitize=False)


def _seen(say: Words, source: SourceNow, now: int, zone: ZoneInfo) -> str:
    if source.seen is None:
        return "–"
    age = max(0, now - source.seen)
    return duration(say, age / SECOND) if age < 100 * SECOND else clock(source.seen, zone)


def _link(say: Words, source: SourceNow, said: str) -> _Html:
    word = {
        "up": say("connected"), "silent": say("silent"), "down": say("down"), "refused": say("refused"),
    }.get(source.link, say("not seen yet"))  # fmt: skip
    note = f'<div class="lb-note">{html.escape(said)}</div>' if said else ""
    return _Html(f'<span class="lb-link">{sign(source.link)} {html.escape(word)}</span>{note}')


def gaps(say: Words, holder: Any, found: Sequence[Gap], zone: ZoneInfo, *, heard: bool) -> None:
    """Newest gaps, each with its reason and what came back; heard: every source of the place is up."""
    rows = [
        (
            clock(gap.start, zone, day=True), duration(say, (gap.end - gap.start) / SECOND), gap.source,
            say("silent") if gap.kind == "silent" else say(gap.reason or "gap"), gap.backfilled or "–",
        )
        for gap in found[:_MOST_GAPS]
    ]  # fmt: skip
    heads = [say("Start"), say("Length"), say("Source"), say("Reason"), say("Came back")]
    more = len(found) - _MOST_GAPS
    tail = f'<div class="lb-note">{html.escape(say("and {n} more", n=more))}</div>' if more > 0 else ""
    none = say("No gap in the last 24 hours: every source was heard all the time.")
    if not heard:
        none = say("No gap is known. A source that never spoke has none.")
    holder.clear()
    with holder:
        text = _table(heads, rows, numbers=1) + tail if rows else f'<div class="lb-empty">{html.escape(none)}</div>'
        ui.html(text, sanitize=False)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: int) -> str:
    """A table whose last `numbers` columns are numbers."""
    right = len(heads) - numbers

    def cell(tag: str, at: int, value: object) -> str:
        text = value if isinstance(value, _Html) else html.escape(str(value))
        scope = ' scope="col"' if tag == "th" else ""
        return f'<{tag}{scope} class="{"lb-n" if at >= right else ""}">{text}</{tag}>'

    head = "".join(cell("th", at, text) for at, text in enumerate(heads))
    body = "".join(f"<tr>{''.join(cell('td', at, value) for at, value in enumerate(row))}</tr>" for row in rows)
    return f'<table class="lb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def no_sources(say: Words) -> str:
    """What to do where nothing is connected."""
    text = html.escape(
        say("No source is configured yet. Add one to plant.toml and start again; a peer's values can be listed first:")
    )
    example = '[[source]]\nid = "okuma"\ntype = "shdr"\nurl = "tcp://192.168.0.10:7878"\n\n$ luban connect browse URL'
    return f'<div class="lb-empty">{text}<span class="lb-code">{html.escape(example)}</span></div>'


def no_lanes(say: Words, plant: Plant, path: str) -> str:
    """What to do where there is no trend to draw."""
    below = any(signal.unit_path.startswith(path + "/") for signal in plant.signals.values())
    text = (
        say("Choose a machine or a signal on the left.")
        if below
        else say("No signal with numbers is mapped to this place.")
    )
    return f'<div class="lb-empty">{html.escape(text)}</div>'


def no_states(say: Words) -> str:
    """What to do where no states come in."""
    text = say('No states in this interval. A unit\'s states come from a signal with role = "state" and a mapping.')
    return f'<div class="lb-empty">{html.escape(text)}</div>'
