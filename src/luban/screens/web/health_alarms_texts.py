"""The alarm list as HTML: one row an alarm, its priority as a shape and a word, its state in words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.time import MINUTE, to_datetime
from luban.screens.i18n import Words
from luban.screens.report.health_alarms import condition_text, lasted, priority_name
from luban.screens.service.alarms import Listed
from luban.understand.book import Entry
from luban.understand.health.alarms import State

__all__ = ["SHAPES", "act_name", "detail_html", "history_html", "list_html", "state_name"]

SHAPES: Final = {
    "critical": '<path d="M8 1.5 15 14H1z"/>', "high": '<path d="M8 1.5 14.5 8 8 14.5 1.5 8z"/>',
    "medium": '<rect x="2.5" y="2.5" width="11" height="11"/>', "low": '<circle cx="8" cy="8" r="5.2"/>',
}  # fmt: skip
"""A shape for each priority, in a square of 16: a colour alone tells nobody anything."""

_NEW: Final = {State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED}
_MOST: Final = 200
_HISTORY: Final = 50


def state_name(state: State, say: Words) -> str:
    """What a state is called."""
    return {
        State.NORMAL: say("normal"), State.UNACKNOWLEDGED: say("not acknowledged"),
        State.ACKNOWLEDGED: say("acknowledged"), State.RETURNED: say("gone, not acknowledged"),
        State.LATCHED_UNACKNOWLEDGED: say("gone, latched, not acknowledged"),
        State.LATCHED: say("gone, latched"), State.SHELVED: say("shelved"),
        State.SUPPRESSED: say("suppressed by design"), State.OUT_OF_SERVICE: say("out of service"),
    }[state]  # fmt: skip


def act_name(code: str, say: Words) -> str:
    """What an entry of an alarm's history says."""
    return {
        "raise": say("came"), "return": say("went"), "acknowledge": say("acknowledged"), "reset": say("reset"),
        "shelve": say("shelved"), "unshelve": say("back from the shelf"), "suppress": say("suppressed by design"),
        "unsuppress": say("no longer suppressed"), "withdraw": say("taken out of service"),
        "restore": say("put back into service"), "comment": say("comment"),
    }.get(code, code)  # fmt: skip


def list_html(
    listed: Sequence[Listed], chosen: str, say: Words, zone: ZoneInfo, at: int, *, acts: bool, empty: str
) -> str:
    """The table of the list; buttons carry `data-act` and `data-alarm`.

    acts   whether the person may acknowledge
    empty  what is said where nothing is listed
    """
    if not listed:
        return f'<p class="lb-alarms-none">{html.escape(empty)}</p>'
    heads = say("priority"), say("alarm"), say("state"), say("since"), say("value"), ""
    head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    rows = "".join(_row(one, one.standing.id == chosen, say, zone, at, acts=acts) for one in listed[:_MOST])
    more = ""
    if len(listed) > _MOST:
        more = f'<p class="lb-alarms-none">{html.escape(say("{n} more are not shown", n=len(listed) - _MOST))}</p>'
    return f'<table class="lb-alarms"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _row(one: Listed, chosen: bool, say: Words, zone: ZoneInfo, at: int, *, acts: bool) -> str:
    own, name = one.standing, html.escape(one.standing.id, quote=True)
    priority = own.priority if own.priority in SHAPES else "low"
    new = one.state in _NEW
    mark = (
        f'<span class="lb-prio lb-prio-{priority}"><svg viewBox="0 0 16 16" aria-hidden="true">{SHAPES[priority]}</svg>'
        f"{html.escape(priority_name(priority, say))}</span>"
    )
    button = ""
    if acts and new:
        label = html.escape(say("Acknowledge"))
        button = f'<button type="button" class="lb-tool" data-act="acknowledge" data-alarm="{name}">{label}</button>'
    text = say(own.text) if own.text else ""
    told = " · ".join(filter(None, (own.place, text)))
    since = _ago(own.shown if own.shown is not None else own.raised, zone, at, say)
    named = (
        f'<button type="button" class="lb-alarm-name" data-act="open" data-alarm="{name}" '
        f'aria-pressed="{str(chosen).lower()}">{html.escape(own.id)}</button>'
    )
    cells = (
        f"<td>{mark}</td>",
        f"<td>{named}<small>{html.escape(told)}</small></td>",
        f"<td>{html.escape(state_name(one.state, say))}</td>",
        f"<td>{html.escape(since)}</td>",
        f"<td>{html.escape(_value(one))}</td>",
        f"<td>{button}</td>",
    )
    kind = " ".join(filter(None, ("lb-new" if new else "", "lb-chosen" if chosen else "")))
    return f'<tr class="{kind}" data-state="{one.state}" data-priority="{priority}">{"".join(cells)}</tr>'


def detail_html(one: Listed, say: Words, zone: ZoneInfo, at: int) -> str:
    """All that is known of one alarm: what to do stands first."""
    own, rule = one.standing, one.rule
    rows: list[tuple[str, str]] = []
    if rule is not None:
        rows.append((say("action"), say(rule.action) if rule.action else say("no action is written down")))
        if rule.response_s is not None:
            left = "" if own.raised is None or not own.active else _left(own.raised, rule.response_s, say, at)
            rows.append((say("time to act"), " · ".join(filter(None, (lasted(rule.response_s, say), left)))))
        rows += [
            (say("consequence"), say(rule.consequence) if rule.consequence else ""),
            (say("cause"), say(rule.cause) if rule.cause else ""), (say("condition"), condition_text(rule, say)),
            (say("signal"), rule.signal),
        ]  # fmt: skip
    rows += [
        (say("state"), state_name(one.state, say)), (say("priority"), priority_name(own.priority, say)),
        (say("value"), _value(one)), (say("came"), _moment(own.raised, zone)),
        (say("went"), _moment(own.returned, zone)),
        (say("acknowledged"), " ".join(filter(None, (_moment(own.seen, zone), own.seen_by)))),
        (say("how often"), str(own.count)),
    ]  # fmt: skip
    if own.until is not None:
        rows.append((say("shelved until"), _moment(own.until, zone)))
    if own.hidden:
        rows.append((say("reason"), " · ".join(filter(None, (own.reason, own.hidden_by)))))
    cells = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in rows if text)
    return f'<h3 class="lb-alarm-title">{html.escape(own.id)}</h3><dl class="lb-alarm-facts">{cells}</dl>'


def history_html(history: Sequence[Entry], say: Words, zone: ZoneInfo) -> str:
    """What happened to it, the newest first."""
    rows = []
    for entry in reversed(history[-_HISTORY:]):
        told = " · ".join(filter(None, (entry.person, say(entry.text) if entry.text else "")))
        rows.append(
            f"<li><time>{html.escape(_moment(entry.time, zone))}</time> {html.escape(act_name(entry.code, say))}"
            f"<small>{html.escape(told)}</small></li>"
        )
    return f'<ol class="lb-alarm-history">{"".join(rows)}</ol>' if rows else ""


def _value(one: Listed) -> str:
    own = one.standing
    if own.value is None:
        return ""
    limit = "" if own.limit is None else f" ({own.limit:.6g})"
    return f"{own.value:.5g}{limit} {own.unit}".strip()


def _left(raised: int, response_s: float, say: Words, at: int) -> str:
    left = response_s - (at - raised) / 1e6
    return say("{time} left", time=lasted(left, say)) if left > 0 else say("over")


def _ago(at: int | None, zone: ZoneInfo, now: int, say: Words) -> str:
    if at is None:
        return ""
    if now - at < 100 * MINUTE:
        return say("{n} min", n=max(0, (now - at) // MINUTE))
    return _moment(at, zone)


def _moment(at: int | None, zone: ZoneInfo) -> str:
    return "" if at is None else to_datetime(at, zone).strftime("%Y-%m-%d %H:%M:%S")
