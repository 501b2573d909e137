"""The score of the benchmark against scores that it published, and against its rules by hand."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from benchmarks.nab_score import PROFILES, Series, best_threshold, corpus_score, outside, probation

DATA = Path(__file__).parent / "data"
PUBLISHED = {  # numenta_standard_scores.csv: windows, score, rows with a false alarm
    "TravelTime_451": ((("2015-08-09 17:57:00", "2015-08-12 20:01:00"),), 0.55193672851, 0),
    "speed_6005": ((("2015-09-16 18:40:00", "2015-09-17 16:24:00"),), 0.512622001756, 3),
    "exchange-3_cpm_results": ((("2011-08-16 10:15:01", "2011-08-23 00:15:01"),), 0.752161591569, 1),
}


def read(name: str) -> tuple[Series, np.ndarray]:
    with gzip.open(DATA / f"{name}.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    times = [row["timestamp"] for row in rows]
    windows = tuple((times.index(first), times.index(last)) for first, last in PUBLISHED[name][0])
    stamps = np.array(times, "datetime64[us]").astype(np.int64)
    series = Series(name, stamps, np.array([float(row["value"]) for row in rows]), windows)
    return series, np.array([float(row["anomaly_score"]) for row in rows])


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_scores_to_nine_digits(name: str) -> None:
    series, scores = read(name)
    verdict = corpus_score([series], {name: scores >= 0.542187690735})
    assert verdict.raw == pytest.approx(PUBLISHED[name][1], rel=1e-9)
    assert verdict.false == PUBLISHED[name][2]


def test_the_best_threshold_is_the_best_of_all() -> None:
    read_in = [read(name) for name in sorted(PUBLISHED)]
    corpus, scores = [one for one, _ in read_in], {one.name: score for one, score in read_in}
    threshold, score = best_threshold(corpus, scores)

    def at(level: float) -> float:
        return corpus_score(corpus, {name: own >= level for name, own in scores.items()}).score

    assert at(threshold) == pytest.approx(score)
    assert score == pytest.approx(max(at(level) for level in np.unique(np.concatenate(list(scores.values())))))


def test_first_rows_count_nothing_a_perfect_run_is_100_and_silence_is_0() -> None:
    series = Series("x", np.arange(1000), np.zeros(1000), ((400, 499), (800, 899)))
    assert probation(1000) == 150
    assert probation(10_000) == 750
    quiet = np.zeros(1000, bool)
    assert corpus_score([series], {"x": quiet}).score == 0
    early, perfect = quiet.copy(), quiet.copy()
    early[:150] = True
    assert corpus_score([series], {"x": early}).score == 0
    perfect[[400, 800]] = True
    for profile in PROFILES.values():
        assert corpus_score([series], {"x": perfect}, profile).score == pytest.approx(100)
    assert outside(series).sum() == 1000 - 150 - 200


def test_a_false_alarm_costs_less_just_behind_a_window() -> None:
    series = Series("x", np.arange(1000), np.zeros(1000), ((400, 499),))

    def cost(row: int) -> float:
        fired = np.zeros(1000, bool)
        fired[row] = True
        return corpus_score([series], {"x": fired}).raw + 1

    assert cost(300) == pytest.approx(-0.11)
    assert -0.02 < cost(502) < 0
    assert cost(502) > cost(540) > cost(700)
    assert cost(999) == pytest.approx(-0.11)
