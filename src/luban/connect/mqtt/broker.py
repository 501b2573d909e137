"""How to reach an MQTT broker: address, user, certificates. Shared by `mqtt` and `sparkplug`."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from luban.connect.settings import Duration, password_from
from luban.connect.wire import SourceSettings
from luban.core.errors import SecurityError
from luban.core.time import MINUTE, SECOND

__all__ = ["BrokerSettings", "is_loopback", "tls_context"]

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerSettings(SourceSettings):
    """Settings of one connection to a broker."""

    url: str = Field(description="mqtts://host:8883 (TLS) or mqtt://host:1883 (plain; this computer only).")
    user: str = Field("", description="User name at the broker.")
    password_env: str = Field("", description="Name of the environment variable that holds the password.")
    ca: str = Field("", description="File with the certificate authority of the broker; the system's own if empty.")
    certificate: str = Field("", description="File with our client certificate (PEM).")
    key: str = Field("", description="File with the private key of our client certificate (PEM).")
    insecure: bool = Field(False, description="Allow plain MQTT to another computer: passwords and data are readable.")
    client_id: str = Field("", description="Our name at the broker; keep it, the broker's memory of us hangs on it.")
    keepalive: Duration = Field(
        5 * SECOND,
        ge=SECOND,
        le=MINUTE,
        description="We ask a silent broker for a sign of life; dead after twice this.",
    )

    @model_validator(mode="after")
    def _checked(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            # The text that came may hold a password: it is not repeated.
            raise ValueError("url is not a broker's address; expected mqtts://host:8883 or mqtt://host:1883")
        if parts.username or parts.password:
            raise ValueError("url holds a user or password; use 'user' and 'password_env' instead")
        if parts.scheme == "mqtt" and not self.insecure and not is_loopback(parts.hostname):
            raise ValueError(
                f"plain MQTT to {parts.hostname} is refused; use mqtts://, or insecure = true in a closed network"
            )
        if self.password_env and not self.user:
            raise ValueError("'password_env' without 'user'")
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key go together; give both or none")
        return self

    @property
    def host(self) -> str:
        """Host name or address of the broker."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """TCP port; 8883 for mqtts and 1883 for mqtt where the url names none."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def encrypted(self) -> bool:
        """Whether the link runs over TLS."""
        return urlsplit(self.url).scheme == "mqtts"

    def password(self) -> str | None:
        """The password from the environment; None without a user. Raises SecurityError."""
        return password_from(self.password_env, self.url) if self.password_env else None


def is_loopback(host: str) -> bool:
    """True for this computer's own names: localhost, 127.0.0.0/8, ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _TidySocket(ssl.SSLSocket):
    """Closes itself where the handshake fails; its caller forgets it then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(settings: BrokerSettings) -> ssl.SSLContext | None:
    """A context that verifies the broker's name and chain; None for plain MQTT. Raises SecurityError."""
    if not settings.encrypted:
        return None
    for name in (settings.ca, settings.certificate, settings.key):
        if name and not Path(name).is_file():
            raise SecurityError("certificate file is missing", came=name, where=settings.url)
    try:
        context = ssl.create_default_context(cafile=settings.ca or None)
        context.sslsocket_class = _TidySocket
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key)
    except (ssl.SSLError, OSError) as error:
        raise SecurityError(f"certificate file cannot be read: {error}", where=settings.url) from error
    return context
