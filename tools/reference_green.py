"""The part of docs/reference/norms.md on the green factory: lines of the sheet by edition, and what may be stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from luban.norms.green_factory import Edition, Point, editions
from luban.understand.green import QUANTITIES

__all__ = ["green_lines"]

_HEAD = """\
Lines of the [green sheet](../concepts/energy/green.md) by edition. A line's id is the NAME of `luban green --state
NAME=VALUE`. A measured line is better with less or with more of it; one that is *shown* is 1 where it is fulfilled and
0 where it is not.
The last column says how a line came here where it was not read in the standard itself.
"""


def green_lines(table: Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]) -> list[str]:
    """The section, with the maker of tables of the page."""
    lines = ["## Green factory", "", _HEAD, "Quantities that may be stated:", ""]
    lines += table(
        ("name", "unit", "meaning", "of its period"),
        ((f"`{name}`", unit, meaning, "a sum" if summed else "as it stands")
         for name, (unit, meaning, summed) in QUANTITIES.items()),
    )  # fmt: skip
    for one in editions().values():
        held = f"from {one.start}" + (f" to {one.end}" if one.end else "")
        lines += [f"### {one.title}", "", f"Holds {held}. Points: {one.rule}.", ""]
        lines += table(
            ("id", "name", "goal", "weight", "unit", "good is", "worked out from", "reference", "how it came here"),
            (_row(one, point) for point in one.points),
        )
    return lines


def _row(one: Edition, point: Point) -> tuple[str, ...]:
    goal = next(each for each in one.goals if each.id == point.goal)
    weight = f"{float(point.weight):.4g}" if goal.weight else "must be met"
    how = point.how or ("" if point.verified else "unverified")
    return (f"`{point.id}`", " · ".join(point.names.values()), goal.names["en"], weight, point.provenance.unit,
            point.sense, point.basis, point.provenance.reference, how)  # fmt: skip
