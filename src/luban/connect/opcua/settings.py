"""What a user sets for an OPC UA source. Security is on unless it is switched off by name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from luban.connect.settings import Duration, password_from
from luban.connect.wire import SourceSettings
from luban.core.time import MILLISECOND, SECOND

__all__ = ["NO_SECURITY", "POLICIES", "OpcUaSettings"]

NO_SECURITY = "none"
# The short name a user writes, and the policy that OPC UA means by it (OPC 10000-7 §6.6).
POLICIES = {
    "Basic256Sha256": "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256",
    "Aes128_Sha256_RsaOaep": "http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep",
    "Aes256_Sha256_RsaPss": "http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss",
}
# Withdrawn by the OPC Foundation because SHA-1 and RSA PKCS#1 v1.5 key transport are broken.
_WITHDRAWN = ("Basic256", "Basic128Rsa15")


class OpcUaSettings(SourceSettings):
    """Settings of a source of type `opcua`."""

    url: str = Field(description="Endpoint of the server, e.g. opc.tcp://192.168.0.10:4840")
    security: str = Field(
        default="Basic256Sha256",
        description=f"Policy, always signed and encrypted: {', '.join(POLICIES)}; or '{NO_SECURITY}' (no protection).",
    )
    pki: Path = Field(default=Path("pki"), description="Folder of certificates: own/, trusted/, rejected/, crl/.")
    base: Path = Field(default=Path(), description="Folder that a relative 'pki' lies in; the plant's.")
    user: str = Field(default="", description="User name; anonymous where empty.")
    password_env: str = Field(default="", description="Name of the environment variable that holds the password.")
    publishing_interval: Duration = Field(
        default=250 * MILLISECOND, gt=0, description="How often the server sends what it sampled, e.g. '250ms'."
    )
    sampling_interval: Duration = Field(
        default=100 * MILLISECOND, ge=0, description="How often the server looks at a value; 0 = as fast as it can."
    )
    queue_size: int = Field(default=100, ge=1, description="Values the server keeps per node between two sendings.")
    keepalive: Duration = Field(
        default=SECOND,
        gt=0,
        description="A server with nothing to say says so this often; silence beyond is a dead link.",
    )
    timeout: Duration = Field(default=4 * SECOND, gt=0, description="Longest wait for one answer.")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "opc.tcp" or not parts.hostname:
            # The text that came may hold a password: it is not repeated.
            raise ValueError("not an OPC UA endpoint; expected opc.tcp://host:port")
        if parts.username or parts.password:
            raise ValueError("the address holds a user or password; use 'user' and 'password_env' instead")
        return url

    @field_validator("security")
    @classmethod
    def _check_security(cls, security: str) -> str:
        if security in _WITHDRAWN:
            raise ValueError(f"{security} is broken and withdrawn; expected one of {', '.join(POLICIES)}")
        if security != NO_SECURITY and security not in POLICIES:
            raise ValueError(f"unknown policy {security!r}; expected one of {', '.join(POLICIES)} or '{NO_SECURITY}'")
        return security

    @model_validator(mode="after")
    def _check_user(self) -> OpcUaSettings:
        if self.password_env and not self.user:
            raise ValueError("'password_env' without 'user'")
        if self.user and not self.secure:
            raise ValueError("a password must not cross an unprotected wire; set 'security' to a policy")
        return self

    @property
    def certificates(self) -> Path:
        """The folder of certificates."""
        return self.base / self.pki

    @property
    def secure(self) -> bool:
        """True where messages are signed and encrypted."""
        return self.security != NO_SECURITY

    def password(self) -> str:
        """The password from the environment, '' where none is set up. Raises SecurityError if it is missing."""
        return password_from(self.password_env, self.url)
