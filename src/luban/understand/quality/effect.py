"""Did it help? Facts of two windows, before and after a change, compared.

Nobody types an effect: it is worked out from the books by `before_after`, whose intervals allow for neighbouring
values that resemble each other; where shares of scrap scatter from day to day more than chance lets them, the pieces
count for less.

Reads   Fact(measurement), Fact(count)
Writes  nothing; what was found is written with the non-conformance or the project that asked
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, iso
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.quality.before_after import Gain, compare_mean, compare_share, compare_spread
from luban.understand.quality.data import Floats
from luban.understand.quality.measured import measured

__all__ = ["STATISTICS", "Effect", "Statistic", "effect"]

Statistic = Literal["mean", "spread", "out", "scrap"]
STATISTICS: Final[dict[Statistic, str]] = {
    "mean": "mean value",
    "spread": "standard deviation",
    "out": "share outside the specification",
    "scrap": "share of scrap and rework",
}
"""What may be compared, in words."""

_FEWEST: Final = 8  # values, or pieces where shares are compared: 20
_FEWEST_PIECES: Final = 20
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed between two windows.

    statistic  one of STATISTICS
    gain       the comparison; None where there are too few values
    n_before, n_after  values or pieces found
    excluded   facts left out on both sides: of doubtful quality
    head       the books were read up to this seq
    notes      what a reader should know
    """

    statistic: str
    subject: str
    gain: Gain | None
    n_before: int
    n_after: int
    excluded: int
    head: int
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """better, worse, unclear (the interval allows no change at all), unknown (too little to say)."""
        return self.gain.verdict if self.gain else "unknown"

    def as_dict(self) -> dict[str, Any]:
        """The same for the book, `--json` and REST."""
        plain = ("statistic", "subject", "n_before", "n_after", "excluded", "head", "verdict")
        return {name: getattr(self, name) for name in plain} | {
            "notes": list(self.notes), "gain": self.gain.as_dict() if self.gain else None
        }  # fmt: skip


def effect(
    ledger: Ledger,
    plant: Plant,
    statistic: Statistic,
    subject: str,
    before: Window,
    after: Window,
    *,
    better: Literal["lower", "higher", "target"] = "lower",
    level: float = 0.95,
    as_of: int | None = None,
) -> Effect:
    """The effect on a characteristic (mean, spread, out) or on the pieces of a work unit or an item (scrap).

    subject        `item:name`; for scrap an equipment path or an item
    before, after  windows [start, end) [µs UTC]; they do not overlap and `after` is the later one
    better         what counts as better for the mean; for the others lower is
    Raises         InputError: windows that overlap or are empty, no specification or target, unknown subject
    Example        effect(ledger, plant, "out", "shaft:diameter", (monday, friday), (next_monday, next_friday))
    """
    if statistic not in STATISTICS:
        raise InputError("unknown statistic", came=repr(statistic), expected=", ".join(STATISTICS))
    if better not in {"lower", "higher", "target"}:
        raise InputError("unknown direction", came=repr(better), expected="lower, higher or target")
    if not before[0] < before[1] <= after[0] < after[1]:
        came = " … ".join(iso(at, plant.zone) for at in (*before, *after))
        raise InputError("windows out of order", came=came, expected="before ends before after begins")
    head = ledger.head if as_of is None else as_of
    if statistic == "scrap":
        return _scrap(ledger, plant, subject, before, after, level, head)
    one, two = (measured(ledger, plant, subject, *window, as_of=head).sample for window in (before, after))
    excluded = len(one.excluded) + len(two.excluded)
    bare = Effect(statistic, subject, None, len(one.values), len(two.values), excluded, head)
    if statistic == "out":
        if one.lower is None and one.upper is None:
            raise InputError("no specification limits", came=subject, hint="characteristics.csv: lower, upper")
        low = -math.inf if one.lower is None else one.lower
        high = math.inf if one.upper is None else one.upper
        bad = [int(((own.values < low) | (own.values > high)).sum()) for own in (one, two)]
        if min(bare.n_before, bare.n_after) < _FEWEST_PIECES:
            return replace(bare, notes=("fewer than 20 pieces on a side",))
        return replace(bare, gain=compare_share(bad[0], bare.n_before, bad[1], bare.n_after, level=level))
    if better == "target" and one.target is None and statistic == "mean":
        raise InputError("no target", came=subject, hint="characteristics.csv: nominal, or lower or higher is better")
    if min(bare.n_before, bare.n_after) < _FEWEST:
        return replace(bare, notes=("fewer than 8 values on a side",))
    if statistic == "spread":
        return replace(bare, gain=compare_spread(one.values, two.values, level=level, unit=one.unit))
    target = one.target if better == "target" else None
    wish = 1 if better == "higher" else -1
    gain = compare_mean(one.values, two.values, wish=wish, target=target, level=level, unit=one.unit)
    return replace(bare, gain=gain)


def _scrap(
    ledger: Ledger, plant: Plant, subject: str, before: Window, after: Window, level: float, head: int
) -> Effect:
    by_item = subject in plant.items and subject not in plant.equipment
    subjects = None if by_item else list(plant.units_of(subject)) or [subject]
    sides: list[tuple[Floats, Floats]] = []
    excluded = 0
    for start, end in (before, after):
        table = ledger.table("count", subjects=subjects, since=start, until=end, as_of=head)
        rows = [row for row in table.to_pylist() if not by_item or row["item"] == subject]
        good = [row for row in rows if row["quality"] == 0]
        excluded += len(rows) - len(good)
        sides.append(_by_day(good))
    (bad_before, all_before), (bad_after, all_after) = sides
    n = round(float(all_before.sum())), round(float(all_after.sum()))
    bare = Effect("scrap", subject, None, *n, excluded, head)
    if min(n) < _FEWEST_PIECES:
        return replace(bare, notes=("fewer than 20 pieces on a side",))
    bad = round(float(bad_before.sum())), round(float(bad_after.sum()))
    phi = max(1.0, _dispersion(bad_before, all_before), _dispersion(bad_after, all_after))
    if phi == 1:
        return replace(bare, gain=compare_share(bad[0], n[0], bad[1], n[1], level=level))
    fewer = [
        max(round(count / phi), 1 if count and at % 2 else 0) for at, count in enumerate((bad[0], n[0], bad[1], n[1]))
    ]
    gain = compare_share(min(fewer[0], fewer[1]), fewer[1], min(fewer[2], fewer[3]), fewer[3], level=level)
    shares = bad[0] / n[0], bad[1] / n[1]
    moved = shares[1] - shares[0] - gain.change  # by rounding to whole pieces
    gain = replace(
        gain, before=shares[0], after=shares[1], n_before=n[0], n_after=n[1], change=shares[1] - shares[0],
        lower=gain.lower + moved, upper=gain.upper + moved,
    )  # fmt: skip
    return replace(
        bare, gain=gain, notes=("the shares scatter more than chance lets them: the interval is wider for it",)
    )


def _by_day(rows: list[dict[str, Any]]) -> tuple[Floats, Floats]:
    """Bad and all pieces of each day."""
    days = {day: at for at, day in enumerate(sorted({row["time"] // DAY for row in rows}))}
    bad, pieces = np.zeros(len(days)), np.zeros(len(days))
    for row in rows:
        at = days[row["time"] // DAY]
        bad[at] += row["scrap"] + row["rework"]
        pieces[at] += row["good"] + row["scrap"] + row["rework"]
    return bad, pieces


def _dispersion(bad: Floats, pieces: Floats) -> float:
    """Pearson's χ² of the days over its degrees of freedom; 1 where chance alone scatters so.

    Source  McCullagh and Nelder, Generalized Linear Models, 2nd ed. (1989), §4.5
    """
    kept = pieces > 0
    bad, pieces = bad[kept], pieces[kept]
    share = float(bad.sum() / pieces.sum()) if len(bad) else 0.0
    if len(bad) < 2 or not 0 < share < 1:
        return 1.0
    return float((((bad - pieces * share) ** 2) / (pieces * share * (1 - share))).sum()) / (len(bad) - 1)
