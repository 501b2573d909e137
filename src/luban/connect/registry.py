"""Which connectors there are. A connector's code is imported only when a source needs it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol, cast

from pydantic import ValidationError

from luban.connect.wire import Driver, SourceSettings
from luban.core.errors import ConfigError, MissingServiceError

__all__ = ["PlantSource", "card_file", "driver", "driver_factory", "drivers", "settings_for", "types"]

# type in plant.toml → module and name of its driver
_DRIVERS: Mapping[str, tuple[str, str]] = {
    "opcua": ("luban.connect.opcua", "OpcUaDriver"),
    "mqtt": ("luban.connect.mqtt", "MqttDriver"),
    "sparkplug": ("luban.connect.sparkplug", "SparkplugDriver"),
    "mtconnect": ("luban.connect.mtconnect", "MTConnectDriver"),
    "shdr": ("luban.connect.shdr", "ShdrDriver"),
    "modbus": ("luban.connect.modbus", "ModbusDriver"),
    "files": ("luban.connect.files", "FilesDriver"),
}


_LOGIN = re.compile(r"://[^/@\s'\"]*@")  # a user and password in an address are never repeated


class PlantSource(Protocol):
    """One [[source]] of plant.toml: what the registry needs of `luban.plant.Source`."""

    @property
    def id(self) -> str:
        """Its id, the `source` of its facts."""

    @property
    def type(self) -> str:
        """Its connector."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Every other key, for the connector's own model."""

    @property
    def where(self) -> str:
        """file:line of it."""


class _Drivers(Mapping[str, type[Driver]]):
    """Driver classes by type, imported on first look."""

    def __getitem__(self, kind: str) -> type[Driver]:
        return driver(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(_DRIVERS)

    def __len__(self) -> int:
        return len(_DRIVERS)


def types() -> tuple[str, ...]:
    """The types a source may have."""
    return tuple(_DRIVERS)


def drivers() -> Mapping[str, type[Driver]]:
    """Driver classes by type; looking one up imports it."""
    return _Drivers()


def driver(kind: str, *, where: str = "") -> type[Driver]:
    """The driver class of a type.

    Raises ConfigError for an unknown type, MissingServiceError if its library is not installed.
    """
    if kind not in _DRIVERS:
        close = difflib.get_close_matches(kind, _DRIVERS, 1, 0.5)
        raise ConfigError(
            "unknown type of source",
            came=repr(kind),
            expected=", ".join(_DRIVERS),
            where=where,
            hint=f"did you mean {close[0]}?" if close else "",
        )
    module, name = _DRIVERS[kind]
    try:
        return cast("type[Driver]", getattr(import_module(module), name))
    except ModuleNotFoundError as error:
        raise MissingServiceError(
            f"the {kind} connector needs a package that is not installed",
            came=str(error.name),
            where=where,
            hint="install luban with all its dependencies",
        ) from error


def settings_for(source: PlantSource, *, defaults: Mapping[str, Any] | None = None) -> SourceSettings:
    """The source's settings, checked by its connector.

    defaults  what the plant says where the source does not; only what the connector has a setting for

    Raises ConfigError that names plant.toml's line, the field, what came and what was expected.
    """
    model = driver(source.type, where=source.where).settings
    try:
        usable = {key: value for key, value in (defaults or {}).items() if key in model.model_fields}
        return model.model_validate(usable | dict(source.settings))
    except ValidationError as error:
        raise _complaint(source, model, error) from error


def driver_factory(
    source: PlantSource, addresses: Sequence[str], *, defaults: Mapping[str, Any] | None = None
) -> Callable[[], Driver]:
    """Makes a fresh driver of the source for each connection attempt. Raises ConfigError."""
    settings = settings_for(source, defaults=defaults)
    kind = driver(source.type)
    return lambda: kind(settings, tuple(addresses))


def card_file(kind: str) -> Traversable:
    """The connector's quality card."""
    return files(_DRIVERS[kind][0]).joinpath("quality_card.toml")


def _complaint(source: PlantSource, model: type[SourceSettings], error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    known = [field.alias or key for key, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(first["loc"][0]) if first["loc"] else "", known, 1, 0.6)
    missing = first["type"] == "missing"
    unknown = first["type"] == "extra_forbidden"
    expected = f"one of {', '.join(sorted(known))}" if unknown else first["msg"].removeprefix("Value error, ")
    field = model.model_fields.get(str(first["loc"][0])) if first["loc"] else None
    hint = (
        f"did you mean {close[0]}?" if unknown and close else (field.description or "") if field and not unknown else ""
    )
    what = "is missing" if missing else "is not a setting" if unknown else "is not acceptable"
    return ConfigError(
        f"source {source.id} ({source.type}): {name or 'settings'} {what}",
        came="" if missing else _LOGIN.sub("://…@", repr(first["input"])),
        expected="" if missing else expected,
        where=source.where,
        hint=hint,
    )
