"""Whatever a folder holds, `check` answers with complaints and never with a crash."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.core.errors import ConfigError
from luban.plant import check, load

ROOT = Path(__file__).parents[2]
TOML = (ROOT / "src" / "luban" / "plant" / "starters" / "workshop" / "plant.toml").read_text("utf-8")
ROUTING = "item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,machining/lathe01,48,1200\n"
HEAD = '[plant]\nid = "a"\nname = "a"\ntime_zone = "UTC"\n'
SPOIL = [
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "#",
    "\n",
    ".",
    "-1",
    "1979-05-27",
    "true",
    "é",
    "[[signal]]",
    '"""',
    "\\",
    "0",
]


def spoiled(text: str, seed: int, times: int) -> str:
    chance = random.Random(seed)
    for _ in range(times):
        at = chance.randrange(len(text) + 1)
        cut = chance.choice([0, 0, 1, 3, 20])
        text = text[:at] + chance.choice(["", *SPOIL]) + text[at + cut :]
    return text


@given(st.integers(0, 10**9), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spoiled_files(tmp_path, seed, toml_faults, table_faults):
    text = spoiled(TOML, seed, toml_faults)
    (tmp_path / "plant.toml").write_text(text, "utf-8")
    (tmp_path / "items.csv").write_text("id\nshaft\n", "utf-8")
    (tmp_path / "routing.csv").write_text(spoiled(ROUTING, seed, table_faults), "utf-8")
    complaints = check(tmp_path)
    lines = text.count("\n") + 1
    assert all(c.file and c.message and (c.file != "plant.toml" or 1 <= c.line <= lines) for c in complaints)
    if complaints:
        with pytest.raises(ConfigError):
            load(tmp_path)
    else:
        load(tmp_path)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_any_kind(tmp_path, content):
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "items.csv").write_bytes(content)
    assert check(tmp_path)
    (tmp_path / "items.csv").unlink()
    (tmp_path / "plant.toml").write_bytes(content)
    assert check(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        'plant = 3\ncalendar = "x"\nequipment = [3]\nsignal = [[]]\nsource = {}',
        "[plant]\nid = 3\nname = []\ntime_zone = {}",
        '[plant]\nid = "a"\nname = "a"\ntime_zone = "../etc/passwd"',
        HEAD + '[[equipment]]\npath = ""\n[[equipment]]\npath = "/"\n',
        HEAD + '[[source]]\nid = "s"\n',
        HEAD
        + '[[calendar]]\nid="c"\nclosed=[0001-01-01]\nextra=[{name="x",date="0001-01-01",start="0:00",end="1:00"}]\n'
        + 'shifts=[{name="y", start="00:00", end="24:00"}]\n[[equipment]]\npath=3',
    ],
)
def test_strange_shapes(tmp_path, text):
    (tmp_path / "plant.toml").write_text(text, "utf-8")
    assert check(tmp_path)
