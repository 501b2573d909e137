"""The formulas of ISO 22400-2 that luban works out, as plain functions.

Times in seconds, quantities in pieces. Nothing is capped: a result above 1 tells that the inputs contradict each
other. A zero divisor gives None: undefined is not zero. `EVALUATE` finds a formula by the id of the norms' catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

__all__ = [
    "DIVISORS",
    "EVALUATE",
    "allocation_efficiency",
    "availability",
    "effectiveness",
    "mtbf",
    "mttr",
    "nee",
    "oee",
    "quality_ratio",
    "rework_ratio",
    "scrap_ratio",
    "setup_ratio",
    "technical_efficiency",
    "throughput_rate",
    "utilization_efficiency",
]

_HOUR: Final = 3600.0


def _ratio(numerator: float, divisor: float) -> float | None:
    return None if divisor == 0 else numerator / divisor


def availability(apt: float, pbt: float) -> float | None:
    """Share of the planned busy time in which the unit produced [1].

    apt, pbt  production and planned busy time [s], ≥ 0
    Source    norms kpi.availability
    Example   availability(420, 480) == 0.875
    """
    return _ratio(apt, pbt)


def effectiveness(work: float, apt: float) -> float | None:
    """How the time that the pieces should have taken compares with the time it took [1].

    work     planned run time per item × pieces made, summed over the items [s], ≥ 0
    apt      production time [s], ≥ 0
    Source   norms kpi.effectiveness
    Example  effectiveness(1 * 380, 420) == 380 / 420
    """
    return _ratio(work, apt)


def quality_ratio(gq: float, pq: float) -> float | None:
    """Share of the pieces made that are good [1]. gq, pq good and produced quantity [piece], ≥ 0."""
    return _ratio(gq, pq)


def oee(availability: float | None, effectiveness: float | None, quality_ratio: float | None) -> float | None:
    """Product of availability, effectiveness and quality ratio [1]; undefined if one of them is.

    Source   norms kpi.oee
    Example  oee(0.5, 1.0, 0.9) == 0.45
    """
    if availability is None or effectiveness is None or quality_ratio is None:
        return None
    return availability * effectiveness * quality_ratio


def nee(aupt: float, pbt: float, effectiveness: float | None, quality_ratio: float | None) -> float | None:
    """As OEE, with setup as no loss [1]. aupt production and setup time [s], pbt planned busy time [s]."""
    return oee(_ratio(aupt, pbt), effectiveness, quality_ratio)


def utilization_efficiency(apt: float, aubt: float) -> float | None:
    """Share of the busy time in which the unit produced [1]. apt, aubt [s]."""
    return _ratio(apt, aubt)


def allocation_efficiency(aubt: float, pbt: float) -> float | None:
    """Share of the planned busy time in which the unit was busy with orders [1]. aubt, pbt [s]."""
    return _ratio(aubt, pbt)


def setup_ratio(aust: float, aupt: float) -> float | None:
    """Share of the processing time that was setup [1]. aust, aupt [s]."""
    return _ratio(aust, aupt)


def technical_efficiency(apt: float, adet: float) -> float | None:
    """Production against production and delay [1]. apt, adet [s]."""
    return _ratio(apt, apt + adet)


def throughput_rate(pq: float, aoet: float) -> float | None:
    """Pieces made per hour of order execution [piece/h].

    pq    produced quantity [piece]
    aoet  order execution time [s]; of a unit on its own: production, setup, delay and down (OPC 40501-1 C.2.3)
    """
    return _ratio(pq * _HOUR, aoet)


def scrap_ratio(sq: float, pq: float) -> float | None:
    """Share of the pieces made that are scrap [1]. sq, pq [piece]."""
    return _ratio(sq, pq)


def rework_ratio(rq: float, pq: float) -> float | None:
    """Share of the pieces made that need rework [1]. rq, pq [piece]."""
    return _ratio(rq, pq)


def mtbf(tbf: float, fe: int) -> float | None:
    """Mean operating time between failures [h]; undefined without a failure, there is nothing between.

    tbf     operating time (production and setup) [s]
    fe      failures
    Source  norms kpi.mtbf
    """
    return None if fe == 0 else tbf / (fe + 1) / _HOUR


def mttr(ttr: float, fe: int) -> float | None:
    """Mean time to restoration [h]; undefined without a failure. ttr time in failure [s], fe failures."""
    return None if fe == 0 else ttr / (fe + 1) / _HOUR


def _oee(e: Mapping[str, float]) -> float | None:
    return oee(availability(e["APT"], e["PBT"]), effectiveness(e["WORK"], e["APT"]), quality_ratio(e["GQ"], e["PQ"]))


EVALUATE: Final[Mapping[str, Callable[[Mapping[str, float]], float | None]]] = {
    "throughput_rate": lambda e: throughput_rate(e["PQ_KNOWN"], e["AOET"]),
    "allocation_efficiency": lambda e: allocation_efficiency(e["AUBT"], e["PBT"]),
    "utilization_efficiency": lambda e: utilization_efficiency(e["APT"], e["AUBT"]),
    "oee": _oee,
    "nee": lambda e: nee(e["AUPT"], e["PBT"], effectiveness(e["WORK"], e["APT"]), quality_ratio(e["GQ"], e["PQ"])),
    "availability": lambda e: availability(e["APT"], e["PBT"]),
    "effectiveness": lambda e: effectiveness(e["WORK"], e["APT"]),
    "quality_ratio": lambda e: quality_ratio(e["GQ"], e["PQ"]),
    "setup_ratio": lambda e: setup_ratio(e["AUST"], e["AUPT"]),
    "technical_efficiency": lambda e: technical_efficiency(e["APT"], e["ADET"]),
    "scrap_ratio": lambda e: scrap_ratio(e["SQ"], e["PQ"]),
    "rework_ratio": lambda e: rework_ratio(e["RQ"], e["PQ"]),
    "mtbf": lambda e: mtbf(e["AUPT"], int(e["FE"])),
    "mttr": lambda e: mttr(e["FAILURE"], int(e["FE"])),
}

# What must not be zero, in the order in which a person would look.
DIVISORS: Final[Mapping[str, tuple[str, ...]]] = {
    "throughput_rate": ("AOET",),
    "allocation_efficiency": ("PBT",),
    "utilization_efficiency": ("AUBT",),
    "oee": ("PBT", "APT", "PQ"),
    "nee": ("PBT", "APT", "PQ"),
    "availability": ("PBT",),
    "effectiveness": ("APT",),
    "quality_ratio": ("PQ",),
    "setup_ratio": ("AUPT",),
    "technical_efficiency": ("APT + ADET",),
    "scrap_ratio": ("PQ",),
    "rework_ratio": ("PQ",),
}
