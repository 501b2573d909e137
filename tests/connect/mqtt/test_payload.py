"""Addresses, documents and times of MQTT payloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.mqtt.payload import document, leaves, parse_address, parse_path, read_time, records
from luban.core.errors import ConfigError, PayloadError
from luban.core.quality import Quality
from luban.core.time import from_datetime

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENT = from_datetime(datetime(2026, 11, 24, 6, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "topic", "path"),
    [
        ("hall/press01/data#load", "hall/press01/data", ("load",)),
        ("hall/press01/data#axes[1].load", "hall/press01/data", ("axes", 1, "load")),
        ('hall/press01/data#["a.b"].c', "hall/press01/data", ("a.b", "c")),
        ("hall/press01/data#[0].v", "hall/press01/data", (0, "v")),
        ("hall/press01/state", "hall/press01/state", ()),
        ("车间/压机#主轴.负载", "车间/压机", ("主轴", "负载")),
    ],
)
def test_address(text: str, topic: str, path: tuple[str | int, ...]) -> None:
    address = parse_address(text)
    assert (address.topic, address.path) == (topic, path)


@pytest.mark.parametrize("text", ["", "#load", "hall/+/data#load", "hall/press01#", "hall/press01#a[b]", "hall#a[1"])
def test_address_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_address(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 62), 1 << 62) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_every_leaf_has_an_address_that_finds_it(root: object) -> None:
    for path, value in leaves(root):
        if path:
            assert parse_address(f"t#{path}").find(root) == value


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_a_payload_error(data: bytes) -> None:
    for encoding in ("utf-8", "gbk"):
        try:
            found = document(data, encoding)  # type: ignore[arg-type]
        except PayloadError:
            continue
        for _ in leaves(found):
            pass


def test_scalars_and_text() -> None:
    assert document(b"12.5") == 12.5
    assert document(b"true") is True
    assert document(b"RUN\r\n") == "RUN"
    assert document('﻿{"a": 1}'.encode()) == {"a": 1}
    assert document("运行".encode("gbk"), "gbk") == "运行"
    with pytest.raises(PayloadError, match="UTF-8"):
        document("运行".encode("gbk"))
    with pytest.raises(PayloadError, match="not JSON"):
        document(b'{"a": ')
    with pytest.raises(PayloadError, match="not JSON"):
        document(b"[" * 100_000)
    with pytest.raises(PayloadError, match="longer"):
        document(b"x" * 11, most=10)


def test_values_that_are_none() -> None:
    sample = parse_address("t#a").sample({"a": None}, 1, Quality.GOOD)
    assert (sample.value, sample.quality) == (None, Quality.UNAVAILABLE)
    for root in ({}, {"a": {"b": 1}}, {"a": [1]}, {"a": 10**400}, 7):
        with pytest.raises(PayloadError):
            parse_address("t#a").sample(root, 1, Quality.GOOD)
    assert parse_address("t#a").sample({"a": 1 << 64}, 1, Quality.GOOD).value == float(1 << 64)


def test_a_list_of_objects_is_a_batch() -> None:
    batch = [{"v": 1}, {"v": 2}]
    assert list(records(batch, parse_path("v"))) == batch
    assert list(records(batch, parse_path("[1].v"))) == [batch]
    assert list(records({"v": 1}, parse_path("v"))) == [{"v": 1}]
    assert list(records([], parse_path("v"))) == [[]]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-11-24T06:30:00Z", "auto"),
        ("2026-11-24T14:30:00+08:00", "iso"),
        ("2026-11-24 14:30:00", "auto"),
        (MOMENT // 1_000_000, "auto"),
        (MOMENT // 1_000, "auto"),
        (MOMENT, "auto"),
        (str(MOMENT // 1_000), "auto"),
        (MOMENT / 1_000_000, "s"),
        (str(MOMENT // 1_000), "ms"),
        (MOMENT, "us"),
    ],
)
def test_times(value: object, form: str) -> None:
    assert read_time({"h": {"ts": value}}, ("h", "ts"), form, SHANGHAI) == MOMENT  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, "auto"),
        (True, "auto"),
        ("yesterday", "auto"),
        ("2026-11-24 14:30:00", "iso"),
        (5, "iso"),
        (-1, "auto"),
        (float("nan"), "auto"),
        (float("inf"), "us"),
        ([1], "auto"),
        ("x", "ms"),
        ("1e999", "auto"),
        ("1.0e999", "us"),
    ],
)
def test_times_refused(value: object, form: str) -> None:
    with pytest.raises(PayloadError):
        read_time({"ts": value}, ("ts",), form, None)  # type: ignore[arg-type]


def test_json_itself_allows_nan() -> None:
    assert json.dumps(document(b'{"a": NaN}')) == '{"a": NaN}'
