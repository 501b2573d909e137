"""Our device before modbus-serial as a client: what one side writes, the other reads, bit by bit."""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from luban.connect.modbus.device import ModbusDevice
from luban.connect.wire import Value
from luban.core.errors import ConnectError, InputError, NotAllowedError
from tests.connect.modbus.ends import listening, peer, until
from tests.connect.opcua.ends import Ended
from tests.outside import free_port

SPEED, COIL = "2/holding:30:float32", "2/coil:7"


class Written:
    """What clients wrote, and what to answer."""

    def __init__(self) -> None:
        self.values: list[tuple[str, Value]] = []
        self.refuse: Exception | None = None

    async def __call__(self, address: str, value: Value) -> None:
        await asyncio.sleep(0)
        if self.refuse is not None:
            raise self.refuse
        self.values.append((address, value))


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
async def device(written: Written) -> AsyncIterator[ModbusDevice]:
    shown = ["1/input:0:float32", "1/input:2:int64", "1/holding:9:bit[3]", "1/discrete:4", "2/holding:20:uint16*0.5"]
    writable = {SPEED: (0.0, 120.0), COIL: None, "2/holding:40": (0, 10), "2/holding:41": None}
    async with ModbusDevice(shown, writable=writable, on_write=written) as started:
        yield started


@pytest.fixture
async def client(device: ModbusDevice) -> AsyncIterator[Ended]:
    outside = peer("connected", connect=device.port)
    await outside.start()
    yield outside
    outside.kill()


@pytest.mark.service
async def test_what_is_set_is_what_another_reads(device: ModbusDevice, client: Ended) -> None:
    device.set_many(
        {
            "1/input:0:float32": 49.98,
            "1/input:2:int64": -(2**40),
            "1/holding:9:bit[3]": True,
            "1/discrete:4": 1,
            "2/holding:20:uint16*0.5": 12.5,
        }
    )
    got = await client.ask(read="input", at=0, count=2, **{"as": "FloatBE"})
    assert got["value"] == pytest.approx(49.98, rel=1e-6)
    got = await client.ask(read="input", at=2, count=4)
    assert struct.unpack(">q", struct.pack(">4H", *got["data"]))[0] == -(2**40)
    assert (await client.ask(read="holding", at=9, count=1))["data"] == [8]
    assert (await client.ask(read="discrete", at=4, count=1))["data"][0] is True
    assert (await client.ask(unit=2, read="holding", at=20, count=1))["data"] == [25]


@pytest.mark.service
async def test_what_another_writes_is_checked_told_and_shown(
    device: ModbusDevice, client: Ended, written: Written
) -> None:
    assert await client.ask(unit=2, at=30, float=80.5) == {"ok": True}
    assert await client.ask(unit=2, at=7, coil=True) == {"ok": True}
    assert await client.ask(unit=2, at=40, write=10) == {"ok": True}
    assert written.values == [(SPEED, 80.5), (COIL, True), ("2/holding:40", 10)]
    assert (device.get(SPEED), device.get(COIL), device.get("2/holding:40")) == (80.5, True, 10)
    got = await client.ask(unit=2, read="holding", at=30, count=2, **{"as": "FloatBE"})
    assert got["value"] == 80.5


@pytest.mark.service
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"at": 30, "float": 120.5}, 3),  # beyond its range
        ({"at": 40, "write": 11}, 3),
        ({"at": 30, "write": 1}, 2),  # half of a number
        ({"at": 41, "float": 1.0}, 2),  # one register more than may be written
        ({"at": 20, "write": 1}, 2),  # only shown
        ({"at": 99, "write": 1}, 2),
        ({"unit": 3, "at": 40, "write": 1}, 11),
        ({"read": "holding", "at": 42, "count": 1}, 2),
        ({"read": "holding", "at": 40, "count": 3}, 2),
    ],
)
async def test_what_is_refused_changes_nothing(
    device: ModbusDevice, client: Ended, written: Written, command: dict[str, Any], code: int
) -> None:
    answer = await client.ask(**{"unit": 2, **command})
    assert answer["code"] == code
    assert not written.values
    assert (device.get(SPEED), device.get("2/holding:40"), device.get("2/holding:41")) == (0.0, 0, 0)


@pytest.mark.service
@pytest.mark.parametrize(
    ("error", "code"), [(InputError("no"), 3), (NotAllowedError("no"), 4), (ConnectError("no"), 4)]
)
async def test_whoever_listens_may_refuse(
    device: ModbusDevice, client: Ended, written: Written, error: Exception, code: int
) -> None:
    written.refuse = error
    assert (await client.ask(unit=2, at=40, write=5))["code"] == code
    assert device.get("2/holding:40") == 0


async def raw(device: ModbusDevice, request: bytes, size: int = 0) -> bytes:
    """What it answers: `size` bytes, or what comes first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", device.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.readexactly(size) if size else reader.read(300), 5)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        ("2b0e0100", "ab01"),  # a function that it does not have
        ("0300000000", "8303"),  # none
        ("030000007e", "8303"),  # more than 125
        ("03ffff0002", "8302"),
        ("04", "8403"),  # cut short
        ("0500071234", "8503"),  # neither on nor off (§6.5)
        ("10001e000204425000", "9003"),  # fewer bytes than announced
        ("0f000700010101", "0f00070001"),
        ("10001e00020442a10000", "10001e0002"),
    ],
)
async def test_answers_byte_by_byte(device: ModbusDevice, pdu: str, answer: str) -> None:
    """Modbus Application Protocol V1.1b3 §6 and §7."""
    body = bytes.fromhex(pdu)
    came = await raw(device, struct.pack(">HHHB", 0x1234, 0, len(body) + 1, 2) + body)
    assert came == struct.pack(">HHHB", 0x1234, 0, len(bytes.fromhex(answer)) + 1, 2) + bytes.fromhex(answer)


async def test_requests_in_one_piece_are_answered_in_turn(device: ModbusDevice) -> None:
    device.set("2/holding:20:uint16*0.5", 3)
    one = struct.pack(">HHHBBHH", 1, 0, 6, 2, 3, 20, 1)
    two = struct.pack(">HHHBBHH", 2, 0, 6, 2, 1, 7, 1)
    assert await raw(device, one + two, 21) == bytes.fromhex("000100000005020302000600020000000402010100")


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n", bytes(12), b"\0\1\0\0\xff\xff\1\3\0\0\0\1"])
async def test_who_talks_no_modbus_is_hung_up_on(device: ModbusDevice, junk: bytes) -> None:
    assert await raw(device, junk) == b""


async def test_stopped_and_started_it_shows_what_it_showed(device: ModbusDevice) -> None:
    port = device.port
    device.set("1/input:0:float32", 5.5)
    await device.stop()
    await device.start()
    assert device.port == port
    assert device.get("1/input:0:float32") == 5.5


def test_what_does_not_fit_is_not_shown() -> None:
    device = ModbusDevice(["input:0:int16"])
    with pytest.raises(InputError, match="does not fit"):
        device.set("input:0:int16", 40_000)
    assert device.get("input:0:int16") == 0


async def test_the_meter_to_try_it_with() -> None:
    meter = Ended(
        [sys.executable, "-m", "luban.connect.modbus.device", "--port", str(port := free_port())], "listening"
    )
    await meter.start()
    try:
        async with listening(f"modbus://127.0.0.1:{port}", "input:52:float32", "input:342:float32") as (_, heard):
            await until(lambda: len(heard.kept) >= 2)
            assert heard.last("input:52:float32") == 1870.0
            assert 0 < heard.last("input:342:float32") < 0.01
    finally:
        meter.kill()
