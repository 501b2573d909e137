"""What twin.toml says in [serve]: how fast the plant goes, and where its devices answer."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from luban.core.errors import ConfigError

__all__ = ["ServeSettings", "read_settings"]


class ServeSettings(BaseModel):
    """[serve]: which devices the twin is seen through."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(1.0, gt=0, le=100_000, description="Times faster than real time.")
    tick: float = Field(0.1, ge=0.01, le=10, description="Pause between two windows of the run [s].")
    sample: float = Field(1.0, ge=0.01, le=3600, description="How often sensors are read [s].")
    sources: bool = Field(True, description="Answer at every [[source]] of plant.toml whose address is this computer.")
    opcua: str = Field("", description="Every machine as an OPC UA object, e.g. opc.tcp://127.0.0.1:48400.")
    shdr: str = Field("", description="Every machine by one MTConnect adapter, e.g. tcp://127.0.0.1:7878.")
    mtconnect: str = Field("", description="Every machine by one MTConnect agent, e.g. http://127.0.0.1:5000.")
    mqtt: str = Field("", description="Every machine as JSON at this broker, e.g. mqtt://127.0.0.1:1883.")
    sparkplug: str = Field("", description="Every machine as a Sparkplug device at this broker.")
    modbus: str = Field("", description="An electricity meter a machine, e.g. modbus://127.0.0.1:5020.")
    drop: str = Field("", description="Folder for files of orders and operations, as a MES drops them.")

    @property
    def asked(self) -> dict[str, str]:
        """Wires asked for beyond plant.toml: type → address."""
        kinds = ("opcua", "shdr", "mtconnect", "mqtt", "sparkplug", "modbus")
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}


def read_settings(folder: Path) -> ServeSettings:
    """[serve] of the folder's twin.toml; the defaults where there is none. Raises ConfigError."""
    file = folder / "twin.toml"
    if not file.exists():
        return ServeSettings()  # type: ignore[call-arg]
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("serve", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not TOML", came=str(error), where=str(file)) from error
    try:
        return ServeSettings.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"[serve] {'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
            came=repr(first["input"]),
            expected=", ".join(ServeSettings.model_fields),
            where=str(file),
        ) from error
