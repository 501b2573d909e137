"""Begin a plant: a folder that loads as it is, with notes where a newcomer will change it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from luban.core.errors import InputError
from luban.plant.complaint import did_you_mean
from luban.plant.schema import schema

__all__ = ["SCHEMA_FILE", "init_plant", "templates"]

SCHEMA_FILE = "plant.schema.json"
_STARTERS = "starters"


def templates() -> tuple[str, ...]:
    """Names of the templates."""
    return tuple(sorted(entry.name for entry in files("luban.plant").joinpath(_STARTERS).iterdir() if entry.is_dir()))


def init_plant(folder: str | Path, template: str = "workshop") -> list[Path]:
    """Write a template into a new or empty folder; returns the files written.

    Raises InputError for an unknown template or a folder that holds anything: nothing is overwritten.
    """
    if template not in templates():
        raise InputError(
            "unknown template",
            came=repr(template),
            expected=", ".join(templates()),
            hint=did_you_mean(template, templates()),
        )
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(
            "the folder is not empty",
            came=str(target),
            expected="a new or empty folder",
            hint="name another folder, or change the plant that is there",
        )
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for entry in sorted(files("luban.plant").joinpath(_STARTERS, template).iterdir(), key=lambda e: e.name):
        path = target / entry.name
        path.write_bytes(entry.read_bytes())
        written.append(path)
    path = target / SCHEMA_FILE
    path.write_text(schema_text(), "utf-8")
    return [*written, path]


def schema_text() -> str:
    """plant.schema.json as it lies beside a plant.toml."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
