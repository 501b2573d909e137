"""The driver against modbus-serial, which shares no code with it, and against our device where that must misbehave."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from functools import partial

import pytest

from luban.connect.modbus.device import ModbusDevice
from luban.connect.registry import settings_for
from luban.core.errors import ConfigError, InputError, LinkDownError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now
from tests.connect.cable import Cable
from tests.connect.contract import Source
from tests.connect.modbus.ends import Polled, listening, peer, until
from tests.outside import free_port


@pytest.fixture(scope="module")
def outside() -> Iterator[str]:
    """Address of an independent server, unit 7."""
    port = free_port()
    server = peer("listening", serve=port)
    server.begin()
    try:
        yield f"modbus://127.0.0.1:{port}"
    finally:
        server.kill()


@pytest.mark.service
async def test_every_type_from_another_s_bytes(outside: str) -> None:
    expected = {
        "input:0:float32*2": pytest.approx(99.96, rel=1e-6),
        "input:2:float64": -1234567.875,
        "input:6:int32": -70000,
        "input:8:uint64": 123456789012,
        "input:12:int16": -5,
        "input:12:uint16": 65531,
        "input:13:uint32:dcba": 305419896,
        "input:15:uint32:cdab": 0x12345678,
        "input:20:string[17]": "Umspannwerk Öst",
        "30001:float32": pytest.approx(49.98, rel=1e-6),
        "coil:5": True,
        "coil:6": False,
        "discrete:9": True,
        "discrete:10": False,
    }
    async with listening(outside, *expected, unit=7) as (_, heard):
        await until(lambda: len(heard.kept) >= len(expected), 5, f"{heard.kept}")
        assert {s.address: s.value for s in heard.kept} == expected
        assert {s.quality for s in heard.kept} == {Quality.GOOD}
        assert not heard.rejected
        assert all(abs(now() - s.time) < 5 * SECOND for s in heard.kept)


@pytest.mark.service
async def test_a_busy_device_is_asked_again(outside: str) -> None:
    async with listening(outside, "input:150", unit=7) as (_, heard):
        await until(lambda: heard.of("input:150"))
        assert heard.of("input:150")[0].quality is Quality.GOOD


@pytest.mark.service
async def test_a_hole_in_the_registers_costs_only_what_lies_in_it(outside: str) -> None:
    """Registers from 190 on are not there: what lies before is read, the rest is told once, with the reason."""
    async with listening(outside, "input:188", "input:189", "input:190", "input:191:int32", unit=7) as (_, heard):
        await until(lambda: len(heard.kept) >= 4)
        await asyncio.sleep(0.2)
        found = {s.address: s.quality for s in heard.kept}
        assert found == {
            "input:188": Quality.GOOD,
            "input:189": Quality.GOOD,
            "input:190": Quality.CONFIGURATION,
            "input:191:int32": Quality.CONFIGURATION,
        }
        assert sorted(heard.rejected) == [
            ("input:190", "the device refused it: illegal data address (2): unit 7, input register 190"),
            ("input:191:int32", "the device refused it: illegal data address (2): unit 7, input register 191 … 192"),
        ]


@pytest.mark.service
async def test_write_only_what_is_listed_and_read_it_back(outside: str) -> None:
    speed, limit, coil = "holding:30:float32:cdab", "holding:20:uint16*0.5", "coil:6"
    async with listening(outside, speed, "coil:5", unit=7, writable=[speed, limit, coil]) as (driver, heard):
        back = await driver.write(speed, 41.5)
        assert (back.accepted, back.value, back.reason) == (True, 41.5, "")
        assert (await driver.write(coil, value=True)).value is True
        assert (await driver.write(limit, 49.5)).value == 49.5
        await until(lambda: heard.last(speed) == 41.5)
        refused = await driver.write(limit, 50.5)
        assert (refused.accepted, refused.reason) == (False, "the device refused it: illegal data value (3)")
        with pytest.raises(InputError, match="does not fit"):
            await driver.write(limit, -1)
        with pytest.raises(NotAllowedError):
            await driver.write("coil:5", value=False)
    with pytest.raises(LinkDownError):
        await driver.write(speed, 1.0)


@pytest.mark.service
async def test_a_unit_that_is_not_there_is_a_silent_device(outside: str) -> None:
    with pytest.raises(LinkDownError, match="no unit answers"):
        async with listening(outside, "8/input:0"):
            pass


async def test_only_changes_are_handed_over() -> None:
    async with (
        ModbusDevice(["input:0", "input:1:float32"]) as device,
        listening(device.url, "input:0", "input:1:float32") as (_, heard),
    ):
        device.set("input:1:float32", math.nan)
        await until(lambda: len(device.requests) > 10)
        for value in (1, 1, 2):
            device.set("input:0", value)
            device.requests.clear()
            await until(lambda: len(device.requests) > 2)
        assert [s.value for s in heard.of("input:0")] == [0, 1, 2]
        assert [repr(s.value) for s in heard.of("input:1:float32")] in (["0.0", "nan"], ["nan"])
        assert len(heard.proved) > 6


async def test_sixty_neighbours_are_one_request() -> None:
    addresses = [f"input:{2 * n}:float32" for n in range(60)]
    async with ModbusDevice(addresses) as device, listening(device.url, *addresses) as (_, heard):
        await until(lambda: len(heard.kept) == 60)
        assert {(place.start, place.count) for place in device.requests} == {(0, 120)}


async def test_a_device_that_gives_less_at_once() -> None:
    """Exception 3 to a long request: it is halved until the device takes it."""
    addresses = [f"input:{n}" for n in range(100)]
    async with ModbusDevice(addresses) as device:
        device.most = 30
        async with listening(device.url, *addresses) as (_, heard):
            await until(lambda: len(heard.kept) == 100)
            assert {s.quality for s in heard.kept} == {Quality.GOOD}
            device.requests.clear()
            await until(lambda: len(device.requests) > 8)
            assert max(place.count for place in device.requests) <= 30


async def test_exception_codes_are_qualities() -> None:
    codes = {
        1: Quality.CONFIGURATION,
        4: Quality.BAD,
        6: Quality.UNAVAILABLE,
        8: Quality.SENSOR_FAILURE,
        10: Quality.NO_COMMUNICATION,
        11: Quality.NO_COMMUNICATION,
    }
    addresses = {code: f"input:{100 * code}" for code in codes}
    async with ModbusDevice(["input:0", *addresses.values()]) as device:
        for code, address in addresses.items():
            device.fail(address, code)
        async with listening(device.url, "input:0", *addresses.values()) as (_, heard):
            await until(lambda: len(heard.kept) >= 7)
            assert {a: heard.of(a)[0].quality for a in addresses.values()} == {
                addresses[code]: quality for code, quality in codes.items()
            }
            assert {s.value for s in heard.kept if s.address != "input:0"} == {None}
            assert heard.last("input:0") == 0
            device.set(addresses[4], 5)
            await until(lambda: heard.last(addresses[4]) == 5)


@pytest.mark.alone
async def test_silent_units_behind_a_gateway_hold_up_no_other() -> None:
    """Five units of six are off: the sixth is read on, and the link lives in the eyes of the collector."""
    units = [f"{n}/input:0" for n in range(1, 7)]
    async with ModbusDevice(units) as device:
        device.silent = {1, 2, 3, 4, 5}
        async with listening(device.url, *units, timeout="50ms") as (driver, heard):
            await until(lambda: len(heard.kept) >= 6)
            assert {s.quality for s in heard.kept if s.address != units[5]} == {Quality.NO_COMMUNICATION}
            assert driver.keepalive >= 6 * 50 * MILLISECOND
            begun = time.monotonic()
            for value in range(1, 6):
                device.set(units[5], value)
                await until(partial(arrived, heard, units[5], value))
            assert time.monotonic() - begun < 1
            assert sum(place.unit < 6 for place in device.requests) == 5, "a silent unit was asked too often"


def arrived(heard: Polled, address: str, value: int) -> bool:
    return bool(heard.last(address) == value)


async def test_a_unit_that_comes_back_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luban.connect.modbus.scan._AGAIN", 0.2)
    async with ModbusDevice(["1/input:0", "2/input:0", "2/input:100"]) as device:
        device.silent = {2}
        async with listening(device.url, "1/input:0", "2/input:0", "2/input:100", timeout="50ms") as (_, heard):
            await until(lambda: heard.of("2/input:100"))
            device.set_many({"2/input:0": 5, "2/input:100": 6})
            device.silent = set()
            await until(lambda: heard.last("2/input:0") == 5 and heard.last("2/input:100") == 6)


async def test_a_device_that_refuses_by_silence() -> None:
    """Some devices do not answer a request for a register that they do not have: the others are read on."""
    first, second, third = "input:0", "input:100", "input:200"
    async with ModbusDevice([first, second, third]) as device:
        device.fail(first, 0)
        device.set_many({second: 7, third: 8})
        async with listening(device.url, first, second, third, timeout="50ms") as (_, heard):
            await until(lambda: len(heard.kept) == 3)
            assert heard.of(first)[0].quality is Quality.NO_COMMUNICATION
            assert (heard.last(second), heard.last(third)) == (7, 8)
            for value in (1, 2, 3):
                device.set(third, value)
                await until(partial(arrived, heard, third, value))
            assert sum(place.start == 0 for place in device.requests) <= 2


async def test_a_lost_connection_is_noticed_at_once() -> None:
    async with ModbusDevice(["input:0"]) as device:
        cable = Cable(device.port)
        await cable.mend()
        async with listening(f"modbus://127.0.0.1:{cable.port}", "input:0", timeout="30s", interval="30s") as (
            driver,
            _,
        ):
            begun = time.monotonic()
            await cable.cut()
            with pytest.raises(LinkDownError, match="closed the connection"):
                await asyncio.wait_for(driver.ended, 5)
        assert time.monotonic() - begun < 2


async def test_a_link_that_dies_in_silence_is_found() -> None:
    async with ModbusDevice(["input:0"]) as device:
        cable = Cable(device.port)
        await cable.mend()
        try:
            async with listening(f"modbus://127.0.0.1:{cable.port}", "input:0", timeout="100ms") as (driver, _):
                cable.freeze()
                with pytest.raises(LinkDownError, match="no unit answers"):
                    await asyncio.wait_for(driver.ended, 5)
        finally:
            cable.thaw()
            await cable.cut()


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda data: data[:8] + b"\x05" + data[9:], "an answer of 2 bytes, asked were 2"),
        (lambda data: data[:2] + b"\x12\x34" + data[4:], "not a Modbus answer"),
        (lambda data: data[:7] + b"\x03" + data[8:], "an answer to function 3, asked was 4"),
        (lambda data: data[:5] + b"\x05" + data[6:7] + b"\x04\x04\x00\x01\x00\x01", "an answer of"),
        (lambda data: data[:5] + b"\x04" + data[6:7] + b"\x84\x02\x00", "an exception of another length"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "not a Modbus answer"),
    ],
)
async def test_an_answer_that_cannot_be_understood(spoilt: object, reason: str) -> None:
    """It is kept with its reason, and the next good one arrives over the same connection."""
    async with ModbusDevice(["input:0"]) as device, listening(device.url, "input:0") as (_, heard):
        device.spoil(spoilt)  # type: ignore[arg-type]
        await until(lambda: heard.rejected)
        assert heard.rejected[0][1].startswith(reason)
        device.set("input:0", 7)
        await until(lambda: heard.last("input:0") == 7)


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one() -> None:
    """Two registers of the same shape: a late answer to one would pass for an answer to the other."""
    one, two = "input:0", "input:100"
    async with ModbusDevice([one, two]) as device:
        device.set_many({one: 1, two: 2})
        async with listening(device.url, one, two, timeout="100ms") as (_, heard):
            seen, device.delay = len(device.requests), 0.15
            await until(lambda: len(device.requests) > seen)
            device.delay = 0.0  # the repetition is answered at once, right behind the late answer
            device.set_many({one: 11, two: 12})
            await until(lambda: heard.last(two) == 12)
            assert {s.value for s in heard.of(one)} == {1, 11}
            assert {s.value for s in heard.of(two)} == {2, 12}
            assert not heard.rejected


async def test_a_scale_that_the_device_keeps() -> None:
    """SunSpec: the power of ten lies in a register of its own; a value without one is no value."""
    power, address = "holding:20:int16", "holding:2:int16*10^20"
    async with ModbusDevice([power, address]) as device:
        device.set(power, -2)
        device.set(address, -12.34)
        async with listening(device.url, address, sunspec=True) as (_, heard):
            await until(lambda: heard.last(address) == -12.34)
            device.set(power, -32768)
            await until(lambda: heard.of(address)[-1].quality is Quality.BAD)
            assert heard.rejected[-1][1] == "no power of ten"
            device.set(power, -1)
            await until(lambda: heard.last(address) == -123.4)


async def test_no_value_where_sunspec_has_none() -> None:
    async with ModbusDevice(["holding:2:int16"]) as device:
        device.set("holding:2:int16", -32768)
        async with listening(device.url, "holding:2:int16", sunspec=True) as (_, heard):
            await until(lambda: heard.kept)
            assert (heard.kept[0].value, heard.kept[0].quality) == (None, Quality.UNAVAILABLE)


async def test_nobody_there() -> None:
    with pytest.raises(LinkDownError, match="the device does not answer"):
        async with listening(f"modbus://127.0.0.1:{free_port()}", "input:0"):
            pass


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "tcp://h:502"}, "not the address of a device"),
        ({"url": "modbus://h:99999"}, "not the address of a device"),
        ({"url": "modbus://h", "interval": "0s"}, "greater than 0"),
        ({"url": "modbus://h", "most": 126}, "less than or equal to 125"),
        ({"url": "modbus://h", "writable": ["input:1"]}, "only coils and holding registers"),
        ({"url": "modbus://h", "writable": ["holding:1:bit[2]"]}, "without touching the others"),
        ({"url": "modbus://h", "writable": ["holding:x"]}, "not a Modbus address"),
        ({"url": "modbus://h", "order": "acbd"}, "abcd"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_for(Source("meter", "modbus", settings))
    assert said in str(caught.value)


def test_the_port_is_502_where_none_is_said() -> None:
    made = settings_for(Source("meter", "modbus", {"url": "modbus://192.168.0.30"}))
    assert (made.host, made.port) == ("192.168.0.30", 502)  # type: ignore[attr-defined]


@pytest.mark.alone
async def test_capacity() -> None:
    """600 floats in 10 requests: a round takes well below 100 ms, so 6,000 values a second can be read."""
    addresses = [f"input:{2 * n}:float32" for n in range(600)]
    async with ModbusDevice(addresses) as device, listening(device.url, *addresses, interval="1ms") as (_, heard):
        await until(lambda: len(heard.kept) >= 600)
        device.requests.clear()
        await asyncio.sleep(1)
        assert len(device.requests) >= 100, f"{len(device.requests)} requests of 60 values in a second"
