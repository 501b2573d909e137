"""One connection to one server: endpoint chosen, certificate checked, session open.

A fresh client for each attempt: a reused one can hang (opcua-asyncio #1660).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from asyncua import Client, ua
from asyncua.client.ua_client import UaClientState
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography.hazmat.primitives.serialization import Encoding

from luban.connect.opcua.pki import Identity, check_server, own_identity
from luban.connect.opcua.settings import POLICIES, OpcUaSettings
from luban.connect.opcua.values import time_of
from luban.core.errors import ConnectError, LinkDownError, SecurityError
from luban.core.time import SECOND

__all__ = ["Limits", "Link", "connected", "translated"]

logger = logging.getLogger(__name__)

_POLICY_CLASSES = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
# asyncua's own supervisor would probe and give up after one second of a busy server: we watch ourselves.
_NEVER = 1e7
_CHUNK = 500
_NO_ACCESS = ("Certificate", "Security", "Identity", "UserAccess", "UserSignature", "ApplicationSignature")
_LIMIT_NODES = {
    "read": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "browse": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
    "translate": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
    "monitor": ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many nodes the server takes in one call of each kind."""

    read: int = _CHUNK
    browse: int = _CHUNK
    translate: int = _CHUNK
    monitor: int = _CHUNK


@dataclass(slots=True)
class Link:
    """An open session."""

    client: Client
    namespaces: list[str]
    limits: Limits
    url: str
    started: int = 0  # when the server process began [µs UTC], 0 if it does not say
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def up(self) -> bool:
        """The socket stands and nothing has told us otherwise."""
        return self.client.state is UaClientState.CONNECTED and not self.lost.is_set()


@asynccontextmanager
async def connected(settings: OpcUaSettings) -> AsyncIterator[Link]:
    """Open a session and close it again.

    Raises  LinkDownError if the server is away, SecurityError if it or we are refused
    """
    _quieten()
    try:
        client = await _client(settings)
        await _open(client, settings)
    except (ua.UaError, OSError, TimeoutError) as error:
        raise translated(error, settings) from error
    link = Link(client, [], Limits(), settings.url)

    async def note_loss(_: Exception) -> None:
        link.lost.set()

    client.connection_lost_callback = note_loss
    try:
        try:
            link.namespaces = list(await client.get_namespace_array())
            link.limits = await _limits(client)
            link.started = await _started(client)
        except (ua.UaError, OSError, TimeoutError) as error:
            raise translated(error, settings) from error
        yield link
    finally:
        await _close(link)


def translated(error: BaseException, settings: OpcUaSettings) -> ConnectError:
    """What an error of the wire means to a user."""
    name = type(error).__name__
    if isinstance(error, ua.UaStatusCodeError) and any(word in name for word in _NO_ACCESS):
        return _refused(name, settings)
    if isinstance(error, TimeoutError):
        return LinkDownError("no answer", where=settings.url, expected=f"one within {settings.timeout / SECOND:g} s")
    if isinstance(error, ConnectionRefusedError):
        return LinkDownError("nobody listens there", where=settings.url, hint="is the server on, and the port right?")
    return LinkDownError("the link failed", where=settings.url, came=f"{name}: {error}"[:200])


def _refused(name: str, settings: OpcUaSettings) -> SecurityError:
    own = settings.certificates / "own" / "luban-client.der"
    user = any(word in name for word in ("Identity", "UserAccess", "UserSignature"))
    return SecurityError(
        "the server refused the user" if user else "the server refused us",
        where=settings.url,
        came=name,
        hint="check 'user' and the password" if user else f"let the server trust our certificate: {own}",
    )


async def _client(settings: OpcUaSettings) -> Client:
    client = Client(settings.url, timeout=settings.timeout / SECOND, watchdog_intervall=_NEVER)
    client.name = client.description = "luban"
    if not settings.secure:
        _warn(settings.url)
        return client
    identity = own_identity(settings.certificates)
    client.application_uri = identity.uri
    client.product_uri = "urn:luban"
    endpoint = await _endpoint(settings)
    certificate = check_server(
        settings.certificates, endpoint.ServerCertificate or b"", endpoint.Server.ApplicationUri, settings.url
    )
    await _protect(client, settings, identity, certificate.public_bytes(Encoding.DER))
    if settings.user:
        client.set_user(settings.user)
        client.set_password(settings.password())
    return client


@cache
def _warn(url: str) -> None:
    """Once a process, not at every reconnect."""
    logger.warning("%s: no security: anyone on the network can read and forge these values", url)


async def _open(client: Client, settings: OpcUaSettings) -> None:
    try:
        await client.connect()
    except (AssertionError, AttributeError) as error:
        # asyncua 2.1 runs into its own assertion when the server answers OpenSecureChannel with a fault.
        raise _refused("no secure channel", settings) from error


async def _protect(client: Client, settings: OpcUaSettings, identity: Identity, server: bytes) -> None:
    await client.set_security(
        _POLICY_CLASSES[settings.security],
        CertProperties(identity.certificate),
        CertProperties(identity.key),
        server_certificate=CertProperties(server, "DER"),
        mode=ua.MessageSecurityMode.SignAndEncrypt,
    )


async def _endpoint(settings: OpcUaSettings) -> Any:
    """The endpoint that offers the wanted policy, signed and encrypted."""
    discovery = Client(settings.url, timeout=settings.timeout / SECOND)
    offered = await discovery.connect_and_get_server_endpoints()
    for endpoint in offered:
        encrypted = endpoint.SecurityMode == ua.MessageSecurityMode.SignAndEncrypt
        if encrypted and endpoint.SecurityPolicyUri == POLICIES[settings.security]:
            return endpoint
    names = sorted({f"{e.SecurityPolicyUri.rpartition('#')[2]} {e.SecurityMode.name}" for e in offered})
    only_bare = {endpoint.SecurityMode for endpoint in offered} <= {ua.MessageSecurityMode.None_}
    raise SecurityError(
        "the server does not offer this security",
        where=settings.url,
        came=", ".join(names) or "nothing",
        expected=f"{settings.security} SignAndEncrypt",
        hint="switch it on at the server"
        + (
            ", or accept that all can read and forge: security = 'none'"
            if only_bare
            else ", or set 'security' to one of these"
        ),
    )


async def _limits(client: Client) -> Limits:
    values = await client.uaclient.read_attributes([ua.NodeId(i) for i in _LIMIT_NODES.values()], ua.AttributeIds.Value)
    found = {}
    for name, value in zip(_LIMIT_NODES, values, strict=True):
        limit = value.Value.Value if value.StatusCode.is_good() and value.Value is not None else 0
        found[name] = min(_CHUNK, limit) if isinstance(limit, int) and limit > 0 else _CHUNK
    return Limits(**found)


async def _started(client: Client) -> int:
    node = ua.NodeId(ua.ObjectIds.Server_ServerStatus_StartTime)
    value = (await client.uaclient.read_attributes([node], ua.AttributeIds.Value))[0]
    began = value.Value.Value if value.Value is not None else None
    return time_of(ua.DataValue(SourceTimestamp=began)) if isinstance(began, datetime) else 0


async def _close(link: Link) -> None:
    """Take leave politely from a living server; from a dead one just drop the socket."""
    protocol = link.client.uaclient.protocol
    if not link.up and protocol is not None and protocol.transport is not None:
        protocol.transport.abort()
    try:
        async with asyncio.timeout(2):
            await link.client.disconnect()
    except Exception:
        logger.debug("closing %s", link.url, exc_info=True)
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abort()


def _quieten() -> None:
    """The library logs a traceback for every lost link; luban says it once, in its own words."""
    library = logging.getLogger("asyncua")
    if library.level == logging.NOTSET:
        library.setLevel(logging.CRITICAL + 1)
