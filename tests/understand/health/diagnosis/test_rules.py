from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import ConfigError, InputError
from luban.core.time import HOUR, MINUTE
from luban.understand.health.diagnosis import FIGURES, RuleBook, RuleWatch, read_rules, rules_of
from luban.understand.health.diagnosis.rules import parse

UNITS = {"vibration": "mm/s", "temperature": "°C", "load": "%", "run/idle": ""}

RISING = [20 + at / 50 for at in range(13)]


def rule(when: str, **more: str) -> RuleBook:
    return rules_of("\n".join(["[[rule]]", 'name = "r"', 'cause = "c"', f"when = '''{when}'''",
                               *(f'{key} = "{value}"' for key, value in more.items())]))  # fmt: skip


def holds(when: str, series: dict[str, list[float]], step: int = MINUTE) -> list[bool]:
    watch = RuleWatch(rule(when), UNITS)
    assert not watch.skipped, watch.skipped
    count = len(next(iter(series.values())))
    return [bool(told) for told in watch.run([at * step for at in range(count)], series)]


@pytest.mark.parametrize(
    ("when", "series", "expected"),
    [
        ("load > 80", {"load": [79, 80, 81, math.nan]}, [0, 0, 1, 0]),
        ("load ≥ 80 % and vibration < 2 mm/s", {"load": [80, 80], "vibration": [1.9, 2]}, [1, 0]),
        ("load > 80 or vibration > 2", {"load": [90, math.nan, math.nan], "vibration": [math.nan, 3, 1]}, [1, 1, 0]),
        ("not load > 80", {"load": [90, 70, math.nan]}, [0, 1, 0]),
        ("50 < load <= 80", {"load": [50, 51, 80, 81]}, [0, 1, 1, 0]),
        # 3 minutes without a break; a value that is missing neither breaks nor fulfils
        ("load > 80 for 3 min", {"load": [90, 90, 90, 90, 70, 90, 90, 90, 90]}, [0, 0, 0, 1, 0, 0, 0, 0, 1]),
        ("load > 80 for 3 min", {"load": [90, 90, math.nan, 90, 90]}, [0, 0, 0, 1, 1]),
        ("rise(temperature, 2 min) > 5 K", {"temperature": [20, 21, 25, 27, 27]}, [0, 0, 0, 1, 0]),
        ("rise(temperature, 2 min) > 9 °F", {"temperature": [20, 21, 25, 27, 27]}, [0, 0, 0, 1, 0]),
        ("temperature > 77 °F", {"temperature": [24.9, 25.1]}, [0, 1]),
        ("temperature - 5 K > 20 °C", {"temperature": [24.9, 25.1]}, [0, 1]),
        ("vibration > 4500 µm/s", {"vibration": [4.4, 4.6]}, [0, 1]),
        ("4.5 mm/s < vibration", {"vibration": [4.4, 4.6]}, [0, 1]),
        ("mean(load, 2 min) > 50", {"load": [100, 100, 0, 20, 90]}, [0, 0, 0, 0, 1]),
        ("max(load, 2 min) - min(load, 2 min) > 30", {"load": [0, 0, 20, 51, 60]}, [0, 0, 0, 1, 0]),
        ("slope(temperature, 10 min) > 1 °C/h", {"temperature": RISING}, [0] * 10 + [1] * 3),
        ("slope(temperature, 10 min) > 1.3 °C/h", {"temperature": RISING}, [0] * 13),
        ("sd(load, 3 min) < 1", {"load": [50, 50, 50, 50, 60]}, [0, 0, 0, 1, 0]),
        ("share(load > 80, 4 min) >= 0.5", {"load": [0, 0, 90, 0, 90, 0, 0]}, [0, 0, 0, 0, 1, 1, 0]),
        ("count(load > 80, 4 min) >= 2", {"load": [0, 90, 0, 90, 90, 90, 0]}, [0, 0, 0, 0, 1, 0, 0]),
        ("within(load > 8, 2 min) and vibration > 2", {"load": [0, 9, 0, 0], "vibration": [0, 0, 3, 3]}, [0, 0, 1, 0]),
        ("abs(temperature - 20) > 5", {"temperature": [14, 20, 26]}, [1, 0, 1]),
        ("2 * load / (1 + 1) > -(-80)", {"load": [80, 81]}, [0, 1]),
        ("load / (load - 80) > 0", {"load": [80, 81]}, [0, 1]),
        ("`run/idle` == 1", {"run/idle": [0, 1]}, [0, 1]),
    ],
)  # fmt: skip
def test_what_a_rule_means(when: str, series: dict[str, list[float]], expected: list[int]):
    assert holds(when, series) == [bool(one) for one in expected]


def test_evidence_has_values_units_and_how_long():
    watch = RuleWatch(
        rule("vibration > 4500 µm/s for 10 min and rise(temperature, 1 h) > 5 K", advice="grease it"), UNITS
    )
    for at in range(81):
        told = watch.update(at * MINUTE, {"vibration": 4.0 + (at >= 60), "temperature": 20 + 0.1 * at})
    assert told[0].text == "vibration (5 mm/s) > 4500 µm/s for 20 min and rise(temperature, 1 h) (6 °C) > 5 K"
    assert (told[0].cause, told[0].advice, told[0].since, told[0].time) == ("c", "grease it", 70 * MINUTE, 80 * MINUTE)
    assert told[0].where == "rules:1"


def test_a_value_counts_for_a_while_only():
    watch = RuleWatch(rule("load > 80 and vibration > 2"), UNITS)
    assert not watch.update(0, {"load": 90})
    assert watch.update(5 * MINUTE, {"vibration": 3})  # the load of five minutes ago still counts
    assert not watch.update(11 * MINUTE, {"vibration": 3})


def test_a_silence_begins_a_duration_anew():
    watch = RuleWatch(rule("load > 80 for 3 min"), UNITS)
    assert not watch.update(0, {"load": 90})
    assert not watch.update(HOUR, {"load": 90})  # nobody knows what was in between
    assert watch.update(HOUR + 3 * MINUTE, {"load": 90})


def test_a_clock_set_back_begins_anew():
    watch = RuleWatch(rule("load > 80 for 3 min"), UNITS)
    watch.run([0, 2 * MINUTE], {"load": [90, 90]})
    assert not watch.update(MINUTE, {"load": 90})
    assert watch.update(4 * MINUTE, {"load": 90})


WHEN = "(mean(load, 5 min) > 50 or count(load > 70, 9 min) >= 2) and not slope(vibration, 7 min) > 3 for 2 min"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 38))
def test_a_stop_and_a_restart_change_nothing(seed: int, cut: int):
    rng = np.random.default_rng(seed)
    load, vibration = rng.uniform(0, 100, 40), rng.normal(2, 0.1, 40)
    load[rng.random(40) < 0.1] = math.nan
    times = np.cumsum(rng.integers(20, 140, 40)) * 1_000_000
    rows = [{"load": float(a), "vibration": float(b)} for a, b in zip(load, vibration, strict=True)]
    whole = RuleWatch(rule(WHEN), UNITS)
    expected = [whole.update(int(time), row) for time, row in zip(times, rows, strict=True)]
    first = RuleWatch(rule(WHEN), UNITS)
    told = [first.update(int(time), row) for time, row in zip(times[:cut], rows[:cut], strict=True)]
    second = RuleWatch(rule(WHEN), UNITS)
    second.restore(json.loads(json.dumps(first.save())))
    told += [second.update(int(time), row) for time, row in zip(times[cut:], rows[cut:], strict=True)]
    assert told == expected
    assert RuleWatch(rule(WHEN), UNITS).run(times.tolist(), {"load": load, "vibration": vibration}) == tuple(expected)


def test_a_rule_that_changed_begins_anew():
    watch = RuleWatch(rule("load > 80 for 3 min"), UNITS)
    watch.run([0, 2 * MINUTE], {"load": [90, 90]})
    other = RuleWatch(rule("load > 70 for 3 min"), UNITS)
    other.restore(watch.save())
    assert not other.update(3 * MINUTE, {"load": 90})


def test_rules_of_other_machines_and_other_signals_are_left_out():
    book = rules_of('[[rule]]\nname="a"\ncause="c"\nwhen="load > 1"\nmachine="turning/*"\n'
                    '[[rule]]\nname="b"\ncause="c"\nwhen="loadd > 1 and load > 3 bar"\n')  # fmt: skip
    assert [one.name for one in book.of("milling/M1").rules] == ["b"]
    assert book.rules[1].signals == ("load", "loadd")
    assert RuleWatch(book, UNITS).skipped == {"b": "no signal of this name: loadd"}


@pytest.mark.parametrize(
    ("when", "message", "at"),
    [
        ("load >", "something is missing", 7),
        ("load", "a condition is needed here", 1),
        ("load > 3 for", "not a time", 13),
        ("load > 3 for 5", "not a time", 14),
        ("load > 3 for 0 s", "a time that does not pass", 14),
        ("lod(load, 3 min) > 2", "unknown figure", 1),
        ("mean(load) > 2", "over which time?", 10),
        ("mean(load > 2, 1 h) > 2", "a number is needed here", 6),
        ("share(load, 1 h) > 2", "a condition is needed here", 7),
        ("load > 3 m/q", "unknown unit", 8),
        ("((load > 3)", "a bracket that is not closed", 12),
        ("load > 3 and and load", "something is missing", 14),
        ("load # 3", "a character that rules do not have", 6),
        ("1 < load < 3 < 4", "more than two comparisons in a row", 16),
        ("load > 3 load", "unknown unit", 8),
        ("load > 1 and not vibration", "a condition is needed here", 18),
        ("__import__('os')", "a character that rules do not have", 12),
        ("(" * 3000 + "load > 1", "a rule that is nested too deep", 41),
        ("not " * 3000 + "load > 1", "a rule that is nested too deep", 165),
    ],
)  # fmt: skip
def test_an_error_points_at_its_place(when: str, message: str, at: int):
    with pytest.raises(InputError) as raised:
        parse(when)
    assert raised.value.message == message
    assert raised.value.where == f"character {at}"
    assert "⟨here⟩" in raised.value.hint


@pytest.mark.parametrize("when", ["temperature > 3 bar", "`run/idle` > 3 bar", "temprature > 3"])
def test_units_and_names_are_held_against_the_machine(when: str):
    parse(when)
    with pytest.raises(InputError):
        parse(when, UNITS)


WORDS = (
    "load", "3", "80 %", "5 min", ">", "<=", "and", "or", "not", "for", "(", ")", "-", "+", "/", ",", "mean(", "share(",
    "within(", "`x y`", "°C", "é", "\n",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_text_is_read_or_refused_with_its_place(parts: list[str]):
    text = " ".join(parts)
    try:
        node = parse(text)
    except InputError as error:
        where = error.where
    else:
        where = "character 1" if node.truth and node.update(0, {"load": 1.0}) in (None, 0.0, 1.0) else ""
    assert where.startswith("character ")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("x = 1", "unknown key", 1),
        ('[[rule]]\nname="a"\ncause="b"\n\nwhen="load > "', "something is missing", 5),
        ('[[rule]]\nname="a"\nwhn="b"', "unknown key", 3),
        ('\n[[rule]]\nname="a"\ncause="c"\n', "a rule without when", 2),
        ('[[rule]]\nname="a"\ncause=3\n', "cause is not a text", 3),
        ('hold = "10 min"\n[[rule]\n', "not TOML", 2),
        ('hold = "soon"', "not a duration", 1),
        (
            '[[rule]]\nname="a"\ncause="c"\nwhen="x>1"\n[[rule]]\nname="a"\ncause="c"\nwhen="x>1"',
            "two rules of one name",
            6,
        ),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, message: str, line: int):
    file = tmp_path / "diagnosis.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        read_rules(file)
    assert raised.value.message == message
    assert raised.value.where.startswith(f"diagnosis.toml:{line}")


def test_no_file_is_an_error_of_the_tree(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rules(tmp_path / "odd.toml")


def test_every_figure_is_explained():
    assert set(FIGURES) == {"mean", "min", "max", "sd", "rise", "slope", "share", "count", "within", "abs"}


@pytest.mark.parametrize("text", ['rule = ["load > 3"]', "rule = [1]"])
def test_rules_that_are_no_tables_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        rules_of(text)


@pytest.mark.parametrize("figure", ["sd(x, 1 min)", "slope(x * x, 1 min)", "mean(x, 1 min)", "sd(x * x, 1 min)"])
def test_a_reading_beyond_all_measure_fulfils_nothing_and_breaks_nothing(figure: str) -> None:
    watch = RuleWatch(rules_of(f'[[rule]]\nname = "r"\ncause = "c"\nwhen = "{figure} > 1e200"'))
    for at, value in enumerate((1.0, 1e300, -1e300, 1.7e308, 1e90, 2.0)):
        assert watch.update(at * MINUTE // 4, {"x": value}) == ()
