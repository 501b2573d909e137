"""Did it help? Two lots of facts, before and after a change, compared by a test that fits what was measured.

The sizes of the two lots are corrected for values that follow each other: a slow drift repeats itself and counts for
less, so that a long record of one mood of the process is not taken for much evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["MEASURES", "Gain", "compare_mean", "compare_share", "compare_spread", "effective_size"]

MEASURES: Final = {
    "mean": "the mean, held against a direction or a target",
    "spread": "the standard deviation",
    "share": "the share outside the specification, or of defective pieces",
}
"""What may be compared."""

_LEAST = 5


@dataclass(frozen=True, slots=True)
class Gain:
    """What a change did.

    measure        one of MEASURES
    before, after  the figure in each lot [unit]
    n_before, n_after  values used;  worth_before, worth_after  how many independent ones they are worth
    change         after less before (mean, share), or after over before (spread) [unit or 1]
    lower, upper   its interval at `level`; nan where none can be given
    p              probability of such a change, or a larger one, by chance
    level          confidence level [1]
    verdict        better, worse, unclear (the interval allows both), or unknown (too little to say)
    reason         why it is unclear or unknown
    method         name of the test
    unit           of before, after and of the change
    """

    measure: str
    before: float
    after: float
    n_before: int
    n_after: int
    worth_before: float
    worth_after: float
    change: float
    lower: float
    upper: float
    p: float
    level: float
    verdict: str
    reason: str
    method: str
    unit: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json`, REST and entries; what is not known is None."""
        out = {name: getattr(self, name) for name in self.__slots__}
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in out.items()}


def effective_size(values: Floats) -> float:
    """How many independent values these are worth, by their first autocorrelation.

    values  in order of time, shape (n,)
    Source  Bayley and Hammersley (1946, doi:10.2307/2983560) for a process that forgets at a steady rate
    Example round(effective_size(np.array([1.0, 2.0] * 20))) == 40: alternation is not counted as more than all
    """
    n = len(values)
    away = values - values.mean() if n else values
    whole = float(away @ away)
    if n < 8 or whole <= 0:
        return float(n)
    r = float(away[1:] @ away[:-1]) / whole
    r = r if r > 1.96 / np.sqrt(n) else 0.0
    return max(2.0, n * (1 - r) / (1 + r))


def _checked(before: Floats, after: Floats, least: int = 2) -> tuple[Floats, Floats]:
    a, b = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if not bool(np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("a value is not a finite number")
    if min(len(a), len(b)) < least:
        raise InputError("too few values to compare", came=f"{len(a)} before, {len(b)} after",
                         expected=f"{least} each at least")  # fmt: skip
    return a, b


def _verdict(lower: float, upper: float, same: float, wish: int) -> tuple[str, str]:
    """By where an interval lies about `same`; wish: -1 less is better, +1 more is better."""
    if not np.isfinite(lower + upper):
        return "unknown", "no interval can be given"
    if lower <= same <= upper:
        return "unclear", "the interval of the change allows none at all"
    return ("better", "") if (lower > same) == (wish > 0) else ("worse", "")


def compare_mean(
    before: Floats, after: Floats, *, wish: int = 0, target: float | None = None, level: float = 0.95, unit: str = ""
) -> Gain:
    """The means, by Welch's test on effective sizes.

    wish    -1 less is better, +1 more is better; left out where there is a target
    target  nearer to it is better: the mean distance from it is compared
    Raises  InputError: too few values, neither wish nor target
    Source  Welch (1947, doi:10.1093/biomet/34.1-2.28)
    """
    a, b = _checked(before, after)
    if target is not None:
        a, b, wish = np.abs(a - target), np.abs(b - target), -1
    elif wish not in (-1, 1):
        raise InputError("say which way is better", expected="-1 for less, +1 for more, or a target")
    worth_a, worth_b = effective_size(a), effective_size(b)
    part_a, part_b = float(a.var(ddof=1)) / worth_a, float(b.var(ddof=1)) / worth_b
    change, error = float(b.mean() - a.mean()), float(np.sqrt(part_a + part_b))
    method = "Welch's test of the mean distance from target" if target is not None else "Welch's test of the means"
    figures = ("mean", float(a.mean()), float(b.mean()), len(a), len(b), worth_a, worth_b, change)
    if error == 0 or min(len(a), len(b)) < _LEAST:
        nan = float("nan")
        reason = "the values do not scatter" if error == 0 else "fewer than five values in one lot"
        return Gain(*figures, nan, nan, nan, level, "unknown", reason, method, unit)
    free = (part_a + part_b) ** 2 / (part_a**2 / max(worth_a - 1, 1) + part_b**2 / max(worth_b - 1, 1))
    half = float(special.stdtrit(free, 0.5 + level / 2)) * error
    p = float(2 * special.stdtr(free, -abs(change / error)))
    verdict, reason = _verdict(change - half, change + half, 0.0, wish)
    return Gain(*figures, change - half, change + half, p, level, verdict, reason, method, unit)


def compare_spread(before: Floats, after: Floats, *, level: float = 0.95, unit: str = "") -> Gain:
    """The standard deviations; less is better. The interval of their ratio allows for tails unlike the normal's.

    Source  Layard (1973, doi:10.1080/01621459.1973.10481341): variance of log s² with the pooled kurtosis
    """
    a, b = _checked(before, after, 3)
    worth_a, worth_b = effective_size(a), effective_size(b)
    sa, sb = float(a.std(ddof=1)), float(b.std(ddof=1))
    method = "test of the ratio of standard deviations, robust to tails"
    nan = float("nan")
    ratio = sb / sa if sa > 0 else nan
    figures = ("spread", sa, sb, len(a), len(b), worth_a, worth_b, ratio)
    if min(sa, sb) <= 0 or min(len(a), len(b)) < _LEAST:
        reason = "the values do not scatter" if min(sa, sb) <= 0 else "fewer than five values in one lot"
        return Gain(*figures, nan, nan, nan, level, "unknown", reason, method, unit)
    da, db = a - a.mean(), b - b.mean()
    both = float(np.sum(da**2) + np.sum(db**2))
    kurtosis = (len(a) + len(b)) * float(np.sum(da**4) + np.sum(db**4)) / both**2
    kurtosis = max(kurtosis, 1.2)
    error = float(np.sqrt(sum((kurtosis - (w - 3) / w) / (w - 1) for w in (max(worth_a, 4.0), max(worth_b, 4.0)))))
    z = float(special.ndtri(0.5 + level / 2))
    lower, upper = (float(np.exp(np.log(ratio) + side * z * error / 2)) for side in (-1, 1))
    p = float(2 * special.ndtr(-abs(2 * np.log(ratio) / error)))
    verdict, reason = _verdict(lower, upper, 1.0, -1)
    return Gain(*figures, lower, upper, p, level, verdict, reason, method, unit)


def compare_share(bad_before: int, n_before: int, bad_after: int, n_after: int, *, level: float = 0.95) -> Gain:
    """Two shares of defectives; less is better. The interval is Newcombe's, the test Fisher's exact one.

    Raises  InputError if more are bad than there were, or a lot is empty
    Source  Newcombe (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I), method 10
    Example compare_share(40, 1000, 15, 1000).verdict == "better"
    """
    if min(n_before, n_after) < 1 or not (0 <= bad_before <= n_before and 0 <= bad_after <= n_after):
        raise InputError("the counts do not fit", came=f"{bad_before} of {n_before}, {bad_after} of {n_after}")
    pa, pb = bad_before / n_before, bad_after / n_after
    z = float(special.ndtri(0.5 + level / 2))
    (la, ua), (lb, ub) = _wilson(bad_before, n_before, z), _wilson(bad_after, n_after, z)
    change = pb - pa
    lower = change - float(np.hypot(pb - lb, ua - pa))
    upper = change + float(np.hypot(ub - pb, pa - la))
    p = _fisher(bad_before, n_before, bad_after, n_after)
    verdict, reason = _verdict(lower, upper, 0.0, -1)
    return Gain("share", pa, pb, n_before, n_after, float(n_before), float(n_after), change, lower, upper, p, level,
                verdict, reason, "Fisher's exact test; Newcombe's interval", "1")  # fmt: skip


def _wilson(bad: int, n: int, z: float) -> tuple[float, float]:
    """Wilson's interval of one share."""
    p = bad / n
    middle = p + z * z / (2 * n)
    half = z * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def _fisher(a: int, n: int, b: int, m: int) -> float:
    """Both sides: all tables with the same margins that are at most as likely."""
    bad = a + b
    ways = np.arange(max(0, bad - m), min(n, bad) + 1)

    def log_choose(of: Any, some: Any) -> Any:
        return special.gammaln(of + 1) - special.gammaln(some + 1) - special.gammaln(of - some + 1)

    likely = log_choose(n, ways) + log_choose(m, bad - ways) - log_choose(n + m, bad)
    here = likely[a - ways[0]]
    return float(min(1.0, np.exp(likely[likely <= here + 1e-7]).sum()))
