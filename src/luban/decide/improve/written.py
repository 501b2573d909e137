"""Factors, goals and limits as people write them in one line, on the command line or on a page."""

from __future__ import annotations

import re

from luban.core.errors import InputError
from luban.decide.improve.design import Factor
from luban.decide.improve.desirability import Goal

__all__ = ["read_factor", "read_goal", "read_limit"]

_NUMBER = r"[-+]?\d+(?:[.]\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?::|\.\.|…|–)\s*({_NUMBER})\s*(.*)")
_LIMIT = re.compile(rf"\s*(.+?)\s*(<=|>=|<|>|≤|≥)\s*({_NUMBER})\s*")


def read_factor(text: str) -> Factor:
    """A factor: `temperature=150:250 °C`, `supplier=A,B`, or `sand=share` for a part of a mixture.

    Raises  InputError if it is none of these
    Example read_factor("T=150:250 °C") == Factor("T", 150.0, 250.0, "°C")
    """
    name, sign, rest = text.partition("=")
    name, rest = name.strip(), rest.strip()
    expected = "name=low:high unit, name=level,level or name=share"
    if not name or not sign or not rest:
        raise InputError("a factor cannot be read", came=text, expected=expected)
    if rest.casefold() in ("share", "mixture"):
        return Factor(name, 0.0, 1.0, mixture=True)
    found = _RANGE.fullmatch(rest.replace(",", ".") if rest.count(",") <= 2 and ":" in rest else rest)
    if found:
        return Factor(name, float(found.group(1)), float(found.group(2)), found.group(3).strip())
    levels = tuple(word.strip() for word in re.split(r"[,;|、，]", rest) if word.strip())
    if len(levels) < 2:
        raise InputError("a factor cannot be read", came=text, expected=expected)
    return Factor(name, levels=levels)


def read_goal(text: str) -> tuple[str, Goal]:
    """A response and what it should be: `strength=max:120:170`, `cost=min:0:20`, `hardness=target:60:67.5:75`.

    Raises  InputError if it cannot be read
    Example read_goal("y=max:0:1")[1].aim == "max"
    """
    name, sign, rest = text.rpartition("=")
    parts = [part.strip() for part in rest.split(":")]
    try:
        numbers = [float(part) for part in parts[1:]]
    except ValueError:
        numbers = []
    if sign and name.strip() and parts[0] in ("max", "min") and len(numbers) == 2:
        return name.strip(), Goal(parts[0], numbers[0], numbers[1])
    if sign and name.strip() and parts[0] == "target" and len(numbers) == 3:
        return name.strip(), Goal("target", numbers[0], numbers[2], numbers[1])
    raise InputError("a goal cannot be read", came=text,
                     expected="name=max:low:high, name=min:low:high or name=target:low:target:high")  # fmt: skip


def read_limit(text: str) -> tuple[str, float | None, float | None]:
    """A response that must stay on one side: `cost<=20` gives its name, lower and upper limit.

    Raises  InputError if it cannot be read
    Example read_limit("cost <= 20") == ("cost", None, 20.0)
    """
    found = _LIMIT.fullmatch(text)
    if not found:
        raise InputError("a limit cannot be read", came=text, expected="name<=value or name>=value")
    value = float(found.group(3))
    return (found.group(1), None, value) if found.group(2) in ("<=", "<", "≤") else (found.group(1), value, None)
