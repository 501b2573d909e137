from __future__ import annotations

from pathlib import Path

import pytest

from luban.connect.mtconnect.model import proposals, read_devices
from luban.core.errors import InputError
from luban.core.units import parse_unit
from tests.connect.mtconnect.conftest import DATA, HERE, MACHINE

OKUMA = Path(__file__).parents[3] / "src" / "luban" / "loop" / "workshop" / "okuma_devices.xml"
COMMITTED = sorted((HERE / "devices").glob("*.xml"))
FOUND = [file for folder in ("devices", "assets", "shdr") for file in sorted((DATA / folder).glob("*.xml"))]


def test_the_okuma_needs_no_tag_mapped_by_hand() -> None:
    found = {proposal.address: proposal for proposal in proposals(read_devices(OKUMA))}
    assert len(found) == 39
    assert (found["pexecution"].role, found["pexecution"].mapping) == ("state", "mtconnect-execution@1")
    assert found["ppartcount"].role == "total_count"
    assert found["pprogram"].type == "text"
    assert (found["S1load"].unit, found["S1load"].type, found["S1load"].equipment) == ("%", "number", "OKUMA")
    assert found["S1speed"].unit == "rpm"
    assert found["p1Fact"].unit == "mm/s"
    for proposal in found.values():
        if proposal.unit:
            parse_unit(proposal.unit)


def test_roles_of_counts_and_axes_of_positions() -> None:
    found = {p.address: p for p in proposals(read_devices(MACHINE))}
    assert found["parts"].role == "total_count"
    assert {"pos/x", "pos/y", "pos/z"} <= set(found)
    assert found["pos/x"].unit == "mm"
    good = MACHINE.replace(b'subType="ALL"', b'subType="GOOD"')
    assert {p.address: p.role for p in proposals(read_devices(good))}["parts"] == "good_count"
    bad = MACHINE.replace(b'subType="ALL"', b'subType="BAD"')
    assert {p.address: p.role for p in proposals(read_devices(bad))}["parts"] == "scrap_count"


def test_a_name_that_two_devices_share_needs_the_device() -> None:
    twice = MACHINE.replace(b"</Devices>", b'<Device id="e" name="M2"><DataItems><DataItem id="e1" name="execution"'
                            b' type="EXECUTION" category="EVENT"/></DataItems></Device></Devices>')  # fmt: skip
    model = read_devices(twice)
    assert "execution" not in model.by_key
    assert model.by_key["M2:execution"].id == "e1"
    assert model.by_key["M1:execution"].id == "ex"
    assert {p.address for p in proposals(model)} >= {"ex", "e1"}
    assert [item.id for item in model.only("M2").items] == ["e1"]


@pytest.mark.parametrize("file", COMMITTED + FOUND, ids=lambda file: file.name)
def test_any_devices_file_is_read_or_refused_clearly(file: Path) -> None:
    try:
        model = read_devices(file)
    except InputError as error:
        refused = error
        model = None
    if model is None:
        assert refused.where == str(file)
        assert refused.expected
        return
    found = proposals(model)
    assert len({proposal.address for proposal in found}) == len(found)
    assert len(found) >= len(model.items)


def test_the_reference_agents_own_files_are_read() -> None:
    """All that the data folder has; without it, the three that are kept here."""
    counts = {file.name: len(read_devices(file).items) for file in [*COMMITTED, *DATA.glob("devices/*.xml")]}
    assert counts["discrete_example.xml"] == 9
    assert counts["two_devices.xml"] == 6
    assert counts["data_set.xml"] == 13


def test_what_is_no_device_model() -> None:
    for wrong in (b"", b"<html/>", b"<MTConnectStreams/>", b"{}"):
        with pytest.raises(InputError):
            read_devices(wrong, where="http://agent/probe")
