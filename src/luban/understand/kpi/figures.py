"""Sums → figures: the value, how sure it is, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND
from luban.norms import kpi_catalogue
from luban.understand.kpi.figure import Figure, Input, Settings
from luban.understand.kpi.formulas import DIVISORS, EVALUATE
from luban.understand.kpi.sums import Made, Sums

__all__ = ["NAMES", "Place", "contradiction", "duration_text", "figure", "figures", "missing_cycles"]

NAMES: Final = tuple(name for name, kpi in kpi_catalogue().items() if kpi.computed)
_OF_WORK: Final = {"oee", "nee", "effectiveness"}
_OF_PIECES: Final = _OF_WORK | {"quality_ratio", "scrap_ratio", "rework_ratio", "throughput_rate"}
_OF_QUALITY: Final = {"oee", "nee", "quality_ratio"}
_OF_FAILURES: Final = {"mtbf", "mttr"}
_OF_TIME: Final = set(NAMES) - {"quality_ratio", "scrap_ratio", "rework_ratio"}
# Share of unknown time that would be the numerator if all of it had been of the best kind.
_BOUNDED: Final = {
    "availability": ("APT", "PBT"),
    "oee": ("APT", "PBT"),
    "nee": ("AUPT", "PBT"),
    "allocation_efficiency": ("AUBT", "PBT"),
    "utilization_efficiency": ("APT", "AUBT"),
    "technical_efficiency": ("APT", "APT + ADET"),
    "setup_ratio": ("AUST", "AUPT"),
}
_INPUTS: Final = {
    "throughput_rate": ("PQ", "AOET"),
    "allocation_efficiency": ("AUBT", "PBT"),
    "utilization_efficiency": ("APT", "AUBT"),
    "oee": ("APT", "PBT", "PRI", "PQ", "GQ"),
    "nee": ("AUPT", "APT", "PBT", "PRI", "PQ", "GQ"),
    "availability": ("APT", "PBT"),
    "effectiveness": ("PRI", "PQ", "APT"),
    "quality_ratio": ("GQ", "PQ"),
    "setup_ratio": ("AUST", "AUPT"),
    "technical_efficiency": ("APT", "ADET"),
    "scrap_ratio": ("SQ", "PQ"),
    "rework_ratio": ("RQ", "PQ"),
    "mtbf": ("AUPT", "FE"),
    "mttr": ("FAILURE", "FE"),
}


class Place:
    """Where and when a figure holds."""

    __slots__ = ("end", "seq", "shift", "start", "subject")

    def __init__(self, subject: str, start: int, end: int, seq: int, shift: str = "") -> None:
        self.subject, self.start, self.end, self.seq, self.shift = subject, start, end, seq, shift


def figure(name: str, sums: Sums, place: Place, settings: Settings) -> Figure:
    """The indicator of that name from its sums.

    Raises  InputError for a name that is not worked out
    """
    if name not in EVALUATE:
        raise InputError("unknown indicator", came=repr(name), expected=", ".join(NAMES))
    norm = kpi_catalogue()[name]
    elements = sums.elements
    withheld = _withheld(name, sums, place, settings)
    value = None if withheld else EVALUATE[name](elements)
    if value is None and not withheld:
        withheld = _undefined(name, elements)
    low, high = (None, None) if value is None else _bounds(name, value, elements)
    unknown = sums.time("UNKNOWN")
    return Figure(
        name=name,
        label=norm.name,
        value=value,
        unit=norm.unit,
        subject=place.subject,
        units=sums.units,
        start=place.start,
        end=place.end,
        shift=place.shift,
        edition=norm.edition,
        mapping=", ".join(sums.mappings),
        quality="withheld" if value is None else "partial" if unknown else "good",
        withheld=withheld,
        inputs=_inputs(name, sums),
        coverage=sums.coverage,
        low=low,
        high=high,
        seq=place.seq,
        notes=tuple(_notes(name, sums)),
    )


def missing_cycles(sums: Sums) -> list[Made]:
    """Pieces without a planned run time."""
    return [m for m in sums.made if m.made and m.cycle is None]


def contradiction(sums: Sums, settings: Settings) -> str:
    """Why pieces and running time cannot both be right, '' where they can."""
    found = []
    for unit in sums.units:
        work = sum((m.cycle or 0.0) * m.known for m in sums.made if m.unit == unit)
        running = sums.running.get(unit, 0) / SECOND
        if work > running * (1 + settings.tolerance):
            pieces = sum(m.known for m in sums.made if m.unit == unit)
            where = f" at {unit}" if len(sums.units) > 1 else ""
            found.append(
                f"{_number(work)} s of work inside {_number(running)} s of running{where}: "
                f"{_number(pieces)} pieces do not fit; check the ideal cycle, the counter and the state mapping"
            )
    return "; ".join(found)


def _withheld(name: str, sums: Sums, place: Place, settings: Settings) -> str:
    """The first reason against a value, '' where there is none."""
    if not sums.times:
        return f"no planned time: {place.subject} has no shift in this window, see [[calendar]] in plant.toml"
    coverage = sums.coverage
    if name in _OF_TIME and coverage is not None and coverage < settings.coverage:
        unknown = duration_text(sums.time("UNKNOWN"))
        return (
            f"only {_share(coverage)} of the planned time is known, {_share(settings.coverage)} is needed: "
            f"nobody can say what happened in {unknown}"
        )
    if name in _OF_PIECES:
        return _withheld_pieces(name, sums, settings)
    if name in _OF_FAILURES and not sums.marked:
        return f"no state of {', '.join(sums.mappings) or 'the mapping'} is marked as a failure"
    if name in _OF_FAILURES and sums.failures == 0:
        return "no failure began in this window"
    return ""


def _withheld_pieces(name: str, sums: Sums, settings: Settings) -> str:
    if sums.uncounted:
        return f"no count of pieces is known of {', '.join(sums.uncounted)}"
    facts, doubtful = sum(m.facts for m in sums.made), sum(m.doubtful for m in sums.made)
    if doubtful > facts * (1 - settings.coverage):
        return f"{doubtful} of {facts} counts are not of good quality"
    if any(min(m.good, m.scrap, m.rework) < 0 for m in sums.made):
        return "a count of pieces is negative"
    if name in _OF_WORK:
        missing = missing_cycles(sums)
        if missing:
            return "; ".join(_missing(m) for m in missing)
        return contradiction(sums, settings)
    return ""


def _missing(made: Made) -> str:
    item = f"item {made.item}" if made.item else "pieces without an item"
    step = f", operation {made.operation}" if made.operation else ""
    return f"no ideal cycle for {item}{step} at unit {made.unit}: add it to routing.csv"


def _undefined(name: str, elements: dict[str, float]) -> str:
    zero = next((d for d in DIVISORS.get(name, ()) if elements[d] == 0), "a divisor")
    why = {
        "PBT": "all of the time was planned down",
        "APT": "the unit did not produce",
        "PQ": "nothing was made",
        "AUBT": "the unit was not busy",
        "AUPT": "the unit neither produced nor was set up",
    }
    return f"undefined: {zero} is 0" + (f", {why[zero]}" if zero in why else "")


def _bounds(name: str, value: float, elements: dict[str, float]) -> tuple[float | None, float | None]:
    """The value if unknown time had all been loss, or all been the best; None where that cannot be said."""
    unknown = elements["UNKNOWN"]
    if not unknown or name not in _OF_TIME:
        return value, value
    if name not in _BOUNDED:
        return None, None
    numerator, divisor = (elements[e] for e in _BOUNDED[name])
    whole = divisor + unknown
    if name in {"oee", "nee"}:
        rest = value / (numerator / divisor)  # effectiveness × quality ratio: defined, or there would be no value
        return numerator / whole * rest, (numerator + unknown) / whole * rest
    return numerator / whole, (numerator + unknown) / whole


def _inputs(name: str, sums: Sums) -> tuple[Input, ...]:
    elements = sums.elements
    found: list[Input] = []
    for element in _INPUTS[name]:
        if element == "PRI":
            found += [
                Input("PRI", m.cycle, "s/piece", f"{m.item or 'any item'} at {m.unit}, {_number(m.known)} pieces")
                for m in sums.made
                if m.made
            ]
        elif element in {"PQ", "GQ", "SQ", "RQ"}:
            found.append(Input(element, None if sums.uncounted else elements[element], "piece"))
        elif element == "FE":
            found.append(Input(element, elements[element], "1"))
        else:
            found.append(Input(element, elements[element] if sums.times else None, "s"))
    if name in _OF_TIME and sums.times:
        found.append(Input("UNKNOWN", elements["UNKNOWN"], "s", "planned time that nobody can account for"))
    return tuple(found)


def _notes(name: str, sums: Sums) -> list[str]:
    found = []
    unknown = sums.time("UNKNOWN")
    if unknown and name in _OF_TIME:
        found.append(
            f"{duration_text(unknown)} of planned time is unknown and left out; low and high say what it could be"
        )
    if name in _OF_PIECES:
        doubtful = sum(m.doubtful for m in sums.made)
        if doubtful:
            found.append(f"{doubtful} counts of doubtful quality are left out")
        counting = {m.unit for m in sums.made if m.made}
        silent = counting - {m.unit for m in sums.made if m.scrap or m.rework}
        if silent and name in _OF_QUALITY:
            where = "" if silent == counting else f" at {', '.join(sorted(silent))}"
            found.append(f"no scrap or rework was reported{where}: every counted piece is taken as good")
        aside = sum(m.made - m.known for m in sums.made)
        if aside > 0 and name in _OF_WORK | {"throughput_rate"}:
            found.append(f"{_number(aside)} pieces were made in unknown time and are set aside")
    return found


def duration_text(span: int) -> str:
    """A duration for people.

    span     [µs]
    Example  duration_text(3_900_000_000) == "1 h 05 min"
    """
    if span < MINUTE:
        return f"{_number(span / SECOND)} s"
    minutes = round(span / MINUTE)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _share(value: float) -> str:
    """Per cent, cut and not rounded: 89.96 % must not read as 90 %."""
    return f"{int(value * 1000) / 10:g} %"


def figures(names: Sequence[str], sums: Sums, place: Place, settings: Settings) -> list[Figure]:
    """The indicators of those names, from the same sums."""
    return [figure(name, sums, place, settings) for name in names]
