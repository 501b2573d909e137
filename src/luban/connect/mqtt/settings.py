"""What a user sets for an MQTT source with JSON or plain-text payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.payload import Encoding, TimeFormat, parse_address, parse_path
from luban.connect.settings import Duration
from luban.core.errors import ConfigError
from luban.core.time import SECOND

__all__ = ["MqttSettings"]


def _path(text: str) -> str:
    try:
        parse_path(text)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return text


def _zone(text: str) -> str:
    if text:
        try:
            ZoneInfo(text)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {text!r}; expected a name such as Asia/Shanghai") from error
    return text


class MqttSettings(BrokerSettings):
    """Settings of a source of type `mqtt`."""

    qos: Literal[0, 1] = Field(1, description="1: the broker keeps what we have not stored yet; 0: it does not.")
    time_path: Annotated[str, AfterValidator(_path)] = Field(
        "", description="Where the source time lies in a payload, e.g. header.ts; arrival time if empty."
    )
    time_format: TimeFormat = Field("auto", description="auto, iso, s, ms or us (since 1970-01-01 UTC).")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "", description="Zone of ISO times without an offset; such times are refused if empty."
    )
    encoding: Encoding = Field("utf-8", description="utf-8 or gbk.")
    retained: Literal["last known", "good", "ignore"] = Field(
        "last known", description="How to take a retained message that carries no time of its own: its age is unknown."
    )
    missing: Literal["reject", "skip"] = Field(
        "reject", description="A payload without a mapped path: bad, or (skip) one that carries only what changed."
    )
    max_bytes: int = Field(1_048_576, ge=1, description="Longer payloads are refused [bytes].")
    browse_filter: str = Field("#", description="Topics a browse listens to; `+` segments name the equipment.")
    browse_time: Duration = Field(5 * SECOND, gt=0, description="How long a browse listens, e.g. '5s'.")
    read_back: dict[str, str] = Field(
        default_factory=dict, description="Writable address = the address that answers with the value in force."
    )
    write_timeout: Duration = Field(5 * SECOND, gt=0, description="Longest wait for a read-back, e.g. '5s'.")

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        try:
            for address in (*self.writable, *self.read_back, *self.read_back.values()):
                parse_address(address)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if unknown := sorted(set(self.read_back) - set(self.writable)):
            raise ValueError(f"read_back names {unknown[0]!r}, which is not in 'writable'")
        return self

    def name_at_broker(self, topics: Sequence[str]) -> str:
        """`client_id`, or one made of broker, user and topics: the same as long as these stay."""
        if self.client_id:
            return self.client_id
        # 23 letters and digits: the longest id that every broker must accept (MQTT 3.1.1 §3.1.3.1).
        text = "\n".join([self.url, self.user, *sorted(topics)])
        return "luban" + hashlib.sha256(text.encode()).hexdigest()[:18]
