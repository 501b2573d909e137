"""What each value is worth: one quality code per value, from what is known of its signal.

Nothing is thrown away except an exact repetition; a doubtful value is kept with the doubt.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from luban.core.quality import Quality
from luban.core.time import SECOND

__all__ = ["NEVER", "REPEATED", "Check", "ClockWatch"]

REPEATED: Final = -1  # not a quality: the same value of the same time has been kept already

_GOOD = int(Quality.GOOD)
_BAD = int(Quality.BAD)
_STUCK = int(Quality.STUCK)
_OUT_OF_ORDER = int(Quality.OUT_OF_ORDER)
_CLOCK_SKEW = int(Quality.CLOCK_SKEW)
_OUT_OF_RANGE = int(Quality.OUT_OF_RANGE)
_FUTURE = int(Quality.FUTURE)
_DUPLICATE = int(Quality.DUPLICATE)
NEVER: Final = -(2**62)  # before any time


class Check:
    """The checks of one signal, in the order in which its values come.

    low, high    declared range [the signal's unit]; None for no range
    stuck_after  unchanged for longer than this is STUCK [µs]; None for never
    skew         a value may be stamped this much later than our clock [µs]
    """

    __slots__ = (
        "changed",
        "floor",
        "high",
        "last",
        "last_quality",
        "last_time",
        "low",
        "skew",
        "stuck_after",
        "told_stuck",
    )

    def __init__(self, low: float | None, high: float | None, stuck_after: int | None, skew: int = 5 * SECOND) -> None:
        self.low = -math.inf if low is None else low
        self.high = math.inf if high is None else high
        self.stuck_after = stuck_after
        self.skew = skew
        self.last_time = NEVER  # newest source time kept
        self.last: float | str | None = None
        self.last_quality = _GOOD
        self.changed = NEVER  # source time since which the value is unchanged
        self.floor = NEVER  # up to here all was taken before the link was lost: what comes again is a repetition
        self.told_stuck = False

    def judge(
        self,
        time: int,
        value: float | str | None,
        quality: int,
        arrival: int,
        *,
        skewed: bool,
        others: int,
        ordered: bool,
    ) -> int:
        """Quality of one value, or REPEATED.

        value    finite number in the declared unit, or text
        quality  what the wire said
        skewed   the source's clock is known to be wrong
        others   arrival time of the newest change of any other signal of the source [µs]: proof that it lives
        ordered  False where lateness is no fault (a file of the past)
        """
        late = self.last_time - time
        if late >= 0:
            if time <= self.floor or (late == 0 and value == self.last and quality == self.last_quality):
                return REPEATED
            if quality == _GOOD and late == 0 and self.last_quality == _GOOD:
                return _DUPLICATE
            if quality == _GOOD and late > 0 and ordered:
                return self._plain(value) or _OUT_OF_ORDER
        if quality < _BAD and time > arrival + self.skew:
            return _FUTURE  # and does not count as seen: the next right time is not out of order
        if late <= 0:
            if value != self.last or self.last_time == NEVER:
                self.changed = time
                self.told_stuck = False
            self.last, self.last_quality, self.last_time = value, quality, time
        if quality >= _BAD:
            return quality
        return self._plain(value) or quality or self._doubt(time, skewed, others)

    def _plain(self, value: float | str | None) -> int:
        return _OUT_OF_RANGE if isinstance(value, float) and not self.low <= value <= self.high else _GOOD

    def _doubt(self, time: int, skewed: bool, others: int) -> int:
        if self.stuck_after is not None and time - self.changed > self.stuck_after and others > self.changed:
            return _STUCK
        return _CLOCK_SKEW if skewed else _GOOD

    def silent_stuck(self, at: int, others: int) -> bool:
        """True once when the value has not changed for too long and nothing came that could be marked."""
        if self.stuck_after is None or self.told_stuck or self.changed == NEVER or self.last_quality >= _BAD:
            return False
        self.told_stuck = at - self.changed > self.stuck_after and others > self.changed
        return self.told_stuck


@dataclass(frozen=True, slots=True)
class _Seen:
    arrival: int
    lag: int


class ClockWatch:
    """Is the source's clock slow? Late delivery has a lag that varies; a wrong clock has one that does not.

    allowed  difference that is no fault [µs]
    window   lags must agree over at least this long [µs]
    """

    def __init__(self, allowed: int, window: int) -> None:
        self.allowed = allowed
        self.window = window
        self.lag: int | None = None  # smallest lag of the newest batch [µs]
        self.skewed = False
        self._seen: deque[_Seen] = deque(maxlen=256)

    def see(self, newest: int, arrival: int) -> bool:
        """Note the newest source time of a batch; True if the verdict changed."""
        self.lag = arrival - newest
        self._seen.append(_Seen(arrival, self.lag))
        while len(self._seen) > 2 and arrival - self._seen[1].arrival >= self.window:
            self._seen.popleft()
        before = self.skewed
        lags = [seen.lag for seen in self._seen]
        if min(lags) <= self.allowed:
            self.skewed = False
        elif arrival - self._seen[0].arrival >= self.window:
            steady = max(lags) - min(lags) <= max(SECOND, self.window // 10)
            self.skewed = steady and len(lags) >= 3
        return self.skewed != before

    def forget(self) -> None:
        """The link is new: what comes first may be old and right."""
        self._seen.clear()
