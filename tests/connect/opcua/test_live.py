"""Against node-opcua, an implementation that shares no code with ours."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from luban.connect.collector import Collector, Limits
from luban.connect.opcua import OpcUaDriver, OpcUaSettings, trust
from luban.connect.opcua.pki import own_identity, thumbprint
from luban.connect.opcua.settings import POLICIES
from luban.core.errors import ConnectError, InputError, LinkDownError, NotAllowedError, SecurityError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now
from luban.norms import state_mapping
from tests.connect.cable import Cable
from tests.connect.contract import Signal, WatchedSpool
from tests.connect.opcua.ends import Heard, node_server, until
from tests.connect.opcua_device import shared_device
from tests.outside import free_port

pytestmark = pytest.mark.service

NS = "nsu=urn:luban:test;s="
COUNTER, STATE, SETPOINT, STRICT, BROKEN, LOAD = (
    f"{NS}{name}" for name in ("Counter", "State", "Setpoint", "Strict", "Broken", "Load")
)
# Sampling 0: the server sends each change; with a period it would skip values whenever its own timer is late.
FAST = {"publishing_interval": "100ms", "sampling_interval": "0s", "keepalive": "500ms"}


def settings(port: int, **more: Any) -> OpcUaSettings:
    return OpcUaSettings.model_validate({"url": f"opc.tcp://127.0.0.1:{port}", "security": "none", **FAST, **more})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the servers: making keys takes seconds, so all tests share them."""
    return tmp_path_factory.mktemp("node-pki")


@pytest.fixture(scope="module")
def plain(certificates: Path) -> Iterator[int]:
    """Port of a server without security, with history and companion types."""
    yield from _served(certificates, history=True, companions=True, burst=8)


@pytest.fixture(scope="module")
def secure(certificates: Path) -> Iterator[int]:
    """Port of a server that takes only encrypted sessions, of clients and users it knows."""
    yield from _served(certificates, secure=True, users={"luban": "s3cret"}, acceptClients=False)


def _served(certificates: Path, **options: Any) -> Iterator[int]:
    port = free_port()
    server = node_server(port, certificates, **options)
    server.begin()
    try:
        yield port
    finally:
        server.kill()


@asynccontextmanager
async def listening(chosen: OpcUaSettings, *addresses: str) -> AsyncIterator[tuple[OpcUaDriver, Heard]]:
    driver, heard = OpcUaDriver(chosen, addresses), Heard()
    running = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: running.done() or heard.proved, 15, "never proved")
        if running.done():
            running.result()
        yield driver, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_every_value_once_with_its_own_time(plain: int) -> None:
    async with listening(settings(plain), COUNTER) as (_, heard):
        await until(lambda: len(heard.of(COUNTER)) > 40)
        numbers = [s.value for s in heard.of(COUNTER)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        times = [s.time for s in heard.of(COUNTER)]
        assert times == sorted(set(times))
        assert heard.proved == sorted(heard.proved)
        assert abs(now() - heard.proved[-1]) < 2 * SECOND
        assert not heard.losses


async def test_units_types_and_quality(plain: int) -> None:
    async with listening(settings(plain), STATE, BROKEN, LOAD, f"{NS}Nowhere") as (_, heard):
        await until(lambda: heard.of(STATE) and heard.of(BROKEN) and heard.of(LOAD))
        assert heard.of(STATE)[0].value == "Executing"
        assert heard.of(BROKEN)[0].quality is Quality.SENSOR_FAILURE
        assert (heard.of(LOAD)[0].value, heard.of(LOAD)[0].unit) == (71.0, "%")
        assert heard.of(f"{NS}Nowhere")[0].quality is Quality.CONFIGURATION
        assert heard.rejected == [(f"{NS}Nowhere", "BadNodeIdUnknown")]


async def test_addresses_by_index_and_by_path(plain: int) -> None:
    async with listening(settings(plain, **FAST), COUNTER) as (driver, _):
        assert driver._link is not None
        index = driver._link.namespaces.index("urn:luban:test")
    path, by_index = f"/Objects/{index}:Machine/{index}:Load", f"ns={index};s=Load"
    async with listening(settings(plain), path, by_index) as (_, heard):
        await until(lambda: heard.of(path) and heard.of(by_index))
        assert heard.of(path)[0].value == heard.of(by_index)[0].value == 71.0


async def test_full_queue_is_told(plain: int) -> None:
    """Eight values in one moment and room for two: the overflow bit comes, and a loss with it."""
    chosen = settings(plain, queue_size=2, publishing_interval="400ms")
    async with listening(chosen, f"{NS}Burst") as (_, heard):
        await until(lambda: heard.losses, 10, "no loss was told")
        start, end, reason, addresses = heard.losses[0]
        assert "full" in reason
        assert addresses == (f"{NS}Burst",)
        assert start <= end


async def test_companion_types_need_no_hand(plain: int) -> None:
    rounds: list[tuple[int, int]] = []
    found = await OpcUaDriver(settings(plain), ()).browse(lambda nodes, variables: rounds.append((nodes, variables)))
    assert rounds == sorted(rounds)
    mill = {p.name: p for p in found if p.equipment == "Mill_7"}
    assert mill["state"].mapping == "opc40501-1@1"
    assert mill["state"].companion == "MachineTool"
    assert mill["total_count"].role == "total_count"
    packer = next(p for p in found if p.equipment == "Packer" and p.role == "state")
    assert (packer.mapping, packer.companion) == ("packml@1", "PackML")
    load = next(p for p in found if p.address == LOAD)
    assert (load.type, load.unit, load.equipment, load.note) == ("number", "%", "Machine", "range 0 to 200")
    async with listening(settings(plain), *(p.address for p in mill.values())) as (_, heard):
        state, count = mill["state"].address, mill["total_count"].address
        await until(lambda: heard.of(state) and len(heard.of(count)) > 2)
        word = heard.of(state)[0].value
        assert word == "Executing/Processing"
        assert word in state_mapping(mill["state"].mapping).states
        assert all(a < b for a, b in itertools.pairwise(s.value for s in heard.of(count)))  # type: ignore[operator]


async def test_write_only_what_is_listed_and_read_it_back(plain: int) -> None:
    chosen = settings(plain, writable=[SETPOINT, STRICT])
    async with listening(chosen, COUNTER) as (driver, _):
        back = await driver.write(SETPOINT, 42.1)
        assert back.accepted
        assert back.value == pytest.approx(42.1, rel=1e-6)
        assert (await driver.write(STRICT, 7.0)).value == 7, "a strict server takes a bare value"
        with pytest.raises(InputError, match="does not fit"):
            await driver.write(STRICT, 70_000)
        with pytest.raises(NotAllowedError, match="may not be written"):
            await driver.write(COUNTER, 0)


async def test_history_fills_exactly_what_a_cut_cable_hid(plain: int) -> None:
    cable = Cable(plain)
    await cable.mend()
    signals = [Signal("plant/m1:parts", "plant/m1", "parts", COUNTER, role="good_count")]
    async with collecting(cable.port, signals) as (collector, spool):
        await until(lambda: len(spool.rows("signal")) > 5)
        await cable.cut()
        await until(lambda: collector.status.state == "down", 4, "the cut was not noticed")
        await asyncio.sleep(1.5)
        await cable.mend()
        await until(lambda: spool.rows("event", kind="gap"), 12, "no gap fact")
        await until(lambda: collector.status.backfilled > 20)
        await asyncio.sleep(0.5)
        numbers = [row["value"] for row in spool.rows("signal")]
        assert numbers == [float(n) for n in range(int(numbers[0]), int(numbers[0]) + len(numbers))]
        assert sum(row["good"] for row in spool.rows("count")) == numbers[-1] - numbers[0]
        gap = spool.rows("event", kind="gap")[-1]
        assert [(a["time"], a["end"]) for a in spool.rows("event", kind="alive", code="backfilled")] == [
            (gap["time"], gap["end"])
        ]
    await cable.cut()


async def test_no_history_is_said(plain: int) -> None:
    async with listening(settings(plain), COUNTER, LOAD) as (driver, heard):
        await until(lambda: len(heard.of(COUNTER)) > 10)
        pages: list[Any] = []
        with pytest.raises(ConnectError, match="no history of 1 of 2"):
            await _read_into(pages, driver, [COUNTER, LOAD])
        assert pages


async def _read_into(pages: list[Any], driver: OpcUaDriver, addresses: list[str]) -> None:
    async for page in driver.history(addresses, now() - SECOND, now()):
        pages.append(page)  # noqa: PERF401


@pytest.mark.alone
async def test_silent_link_is_noticed_within_three_seconds(plain: int) -> None:
    """No FIN, no RST: packets just stop, as behind a switch that lost power."""
    cable = Cable(plain)
    await cable.mend()
    driver, heard = OpcUaDriver(settings(cable.port), [COUNTER]), Heard()
    running = asyncio.create_task(driver.run(heard))
    await until(lambda: len(heard.kept) > 5)
    cable.freeze()
    began = time.monotonic()
    with pytest.raises(LinkDownError, match="silent"):
        await running
    assert time.monotonic() - began < 3.5
    assert heard.proved[-1] < now() - 2 * SECOND, "coverage ends where the silence began"
    await cable.cut()


async def test_killed_for_three_seconds(certificates: Path) -> None:
    await _killed(certificates, away=3)


@pytest.mark.slow
async def test_killed_for_a_minute(certificates: Path) -> None:
    await _killed(certificates, away=60)


async def _killed(certificates: Path, away: float) -> None:
    """Back within 10 s; the gap reaches from the last evidence to the first new one, and nothing is claimed inside."""
    port = free_port()
    server = node_server(port, certificates)
    await server.start()
    signals = [Signal("plant/m1:parts", "plant/m1", "parts", COUNTER)]
    try:
        async with collecting(port, signals) as (collector, spool):
            await until(lambda: len(spool.rows("signal")) > 5)
            before = now()
            server.kill()
            killed = now()
            await until(lambda: collector.status.state == "down", 4, "the death was not noticed")
            await asyncio.sleep(max(0, away - (now() - killed) / SECOND))
            await server.start()
            ready = time.monotonic()
            await until(lambda: collector.status.state == "up", 10, "not back within 10 s")
            await until(lambda: spool.rows("event", kind="gap"), 5, "no gap fact")
            assert time.monotonic() - ready < 10
            gap = spool.rows("event", kind="gap")[-1]
            assert before - 600 * MILLISECOND <= gap["time"] <= killed
            assert gap["end"] - gap["time"] >= away * SECOND
            in_gap = [r for r in spool.rows("signal") if gap["time"] + 200 * MILLISECOND < r["time"] < gap["end"]]
            assert all(r["time"] > killed for r in in_gap)
            covered = [(a["time"], a["end"]) for a in spool.rows("event", kind="alive") if a["code"] != "backfilled"]
            assert not [c for c in covered if c[0] < gap["end"] and c[1] > gap["time"]]
    finally:
        server.kill()


async def test_skipped_message_is_a_loss(plain: int) -> None:
    """The server is asked for what was skipped; what it no longer has is told."""
    async with listening(settings(plain), COUNTER) as (driver, heard):
        await until(lambda: len(heard.kept) > 5)
        subscription = driver._subscription
        assert subscription is not None
        message = ua.NotificationMessage(SequenceNumber=subscription._expected + 1000)
        message.NotificationData = [ua.DataChangeNotification()]
        await subscription._on_publish(ua.PublishResult(NotificationMessage=message))
        assert len(heard.losses) == 1
        start, end, reason, _ = heard.losses[0]
        assert "BadMessageNotAvailable" in reason
        assert start < end


async def test_subscription_that_the_server_forgot(plain: int) -> None:
    """The session lives and answers, only nothing comes any more."""
    driver, heard = OpcUaDriver(settings(plain), [COUNTER]), Heard()
    running = asyncio.create_task(driver.run(heard))
    await until(lambda: len(heard.kept) > 5)
    assert driver._link is not None
    assert driver._subscription is not None
    await driver._link.client.uaclient.delete_subscriptions([driver._subscription._id])
    with pytest.raises(LinkDownError, match="its subscription is gone"):
        await asyncio.wait_for(running, 6)


async def test_node_that_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is still starting: what is missing is looked for again."""
    monkeypatch.setattr("luban.connect.opcua.subscription._RETRY", 0.3)
    device, port = shared_device()
    late = "nsu=urn:luban:device;s=Late/Value"
    async with listening(settings(port), late) as (_, heard):
        await until(lambda: heard.rejected)
        await device.ask(add={"path": "Late/Value", "type": "Double"})
        await device.ask(put="Late/Value", value=4.5)
        await until(lambda: any(s.value == 4.5 for s in heard.of(late)))
        assert len(heard.rejected) == 1


@asynccontextmanager
async def collecting(
    port: int, signals: list[Signal], *, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[Collector, WatchedSpool]]:
    chosen, spool = settings(port, url=f"opc.tcp://{host}:{port}"), WatchedSpool()
    limits = Limits(
        backoff_first=200 * MILLISECOND, backoff_most=SECOND, alive_every=SECOND, keepalive=2 * SECOND,
        settle=300 * MILLISECOND,
    )  # fmt: skip
    collector = Collector("m", lambda: OpcUaDriver(chosen, [s.address for s in signals]), signals, spool, limits=limits)
    running = asyncio.create_task(collector.run())
    try:
        yield collector, spool
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# ---- security


@pytest.fixture
def known(certificates: Path, tmp_path: Path) -> Path:
    """Our certificates; the server has been told to trust them."""
    ours = own_identity(tmp_path).certificate.read_bytes()
    trusted = certificates / "server" / "trusted" / "certs"
    trusted.mkdir(parents=True, exist_ok=True)
    pem = x509.load_der_x509_certificate(ours).public_bytes(Encoding.PEM)
    (trusted / f"{hashlib.sha1(ours).hexdigest()}.pem").write_bytes(pem)
    return tmp_path


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("LUBAN_TEST_PASSWORD", "s3cret")
    return {"user": "luban", "password_env": "LUBAN_TEST_PASSWORD"}


async def test_stranger_is_refused_until_a_person_trusts_it(secure: int, known: Path, password: dict[str, str]) -> None:
    chosen = settings(secure, security="Basic256Sha256", pki=known, **password)
    with pytest.raises(SecurityError, match="luban connect trust") as caught:
        await OpcUaDriver(chosen, [COUNTER]).run(Heard())
    (kept,) = (known / "rejected").iterdir()
    assert thumbprint(x509.load_der_x509_certificate(kept.read_bytes())) in caught.value.came
    trust(kept)
    for policy in POLICIES:
        async with listening(chosen.model_copy(update={"security": policy}), COUNTER) as (driver, heard):
            await until(lambda heard=heard: len(heard.kept) > 3)  # type: ignore[misc]
            assert driver._link is not None
            used = driver._link.client.security_policy.URI
            assert used == POLICIES[policy]


async def test_wrong_password(
    secure: int, known: Path, password: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(secure, security="Basic256Sha256", pki=known, **password)
    await _trusted(chosen)
    monkeypatch.setenv("LUBAN_TEST_PASSWORD", "wr0ng")
    with pytest.raises(SecurityError, match="refused the user") as caught:
        await OpcUaDriver(chosen, [COUNTER]).run(Heard())
    assert "wr0ng" not in str(caught.value)
    anonymous = settings(secure, security="Basic256Sha256", pki=known)
    with pytest.raises(SecurityError, match="refused the user"):
        await OpcUaDriver(anonymous, [COUNTER]).run(Heard())


async def test_policy_that_is_not_offered(plain: int, tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match="does not offer") as caught:
        await OpcUaDriver(settings(plain, security="Basic256Sha256", pki=tmp_path), [COUNTER]).run(Heard())
    assert caught.value.came == "None None_"


async def test_server_that_does_not_trust_us(secure: int, tmp_path: Path) -> None:
    chosen = settings(secure, security="Basic256Sha256", pki=tmp_path)
    await _trusted(chosen)
    with pytest.raises(SecurityError, match="trust our certificate"):
        await OpcUaDriver(chosen, [COUNTER]).run(Heard())


async def _trusted(chosen: OpcUaSettings) -> None:
    with pytest.raises(SecurityError):
        await OpcUaDriver(chosen, [COUNTER]).run(Heard())
    for kept in (chosen.pki / "rejected").iterdir():
        trust(kept)


async def test_nobody_there() -> None:
    with pytest.raises(LinkDownError, match="nobody listens"):
        await OpcUaDriver(settings(free_port()), [COUNTER]).run(Heard())
