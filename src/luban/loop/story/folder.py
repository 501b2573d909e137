"""The plant folder of the story: the machining job shop of pilot C2 at addresses of its own, with offsets to be set.

Reads   examples/c2_machining    Writes  a plant folder
"""

from __future__ import annotations

import re
import shutil
import socket
import tomllib
from pathlib import Path
from typing import Final

from luban.core.errors import InputError, LubanError

__all__ = ["GAUGE", "GROUPS", "MES", "PAST", "REACH", "SHOP", "STEP", "make_folder"]

SHOP: Final = "c2_machining"
"""Name of the example that the story is told of."""
GROUPS: Final = {"turning": 4.0, "milling": 4.0, "grinding": 1.5}
"""Work centers with machine tools, and within what an offset is left where it is [µm]."""
MES: Final = "mes"
"""Folder into which the shop's MES exports orders, operations and readings."""
PAST: Final = "past.csv"
"""What the shop's historian has of the days before: time of the shop [µs UTC], machine, signal, value."""
REACH: Final = 60.0
"""Most that an offset may be set to [µm]."""
STEP: Final = 10.0
"""Most that a command may change it [µm]."""
GAUGE: Final = "gauges"
"""Source that collects the readings."""

_MARK: Final = ".pilot"
_LEFT: Final = {".luban", "pki", "facts", "__pycache__"}
_FILES: Final = f"""
[[source]]
id = "{GAUGE}"
type = "files"
folder = "{MES}"
pattern = ["measurements_*.csv"]
kind = "measurements"
poll = "200ms"
coverage = "continuous"
"""


def make_folder(source: Path, home: Path) -> Path:
    """A copy of the shop that can be served here: free ports, all gauges read every piece.

    An earlier story's folder is replaced. Raises LubanError where the folder holds something else, InputError where
    the shop is not there
    """
    if not (source / "plant.toml").is_file():
        raise InputError("the shop of the story is not there", came=str(source), expected=f"examples/{SHOP}")
    if home.exists() and any(home.iterdir()):
        if not (home / _MARK).exists():
            raise LubanError("the folder holds something else", where=str(home), hint="choose another folder")
        shutil.rmtree(home)
    shutil.copytree(source, home, ignore=shutil.ignore_patterns(*_LEFT), dirs_exist_ok=True)
    (home / _MARK).touch()
    (home / MES).mkdir()
    plant = home / "plant.toml"
    plant.write_text(_served(plant.read_text("utf-8")) + _FILES, "utf-8")
    twin = home / "twin.toml"
    twin.write_text(_every_piece(twin.read_text("utf-8")), "utf-8")
    return home


def _served(text: str) -> str:
    """plant.toml at free ports; an offset may be written while its machine runs, once somebody has allowed it."""
    urls = dict.fromkeys(re.findall(r"opc\.tcp://127\.0\.0\.1:\d+", text))
    for url, port in zip(urls, _free_ports(len(urls)), strict=True):
        text = text.replace(f'"{url}"', f'"opc.tcp://127.0.0.1:{port}"')
    offsets: dict[str, list[str]] = {}
    for signal in tomllib.loads(text)["signal"]:
        if signal["id"].endswith(":offset"):
            offsets.setdefault(signal["source"], []).append(signal["address"])
    for source, addresses in offsets.items():
        named = ", ".join(f'"{address}"' for address in addresses)
        text = text.replace(f'id = "{source}"\ntype', f'id = "{source}"\nwritable = [{named}]\ntype')
    machines: list[str] = re.findall(r'id = "([^"]+):offset"', text)
    blocks = [
        f'\n[[actuator]]\nsignal = "{path}:offset"\nlower = -{REACH:g}\nupper = {REACH:g}\nstep = {STEP:g}\n'
        f'mode = "advise"\napprover = "operator"\nsettle = "3s"\ntolerance = 0.01\n'
        f'interlock = ["{path}:state is running"]\n'
        for path in machines
    ]
    return text + "".join(blocks)


def _every_piece(text: str) -> str:
    return re.sub(r"(?m)^sample_every = \d+", "sample_every = 1", text)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
