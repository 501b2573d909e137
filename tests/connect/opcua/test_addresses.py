from __future__ import annotations

from collections.abc import Sequence

import pytest
from asyncua import ua

from luban.connect.opcua.addresses import address_of, in_chunks, parse
from luban.connect.opcua.units import information, unit_of

SPACES = ["http://opcfoundation.org/UA/", "urn:server", "urn:vendor;lathe"]


@pytest.mark.parametrize("node", [ua.NodeId(2258), ua.NodeId("Spindle.Load;x=1", 1), ua.NodeId(7, 2)])
def test_an_address_leads_back_to_its_node(node: ua.NodeId) -> None:
    assert parse(address_of(node, SPACES), SPACES) == node


def test_an_address_survives_renumbering() -> None:
    address = address_of(ua.NodeId("a", 2), SPACES)
    assert parse(address, [SPACES[0], "urn:new", SPACES[2], SPACES[1]]).NamespaceIndex == 2
    with pytest.raises(ValueError, match="no namespace urn:vendor;lathe"):
        parse(address, SPACES[:2])


@pytest.mark.parametrize("address", ["", "Load", "ns=x;s=a", "nsu=urn:server"])
def test_not_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        parse(address, SPACES)


async def test_server_that_takes_less_than_it_declares() -> None:
    asked = []

    async def call(chunk: Sequence[int]) -> list[int]:
        asked.append(len(chunk))
        if len(chunk) > 3:
            raise ua.uaerrors.BadTooManyOperations
        return [2 * item for item in chunk]

    assert await in_chunks(range(10), 8, call) == [2 * item for item in range(10)]
    assert max(asked[2:]) <= 4


def test_units_by_unece_code_not_by_what_is_shown() -> None:
    """Code and number as in OPC 10000-8: 'mm/s' is C16 = 4403510."""
    assert int.from_bytes(b"C16", "big") == 4403510
    shown = ua.EUInformation(UnitId=4403510, DisplayName=ua.LocalizedText("Millimeter pro Sekunde"))
    assert unit_of(shown) == "mm/s"
    assert unit_of(ua.EUInformation(UnitId=-1, DisplayName=ua.LocalizedText("strokes"))) == "strokes"
    assert unit_of(None) == ""


@pytest.mark.parametrize("unit", ["%", "mm", "°C", "1/min", "strokes"])
def test_unit_there_and_back(unit: str) -> None:
    assert unit_of(information(unit)) == unit
