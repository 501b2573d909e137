"""The driver against an adapter on loopback that is killed, mute, garbled and cut into pieces."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.mtconnect.model import read_devices
from luban.connect.mtconnect.observation import Addresses
from luban.connect.shdr import ShdrDriver, ShdrSettings
from luban.connect.shdr.device import Adapter
from luban.connect.shdr.driver import _Ear
from luban.connect.shdr.framing import Lines
from luban.connect.shdr.recording import stamp
from luban.core.errors import ConfigError, LinkDownError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now
from tests.connect.mtconnect.conftest import Ear, following, until

WORKSHOP = Path(__file__).parents[3] / "src" / "luban" / "loop" / "workshop"
DEVICES = WORKSHOP / "okuma_devices.xml"


async def test_what_it_says_is_heard_with_its_times() -> None:
    async with Adapter() as adapter:
        first = adapter.set("a", "1")
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a", "b", "c"]), ear):
            await until(lambda: ear.values("a") == [1])
            assert first <= ear.heard[0].time <= now(), "who connects is told everything, stamped now"
            second = adapter.set("a", "2.5")
            third = adapter.set("c", "FAULT", "17", "", "HIGH", "a | b")
            adapter.send("|b|no time")
            await until(lambda: len(ear.heard) == 4)
        assert [(s.value, s.time) for s in ear.heard[1:3]] == [(2.5, second), ("FAULT 17: a | b", third)]
        assert abs(ear.heard[3].time - now()) < SECOND


async def test_garbage_is_kept_and_nothing_stops() -> None:
    async with Adapter() as adapter:
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url, max_line=300), ["a"]), ear):
            moment = stamp(now())
            for bad in (b"hello", b"\xff\xfe|a|1", b"yesterday|a|1", b"|", f"{moment}|a".encode(), b"x" * 400):
                adapter.send_raw(bad + b"\n")
            adapter.send_raw(b"\n\r\n* unknown: command\n")
            adapter.set("a", "7")
            await until(lambda: ear.values("a") == [7])
        reasons = [reason for _, _, reason in ear.rejected]
        assert reasons == [
            "not an SHDR line", "not UTF-8", "not a time", "a key without a value", "line too long"
        ]  # fmt: skip
        assert ear.rejected[1][1] == b"\xff\xfe|a|1"


PIECES = ["2026-11-24T12:00:00Z", "a", "b:a", "|", "1", "1e999", "NaN", '"', "\\", "UNAVAILABLE", "NORMAL", "@5"]
PIECES += ["--multiline--A", "* PONG 1", "@ASSET@", "\n", "\r\n", " ", "\x00", "ü", "3|100|1 2 3", "||||", "{", "="]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_line_breaks_anything(pieces: list[str], with_model: bool) -> None:
    rejected: list[str] = []
    chosen = ShdrSettings(url="tcp://a:1", max_line=256)
    model = read_devices(DEVICES) if with_model else None
    ear = _Ear(chosen, model, lambda payload, reason: rejected.append(reason))
    lines = Lines(256)
    data = "".join(pieces).encode("utf-8", "surrogatepass") + b"\n2026-11-24T12:00:00Z|a|1\n"
    seen = [one for start in range(0, len(data), 7) for one in ear.hear(lines.feed(data[start : start + 7]), 5)]
    for one in seen:
        for sample in Addresses(one.names).samples(one):
            assert -(2**63) < sample.time < 2**63
    assert set(rejected) <= {
        "a key without a value", "line too long", "not UTF-8", "not a key", "not a rate", "not a time",
        "not a time series", "not an SHDR line", "unknown condition", "value too long",
    }  # fmt: skip


async def test_lines_may_come_in_pieces() -> None:
    async with Adapter() as adapter:
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["größe"]), ear):
            line = f"{stamp(now())}|größe|5\n".encode()
            for byte in line:
                adapter.send_raw(bytes([byte]))
                await asyncio.sleep(0.001)
            await until(lambda: ear.values("größe") == [5])


async def test_assets_are_passed_over() -> None:
    async with Adapter() as adapter:
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear):
            moment = stamp(now())
            adapter.send_raw(
                f"{moment}|@ASSET@|1|CuttingTool|<T/>\n{moment}|@REMOVE_ALL_ASSETS@|CuttingTool\n".encode()
            )
            adapter.send_raw(f"{moment}|@ASSET@|2|T|--multiline--AB\n<a|b>\n--multiline--AB\n{moment}|a|1\n".encode())
            await until(lambda: ear.values("a") == [1])
        assert not ear.rejected


async def test_heartbeats_prove_the_link_and_their_absence_ends_it() -> None:
    async with Adapter(heartbeat=150 * MILLISECOND) as adapter:
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear) as task:
            before = ear.proofs
            await until(lambda: ear.proofs >= before + 3, within=3)
            adapter.heartbeat = 0  # alive on TCP, but it no longer answers
            silent = asyncio.get_running_loop().time()
            with pytest.raises(LinkDownError, match="fell silent"):
                await asyncio.wait_for(task, 3)
            assert asyncio.get_running_loop().time() - silent < 1


async def test_an_adapter_without_heartbeats_may_be_silent() -> None:
    async with Adapter(heartbeat=0) as adapter:
        adapter.set("a", "1")
        ear = Ear()
        chosen = ShdrSettings(url=adapter.url, silence="600ms", ping="100ms")
        async with following(ShdrDriver(chosen, ["a"]), ear) as task:
            before = ear.proofs
            await until(lambda: ear.proofs >= before + 2, within=2)  # its TCP acknowledges our pings
            assert not task.done()
            with pytest.raises(LinkDownError, match="fell silent"):
                await asyncio.wait_for(task, 3)


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_its_end_is_noticed_at_once(how: str) -> None:
    async with Adapter() as adapter:
        adapter.set("a", "1")
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear) as task:
            await getattr(adapter, how)()
            with pytest.raises(LinkDownError):
                await asyncio.wait_for(task, 2)
        with pytest.raises(LinkDownError, match="does not answer"):
            await ShdrDriver(ShdrSettings(url=adapter.url), ["a"]).run(Ear())
        await adapter.start()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear):
            await until(lambda: ear.values("a") == [1, 1])


async def test_names_types_and_units_from_the_devices_file() -> None:
    async with Adapter() as adapter:
        ear = Ear()
        driver = ShdrDriver(
            ShdrSettings(url=adapter.url, devices=DEVICES), ["LS1load", "p1Fact", "OKUMA:p1CurrentTool"]
        )
        adapter.send(f"{stamp(now())}|S1load|12|p1Fact|90|p1CurrentTool|0042")
        async with following(driver, ear):
            await until(lambda: len(ear.heard) == 3)
        assert {(s.address, s.value, s.unit) for s in ear.heard} == {
            ("LS1load", 12.0, "%"), ("p1Fact", 1.5, "mm/s"), ("OKUMA:p1CurrentTool", "0042", "")
        }  # fmt: skip


async def test_capacity() -> None:
    """Ten thousand values a second on a busy core; measured: a hundred thousand."""
    count = 20_000
    async with Adapter() as adapter:
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear):
            line = stamp(now())
            begun = asyncio.get_running_loop().time()
            adapter.send_raw("".join(f"{line}|a|{number}\n" for number in range(count)).encode())
            await until(lambda: len(ear.heard) == count)
            assert count / (asyncio.get_running_loop().time() - begun) > 10_000


async def test_unavailable() -> None:
    async with Adapter() as adapter:
        adapter.set("a", "UNAVAILABLE")
        ear = Ear()
        async with following(ShdrDriver(ShdrSettings(url=adapter.url), ["a"]), ear):
            await until(lambda: bool(ear.heard))
        assert (ear.heard[0].value, ear.heard[0].quality) == (None, Quality.UNAVAILABLE)


async def test_browse_listens_or_reads_the_devices_file() -> None:
    async with Adapter() as adapter:
        adapter.set("execution", "READY")
        adapter.set("load", "5")
        adapter.set("M1:program", "O1 2")
        adapter.set("system", "NORMAL", "", "", "", "")
        chosen = ShdrSettings(url=adapter.url, listen="200ms")
        found = {p.address: p for p in await ShdrDriver(chosen, ()).browse()}
        assert set(found) == {"execution", "load", "M1:program", "system"}
        assert (found["execution"].role, found["execution"].mapping) == ("state", "mtconnect-execution@1")
        assert (found["load"].type, found["M1:program"].name, found["M1:program"].equipment) == (
            "number",
            "program",
            "M1",
        )
        read = {p.address: p for p in await ShdrDriver(ShdrSettings(url=adapter.url, devices=DEVICES), ()).browse()}
        assert len(read) == 39
        assert read["S1speed"].unit == "rpm"
        with pytest.raises(NotAllowedError):
            await ShdrDriver(chosen, ()).write("load", 1.0)


async def test_a_devices_file_that_is_none(tmp_path: Path) -> None:
    for name in ("missing.xml", "bad.xml"):
        (tmp_path / "bad.xml").write_text("<html/>")
        driver = ShdrDriver(ShdrSettings(url="tcp://127.0.0.1:1", devices=tmp_path / name), ["a"])
        with pytest.raises(ConfigError, match=name):
            await driver.run(Ear())


@pytest.mark.parametrize("url", ["tcp://a", "http://a:1", "a:7878", "tcp://a:99999", "tcp://u@a:1"])
def test_bad_addresses(url: str) -> None:
    with pytest.raises(ValueError):
        ShdrSettings(url=url)
