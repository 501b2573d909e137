import numpy as np
import pytest

from luban.core.errors import InputError
from luban.rollup.glut import BASELINE, overcapacity
from luban.rollup.outbreak import outbreaks
from luban.rollup.periods import watch_industries
from luban.rollup.points import Point
from luban.rollup.signals import jumps, series_signals, straight_years, tail_length
from luban.understand.quality.read import read_columns


def points(values, first=2005):
    return [Point(first + place, float(value)) for place, value in enumerate(values)]


def kinds(some):
    return [(one.kind, one.year) for one in some]


def test_a_repeated_tail_is_named_and_a_habit_is_not():
    moving = [24.5, 24.4, 23.6, 23.1, 22.6, 22.3, 21.7, 21.1, 21.0, 20.2, 17.7]
    assert ("repeated tail", 2017) in kinds(series_signals(points([*moving, 17.7, 17.7])))
    whole_numbers = [3, 3, 4, 4, 4, 5, 5, 6, 6, 6]
    assert tail_length(points(whole_numbers)) == 0
    assert tail_length(points(moving)) == 0
    assert tail_length(points([61.2, 70.1, 83.4, 96.0, 100, 100, 100])) == 0


def test_a_ratio_that_changed_its_tables_is_a_break():
    # value added over output of manufacturing in China, from the input-output tables of these years
    va = [(2005, 22.95), (2010, 19.69), (2015, 19.48), (2017, 22.67), (2018, 23.01), (2020, 23.14)]
    found = series_signals([Point(year, value, source="2015" if year <= 2015 else "2017") for year, value in va])
    assert kinds(found) == [("break", 2017)]
    assert found[0].severity == "doubt"
    assert series_signals([Point(year, value) for year, value in va])[0].severity == "note"


@pytest.mark.parametrize("years", [6, 12, 25])
def test_random_series_are_seldom_called_broken(years):
    rng = np.random.default_rng(years)
    chances = [jumps(points(np.cumsum(rng.standard_normal(years)))) for _ in range(300)]
    for chance in (0.01, 0.05, 0.20):
        share = np.mean([any(one.chance <= chance for one in found) for found in chances])
        assert share <= chance + 2.6 * np.sqrt(chance / 300) + 0.01
    shifted = [jumps(points(np.cumsum(rng.standard_normal(25)) + 40 * (np.arange(25) > 12))) for _ in range(20)]
    assert all(2018 in [one.year for one in found if one.chance <= 0.05] for found in shifted)


def test_a_slip_of_one_year_is_no_break():
    values = [1, 2, 3.2, 4.1, 5, 30, 6.9, 8, 9.1, 10, 11]
    assert jumps(points(values)) == ()


def test_straight_lines_between_surveys():
    assert straight_years(points([10, 11, 12, 13, 15, 15.2, 18])) == (2006, 2007)
    assert straight_years(points([10, 11, 12.1, 13, 15, 15.2, 18])) == ()


def test_another_population_is_named():
    found = series_signals([Point(2021, 74.7), Point(2023, 80.1, population="key firms")], "above scale")
    assert kinds(found) == [("population", 2023)]


def world(rng, glut):
    """Sixty quarters of an industry; with a glut, capacity outgrows demand from quarter 26 to 36."""
    noise = np.zeros((3, 60))
    for now in range(1, 60):
        noise[:, now] = 0.4 * noise[:, now - 1] + rng.standard_normal(3) * np.sqrt(1 - 0.16)
    excess = np.clip(np.arange(60) - 26, 0, 10) * glut
    lagged = np.concatenate([np.zeros(2), excess[:-2]])
    price = 100 + 2 * noise[2] - 2.5 * np.concatenate([np.zeros(4), excess[:-4]])
    return 82 + 1.5 * noise[0] - 1.5 * excess, 30 + 1.5 * noise[1] + 1.2 * lagged, price


def test_a_glut_is_warned_of_before_prices_reach_their_floor():
    rng = np.random.default_rng(2)
    early, quiet = [], 0
    for _ in range(40):
        use, stock, price = world(rng, 1)
        floor = int(np.argmax(price <= np.median(price[42:]) + 1))
        found = [one.period for one in overcapacity(use, stock=stock, price=price) if one.period >= 26]
        early.append(floor - found[0] if found else -99)
        quiet += not overcapacity(*world(rng, 0)[:1], stock=world(rng, 0)[1])
    assert np.mean(np.array(early) >= 2) >= 0.95
    assert quiet >= 37


def test_overcapacity_says_what_moved_and_refuses_what_it_cannot_use():
    use = [82 + 0.5 * (-1) ** n for n in range(BASELINE)] + [82 - 2 * n for n in range(10)]
    found = overcapacity(use, industry="C3110", baseline=BASELINE)
    assert overcapacity(use)[0].period >= found[0].period  # fewer periods know less: the limit is wider
    assert (found[0].severity, found[0].place) == ("doubt", "C3110")
    assert found[0].text == f"utilisation left what was usual in the first {BASELINE} periods"
    assert BASELINE < found[0].period <= BASELINE + 4
    for wrong in ([1.0] * 40, use[:12]):
        with pytest.raises(InputError):
            overcapacity(wrong)


@pytest.mark.parametrize("name", ["{n}", "2024-{n}", "2024年{n}月", "{n}.0"])
def test_the_tenth_period_comes_after_the_ninth(name, tmp_path):
    names = [name.format(n=n + 1) for n in range(30)]
    use = [82 + 0.5 * (-1) ** n for n in range(20)] + [82 - 3 * n for n in range(10)]
    rows = [f"{when},C31,{value}" for when, value in zip(names, use, strict=True)]
    file = tmp_path / "quarters.csv"
    file.write_text("\n".join(["period,industry,utilisation", *reversed(rows)]), "utf-8")
    found = watch_industries(read_columns(file))
    assert list(found.periods) == names
    assert found.periods[found.signals[0].period] in names[20:25]


def test_an_outbreak_is_found_and_noise_is_not():
    rng = np.random.default_rng(4)
    false, late = 0, 0
    for _ in range(60):
        usual = rng.uniform(4, 15, (12, 1)) * np.ones((12, 32))
        counts = rng.poisson(usual).astype(float)
        counts[2, 7] = np.nan
        counts[5, 12:14] *= 4  # an outbreak of the past must not hide the next one
        false += bool(outbreaks(counts, start=24))
        counts[5, 28:] += rng.poisson(2.5 * usual[5, 28:])
        found = [one for one in outbreaks(counts, start=24) if one.place == "6" and one.period >= 28]
        late += not found or found[0].period > 29
    assert false <= 7  # 5 % at most, of sixty runs
    assert late <= 2


def test_counts_are_judged_by_what_they_come_from():
    counts, exposure = np.full((2, 14), 10.0) + np.arange(14) % 3, np.full((2, 14), 1000.0)
    counts[:, 13], exposure[0, 13] = 40, 4000
    assert [one.place for one in outbreaks(counts, exposure, ["C13", "C14"])] == ["C14"]


@pytest.mark.parametrize("counts", [[1, 2], [[1.0] * 12], [[-1.0] * 20]])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(InputError):
        outbreaks(counts)
