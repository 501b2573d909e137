"""What a user sets for a Sparkplug B source."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.settings import Duration
from luban.connect.sparkplug.names import parse_address
from luban.core.errors import ConfigError
from luban.core.time import SECOND

__all__ = ["SparkplugSettings"]


class SparkplugSettings(BrokerSettings):
    """Settings of a source of type `sparkplug`."""

    primary_host: str = Field(
        "", description="Our host id. Edge nodes configured for it keep their data while we are away; none if empty."
    )
    request_rebirth: bool = Field(
        True, description="Ask an edge node to announce itself again where its data cannot be trusted."
    )
    rebirth_interval: Duration = Field(
        5 * SECOND, gt=0, description="Shortest time between two such requests to one edge node, e.g. '5s'."
    )
    birth_timeout: Duration = Field(
        5 * SECOND, gt=0, description="An edge node or device that has not announced itself by then is not there."
    )
    group: str = Field("", description="Group a browse looks at; every group if empty.")
    edge_nodes: tuple[str, ...] = Field((), description="Edge nodes (group/node) a browse asks to announce themselves.")
    browse_time: Duration = Field(5 * SECOND, gt=0, description="How long a browse listens, e.g. '5s'.")
    write_timeout: Duration = Field(5 * SECOND, gt=0, description="Longest wait for a read-back, e.g. '5s'.")

    @model_validator(mode="after")
    def _names(self) -> Self:
        try:
            for address in self.writable:
                parse_address(address)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        for name in (self.primary_host, self.group):
            if set(name) & set("/+#"):
                raise ValueError(f"{name!r} holds '/', '+' or '#'")
        for edge in self.edge_nodes:
            if edge.count("/") != 1 or set(edge) & set("+#"):
                raise ValueError(f"{edge!r} is no edge node; expected group/node")
        return self
