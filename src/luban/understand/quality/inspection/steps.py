"""What people may do with a non-conformance: each step is checked against how it stands and becomes one row.

Reads   Fact(event) of kind `nonconformance`, Fact(measurement, count) where an effect is checked
Writes  nothing itself: the rows go through the act log of the screens
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.book import row
from luban.understand.quality.effect import STATISTICS, Effect, effect
from luban.understand.quality.gauge_use import held_lots
from luban.understand.quality.inspection.nonconformance import (
    DECISIONS,
    SEVERITIES,
    NonConformance,
    next_id,
    nonconformances,
)
from luban.understand.quality.inspection.verdict import judge

__all__ = [
    "STEPS",
    "check_effect",
    "known_nonconformance",
    "open_row",
    "step_row",
]

STEPS: Final = {
    "hold": "hold lots",
    "dispose": "decide what becomes of lots",
    "release": "release lots after measuring them again",
    "cause": "name the cause",
    "action": "add an action",
    "done": "an action is done",
    "close": "close",
    "reopen": "open again",
    "note": "remark",
}
"""Codes of the steps, in words. `effect` is written by `check_effect` alone."""

_KINDS: Final = ("corrective", "preventive")
_WINDOW: Final = 28 * DAY

Row = dict[str, list[Any]]


def open_row(
    ledger: Ledger,
    text: str,
    *,
    person: str,
    severity: str = "minor",
    item: str = "",
    subject: str = "",
    operation: str = "",
    unit: str = "",
    lots: Sequence[str] = (),
    serials: Sequence[str] = (),
    facts: Sequence[int] = (),
    origin: str = "inspection",
    hold: bool = True,
) -> tuple[str, Row]:
    """(id, row) that opens a non-conformance; its lots are held at once unless `hold` is False.

    text    what is wrong, in words
    facts   seqs of the measurements that show it
    origin  inspection, device, chart, sampling, complaint
    Raises  InputError: no text, unknown severity, nothing that it concerns
    """
    if not text.strip():
        raise InputError("say what is wrong", expected="a sentence")
    if severity not in SEVERITIES:
        raise InputError("unknown severity", came=repr(severity), expected=", ".join(SEVERITIES))
    if not (item or subject or lots or serials or unit):
        raise InputError("say what it concerns", expected="an item, a characteristic, a lot, a serial or a work unit")
    made = next_id(nonconformances(ledger))
    data = {
        "severity": severity, "item": item or subject.partition(":")[0], "subject": subject, "operation": operation,
        "unit": unit, "lots": _names(lots), "serials": _names(serials), "facts": list(facts), "origin": origin,
        "hold": hold,
    }  # fmt: skip
    return made, row("nonconformance", made, "open", person=person, text=text.strip(), data=data)


def known_nonconformance(ledger: Ledger, id: str) -> NonConformance:  # noqa: A002
    """One of them. Raises InputError for an id that nobody opened."""
    found = nonconformances(ledger)
    if id not in found:
        raise InputError("no such non-conformance", came=id, expected=", ".join(list(found)[:8]) or "none was opened")
    return found[id]


def step_row(
    ledger: Ledger,
    id: str,  # noqa: A002
    code: str,
    *,
    person: str,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    plant: Plant | None = None,
) -> Row:
    """The row of a step, after a look at how the non-conformance stands.

    data    lots (hold, dispose, release), decision (dispose), facts (release: measurements of the lots that are newer
            than the disposition), type, owner, due, check (action), action (done)
    plant   with it, a lot is released only where its newest values are within the plant's limits
    Raises  InputError: unknown step or id, a step that does not fit, what is missing before it can be closed
    Example step_row(ledger, "NC-0001", "dispose", person="li", text="size free", data={"decision": "use_as_is"})
    """
    if code not in STEPS:
        raise InputError("unknown step", came=repr(code), expected=", ".join(STEPS))
    one, given = known_nonconformance(ledger, id), dict(data or {})
    if one.closed is not None and code not in {"reopen", "note"}:
        raise InputError("it is closed", where=id, hint="open it again first")
    if "lots" in given:
        given["lots"] = _names(given["lots"])
    if code == "release":
        _release(ledger, one, given, plant)
    else:
        _CHECKS.get(code, _anything)(ledger, one, text, given)
    return row("nonconformance", id, code, person=person, text=text.strip(), data=given)


def check_effect(
    ledger: Ledger,
    plant: Plant,
    id: str,  # noqa: A002
    action: str,
    *,
    person: str,
    before: tuple[int, int] | None = None,
    after: tuple[int, int] | None = None,
    now: int,
) -> tuple[Effect, Row]:
    """What the action brought, worked out from the books, and the row that says so.

    before, after  windows [µs UTC]; up to 28 days before it was opened, and from when the action was done until now
    Raises         InputError: unknown action, one that is not done, one that does not say how to check it
    """
    one = known_nonconformance(ledger, id)
    taken = _action(one, action)
    if taken.done is None:
        raise InputError("the action is not done", where=f"{id} {action}", hint="first say that it is done")
    if not taken.check:
        raise InputError("the action does not say how its effect is checked", where=f"{id} {action}")
    before = before or (one.opened - _WINDOW, one.opened)
    after = after or (max(taken.done, before[1]), now)
    check = taken.check
    found = effect(
        ledger, plant, check["statistic"], str(check["subject"]), before, after, better=check.get("better", "lower")
    )
    data = {"action": action, "before": list(before), "after": list(after), "result": found.as_dict()}
    return found, row("nonconformance", id, "effect", person=person, data=data)


def _names(lots: Any) -> list[str]:
    if isinstance(lots, str) or not isinstance(lots, Sequence):
        raise InputError("a list of names is needed", came=repr(lots), expected='["L1", "L2"]')
    return list(dict.fromkeys(str(lot).strip() for lot in lots if str(lot).strip()))


def _action(one: NonConformance, name: str) -> Any:
    found = next((own for own in one.actions if own.id == name), None)
    if found is None:
        known = ", ".join(own.id for own in one.actions) or "none"
        raise InputError("no such action", came=repr(name), expected=known, where=one.id)
    return found


def _anything(_ledger: Ledger, _one: NonConformance, _text: str, _given: dict[str, Any]) -> None:
    pass


def _with_lots(one: NonConformance, given: dict[str, Any]) -> list[str]:
    lots = given.get("lots") or list(one.lots)
    if not lots:
        raise InputError("no lot is named", where=one.id, hint="name the lots")
    given["lots"] = lots
    return list(lots)


def _hold(_ledger: Ledger, one: NonConformance, _text: str, given: dict[str, Any]) -> None:
    _with_lots(one, given)


def _dispose(ledger: Ledger, one: NonConformance, text: str, given: dict[str, Any]) -> None:
    lots = _with_lots(one, given)
    if given.get("decision") not in DECISIONS:
        raise InputError("unknown decision", came=repr(given.get("decision")), expected=", ".join(DECISIONS))
    if not text.strip():
        raise InputError("a disposition needs a reason", where=one.id)
    if given["decision"] == "use_as_is":
        _trusted(ledger, one, lots)


def _release(ledger: Ledger, one: NonConformance, given: dict[str, Any], plant: Plant | None) -> None:
    for lot in _with_lots(one, given):
        if lot not in one.held:
            raise InputError("the lot is not held", came=lot, where=one.id)
        decision = one.disposed.get(lot)
        if decision is None:
            raise InputError(
                "the lot has no disposition", came=lot, where=one.id, hint="decide what becomes of it first"
            )
        if decision in {"scrap", "return"}:
            raise InputError("a lot that is scrapped or returned is never released", came=lot, where=one.id)
        _trusted(ledger, one, [lot])
        newest = _measured_again(ledger, one, lot)
        if not newest:
            raise InputError(
                "the lot was not measured again after its disposition", came=lot, where=one.id,
                hint=f"measure {one.subject or one.item} of {lot}",
            )  # fmt: skip
        for subject, value in newest.items():
            its = plant.characteristics.get(subject) if plant is not None else None
            if its is not None and judge(its, value).state == "bad":
                came = f"{lot}: {subject} {value:g} {its.unit}"
                raise InputError("the lot's newest value is out of its limits", came=came, where=one.id)


def _trusted(ledger: Ledger, one: NonConformance, lots: Sequence[str]) -> None:
    """Raises InputError where what is known of a lot rests on a gauge that was not to be trusted."""
    for lot, why in held_lots(ledger, lots).items():
        raise InputError(
            "the lot rests on a gauge that was not to be trusted", came=f"{lot}: {'; '.join(why)}", where=one.id,
            hint="measure it again with a gauge that is calibrated",
        )  # fmt: skip


def _measured_again(ledger: Ledger, one: NonConformance, lot: str) -> dict[str, float]:
    """The newest usable value of each characteristic of the lot since its disposition."""
    since = max(e.seq for e in one.entries if e.code == "dispose" and lot in (e.data.get("lots") or one.lots))
    frame = ledger.frame("measurement", subjects=[one.subject] if one.subject else None)
    frame = frame.filter(nw.col("lot") == lot, nw.col("seq") > since, nw.col("quality") == 0)
    rows = frame.select("subject", "time", "seq", "value").collect("pyarrow").to_arrow().to_pylist()
    return {row["subject"]: row["value"] for row in sorted(rows, key=lambda row: (row["time"], row["seq"]))}


def _cause(_ledger: Ledger, one: NonConformance, text: str, _given: dict[str, Any]) -> None:
    if not text.strip():
        raise InputError("say what the cause is", where=one.id)


def _new_action(_ledger: Ledger, one: NonConformance, text: str, given: dict[str, Any]) -> None:
    if not text.strip():
        raise InputError("say what is to be done", where=one.id)
    given["action"] = f"A{len(one.actions) + 1}"
    given.setdefault("type", "corrective")
    if given["type"] not in _KINDS:
        raise InputError("unknown kind of action", came=repr(given["type"]), expected=", ".join(_KINDS))
    check = given.get("check")
    if not isinstance(check, dict) or check.get("statistic") not in STATISTICS or not check.get("subject"):
        raise InputError(
            "an action says how its effect is checked", came=repr(check), where=one.id,
            expected=f"check: statistic ({', '.join(STATISTICS)}) and subject",
        )  # fmt: skip


def _done(_ledger: Ledger, one: NonConformance, _text: str, given: dict[str, Any]) -> None:
    if _action(one, str(given.get("action", ""))).done is not None:
        raise InputError("the action is done already", came=str(given.get("action")), where=one.id)


def _close(_ledger: Ledger, one: NonConformance, text: str, _given: dict[str, Any]) -> None:
    if one.missing:
        raise InputError("it cannot be closed yet", came="; ".join(one.missing), where=one.id)
    if any(own.verdict != "better" for own in one.actions) and not text.strip():
        raise InputError(
            "an action has no proven effect: say why it is closed all the same", where=one.id,
            came=", ".join(f"{own.id}: {own.verdict}" for own in one.actions),
        )  # fmt: skip


def _reopen(_ledger: Ledger, one: NonConformance, _text: str, _given: dict[str, Any]) -> None:
    if one.closed is None:
        raise InputError("it is not closed", where=one.id)


_CHECKS: Final = {
    "hold": _hold, "dispose": _dispose, "cause": _cause, "action": _new_action, "done": _done,
    "close": _close, "reopen": _reopen,
}  # fmt: skip
