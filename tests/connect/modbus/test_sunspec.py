"""A device laid out by hand after the published models, found and read without a line of mapping."""

from __future__ import annotations

from typing import Final

import pytest

from luban.connect.modbus import ModbusDriver, ModbusSettings
from luban.connect.modbus.device import ModbusDevice
from luban.connect.units import factor
from luban.connect.wire import Proposal
from luban.core.errors import ConnectError
from tests.connect.modbus.ends import listening, until

_MARK, _COMMON, _METER = 40_000, 40_002, 40_070  # model 1 has 66 registers behind its header of two
_END: Final = _METER + 107


def sunspec(unit: int = 1) -> ModbusDevice:
    """A three-phase meter, model 203, with all its registers as published in sunspec/models (model_203.json)."""
    device = ModbusDevice([f"{unit}/holding:{n}" for n in range(_MARK, _END + 2)] + _texts(unit))
    raw = {
        _MARK: 0x5375, _MARK + 1: 0x6E53, _COMMON: 1, _COMMON + 1: 66, _METER: 203, _METER + 1: 105, _END: 0xFFFF,
        # offsets of the model: A 2, A_SF 6, PhVphB 9, V_SF 15, Hz 16, Hz_SF 17, W 18, W_SF 22, VAR 28, VAR_SF 32,
        # PF 33, PF_SF 37, TotWhExp 38, TotWhImp 46, TotWh_SF 54
        _METER + 2: 2345, _METER + 6: 0xFFFE, _METER + 9: 2301, _METER + 15: 0xFFFF, _METER + 16: 4998,
        _METER + 17: 0xFFFE, _METER + 18: 65536 - 1234, _METER + 22: 1, _METER + 28: 0x8000, _METER + 32: 0,
        _METER + 33: 970, _METER + 37: 0xFFFF, _METER + 46: 0x0012, _METER + 47: 0xD687, _METER + 54: 2,
    }  # fmt: skip
    for number, word in raw.items():
        device.set(f"{unit}/holding:{number}", word)
    for text, value in zip(_texts(unit), ("Acme Metering", "M-3/5A"), strict=True):
        device.set(text, value)
    return device


def _texts(unit: int) -> list[str]:
    return [f"{unit}/holding:{_COMMON + offset}:string[32]" for offset in (2, 18)]


async def browsed(device: ModbusDevice, **settings: int) -> list[Proposal]:
    return await ModbusDriver(ModbusSettings.model_validate({"url": device.url, **settings}), ()).browse()


async def test_a_sunspec_meter_needs_no_mapping() -> None:
    async with sunspec() as device:
        found = await browsed(device)
        assert {p.equipment for p in found} == {"Acme_Metering_M-3_5A"}
        assert {p.companion for p in found} == {"SunSpec meter 203"}
        assert all(factor(p.unit, p.unit) for p in found), "a unit that the table does not know"
        by_name = {p.name: p for p in found}
        async with listening(device.url, *(p.address for p in found), sunspec=True) as (_, heard):
            await until(lambda: len(heard.kept) >= len(found))
            values = {name: heard.last(p.address) for name, p in by_name.items()}
        assert values["A"] == 23.45
        assert values["PhVphB"] == 230.1
        assert values["Hz"] == 49.98
        assert values["W"] == -12340.0
        assert values["VAR"] is None  # not implemented
        assert values["PF"] == 97.0
        assert values["TotWhImp"] == 0x12D687 * 100
        assert not heard.rejected


async def test_another_unit_is_asked_where_the_settings_say_so() -> None:
    async with sunspec(unit=3) as device:
        found = await browsed(device, unit=3)
        assert {p.address.partition("/")[0] for p in found} == {"3"}


async def test_a_device_without_a_directory_says_so() -> None:
    async with ModbusDevice(["input:0"]) as device:
        with pytest.raises(ConnectError, match="no directory of its registers"):
            await browsed(device)


async def test_a_chain_of_models_that_breaks_off_gives_what_was_read() -> None:
    async with sunspec() as device:
        device.set(f"1/holding:{_METER + 1}", 40)  # a shorter, older edition: TotWhImp lies beyond
        names = {p.name for p in await browsed(device)}
        assert "TotWhExp" in names
        assert "TotWhImp" not in names
