"""The alarm list read by the rules of rationalisation (ISA-18.2-2016, clause 9): what is no alarm, or no good one.

An alarm calls for an action of the operator. One without an action, a consequence or a time to act is reported, and
so are limits that never come, alarms that will chatter, and two that say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from luban.plant import AlarmRule, Plant, Signal
from luban.understand.health.alarms import words

__all__ = ["ListFinding", "rationalisation"]

_ANALOGUE: Final = ("high", "low", "rate", "deviation")
_URGENT: Final = ("critical", "high")
_MOST_URGENT_SHARE: Final = 0.1  # twice the usual 5 %, so that a short list is not blamed for one alarm
_LEAST_ALARMS: Final = 10
_SLOW_RESPONSE: Final = 1800.0
# [s] An alarm for which there is half an hour is not urgent: ISA-18.2 takes priority from consequence and time to act.


@dataclass(frozen=True, slots=True)
class ListFinding:
    """What is wrong with an alarm of the list.

    alarm  its id; "" for the list as a whole
    text   what is wrong
    heavy  it is no alarm as the standard defines it, or never comes; else it can be better
    """

    alarm: str
    text: str
    heavy: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return asdict(self)


def rationalisation(plant: Plant) -> tuple[ListFinding, ...]:
    """All findings about the alarm list of a plant, in its order; empty if it is sound.

    Example [one.text for one in rationalisation(plant) if one.heavy]
    """
    found = [one for rule in plant.alarms for one in _of_one(rule, plant.signals.get(rule.signal))]
    found += _of_pairs(plant.alarms)
    urgent = sum(rule.priority in _URGENT for rule in plant.alarms)
    if len(plant.alarms) >= _LEAST_ALARMS and urgent > _MOST_URGENT_SHARE * len(plant.alarms):
        share = f"{100 * urgent / len(plant.alarms):.0f}"
        found.append(ListFinding("", words.MANY_URGENT.format(share=share)))
    order = {rule.id: at for at, rule in enumerate(plant.alarms)}
    return tuple(sorted(found, key=lambda one: (order.get(one.alarm, len(order)), not one.heavy)))


def _of_one(rule: AlarmRule, signal: Signal | None) -> Iterator[ListFinding]:
    for told, text in ((rule.action, words.NO_ACTION), (rule.consequence, words.NO_CONSEQUENCE)):
        if not told:
            yield ListFinding(rule.id, text, heavy=True)
    if rule.response_s is None:
        yield ListFinding(rule.id, words.NO_RESPONSE)
    elif rule.on_delay_s > rule.response_s / 2:
        text = words.SLOW_DELAY.format(delay=f"{rule.on_delay_s:g}", response=f"{rule.response_s:g}")
        yield ListFinding(rule.id, text, heavy=rule.on_delay_s >= rule.response_s)
    elif rule.priority in _URGENT and rule.response_s > _SLOW_RESPONSE:
        yield ListFinding(rule.id, words.URGENT_SLOW.format(response=f"{rule.response_s:g}"))
    if not rule.cause:
        yield ListFinding(rule.id, words.NO_CAUSE)
    if rule.condition in _ANALOGUE and not (rule.deadband or rule.on_delay_s or rule.off_delay_s):
        yield ListFinding(rule.id, words.NO_BAND)
    if signal is not None:
        yield from _of_signal(rule, signal)


def _of_signal(rule: AlarmRule, signal: Signal) -> Iterator[ListFinding]:
    if not signal.enabled:
        yield ListFinding(rule.id, words.MISSING_SIGNAL, heavy=True)
    if signal.range is None or rule.limit is None:
        return
    low, high = signal.range
    never = {
        "high": rule.limit >= high, "low": rule.limit <= low, "rate": abs(rule.limit) >= high - low,
        "deviation": rule.limit >= high - low,
    }.get(rule.condition, False)  # fmt: skip
    if never:
        yield ListFinding(rule.id, words.OUT_OF_RANGE, heavy=True)
    if rule.condition in {"high", "low", "deviation"} and rule.deadband > 0.1 * (high - low):
        yield ListFinding(rule.id, words.WIDE_BAND)


def _of_pairs(rules: tuple[AlarmRule, ...]) -> Iterator[ListFinding]:
    """Alarms of one signal and one direction: each needs an action of its own, and the milder one comes first."""
    first: dict[tuple[str, str], list[AlarmRule]] = {}
    for rule in rules:
        first.setdefault((rule.signal, rule.condition), []).append(rule)
    for (_signal, condition), same in first.items():
        for at, rule in enumerate(same):
            for other in same[:at]:
                if rule.action and rule.action == other.action:
                    yield ListFinding(rule.id, words.TWICE.format(other=other.id))
                if condition in {"high", "low"} and rule.limit is not None and other.limit is not None:
                    yield from _order(rule, other, 1.0 if condition == "high" else -1.0)


def _order(rule: AlarmRule, other: AlarmRule, sign: float) -> Iterator[ListFinding]:
    ranks = {name: at for at, name in enumerate(("low", "medium", "high", "critical"))}
    milder, further = sorted((rule, other), key=lambda one: sign * (one.limit or 0.0))
    if ranks[milder.priority] > ranks[further.priority]:
        yield ListFinding(further.id, words.SAME_SIDE.format(other=milder.id))
