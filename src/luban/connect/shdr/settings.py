"""What a user sets for an SHDR adapter."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from luban.connect.settings import Duration
from luban.connect.wire import SourceSettings
from luban.core.time import MINUTE, SECOND

__all__ = ["ShdrSettings"]


class ShdrSettings(SourceSettings):
    """Settings of a source of type `shdr`."""

    url: str = Field(description="Address of the adapter, e.g. tcp://192.168.0.20:7878")
    devices: Path | None = Field(
        None, description="The adapter's MTConnect devices file: names, types and units of its data items."
    )
    device: str = Field("", description="Name of one device of the devices file; all of them where empty.")
    timeout: Duration = Field(5 * SECOND, gt=0, description="Longest wait for the connection.")
    ping: Duration = Field(
        4 * SECOND, gt=0, description="How often the adapter is asked for a sign of life, if its heartbeat is longer."
    )
    silence: Duration = Field(
        10 * MINUTE, gt=0, description="Silence of an adapter without heartbeats that counts as a dead link."
    )
    relative_time: bool = Field(False, description="The adapter's clock is wrong: take its first time as now.")
    listen: Duration = Field(3 * SECOND, gt=0, description="How long a browse without a devices file listens.")
    max_line: int = Field(1024 * 1024, ge=256, description="Longest line accepted [bytes].")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme != "tcp" or not parts.hostname or not port or parts.username:
            raise ValueError("not the address of an adapter; expected tcp://host:port")
        return url

    @property
    def host(self) -> str:
        """Host of the adapter."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """TCP port of the adapter."""
        return urlsplit(self.url).port or 0
