"""Addresses of values, and what their registers say.

    [UNIT/]TABLE:NUMBER[:TYPE][:ORDER][*SCALE]

    input:52:float32                   input register 52, as the request carries it: the first one is 0
    3/holding:0x1000:uint32:cdab*0.01  of unit 3; words swapped; raw value times 0.01
    40053:float32                      the same as holding:52:float32, as manuals count
    holding:4:bit[7]                   bit 7 of a register; bit[0] is the lowest
    holding:30:string[16]              16 characters, two a register
    holding:72:int16*10^76             times ten to the power that holding register 76 holds
    coil:12   discrete:3               a bit by itself

Source  MODBUS Application Protocol V1.1b3 §4.3 (tables), §4.4 (addresses from 0)
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.connect.wire import Value
from luban.core.errors import ConfigError, InputError, PayloadError

__all__ = ["ORDERS", "TABLES", "Place", "Point", "parse"]

TABLES: Final = ("coil", "discrete", "input", "holding")
ORDERS: Final = ("abcd", "cdab", "badc", "dcba")
_CODES: Final = {  # type → struct code; its size gives the registers
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
# What SunSpec puts where it has no value, as raw registers (SunSpec Information Model Specification §4.3)
_NO_VALUE: Final = {
    "int16": 1 << 15, "uint16": (1 << 16) - 1, "int32": 1 << 31, "uint32": (1 << 32) - 1,
    "int64": 1 << 63, "uint64": (1 << 64) - 1,
}  # fmt: skip
_CLASSIC: Final = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
_ADDRESS: Final = re.compile(
    r"(?:(?P<unit>[0-9]+)/)?"
    r"(?:(?P<table>[a-z]+):(?P<number>0x[0-9a-f]+|[0-9]+)|(?P<classic>[0-9]{5,6}))"
    r"(?::(?P<type>bit|string|[a-z]+[0-9]*)(?:\[(?P<size>[0-9]+)\])?)?"
    r"(?::(?P<order>[abcd]{4}))?"
    r"(?:\*(?:10\^(?P<power>[0-9]+)|(?P<scale>[0-9.e+-]+)))?"
)
_FORM: Final = "UNIT/TABLE:NUMBER:TYPE:ORDER*SCALE, e.g. 1/input:52:float32 or holding:10:uint32:cdab*0.1"
_LAST: Final = 65_535
_LONGEST: Final = 125  # registers in one answer (§6.3)

Words = Sequence[int] | Sequence[bool]


@dataclass(frozen=True, slots=True)
class Place:
    """A run of registers or bits in one table of one unit."""

    unit: int
    table: str
    start: int
    count: int

    @property
    def end(self) -> int:
        """The first number behind it."""
        return self.start + self.count

    def __str__(self) -> str:
        what = self.table if self.table in ("coil", "discrete") else f"{self.table} register"
        return f"unit {self.unit}, {what} {self.start}" + (f" … {self.end - 1}" if self.count > 1 else "")


@dataclass(frozen=True, slots=True)
class Point:
    """One value.

    text   the address as written
    type   bool, bit, string, or one of the numbers
    size   which bit, or how many characters
    order  of the bytes of a 32-bit number: abcd is big-endian; longer ones alike
    scale  factor of the raw value; None for none
    power  where the power of ten lies that the raw value is to be multiplied with
    """

    text: str
    place: Place
    type: str
    size: int = 0
    order: str = "abcd"
    scale: Decimal | None = None
    power: Place | None = None

    def value(self, words: Words, power: int | None = None, *, sunspec: bool = False) -> Value:
        """The value that these registers hold; None where SunSpec says that there is none. Raises PayloadError."""
        if self.type == "bool":
            return bool(words[0])
        if self.type == "bit":
            return bool(words[0] >> self.size & 1)
        data = _ordered(struct.pack(f">{len(words)}H", *words), self.order, self.type == "string")
        if self.type == "string":
            try:
                return data[: self.size].split(b"\0")[0].decode("utf-8").strip()
            except UnicodeDecodeError as error:
                raise PayloadError("not text", came=data.hex(" "), where=self.text) from error
        raw: float = struct.unpack(f">{_CODES[self.type]}", data)[0]
        if sunspec and self.type in _NO_VALUE and int.from_bytes(data, "big") == _NO_VALUE[self.type]:
            return None
        scale = self._scale(power)
        if scale is None:
            return raw
        return raw * float(scale) if isinstance(raw, float) else float(raw * scale)

    def words(self, value: Value, power: int | None = None) -> list[int]:
        """Registers or bits that hold the value. Raises InputError where it does not fit."""
        if self.type in ("bool", "bit"):
            if value not in (0, 1):
                raise self._unfit(value, "0 or 1")
            return [int(value)]
        if self.type == "string":
            data = str(value).encode("utf-8")
            if len(data) > self.size:
                raise self._unfit(value, f"at most {self.size} bytes")
            data = data.ljust(2 * self.place.count, b"\0")
        else:
            data = self._packed(value, self._scale(power))
        data = _ordered(data, self.order, self.type == "string")
        return list(struct.unpack(f">{len(data) // 2}H", data))

    def _packed(self, value: Value, scale: Decimal | None) -> bytes:
        if not isinstance(value, int | float):
            raise self._unfit(value, "a number")
        try:
            number = value if scale is None else float(Decimal(repr(float(value))) / scale)
            if not self.type.startswith("float"):
                number = round(number)
                if scale is None and number != value:
                    raise self._unfit(value, "a whole number")
            return struct.pack(f">{_CODES[self.type]}", number)
        except (struct.error, OverflowError, ValueError, ArithmeticError) as error:
            raise self._unfit(value, f"a {self.type}") from error

    def _scale(self, power: int | None) -> Decimal | None:
        if self.power is None:
            return self.scale
        if power is None or not -10 <= power <= 10:  # SunSpec: sunssf is -10 … 10
            raise PayloadError("no power of ten", came=str(power), expected="-10 … 10", where=self.text)
        return Decimal(10) ** power

    def _unfit(self, value: Value, expected: str) -> InputError:
        return InputError("the value does not fit the register", came=repr(value), expected=expected, where=self.text)


def parse(text: str, *, unit: int = 1, order: str = "abcd") -> Point:
    """The point of an address; `unit` and `order` where it names none. Raises ConfigError."""
    found = _ADDRESS.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError("not a Modbus address", came=text, expected=_FORM)
    parts = found.groupdict()
    table, number = _table(text, parts)
    asked = int(parts["unit"] or unit)
    if asked > 255:
        raise ConfigError("no such unit", came=text, expected="0 … 255")
    kind, size, count = _type(text, table, parts)
    if number + count - 1 > _LAST:
        raise ConfigError("no such register", came=text, expected=f"0 … {_LAST}")
    if (parts["order"] or order) not in ORDERS:
        raise ConfigError("no such order of bytes", came=text, expected=", ".join(ORDERS))
    scaled = parts["scale"] or parts["power"]
    if scaled and kind not in _CODES:
        raise ConfigError(f"a {kind} has no scale", came=text)
    return Point(
        text,
        Place(asked, table, number, count),
        kind,
        size,
        parts["order"] or order,
        _factor(text, parts["scale"]) if parts["scale"] else None,
        Place(asked, table, int(parts["power"]), 1) if parts["power"] else None,
    )


def _table(text: str, parts: dict[str, str]) -> tuple[str, int]:
    classic = parts["classic"]
    if classic:
        table, number = _CLASSIC.get(classic[0]), int(classic[1:]) - 1
        if table is None or not 0 <= number <= _LAST:
            raise ConfigError("no such register", came=text, expected="0xxxx, 1xxxx, 3xxxx or 4xxxx, counted from 1")
        return table, number
    if parts["table"] not in TABLES:
        raise ConfigError("no such table", came=text, expected=", ".join(TABLES))
    return parts["table"], int(parts["number"], 0)


def _type(text: str, table: str, parts: dict[str, str]) -> tuple[str, int, int]:
    """(type, size, how many registers or bits)."""
    if table in ("coil", "discrete"):
        if parts["type"] not in (None, "bool"):
            raise ConfigError(f"a {table} is a single bit", came=text, expected=f"{table}:NUMBER")
        return "bool", 0, 1
    kind, size = parts["type"] or "uint16", int(parts["size"] or -1)
    if kind == "bit" and 0 <= size <= 15:
        return kind, size, 1
    if kind == "string" and 1 <= size <= 2 * _LONGEST:
        return kind, size, (size + 1) // 2
    if kind in _CODES and parts["size"] is None:
        return kind, 0, struct.calcsize(_CODES[kind]) // 2
    expected = f"{', '.join(_CODES)}, bit[0 … 15], string[1 … {2 * _LONGEST}]"
    raise ConfigError("no such type", came=text, expected=expected)


def _factor(text: str, written: str) -> Decimal:
    try:
        factor = Decimal(written)
        fits = Decimal("1e-12") <= abs(factor) <= Decimal("1e12")
    except ArithmeticError:
        fits = False
    if not fits:
        raise ConfigError("not a scale", came=text, expected="a number from 1e-12 to 1e12, e.g. *0.1")
    return factor


def _ordered(data: bytes, order: str, text: bool) -> bytes:
    """Bytes as big-endian from the device's order, and back: each order is its own inverse."""
    if order in ("badc", "dcba"):
        data = b"".join(data[i : i + 2][::-1] for i in range(0, len(data), 2))
    if order in ("cdab", "dcba") and not text:
        data = b"".join(data[i : i + 2] for i in range(len(data) - 2, -1, -2))
    return data
