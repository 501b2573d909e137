from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa as fleiss_of_statsmodels

from luban.core.errors import InputError
from luban.understand.quality.agreement import agreement, cohen_kappa, fleiss_kappa

# J. L. Fleiss (1971): fourteen raters, ten subjects, five classes, kappa 0.210
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "kappa"),
    # AIAG, Measurement Systems Analysis, 4th edition, ch. III C: appraisers A, B, C and the reference
    [
        ([[44, 6], [3, 97]], 0.86), ([[42, 5], [9, 94]], 0.79), ([[43, 7], [8, 92]], 0.78), ([[45, 5], [3, 97]], 0.88),
        ([[45, 2], [3, 100]], 0.92), ([[42, 9], [6, 93]], 0.77),
    ],
)  # fmt: skip
def test_the_published_kappas(table: list[list[int]], kappa: float):
    assert round(cohen_kappa(table).value, 2) == kappa


@pytest.mark.parametrize(("weights", "other"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_cohen_is_that_of_statsmodels(weights: str, other: str | None):
    table = np.array([[44, 6, 2], [3, 30, 5], [1, 4, 20]])
    own, judge = cohen_kappa(table, weights=weights), cohens_kappa(table, wt=other)
    assert (own.value, own.low, own.high) == pytest.approx((judge.kappa, judge.kappa_low, judge.kappa_upp))
    assert own.z == pytest.approx(judge.z_value)


def test_fleiss_is_the_published_one():
    own = fleiss_kappa(FLEISS)
    assert round(own.value, 3) == 0.210
    assert own.value == pytest.approx(fleiss_of_statsmodels(np.array(FLEISS)))
    assert own.low < own.value < own.high


def study(**changed: object) -> dict[str, object]:
    """Four parts, two appraisers, two trials; A errs once on a bad part, B once on a good one."""
    rows = [
        (1, "A", "ok", "ok"), (1, "A", "ok", "ok"), (2, "A", "bad", "bad"), (2, "A", "ok", "bad"),
        (3, "A", "ok", "ok"), (3, "A", "ok", "ok"), (4, "A", "bad", "bad"), (4, "A", "bad", "bad"),
        (1, "B", "ok", "ok"), (1, "B", "bad", "ok"), (2, "B", "bad", "bad"), (2, "B", "bad", "bad"),
        (3, "B", "ok", "ok"), (3, "B", "ok", "ok"), (4, "B", "bad", "bad"), (4, "B", "bad", "bad"),
    ]  # fmt: skip
    part, who, judged, reference = map(list, zip(*rows, strict=True))
    return {"part": part, "appraiser": who, "judged": judged, "reference": reference, "good": "ok"} | changed


def test_matches_misses_and_false_alarms_are_counted():
    found = agreement(**study())
    assert [(one.who, one.matched, one.of) for one in found.within] == [("A", 3, 4), ("B", 3, 4)]
    assert [(one.matched, one.of) for one in found.correct] == [(3, 4), (3, 4)]
    assert (found.between.matched, found.all_correct.matched) == (2, 2)
    assert (found.missed["A"].matched, found.missed["A"].of) == (1, 4)
    assert (found.false_alarms["B"].matched, found.false_alarms["B"].of) == (1, 4)
    assert found.missed["B"].matched == found.false_alarms["A"].matched == 0
    assert found.verdicts == {"A": "bad", "B": "bad"}
    assert found.used == 16


def test_exact_intervals_of_a_published_table():
    # five appraisers rate fifteen essays once (Minitab's example ESSAY): 8 and 13 of 15 right
    parts = [at for at in range(15) for _ in range(2)]
    who = ["Duncan", "Hayes"] * 15
    judged = [x for at in range(15) for x in ("1" if at < 8 else "2", "1" if at < 13 else "2")]
    found = agreement(parts, who, judged, ["1"] * 30)
    ends = [(round(100 * one.low, 2), round(100 * one.high, 2)) for one in found.correct]
    assert ends == [(26.59, 78.73), (59.54, 98.34)]
    assert found.within == ()
    assert any("one trial" in note for note in found.notes)


def test_perfect_agreement_and_one_class_are_told_apart():
    same = agreement([1, 1, 2, 2], list("ABAB"), ["ok", "ok", "bad", "bad"])
    assert same.pairs[0].value == pytest.approx(1)
    assert "no reference" in same.notes[0]
    only = agreement([1, 1, 2, 2], list("ABAB"), ["ok"] * 4)
    assert only.pairs[0].value is None
    assert "one category" in only.pairs[0].reason


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"good": "fine"}, "no such judgement"),
        ({"reference": ["ok", "bad", *["ok"] * 14]}, "two references"),
        ({"part": [9, *study()["part"][1:]]}, "differ in number"),
        ({"weights": "cubic"}, "no such weights"),
    ],
)
def test_what_is_no_study_is_an_error(changed: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        agreement(**study(**changed))
