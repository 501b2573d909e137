"""A source of plant.toml made ready to connect: its settings with what the plant says, its paths below the plant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

from luban.connect.registry import driver, driver_factory
from luban.connect.wire import Driver
from luban.plant import Plant, Signal, Source

__all__ = ["connection"]


def connection(plant: Plant, source: Source, folder: Path) -> tuple[Callable[[], Driver], list[Signal]]:
    """What builds a fresh driver of the source for each attempt, and the signals it serves.

    folder  the plant's folder
    Raises  ConfigError for the source's settings
    """
    home = folder.resolve()
    signals = [s for s in plant.signals.values() if s.source == source.id and s.enabled]
    declared = {name: one.unit for name, one in plant.characteristics.items()}
    metered = {one.id: (one.medium, one.unit) for one in plant.meters}
    defaults = {
        "base": str(home), "time_zone": plant.zone.key, "pki": home / "pki", "declared": declared, "metered": metered,
    }  # fmt: skip
    return driver_factory(_at_home(source, home), [s.address for s in signals], defaults=defaults), signals


def _at_home(source: Source, home: Path) -> Source:
    """The source with its relative paths below the plant's folder."""
    fields = driver(source.type, where=source.where).settings.model_fields
    paths = {name for name, field in fields.items() if Path in {field.annotation, *get_args(field.annotation)}}
    settings = {key: str(home / value) if key in paths else value for key, value in source.settings.items()}
    return replace(source, settings=settings)
