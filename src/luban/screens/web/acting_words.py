"""Words of the loop's page: states of commands, guards, modes."""

from __future__ import annotations

from luban.act.command import Command, State
from luban.act.reading import Reading
from luban.screens.i18n import Words

__all__ = ["amount", "author", "guard_word", "mode_word", "reason", "shown", "state_word"]


def state_word(say: Words, state: State) -> str:
    """A state in the page's language."""
    return {
        State.PROPOSED: say("waits for approval"), State.APPROVED: say("waits to be sent"),
        State.SENDING: say("being sent"), State.CONFIRMED: say("done and read back"),
        State.UNVERIFIED: say("not verified"), State.FAILED: say("not sent"), State.REFUSED: say("refused"),
        State.WITHDRAWN: say("withdrawn"), State.EXPIRED: say("too old"), State.ROLLED_BACK: say("rolled back"),
    }[state]  # fmt: skip


def mode_word(say: Words, mode: str) -> str:
    """A mode in the page's language."""
    return {"advise": say("advise"), "confirm": say("confirm"), "automatic": say("automatic")}.get(mode, mode)


def guard_word(say: Words, guard: str) -> str:
    """A guard in the page's language."""
    return {
        "allow-list": say("list of what may be moved"), "envelope": say("safe envelope"), "unit": say("unit"),
        "age": say("time limit"), "stop": say("stop of automation"), "mode": say("mode"),
        "order": say("another command"),
        "rate": say("time between writes"), "step": say("largest step"), "interlock": say("interlock"),
    }.get(guard, guard)  # fmt: skip


def reason(say: Words, command: Command) -> str:
    """Why it ended as it did; for one that was refused, each guard with what came and what it expected."""
    refusals = command.history[-1].data.get("refusals") if command.history else None
    if not isinstance(refusals, list):
        return say(command.reason) if command.reason else ""
    told = []
    for one in refusals:
        text = f"{guard_word(say, str(one.get('guard', '')))}: {say(str(one.get('message', '')))}"
        parts = [str(one.get("came", "")), say("expected {what}", what=one["expected"]) if one.get("expected") else ""]
        told.append(text + (f" ({'; '.join(filter(None, parts))})" if any(parts) else ""))
    return " · ".join(told)


def author(say: Words, command: Command) -> str:
    """Who proposed it; a program says that it is one."""
    return say("{name} (program)", name=command.author) if command.author.startswith("luban") else command.author


def amount(value: float | str | bool | None, unit: str) -> str:
    """A value with its unit, a dash where none is known."""
    if value is None:
        return "–"
    text = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return f"{text} {unit}".rstrip()


def shown(reading: Reading | None, unit: str) -> str:
    """What is known of an actuator; a bad value says so by a question mark."""
    if reading is None:
        return "–"
    return amount(reading.value, unit) + ("" if reading.good else " ?")
