"""A plant folder whose sources are the twin's own devices: one machine a wire."""

from __future__ import annotations

from pathlib import Path

from tests.outside import free_port
from tests.twin.shop import PLANT

COUNTERS = ("good_count", "scrap_count", "rework_count")


def _signal(place: str, name: str, source: str, address: str, **more: str) -> str:
    lines = [f'id = "{place}:{name}"', f'source = "{source}"', f'address = "{address}"']
    return "[[signal]]\n" + "\n".join([*lines, *(f'{k} = "{v}"' for k, v in more.items())]) + "\n"


def _machine(unit: str, source: str, address: str, mapping: str, *, state: str = "") -> str:
    """Signals of one machine; `{}` in the address is the name of the value."""
    text = _signal(unit, "state", source, state or address.format("state"), role="state", mapping=mapping)
    for role in (*COUNTERS, "order", "item", "reason"):
        text += _signal(unit, role, source, address.format(role), role=role)
    return text


def _source(id_: str, kind: str, url: str, **more: str) -> str:
    return f'[[source]]\nid = "{id_}"\ntype = "{kind}"\nurl = "{url}"\n' + "".join(
        f"{k} = {v}\n" for k, v in more.items()
    )


def folder(
    home: Path, lathe01: str = "opcua", lathe02: str = "shdr", oven: str = "mtconnect", meter: bool = True
) -> Path:
    """plant.toml with a wire for each machine, and a meter of the oven by Modbus."""
    text = PLANT
    for unit, kind in (("turning/lathe01", lathe01), ("turning/lathe02", lathe02), ("heat/oven", oven)):
        port, id_ = free_port(), f"s_{unit.rpartition('/')[2]}"
        if kind == "opcua":
            text += _source(id_, kind, f"opc.tcp://127.0.0.1:{port}", security='"none"')
            state = "nsu=urn:works;s=M/Item + nsu=urn:works;s=M/Mode"
            text += _machine(unit, id_, "nsu=urn:works;s=M/{}", "opc40501-1@1", state=state)
            text += _signal(unit, "energy", id_, "nsu=urn:works;s=M/Energy", unit="kWh")
            text += _signal(unit, "offset", id_, "nsu=urn:works;s=M/Offset", unit="µm")
        elif kind == "shdr":
            text += _source(id_, kind, f"tcp://127.0.0.1:{port}")
            text += _machine(unit, id_, "m_{}", "mtconnect-execution@1")
            text += _signal(unit, "energy", id_, "m_energy", unit="kWh")
        elif kind == "mtconnect":
            text += _source(id_, kind, f"http://127.0.0.1:{port}")
            text += _machine(unit, id_, "o_{}", "mtconnect-execution@1")
            text += _signal(unit, "active_power", id_, "o_power", unit="kW")
        elif kind == "mqtt":
            text += _source(id_, kind, f"mqtt://127.0.0.1:{port}", time_path='"time"')
            text += _machine(unit, id_, "hall/" + id_ + "/{}#value", "generic@1")
            text += _signal(unit, "energy", id_, f"hall/{id_}/meter#data.kwh[0]", unit="kWh")
        else:
            text += _source(id_, kind, f"mqtt://127.0.0.1:{port}")
            text += _machine(unit, id_, "hall/edge/" + id_ + ":{}", "packml@1")
            text += _signal(unit, "energy", id_, f"hall/edge/{id_}:Energy", unit="MJ")
    for kind, more in (("states", 'mapping = "generic@1"\n'), ("counts", "")):
        text += f'[[source]]\nid = "bench_{kind}"\ntype = "files"\nfolder = "drop"\npattern = ["{kind}_*.csv"]\n'
        text += f'kind = "{kind}"\nunit = "bench"\npoll = "200ms"\ncoverage = "continuous"\n{more}'
    if meter:
        text += _source("meter", "modbus", f"modbus://127.0.0.1:{free_port()}", interval='"200ms"')
        text += _signal("heat/oven", "main_energy", "meter", "input:10:uint32*0.001", unit="kWh")
    home.mkdir(parents=True, exist_ok=True)
    (home / "plant.toml").write_text(text, encoding="utf-8")
    return home
