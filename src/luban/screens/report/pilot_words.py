"""Words and numbers of a pilot that its sheet and its page share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from luban.pilot.plan import COSTS, FIELDS, TARGETS
from luban.pilot.proof import Change, FallPart, Measured, Proof, Span
from luban.screens.i18n import Words

__all__ = [
    "LEVER_TONES", "amount", "arm_name", "change_tone", "class_name", "cost_names", "ends",
    "field_name", "marks", "metric_name", "metric_unit", "shares", "signed", "step_name", "target_text",
    "verdict_name",
]  # fmt: skip

LEVER_TONES: Final[Mapping[str, str]] = {
    "helps": "good", "no effect": "quiet", "mixed": "doubt", "makes worse": "bad", "": "quiet",
}  # fmt: skip
"""Verdict of a lever → tone."""

_NONE: Final = "–"


def signed(value: float, decimals: int = 1) -> str:
    """A number with its sign, – where there is none.

    Example  signed(-3.14159) == "−3.1"
    """
    if not math.isfinite(value):
        return _NONE
    told = f"{value:+,.{decimals}f}".replace("-", "−")
    return told if float(told.replace(",", "").replace("−", "-")) else told[1:]


def amount(value: float, decimals: int = 0) -> str:
    """A number as it is read, – where there is none.

    Example  amount(-12345.6) == "−12,346"
    """
    return f"{value:,.{decimals}f}".replace("-", "−") if math.isfinite(value) else _NONE


def ends(one: Span, decimals: int = 1, scale: float = 1.0) -> str:
    """An interval, – where none is known.

    Example  ends(Span(-0.4, -0.45, -0.35), 0, 100) == "−45 … −35"
    """
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return _NONE
    return f"{signed(scale * one.low, decimals)} … {signed(scale * one.high, decimals)}"


def shares(one: Span) -> str:
    """A change in per cent, with its interval behind it."""
    if not math.isfinite(one.mean):
        return _NONE
    told = f"{signed(100 * one.mean)} %"
    return told if not math.isfinite(one.low) else f"{told} ({ends(one, 1, 100)})"


def metric_name(metric: str, say: Words) -> str:
    """A metric in a word or two."""
    names = {
        "cost": say("operating cost"), "cycle": say("production cycle"), "defects": say("defect rate"),
        "full cost": say("full cost"),
    }  # fmt: skip
    return names.get(metric, metric)


def metric_unit(one: Measured, proof: Proof, say: Words) -> str:
    """Unit of a metric for people: money is per good unit."""
    if one.unit == proof.currency:
        return f"{proof.currency}/{say(proof.unit)}"
    return say(one.unit)


def arm_name(arm: str, say: Words) -> str:
    """A way of running the plant, for people; a name of the pilot's own is said as it stands in its folder."""
    names = {
        "as is": say("as is"), "conventional": say("conventional"), "luban": say("luban"),
        "luban and capital": say("luban and projects"),
    }  # fmt: skip
    return names.get(arm) or say(arm)


def verdict_name(verdict: str, say: Words) -> str:
    """A verdict on a target."""
    names = {
        "met 2025": say("target of 2025 met"), "met 2020": say("target of 2020 met"), "missed": say("target missed"),
        "not evaluable": say("not evaluable"), "": "",
    }  # fmt: skip
    return names.get(verdict, verdict)


def class_name(category: str, say: Words) -> str:
    """Class of a pilot in the plan's column 2, with what it is; "" for none of them."""
    names = {
        "C1": say("process manufacturing"), "C2": say("discrete manufacturing"),
        "C3": say("intelligent equipment and products"), "C4": say("new formats and models"),
        "C5": say("intelligent management"), "C6": say("intelligent services"),
    }  # fmt: skip
    return f"{category} {names[category]}" if category in names else category


def field_name(field: str, say: Words) -> str:
    """A field of action of the plan's column 2."""
    return say(FIELDS.get(field, field))


def cost_names(say: Words) -> dict[str, str]:
    """Part of full cost → its name, in their order."""
    names = {
        "labour": say("labour"), "energy": say("energy"), "tooling": say("tooling"), "maintenance": say("maintenance"),
        "scrap and rework": say("scrap and rework"), "measuring": say("measuring"), "carrying": say("carrying stock"),
        "lateness": say("lateness"), "levers": say("the levers themselves"), "overhead": say("overhead"),
        "material": say("material"),
    }  # fmt: skip
    return {part: names.get(part, part) for part in COSTS}


def change_tone(one: Change) -> str:
    """A met target is good, one that is missed though something was won is in doubt, a loss is bad."""
    if one.verdict in ("met 2025", "met 2020"):
        return "good"
    if one.share.low > 0:
        return "bad"
    if one.verdict:
        return "doubt"
    return "good" if one.share.high < 0 else "quiet"


def target_text(metric: str, say: Words) -> str:
    """The plan's bar for a metric; "" for what is no target."""
    if metric not in TARGETS:
        return ""
    first, second = TARGETS[metric]
    return say("2020: {first} %, 2025: {second} %", first=signed(100 * first, 0), second=signed(100 * second, 0))


def marks(say: Words) -> dict[float, str]:
    """The plan's bar as marks of a picture: the same for all targets."""
    first, second = TARGETS["cost"]
    told = say("2020: {share} %", share=signed(100 * first, 0)), say("2025: {share} %", share=signed(100 * second, 0))
    return {first: told[0], second: told[1]}


def step_name(part: FallPart, proof: Proof, say: Words) -> str:
    """A step of a fall: its lever, or the levers that were split together."""
    names = {one.id: say(one.name) for one in proof.levers}
    if len(part.levers) > 1:
        return " + ".join(names.get(one, say(one)) for one in part.levers)
    return say(part.name)
