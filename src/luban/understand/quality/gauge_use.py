"""What was measured with a gauge that could not be trusted: the lots it touches, and whether they may be released.

A lot is held while a value of it rests on a gauge that was overdue, never calibrated, out of service, failed, or found
out of tolerance afterwards. It is free again once a later calibration finds the gauge in tolerance as it came in, or
once the lot has been measured again with a valid gauge.

Reads   Fact(measurement), Fact(event, kind="gauge")
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import pyarrow as pa

from luban.core.time import iso
from luban.ledger import Ledger
from luban.understand.quality.gauges import Gauge, register

__all__ = ["CLEARED", "REASONS", "Affected", "GaugeUse", "Untrusted", "gauge_use", "held_lots", "untrusted"]

REASONS: Final = {
    "expired": "measured after the gauge's calibration was due",
    "never": "measured before the gauge was ever calibrated",
    "failed": "measured after the gauge failed its calibration",
    "retired": "measured while the gauge was out of service",
    "out": "the next calibration found the gauge out of tolerance",
}
"""Why values of a gauge cannot be trusted."""
CLEARED: Final = {
    "": "",
    "found in tolerance": "the next calibration found the gauge in tolerance",
    "measured again": "measured again with a valid gauge",
}

_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A time in which a gauge could not be trusted.

    start, end  [µs UTC], end not included
    reason      key of REASONS
    cleared     a later calibration found the gauge in tolerance as it came in
    """

    start: int
    end: int
    reason: str
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """Values of one characteristic of a lot that rest on an untrusted gauge.

    lot             lot, or serial number where no lot was noted; "" if neither
    characteristic  `item:name`
    n               values; first, last: their times [µs UTC]; seq: the first fact
    reason          key of REASONS
    cleared         why the lot is free again; "" while it is held
    """

    lot: str
    characteristic: str
    gauge: str
    reason: str
    n: int
    first: int
    last: int
    seq: int
    cleared: str = ""

    @property
    def held(self) -> bool:
        """The lot may not be released."""
        return not self.cleared

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST, times in ISO 8601 and the reason in words."""
        return {
            "lot": self.lot, "characteristic": self.characteristic, "gauge": self.gauge, "reason": self.reason,
            "why": REASONS[self.reason], "values": self.n, "first": iso(self.first), "last": iso(self.last),
            "seq": self.seq, "held": self.held, "cleared": self.cleared,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class GaugeUse:
    """What the books say of all gauges in use.

    affected      values that rest on an untrusted gauge, held ones first
    unregistered  values by gauge that no register knows: nobody can say whether they may be trusted
    without       values for which no gauge was noted
    n             values in all
    """

    affected: tuple[Affected, ...]
    unregistered: Mapping[str, int]
    without: int
    n: int

    @property
    def held(self) -> tuple[str, ...]:
        """Lots that may not be released, each once."""
        return tuple(sorted({one.lot for one in self.affected if one.held and one.lot}))

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "held_lots": list(self.held), "affected": [one.as_dict() for one in self.affected],
            "unregistered_gauges": dict(self.unregistered), "values_without_gauge": self.without, "values": self.n,
        }  # fmt: skip


def untrusted(gauge: Gauge) -> tuple[Untrusted, ...]:
    """The times in which a registered gauge could not be trusted, in order; they may overlap.

    Example  [one.reason for one in untrusted(Gauge("7", registered=True))] == ["never"]
    """
    found: list[Untrusted] = []
    done = gauge.calibrations
    if not done or done[0].time > 0:
        end = done[0].time if done else _EVER
        found.append(Untrusted(-_EVER, end, "never", cleared=bool(done) and done[0].found == "in"))
    for at, one in enumerate(done):
        later = done[at + 1] if at + 1 < len(done) else None
        end = later.time if later else _EVER
        fine = later is not None and later.found == "in"
        if later is not None and later.found == "out":
            found.append(Untrusted(one.time, end, "out"))
        elif not one.passed:
            found.append(Untrusted(one.time, end, "failed"))
        elif one.due < end:
            found.append(Untrusted(one.due, end, "expired", cleared=fine))
    for at, (time, used) in enumerate(gauge.service):
        if not used:
            end = next((moment for moment, again in gauge.service[at + 1 :] if again), _EVER)
            found.append(Untrusted(time, end, "retired"))
    return tuple(found)


def gauge_use(ledger: Ledger, as_of: int | None = None, *, gauges: Mapping[str, Gauge] | None = None) -> GaugeUse:
    """Everything measured with a gauge that could not be trusted.

    as_of   the books as they stood at this seq
    gauges  the register, if it was read already
    """
    known = register(ledger, as_of) if gauges is None else gauges
    frame = ledger.frame("measurement", as_of=as_of)
    counted = frame.group_by("gauge").agg(nw.len().alias("n")).collect("pyarrow").to_arrow().to_pylist()
    used = {row["gauge"] or "": int(row["n"]) for row in counted}
    unregistered = {
        name: n for name, n in sorted(used.items()) if name and not (name in known and known[name].registered)
    }
    affected: list[Affected] = []
    for name in sorted(used):
        if name and name not in unregistered:
            affected += _affected(ledger, known[name], as_of)
    remeasured = _measured_again(ledger, known, affected, as_of)
    listed = [
        one if one.cleared or not again else _cleared(one) for one, again in zip(affected, remeasured, strict=True)
    ]
    listed.sort(key=lambda one: (not one.held, one.lot, one.characteristic, one.first))
    return GaugeUse(tuple(listed), unregistered, used.get("", 0), sum(used.values()))


def held_lots(
    ledger: Ledger, lots: Sequence[str] | None = None, as_of: int | None = None
) -> dict[str, tuple[str, ...]]:
    """Lots that may not be released because of a gauge, with the reasons in words.

    lots     only these; all if None
    Example  "L7" in held_lots(ledger, ["L7"])
    """
    wanted = None if lots is None else set(lots)
    found: dict[str, list[str]] = {}
    for one in gauge_use(ledger, as_of).affected:
        if one.held and one.lot and (wanted is None or one.lot in wanted):
            found.setdefault(one.lot, []).append(f"{one.characteristic}, gauge {one.gauge}: {REASONS[one.reason]}")
    return {lot: tuple(why) for lot, why in found.items()}


def _cleared(one: Affected) -> Affected:
    return Affected(
        one.lot, one.characteristic, one.gauge, one.reason, one.n, one.first, one.last, one.seq, "measured again"
    )


def _affected(ledger: Ledger, gauge: Gauge, as_of: int | None) -> list[Affected]:
    found: list[Affected] = []
    for span in untrusted(gauge):
        frame = ledger.frame(
            "measurement", since=max(span.start, -(2**62)), until=min(span.end, 2**62), as_of=as_of
        ).filter(nw.col("gauge") == gauge.id)
        for row in _by_lot(frame):
            cleared = "found in tolerance" if span.cleared else ""
            found.append(
                Affected(
                    row["lot"] or row["serial"] or "",
                    row["subject"],
                    gauge.id,
                    span.reason,
                    row["n"],
                    row["first"],
                    row["last"],
                    row["seq"],
                    cleared,
                )
            )
    return found


def _by_lot(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    # a serial number stands for the lot only where no lot was noted
    serial = nw.when(nw.col("lot").is_null()).then(nw.col("serial"))
    grouped = frame.with_columns(serial.alias("serial")).group_by("lot", "serial", "subject")
    told = grouped.agg(
        nw.len().alias("n"), nw.col("time").min().alias("first"), nw.col("time").max().alias("last"),
        nw.col("seq").min().alias("seq"),
    )  # fmt: skip
    rows: list[dict[str, Any]] = pa.table(told.collect("pyarrow").to_native()).to_pylist()
    return rows


def _measured_again(
    ledger: Ledger, gauges: Mapping[str, Gauge], affected: Sequence[Affected], as_of: int | None
) -> list[bool]:
    """Whether each was measured again, after its last untrusted value, with a gauge valid at that time."""
    open_ones = [one for one in affected if one.held and one.lot]
    if not open_ones:
        return [False] * len(affected)
    subjects = sorted({one.characteristic for one in open_ones})
    lots = sorted({one.lot for one in open_ones})
    frame = ledger.frame("measurement", subjects=subjects, as_of=as_of).filter(
        ~nw.col("gauge").is_null(), nw.col("lot").is_in(lots) | nw.col("serial").is_in(lots)
    )
    columns = frame.select("subject", "lot", "serial", "gauge", "time").collect("pyarrow").to_native()
    again: dict[tuple[str, str], int] = {}
    spans = {name: untrusted(gauge) for name, gauge in gauges.items() if gauge.registered}
    for row in pa.table(columns).to_pylist():
        own = spans.get(row["gauge"])
        if own is None or any(span.start <= row["time"] < span.end and not span.cleared for span in own):
            continue
        key = row["lot"] or row["serial"], row["subject"]
        again[key] = max(again.get(key, -_EVER), row["time"])
    return [again.get((one.lot, one.characteristic), -_EVER) > one.last for one in affected]
