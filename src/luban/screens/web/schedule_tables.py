"""Tables of the planner's page: load, differences, an order and its causes, dispatch lists, history, plans."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.web import schedule_texts as texts

__all__ = ["compared", "dispatch", "empty", "facts", "history", "load", "offers", "plans", "ways", "why"]

_text = html.escape
_MOST_ROWS = 200
_FIRST = 6
When = Callable[[int], str]


def _table(heads: Sequence[str], rows: Sequence[str], kind: str = "", numbers: Sequence[int] = ()) -> str:
    head = "".join(
        f'<th scope="col"{_n(at in numbers)}>{_text(text)}</th>' for at, text in enumerate(heads)
    )  # fmt: skip
    return f'<table class="lb-table {kind}"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _n(number: bool) -> str:
    return ' class="lb-n"' if number else ""


def empty(text: str) -> str:
    """What to do where there is nothing."""
    return f'<div class="lb-empty">{_text(text)}</div>'


def load(say: Words, told: Mapping[str, Any]) -> str:
    """Machines by days or shifts: how full each is; from 90 % on it is marked."""
    busy = say("over {n} %", n=round(100 * told["busy"]))
    heads = "".join(f'<th scope="col">{_text(own["label"])}</th>' for own in told["buckets"])
    rows, group = [], None
    for row in told["rows"]:
        if row["group"] != group and row["group"]:
            group = row["group"]
            width = len(told["buckets"]) + 1
            rows.append(f'<tr><th scope="colgroup" colspan="{width}" class="lb-note">{_text(group)}</th></tr>')
        cells = "".join(f"<td>{_cell(say, share, setup, told['busy'], busy)}</td>"
                        for share, setup in zip(row["load"], row["setup"], strict=True))  # fmt: skip
        rows.append(f'<tr><th scope="row" title="{_text(row["machine"])}">{_text(row["name"])}</th>{cells}</tr>')
    return (
        f'<table class="lb-table lb-load"><thead><tr><th scope="col"></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(say: Words, share: float | None, setup: float | None, limit: float, busy: str) -> str:
    if share is None:
        return f'<span class="lb-cell lb-shut" title="{_text(say("closed"))}">–</span>'
    high = f'<i style="height: {min(100.0, 100 * share):.0f}%"></i>'
    title = f"{100 * share:.0f} %, {say('setup')} {100 * (setup or 0):.0f} %"
    if share < limit - 1e-9:
        return f'<span class="lb-cell" title="{_text(title)}">{high}<span>{100 * share:.0f}</span></span>'
    title = f"{title}, {busy}"
    mark = f'<span aria-label="{_text(busy)}">▲ {100 * share:.0f}</span>'
    return f'<span class="lb-cell lb-busy" title="{_text(title)}">{high}{mark}</span>'


def compared(say: Words, told: Mapping[str, Any], names: tuple[str, str], when: When, tick: int) -> str:
    """Figures of two plans, orders that come earlier or later, operations that moved."""
    rows = []
    for own in told["figures"]:
        before, after = own["before"], own["after"]
        if not before and not after:
            continue
        kind, word = _verdict(say, after - before)
        cells = "".join(f'<td class="lb-n">{_text(texts.figure_said(say, own["figure"], value, tick))}</td>'
                        for value in (before, after))  # fmt: skip
        rows.append(
            f'<tr><th scope="row">{_text(texts.figure_word(say, own["figure"]))}</th>{cells}'
            f'<td class="{kind}">{_text(word)}</td></tr>'
        )
    made = _table(["", *names, ""], rows, "lb-figures-compared", (1, 2))
    orders = [
        f"<tr><td>{_text(own['order'])}</td>"
        f'<td class="lb-n">{_text(_late(say, own["before"], tick))}</td>'
        f'<td class="lb-n">{_text(_late(say, own["after"], tick))}</td></tr>'
        for own in told["orders"][:_MOST_ROWS]
    ]
    if orders:
        made += f"<h3>{_text(say('Orders whose lateness changes'))}</h3>" + _table(["", *names], orders, "", (1, 2))
    moved = [
        f"<tr><td>{_text(own['operation'])}</td>"
        + "".join(
            f"<td>{_text(_place(machine))} {_text(when(start))}</td>"
            for machine, start in zip(own["machine"], own["start"], strict=True)
        )
        + "</tr>"
        for own in told["operations"][:_MOST_ROWS]
    ]
    if moved:
        title = say("operations that lie elsewhere: {n}", n=told["moved"])
        made += f"<h3>{_text(title)}</h3>" + _table([say("Operation"), *names], moved, "lb-moved")
        if told["moved"] > len(moved):
            made += f'<div class="lb-note">{_text(say("and {n} more", n=told["moved"] - len(moved)))}</div>'
    else:
        made += f'<div class="lb-note">{_text(say("No operation lies elsewhere."))}</div>'
    return made


def _place(machine: str) -> str:
    return machine.rpartition("/")[2]


def _late(say: Words, ticks: int, tick: int) -> str:
    return say("{time} late", time=texts.long_said(say, ticks, tick)) if ticks else say("on time")


def _verdict(say: Words, change: float) -> tuple[str, str]:
    """Less of every figure is better."""
    if abs(change) < 1e-9:
        return "lb-faint", "="
    return ("lb-better", f"▲ {say('better')}") if change < 0 else ("lb-worse", f"▼ {say('worse')}")


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values."""
    inner = "".join(f"<dt>{_text(name)}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="lb-facts">{inner}</dl>'


def why(say: Words, told: Mapping[str, Any], when: When, tick: int) -> str:
    """Where an order's time went, and the chain of what it waited for."""
    spent = sum(told["totals"].values()) or 1
    rows = [
        f'<tr><td>{_text(texts.cause_word(say, cause))}</td><td><span class="lb-meter">'
        f'<i style="width: {100 * ticks / spent:.0f}%"></i></span></td>'
        f'<td class="lb-n">{_text(texts.long_said(say, ticks, tick))}</td></tr>'
        for cause, ticks in told["totals"].items()
    ]
    links = [
        f'<li><span class="lb-note">{_text(when(own["start"]))}, '
        f"{_text(texts.long_said(say, own['end'] - own['start'], tick))}</span> {_text(say(own['text']))}</li>"
        for own in told["links"]
        if own["cause"] != "work"
    ]
    made = _table([say("Where the time went"), "", ""], rows, "", (2,))
    if not links:
        return made
    shown = f'<ol class="lb-causes">{"".join(links[:_FIRST])}</ol>'
    if len(links) > _FIRST:
        rest = f'<ol class="lb-causes" start="{_FIRST + 1}">{"".join(links[_FIRST:])}</ol>'
        more = _text(say("and {n} more", n=len(links) - _FIRST))
        shown += f'<details class="lb-more"><summary>{more}</summary>{rest}</details>'
    return made + shown


def dispatch(say: Words, rows: Sequence[Any], when: When, tick: int) -> str:
    """What one machine works on, in order."""
    made = []
    for own in rows[:_MOST_ROWS]:
        setup = texts.long_said(say, own.setup_end - own.setup_start, tick) if own.setup_end > own.setup_start else ""
        next_ = own.next_machine.rpartition("/")[2]
        mark = (
            ' <b class="lb-late" title="{0}" aria-label="{0}">▲</b>'.format(_text(say("late")))
            if own.lateness > 0
            else ""
        )
        made.append(
            f'<tr><td class="lb-n">{own.sequence}</td><td>{_text(own.operation_name)}{mark}</td>'
            f"<td>{_text(when(own.start))}</td><td>{_text(setup)}</td><td>{_text(next_)}</td></tr>"
        )
    heads = ["", say("Operation"), say("Start"), say("Setup"), say("Next")]
    return _table(heads, made, "lb-dispatch", (0,)) if made else empty(say("This machine has no work in the plan."))


def history(say: Words, rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """Who did what to the plan, the newest first; what was taken back is struck out."""
    made = []
    for own in reversed(rows[-_MOST_ROWS:]):
        text = _text(f"{texts.act_word(say, own['act'])} {own['text']}".strip())
        inner = f"<s>{text}</s>" if own["undone"] else text
        clock = f"{to_datetime(own['at'], zone):%m-%d %H:%M:%S}"
        made.append(f"<tr><td>{clock}</td><td>{_text(own['who'])}</td><td>{inner}</td></tr>")
    return _table([say("Time"), say("Person"), say("Act")], made, "lb-history-table")


def plans(say: Words, rows: Sequence[Mapping[str, Any]], current: str, zone: ZoneInfo) -> str:
    """The plans that are kept; each name opens its plan."""
    made = []
    for own in rows:
        marks = []
        if own["published"]:
            marks.append(f'<span class="lb-badge lb-good">{_text(say("published"))}</span>')
        if own["stale"] is not None:
            marks.append(f'<span class="lb-badge lb-old">⚠ {_text(say("older than the orders"))}</span>')
        here = ' aria-current="true"' if own["id"] == current else ""
        name = f'<button type="button" class="lb-tool" data-plan="{_text(own["id"])}">{_text(own["name"])}</button>'
        value = texts.value_said(say, own["objective"], own["value"], own["tick"])
        cells = (
            name, _text(texts.objective_said(say, own["objective"])), _text(value),
            _text(texts.gap_said(say, own["gap"], proved=own["proved"])), _text(own["author"]),
            f"{to_datetime(own['made'], zone):%m-%d %H:%M}", str(own["edits"] or ""), " ".join(marks),
        )  # fmt: skip
        inner = "".join(f"<td{_n(at in (2, 3, 6))}>{cell}</td>" for at, cell in enumerate(cells))
        made.append(f"<tr{here}>{inner}</tr>")
    heads = [say("Plan"), say("Objective"), say("Value"), say("Gap"), say("Author"), say("Made"), say("Edits"), ""]
    return _table(heads, made, "lb-plans", (2, 3, 6))


def ways(say: Words, told: Mapping[str, Any], when: When, tick: int) -> str:
    """Ways to end an order earlier, and what each costs the others."""
    made = []
    for own in told["ways"]:
        lines = []
        if own["late"]:
            late = texts.long_said(say, own["late"], tick)
            lines.append(say("ends {time}, still {late} late", time=when(own["end"]), late=late))
        else:
            lines.append(say("ends {time}, on time", time=when(own["end"])))
        lines.append(_harmed(say, own["harmed"], tick))
        if own["overtime"]:
            lines.append(say("open longer by {hours} h", hours=f"{own['overtime']:.1f}"))
        lines.append(say("operations of others that move: {n}", n=own["moved"]))
        mark = "✓" if not own["late"] else '<span class="lb-late">▲</span>'
        inner = "".join(f"<div>{_text(line)}</div>" for line in lines)
        made.append(f"<li><b>{mark} {_text(say(own['about']))}</b>{inner}</li>")
    return f'<ul class="lb-ways">{"".join(made)}</ul>'


def _harmed(say: Words, harmed: Sequence[tuple[str, int]], tick: int) -> str:
    shown = ", ".join(f"{name} {texts.long_said(say, ticks, tick)}" for name, ticks in harmed[:4])
    more = f" (+{len(harmed) - 4})" if len(harmed) > 4 else ""
    return say("later for it: {orders}", orders=shown + more) if shown else say("no other order pays for it")


def offers(say: Words, told: Mapping[str, Any], when: When, tick: int) -> str:
    """Dates that can be promised for a new order, and what each costs the others."""
    made = []
    for at, own in enumerate(told["quotes"]):
        late = texts.long_said(say, own["late"], tick)
        lines = [say("{time} after the date that is wanted", time=late)] if own["late"] else []
        if own["harmless"]:
            lines.append(say("nobody else moves"))
        else:
            lines.append(_harmed(say, own["harmed"], tick))
            lines.append(say("price, weight by lateness: {time}", time=texts.long_said(say, own["price"], tick)))
        best = f" · {say('cheapest in all')}" if at == told["best"] else ""
        mark = "✓" if not own["late"] else '<span class="lb-late">▲</span>'
        inner = "".join(f"<div>{_text(line)}</div>" for line in lines)
        made.append(f"<li><b>{mark} {_text(when(own['end']) + best)}</b>{inner}</li>")
    alone = say("{order} alone in the plant would end {time}", order=told["order"], time=when(told["alone"]))
    return f'<ul class="lb-ways lb-offers">{"".join(made)}</ul><div class="lb-note">{_text(alone)}</div>'
