"""A cut of an intensity against a base year: by industry, and pooled over all of them, side by side.

The pooled cut is that of sums over sums; it also moves when output shifts between industries. So both are shown, with
the part of the pooled cut that is a shift and not a cut.

Reads   sums by industry (or region, basin) and year    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from luban.core.errors import InputError
from luban.rollup.deflators import Deflators

__all__ = ["Cut", "CutOf", "cut_of_frame", "pooled_cut"]


@dataclass(frozen=True, slots=True)
class CutOf:
    """Intensity of one industry: before and after [unit], and the cut [%]; NaN and `reason` where it is not known."""

    key: str
    before: float
    after: float
    cut: float
    share: float = math.nan
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut against a base year.

    parts      each industry, largest first;  `share` of the numerator in the base year [1]
    pooled     sums over sums: before, after, cut
    within     what the pooled cut would be with the output shares of the base year [%]
    shifted    pooled less within [points]: output moved between industries
    left_out   industries without a base year, without a later year, or without output → why
    """

    base: int
    year: int
    parts: tuple[CutOf, ...]
    pooled: CutOf
    within: float
    shifted: float
    left_out: tuple[tuple[str, str], ...]


def pooled_cut(rows: Iterable[tuple[str, int, float | None, float | None]], base: int, year: int) -> Cut:
    """The cut from `base` to `year`.

    rows     (industry, year, numerator, denominator): emission, and output at constant prices
    Raises   InputError: an industry twice in a year, no industry known in both years
    Example  pooled_cut([("C17", 2015, 10, 5), ("C17", 2020, 8, 5)], 2015, 2020).pooled.cut == 20.0
    """
    held: dict[tuple[str, int], tuple[float | None, float | None]] = {}
    for key, when, upper, lower in rows:
        if when not in (base, year):
            continue
        if (key, when) in held:
            raise InputError("an industry twice in a year", came=f"{key}, {when}")
        held[key, when] = upper, lower
    known: dict[str, tuple[float, float, float, float]] = {}
    out: list[tuple[str, str]] = []
    for key in sorted({one for one, _ in held}):
        ends = [held.get((key, when), (None, None)) for when in (base, year)]
        why = next((w for when, end in zip((base, year), ends, strict=True) if (w := _lack(end, when))), "")
        if why:
            out.append((key, why))
        else:
            known[key] = (*ends[0], *ends[1])  # type: ignore[assignment]
    if not known:
        raise InputError(
            "no industry is known in both years",
            came=f"{base} and {year}",
            expected="emission and output above 0 in both",
            hint="; ".join(f"{k}: {w}" for k, w in out[:3]),
        )
    sums = [math.fsum(one[at] for one in known.values()) for at in range(4)]
    parts = [_part(key, one, one[0] / sums[0] if sums[0] else math.nan) for key, one in known.items()]
    pooled = _part("", (sums[0], sums[1], sums[2], sums[3]), 1.0)
    kept = math.fsum(one[2] / one[3] * one[1] for one in known.values()) / sums[1]
    within = 100 * (1 - kept / pooled.before) if pooled.before > 0 else math.nan
    parts.sort(key=lambda one: (-one.share, one.key))
    return Cut(base, year, tuple(parts), pooled, within, pooled.cut - within, tuple(out))


def cut_of_frame(
    frame: nw.LazyFrame[Any], numerator: str, denominator: str, base: int, year: int, *, depth: int = 2,
    by: str = "industry", deflators: Deflators | None = None,
) -> Cut:  # fmt: skip
    """The same from the wide frame of units: sums by industry to a depth (2: divisions), or by another key column.

    deflators   for a denominator in money: output at the prices of the base year, each unit by its industry's index
    Units of a sample stand for as many as their weight says; in a census with a sample in it each counts once. What
    regions say of themselves counts where no enterprise says it: both would count twice.
    Raises      InputError as `pooled_cut`; an element that the frame does not have
    """
    names = frame.collect_schema().names()
    lacks = [one for one in (numerator, denominator, by, "industry") if one not in names]
    if lacks:
        raise InputError("no such column", came=", ".join(lacks), where="returns")
    some = frame.filter(
        nw.col("year").is_in([base, year]), ~nw.col(numerator).is_null(), ~nw.col(denominator).is_null()
    )
    level = ("level",) if "level" in names else ()
    wanted = list(dict.fromkeys((by, "industry", "year", *level, numerator, denominator)))
    if _sample(frame, names):
        weight = nw.col("weight").fill_null(1.0)  # a region's own row has none
        some = some.with_columns(**{name: nw.col(name) * weight for name in (numerator, denominator)})
    sums: dict[tuple[str, int], list[float | None]] = {}
    rows = some.select(wanted).collect("pyarrow").to_arrow().to_pylist()
    for one in [one for one in rows if one.get("level") != "region"] or rows:
        key, when = str(one[by]), int(one["year"])
        own = sums.setdefault((key[: depth + 1] if by == "industry" else key, when), [0.0, 0.0])
        factor = 1.0 if deflators is None else deflators.factor(str(one["industry"]), when, base)
        own[0] = None if own[0] is None else own[0] + one[numerator]
        own[1] = None if own[1] is None or factor is None else own[1] + one[denominator] / factor
    return pooled_cut(((key, when, own[0], own[1]) for (key, when), own in sums.items()), base, year)


def _sample(frame: nw.LazyFrame[Any], names: list[str]) -> bool:
    """Whether every enterprise has a weight, as `indicators` takes it."""
    if "weight" not in names:
        return False
    firms = frame.filter(nw.col("level").fill_null("enterprise") == "enterprise") if "level" in names else frame
    none = firms.select(none=nw.col("weight").is_null().any()).collect("pyarrow").to_arrow()["none"][0].as_py()
    return not none


def _lack(end: tuple[float | None, float | None], year: int) -> str:
    upper, lower = end
    if upper is None or lower is None:
        return f"not known in {year}, or without a price index"
    if not (math.isfinite(upper) and math.isfinite(lower)) or upper < 0:
        return f"no amount in {year}"
    return "" if lower > 0 else f"no output in {year}"


def _part(key: str, one: tuple[float, float, float, float], share: float) -> CutOf:
    before, after = one[0] / one[1], one[2] / one[3]
    if before <= 0:
        return CutOf(key, before, after, math.nan, share, "nothing was emitted in the base year")
    return CutOf(key, before, after, 100 * (1 - after / before), share)
