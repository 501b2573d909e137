"""Commands over real wires while things are killed: no act twice, no lost fact, the right state in the end.

    python -m benchmarks.act [--quick] [--json] [--seed N]

`drill`   rounds by chance on one wire (modbus: a server as a process; opcua: a strict server as a process, which
          takes neither status nor time with a value; mqtt: mosquitto and a machine as processes). In each round up to
          three values are proposed, each used once, and at a moment drawn from 0 to 0.3 s the plant, the device or the
          broker is killed with SIGKILL, or nothing is; what died starts again. The server answers 30 ms late, so that
          many a kill falls between a write and its answer. The device notes every write that reaches it, in a file of
          its own. Judged from that file and the books alone: each value reached the device at most once per attempt
          that the books know of and never without an intent that was durable before; nothing reached it that was not
          proposed; what the books call confirmed did reach it; in the end no command is left without an answer; the
          books verify. `caught`: commands whose end a start had to look up.
`latency` from the newest size that a set-point rests on, as the books took it from the wire, to the write at the device
          (by the device's clock) and to the confirmation in the books; the run-to-run of the running plant decides,
          nobody else. `cpu`: share of one core that the plant takes, also with 1,000 more tags that change each second.
`control` the same drill with a writer that simply writes again after a start whatever has no answer: how often a value
          then reaches the device twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.report import Reporter, arguments

_COMMAND: Final = "m/speed/set#value"
_REST: Final = 0.7  # share of the rounds after which the plant may come to rest
SPEED: Final = "holding:300:float32"
SIZE: Final = "input:10:float32"
PLANT: Final = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "m"
name = "M"

[[source]]
id = "plc"
{source}

[[signal]]
id = "m:speed"
source = "plc"
address = '{address}'
unit = "rpm"
{more}
[[actuator]]
signal = "m:speed"
address = '{written}'
lower = -1e6
upper = 1e6
mode = "automatic"
settle = "2s"
"""
MODBUS: Final = """type = "modbus"
url = "modbus://127.0.0.1:{port}"
interval = "20ms"
timeout = "300ms"
writable = ["holding:300:float32"]"""
SHOWN: Final = "nsu=urn:luban:device;s=M/Speed"
OPCUA: Final = """type = "opcua"
url = "opc.tcp://127.0.0.1:{port}"
security = "none"
publishing_interval = "20ms"
sampling_interval = "10ms"
keepalive = "500ms"
timeout = "1s"
writable = ["nsu=urn:luban:device;s=M/Speed"]"""
MQTT: Final = """type = "mqtt"
url = "mqtt://127.0.0.1:{port}"
client_id = "drill"
time_path = "time"
keepalive = "1s"
writable = ["m/speed/set#value"]
read_back = {{ "m/speed/set#value" = "m/speed#value" }}"""
WIRES: Final = {
    "modbus": (MODBUS, SPEED, SPEED),
    "opcua": (OPCUA, SHOWN, SHOWN),
    "mqtt": (MQTT, "m/speed#value", _COMMAND),
}
"""Wire → its source in plant.toml, the address that is shown, the address that is written."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given[:1] == ["--part"]:
        asyncio.run(_PARTS[given[1]](*given[2:]))
        return
    options = arguments(__doc__ or "", argv)
    report = Reporter("act", options, ["luban"])
    rounds = 3 if options.quick else 100
    for wire in WIRES:
        drill(report, wire, rounds, options.seed, again=False)
    drill(report, "modbus", rounds, options.seed, again=True)
    for tags in (0,) if options.quick else (0, 1000):
        latency(report, 1 if options.quick else 30, options.seed, tags)


# ---------------------------------------------------------------------- the parts, each a process


async def _modbus(port: str, log: str, tags: str = "0", delay: str = "0") -> None:
    from luban.connect.modbus.device import ModbusDevice

    chance = random.Random(1)
    others = [f"input:{1000 + 2 * n}:float32" for n in range(int(tags))]

    async def change() -> None:
        while True:
            device.set_many({one: chance.uniform(0, 100) for one in others})
            await asyncio.sleep(1)

    noted = Path(log)

    def heard(address: str, value: object) -> None:
        with noted.open("a") as file:
            file.write(json.dumps([time.time_ns() // 1000, address, value]) + "\n")

    async with ModbusDevice([SIZE, *others], writable={SPEED: None}, on_write=heard, port=int(port)) as device:
        device.delay = float(delay)
        changing = asyncio.create_task(change())
        print("up", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            at = time.time_ns() // 1000
            device.set(SIZE, float(line))
            print(at, flush=True)
        changing.cancel()


async def _opcua(port: str, log: str, delay: str = "0") -> None:
    from luban.connect.opcua.device import OpcUaDevice
    from luban.connect.opcua.script import Script, Track

    noted = Path(log)

    def note(path: str, value: object) -> None:
        with noted.open("a") as file:
            file.write(json.dumps([time.time_ns() // 1000, path, value]) + "\n")

    async def heard(path: str, value: object) -> None:
        await asyncio.sleep(float(delay))
        note(path, value)

    shown = Track(path="M/Speed", writable=True, points=((0.0, 0.0),))
    async with OpcUaDevice(Script(tracks=(shown,)), port=int(port), on_write=heard, strict=True):
        print("up", flush=True)
        await asyncio.Event().wait()


async def _mqtt(port: str, log: str) -> None:
    from luban.connect.mqtt.device import JsonDevice

    noted = Path(log)

    def heard(name: str, value: object) -> None:
        with noted.open("a") as file:
            file.write(json.dumps([time.time_ns() // 1000, name, value]) + "\n")

    async with JsonDevice(f"mqtt://127.0.0.1:{port}", "m", retain=True, on_write=heard) as machine:
        machine.set("speed", 0.0)
        print("up", flush=True)
        await asyncio.Event().wait()


async def _plant(folder: str, again: str) -> None:
    """A plant that does what it is told: a value a line; `again` writes anew whatever has no answer."""
    from luban.act.command import State
    from luban.act.engine import Proposal
    from luban.decide.setpoint.envelope import Envelope
    from luban.decide.setpoint.standing import agreed
    from luban.loop.plant_loop import PlantLoop
    from luban.understand.book import row

    async with PlantLoop(folder) as loop:
        actor = loop.actor
        assert actor is not None
        while loop.collectors["plc"].state != "up":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if again == "again":
            for one in [c for c in actor.commands.values() if c.state is State.SENDING]:
                rule = actor.actuators[one.actuator]
                await loop._acting.write(rule.source, rule.address, one.value)  # type: ignore[union-attr]  # noqa: SLF001
        print("up", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if line in {"rest", "end"}:
                deadline = time.monotonic() + 30
                while any(c.state is not State.UNVERIFIED for c in actor.commands.values() if c.open):
                    if time.monotonic() > deadline:
                        break
                    await asyncio.sleep(0.05)
                if line == "end":
                    break
                print("rested", flush=True)
                continue
            if line == "agree":
                data = agreed("m:speed", "rpm", 1.0, 0.0, Envelope(-1e6, 1e6), target=0.0)
                await loop.note("event", row("setpoint", "shaft:size", "agree", person="li", data=data), source="drill")
                continue
            for one in [c for c in actor.commands.values() if c.state is State.UNVERIFIED]:
                await actor.withdraw(one.id, "drill", "the next one goes on")
            await actor.propose(Proposal("p/m:speed", float(line), "drill", "luban drill"))


_PARTS: Final[dict[str, Any]] = {"modbus": _modbus, "opcua": _opcua, "mqtt": _mqtt, "plant": _plant}


class Part:
    """One of the processes, which can be killed and started again."""

    def __init__(self, *what: str) -> None:
        self.what = what
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return once it says that it is up."""
        command = [sys.executable, "-m", "benchmarks.act", "--part", *self.what]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "up\n":
            raise RuntimeError(f"{self.what} did not come up")

    def say(self, line: str) -> None:
        """Tell it a line; one that is dead hears nothing."""
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def hear(self) -> str:
        """A line of it."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, how: signal.Signals = signal.SIGKILL, within: float = 60) -> None:
        """End it."""
        if self.process is not None:
            if how != signal.SIGINT:
                self.process.send_signal(how)
            self.process.wait(within)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


# ---------------------------------------------------------------------- the drill


def drill(report: Reporter, wire: str, rounds: int, seed: int, *, again: bool) -> None:
    """Rounds on one wire, and what the device's notes and the books say of them."""
    chance = random.Random(f"{seed} {wire}")
    with tempfile.TemporaryDirectory(prefix="luban-act-") as home:
        folder, notes = Path(home) / "plant", Path(home) / "writes.jsonl"
        folder.mkdir()
        port = str(free_port())
        broker = Broker(Path(home), port) if wire == "mqtt" else None
        source, shown, written = WIRES[wire]
        text = PLANT.format(source=source.format(port=port), address=shown, written=written, more="")
        (folder / "plant.toml").write_text(text)
        notes.touch()
        parts = {
            "device": Part(wire, port, str(notes), *{"modbus": ("0", "0.03"), "opcua": ("0.03",)}.get(wire, ())),
            "plant": Part("plant", str(folder), "again" if again else ""),
        }
        if broker is not None:
            broker.start()
        for part in parts.values():
            part.start()
        values = iter(range(1, 10 * rounds))
        asked: list[float] = []
        killed: Counter[str] = Counter()
        for _ in range(rounds):
            for _ in range(chance.randint(1, 3)):
                asked.append(float(next(values)))
                parts["plant"].say(f"{asked[-1]:g}")
            time.sleep(chance.uniform(0, 0.3))
            victim = chance.choice(["plant", "plant", "device", "nothing", *(["broker"] if broker is not None else [])])
            killed[victim] += 1
            if victim == "broker" and broker is not None:
                broker.kill()
                broker.start()
            elif victim in parts:
                parts[victim].end()
                parts[victim].start()
            if chance.random() < _REST:  # else the next kill meets it while it still looks up what it does not know
                parts["plant"].say("rest")
                parts["plant"].hear()
        parts["plant"].say("end")
        parts["plant"].end(signal.SIGINT)
        parts["device"].end()
        if broker is not None:
            broker.kill()
        figures = _judged(folder, notes, asked)
    name = f"drill {wire}, written again" if again else f"drill {wire}"
    report.line(name, figures.pop("twice"), "values written twice", rounds=rounds, **figures,
                **{f"killed {what}": count for what, count in sorted(killed.items())})  # fmt: skip


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Broker:
    """A mosquitto on loopback."""

    def __init__(self, home: Path, port: str) -> None:
        self._port, self._config = int(port), home / "mosquitto.conf"
        self._config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it listens."""
        self._process = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as knocking:
                if not knocking.connect_ex(("127.0.0.1", self._port)):
                    return
            time.sleep(0.05)
        raise RuntimeError("mosquitto does not listen")

    def kill(self) -> None:
        """Without good-bye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


def _judged(folder: Path, notes: Path, asked: list[float]) -> dict[str, Any]:
    from luban.act.command import State, fold
    from luban.ledger import Ledger
    from luban.loop.places import places
    from luban.understand.book import entries

    ledger = Ledger(places(folder).ledger)
    commands = fold(entries(ledger, "command"))
    whole = ledger.verify()
    ledger.close()
    writes = [json.loads(line) for line in notes.read_text().splitlines()]
    reached = Counter(float(value) for _, _, value in writes)
    first = {float(value): at for at, _, value in reversed(writes)}
    by_value = {c.value: c for c in commands.values()}
    sent = {c.value: [e.time for e in c.history if e.code == State.SENDING] for c in commands.values()}
    states = Counter(c.state.value for c in commands.values())
    return {
        "asked": len(asked), "in the books": len(commands), "reached the device": len(reached),
        "twice": sum(count > max(1, len(sent.get(value, ()))) for value, count in reached.items()),
        "without intent": sum(not sent.get(v) or min(sent[v]) > at + 1000 for v, at in first.items()),
        "never asked": sum(value not in by_value for value in reached),
        "confirmed, not reached": sum(c.state is State.CONFIRMED and c.value not in reached for c in commands.values()),
        "left open": sum(c.state in {State.APPROVED, State.SENDING, State.PROPOSED} for c in commands.values()),
        "caught": sum("not known whether" in e.text for c in commands.values() for e in c.history),
        "books verify": whole.ok, **{f"ended {name}": count for name, count in sorted(states.items())},
    }  # fmt: skip


# ---------------------------------------------------------------------- latency


def latency(report: Reporter, jumps: int, seed: int, tags: int) -> None:
    """A mean that jumps; how long from the newest size that a set-point rests on to its write and its confirmation."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="luban-act-") as home:
        folder, notes = Path(home), Path(home) / "writes.jsonl"
        notes.touch()
        port = str(free_port())
        _shop(folder, port, tags)
        device, plant = Part("modbus", port, str(notes), str(tags)), Part("plant", str(folder), "")
        device.start()
        plant.start()
        plant.say("agree")
        begun, used = time.monotonic(), _cpu(plant)
        for _ in range(jumps):
            _jump(device, notes, chance)
        share = (_cpu(plant) - used) / (time.monotonic() - begun)
        plant.say("end")
        plant.end(signal.SIGINT)
        device.end()
        waits = _waits(folder, notes)
    for name, found in zip(("write", "confirmation"), waits, strict=True):
        p50, p99 = (float(np.percentile(found, q)) if found else None for q in (50, 99))
        told = None if p99 is None else round(p99, 3)
        report.line(f"latency to {name}, {tags} more tags", p50, "s (median)", p99=told, n=len(found))
    report.line(f"cpu, {tags} more tags a second", share, "of one core")


def _jump(device: Part, notes: Path, chance: random.Random) -> None:
    """The mean is somewhere else; pieces are made until a set-point was written."""
    bias = chance.choice([-1, 1]) * chance.uniform(15, 30)
    written = len(notes.read_text().splitlines())
    for _ in range(80):
        lines = notes.read_text().splitlines()
        offset = json.loads(lines[-1])[2] if lines else 0.0
        device.say(f"{bias + offset + chance.gauss(0, 2):.6f}")
        device.hear()
        time.sleep(0.05)
        if len(lines) > written:
            return


def _shop(folder: Path, port: str, tags: int) -> None:
    more = _MEASURED + "".join(
        f'[[signal]]\nid = "m:t{n}"\nsource = "plc"\naddress = "input:{1000 + 2 * n}:float32"\nunit = "%"\n'
        for n in range(tags)
    )
    text = PLANT.format(source=MODBUS.format(port=port), address=SPEED, written=SPEED, more=more)
    (folder / "plant.toml").write_text(text)
    (folder / "items.csv").write_text("id,name,unit\nshaft,Shaft,piece\n")
    (folder / "characteristics.csv").write_text("item,name,unit,nominal,lower,upper\nshaft,size,rpm,0,-99,99\n")


_MEASURED: Final = """
[[signal]]
id = "m:size"
source = "plc"
address = "input:10:float32"
unit = "rpm"
role = "measurement"
characteristic = "shaft:size"
"""


def _cpu(part: Part) -> float:
    """CPU seconds of a process so far."""
    assert part.process is not None
    fields = Path(f"/proc/{part.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waits(folder: Path, notes: Path) -> tuple[list[float], list[float]]:
    from luban.act.command import State, fold
    from luban.ledger import Ledger
    from luban.loop.places import places
    from luban.understand.book import entries

    ledger = Ledger(places(folder).ledger)
    commands = [c for c in fold(entries(ledger, "command")).values() if c.state is State.CONFIRMED]
    shown = dict(zip(*ledger.table("measurement").select(["seq", "time"]).to_pydict().values(), strict=True))
    ledger.close()
    written = {round(float(json.loads(line)[2]), 3): json.loads(line)[0] for line in notes.read_text().splitlines()}
    to_write, to_answer = [], []
    for one in commands:
        begun = shown.get(one.facts.get("last_seq"))
        if begun is not None and round(one.value, 3) in written:
            to_write.append((written[round(one.value, 3)] - begun) / 1e6)
            to_answer.append((one.since - begun) / 1e6)
    return to_write, to_answer


if __name__ == "__main__":
    main()
