"""From the unit on the wire to the unit a signal declares."""

from __future__ import annotations

from collections.abc import Callable

from luban.core.errors import UnitError
from luban.core.units import Unit, convert, parse_unit, unit_of_code

__all__ = ["Factor", "factor"]

Factor = Callable[[float], float]


def factor(wire: str, declared: str) -> Factor | None:
    """Conversion of a wire's unit (symbol or UNECE code) to the declared one; None where they do not convert."""
    try:
        target = parse_unit(declared)
        source = _read(wire)
        convert(1.0, source, target)
    except UnitError:
        return None
    return lambda value: float(convert(value, source, target))


def _read(text: str) -> Unit:
    try:
        return parse_unit(text)
    except UnitError:
        by_code = unit_of_code(text)
        if by_code is None:
            raise
        return by_code
