"""Asking peers without running a plant: what they offer, whether they answer, whom we trust.

Writes nothing to any books.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.connect.opcua.pki import trust as trust_certificate
from luban.connect.registry import driver_factory
from luban.connect.wire import Proposal, Sample
from luban.core.errors import InputError, LubanError
from luban.loop.wiring import connection
from luban.plant import Plant, load

__all__ = ["SourceTest", "browse", "source_of", "test_sources", "trust_certificate"]

# scheme of a URL as a person gives it → type of source, scheme that its connector wants
_SCHEMES: Mapping[str, tuple[str, str]] = {
    "opc.tcp": ("opcua", "opc.tcp"),
    "mqtt": ("mqtt", "mqtt"),
    "mqtts": ("mqtt", "mqtts"),
    "sparkplug": ("sparkplug", "mqtt"),
    "sparkplugs": ("sparkplug", "mqtts"),
    "http": ("mtconnect", "http"),
    "https": ("mtconnect", "https"),
    "tcp": ("shdr", "tcp"),
    "shdr": ("shdr", "tcp"),
    "modbus": ("modbus", "modbus"),
}


@dataclass(frozen=True, slots=True)
class SourceTest:
    """What a source said while it was listened to.

    samples  values that came
    silent   mapped addresses that said nothing: no fault where a value did not change
    """

    source: str
    type: str
    ok: bool
    samples: int
    silent: int
    message: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A source that stands in no plant.toml."""

    type: str
    settings: Mapping[str, Any]
    id: str = "asked"
    where: str = "the command line"


def source_of(url: str, kind: str = "") -> tuple[str, str]:
    """Type of source and address, as plant.toml wants them. Raises InputError where the type cannot be told.

    Example source_of("sparkplug://broker") == ("sparkplug", "mqtt://broker")
    """
    scheme, _, rest = url.partition("://")
    guessed, wanted = _SCHEMES.get(scheme, ("", scheme))
    if not (kind or guessed):
        raise InputError(
            "cannot tell the type from this URL", came=url, expected=", ".join(_SCHEMES), hint="say --type"
        )
    return kind or guessed, f"{wanted}://{rest}"


def browse(url: str, *, kind: str = "", settings: Mapping[str, Any] | None = None) -> list[Proposal]:
    """What the peer at `url` offers, with the mapping that its connector proposes.

    kind      type of source; told from the scheme of the URL where empty
    settings  further settings of its connector
    Raises    InputError, ConfigError, LinkDownError, SecurityError
    """
    found, address = source_of(url, kind)
    source = _Asked(found, {"url": address, **(settings or {})})
    return asyncio.run(driver_factory(source, [])().browse())


def test_sources(folder: Path, *, seconds: float) -> list[SourceTest]:
    """Connect each source of the plant in `folder` and listen for a while [s]. Raises ConfigError."""
    plant = load(folder)

    async def all_of_them() -> list[SourceTest]:
        return list(await asyncio.gather(*(_try(plant, folder, name, seconds) for name in plant.sources)))

    return asyncio.run(all_of_them())


class _Listener:
    """Counts what a driver hears and keeps none of it."""

    def __init__(self) -> None:
        self.count, self.up, self.refused = 0, False, ""
        self.addresses: set[str] = set()
        self._notes: dict[str, Any] = {}

    def samples(self, samples: Sequence[Sample]) -> None:
        self.up = True
        self.count += len(samples)
        self.addresses |= {sample.address for sample in samples}

    def alive(self, time: int | None = None) -> None:  # noqa: ARG002 - a Sink has it
        self.up = True

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        """Nothing is kept, so nothing can be lost."""

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:  # noqa: ARG002 - a Sink has it
        self.refused = self.refused or f"a message of {address or 'the peer'} was refused: {reason}"

    def covered(self, start: int, end: int) -> None:  # noqa: ARG002 - a Sink has it
        self.up = True

    def facts(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:  # noqa: ARG002 - a Sink has it
        self.up = True
        self.count += len(next(iter(rows.values()), ()))

    def remember(self, key: str, value: Any) -> None:
        self._notes[key] = value

    def recall(self, key: str) -> Any:
        return self._notes.get(key)

    async def flush(self) -> None:
        """Nothing is kept."""


async def _try(plant: Plant, folder: Path, name: str, seconds: float) -> SourceTest:
    source = plant.sources[name]
    heard = _Listener()
    message = ""
    wanted: set[str] = set()
    try:
        factory, signals = connection(plant, source, folder)
        wanted = {signal.address for signal in signals}
        await asyncio.wait_for(factory().run(heard), seconds)
    except TimeoutError:
        message = heard.refused or ("" if heard.up else f"no sign of life within {seconds:g} s")
    except LubanError as error:
        heard.up, message = False, str(error)
    silent = len(wanted - heard.addresses)
    return SourceTest(name, source.type, heard.up, heard.count, silent, message)
