"""Did it help? Values and pieces before and after a change, compared with an interval.

Nobody types an effect: it is worked out from facts of two windows. Neighbouring values of a process resemble each
other, so a thousand values may say as much as a hundred; the intervals allow for that.

Reads   Fact(measurement), Fact(count)
Writes  nothing; what was found is written with the non-conformance or the project that asked
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.core.time import DAY, iso
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.quality.data import Floats
from luban.understand.quality.measured import measured

__all__ = ["STATISTICS", "Effect", "Statistic", "compare_shares", "compare_values", "effect", "newcombe"]

Statistic = Literal["mean", "spread", "out", "scrap"]
STATISTICS: Final[dict[Statistic, str]] = {
    "mean": "mean value",
    "spread": "standard deviation",
    "out": "share outside the specification",
    "scrap": "share of scrap and rework",
}
"""What may be compared, in words."""

_FEWEST: Final = 8  # values on each side below which nothing is said
_FEWEST_PIECES: Final = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed between two windows.

    statistic       one of STATISTICS
    unit            of before, after, change, low, high; "1" for a share
    before, after   the statistic in each window; None where there are too few values
    n_before, n_after  values or pieces used
    change          after minus before; for the spread the ratio after over before
    low, high       its interval at `level`
    p               two-sided p-value; small: chance alone would hardly do that
    verdict         better, worse, no effect shown, too few
    excluded        values left out on both sides
    notes           what a reader should know
    head            the books were read up to this seq; 0 for values that did not come from the books
    """

    statistic: str
    unit: str
    before: float | None
    after: float | None
    n_before: int
    n_after: int
    change: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: str
    level: float = 0.95
    excluded: int = 0
    notes: tuple[str, ...] = ()
    head: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for the book, `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__} | {"notes": list(self.notes)}


def effect(
    ledger: Ledger,
    plant: Plant,
    statistic: Statistic,
    subject: str,
    before: tuple[int, int],
    after: tuple[int, int],
    *,
    better: Literal["lower", "higher", "target"] = "lower",
    level: float = 0.95,
    as_of: int | None = None,
) -> Effect:
    """The effect on a characteristic (mean, spread, out) or on the pieces of a work unit or an item (scrap).

    subject        `item:name`; for scrap an equipment path or an item
    before, after  windows [start, end) [µs UTC]; they do not overlap and `after` is the later one
    better         what counts as better for the mean; for the others lower is
    Raises         InputError: windows that overlap or are empty, no specification, unknown subject or statistic
    Example        effect(ledger, plant, "out", "shaft:diameter", (monday, friday), (next_monday, next_friday))
    """
    if statistic not in STATISTICS:
        raise InputError("unknown statistic", came=repr(statistic), expected=", ".join(STATISTICS))
    if not before[0] < before[1] <= after[0] < after[1]:
        came = " … ".join(iso(at, plant.zone) for at in (*before, *after))
        raise InputError("windows out of order", came=came, expected="before ends before after begins")
    head = ledger.head if as_of is None else as_of
    if statistic == "scrap":
        return _scrap(ledger, plant, subject, before, after, level, head)
    both = [measured(ledger, plant, subject, *window, as_of=head) for window in (before, after)]
    sample = both[0].sample
    excluded = sum(len(one.sample.excluded) for one in both)
    values = [one.sample.values for one in both]
    if statistic == "out":
        if sample.lower is None and sample.upper is None:
            raise InputError("no specification limits", came=subject, hint="characteristics.csv: lower, upper")
        low = -math.inf if sample.lower is None else sample.lower
        high = math.inf if sample.upper is None else sample.upper
        bad = [np.asarray((own < low) | (own > high), np.float64) for own in values]
        ones = [np.ones(len(own)) for own in values]
        return compare_shares(bad[0], ones[0], bad[1], ones[1], level=level, excluded=excluded, head=head)
    return compare_values(
        values[0], values[1], statistic=statistic, unit=sample.unit, better=better, target=sample.target,
        level=level, excluded=excluded, head=head,
    )  # fmt: skip


def compare_values(
    before: Floats,
    after: Floats,
    *,
    statistic: Statistic = "mean",
    unit: str = "",
    better: Literal["lower", "higher", "target"] = "lower",
    target: float | None = None,
    level: float = 0.95,
    excluded: int = 0,
    head: int = 0,
) -> Effect:
    """Means (Welch) or standard deviations (by Bonett's variance of ln s²) of two windows, in order of time.

    Where neighbouring values resemble each other (lag-1 autocorrelation r > 0 beyond chance), n counts as
    n (1 - r)/(1 + r) (Bayley and Hammersley 1946, doi:10.2307/2983560, for a first-order process).

    Source   Welch, Biometrika 34 (1947) 28, doi:10.1093/biomet/34.1-2.28; Bonett, Computational Statistics & Data
             Analysis 50 (2006) 775, doi:10.1016/j.csda.2004.10.003
    Raises   InputError: better = "target" without a target, level outside 0 to 1
    """
    _level(level)
    if statistic == "mean" and better == "target" and target is None:
        raise InputError("no target", hint="characteristics.csv: nominal, or say whether lower or higher is better")
    nothing = Effect(statistic, unit, None, None, len(before), len(after), None, None, None, None, "too few", level,
                     excluded, ("fewer than 8 values on a side",), head)  # fmt: skip
    if min(len(before), len(after)) < _FEWEST:
        return nothing
    notes: list[str] = []
    sizes = [_worth(own) for own in (before, after)]
    if any(size < len(own) for size, own in zip(sizes, (before, after), strict=True)):
        notes.append("neighbouring values resemble each other: the interval is wider for it")
    if min(sizes) < 2:
        return nothing
    if statistic == "spread":
        return _spread(before, after, sizes, unit, level, excluded, notes, head)
    means = float(before.mean()), float(after.mean())
    variances = [float(own.var(ddof=1)) / size for own, size in zip((before, after), sizes, strict=True)]
    change, error = means[1] - means[0], math.sqrt(sum(variances))
    if error == 0:
        low, high, p = change, change, 1.0 if change == 0 else 0.0
    else:
        freedom = sum(variances) ** 2 / sum(v * v / (n - 1) for v, n in zip(variances, sizes, strict=True))
        reach = float(special.stdtrit(freedom, 0.5 + level / 2)) * error
        low, high, p = change - reach, change + reach, 2 * float(special.stdtr(freedom, -abs(change) / error))
    if better == "target" and target is not None:
        nearer = abs(means[1] - target) < abs(means[0] - target)
        verdict = _verdict(low, high, 0.0, good=nearer)
    else:
        verdict = _verdict(low, high, 0.0, good=(change < 0) == (better == "lower"))
    return Effect(
        statistic, unit, means[0], means[1], len(before), len(after), change, low, high, p, verdict, level, excluded,
        tuple(notes), head,
    )  # fmt: skip


def _spread(
    before: Floats,
    after: Floats,
    sizes: list[float],
    unit: str,
    level: float,
    excluded: int,
    notes: list[str],
    head: int,
) -> Effect:
    first, second = float(before.std(ddof=1)), float(after.std(ddof=1))
    made = Effect("spread", unit, first, second, len(before), len(after), None, None, None, None, "too few", level,
                  excluded, ("the values of a side are all equal",), head)  # fmt: skip
    if min(first, second) <= 0:
        return made
    variance = 0.0
    for own, size in zip((before, after), sizes, strict=True):
        n = len(own)
        trim = int(n / (2 * math.sqrt(n - 4)))  # Bonett: the mean of the kurtosis is trimmed by 1/(2 √(n - 4))
        middle = np.sort(own)[trim : n - trim].mean()
        kurtosis = n * float(((own - middle) ** 4).sum()) / float(((own - own.mean()) ** 2).sum()) ** 2
        variance += max(kurtosis - (n - 3) / n, 0.1) / max(size - 1, 1)
    ratio, error = math.log(second / first), math.sqrt(variance) / 2
    reach = float(special.ndtri(0.5 + level / 2)) * error
    low, high = math.exp(ratio - reach), math.exp(ratio + reach)
    p = 2 * float(special.ndtr(-abs(ratio) / error))
    return Effect(
        "spread", unit, first, second, len(before), len(after), math.exp(ratio), low, high, p,
        _verdict(low, high, 1.0, good=ratio < 0), level, excluded, tuple(notes), head,
    )  # fmt: skip


def compare_shares(
    bad_before: Floats,
    all_before: Floats,
    bad_after: Floats,
    all_after: Floats,
    *,
    statistic: Statistic = "out",
    level: float = 0.95,
    excluded: int = 0,
    head: int = 0,
) -> Effect:
    """Shares of bad pieces of two windows; each array has one entry for each piece, shift or day, in order of time.

    Where the shares of the entries scatter more than chance lets them (φ = Pearson's χ² over its degrees of freedom
    above 1), the pieces count for 1/φ of themselves. The interval is Newcombe's; p is by Fisher's exact test, or of
    the normal distribution where φ > 1.

    Source   Newcombe, Statistics in Medicine 17 (1998) 873, method 10; McCullagh and Nelder, Generalized Linear
             Models, 2nd ed., §4.5 (dispersion)
    """
    _level(level)
    sums = [float(own.sum()) for own in (bad_before, all_before, bad_after, all_after)]
    n = (round(sums[1]), round(sums[3]))
    if min(n) < _FEWEST_PIECES:
        return Effect(statistic, "1", None, None, *n, None, None, None, None, "too few", level, excluded,
                      ("fewer than 20 pieces on a side",), head)  # fmt: skip
    phi = max(_dispersion(bad_before, all_before), _dispersion(bad_after, all_after), 1.0)
    notes = ("the shares scatter more than chance lets them: the interval is wider for it",) if phi > 1 else ()
    before, after = sums[0] / sums[1], sums[2] / sums[3]
    low, high = newcombe(sums[2] / phi, sums[3] / phi, sums[0] / phi, sums[1] / phi, level)
    p = _fisher(round(sums[0]), n[0], round(sums[2]), n[1]) if phi == 1 else _two_shares(sums, phi)
    return Effect(
        statistic, "1", before, after, *n, after - before, low, high, p,
        _verdict(low, high, 0.0, good=after < before), level, excluded, notes, head,
    )  # fmt: skip


def newcombe(bad1: float, n1: float, bad2: float, n2: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of the difference bad1/n1 - bad2/n2 of two independent shares.

    Source   Newcombe, Statistics in Medicine 17 (1998) 873, method 10 (two Wilson intervals)
    Example  newcombe(56, 70, 48, 80) is about (0.0524, 0.3339)
    """
    p1, p2 = bad1 / n1, bad2 / n2
    (l1, u1), (l2, u2) = _wilson(p1, n1, level), _wilson(p2, n2, level)
    change = p1 - p2
    return change - math.hypot(p1 - l1, u2 - p2), change + math.hypot(u1 - p1, p2 - l2)


def _wilson(p: float, n: float, level: float) -> tuple[float, float]:
    z = float(special.ndtri(0.5 + level / 2))
    middle, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


def _dispersion(bad: Floats, pieces: Floats) -> float:
    kept = pieces > 0
    bad, pieces = bad[kept], pieces[kept]
    share = float(bad.sum() / pieces.sum())
    if len(bad) < 2 or not 0 < share < 1 or float(pieces.max()) <= 1:
        return 1.0
    return float((((bad - pieces * share) ** 2) / (pieces * share * (1 - share))).sum()) / (len(bad) - 1)


def _two_shares(sums: list[float], phi: float) -> float:
    share = (sums[0] + sums[2]) / (sums[1] + sums[3])
    error = math.sqrt(phi * share * (1 - share) * (1 / sums[1] + 1 / sums[3]))
    return 2 * float(special.ndtr(-abs(sums[2] / sums[3] - sums[0] / sums[1]) / error)) if error else 1.0


def _fisher(bad1: int, n1: int, bad2: int, n2: int) -> float:
    """Two-sided: all tables that are no more likely than the one that came."""
    bad, low, high = bad1 + bad2, max(0, bad1 + bad2 - n2), min(bad1 + bad2, n1)
    x = np.arange(low, high + 1)
    logs = -(
        special.betaln(x + 1, n1 - x + 1) + special.betaln(bad - x + 1, n2 - bad + x + 1)
        - special.betaln(bad + 1, n1 + n2 - bad + 1)
    )  # fmt: skip
    logs -= math.log(n1 + 1) + math.log(n2 + 1) - math.log(n1 + n2 + 1)
    chances = np.exp(logs)
    own = chances[bad1 - low]
    return min(float(chances[chances <= own * (1 + 1e-7)].sum()), 1.0)


def _scrap(
    ledger: Ledger, plant: Plant, subject: str, before: tuple[int, int], after: tuple[int, int], level: float, head: int
) -> Effect:
    sides = []
    excluded = 0
    by_item = subject in plant.items and subject not in plant.equipment
    if not by_item:
        plant.place(subject)
    for start, end in (before, after):
        subjects = None if by_item else list(plant.units_of(subject)) or [subject]
        table = ledger.table("count", subjects=subjects, since=start, until=end, as_of=head)
        rows = [row for row in table.to_pylist() if not by_item or row["item"] == subject]
        good = [row for row in rows if row["quality"] == 0]
        excluded += len(rows) - len(good)
        days = sorted({row["time"] // DAY for row in good})
        bad = np.zeros(len(days))
        pieces = np.zeros(len(days))
        for row in good:
            at = days.index(row["time"] // DAY)
            bad[at] += row["scrap"] + row["rework"]
            pieces[at] += row["good"] + row["scrap"] + row["rework"]
        sides += [bad, pieces]
    return compare_shares(
        sides[0], sides[1], sides[2], sides[3], statistic="scrap", level=level, excluded=excluded, head=head
    )


def _worth(values: Floats) -> float:
    """Number of independent values that say as much about the mean."""
    n = len(values)
    centred = values - values.mean()
    total = float(centred @ centred)
    if total <= 0:
        return float(n)
    r = float(centred[1:] @ centred[:-1]) / total
    if r <= float(special.ndtri(0.95)) / math.sqrt(n):  # no more than chance gives one time in twenty
        return float(n)
    return max(n * (1 - r) / (1 + r), 1.0)


def _verdict(low: float, high: float, none: float, *, good: bool) -> str:
    if low <= none <= high:
        return "no effect shown"
    return "better" if good else "worse"


def _level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError("not a level of confidence", came=f"{level:g}", expected="above 0 and below 1, e.g. 0.95")
