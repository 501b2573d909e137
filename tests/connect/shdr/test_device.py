"""The replay as a program, and the same recording over both wires."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from luban.connect.mtconnect import MTConnectDriver, MTConnectSettings
from luban.connect.mtconnect.device import Agent
from luban.connect.mtconnect.model import read_devices
from luban.connect.shdr import ShdrDriver, ShdrSettings
from luban.connect.shdr.device import Adapter, play
from luban.connect.shdr.recording import Replay, read_recording
from luban.core.time import now
from tests.connect.mtconnect.conftest import Ear, until
from tests.outside import free_port

WORKSHOP = Path(__file__).parents[3] / "src" / "luban" / "loop" / "workshop"
DEVICES = WORKSHOP / "okuma_devices.xml"


async def test_both_wires_give_the_same_samples() -> None:
    """The Okuma through SHDR, and through the agent and the MTConnect connector: equal to the last bit."""
    replay = Replay(read_recording(WORKSHOP / "okuma.shdr"), speed=400.0, pause=0.1)
    addresses = [item.key for item in read_devices(DEVICES).items]
    # Counted without any of our code: pairs of a line; a condition is one.
    lines = [line.split("|") for line in (WORKSHOP / "okuma.shdr").read_text(encoding="utf-8").splitlines()]
    total = sum(1 if line[2] == "NORMAL" else (len(line) - 1) // 2 for line in lines)
    by_adapter, by_agent = Ear(), Ear()
    async with Adapter() as adapter, Agent(DEVICES) as agent:
        drivers = [
            ShdrDriver(ShdrSettings(url=adapter.url, devices=DEVICES), addresses).run(by_adapter),
            MTConnectDriver(MTConnectSettings(url=agent.url, interval="10ms"), addresses).run(by_agent),
        ]
        tasks = [asyncio.create_task(driver) for driver in drivers]
        await until(lambda: adapter.clients == 1 and by_agent.proofs > 1)
        before = len(by_agent.heard)
        started = now()
        await play(replay, adapter, agent)
        await until(lambda: len(by_agent.heard) - before == len(by_adapter.heard) == total)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert before == len(addresses), "the agent first says UNAVAILABLE of everything"
    assert by_agent.heard[before:] == by_adapter.heard
    assert repr(by_agent.heard[before:]) == repr(by_adapter.heard)
    assert started <= by_adapter.heard[0].time
    assert not by_agent.losses
    assert not by_agent.rejected + by_adapter.rejected


async def test_as_a_program(tmp_path: Path) -> None:
    port, agent_port = free_port(), free_port()
    command = [sys.executable, "-m", "luban.connect.shdr.device", str(WORKSHOP / "okuma.shdr"), "--port", str(port)]
    command += ["--speed", "50", "--loop", "--devices", str(DEVICES), "--agent-port", str(agent_port)]
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert program.stdout is not None
        line = (await asyncio.wait_for(program.stdout.readline(), 20)).decode()
        assert line == f"serving okuma.shdr on tcp://127.0.0.1:{port}\n"
        assert f"http://127.0.0.1:{agent_port}" in (await program.stdout.readline()).decode()
        ears = Ear(), Ear()
        url = f"tcp://127.0.0.1:{port}"
        tasks = [asyncio.create_task(ShdrDriver(ShdrSettings(url=url), ["pexecution"]).run(ear)) for ear in ears]
        await until(lambda: all(len(ear.values("pexecution")) >= 1 for ear in ears), within=10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        program.kill()
        await program.communicate()


async def test_the_program_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "no.shdr").write_text("nothing\n")
    command = [sys.executable, "-m", "luban.connect.shdr.device", str(tmp_path / "no.shdr"), "--port", "0"]
    program = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await program.communicate()
    assert program.returncode == 2
    assert b"no.shdr: no SHDR lines" in said
    assert b"Traceback" not in said
