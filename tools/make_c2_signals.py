"""Write the wires and signals of examples/c2_machining/plant.toml: every machine the same, four OPC UA servers.

    python tools/make_c2_signals.py [--check]

--check  write nothing; fail if the file is not what this program writes
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

FILE = Path(__file__).parents[1] / "examples" / "c2_machining" / "plant.toml"
MARK = "# --- wires and signals, made by tools/make_c2_signals.py"
SERVERS = {
    "turning": 48501,
    "milling": 48502,
    "grinding": 48503,
    "finishing": 48504,
    "heat": 48504,
    "inspection": 48504,
}
STATION = "others"
SIGNALS: tuple[tuple[str, str], ...] = (
    ("state", 'role = "state"'),
    ("order", 'role = "order"'),
    ("item", 'role = "item"'),
    ("alarm", 'role = "reason"'),
    ("good_count", 'unit = "piece"\nrole = "good_count"'),
    ("scrap_count", 'unit = "piece"\nrole = "scrap_count"'),
    ("rework_count", 'unit = "piece"\nrole = "rework_count"'),
    ("program", ""),
    ("power", 'unit = "kW"'),
    ("energy", 'unit = "kWh"'),
    ("queue_length", ""),
)
CUTTING: tuple[tuple[str, str], ...] = (
    ("spindle_load", 'unit = "%"\nrange = [0, 200]'),
    ("temperature", 'unit = "°C"\nrange = [-20, 120]'),
    ("vibration", 'unit = "mm/s"\nrange = [0, 50]'),
    ("tool_time", 'unit = "min"'),
    ("tool_number", ""),
    ("reading", 'unit = "µm"'),
    ("reading_of", ""),
    ("offset", 'unit = "µm"'),
)


def wires(plant: str) -> str:
    """The sources and signals of every work unit that the plant's text lists."""
    paths = [own["path"] for own in tomllib.loads(plant)["equipment"] if own.get("kind", "work unit") == "work unit"]
    found = [MARK + " " + "-" * (100 - len(MARK)), ""]
    for port, name in {port: _server(group) for group, port in SERVERS.items()}.items():
        url = f'url = "opc.tcp://127.0.0.1:{port}"\nsecurity = "none"'
        found += ["[[source]]", f'id = "{name}"', 'type = "opcua"', url, ""]
    for path in paths:
        group, machine = path.split("/")
        for name, more in SIGNALS + (CUTTING if group in {"turning", "milling", "grinding"} else ()):
            found += ["[[signal]]", f'id = "{path}:{name}"', f'source = "{_server(group)}"']
            found += [f'address = "nsu=urn:c2;s={machine}/{name}"', *([more] if more else []), ""]
    return "\n".join(found)


def _server(group: str) -> str:
    return f"{group}_cell" if list(SERVERS.values()).count(SERVERS[group]) == 1 else f"{STATION}_cell"


def main(check: bool) -> int:
    """Write the part of the file behind the mark, or say that it is stale."""
    text = FILE.read_text("utf-8")
    own = text.partition(MARK)[0].rstrip("\n") + "\n\n"
    made = own + wires(own)
    if check and made != text:
        sys.stderr.write(f"{FILE.name} is not what the generator says; run python tools/make_c2_signals.py\n")
        return 1
    if not check:
        FILE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
