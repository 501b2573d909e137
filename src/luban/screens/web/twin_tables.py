"""Tables of the twin's page: loads before a run, figures side by side; and what to do where there is no twin."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from luban.screens.i18n import Words
from luban.screens.service.twin_words import unit_of
from luban.screens.web.twin_texts import amount, figure_word, name_of, said_difference, verdict_word

__all__ = ["compared", "loads", "no_twin", "notice"]

_DAY = 86_400.0


def loads(say: Words, rows: Sequence[Any], names: Mapping[str, str]) -> str:
    """Expected load of each station and pool, with what it means."""
    body = []
    for load in rows:
        used = max(load.used, load.busiest[1])
        kind = {"tight": " lb-tight", "too much": " lb-much"}.get(load.verdict, "")
        verdict = html.escape(verdict_word(say, load.verdict))
        meter = f'<span class="lb-meter{kind}"><i style="width: {min(100.0, 100 * used):.0f}%"></i></span>'
        body.append(
            f"<tr><td>{html.escape(names.get(load.place, load.place))}</td><td>{meter}</td>"
            f'<td class="lb-n">{100 * used:.0f} %</td><td style="white-space: nowrap">{verdict}</td></tr>'
        )
    heads = [say("Station or pool"), "", say("Load"), ""]
    head = "".join(
        f'<th scope="col" class="{"lb-n" if at == 2 else ""}">{html.escape(text)}</th>' for at, text in enumerate(heads)
    )
    return f'<table class="lb-table"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def compared(say: Words, result: Mapping[str, Any]) -> str:
    """A row a figure, a column a scenario; below each one's value what it differs by from the first."""
    window = (result["until"] - result["warmup"]) / _DAY
    scenarios = result["scenarios"]
    head = "".join(_scenario_head(say, own) for own in scenarios)
    body = []
    for figure in result["figures"]:
        found = [own["figures"][figure] for own in scenarios]
        unit = unit_of(figure, [one[0] for one in found if one[0] is not None], window)
        cells = [_cell(*amount(say, unit, one)) for one in found]
        for place, difference in enumerate(result["differences"], start=1):
            kind = {"better": "lb-better", "worse": "lb-worse"}.get(difference[figure][0], "lb-faint")
            sign = {"better": "▲ ", "worse": "▼ "}.get(difference[figure][0], "")
            word = {"better": say("better"), "worse": say("worse")}.get(difference[figure][0], "")
            text = said_difference(say, figure, difference[figure], window)
            label = f' title="{html.escape(word)}"' if word else ""
            spoken = f'<span class="lb-sr">{html.escape(word)}: </span>' if word else ""
            cells[place] += f'<div class="lb-note {kind}"{label}>{sign}{spoken}{html.escape(text)}</div>'
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        body.append(f'<tr><th scope="row">{html.escape(figure_word(say, figure))}</th>{row}</tr>')
    return (
        f'<table class="lb-table lb-compared"><thead><tr><th scope="col"></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _scenario_head(say: Words, own: Mapping[str, Any]) -> str:
    changes = "".join(f'<div class="lb-note">{html.escape(text)}</div>' for text in own["changes"])
    return f'<th scope="col">{html.escape(name_of(say, own["name"]))}{changes}</th>'


def _cell(value: str, between: str) -> str:
    inner = f'<div class="lb-note">{html.escape(between)}</div>' if between else ""
    return f"<b>{html.escape(value)}</b>{inner}"


def notice(text: str, *, alarm: bool = False) -> str:
    """Something that the reader must know."""
    role = "alert" if alarm else "note"
    return f'<div class="lb-notice" role="{role}"><span>{html.escape(text)}</span></div>'


def no_twin(say: Words) -> str:
    """What to do where the plant has no twin.toml."""
    text = html.escape(
        say(
            "There is no twin.toml in the plant's folder: the twin knows the routing's planned times and no chance, so "
            "its intervals are too good to be true. Say what varies, or let it be made from the books:"
        )
    )
    example = (
        '[[failure]]\nid = "spindle"\nlife = "exponential(60 h)"\nrepair = "lognormal(2 h, cv=0.8)"\n\n'
        "$ luban twin calibrate DIR"
    )
    return f'<div class="lb-empty">{text}<span class="lb-code">{html.escape(example)}</span></div>'
