"""The effect of a change, from facts of two windows."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.understand.quality.effect import effect
from tests.understand.quality.gauging import DIAMETER, Gauging
from tests.understand.shop import M1

Windows = tuple[tuple[int, int], tuple[int, int]]


def week(shop: Gauging, days: int = 1) -> Windows:
    start = shop.at("2026-03-02T00:00")
    return (start, start + days * DAY), (start + days * DAY, start + 2 * days * DAY)


def test_values_of_two_days(gauging: Gauging) -> None:
    gauging.measure([10.0, 10.2] * 20, begin="2026-03-02T08:00")
    gauging.measure([10.0, 10.02] * 20, begin="2026-03-03T08:00")
    gauging.measure([50.0], begin="2026-03-03T09:00", quality=64)
    windows = week(gauging)
    out = effect(gauging.ledger, gauging.plant, "out", DIAMETER, *windows)
    assert out.gain is not None
    assert (out.gain.before, out.gain.after, out.n_before, out.n_after, out.verdict) == (0.5, 0.0, 40, 40, "better")
    assert (out.excluded, out.head) == (1, gauging.ledger.head)
    mean = effect(gauging.ledger, gauging.plant, "mean", DIAMETER, *windows)
    assert mean.gain is not None
    assert (mean.gain.unit, mean.verdict) == ("mm", "better")
    assert mean.gain.change == pytest.approx(-0.09)
    assert effect(gauging.ledger, gauging.plant, "mean", DIAMETER, *windows, better="higher").verdict == "worse"
    assert effect(gauging.ledger, gauging.plant, "mean", DIAMETER, *windows, better="target").verdict == "better"
    assert effect(gauging.ledger, gauging.plant, "spread", DIAMETER, *windows).verdict == "better"
    head = gauging.ledger.head
    gauging.measure([10.3] * 100, begin="2026-03-03T12:00")
    assert effect(gauging.ledger, gauging.plant, "out", DIAMETER, *windows).verdict == "worse"
    assert effect(gauging.ledger, gauging.plant, "out", DIAMETER, *windows, as_of=head) == out


def test_too_few_values_say_nothing(gauging: Gauging) -> None:
    gauging.measure([10.0] * 7, begin="2026-03-02T08:00")
    gauging.measure([9.0] * 100, begin="2026-03-03T08:00")
    for statistic in ("mean", "spread", "out"):
        found = effect(gauging.ledger, gauging.plant, statistic, DIAMETER, *week(gauging))
        assert (found.verdict, found.gain, found.n_before, len(found.notes)) == ("unknown", None, 7, 1)


def test_scrap_of_a_work_unit_and_of_an_item(gauging: Gauging) -> None:
    gauging.counts(*((f"2026-03-0{day}T08:00", 90, 10) for day in (2, 3, 4)), unit=M1)
    gauging.counts(*((f"2026-03-0{day}T08:00", 99, 1) for day in (5, 6, 7)), unit=M1)
    for subject in (M1, "works/cell", "g7"):
        found = effect(gauging.ledger, gauging.plant, "scrap", subject, *week(gauging, 3))
        assert found.gain is not None
        assert (found.gain.before, found.gain.after, found.n_before, found.verdict) == (0.1, 0.01, 300, "better")
    assert effect(gauging.ledger, gauging.plant, "scrap", "b2", *week(gauging, 3)).verdict == "unknown"
    with pytest.raises(InputError, match="unknown equipment"):
        effect(gauging.ledger, gauging.plant, "scrap", "nowhere", *week(gauging, 3))


def test_days_that_scatter_widen_the_interval(gauging: Gauging) -> None:
    """Ten days of 10 % and ten of 8 %: the same pieces, once evenly spread, once all on every other day."""
    for day in range(20):
        share, date = (10 if day < 10 else 8), f"2026-03-{day + 2:02d}T08:00"
        gauging.counts((date, 1000 - 10 * share, 10 * share), unit=M1)
        wild = 20 * share * (day % 2)
        gauging.counts((date, 1000 - wild, wild), unit="works/cell/m2", source="plc2")
    calm = effect(gauging.ledger, gauging.plant, "scrap", M1, *week(gauging, 10))
    wild_one = effect(gauging.ledger, gauging.plant, "scrap", "works/cell/m2", *week(gauging, 10))
    assert calm.gain is not None
    assert wild_one.gain is not None
    assert (calm.gain.before, calm.gain.after) == pytest.approx((wild_one.gain.before, wild_one.gain.after))
    assert (calm.verdict, wild_one.verdict) == ("better", "unclear")
    assert wild_one.gain.upper - wild_one.gain.lower > 4 * (calm.gain.upper - calm.gain.lower)
    assert wild_one.gain.lower < wild_one.gain.change < wild_one.gain.upper
    assert (calm.notes, len(wild_one.notes)) == ((), 1)


def test_wandering_days_do_not_prove_what_chance_did(gauging: Gauging) -> None:
    """Values that resemble their neighbours: the interval is wider than for the same values shuffled."""
    draw = np.random.default_rng(5)
    path = np.zeros(400)
    for at in range(1, 400):
        path[at] = 0.9 * path[at - 1] + draw.standard_normal()
    shuffled = np.concatenate([draw.permutation(path[:200]), draw.permutation(path[200:])])
    width = []
    for of, values in ((DIAMETER, path), ("g7:width", shuffled)):
        gauging.measure(values[:200].tolist(), of=of, begin="2026-03-02T08:00")
        gauging.measure(values[200:].tolist(), of=of, begin="2026-03-03T08:00")
        found = effect(gauging.ledger, gauging.plant, "mean", of, *week(gauging))
        assert found.gain is not None
        width.append(found.gain.upper - found.gain.lower)
    assert width[0] > 2 * width[1]


def test_what_cannot_be_asked(gauging: Gauging) -> None:
    before, after = week(gauging)
    for options, message in (
        ({"before": after, "after": before}, "windows out of order"),
        ({"before": before, "after": (before[0], after[1])}, "windows out of order"),
        ({"statistic": "luck"}, "unknown statistic"),
        ({"better": "nicer"}, "unknown direction"),
        ({"subject": "other:thing"}, "unknown characteristic"),
    ):
        whole = {"statistic": "out", "subject": DIAMETER, "before": before, "after": after} | options
        with pytest.raises(InputError, match=message):
            effect(gauging.ledger, gauging.plant, **whole)  # type: ignore[arg-type]
    gauging.measure([1.0] * 30, of="other:thing")
    with pytest.raises(InputError, match="no specification limits"):
        effect(gauging.ledger, gauging.plant, "out", "other:thing", before, after)
    with pytest.raises(InputError, match="no target"):
        effect(gauging.ledger, gauging.plant, "mean", "other:thing", before, after, better="target")
