"""What a user sets for an MTConnect agent."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from luban.connect.settings import Duration, password_from
from luban.connect.wire import SourceSettings
from luban.core.time import MILLISECOND, SECOND

__all__ = ["MTConnectSettings"]


class MTConnectSettings(SourceSettings):
    """Settings of a source of type `mtconnect`."""

    url: str = Field(description="Address of the agent, e.g. http://192.168.0.20:5000")
    device: str = Field("", description="Name of one device of the agent; all of them where empty.")
    interval: Duration = Field(
        250 * MILLISECOND, ge=0, description="How often the agent sends what is new; also the pace of polling."
    )
    heartbeat: Duration = Field(
        2 * SECOND, gt=0, description="An agent with nothing to say says so this often; silence beyond is a dead link."
    )
    timeout: Duration = Field(5 * SECOND, gt=0, description="Longest wait for an answer, beside the heartbeat.")
    count: int = Field(1000, ge=1, description="Most observations the agent puts into one document.")
    streaming: bool = Field(True, description="Off: ask again and again instead of one long answer.")
    ca: Path | None = Field(None, description="File of certificates to trust for https, beside the system's own.")
    user: str = Field("", description="User name for HTTP basic authentication; none where empty.")
    password_env: str = Field("", description="Name of the environment variable that holds the password.")
    max_document: int = Field(64 * 1024 * 1024, ge=64 * 1024, description="Longest document accepted [bytes].")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("not the address of an agent; expected http://host:port or https://host:port")
        if parts.username or parts.password:
            raise ValueError("the address holds a user or password; use 'user' and 'password_env' instead")
        if parts.query or parts.fragment:
            raise ValueError("the address has a query; expected http://host:port")
        return url.rstrip("/").removesuffix("/probe").removesuffix("/current")

    @model_validator(mode="after")
    def _check_user(self) -> Self:
        if self.password_env and not self.user:
            raise ValueError("'password_env' without 'user'")
        return self

    def password(self) -> str:
        """The password from the environment, '' where none is set up. Raises SecurityError if it is missing."""
        return password_from(self.password_env, self.url)
