"""Words of the twin's page."""

from __future__ import annotations

import math
from typing import Any

from luban.screens.i18n import Words
from luban.screens.service.twin_words import Unit, unit_of

__all__ = ["amount", "figure_word", "floor", "lever_word", "name_of", "said_difference", "state_word", "verdict_word"]


def state_word(say: Words, state: str) -> str:
    """What a state of a machine is called."""
    return {
        "idle": say("no work"), "standby": say("standby"), "setup": say("setup"), "run": say("producing"),
        "blocked": say("blocked"), "operator": say("waits for people"), "down": say("failed"),
        "maintenance": say("maintenance"), "off": say("outside its shifts"),
    }.get(state, state)  # fmt: skip


def figure_word(say: Words, figure: str) -> str:
    """What a figure of a study is called."""
    return {
        "throughput": say("lots finished"), "output": say("good pieces"), "cycle_time_mean": say("cycle time, mean"),
        "cycle_time_p90": say("cycle time, 90 % below"), "on_time_share": say("on time"),
        "wip": say("lots on the floor"), "scrap_share": say("scrap"), "late": say("queue-time limits broken"),
        "energy": say("energy"),
    }.get(figure, figure)  # fmt: skip


def lever_word(say: Words, lever: str) -> str:
    """What a lever of a scenario is called."""
    return {
        "demand": say("demand, times"), "lot_size": say("lot size, times"), "cap": say("most lots on the floor"),
        "rule": say("dispatch rule"), "machines": say("machines"), "people": say("people"),
        "buffer": say("room for waiting lots"), "time": say("processing time, times"),
        "setup": say("setup time, times"),
        "failures": say("failures, times"), "repair": say("repair time, times"),
    }.get(lever, lever)  # fmt: skip


def verdict_word(say: Words, verdict: str) -> str:
    """What a load means."""
    return {
        "idle": say("no work"), "fine": say("fine"), "tight": say("tight"), "too much": say("too much"),
    }[verdict]  # fmt: skip


def name_of(say: Words, scenario: str) -> str:
    """A scenario's name; the two that the page makes itself are translated."""
    return {"as it is": say("as it is"), "own": say("own changes")}.get(scenario, scenario)


def floor(say: Words) -> dict[str, Any]:
    """Words of the player."""
    states = ("idle", "standby", "setup", "run", "blocked", "operator", "down", "maintenance", "off")
    return {
        "floor": say("The plant while the run is played"), "play": say("Play"), "pause": say("Pause"),
        "moment": say("Moment of the run"), "speed": say("Speed"), "warmup": say("warm-up"),
        "wip": say("{n} lots on the floor"), "lost": say("The run is not there any more: run it again."),
        "keys": say("Space plays and stops, arrows move by an hour, with Shift by a day"),
        "speeds": [say("10 min in 1 s"), say("1 h in 1 s"), say("4 h in 1 s"), say("1 d in 1 s")],
        "states": {state: state_word(say, state) for state in states},
    }  # fmt: skip


def unit_word(say: Words, unit: Unit) -> str:
    """Unit of a figure."""
    known = {
        "lots/d": say("lots/d"), "pieces/d": say("pieces/d"), "lots": say("lots"), "kWh/d": say("kWh/d"),
        "1/d": say("1/d"), "s": say("s"), "min": say("min"), "h": say("h"), "d": say("d"),
    }  # fmt: skip
    return known.get(unit.name, unit.name)


def amount(say: Words, unit: Unit, found: list[Any]) -> tuple[str, str]:
    """(value with unit, interval) of [mean, low, high, n]."""
    mean, low, high, n = found
    if not n or mean is None:
        return "–", ""
    value = f"{unit.said(mean)} {unit_word(say, unit)}".strip()
    return value, "" if low is None or math.isnan(low) else f"{unit.said(low)} … {unit.said(high)}"


def said_difference(say: Words, figure: str, found: list[Any], window: float) -> str:
    """A difference in words; `found` is [verdict, mean, low, high, n]."""
    verdict, mean, low, high, _ = found
    if verdict == "unknown":
        return "–"
    if verdict == "none":
        return say("no difference shown")
    unit = unit_of(figure, [mean], window)
    word = say("points") if unit.name == "%" else unit_word(say, unit)
    small, large = sorted((abs(low), abs(high)))
    filled = {"amount": f"{unit.said(abs(mean))} {word}", "low": unit.said(small), "high": unit.said(large)}
    if figure.startswith("cycle_time"):
        if mean > 0:
            return say("{amount} slower ({low} … {high})", **filled)
        return say("{amount} faster ({low} … {high})", **filled)
    if mean > 0:
        return say("{amount} more ({low} … {high})", **filled)
    return say("{amount} less ({low} … {high})", **filled)
