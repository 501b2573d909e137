"""Addresses and what registers say. The bytes are those of IEEE 754 and of the Modbus specification's examples."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from luban.connect.modbus.address import ORDERS, Place, parse
from luban.core.errors import ConfigError, InputError, PayloadError


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("input:52:float32", Place(1, "input", 52, 2), "float32"),
        ("3/holding:0x1000:uint32:cdab*0.01", Place(3, "holding", 4096, 2), "uint32"),
        ("40053:float32", Place(1, "holding", 52, 2), "float32"),
        ("30001", Place(1, "input", 0, 1), "uint16"),
        ("400001:int16", Place(1, "holding", 0, 1), "int16"),
        ("465536", Place(1, "holding", 65535, 1), "uint16"),
        ("00001", Place(1, "coil", 0, 1), "bool"),
        ("10003", Place(1, "discrete", 2, 1), "bool"),
        ("holding:40001:int16", Place(1, "holding", 40001, 1), "int16"),
        ("holding:4:bit[7]", Place(1, "holding", 4, 1), "bit"),
        ("holding:30:string[15]", Place(1, "holding", 30, 8), "string"),
        ("coil:12", Place(1, "coil", 12, 1), "bool"),
        ("Holding:7:INT64", Place(1, "holding", 7, 4), "int64"),
    ],
)
def test_what_an_address_names(text: str, place: Place, kind: str) -> None:
    point = parse(text)
    assert (point.place, point.type, point.text) == (place, kind, text)


def test_the_source_s_unit_and_order_hold_where_the_address_names_none() -> None:
    assert parse("input:1:int32", unit=9, order="dcba").place.unit == 9
    assert parse("input:1:int32", unit=9, order="dcba").order == "dcba"
    assert parse("2/input:1:int32:abcd", unit=9, order="dcba").place.unit == 2
    assert parse("2/input:1:int32:abcd", unit=9, order="dcba").order == "abcd"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a Modbus address"),
        ("register:1", "no such table"),
        ("holding:65535:int32", "no such register"),
        ("holding:1:int24", "no such type"),
        ("holding:1:bit[16]", "no such type"),
        ("holding:1:bit", "no such type"),
        ("holding:1:string", "no such type"),
        ("holding:1:string[251]", "no such type"),
        ("holding:1:int16[2]", "no such type"),
        ("coil:1:int16", "a coil is a single bit"),
        ("holding:1:int32:acbd", "no such order"),
        ("holding:1:int16*0", "not a scale"),
        ("holding:1:int16*1e9999999999999", "not a scale"),
        ("holding:1:bit[3]*2", "a bit has no scale"),
        ("256/holding:1", "no such unit"),
        ("20001", "no such register"),
        ("40000", "no such register"),
        ("470000", "no such register"),
    ],
)
def test_what_is_no_address(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse(text)
    assert caught.value.came == text
    assert caught.value.expected or "has no scale" in said


# 123456.789 as a 32-bit float is 0x47F12065 (IEEE 754); -2 as int32 is 0xFFFFFFFE
@pytest.mark.parametrize(
    ("address", "words", "value"),
    [
        ("input:0:float32", [0x47F1, 0x2065], 123456.7890625),
        ("input:0:float32:cdab", [0x2065, 0x47F1], 123456.7890625),
        ("input:0:float32:badc", [0xF147, 0x6520], 123456.7890625),
        ("input:0:float32:dcba", [0x6520, 0xF147], 123456.7890625),
        ("input:0:int32", [0xFFFF, 0xFFFE], -2),
        ("input:0:int16:badc", [0xFEFF], -2),
        ("input:0:int16:cdab", [0xFFFE], -2),
        ("input:0:uint64", [0, 0, 1, 2], 65538),
        ("input:0:uint64:cdab", [2, 1, 0, 0], 65538),
        ("input:0:float64", [0x3FF8, 0, 0, 0], 1.5),
        ("input:0:uint16*0.1", [2345], 234.5),
        ("input:0:uint16*0.1", [3], 0.3),
        ("input:0:int16*10^9", [65531], -500.0),
        ("input:0:bit[0]", [0x0001], True),
        ("input:0:bit[15]", [0x8000], True),
        ("input:0:bit[14]", [0x8000], False),
        ("input:0:string[5]", [0x414D, 0x4341, 0x0000], "AMCA"),
        ("input:0:string[5]", [0x414D, 0x4341, 0x58FF], "AMCAX"),
        ("input:0:string[4]:badc", [0x4D41, 0x4143], "AMCA"),
    ],
)
def test_what_registers_say(address: str, words: list[int], value: float | str) -> None:
    assert parse(address).value(words, 2) == value


@pytest.mark.parametrize("power", [None, -11, 11, -32768])
def test_a_power_of_ten_that_cannot_be(power: int | None) -> None:
    with pytest.raises(PayloadError, match="no power of ten"):
        parse("input:0:int16*10^9").value([5], power)


def test_text_that_is_none() -> None:
    with pytest.raises(PayloadError, match="not text"):
        parse("input:0:string[4]").value([0xFFFF, 0xFFFF])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("input:0:int16", [0x8000]),
        ("input:0:uint16", [0xFFFF]),
        ("input:0:int32", [0x8000, 0]),
        ("input:0:uint32", [0xFFFF, 0xFFFF]),
        ("input:0:int64", [0x8000, 0, 0, 0]),
    ],
)
def test_what_sunspec_does_not_implement_is_no_value(address: str, words: list[int]) -> None:
    """SunSpec Information Model Specification V1.9 §4.3."""
    assert parse(address).value(words, sunspec=True) is None
    assert parse(address).value(words) is not None


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("holding:0:int16", 32768),
        ("holding:0:uint16", -1),
        ("holding:0:uint16", 1.5),
        ("holding:0:uint16", "5"),
        ("holding:0:uint16*0.1", math.inf),
        ("holding:0:int32*0.001", 3e6),
        ("holding:0:float32", 1e39),
        ("holding:0:string[3]", "ÖÖ"),
        ("holding:0:uint16", None),
        ("coil:0", 2),
    ],
)
def test_what_does_not_fit_is_said(address: str, value: float | str | None) -> None:
    with pytest.raises(InputError, match="does not fit") as caught:
        parse(address).words(value)
    assert caught.value.where == address


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(ORDERS))
def test_whole_numbers_come_back(value: int, order: str) -> None:
    point = parse(f"holding:0:int64:{order}")
    assert point.value(point.words(value)) == value


@given(st.floats(width=32, allow_nan=False), st.sampled_from(ORDERS))
def test_floats_come_back(value: float, order: str) -> None:
    point = parse(f"holding:0:float32:{order}")
    assert point.value(point.words(value)) == value


@given(st.integers(0, 65_535), st.sampled_from(["0.1", "0.01", "0.001", "10", "0.25"]))
def test_scaled_numbers_come_back(raw: int, scale: str) -> None:
    point = parse(f"holding:0:uint16*{scale}")
    assert point.words(point.value([raw])) == [raw]


@given(st.text())
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    try:
        point = parse(text)
    except ConfigError:
        return
    assert point.place.count >= 1
    assert point.text == text
