"""The device side of Modbus TCP: a server that shows what a caller sets, on loopback.

    async with ModbusDevice(["input:52:float32"], writable={"holding:10:uint16": (0, 100)}) as device:
        device.set("input:52:float32", 49.98)
        … device.url …

Serves the twin, pilots and the contract suite. It takes requests one after another, as devices do.

Source  MODBUS Application Protocol V1.1b3 §6 (functions 1–6, 15, 16), §7; MODBUS Messaging on TCP/IP V1.0b §3.1.3
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import struct
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from luban.connect.listener import Listener
from luban.connect.modbus.address import Place, Point, parse
from luban.connect.orders import OnWrite, ask
from luban.connect.wire import Value
from luban.core.errors import InputError, LubanError, PayloadError

__all__ = ["ModbusDevice"]

_READS: Final = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_WRITES: Final = {5: "coil", 6: "holding", 15: "coil", 16: "holding"}
_MOST: Final = {"coil": 2_000, "discrete": 2_000}  # bits in one answer (§6.1)
_FUNCTION, _ADDRESS, _VALUE, _FAILURE, _NO_TARGET = 1, 2, 3, 4, 11
_KEPT: Final = 10_000


class _RefusalError(Exception):
    """A request that gets an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ModbusDevice(Listener):
    """A Modbus TCP server; use as an async context manager.

    addresses  what it shows, in the grammar of `address`; each begins at 0, False or ''
    writable   what a client may write, with the range that it may write in; shown as well
    on_write   called with (address, value) before a written value is shown; a LubanError refuses it
    port       TCP port; 0 takes a free one and keeps it over `stop` and `start`
    """

    def __init__(
        self,
        addresses: Iterable[str] = (),
        *,
        writable: Mapping[str, tuple[float, float] | None] | None = None,
        on_write: OnWrite | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(host, port)
        self.requests: deque[Place] = deque(maxlen=_KEPT)  # what was asked for, newest last
        self.most = 125  # registers that it gives in one answer
        self.delay = 0.0  # rest before each answer [s]
        self.silent: set[int] = set()  # units that do not answer
        self._on_write = on_write
        self._ranges = dict(writable or {})
        self._points = {text: parse(text) for text in dict.fromkeys([*addresses, *self._ranges])}
        self._words: dict[tuple[int, str], dict[int, int]] = {}
        self._failing: dict[str, int] = {}
        self._spoilt: Callable[[bytes], bytes] | None = None
        for point in self._points.values():
            for place in (point.place, point.power):
                if place is not None:
                    table = self._table(place)
                    table.update({n: 0 for n in range(place.start, place.end) if n not in table})

    @property
    def url(self) -> str:
        """Address for a source's `url`."""
        return f"modbus://{self._host}:{self.port}"

    def set(self, address: str, value: Value) -> None:
        """Show a value from now on; the wire carries no time. Raises InputError where it does not fit."""
        point = self._points[address]
        words = point.words(value, self._power(point))
        self._failing.pop(address, None)
        table = self._table(point.place)
        if point.type == "bit":
            words = [table[point.place.start] & ~(1 << point.size) | words[0] << point.size]
        table.update(enumerate(words, point.place.start))

    def set_many(self, values: Mapping[str, Value]) -> None:
        """Show many values; no client sees some of them only."""
        for address, value in values.items():
            self.set(address, value)

    def get(self, address: str) -> Value:
        """What the address shows."""
        point = self._points[address]
        return point.value(self._held(point.place), self._power(point))

    def fail(self, address: str, code: int = _FAILURE) -> None:
        """Answer whoever asks for this address with an exception code (0: not at all), until it is set again."""
        self._failing[address] = code

    def spoil(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the next answer."""
        self._spoilt = change

    # ---- what clients ask

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            number, protocol, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
            if protocol or not 2 <= length <= 254:
                return  # whoever talks, it is not Modbus
            request = await reader.readexactly(length - 1)
            try:
                answer = request[:1] + await self._answer(unit, request[0], request[1:])
            except _RefusalError as refusal:
                answer = bytes([request[0] | 0x80, refusal.code])
            if self.delay:
                await asyncio.sleep(self.delay)
            if unit in self.silent or (answer[0] & 0x80 and not answer[1]):
                continue
            frame = struct.pack(">HHHB", number, 0, len(answer) + 1, unit) + answer
            if self._spoilt is not None:
                change, self._spoilt = self._spoilt, None
                frame = change(frame)
            writer.write(frame)
            await writer.drain()

    async def _answer(self, unit: int, function: int, data: bytes) -> bytes:
        if unit not in self.silent and all(unit != known for known, _ in self._words):
            raise _RefusalError(_NO_TARGET)
        try:
            if function in _READS:
                return self._read(Place(unit, _READS[function], *struct.unpack(">HH", data)))
            if function in _WRITES:
                place, words = _written(unit, function, data)
                await self._take(place, words)
                return data[:4]
        except struct.error:
            raise _RefusalError(_VALUE) from None
        raise _RefusalError(_FUNCTION)

    def _read(self, place: Place) -> bytes:
        self.requests.append(place)
        if not 1 <= place.count <= _MOST.get(place.table, self.most):
            raise _RefusalError(_VALUE)
        for address, code in self._failing.items():
            if _overlap(self._points[address].place, place):
                raise _RefusalError(code)
        if any(number not in self._table(place) for number in range(place.start, place.end)):
            raise _RefusalError(_ADDRESS)
        words = self._held(place)
        if place.table in _MOST:
            packed = sum(bit << n for n, bit in enumerate(words)).to_bytes((place.count + 7) // 8, "little")
        else:
            packed = struct.pack(f">{len(words)}H", *words)
        return bytes([len(packed)]) + packed

    async def _take(self, place: Place, words: Sequence[int]) -> None:
        """A client writes; nothing of it is shown unless all of it is accepted."""
        touched = {text: p for text in self._ranges if _overlap((p := self._points[text]).place, place)}
        covered = {n for point in touched.values() for n in range(point.place.start, point.place.end)}
        if covered != set(range(place.start, place.end)):
            raise _RefusalError(_ADDRESS)
        wanted: dict[str, Value] = {}
        try:
            for text, point in touched.items():
                first = point.place.start - place.start
                wanted[text] = point.value(words[first : first + point.place.count], self._power(point))
                self._check(text, wanted[text])
            for text, value in wanted.items():
                await ask(self._on_write, text, value)
        except (InputError, PayloadError) as error:
            raise _RefusalError(_VALUE) from error
        except LubanError as error:
            raise _RefusalError(_FAILURE) from error
        self._table(place).update(enumerate(words, place.start))

    def _check(self, address: str, value: Value) -> None:
        span = self._ranges[address]
        if span is not None and not (isinstance(value, int | float) and span[0] <= value <= span[1]):
            raise InputError("out of range", came=repr(value), expected=f"{span[0]:g} … {span[1]:g}", where=address)

    def _table(self, place: Place) -> dict[int, int]:
        return self._words.setdefault((place.unit, place.table), {})

    def _held(self, place: Place) -> list[int]:
        table = self._table(place)
        return [table[number] for number in range(place.start, place.end)]

    def _power(self, point: Point) -> int | None:
        if point.power is None:
            return None
        word = self._held(point.power)[0]
        return word - ((word & 0x8000) << 1)


def _written(unit: int, function: int, data: bytes) -> tuple[Place, list[int]]:
    """What a client wants to write. Raises struct.error, _RefusalError."""
    table = _WRITES[function]
    if function in (5, 6):
        start, word = struct.unpack(">HH", data)
        if function == 5 and word not in (0, 0xFF00):
            raise _RefusalError(_VALUE)
        return Place(unit, table, start, 1), [int(word != 0) if function == 5 else word]
    start, count, size = struct.unpack(">HHB", data[:5])
    body = data[5:]
    most, wanted = (1_968, (count + 7) // 8) if function == 15 else (123, 2 * count)
    if not 1 <= count <= most or size != wanted or len(body) != size:
        raise _RefusalError(_VALUE)
    if function == 15:
        bits = int.from_bytes(body, "little")
        return Place(unit, table, start, count), [bits >> n & 1 for n in range(count)]
    return Place(unit, table, start, count), list(struct.unpack(f">{count}H", body))


def _overlap(one: Place, other: Place) -> bool:
    same = (one.unit, one.table) == (other.unit, other.table)
    return same and one.start < other.end and other.start < one.end


async def _demonstrate(port: int) -> None:
    """A meter of a machine that works 20 s and rests 5 s, until interrupted."""
    power, energy = "input:52:float32", "input:342:float32"  # [W], [kWh]
    async with ModbusDevice([power, energy], port=port) as meter:
        print(f"listening on {meter.url}", flush=True)
        used = 0.0
        for second in itertools.count():
            drawn = 1_870.0 if second % 25 < 20 else 140.0
            used += drawn / 3.6e6
            meter.set_many({power: drawn, energy: used})
            await asyncio.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An energy meter, to try a Modbus source with.")
    parser.add_argument("--port", type=int, default=5020, help="TCP port; 0 takes a free one")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_demonstrate(parser.parse_args().port))
