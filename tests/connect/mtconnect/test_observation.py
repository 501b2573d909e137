from __future__ import annotations

import pytest

from luban.connect.mtconnect.model import DataItem
from luban.connect.mtconnect.observation import Addresses, Observation, value_of
from luban.core.quality import Quality
from luban.core.time import SECOND

LOAD = DataItem("l", "load", category="SAMPLE", kind="LOAD", units="PERCENT")
TOOL = DataItem("t", "tool", category="EVENT", kind="TOOL_NUMBER")
PARTS = DataItem("p", "parts", category="EVENT", kind="PART_COUNT")


@pytest.mark.parametrize(
    ("text", "item", "value", "quality"),
    [
        ("12", LOAD, 12.0, Quality.GOOD),
        ("1.5e3", LOAD, 1500.0, Quality.GOOD),
        ("", LOAD, None, Quality.UNAVAILABLE),
        ("NaN", LOAD, None, Quality.NOT_A_NUMBER),
        ("-Infinity", LOAD, None, Quality.NOT_A_NUMBER),
        ("1_000", LOAD, "1_000", Quality.WRONG_TYPE),
        ("high", LOAD, "high", Quality.WRONG_TYPE),
        ("2206", TOOL, "2206", Quality.GOOD),
        ("7", PARTS, 7, Quality.GOOD),
        ("", PARTS, None, Quality.UNAVAILABLE),
        ("0042", None, "0042", Quality.GOOD),
        ("42", None, 42, Quality.GOOD),
        (".5", None, 0.5, Quality.GOOD),
        ("9" * 400, None, "9" * 400, Quality.WRONG_TYPE),
        ("ACTIVE", None, "ACTIVE", Quality.GOOD),
    ],
)
def test_value(text: str, item: DataItem | None, value: object, quality: Quality) -> None:
    assert value_of(text, item) == (value, quality)
    assert type(value_of(text, item)[0]) is type(value)


def test_unavailable_is_a_quality_not_a_number() -> None:
    (sample,) = Addresses(["load"]).samples(Observation(("l", "load"), 5, None, LOAD))
    assert (sample.value, sample.quality, sample.unit, sample.time) == (None, Quality.UNAVAILABLE, "%", 5)


def test_a_condition_is_words() -> None:
    ear = Addresses(["c"])
    assert (
        ear.samples(Observation(("c",), 1, "coolant low", None, "FAULT", "2218"))[0].value == "FAULT 2218: coolant low"
    )
    assert ear.samples(Observation(("c",), 1, "", None, "NORMAL"))[0].value == "NORMAL"
    assert ear.samples(Observation(("c",), 1, "", None, "UNAVAILABLE"))[0].quality is Quality.UNAVAILABLE


def test_the_last_value_of_a_time_series_has_its_timestamp() -> None:
    seen = Observation(("v",), 10 * SECOND, "1.0 2.0 bad", None, rate=100.0, series=True)
    found = Addresses(["v"]).samples(seen)
    assert [sample.time for sample in found] == [9_980_000, 9_990_000, 10_000_000]
    assert [sample.value for sample in found] == [1.0, 2.0, "bad"]
    assert found[2].quality is Quality.WRONG_TYPE
    (text,) = Addresses(["v"]).samples(Observation(("v",), 5, "1.0 2.0", None, series=True))
    assert text.value == "1.0 2.0", "without a rate its times are unknown"
    for rate in (float("nan"), float("inf"), 1e-300, -1.0):
        (text,) = Addresses(["v"]).samples(Observation(("v",), 5, "1.0 2.0", None, rate=rate, series=True))
        assert text.time == 5


def test_parts_of_positions_and_data_sets() -> None:
    ear = Addresses(["pos", "pos/y", "pos/w", "set/a", "set"])
    found = {s.address: s.value for s in ear.samples(Observation(("pos",), 1, "1 -2.5 3", None))}
    assert found == {"pos": "1 -2.5 3", "pos/y": -2.5}
    found = {
        s.address: s.value for s in ear.samples(Observation(("set",), 1, None, None, entries={"a": "5", "b": "x"}))
    }
    assert found == {"set": '{"a": "5", "b": "x"}', "set/a": 5}


def test_one_sample_however_many_names_match() -> None:
    assert len(Addresses(["load", "l"]).samples(Observation(("l", "load", "M:load"), 1, "3", LOAD))) == 2
    assert len(Addresses(["load", "load"]).samples(Observation(("l", "load"), 1, "3", LOAD))) == 1
    assert Addresses(["else"]).samples(Observation(("l", "load"), 1, "3", LOAD)) == []


def test_doubt_in_the_document_is_doubt_in_the_sample() -> None:
    seen = Observation(("load",), 1, "3", LOAD, doubt="UNVERIFIABLE")
    assert Addresses(["load"]).samples(seen)[0].quality is Quality.UNCERTAIN
