from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from luban.connect.mtconnect.model import DataItem, DeviceModel, read_devices
from luban.connect.mtconnect.observation import Observation
from luban.connect.shdr.device import _escaped
from luban.connect.shdr.line import AdapterClock, Reader, fields_of
from luban.core.errors import PayloadError
from luban.core.time import SECOND, parse_time

NOON = parse_time("2026-11-24T12:00:00Z")

# The reference agent's own cases (cppagent 708116fb, test_package/shdr_tokenizer_test.cpp, Apache-2.0).
CASES = {
    "   |hello   |   kitty| cat | ": ["", "hello", "kitty", "cat", ""],
    "hello|kitty": ["hello", "kitty"],
    "hello|kitty|": ["hello", "kitty", ""],
    "|hello|kitty|": ["", "hello", "kitty", ""],
    'hello|xxx={b="12345", c="xxxxx"}}|bbb': ["hello", 'xxx={b="12345", c="xxxxx"}}', "bbb"],
    r'"a\|b"': ["a|b"],
    r'"a\|b"|z': ["a|b", "z"],
    r'y|"a\|b"|z': ["y", "a|b", "z"],
    r'y|"a\|b\|c"|z': ["y", "a|b|c", "z"],
    r'y|"\|b\|c"|z': ["y", "|b|c", "z"],
    r'y|"a\|b\|"|z': ["y", "a|b|", "z"],
    r'a\|b"': ["a\\", 'b"'],
    r'y|a\|b"|z': ["y", "a\\", 'b"', "z"],
    r'"a\|b': ['"a\\', "b"],
    r'y|"a\|b|z': ["y", '"a\\', "b", "z"],
    r'"a\|': ['"a\\', ""],
    r'y|"a\|"z': ["y", '"a\\', '"z'],
    "x|y||z": ["x", "y", "", "z"],
}


@pytest.mark.parametrize("line", CASES)
def test_fields(line: str) -> None:
    assert fields_of(line) == CASES[line]


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])), min_size=2))
def test_what_an_adapter_escapes_comes_back(values: list[str]) -> None:
    plain = [value.strip() for value in values if not value.strip().startswith('"')]
    assert fields_of("|".join(["t", *map(_escaped, plain)])) == ["t", *plain]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24T12:00:00.1234567Z", NOON + 123_456),
        ("2026-11-24T12:00:00.5", NOON + 500_000),
        ("2026-11-24T20:00:00+08:00", NOON),
        ("2026-11-24T12:00:00Z@12.5", NOON),
        ("", 77),
        ("@5", 77),
    ],
)
def test_times(text: str, time: int) -> None:
    assert AdapterClock().read(text, 77) == time


def test_relative_times() -> None:
    clock = AdapterClock()
    assert [clock.read(text, NOON) for text in ("1500.5", "1600.5", "2500.5")] == [NOON, NOON + 100_000, NOON + SECOND]
    clock = AdapterClock(relative=True)
    assert clock.read("1970-01-01T00:00:10Z", NOON) == NOON
    assert clock.read("1970-01-01T00:00:12Z", NOON + 5) == NOON + 2 * SECOND


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "T", "nan", "inf", "1e300", "12:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(PayloadError):
        AdapterClock().read(text, 77)


def read(line: str, model: DeviceModel | None = None) -> list[Observation]:
    return list(Reader(model).read(fields_of(line)[1:], 5))


def test_pairs_without_a_devices_file() -> None:
    found = read("t|a|1|M1:b|UNAVAILABLE|c||")
    assert [(seen.names[0], seen.text) for seen in found] == [("a", "1"), ("M1:b", None), ("c", "")]
    assert found[1].names == ("M1:b", "b")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("t|system|NORMAL||||", "NORMAL"),
        ("t|system|FAULT|2218|HIGH|LOW|coolant low", "FAULT 2218: coolant low"),
        ("t|system|warning|7|||", "WARNING 7"),
    ],
)
def test_conditions_without_a_devices_file(line: str, words: str) -> None:
    (seen,) = read(line)
    assert seen.words == words


def test_a_condition_is_remembered() -> None:
    reader = Reader()
    (normal,) = reader.read(["c", "NORMAL", "", "", "", ""], 5)
    (gone,) = reader.read(["c", "UNAVAILABLE", "x", "1", "y", "2"], 6)
    assert (normal.level, gone.level) == ("NORMAL", "UNAVAILABLE")
    pairs = list(reader.read(["other", "UNAVAILABLE", "x", "1", "y", "2"], 6))
    assert [(seen.names[0], seen.text) for seen in pairs] == [("other", None), ("x", "1"), ("y", "2")]


def test_messages_and_series_without_a_devices_file() -> None:
    (message,) = read("t|msg|A12|door open")
    assert (message.text, message.code) == ("door open", "A12")
    (series,) = read("t|vib|3|100|1.0 1.1 1.2")
    assert (series.series, series.rate, series.text) == (True, 100.0, "1.0 1.1 1.2")
    assert len(read("t|a|3|b|1.0")) == 2


MODEL = read_devices(b"""<MTConnectDevices><Devices><Device id="d" name="M1"><DataItems>
<DataItem id="l" name="load" type="LOAD" category="SAMPLE" units="PERCENT" nativeUnits="PERCENT"/>
<DataItem id="f" name="feed" type="PATH_FEEDRATE" category="SAMPLE" units="MILLIMETER/SECOND"
 nativeUnits="MILLIMETER/MINUTE"/>
<DataItem id="p" name="pos" type="PATH_POSITION" category="SAMPLE" units="MILLIMETER_3D" nativeUnits="INCH_3D"/>
<DataItem id="v" name="vib" type="DISPLACEMENT" category="SAMPLE" representation="TIME_SERIES" units="MILLIMETER"/>
<DataItem id="c" name="cond" type="SYSTEM" category="CONDITION"/>
<DataItem id="m" name="msg" type="MESSAGE" category="EVENT"/>
<DataItem id="s" name="vars" type="VARIABLE" category="EVENT" representation="DATA_SET"/>
<DataItem id="x" type="TOOL_NUMBER" category="EVENT"><Source>TOOLNO</Source></DataItem>
</DataItems></Device></Devices></MTConnectDevices>""")


def test_with_a_devices_file_each_kind_takes_its_own_fields() -> None:
    found = read(
        "t|load|5|cond|FAULT|1|2|HIGH|bad|msg|A|text|vib|2|10|1 2|vars|a=1 b={two words} c|TOOLNO|7|new|9", MODEL
    )
    assert [seen.names[0] for seen in found] == ["load", "cond", "msg", "vib", "vars", "TOOLNO", "new"]
    assert (found[1].words, found[1].qualifier) == ("FAULT 1: bad", "HIGH")
    assert (found[2].text, found[2].code) == ("text", "A")
    assert (found[3].rate, found[3].text) == (10.0, "1 2")
    assert found[4].entries == {"a": "1", "b": "two words", "c": ""}
    assert found[5].item is not None
    assert (found[5].item.id, found[6].item) == ("x", None)


def test_native_units_become_the_data_items() -> None:
    found = read("t|load|50|feed|60|M1:pos|1 2 0|load|UNAVAILABLE|feed|fast", MODEL)
    assert [seen.text for seen in found] == ["50", "1.0", "25.4 50.8 0.0", None, "fast"]
    item = DataItem("a", category="SAMPLE", units="MILLIMETER", native="MILLIMETER", scale=10.0)
    assert item.converted(5.0) == 0.5


@pytest.mark.parametrize(
    "line", ["t|a", "t|load|1|b", "t||5", "t|load|1|<xml>|2", "t|cond|BROKEN||||", "t|vib|2|fast|1 2"]
)
def test_garbage_is_refused_and_what_stood_before_it_is_kept(line: str) -> None:
    reader = Reader(MODEL)
    kept: list[Observation] = []
    with pytest.raises(PayloadError):
        kept.extend(reader.read(fields_of(line)[1:], 5))
    assert len(kept) == (1 if line.startswith("t|load|1") else 0)
