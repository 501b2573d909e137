"""The register of key processes of a plant folder."""

from __future__ import annotations

from pathlib import Path

from luban.core.time import parse_time
from luban.plant import KeyProcess, check, load

_PLANT = '[plant]\nid = "p"\nname = "P"\ntime_zone = "UTC"\n\n[[equipment]]\npath = "press"\nname = "Press"\n'


def test_key_processes_are_read_with_their_work_unit(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(_PLANT, "utf-8")
    (tmp_path / "key_processes.csv").write_text("id,unit,name,since\nforging,press,Forging,2020-01-01\n", "utf-8")
    since = parse_time("2020-01-01T00:00:00Z")
    assert dict(load(tmp_path).key_processes) == {"forging": KeyProcess("forging", "p/press", "Forging", since)}


def test_a_key_process_is_done_by_equipment_that_exists_and_stands_once(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(_PLANT, "utf-8")
    (tmp_path / "key_processes.csv").write_text("id,unit\nforging,presss\nforging,press\n", "utf-8")
    told = [(one.place.line, one.message) for one in check(tmp_path)]
    assert told == [(2, "unknown equipment"), (3, "a row given twice")] or sorted(told) == [
        (2, "unknown equipment"), (3, "a row given twice")
    ]  # fmt: skip
