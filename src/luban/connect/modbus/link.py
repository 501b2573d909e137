"""One connection to a Modbus TCP device: the only module that speaks to pymodbus's client.

pymodbus neither raises on an exception response nor notices a lost connection while it waits, and closes the
connection on an answer that it cannot decode; all three are made errors of ours here.

Source  MODBUS Application Protocol V1.1b3 §7 (exception codes); MODBUS Messaging on TCP/IP V1.0b §3.1.3 (header)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from luban.connect.modbus.address import Place
from luban.connect.modbus.settings import ModbusSettings
from luban.core.errors import ConnectError, LinkDownError, PayloadError
from luban.core.time import SECOND

__all__ = ["BUSY", "Link", "RefusedError", "SilentError", "connected"]

BUSY: Final = (5, 6)  # acknowledge, server device busy: ask again
_MEANING: Final = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge: still working on it",
    6: "server device busy",
    7: "negative acknowledge",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
_PAUSES: Final = (0.05, 0.1, 0.2, 0.4)  # before a busy device is asked again [s]
_Request = Callable[[], Coroutine[Any, Any, ModbusPDU]]
_READS: Final = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_HEADER: Final = 7


class RefusedError(ConnectError):
    """The device answered with an exception code."""

    def __init__(self, code: int, place: Place) -> None:
        super().__init__(f"the device refused it: {_MEANING.get(code, 'unknown exception')} ({code})", came=str(place))
        self.code = code


class SilentError(ConnectError):
    """No answer in time, although the connection stands."""


class Link:
    """A live connection; requests go one after another, as many devices want it."""

    def __init__(self, settings: ModbusSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._number = b""  # of the request that is under way
        self._expected = (0, 0)  # function and bytes of data of its answer
        self._spoilt: asyncio.Future[PayloadError] | None = None
        self._client = AsyncModbusTcpClient(
            settings.host,
            port=settings.port,
            timeout=settings.timeout / SECOND,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._look,
            trace_connect=self._connection,
        )
        self._client.set_max_no_responses(1_000_000_000)  # when to give up is for the driver to say

    async def open(self) -> None:
        """Connect. Raises LinkDownError."""
        if not await self._client.connect():
            raise LinkDownError("the device does not answer", where=self._settings.url)

    def close(self) -> None:
        """Break the connection."""
        self._client.close()

    async def rest(self, seconds: float) -> None:
        """Wait. Raises LinkDownError as soon as the connection is lost."""
        if seconds > 0:
            await asyncio.wait({self._lost}, timeout=seconds)
        else:
            await asyncio.sleep(0)
        if self._lost.done():
            raise LinkDownError(self._lost.result(), where=self._settings.url)

    async def read(self, place: Place, *, tries: int = 2) -> Sequence[int] | Sequence[bool]:
        """Registers or bits of the place.

        tries   how often a silent device is asked
        Raises  RefusedError, SilentError, PayloadError (an answer that cannot be understood), LinkDownError
        """
        client, where = self._client, {"count": place.count, "device_id": place.unit}
        if place.table in ("coil", "discrete"):
            ask = client.read_coils if place.table == "coil" else client.read_discrete_inputs
            answer = await self._ask(lambda: ask(place.start, **where), place, (place.count + 7) // 8, tries=tries)
            return list(answer.bits[: place.count])
        ask = client.read_holding_registers if place.table == "holding" else client.read_input_registers
        answer = await self._ask(lambda: ask(place.start, **where), place, 2 * place.count, tries=tries)
        return list(answer.registers)

    async def write(self, place: Place, words: Sequence[int]) -> None:
        """Write coils or holding registers: function 5 or 6 for one, 15 or 16 for more. Raises as `read`."""
        client, unit = self._client, place.unit
        if place.table == "coil":
            await self._ask(lambda: client.write_coil(place.start, bool(words[0]), device_id=unit), place, 4, 5)
        elif len(words) == 1:
            await self._ask(lambda: client.write_register(place.start, words[0], device_id=unit), place, 4, 6)
        else:
            await self._ask(lambda: client.write_registers(place.start, list(words), device_id=unit), place, 4, 16)

    async def _ask(self, request: _Request, place: Place, size: int, function: int = 0, *, tries: int = 2) -> ModbusPDU:
        """The answer; a busy device is asked again after a while, a silent one at once."""
        pauses = iter(_PAUSES)
        while True:
            try:
                async with self._turn:
                    self._expected = (function or _READS[place.table], size)
                    answer = await self._within(request)
                    await asyncio.sleep(self._settings.pause / SECOND)
            except SilentError:
                tries -= 1
                if tries <= 0:
                    raise
                continue
            if not answer.isError():
                return answer
            pause = next(pauses, None)
            if answer.exception_code not in BUSY or pause is None:
                raise RefusedError(int(answer.exception_code), place)
            await asyncio.sleep(pause)

    async def _within(self, request: _Request) -> ModbusPDU:
        spoilt = self._spoilt = asyncio.get_running_loop().create_future()
        task: asyncio.Task[ModbusPDU] | None = None
        try:
            task = asyncio.ensure_future(request())
            await asyncio.wait({task, spoilt, self._lost}, return_when=asyncio.FIRST_COMPLETED)
            if spoilt.done():
                raise spoilt.result()
            if task.done():
                return task.result()
            raise LinkDownError(self._lost.result(), where=self._settings.url)
        except (ModbusException, OSError) as error:
            if self._lost.done():
                raise LinkDownError(self._lost.result(), where=self._settings.url) from error
            wait = f"nothing for {self._settings.timeout / SECOND:g} s"
            raise SilentError("the device does not answer", came=wait, where=self._settings.url) from error
        finally:
            self._spoilt = None
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    # ---- what pymodbus tells

    def _connection(self, up: bool) -> None:
        if not up and not self._lost.done():
            self._lost.set_result("the device closed the connection")

    def _look(self, sending: bool, data: bytes) -> bytes:
        """Keep an answer from pymodbus that it would close the connection for."""
        if sending:
            self._number = data[:2]
            return data
        fault = _fault(data, self._number, *self._expected)
        if not fault:
            return data
        if self._spoilt is not None and not self._spoilt.done():
            self._spoilt.set_result(PayloadError(fault, came=data[:64].hex(" "), where=self._settings.url))
        return b""


def _fault(data: bytes, number: bytes, function: int, size: int) -> str:
    """What is wrong with the answer to request `number`; '' if nothing, or if it is not there yet."""
    while len(data) > _HEADER:
        length = int.from_bytes(data[4:6], "big")
        if data[2:4] != b"\0\0" or not 3 <= length <= 254:
            return "not a Modbus answer"
        if data[:2] in (number, b"\0\0"):
            return _fault_of(data[_HEADER : 6 + length], length - 1, function, size)
        data = data[6 + length :]  # a late answer to a request that was given up
    return ""


def _fault_of(body: bytes, length: int, function: int, size: int) -> str:
    if len(body) < length:
        return ""
    if body[0] & 0x7F != function:
        return f"an answer to function {body[0] & 0x7F}, asked was {function}"
    if body[0] & 0x80:
        return "" if length == 2 else "an exception of another length"
    if function <= 4 and (body[1] != length - 2 or body[1] != size):
        return f"an answer of {length - 2} bytes, asked were {size}"
    return "" if function <= 4 or length == 1 + size else "an answer of another length"


@asynccontextmanager
async def connected(settings: ModbusSettings) -> AsyncIterator[Link]:
    """A connection, closed at the end. Raises LinkDownError."""
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # what matters is said by our errors
    link = Link(settings)
    try:
        await link.open()
        yield link
    finally:
        link.close()
