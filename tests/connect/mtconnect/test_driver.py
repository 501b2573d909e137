"""The driver against a real agent on loopback that is killed, cut, overrun and garbled."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from luban.connect.mtconnect import MTConnectDriver, MTConnectSettings
from luban.connect.mtconnect.device import Agent
from luban.core.errors import LinkDownError, LubanError, NotAllowedError, SecurityError
from luban.core.quality import Quality
from luban.core.time import SECOND, now
from tests.connect.mtconnect.conftest import MACHINE, Ear, following, until

ADDRESSES = ["Sload", "ex", "parts", "st", "pos/y", "M1:program"]


def driver_of(agent: Agent, **settings: object) -> MTConnectDriver:
    fast: dict[str, object] = {"interval": "10ms", "heartbeat": "200ms", "timeout": "2s"}
    return MTConnectDriver(MTConnectSettings.model_validate({"url": agent.url, **fast, **settings}), ADDRESSES)


@pytest.mark.parametrize("streaming", [True, False])
async def test_each_value_once_in_order(streaming: bool) -> None:
    async with Agent(MACHINE) as agent:
        ear = Ear()
        agent.set("ex", "READY")
        async with following(driver_of(agent, streaming=streaming, count=7), ear):
            assert ear.values("ex") == ["READY"]
            assert [s.quality for s in ear.heard if s.address == "Sload"] == [Quality.UNAVAILABLE]
            for number in range(300):
                agent.set("Sload", str(number))
                if number % 50 == 0:
                    await asyncio.sleep(0.02)
            agent.set("pos", "1 2 3")
            await until(lambda: ear.values("pos/y") == [None, 2.0])
        assert ear.values("Sload") == [None, *map(float, range(300))]
        assert not ear.losses
        assert not ear.rejected


async def test_an_agent_that_cannot_stream_is_polled() -> None:
    async with Agent(MACHINE, streaming=False) as agent:
        ear = Ear()
        async with following(driver_of(agent), ear):
            for number in range(20):
                agent.set("Sload", str(number))
                await asyncio.sleep(0.005)
            await until(lambda: ear.values("Sload")[-1] == 19.0)
        assert ear.values("Sload") == [None, *map(float, range(20))]
        assert any("interval" not in request for request in agent.requests if request.startswith("/sample"))


async def test_heartbeats_prove_the_link() -> None:
    async with Agent(MACHINE) as agent:
        ear = Ear()
        async with following(driver_of(agent), ear):
            before = ear.proofs
            await until(lambda: ear.proofs >= before + 3, within=3)


async def test_a_short_break_loses_nothing() -> None:
    """The connection is reset and back at once: the agent's ring still has what came meanwhile."""
    async with Agent(MACHINE) as agent:
        ear = Ear()
        async with following(driver_of(agent), ear) as task:
            agent.set("Sload", "1")
            await until(lambda: ear.values("Sload")[-1] == 1.0)
            cut = asyncio.create_task(agent.cut())
            agent.set("Sload", "2")
            agent.set("Sload", "3")
            await cut
            await agent.mend()
            agent.set("Sload", "4")
            done, _ = await asyncio.wait({task}, timeout=0.5)
            if done:  # the break was longer than one attempt: then it is the collector's to go on, with history
                with pytest.raises(LinkDownError):
                    task.result()
                return
            await until(lambda: ear.values("Sload")[-1] == 4.0)
        assert ear.values("Sload") == [None, 1.0, 2.0, 3.0, 4.0]
        assert not ear.losses


async def test_an_agent_that_started_anew_is_told() -> None:
    """The instanceId changes within a polled link: start over from /current and say what may be lost."""
    async with Agent(MACHINE) as agent:
        ear = Ear()
        async with following(driver_of(agent, streaming=False, interval="200ms"), ear):
            agent.set("Sload", "1")
            await until(lambda: ear.values("Sload")[-1] == 1.0)
            before = now()
            await agent.kill()
            await agent.start()
            agent.set("Sload", "2")
            await until(lambda: ear.values("Sload")[-1] == 2.0)
        ((start, end, reason),) = ear.losses
        assert reason == "the agent started anew"
        assert before - SECOND < start <= end <= now()


async def test_an_overrun_buffer_is_a_loss_with_its_interval() -> None:
    async with Agent(MACHINE, buffer=20) as agent:
        ear = Ear()
        async with following(driver_of(agent, streaming=False, interval="300ms"), ear):
            agent.set("Sload", "0")
            await until(lambda: ear.values("Sload")[-1] == 0.0)
            times = [agent.set("Sload", str(number)) for number in range(1, 101)]
            await until(lambda: ear.values("Sload")[-1] == 100.0)
        ((start, end, reason),) = ear.losses
        assert "overflow" in reason
        assert start < end
        kept = [value for value in ear.values("Sload")[2:] if value is not None]
        assert kept == [float(number) for number in range(81, 101)]
        assert end == times[80], "the loss ends with the oldest value that the agent still has"


async def test_a_slow_reader_of_a_stream_is_told_too() -> None:
    async with Agent(MACHINE, buffer=20) as agent:
        ear = Ear()
        async with following(driver_of(agent, interval="200ms"), ear):
            for number in range(1, 101):
                agent.set("Sload", str(number))
            await until(lambda: ear.values("Sload")[-1] == 100.0)
        assert len(ear.losses) == 1
        assert ear.values("Sload")[-20:] == [float(number) for number in range(81, 101)]


async def test_an_unreadable_part_is_kept_and_read_again() -> None:
    async with Agent(MACHINE) as agent:
        ear = Ear()
        async with following(driver_of(agent), ear):
            agent.spoil()
            agent.set("Sload", "1")
            await until(lambda: bool(ear.rejected) and ear.values("Sload")[-1] == 1.0)
        assert ear.values("Sload") == [None, 1.0]
        assert ear.rejected[0][2] == "not well-formed XML"
        assert not ear.losses


async def test_an_address_that_is_not_there_is_told() -> None:
    async with Agent(MACHINE) as agent:
        ear = Ear()
        driver = MTConnectDriver(MTConnectSettings(url=agent.url), ["Slod", "Sload"])
        async with following(driver, ear):
            pass
        assert ear.rejected == [("Slod", "did you mean Sload?", "the agent has no such data item")]


async def test_history_comes_from_the_ring() -> None:
    async with Agent(MACHINE) as agent:
        begun = now()
        times = [agent.set("Sload", str(number)) for number in range(250)]
        driver = driver_of(agent, count=40)
        parts = [part async for part in driver.history(["Sload"], times[99], times[200])]
        found = [sample for part in parts for sample in part]
        assert [sample.value for sample in found] == [float(n) for n in range(100, 200)]
        assert [sample.time for sample in found] == times[100:200]
        assert driver.history_since is not None
        assert driver.history_since - begun < SECOND


async def test_history_says_from_when_it_is_whole() -> None:
    async with Agent(MACHINE, buffer=30) as agent:
        times = [agent.set("Sload", str(number)) for number in range(250)]
        driver = driver_of(agent)
        found = [s for part in [p async for p in driver.history(["Sload"], times[0], now())] for s in part]
        assert found[0].time == times[220]
        assert driver.history_since is not None
        assert times[220] <= driver.history_since <= times[230]


async def test_one_device_of_many() -> None:
    other = (
        b'<Device id="e" name="M2" uuid="u2"><DataItems><DataItem id="e1" name="load" type="LOAD" category="SAMPLE"/>'
    )
    two = MACHINE.replace(b"</Devices>", other + b"</DataItems></Device></Devices>")
    async with Agent(two) as agent:
        assert len(await MTConnectDriver(MTConnectSettings(url=agent.url), ()).browse()) == 13
        ear = Ear()
        driver = MTConnectDriver(MTConnectSettings(url=agent.url, device="M2"), ["load"])
        async with following(driver, ear):
            agent.set("e1", "5")
            await until(lambda: ear.values("load") == [None, 5.0])
        assert all(request.startswith("/M2/") for request in agent.requests[1:])


async def test_browse_and_no_writing() -> None:
    async with Agent(MACHINE) as agent:
        driver = driver_of(agent)
        found = {p.address: p for p in await driver.browse()}
        assert found["execution"].mapping == "mtconnect-execution@1"
        with pytest.raises(NotAllowedError):
            await driver.write("Sload", 1.0)


async def test_nobody_there() -> None:
    agent = Agent(MACHINE)
    async with agent:
        pass
    with pytest.raises(LinkDownError, match="does not answer"):
        await driver_of(agent).run(Ear())
    with pytest.raises(LinkDownError):
        await driver_of(agent).browse()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "not well-formed"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "HTTP 503"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "user or password"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer"),
        (b"", "does not answer"),
    ],
)
async def test_something_else_answers(answer: bytes, message: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        driver = MTConnectDriver(MTConnectSettings(url=f"http://127.0.0.1:{port}"), ADDRESSES)
        with pytest.raises(LubanError, match=message):
            await driver.run(Ear())


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody has signed, and the agent's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agent")])
    day = timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - day)
        .not_valid_after(datetime.now(UTC) + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "agent.pem").write_bytes(pem)
    (tmp_path / "both.pem").write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return tmp_path / "agent.pem", context


async def test_https_and_a_password(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = certificate
    monkeypatch.setenv("AGENT_PASSWORD", "secret")
    login: dict[str, object] = {"user": "luban", "password_env": "AGENT_PASSWORD"}
    async with Agent(MACHINE, tls=context, login=("luban", "secret")) as agent:
        with pytest.raises(SecurityError, match="certificate is not trusted"):
            await driver_of(agent, **login).run(Ear())
        with pytest.raises(SecurityError, match="user or password"):
            await driver_of(agent, ca=file).run(Ear())
        monkeypatch.setenv("AGENT_PASSWORD", "wrong")
        with pytest.raises(SecurityError, match="user or password"):
            await driver_of(agent, ca=file, **login).run(Ear())
        monkeypatch.setenv("AGENT_PASSWORD", "secret")
        ear = Ear()
        async with following(driver_of(agent, ca=file, **login), ear):
            agent.set("Sload", "1")
            await until(lambda: ear.values("Sload")[-1] == 1.0)
        monkeypatch.delenv("AGENT_PASSWORD")
        with pytest.raises(SecurityError, match="AGENT_PASSWORD"):
            await driver_of(agent, ca=file, **login).run(Ear())


async def test_capacity() -> None:
    """Five thousand values a second, agent included; measured: thirty-five thousand."""
    count = 10_000
    async with Agent(MACHINE, buffer=20_000) as agent:
        ear = Ear()
        async with following(driver_of(agent), ear):
            begun = asyncio.get_running_loop().time()
            for number in range(count):
                agent.set("Sload", str(number))
            await until(lambda: len(ear.values("Sload")) == count + 1)
            assert count / (asyncio.get_running_loop().time() - begun) > 5_000


async def test_a_silent_agent_is_found_out() -> None:
    """It accepts and never answers."""

    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = MTConnectSettings(url=f"http://127.0.0.1:{port}", timeout="200ms")
        async with asyncio.timeout(3):
            with pytest.raises(LinkDownError):
                await MTConnectDriver(settings, ADDRESSES).run(Ear())
            await ended.wait()


@pytest.mark.parametrize("url", ["ftp://a", "agent:5000", "http://u:p@a:5000", "http://a:5000/?x=1", ""])
def test_bad_addresses(url: str) -> None:
    with pytest.raises(ValueError):
        MTConnectSettings(url=url)
    assert MTConnectSettings(url="http://a:5000/probe").url == "http://a:5000"
