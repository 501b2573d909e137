"""The twin on real wires: what the product's own connectors and a stranger collect is the twin's own books."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.connect.opcua.ends import Ended, until
from tests.loop.served import folder
from tests.outside import free_port, require
from tests.twin.shop import shop

from luban.connect.words import known_word
from luban.core.errors import ConfigError, LinkDownError
from luban.core.time import HOUR, SECOND
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop
from luban.loop.serve import ServeSettings, Service, read_settings
from luban.norms import state_mapping
from luban.plant import load
from luban.twin.kernel.trace import Kind
from luban.twin.run import Run
from luban.twin.show import STATE_WORDS

SCALE = 720
BEGIN, END = 8 * HOUR, 9 * HOUR
LATHE1, LATHE2, OVEN, BENCH = "shop/turning/lathe01", "shop/turning/lathe02", "shop/heat/oven", "shop/bench"
UNITS = (LATHE1, LATHE2, OVEN, BENCH)
MAPPINGS = {
    "opcua": "opc40501-1@1",
    "shdr": "mtconnect-execution@1",
    "mtconnect": "mtconnect-execution@1",
    "mqtt": "generic@1",
}
MAPPINGS |= {"sparkplug": "packml@1", "files": "generic@1"}
CLIENT_JS = Path(__file__).parents[1] / "services" / "opcua_client.js"
settings = ServeSettings.model_validate


@dataclass
class Books:
    """The twin's own: what the hour brought, by a second run of the same plant that nobody serves."""

    time: Any
    pieces: Any
    energy: Any
    by_order: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, seed: int) -> Books:
        run = Run(shop(days=2), seed=seed, trace="facts").to(BEGIN)
        run.take_trace()
        before = run.totals()
        after = run.to(END).totals()
        by_order: dict[tuple[str, str], int] = defaultdict(int)
        trace = run.take_trace()
        for row in trace[trace["kind"] == Kind.COUNT]:
            by_order[UNITS[row["machine"]], run.lot_name(int(row["lot"]))] += int(row["a"] + row["b"] + row["x"])
        return cls(
            after.machine_time - before.machine_time, after.machine_pieces - before.machine_pieces,
            after.machine_energy, by_order,
        )  # fmt: skip

    def spent(self, unit: str, words: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for state, word in enumerate(words):
            found[word] += int(self.time[UNITS.index(unit), state])
        return {word: spent for word, spent in found.items() if spent}


def spent(changes: Sequence[tuple[int, str]], start: int, end: int) -> dict[str, int]:
    """Time in each word between two instants [µs of real time]."""
    found: dict[str, int] = defaultdict(int)
    ordered = sorted(changes, key=lambda change: change[0])
    for (begun, word), (ended, _) in zip(ordered, [*ordered[1:], (end, "")], strict=True):
        found[word] += max(0, min(ended, end) - max(begun, start))
    return {word: length for word, length in found.items() if length}


def assert_same_time(got: Mapping[str, int], books: Mapping[str, int], changes: int, step: int = 1) -> None:
    """Equal to the unit: each change is stamped to one step of the wire's clock."""
    assert set(got) == set(books)
    for word, length in books.items():
        assert abs(got[word] * SCALE - length) <= (changes + 1) * step * SCALE, word


async def collected(home: Path, service: Service, *watchers: Any) -> None:
    """One hour of the plant, collected by the product's own connectors."""
    async with PlantLoop(home) as loop:
        await until(lambda: all(c.state == "up" for c in loop.collectors.values()), 20, "a source did not come up")
        await asyncio.sleep(0.5)
        await service.go(END)
        await asyncio.sleep(1.5)


def check_ledger(home: Path, service: Service, books: Books, wires: Mapping[str, str]) -> None:
    start, end = service.wall(BEGIN), service.wall(END)
    with closing(Ledger(home / ".luban" / "ledger")) as ledger:
        states, counts, signals = (ledger.table(s).to_pylist() for s in ("state", "count", "signal"))
    made: dict[str, float] = defaultdict(float)
    by_order: dict[tuple[str, str], float] = defaultdict(float)
    for row in counts:
        assert row["quality"] == 0
        made[row["subject"]] += row["good"] + row["scrap"] + row["rework"]
        by_order[row["subject"], row["order"]] += row["good"] + row["scrap"] + row["rework"]
    for m, unit in enumerate(UNITS):
        assert made[unit] == books.pieces[m], unit
        if unit != OVEN:  # a furnace shows one order of its batch
            mine = {key: n for key, n in books.by_order.items() if key[0] == unit}
            assert {key: n for key, n in by_order.items() if key[0] == unit} == mine
    for unit, kind in wires.items():
        own = [(row["time"], row["state"]) for row in states if row["subject"] == unit]
        assert all(row["quality"] == 0 for row in states if row["subject"] == unit)
        mapping = state_mapping(MAPPINGS[kind])
        words = [str(known_word(mapping, word)) for word in STATE_WORDS[mapping.id]]
        assert len(books.spent(unit, words)) > 1, "a machine that never changed proves nothing"
        assert_same_time(spent(own, start, end), books.spent(unit, words), len(own), 1000 if kind == "sparkplug" else 1)
    last = {row["subject"]: row["value"] for row in signals}
    for m, unit in enumerate(UNITS):
        for name in (f"{unit}:energy", f"{unit}:main_energy"):
            if name in last:
                factor = 3.6 if wires.get(unit) == "sparkplug" else 1.0  # served in MJ there
                assert last[name] == pytest.approx(books.energy[m] // 3_600_000_000 / 1000 * factor, abs=1e-9)
    assert sum(f"{unit}:energy" in last or f"{unit}:main_energy" in last for unit in UNITS) == 3


@pytest.mark.service
async def test_an_hour_is_collected_to_the_unit_by_our_connectors_and_by_a_stranger(tmp_path: Path) -> None:
    """OPC UA, SHDR, MTConnect, Modbus and files; node-opcua listens along."""
    node = require("node", "node-opcua")
    home, books = folder(tmp_path / "plant"), Books.of(28)
    run = Run(shop(days=2), seed=28, trace="facts").to(BEGIN)
    async with Service(run, load(home), home, settings({"scale": SCALE})) as service:
        assert service.status.left == []
        url = next(o.url for o in service.outlets if o.type == "opcua")
        parts = ("Item", "Mode", "good_count", "scrap_count", "rework_count", "Energy")
        names = {part: f"nsu=urn:works;s=M/{part}" for part in parts}
        client = Ended(
            [node, str(CLIENT_JS), json.dumps({"url": url, "nodes": list(names.values())})], "listening",
            NODE_NO_WARNINGS="1",
        )  # fmt: skip
        await client.start()
        try:
            await collected(home, service)
            heard = (await client.ask(heard=True))["values"]
        finally:
            client.kill()
    check_ledger(home, service, books, {LATHE1: "opcua", LATHE2: "shdr", OVEN: "mtconnect", BENCH: "files"})
    made = sum(heard[names[c]][-1][1] - heard[names[c]][0][1] for c in parts[2:5])
    assert made == books.pieces[0]
    assert heard[names["Energy"]][-1][1] == books.energy[0] // 3_600_000_000 / 1000
    items = [(at, word) for at, word in heard[names["Item"]]]
    wanted = books.spent(LATHE1, [word.split("/")[0] for word in STATE_WORDS["opc40501-1@1"]])
    assert_same_time(spent(items, service.wall(BEGIN), service.wall(END)), wanted, len(items))


@pytest.mark.service
async def test_an_hour_is_collected_to_the_unit_through_a_broker(tmp_path: Path) -> None:
    """MQTT and Sparkplug B, through a broker that the service starts where none runs."""
    require("mosquitto")
    home, books = folder(tmp_path / "plant", "mqtt", "sparkplug", "shdr"), Books.of(28)
    run = Run(shop(days=2), seed=28, trace="facts").to(BEGIN)
    async with Service(run, load(home), home, settings({"scale": SCALE})) as service:
        await collected(home, service)
    check_ledger(home, service, books, {LATHE1: "mqtt", LATHE2: "sparkplug", OVEN: "shdr", BENCH: "files"})


@pytest.mark.service
async def test_a_stranger_commands_what_a_real_machine_would_take(tmp_path: Path) -> None:
    """Set-points within their range, methods, and nothing else; a refusal has a status."""
    node = require("node", "node-opcua")
    run = Run(shop(days=2, life=1e9), seed=8, trace="facts").to(10 * HOUR)
    url = f"opc.tcp://127.0.0.1:{free_port()}"
    tool = "nsu=urn:luban:twin;s=turning.lathe01"
    offset, program = f"{tool}/offset", f"{tool}/Production/ActiveProgram/Name"
    said: list[str] = []
    async with Service(run, None, tmp_path, settings({"opcua": url, "scale": 60}), say=said.append) as service:
        client = Ended(
            [node, str(CLIENT_JS), json.dumps({"url": url, "nodes": [offset, program]})], "listening",
            NODE_NO_WARNINGS="1",
        )  # fmt: skip
        await client.start()
        try:
            going = asyncio.create_task(service.go())
            await until(lambda: service.show.read()["shop/turning/lathe01:state"] == "run", 10)
            before = float(service.show.read()["shop/turning/lathe01:offset"])
            span = (await client.ask(read=offset, attribute="EURange"))["value"]
            assert (span["low"], span["high"]) == (-200.0, 200.0)

            async def write(node_id: str, value: Any, kind: str = "Double") -> str:
                return str((await client.ask(write=node_id, type=kind, value=value))["status"])

            assert await write(offset, before + 5.0) == "Good"
            assert service.show.read()["shop/turning/lathe01:offset"] == pytest.approx(before + 5.0)
            assert await write(offset, before + 50.0) == "BadOutOfRange"
            assert await write(offset, 500.0) == "BadOutOfRange"
            assert await write(f"{tool}/Monitoring/MachineTool/FeedOverride", 110.0) != "Good"
            assert await write(f"{tool}/Production/Statistics/PartsProducedInLifetime", 0, "UInt32") != "Good"
            used = int(service.show.read()["shop/turning/lathe01:tool_number"])
            answer = await client.ask(call=f"{tool}/change_tool", of=tool, inputs=[])
            assert answer["status"] == "Good"
            await until(lambda: service.show.read()["shop/turning/lathe01:tool_number"] == used + 1, 5)
            wrong = await client.ask(call=f"{tool}/maintain", of=tool, inputs=[["String", "polish"]])
            assert wrong["status"] == "BadInvalidArgument"
            assert service.status.commands == 2
            assert service.status.refused >= 2
            assert any("too large a correction" in line for line in said)
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
        finally:
            client.kill()


async def test_a_taken_port_is_one_clear_error_and_nothing_stays_open(tmp_path: Path) -> None:
    run = Run(shop(days=1), trace="facts")
    first, second = free_port(), free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", second))
        taken.listen()
        asked = settings({"shdr": f"tcp://127.0.0.1:{first}", "mtconnect": f"http://127.0.0.1:{second}"})
        with pytest.raises(LinkDownError, match=rf"cannot listen there.*{second}.*another program uses this port"):
            async with Service(run, None, tmp_path, asked):
                raise AssertionError
    with socket.socket() as free:
        free.bind(("127.0.0.1", first))


async def test_a_scale_that_is_too_fast_is_told_and_stamps_stay_right(tmp_path: Path) -> None:
    run = Run(shop(days=30), seed=2, trace="facts")
    said: list[str] = []
    asked = settings({"shdr": f"tcp://127.0.0.1:{free_port()}", "scale": 100_000, "tick": 0.5})
    async with Service(run, None, tmp_path, asked, say=said.append) as service:
        service._epoch -= 3 * SECOND  # as if the computer had stood still for three seconds
        real = service._due(run.model.horizon)
        assert service.status.lag > 1.5
        assert real == run.now + SECOND * 100_000, "no more than a second at once"
        assert service.wall(service._begin + 100_000) - service.wall(service._begin) == 1


async def test_what_cannot_be_served_is_named(tmp_path: Path) -> None:
    home = folder(tmp_path, meter=False)
    text = (home / "plant.toml").read_text()
    text += '[[source]]\nid = "far"\ntype = "shdr"\nurl = "tcp://10.1.2.3:7878"\n'
    text += '[[signal]]\nid = "bench:load"\nsource = "far"\naddress = "x"\n'
    text += '[[signal]]\nid = "turning/lathe01:coolant_level"\nsource = "s_lathe01"\naddress = "nsu=urn:works;s=M/C"\n'
    (home / "plant.toml").write_text(text)
    (home / "drop").mkdir()
    (home / "drop" / "states_old.csv").write_text("time,state\n")
    service = Service(Run(shop(days=1), trace="facts"), load(home), home, settings({}))
    left = "\n".join(service.status.left)
    assert "far: 10.1.2.3 is another computer" in left
    assert "shop/turning/lathe01:coolant_level: its machine shows no such value" in left
    assert "bench_states: drop/ holds files that are not the twin's" in left
    assert {outlet.id for outlet in service.outlets} == {"s_lathe01", "s_lathe02", "s_oven"}


async def test_orders_and_operations_are_dropped_as_a_mes_does(tmp_path: Path) -> None:
    run = Run(shop(days=2), seed=1, trace="facts")
    asked = settings({"shdr": f"tcp://127.0.0.1:{free_port()}", "scale": 50_000, "drop": "mes", "tick": 0.05})
    async with Service(run, None, tmp_path, asked) as service:
        await service.go(12 * HOUR)
    lines = [
        line for path in sorted((tmp_path / "mes").glob("orders_*.csv")) for line in path.read_text().splitlines()[1:]
    ]
    status = [line.split(",")[2] for line in lines]
    assert status.count("arrived") == run.totals().arrived
    assert status.count("released") == run.totals().released
    assert status.count("finished") == run.totals().finished
    done = [line for path in (tmp_path / "mes").glob("operations_*.csv") for line in path.read_text().splitlines()[1:]]
    assert sum(line.split(",")[4] != "" for line in done) == run.totals().machine_lots.sum()


def test_settings_are_read_from_twin_toml_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    assert read_settings(tmp_path).scale == 1.0
    (tmp_path / "twin.toml").write_text('[serve]\nscale = 60\nmodbus = "modbus://127.0.0.1:5020"\n')
    assert read_settings(tmp_path).asked == {"modbus": "modbus://127.0.0.1:5020"}
    (tmp_path / "twin.toml").write_text("[serve]\nscale = -1\n")
    with pytest.raises(ConfigError, match=r"twin.toml: \[serve\] scale.*-1"):
        read_settings(tmp_path)
    (tmp_path / "twin.toml").write_text("[serve\n")
    with pytest.raises(ConfigError, match="not TOML"):
        read_settings(tmp_path)


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from luban.loop.serve import ServeSettings, serve
from tests.twin.shop import shop
asked = ServeSettings.model_validate({{"shdr": "tcp://127.0.0.1:{free_port()}"}})
say = lambda line: print(line, flush=True)
status = serve(shop(days=2), None, Path({str(tmp_path)!r}), asked, begin=3600_000_000, say=say)
print("ended at", status.plant // 3600_000_000)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert "twin_shdr: shdr" in process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert "ended at 1" in out
    assert err == ""
    assert process.returncode == 0
