"""One session with a real broker: credentials, certificates, dead links, acknowledgements."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Message, Session, Will
from luban.core.errors import LinkDownError, SecurityError
from tests.connect.mqtt.mosquitto import CountingCable, Mosquitto
from tests.outside import free_port

pytestmark = pytest.mark.service


def session(url: str, name: str = "", *, clean: bool = True, will: Will | None = None, **fields: Any) -> Session:
    return Session(BrokerSettings.model_validate({"url": url, **fields}), name, clean=clean, will=will)


async def receive(client: Session, count: int, *, acknowledge: bool = False) -> list[Message]:
    found: list[Message] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            batch = await client.receive()
            if acknowledge:
                client.acknowledge(batch)
            found += batch
    return found


async def test_nobody_there() -> None:
    with pytest.raises(LinkDownError, match="no broker"):
        async with session(f"mqtt://127.0.0.1:{free_port()}"):
            pass


async def test_somebody_who_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luban.connect.mqtt.session._CONNECT_TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(LinkDownError, match="does not answer"):
        async with session(f"mqtt://127.0.0.1:{silent.getsockname()[1]}"):
            pass


async def test_user_and_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "passwords"
    passwd = which("mosquitto_passwd")
    if passwd is None:
        pytest.skip("needs mosquitto_passwd")
    await asyncio.to_thread(
        subprocess.run, [passwd, "-b", "-c", str(passwords), "luban", "s3cret"], check=True, stderr=subprocess.DEVNULL
    )
    with Mosquitto(tmp_path, f"password_file {passwords}", "user root") as broker:
        monkeypatch.setenv("LUBAN_TEST_PASSWORD", "s3cret")
        async with session(broker.url, user="luban", password_env="LUBAN_TEST_PASSWORD") as client:
            assert await client.subscribe(["a"]) == []
        monkeypatch.setenv("LUBAN_TEST_PASSWORD", "wrong")
        with pytest.raises(SecurityError, match="refuses us") as caught:
            async with session(broker.url, user="luban", password_env="LUBAN_TEST_PASSWORD"):
                pass
        assert "wrong" not in str(caught.value)
        with pytest.raises(SecurityError):
            async with session(broker.url):
                pass


async def test_a_refused_topic() -> None:
    """mosquitto grants every subscription and then sends nothing, so a broker of two answers stands in for others."""

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while packet := await reader.read(1_000):
            if packet[0] >> 4 == 1:
                writer.write(bytes([0x20, 2, 0, 0]))  # CONNACK: accepted
            elif packet[0] >> 4 == 8:
                writer.write(bytes([0x90, 4, *packet[2:4], 1, 0x80]))  # SUBACK: granted, refused
        writer.close()

    async with await asyncio.start_server(broker, "127.0.0.1", 0) as server:
        async with session(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
            assert await client.subscribe(["allowed/a", "secret/b"]) == ["secret/b"]
        await asyncio.sleep(0.05)


async def test_messages_wait_for_their_acknowledgement(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with session(broker.url, "reader", clean=False) as reader:
            assert not reader.present
            await reader.subscribe(["a/+"])
            async with session(broker.url) as writer:
                await asyncio.gather(*(writer.publish(f"a/{n}", str(n).encode()) for n in range(5)))
            batch = await receive(reader, 5)
            reader.acknowledge(batch[:2])
        async with session(broker.url, "reader", clean=False) as reader:
            assert reader.present
            again = await receive(reader, 3)
            assert [m.topic for m in again] == [m.topic for m in batch[2:]]
            assert all(m.repeated for m in again)
            reader.acknowledge(again)
        async with session(broker.url, "reader", clean=False) as reader:
            assert await reader.receive(within=0.2) == []


async def test_will_and_retained(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with session(broker.url) as reader:
            await reader.subscribe(["w"])
            doomed = session(broker.url, will=Will("w", b"gone", 1, retain=True))
            async with doomed:
                doomed.abort()
            (message,) = await receive(reader, 1)
            assert (message.payload, message.retained) == (b"gone", False)
        async with session(broker.url) as late:
            await late.subscribe(["w"])
            (message,) = await receive(late, 1)
            assert (message.payload, message.retained) == (b"gone", True)


@pytest.mark.alone
async def test_a_link_that_dies_in_silence_is_found(tmp_path: Path) -> None:
    """The cable takes bytes but carries none: no reset, no end of file."""
    with Mosquitto(tmp_path) as broker:
        cable = CountingCable(broker.port)
        await cable.mend()
        async with session(cable.url, keepalive="1s") as client:
            for _ in range(2):
                await client.receive()  # answers to our pings
            cable.freeze()
            started = time.monotonic()
            with pytest.raises(LinkDownError):
                await receive(client, 1)
            assert time.monotonic() - started < 4
        await cable.cut()


async def test_many_messages_both_ways(tmp_path: Path) -> None:
    """More than the pause level wait while nobody reads, and none is lost."""
    with Mosquitto(tmp_path, "max_inflight_messages 0") as broker:
        async with session(broker.url) as reader, session(broker.url) as writer:
            await reader.subscribe(["a"])
            payload = b"x" * 100
            for _ in range(25):
                await asyncio.gather(*(writer.publish("a", payload) for _ in range(500)))
            assert len(await receive(reader, 12_500)) == 12_500


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name, self.key.public_key(), authority=True)
        self.file = self._write(f"{name}.crt", self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Mapping[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self._sign(name, key.public_key(), authority=False)
        return {
            "certificate": self._write(f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM)),
            "key": self._write(f"{name}.key", private),
        }

    def _sign(self, name: str, public: ec.EllipticCurvePublicKey, *, authority: bool) -> x509.Certificate:
        start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        names: list[x509.GeneralName] = (
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))] if name == "broker" else [x509.DNSName(name)]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)


async def test_tls(tmp_path: Path) -> None:
    ours, strangers = Authority(tmp_path, "ours"), Authority(tmp_path, "strangers")
    server, client = ours.issue("broker"), ours.issue("luban")
    secure = free_port()
    lines = [
        f"listener {secure} 127.0.0.1",
        f"cafile {ours.file}",
        f"certfile {server['certificate']}",
        f"keyfile {server['key']}",
        "require_certificate true",
        "user root",
    ]
    with Mosquitto(tmp_path, *lines):
        url = f"mqtts://127.0.0.1:{secure}"
        async with session(url, ca=ours.file, **client) as link:
            await link.subscribe(["a"])
            await link.publish("a", b"x" * 100_000)
            assert len((await receive(link, 1, acknowledge=True))[0].payload) == 100_000
            await asyncio.gather(*(link.publish("a", str(n).encode()) for n in range(300)))
            assert [m.payload for m in await receive(link, 300, acknowledge=True)] == [
                str(n).encode() for n in range(300)
            ]
        with pytest.raises(SecurityError, match="not trusted"):
            async with session(url, ca=strangers.file, **client):
                pass
        with pytest.raises(SecurityError, match="not trusted"):
            async with session(url.replace("127.0.0.1", "localhost"), ca=ours.file, **client):
                pass
        with pytest.raises((SecurityError, LinkDownError)):
            async with session(url, ca=ours.file):
                pass
        with pytest.raises(SecurityError, match="missing"):
            async with session(url, ca=str(tmp_path / "no.crt"), **client):
                pass
