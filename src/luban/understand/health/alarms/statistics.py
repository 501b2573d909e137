"""How well an alarm list serves its operators, by the measures of ISA-18.2-2016 (clause 16, table 7) and IEC 62682.

Rates are per operating position. A flood begins when more than 10 alarms came within 10 minutes and ends when fewer
than 5 did. An alarm chatters when it comes 3 times within a minute; it is fleeting when it goes within a minute
without chattering; it is stale when it stands for more than a day. The standard recommends 30 days of data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, iso
from luban.plant.checks.alarms import PRIORITIES
from luban.understand.health.alarms import words
from luban.understand.health.alarms.log import AlarmLog
from luban.understand.quality.data import NO_TIME, Excluded, Ints

__all__ = ["AlarmCount", "AlarmStatistics", "Flood", "Measure", "Standards", "alarm_statistics"]


@dataclass(frozen=True, slots=True)
class Standards:
    """What counts as what.

    flood, calm, window   a flood: more than `flood` within `window` [µs]; over when fewer than `calm`
    repeats, chatter      chattering: `repeats` comings within `chatter` [µs]
    fleeting              gone within this [µs]
    stale                 standing for longer than this [µs]
    busy                  alarms in an hour that are too many
    top                   alarms listed as the most frequent
    """

    flood: int = 10
    calm: int = 5
    window: int = 10 * MINUTE
    repeats: int = 3
    chatter: int = MINUTE
    fleeting: int = MINUTE
    stale: int = DAY
    busy: int = 30
    top: int = 10

    def __post_init__(self) -> None:
        spans = self.window, self.chatter, self.fleeting, self.stale
        if min(*spans, self.top, self.calm) < 1 or self.repeats < 2 or self.flood < self.calm:
            expected = "spans above 0, 2 repeats or more, a flood above its end"
            raise InputError("alarms cannot be judged so", came=str(self), expected=expected)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure with the standard's bands.

    value    None with a reason
    unit     of value and bands
    good     at most this is very likely acceptable
    most     at most this can be managed; None where the standard has one band only
    verdict  acceptable, manageable, too many, met, missed; "" where there is no value
    """

    name: str
    value: float | None
    unit: str
    good: float
    most: float | None = None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """The value against the bands."""
        if self.value is None:
            return ""
        if self.most is None:
            return "met" if self.value <= self.good else "missed"
        return "acceptable" if self.value <= self.good else "manageable" if self.value <= self.most else "too many"

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return asdict(self) | {"verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class AlarmCount:
    """One alarm in the log.

    count      how often it came
    share      of all comings [1]
    chatters   comings within an episode of chattering
    fleeting   comings that went at once
    median_s   median time that it stood [s]; None where nothing says
    standing_since  [µs UTC] where it still stands at the end of the log, else None
    """

    name: str
    count: int
    share: float
    priority: str
    chatters: int
    fleeting: int
    median_s: float | None
    standing_since: int | None


@dataclass(frozen=True, slots=True)
class Flood:
    """A time with more alarms than an operator can manage.

    start, end  [µs UTC]; it ends with the log where it lasts
    count       alarms from the first of the window that made it a flood to its end
    peak        most within the window
    first       alarm that came first
    most        alarm that came most often
    """

    start: int
    end: int
    count: int
    peak: int
    first: str
    most: str


@dataclass(frozen=True, slots=True)
class AlarmStatistics:
    """What a log says.

    positions   operators that share the alarms
    measures    the standard's measures
    alarms      every alarm, the most frequent first
    top         number of them that are listed as the most frequent
    floods      in order of time
    stale       (alarm, since, until or None) that stood for too long
    priorities  comings by priority, critical first; "" is not known
    hours       alarms in each hour from the start, shape (h,)
    seen_s      median and 90 % of the time to acknowledgement [s]; None where nothing says
    unseen      comings that nobody acknowledged
    """

    source: str
    start: int
    end: int
    n: int
    positions: int
    measures: tuple[Measure, ...]
    alarms: tuple[AlarmCount, ...]
    top: int
    floods: tuple[Flood, ...]
    stale: tuple[tuple[str, int, int | None], ...]
    priorities: Mapping[str, int]
    hours: Ints
    seen_s: tuple[float, float] | None
    unseen: int | None
    hidden: int
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        told = {name: getattr(self, name) for name in ("source", "start", "end", "n", "positions", "seen_s", "unseen")}
        return told | {
            "measures": [one.as_dict() for one in self.measures],
            "alarms": [asdict(one) for one in self.alarms], "top": self.top,
            "floods": [asdict(one) for one in self.floods],
            "stale": [{"alarm": name, "since": since, "until": until} for name, since, until in self.stale],
            "priorities": dict(self.priorities), "hours": self.hours.tolist(), "hidden": self.hidden,
            "excluded": [one.as_dict() for one in self.excluded], "notes": list(self.notes),
        }  # fmt: skip


def alarm_statistics(log: AlarmLog, *, positions: int = 1, standards: Standards | None = None) -> AlarmStatistics:
    """The standard's measures of a log.

    positions  operating positions among which the alarms are shared equally, 1 or more
    Raises     InputError: no alarm in the log, no position
    Source     ISA-18.2-2016, 16.4 and table 7; IEC 62682:2022
    Example    alarm_statistics(log).floods[0].count
    """
    if not len(log):
        raise InputError(words.EMPTY_LOG, where=log.source)
    if positions < 1:
        raise InputError(words.NO_POSITION, came=str(positions), expected="1 or more")
    if log.end - log.start > _LONGEST:
        came = f"{iso(log.start)} … {iso(log.end)}"
        raise InputError(words.TOO_LONG, came=came, where=log.source, hint="look for a wrong date, or name a span")
    rule = standards or Standards()
    chatters = _chattering(log, rule)
    lasted = np.where(log.returned == NO_TIME, np.iinfo(np.int64).max, log.returned - log.raised)
    fleeting = (lasted < rule.fleeting) & ~chatters if log.returns else np.zeros(len(log), bool)
    counts = _counts(log, chatters, fleeting)
    floods, share_in_flood, peak = _floods(log, rule)
    stale = _stale(log, rule)
    notes = list(log.notes)
    if log.end - log.start < 30 * DAY:
        notes.append(words.SHORT_LOG)
    measured = _measures(log, rule, positions, counts, stale, share_in_flood, peak)
    measures = (*measured, *_of_priorities(log))
    seen = (log.seen - log.raised)[log.seen != NO_TIME] / 1e6
    return AlarmStatistics(
        source=log.source, start=log.start, end=log.end, n=len(log), positions=positions, measures=measures,
        alarms=counts, top=rule.top, floods=floods, stale=stale, priorities=_priorities(log),
        hours=_per(log, HOUR, whole=False),
        seen_s=(float(np.median(seen)), float(np.quantile(seen, 0.9))) if log.sees and len(seen) else None,
        unseen=int((log.seen == NO_TIME).sum()) if log.sees else None, hidden=log.hidden,
        excluded=log.excluded, notes=tuple(notes),
    )  # fmt: skip


def _chattering(log: AlarmLog, rule: Standards) -> Any:
    """Comings that belong to `repeats` of one alarm within `chatter`."""
    found = np.zeros(len(log), bool)
    order = np.lexsort((log.raised, log.which))
    which, raised, back = log.which[order], log.raised[order], rule.repeats - 1
    if len(log) <= back:
        return found
    last = np.flatnonzero((which[back:] == which[:-back]) & (raised[back:] - raised[:-back] <= rule.chatter))
    for step in range(rule.repeats):
        found[order[last + step]] = True
    return found


def _counts(log: AlarmLog, chatters: Any, fleeting: Any) -> tuple[AlarmCount, ...]:
    k = len(log.names)
    count = np.bincount(log.which, minlength=k)
    chattered = np.bincount(log.which, chatters, k).astype(int)
    fled = np.bincount(log.which, fleeting, k).astype(int)
    order = np.argsort(log.which, kind="stable")
    ends = np.cumsum(count)
    made = []
    for at in np.lexsort((np.array(log.names), -count)).tolist():
        if not count[at]:
            continue
        rows = order[ends[at] - count[at] : ends[at]]
        gone = rows[log.returned[rows] != NO_TIME]
        stood = float(np.median(log.returned[gone] - log.raised[gone])) / 1e6 if len(gone) and log.returns else None
        still = log.returns and log.returned[rows[-1]] == NO_TIME
        known = int(log.priority[rows[-1]])
        made.append(AlarmCount(
            log.names[at], int(count[at]), float(count[at] / len(log)), PRIORITIES[known] if known >= 0 else "",
            int(chattered[at]), int(fled[at]), stood, int(log.raised[rows[-1]]) if still else None,
        ))  # fmt: skip
    return tuple(made)


def _floods(log: AlarmLog, rule: Standards) -> tuple[tuple[Flood, ...], float, int]:
    """Floods, the share of time in them, and the most alarms within a window."""
    times = log.raised
    at = np.arange(len(times))
    inside = at - np.searchsorted(times, times - rule.window, "right") + 1  # in (t - window, t]
    # after the alarm at `at` has left the window, so many are in it
    left = np.searchsorted(times, times + rule.window, "right") - np.searchsorted(times, times, "right")
    begins, calms = np.flatnonzero(inside > rule.flood), np.flatnonzero(left < rule.calm)
    floods: list[Flood] = []
    done = -1
    for begin in begins.tolist():
        if begin <= done:
            continue
        first = begin - int(inside[begin]) + 1
        place = np.searchsorted(times[calms] + rule.window, times[begin], "right")
        end = min(int(times[calms[place]]) + rule.window, log.end) if place < len(calms) else log.end
        end = max(end, int(times[begin]))
        done = int(np.searchsorted(times, end, "right")) - 1
        own = log.which[first : done + 1]
        most = int(np.argmax(np.bincount(own)))
        floods.append(Flood(
            int(times[begin]), end, done - first + 1, int(inside[begin : done + 1].max()), log.names[int(own[0])],
            log.names[most],
        ))  # fmt: skip
    span = log.end - log.start
    share = sum(one.end - one.start for one in floods) / span if span > 0 else 0.0
    return tuple(floods), share, int(inside.max())


def _stale(log: AlarmLog, rule: Standards) -> tuple[tuple[str, int, int | None], ...]:
    if not log.returns:
        return ()
    still = log.returned == NO_TIME
    until = np.where(still, log.end, log.returned)
    # the last coming only can still stand: an earlier one without a going ended, unseen, when it came again
    newest = np.zeros(len(log.names), np.int64)
    newest[log.which] = np.arange(len(log))
    known = ~still | (newest[log.which] == np.arange(len(log)))
    rows = np.flatnonzero(known & (until - log.raised > rule.stale)).tolist()
    return tuple(
        (log.names[int(log.which[row])], int(log.raised[row]), None if still[row] else int(log.returned[row]))
        for row in rows
    )


def _per(log: AlarmLog, width: int, *, whole: bool) -> Ints:
    """Alarms in each period from the start; whole periods only, or the last one too."""
    span = log.end - log.start
    n = span // width if whole else -(-max(span, 1) // width)
    slot = (log.raised - log.start) // width
    return np.bincount(np.minimum(slot, n) if whole else np.minimum(slot, n - 1), minlength=n)[:n].astype(np.int64)


def _measures(
    log: AlarmLog, rule: Standards, positions: int, counts: tuple[AlarmCount, ...],
    stale: tuple[tuple[str, int, int | None], ...], in_flood: float, peak: int,
) -> tuple[Measure, ...]:  # fmt: skip
    span, n = log.end - log.start, len(log) / positions

    def rate(name: str, width: int, unit: str, good: float, most: float) -> Measure:
        known = span >= width
        return Measure(name, n * width / span if known else None, unit, good, most, "" if known else words.TOO_SHORT)

    def share(name: str, width: int, above: int) -> Measure:
        periods = _per(log, width, whole=True)
        value = 100 * float((periods / positions > above).mean()) if len(periods) else None
        return Measure(name, value, "%", 1.0, None, "" if len(periods) else words.TOO_SHORT)

    top = 100 * sum(one.share for one in counts[: rule.top])
    known = len(counts) > rule.top
    chattering = sum(one.chatters > 0 for one in counts)
    days = -(-max(span, 1) // DAY)
    standing = np.zeros(days, np.int64)
    for _name, since, until in stale:
        first = (since + rule.stale - log.start) // DAY
        last = ((log.end if until is None else until) - log.start) // DAY
        standing[int(first) : int(last) + 1] += 1
    spoken = log.returns
    return (
        rate(words.PER_DAY, DAY, "1/d", 150, 300),
        rate(words.PER_HOUR, HOUR, "1/h", 6, 12),
        rate(words.PER_TEN, 10 * MINUTE, "1/10 min", 1, 2),
        share(words.BUSY_HOURS, HOUR, rule.busy),
        share(words.BUSY_TENS, rule.window, rule.flood),
        Measure(words.PEAK, peak / positions, "1/10 min", float(rule.flood)),
        Measure(words.IN_FLOOD, 100 * in_flood if span >= rule.window else None, "%", 1.0,
                reason="" if span >= rule.window else words.TOO_SHORT),
        Measure(words.TOP_SHARE, top if known else None, "%", 1.0, 5.0, "" if known else words.FEW_ALARMS),
        Measure(words.CHATTERING, float(chattering), "", 0.0),
        Measure(words.STALE, float(standing.max()) if spoken else None, "", 4.0,
                reason="" if spoken else words.NO_RETURNS),
    )  # fmt: skip


def _priorities(log: AlarmLog) -> dict[str, int]:
    counts = np.bincount(log.priority + 1, minlength=len(PRIORITIES) + 1)
    return {name: int(counts[at + 1]) for at, name in enumerate(PRIORITIES)} | {"": int(counts[0])}


_SHARES: Final = (
    (words.CRITICAL_SHARE, ("critical",), 1.0),
    (words.HIGH_SHARE, ("critical", "high"), 5.0),
    (words.MEDIUM_SHARE, ("critical", "high", "medium"), 20.0),
)
_LONGEST: Final = 50 * 365 * DAY
_LEAST: Final = 20  # alarms below which a share of 5 % says nothing
_ABOUT: Final = 2.0  # the standard says "about": up to twice the share counts as manageable


def _of_priorities(log: AlarmLog) -> tuple[Measure, ...]:
    """Shares of the urgent priorities: about 80 % low, 15 % medium, 5 % high, below 1 % critical."""
    counts = _priorities(log)
    known = sum(counts[name] for name in PRIORITIES)
    reason = words.NO_PRIORITY if not known else words.FEW_FOR_SHARES if known < _LEAST else ""
    return tuple(
        Measure(
            name,
            100 * sum(counts[one] for one in which) / known if not reason else None,
            "%",
            good,
            _ABOUT * good,
            reason,
        )
        for name, which, good in _SHARES
    )
