"""What a user sets for a Modbus TCP source."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from luban.connect.modbus.address import Point, parse
from luban.connect.settings import Duration
from luban.connect.wire import SourceSettings
from luban.core.errors import ConfigError
from luban.core.time import SECOND

__all__ = ["ModbusSettings"]

_PORT = 502


class ModbusSettings(SourceSettings):
    """Settings of a source of type `modbus`."""

    url: str = Field(description="Address of the device or gateway, e.g. modbus://192.168.0.30:502")
    unit: int = Field(1, ge=0, le=255, description="Unit (device id) of addresses that name none.")
    order: Literal["abcd", "cdab", "badc", "dcba"] = Field(
        "abcd", description="Bytes of a 32-bit number, of addresses that name none: abcd is big-endian, dcba little."
    )
    interval: Duration = Field(1 * SECOND, gt=0, description="How often every address is read, e.g. '1s'.")
    timeout: Duration = Field(2 * SECOND, gt=0, description="Longest wait for one answer.")
    most: int = Field(125, ge=1, le=125, description="Registers in one request; some devices take fewer than 125.")
    gap: int = Field(8, ge=0, le=124, description="Registers read along to save a request between two wanted ones.")
    pause: Duration = Field(0, ge=0, description="Rest between two requests, for slow gateways.")
    sunspec: bool = Field(False, description="Take the words that SunSpec puts for 'not implemented' as no value.")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            port = parts.port or _PORT
        except ValueError:
            port = 0
        if parts.scheme != "modbus" or not parts.hostname or not port or parts.username or parts.path not in ("", "/"):
            raise ValueError("not the address of a device; expected modbus://host:502")
        return url

    @model_validator(mode="after")
    def _check_writable(self) -> Self:
        for address in self.writable:
            try:
                point = self.point(address)
            except ConfigError as error:
                raise ValueError(str(error)) from error
            if point.place.table not in ("coil", "holding"):
                raise ValueError(f"{address}: only coils and holding registers can be written")
            if point.type == "bit":
                raise ValueError(f"{address}: a single bit of a register cannot be written without touching the others")
        return self

    def point(self, address: str) -> Point:
        """The point of an address of this source. Raises ConfigError."""
        return parse(address, unit=self.unit, order=self.order)

    @property
    def host(self) -> str:
        """Host of the device."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """TCP port of the device."""
        return urlsplit(self.url).port or _PORT
