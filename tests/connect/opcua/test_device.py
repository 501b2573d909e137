"""The device side: machines whose values a caller sets, before our own driver and before node-opcua as a client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from luban.connect.collector import Collector
from luban.connect.opcua import OpcUaDriver, OpcUaSettings
from luban.connect.opcua.device import DeviceMethod, DeviceVariable, MachineNode, OpcUaDevice
from luban.connect.wire import Value
from luban.core.errors import ConnectError, InputError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import MILLISECOND, SECOND, now
from tests.connect.contract import Signal, WatchedSpool
from tests.connect.opcua.ends import Ended, Heard, node_client, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

FEED = "Monitoring/MachineTool/FeedOverride"
LOAD = "Monitoring/Spindle/Load"
STATE = "Monitoring/MachineTool/MachineryItemState/CurrentState"
MODE = "Monitoring/MachineTool/MachineryOperationMode/CurrentState"
TOTAL = "Production/Statistics/PartsProducedInLifetime"
GOOD = "Production/ProductionPlan/Job/PartsGood"
ORDER = "Production/ActiveProgram/JobIdentifier"
PIECES = "Operation/PieceLimit"
AXES = [f"Monitoring/Axis/V{n}" for n in range(15)]


def mill(name: str) -> MachineNode:
    return MachineNode(
        name,
        variables=[
            DeviceVariable(STATE, "LocalizedText"),
            DeviceVariable(MODE, "LocalizedText"),
            DeviceVariable(TOTAL, "UInt32", value=0),
            DeviceVariable(GOOD, "UInt32", value=0),
            DeviceVariable(ORDER, "String", value=""),
            DeviceVariable(LOAD, unit="%", range=(0.0, 200.0), value=0.0),
            DeviceVariable(FEED, unit="%", range=(0.0, 120.0), writable=True, value=100.0),
            DeviceVariable(PIECES, "UInt16", writable=True, value=5),
        ],
        methods=[
            DeviceMethod("Operation/Standby", {"on": "Boolean"}, {"state": "String", "after": "Double"}),
            DeviceMethod("Operation/Reset"),
        ],
        identification={"Manufacturer": "Acme", "Model": "M-3", "SerialNumber": "4711"},
    )


class Asked:
    """Whoever listens to writes and calls."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, Value]] = []
        self.calls: list[tuple[str, list[Value]]] = []
        self.refuse: Exception | None = None

    def on_write(self, path: str, value: Value) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.writes.append((path, value))

    async def on_call(self, path: str, inputs: Sequence[Value]) -> Sequence[Value]:
        await asyncio.sleep(0)
        if self.refuse is not None:
            raise self.refuse
        self.calls.append((path, list(inputs)))
        return ["off" if inputs and not inputs[0] else "on", 2.5] if inputs else []


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked()


@pytest.fixture(autouse=True)
def forgotten(asked: Asked) -> None:
    asked.writes.clear()
    asked.calls.clear()
    asked.refuse = None


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def device(asked: Asked) -> AsyncIterator[OpcUaDevice]:
    """One for all tests: a server takes seconds to start."""
    cells = [MachineNode(f"Cell {n}", [DeviceVariable(v, value=0.0) for v in AXES]) for n in range(20)]
    async with OpcUaDevice(
        machines=[mill("Mill 7"), mill("Mill 8"), *cells], on_write=asked.on_write, on_call=asked.on_call
    ) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(device: OpcUaDevice, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ended]:
    outside = node_client(device.url, tmp_path_factory.mktemp("pki"))
    await outside.start()
    yield outside
    outside.kill()


def settings(device: OpcUaDevice, **more: object) -> OpcUaSettings:
    return OpcUaSettings.model_validate(
        {"url": device.url, "security": "none", "publishing_interval": "50ms", "sampling_interval": "0s", **more}
    )


def node(path: str, machine: str = "Mill 7") -> str:
    return f"ns=2;s={machine}/{path}"


async def test_browsing_maps_the_machines_with_no_hand(device: OpcUaDevice) -> None:
    everything = await OpcUaDriver(settings(device), ()).browse()
    assert len({p.equipment for p in everything}) == 22
    found = [p for p in everything if p.equipment in ("Mill_7", "Mill_8")]
    assert {p.companion for p in found} == {"MachineTool"}
    mine = {(p.role, p.name): p for p in found if p.equipment == "Mill_7"}
    state = mine["state", "state"]
    assert state.mapping == "opc40501-1@1"
    assert state.address == f"{device.address(f'Mill 7/{STATE}')} + {device.address(f'Mill 7/{MODE}')}"
    assert mine["total_count", "total_count"].address == device.address(f"Mill 7/{TOTAL}")
    assert mine["good_count", "good_count"].address == device.address(f"Mill 7/{GOOD}")
    assert mine["order", "order"].address == device.address(f"Mill 7/{ORDER}")
    load = mine["value", "Monitoring.Spindle.Load"]
    assert (load.unit, load.note, load.type) == ("%", "range 0 to 200", "number")
    assert len(found) == 2 * 7


def made_of(spool: WatchedSpool) -> tuple[float, float]:
    """(good, scrap) of all counts."""
    counts = spool.rows("count")
    return sum(r["good"] for r in counts), sum(r["scrap"] for r in counts)


async def test_what_is_set_is_collected_with_the_time_of_the_caller(device: OpcUaDevice) -> None:
    """States, pieces and order of one machine, through a real collector, from the addresses that a browse proposed."""
    found = {p.role: p for p in await OpcUaDriver(settings(device), ()).browse() if p.equipment == "Mill_7"}
    unit = "plant/mill7"
    signals = [
        Signal(f"{unit}:{role}", unit, role, found[role].address, role=role, mapping=found[role].mapping)
        for role in ("state", "total_count", "good_count", "order")
    ]
    spool = WatchedSpool()
    start = now()  # within a second all is said, some of it a little ahead of its time
    await device.set_many(start, {f"Mill 7/{STATE}": "NotExecuting", f"Mill 7/{MODE}": "None", f"Mill 7/{TOTAL}": 0})
    collector = Collector("dut", lambda: OpcUaDriver(settings(device), [s.address for s in signals]), signals, spool)
    running = asyncio.create_task(collector.run())
    try:
        await until(lambda: len(spool.rows("signal")) >= 4, 15)
        for n in range(1, 21):
            at = start + n * 50 * MILLISECOND
            made = {f"Mill 7/{TOTAL}": n, f"Mill 7/{GOOD}": n - n // 5, f"Mill 7/{ORDER}": f"PO-{n // 10}"}
            words = {f"Mill 7/{STATE}": "Executing" if n % 4 else "NotExecuting", f"Mill 7/{MODE}": "Processing"}
            await device.set_many(at, made | words)
        await until(lambda: made_of(spool) == (16, 4), 10, "the pieces are not what was shown")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {r["time"] for r in spool.rows("count")} <= {start + n * 50 * MILLISECOND for n in range(1, 21)}
    states = [(r["time"], r["state"]) for r in spool.rows("state") if r["time"] > start]
    assert dict(states)[start + 4 * 50 * MILLISECOND] == "NotExecuting"
    assert dict(states)[start + 5 * 50 * MILLISECOND] == "Executing/Processing"


async def test_a_value_that_stays_keeps_its_time_and_the_history_holds_each_change_once(device: OpcUaDevice) -> None:
    path, start = f"Mill 8/{LOAD}", now() - 10 * SECOND
    for n, value in enumerate([1.0, 1.0, 2.0, 2.0, 1.0]):
        await device.set_many(start + n, {path: value})
    await device.set_many(start + 9, {path: None}, status=0x808C0000)  # BadSensorFailure
    address = device.address(path)
    driver, heard = OpcUaDriver(settings(device), [address]), Heard()
    running = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: heard.of(address))
        await until(lambda: heard.proved and heard.proved[-1] > start + SECOND)
        assert (heard.of(address)[0].time, heard.of(address)[0].quality) == (start + 9, Quality.SENSOR_FAILURE)
        pages = [page async for page in driver.history([address], start - 1, now())]
        assert [(s.time - start, s.value) for page in pages for s in page] == [(0, 1.0), (2, 2.0), (4, 1.0), (9, None)]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_path_that_is_not_there(device: OpcUaDevice) -> None:
    with pytest.raises(InputError, match="no such value"):
        await device.set_many(now(), {"Mill 9/Load": 1.0})


@pytest.mark.service
async def test_another_client_sees_the_companion_s_tree(device: OpcUaDevice, client: Ended) -> None:
    spaces = (await client.ask(namespaces=True))["namespaces"]
    tool = spaces.index("http://opcfoundation.org/UA/MachineTool/")
    machinery = spaces.index("http://opcfoundation.org/UA/Machinery/")
    machines = (await client.ask(browse=f"ns={machinery};i=1001"))["children"]
    assert {m["type"] for m in machines.values()} == {f"ns={tool};i=13"}
    assert {"Mill 7", "Mill 8", "Cell 19"} <= set(machines)
    parts = (await client.ask(browse="ns=2;s=Mill 7"))["children"]
    assert {"Identification", "Monitoring", "Production", "Equipment", "Notification"} <= set(parts)
    tree = (await client.ask(browse=node("Monitoring/MachineTool")))["children"]
    assert (tree["FeedOverride"]["space"], tree["FeedOverride"]["type"]) == (tool, "ns=0;i=17570")
    assert tree["MachineryItemState"]["type"] == f"ns={machinery};i=1002"
    assert (await client.ask(read=node("Identification/SerialNumber")))["value"] == "4711"
    feed = (await client.ask(browse=node(FEED)))["children"]
    assert (await client.ask(read=feed["EngineeringUnits"]["id"]))["value"][
        "unitId"
    ] == 20529  # P1, OPC 10000-8 §5.6.4.3
    assert (await client.ask(read=feed["EURange"]["id"]))["value"] == {"low": 0, "high": 120}


@pytest.mark.service
async def test_another_client_hears_every_value_with_its_time(device: OpcUaDevice, client: Ended) -> None:
    ids = [node(LOAD), node(LOAD, "Mill 8")]
    await client.ask(watch=ids)
    start = (now() // MILLISECOND - 5_000) * MILLISECOND
    for n in range(100):
        values: dict[str, Value] = {f"Mill {m}/{LOAD}": float(m * 1000 + n) for m in (7, 8)}
        await device.set_many(start + n * MILLISECOND, values)
    for _ in range(50):
        heard = (await client.ask())["heard"]
        if all(heard[i] and (heard[i][-1]["value"] or 0) % 1000 == 99 for i in ids):
            break
        await asyncio.sleep(0.1)
    for i, machine in zip(ids, (7, 8), strict=True):
        got = [(v["time"] * MILLISECOND - start, v["value"]) for v in heard[i] if (v["value"] or 0) >= 1000]
        assert got == [(n * MILLISECOND, machine * 1000 + n) for n in range(100)]
    record = await client.ask(history=ids[0], **{"from": start // MILLISECOND, "to": start // MILLISECOND + 1000})
    assert [v["value"] for v in record["values"]] == [7000 + n for n in range(100)]


@pytest.mark.service
async def test_set_points_take_what_lies_in_their_range(device: OpcUaDevice, client: Ended, asked: Asked) -> None:
    async def write(path: str, type_: str, value: Value) -> str:
        return str((await client.ask(write=node(path), type=type_, value=value))["status"])

    assert await write(FEED, "Double", 80.5) == "Good"
    assert asked.writes == [(f"Mill 7/{FEED}", 80.5)]
    shown = await client.ask(read=node(FEED))
    assert shown["value"] == 80.5
    assert abs(shown["time"] * MILLISECOND - now()) < 5 * SECOND
    assert await write(FEED, "Double", 120.5) == "BadOutOfRange"
    assert await write(FEED, "Double", -0.1) == "BadOutOfRange"
    assert await write(FEED, "Float", 50.0) == "BadTypeMismatch"
    assert await write(FEED, "String", "50") == "BadTypeMismatch"
    assert await write(LOAD, "Double", 1.0) in ("BadNotWritable", "BadUserAccessDenied")
    assert await write("Nothing", "Double", 1.0) in ("BadNodeIdUnknown", "BadUserAccessDenied")
    assert await write(PIECES, "UInt16", 9) == "Good"
    for error, status in (
        (InputError("no"), "BadOutOfRange"),
        (NotAllowedError("no"), "BadUserAccessDenied"),
        (ConnectError("no"), "BadInvalidState"),
    ):
        asked.refuse = error
        assert await write(FEED, "Double", 60.0) == status
    assert asked.writes == [(f"Mill 7/{FEED}", 80.5), (f"Mill 7/{PIECES}", 9)]
    assert (await client.ask(read=node(FEED)))["value"] == 80.5


@pytest.mark.service
async def test_methods_take_arguments_and_answer(device: OpcUaDevice, client: Ended, asked: Asked) -> None:
    method, owner = node("Operation/Standby"), node("Operation")
    assert await client.ask(arguments=method) == {
        "inputs": [["on", "Boolean"]],
        "outputs": [["state", "String"], ["after", "Double"]],
    }
    answer = await client.ask(call=method, of=owner, inputs=[["Boolean", True]])
    assert answer == {"status": "Good", "outputs": ["on", 2.5]}
    assert asked.calls == [("Mill 7/Operation/Standby", [True])]
    assert (await client.ask(call=node("Operation/Reset"), of=owner, inputs=[]))["status"] == "Good"
    assert (await client.ask(call=method, of=owner, inputs=[["Double", 1]]))["status"] == "BadInvalidArgument"
    assert (await client.ask(call=method, of=owner, inputs=[]))["status"] == "BadArgumentsMissing"
    two = [["Boolean", True], ["Boolean", True]]
    assert (await client.ask(call=method, of=owner, inputs=two))["status"] == "BadTooManyArguments"
    for error, status in (
        (InputError("no"), "BadInvalidArgument"),
        (NotAllowedError("no"), "BadUserAccessDenied"),
        (ConnectError("no"), "BadInvalidState"),
    ):
        asked.refuse = error
        assert (await client.ask(call=method, of=owner, inputs=[["Boolean", True]]))["status"] == status
    assert len(asked.calls) == 2


async def test_our_driver_writes_and_reads_back(device: OpcUaDevice, asked: Asked) -> None:
    address = device.address(f"Mill 7/{FEED}")
    driver, heard = OpcUaDriver(settings(device, writable=[address]), [address]), Heard()
    running = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: heard.of(address))
        assert (await driver.write(address, 55)).value == 55.0
        refused = await driver.write(address, 130)
        assert (refused.accepted, refused.reason) == (False, "the server refused it: BadOutOfRange")
        await until(lambda: heard.of(address)[-1].value == 55.0)
        assert asked.writes == [(f"Mill 7/{FEED}", 55.0)]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.service
async def test_a_strict_device_refuses_a_write_that_brings_a_time(device: OpcUaDevice, client: Ended) -> None:
    bare = {"write": node(FEED, "Mill 8"), "type": "Double", "value": 50.0}
    device.strict, device.clock = True, lambda: 1_700_000_000 * SECOND
    try:
        assert (await client.ask(**bare, stamped=True))["status"] == "BadWriteNotSupported"
        assert (await client.ask(**bare))["status"] == "Good"
        assert (await client.ask(read=bare["write"]))["time"] == 1_700_000_000_000
    finally:
        device.strict, device.clock = False, now


async def test_a_value_that_nobody_has_set_is_not_a_zero(device: OpcUaDevice) -> None:
    address = device.address(f"Mill 8/{STATE}")
    driver, heard = OpcUaDriver(settings(device), [address]), Heard()
    running = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: heard.of(address))
        assert heard.of(address)[0].value is None
        assert heard.of(address)[0].quality.is_bad
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_twenty_machines_several_times_a_second(device: OpcUaDevice) -> None:
    """20 machines of 15 values, all changed five times a second, are 1,500 values/s: a small part of a core."""
    paths = [f"Cell {n}/{axis}" for n in range(20) for axis in AXES]
    begun, at = time.process_time(), now()
    for turn in range(1, 11):
        await device.set_many(at + turn, dict.fromkeys(paths, float(turn)))
    rate = 10 * len(paths) / (time.process_time() - begun)
    assert rate > 20_000, f"{rate:.0f} values per second of processor time"
