"""Every connector of the registry is put through the contract."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from luban.connect import registry
from luban.core.time import SECOND
from tests.connect.contract import CHECKS, DeviceUnderTest, NotOnThisWire, Source

LIVE = [kind for kind in registry.types() if kind != "files"]  # files have no link; tests/connect/test_files.py


def _device(kind: str, folder: Path) -> DeviceUnderTest:
    if find_spec(f"tests.connect.{kind}_device") is None:
        pytest.fail(f"{kind} has no device side: tests/connect/{kind}_device.py is missing")
    make: Callable[[Path], DeviceUnderTest] = import_module(f"tests.connect.{kind}_device").device
    return make(folder)


@pytest.mark.parametrize("kind", LIVE)
@pytest.mark.parametrize("name", CHECKS)
async def test_contract(kind: str, name: str, tmp_path: Path) -> None:
    check, needs = CHECKS[name]
    if needs and not getattr(registry.driver(kind).capabilities, needs):
        pytest.skip(f"{kind} does not claim {needs}")
    device = _device(kind, tmp_path)
    assert device.type == kind
    try:
        await check(device)
    except NotOnThisWire as why:
        pytest.skip(f"{kind}: {why}")


@pytest.mark.parametrize(
    ("kind", "url", "setting"),
    [
        ("opcua", "opc.tcp://h:1", "keepalive"),
        ("mqtt", "mqtts://h", "keepalive"),
        ("sparkplug", "mqtts://h", "keepalive"),
        ("mtconnect", "http://h:1", "heartbeat"),
        ("shdr", "tcp://h:1", "ping"),
        ("modbus", "modbus://h:1", "interval"),
    ],
)
async def test_a_driver_says_how_quiet_it_may_be(kind: str, url: str, setting: str) -> None:
    extra = {"security": "none"} if kind == "opcua" else {}
    made = registry.driver_factory(Source("s", kind, {"url": url, setting: "20s", **extra}), [])()
    assert getattr(made, "keepalive", None) == 20 * SECOND
