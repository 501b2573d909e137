"""Words of decisions: what is to be done, where it stands, what it is worth."""

from __future__ import annotations

from collections.abc import Mapping

from luban.loop.deciding.floor import Act
from luban.loop.deciding.record import Decision, Stage
from luban.plant import Plant
from luban.screens.i18n import Words

__all__ = ["act_words", "fact_words", "stage_word", "state_words", "verdict_word", "worth_words"]


def act_words(say: Words, act: Act, plant: Plant) -> str:
    """An act in the page's language."""
    place, _, rest = act.target.partition(":")
    name = plant.equipment[place].name if place in plant.equipment else act.target
    value = act.value
    if act.kind == "set":
        signal = plant.signals.get(act.target)
        unit = f" {signal.unit}" if signal is not None and signal.unit else ""
        return say("{machine}: set {name} to {value}", machine=name, name=rest, value=f"{float(value):g}{unit}")
    if act.kind == "maintain":
        task = str(value.get("task") or rest) if isinstance(value, Mapping) else str(value or rest)
        return f"{name}: {task}"
    if act.kind == "schedule":
        new = str(value.get("plan", "")) if isinstance(value, Mapping) else ""
        return say("the floor works by plan {new} instead of {old}", new=new or "?", old=act.target)
    if act.kind == "dispatch":
        some = [own if isinstance(own, str) else " ".join(map(str, own)) for own in value or ()]
        return say("{machine}: next {orders}", machine=name, orders=", ".join(some[:5]))
    if act.kind == "rule":
        return _rule_words(say, act, plant)
    told = {
        "release": say("order {order} goes to the floor", order=act.target),
        "start batch": say("{machine} starts with what is there", machine=name),
        "change tool": say("{machine}: a new edge", machine=name),
        "standby": say("{machine} goes to standby", machine=name) if value else say("{machine} is woken", machine=name),
    }  # fmt: skip
    return told.get(act.kind, f"{act.kind} {act.target}")


def _rule_words(say: Words, act: Act, plant: Plant) -> str:
    """A rule that people follow from then on."""
    kind, _, of = act.target.partition(" ")
    name, value = plant.equipment[of].name if of in plant.equipment else of, act.value
    if kind == "correct" and of:
        return say("{station}: offsets are corrected by proposal, not by single readings", station=name)
    if kind == "sampling" and isinstance(value, list | tuple) and len(value) == 2:
        return say("{station}: the first piece and one in {every} is measured", station=name, every=value[1])
    if kind == "edge" and of:
        return say("{station}: edges are changed after {minutes} min of cutting", station=name, minutes=_plain(value))
    if kind == "standby" and of:
        return say("{machine}: standby after {minutes} min without work", machine=name, minutes=_plain(value))
    return say("rule of {what}: {rule}", what=act.target, rule=_plain(value))


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def fact_words(say: Words, one: Decision) -> list[str]:
    """What came of it, and what it rests on, as far as there are words for it."""
    names = {
        "command": say("command"), "workorder": say("work order"), "plan": say("plan"), "setup": say("set up for"),
        "waiting": say("orders that wait"), "minutes won": say("minutes won"), "hours late": say("hours late after it"),
        "hours late before": say("hours late before it"), "won": say("hours of lateness won"), "pieces": say("pieces"),
        "piece": say("cost of a piece"), "age": say("age [h]"), "failures": say("failures on record"),
        "mean life": say("mean life [h]"), "kWh a day": say("kWh a day"), "vibration": say("vibration [mm/s]"),
        "sound": say("vibration when sound [mm/s]"),
    }  # fmt: skip
    known = {name: value for name, value in {**one.facts, **one.told}.items() if isinstance(value, str | int | float)}
    return [f"{said}: {known[name]}" for name, said in names.items() if known.get(name) not in {None, ""}]


def stage_word(say: Words, stage: Stage) -> str:
    """Where a decision stands, in the page's language."""
    return {
        Stage.ADVISED: say("advised"), Stage.PROPOSED: say("proposed"), Stage.TAKEN: say("being carried out"),
        Stage.DONE: say("done"), Stage.UNVERIFIED: say("not verified"), Stage.FAILED: say("failed"),
        Stage.DROPPED: say("gave way"), Stage.DECLINED: say("declined"), Stage.EXPIRED: say("ran out"),
        Stage.UNDONE: say("undone"),
    }[stage]  # fmt: skip


def verdict_word(say: Words, verdict: str) -> str:
    """A verdict of verify, in the page's language."""
    return {
        "helped": say("helped"), "no effect": say("no effect"), "made worse": say("made worse"),
        "unverified": say("not verified yet"), "not evaluable": say("not evaluable"),
    }.get(verdict, verdict)  # fmt: skip


def worth_words(say: Words, one: Decision, currency: str) -> str:
    """What it is worth, with its interval where it has one and what that rests on; or why it is not known."""
    if one.worth is None:
        why = str(one.facts.get("unpriced", ""))
        return say("not priced: {why}", why=say(why)) if why else say("not priced")
    text = say("worth {amount}", amount=f"{one.worth:,.2f} {currency}".rstrip())
    if one.low is not None and one.high is not None:
        text = f"{text} ({one.low:,.2f} … {one.high:,.2f})"
    how = str(one.facts.get("priced", ""))
    return f"{text}, {say(how)}" if how else text


def state_words(say: Words, figure: str) -> str:
    """A figure that verifies: its kind in the page's language, and what it is of."""
    kind, _, of = figure.partition(" ")
    names = {"scrap": say("scrap share"), "good": say("good pieces"), "mean": say("mean")}
    return f"{names.get(kind, kind)} · {of}" if of else ""
