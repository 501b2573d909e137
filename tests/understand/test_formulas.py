"""The formulas against the norms' catalogue and worked numbers."""

from __future__ import annotations

import inspect
from fractions import Fraction

import pytest

from luban.norms import kpi_catalogue
from luban.understand.kpi import NAMES, formulas
from luban.understand.kpi.formulas import DIVISORS, EVALUATE

# Exact fractions of the formulas as OPC 40501-1 Annex C.2.4 prints them: PBT, APT [min], PRI [min/item], PQ, GQ.
VECTORS = [
    ("textbook", 480, 420, 1, 380, 361),
    ("no production time", 480, 0, 1, 0, 0),
    ("no planned time", 0, 0, 1, 0, 0),
    ("all scrap", 480, 300, 1.5, 180, 0),
    ("overtime: longer than planned", 480, 510, 1, 500, 495),
    ("faster than the ideal cycle", 60, 60, 1, 90, 90),
    ("one slow item", 1440, 18, 12, 1, 0),
    ("quarter minute", 720, 233, 0.25, 462, 228),
]


@pytest.mark.parametrize(("case", "pbt", "apt", "pri", "pq", "gq"), VECTORS)
def test_oee_and_its_factors(case: str, pbt: float, apt: float, pri: float, pq: int, gq: int) -> None:
    work = pri * pq
    a = formulas.availability(apt * 60, pbt * 60)
    e = formulas.effectiveness(work * 60, apt * 60)
    q = formulas.quality_ratio(gq, pq)

    def exact(top: float, bottom: float) -> float | None:
        return float(Fraction(top) / Fraction(bottom)) if bottom else None

    assert a == exact(apt, pbt)
    assert e == exact(work, apt)
    assert q == exact(gq, pq)
    if None in (a, e, q):
        assert formulas.oee(a, e, q) is None
    else:
        assert formulas.oee(a, e, q) == pytest.approx(exact(pri * gq, pbt), rel=1e-12)


def test_a_divisor_of_zero_is_undefined_never_zero() -> None:
    assert formulas.availability(0, 0) is None
    assert formulas.throughput_rate(0, 0) is None
    assert formulas.mtbf(3600, 0) is None
    assert formulas.nee(1, 2, None, 1.0) is None


def test_every_computed_indicator_of_the_catalogue_has_a_formula() -> None:
    assert set(EVALUATE) == set(NAMES) == {name for name, kpi in kpi_catalogue().items() if kpi.computed}
    assert set(DIVISORS) == set(NAMES) - {"mtbf", "mttr"}
    for name in NAMES:
        assert inspect.getdoc(getattr(formulas, name)), name
