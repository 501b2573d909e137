"""Words and numbers that the sheets of capability, gauges and causes share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Grid, Note
from luban.understand.quality.data import Excluded

__all__ = ["chance", "given", "left_out", "level_text", "number", "percent", "provenance", "span"]

_NONE = "–"
_MOST = 50


def number(value: float | None, digits: int = 5) -> str:
    """A number with so many significant digits, – where there is none.

    Example  number(0.123456789) == "0.12346"
    """
    if value is None or not math.isfinite(value):
        return _NONE
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -5 <= size < digits + 3:
        return f"{value:.{max(digits - 1 - size, 0)}f}"
    return f"{value:.{digits - 1}e}"


def given(value: float | None) -> str:
    """A number that somebody gave, as it was given: a limit, a reference, a count.

    Example  given(299.6) == "299.6"
    """
    return _NONE if value is None or not math.isfinite(value) else f"{value:.10g}"


def percent(value: float | None, decimals: int = 2) -> str:
    """A percentage without its sign."""
    return _NONE if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"


def chance(value: float | None) -> str:
    """A p value: four decimals, and "< 0.0001" below."""
    if value is None:
        return _NONE
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def span(low: float | None, high: float | None, digits: int = 4) -> str:
    """An interval as `low … high`."""
    return _NONE if low is None or high is None else f"{number(low, digits)} … {number(high, digits)}"


def level_text(say: Words, level: float) -> str:
    """Head of a column of intervals."""
    return say("{level} % interval", level=f"{100 * level:g}")


def left_out(say: Words, excluded: Sequence[Excluded]) -> list[Block]:
    """Table of the values that were not used; nothing where there are none."""
    if not excluded:
        return []
    rows = tuple((one.where, one.field, one.came, say(one.reason)) for one in excluded[:_MOST])
    heads = (say("where"), say("column"), say("came"), say("reason"))
    blocks: list[Block] = [Grid(heads, rows, title=say("Values left out"))]
    if len(excluded) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(excluded) - _MOST), "quiet"))
    return blocks


def provenance(say: Words, source: str, used: int, excluded: int, method: str) -> dict[str, str]:
    """What a sheet rests on."""
    return {
        say("source"): source or _NONE, say("values used"): f"{used:,}", say("values left out"): f"{excluded:,}",
        say("method"): method, "luban": __version__,
    }  # fmt: skip
