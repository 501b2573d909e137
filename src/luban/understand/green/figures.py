"""The numbers of the green sheet and report, each with the facts it rests on and the reason where it is not known.

Reads   an energy account, water, waste, footprints and statements    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from luban.core.errors import UnitError
from luban.plant import Plant
from luban.understand.energy.books import EnergyAccount, good_of
from luban.understand.energy.meters import Consumed, exact, in_unit
from luban.understand.green.facts import Facts, Found, facts_of, together
from luban.understand.green.footprints import ProductFootprint
from luban.understand.green.statements import QUANTITIES, Statement
from luban.understand.green.waste import DEFAULT_RATE, RATES, WasteBalance
from luban.understand.green.water import WaterBalance, role_of

__all__ = ["NO_READINGS", "SECOND", "figures_of", "tops_of"]

SECOND = ("compressed air", "压缩空气", "압축공기")
"""Media made in the plant: the energy for them is counted already."""

NO_READINGS = "the plant's books hold no meter readings of this window"
Row = Mapping[str, Any]


def tops_of(energy: EnergyAccount | None) -> list[tuple[Consumed, Decimal]]:
    """Meters through which something comes in, with their amounts; nothing without an account."""
    if energy is None:
        return []
    tops = [one for one in energy.meters if not one.meter.parent or one.meter.feeds]
    return [(one, one.total(energy.start, energy.end)) for one in tops]


def figures_of(
    energy: EnergyAccount | None, water: WaterBalance, waste: WasteBalance, prints: Sequence[ProductFootprint],
    plant: Plant, rows: Mapping[str, list[Row]], stated: Mapping[str, Statement],
    metered: Mapping[str, tuple[Facts, ...]], window: tuple[int, int],
) -> dict[str, Found]:  # fmt: skip
    """All of them: by the `basis` of a point, `figure:NAME`, `medium:NAME`, `scope:NUMBER`.

    metered  meter → the readings that its amount rests on
    window   [µs UTC]
    """
    coal, gases = _coal(energy, metered), _gases(energy, metered)
    output = _sum_of(stated, "output-value", window)
    pieces = _pieces(rows)
    fresh = _water(water, metered, water.fresh, "fresh", "no meter of fresh water")
    discharged = _water(water, metered, water.discharged, "discharged", "no meter of waste water")
    reuse = _rate(water.reuse, "no meters of fresh water and of water used again", _of_water(water, metered))
    waste_reuse = _rate(water.waste_reuse, "no meters of waste water and of recycled water", _of_water(water, metered))
    renewable = _sum_of(stated, "renewable-energy", window)
    site = _sum_of(stated, "site-area", window)
    return {
        "energy over output value": _over(coal, output, "kgce/10⁴ CNY"),
        "greenhouse gases over output value": _over(gases, output, "kgCO2/10⁴ CNY"),
        "greenhouse gases on record": Found(None if gases.value is None else 1.0, "1", gases.facts, gases.reason),
        "energy over pieces": _over(coal, pieces, "kgce/piece"),
        "greenhouse gases over pieces": _over(gases, pieces, "kgCO2/piece"),
        "renewable over all energy": _over(_coal_of(renewable), coal, "%", 100),
        "fresh water over output value": _over(fresh, output, "m³/10⁴ CNY"),
        "waste water over pieces": _over(discharged, pieces, "m³/piece"),
        "reused over all water used": reuse,
        "waste water reused": waste_reuse,
        "solid waste utilised": _utilised(waste, DEFAULT_RATE),
        "products with a footprint": _printed(prints, rows, plant),
        "output value over site": _over(output, site, "10⁴ CNY/m²"),
        "built over site area": _over(_sum_of(stated, "built-area", window), site, "%", 100),
        "floor over site area": _over(_sum_of(stated, "floor-area", window), site, "1"),
        "figure:energy": coal, "figure:gases": gases, "figure:fresh": fresh, "figure:discharged": discharged,
        "figure:pieces": pieces, "figure:output": output, "figure:renewable": renewable,
        "figure:generated": _mass(waste, "generated", "general"),
        "figure:hazardous": _mass(waste, "generated", "hazardous"),
        **{f"figure:rate {rate}": _utilised(waste, rate) for rate in RATES},
        **_media(energy, metered), **_scopes(energy, metered),
    }  # fmt: skip


def _coal(energy: EnergyAccount | None, metered: Mapping[str, tuple[Facts, ...]]) -> Found:
    """All energy brought in, in coal equivalent: 29.3076 MJ each kilogram (GB/T 2589-2020, 3.7)."""
    if energy is None:
        return Found(None, "kgce", reason=NO_READINGS)
    total, lacking = Decimal(0), []
    facts: tuple[Facts, ...] = ()
    for one, amount in tops_of(energy):
        meter = one.meter
        if role_of(meter.medium) or meter.medium in SECOND:
            continue
        try:
            total += in_unit(amount * meter.heat, "GJ", "kgce") if meter.heat else in_unit(amount, meter.unit, "kgce")
            facts = together(facts, metered.get(meter.id, ()))
        except UnitError:
            lacking.append(meter.medium)
    if lacking:
        return Found(None, "kgce", facts, f"{lacking[0]}: nobody says how much heat it holds, in the table of meters")
    return Found(float(total), "kgce", facts, notes=_doubted(energy))


def _coal_of(found: Found) -> Found:
    """Coal equivalent of kWh."""
    if found.value is None:
        return Found(None, "kgce", found.facts, found.reason)
    return Found(float(in_unit(exact(found.value), "kWh", "kgce")), "kgce", found.facts)


def _gases(energy: EnergyAccount | None, metered: Mapping[str, tuple[Facts, ...]]) -> Found:
    if energy is None:
        return Found(None, "kgCO2", reason=NO_READINGS)
    media = {line.use.medium for line in energy.carbon.lines}
    facts = together(*(metered.get(one.meter.id, ()) for one, _ in tops_of(energy) if one.meter.medium in media))
    burnt = [one for one in energy.carbon.doubts if not role_of(one.meter) and one.meter not in SECOND]
    if burnt:
        return Found(None, "kgCO2", facts, burnt[0].text)
    own = sum((line.mass for line in energy.carbon.lines if line.factor.scope < 3), Decimal(0))
    notes = tuple(dict.fromkeys(
        f"{line.factor.id}: not checked at its source" for line in energy.carbon.lines if not line.factor.verified
    ))  # fmt: skip
    return Found(float(own), "kgCO2", facts, notes=(*notes, *_doubted(energy)))


def _doubted(energy: EnergyAccount) -> tuple[str, ...]:
    count = len(energy.tree.doubts)
    return (f"{count} doubtful readings are in no sum",) if count else ()


def _media(energy: EnergyAccount | None, metered: Mapping[str, tuple[Facts, ...]]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    if energy is not None:
        for medium, (amount, unit) in energy.tree.totals.items():
            facts = together(
                *(metered.get(one.meter.id, ()) for one, _ in tops_of(energy) if one.meter.medium == medium)
            )
            found[f"medium:{medium}"] = Found(float(amount), unit, facts)
    return found


def _scopes(energy: EnergyAccount | None, metered: Mapping[str, tuple[Facts, ...]]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for line in () if energy is None else energy.carbon.lines:
        name = f"scope:{line.factor.scope}"
        facts = together(
            *(metered.get(one.meter.id, ()) for one, _ in tops_of(energy) if one.meter.medium == line.use.medium)
        )
        before = found.get(name, Found(0.0, "kgCO2e"))
        found[name] = Found((before.value or 0.0) + float(line.mass), "kgCO2e", together(before.facts, facts))
    return found


def _pieces(rows: Mapping[str, list[Row]]) -> Found:
    good = good_of(rows["count"])
    items = {row["item"] for row in rows["count"] if row["item"] and row["order"]}
    facts = facts_of("count", (row["seq"] for row in rows["count"] if row["order"]))
    total = float(sum(good.values(), Decimal(0)))
    notes = (f"{len(items)} kinds of product together",) if len(items) > 1 else ()
    return (
        Found(total, "piece", facts, notes=notes) if total else Found(None, "piece", facts, "no good piece was counted")
    )


def _of_water(water: WaterBalance, metered: Mapping[str, tuple[Facts, ...]]) -> tuple[Facts, ...]:
    return together(*(metered.get(line.meter, ()) for line in water.lines if line.counted))


def _water(
    water: WaterBalance, metered: Mapping[str, tuple[Facts, ...]], amount: Decimal | None, role: str, lacking: str
) -> Found:
    if amount is None:
        return Found(None, "m³", reason=lacking)
    facts = together(*(metered.get(one.meter, ()) for one in water.lines if one.counted and one.role == role))
    return Found(float(amount), "m³", facts)


def _rate(value: float | None, lacking: str, facts: tuple[Facts, ...]) -> Found:
    return Found(value, "%", facts) if value is not None else Found(None, "%", reason=lacking)


def _utilised(waste: WasteBalance, rate: str) -> Found:
    facts = together(*(facts_of("movement", one.seqs) for one in waste.of("general")))
    value = waste.rate(rate)
    return Found(
        value, "%", facts, "" if value is not None else "no movement of waste is on record: general", waste.notes
    )


def _mass(waste: WasteBalance, what: str, kind: str) -> Found:
    facts = together(*(facts_of("movement", one.seqs) for one in waste.of(kind)))
    if not waste.of(kind):
        return Found(None, "kg", reason=f"no movement of waste is on record: {kind}")
    return Found(float(sum((getattr(one, what) for one in waste.of(kind)), Decimal(0))), "kg", facts)


def _printed(prints: Sequence[ProductFootprint], rows: Mapping[str, list[Row]], plant: Plant) -> Found:
    parts = {line.item for line in plant.bom}
    made = {row["item"] for row in rows["count"] if row["item"] and row["good"]} - parts
    if not made:
        return Found(None, "%", reason="no good piece was counted")
    whole = [one for one in prints if one.item in made and not one.missing]
    facts = together(*(one.facts for one in whole))
    share = 100 * len(whole) / len(made)
    lacking = sorted(made - {one.item for one in whole})
    return Found(share, "%", facts, notes=(f"not whole: {', '.join(lacking[:6])}",) if lacking else ())


def _sum_of(stated: Mapping[str, Statement], name: str, window: tuple[int, int]) -> Found:
    """A stated quantity; a sum over a period is shared by time, and must cover the window."""
    unit, meaning, summed = QUANTITIES[name]
    one = stated.get(name)
    if one is None or one.value is None:
        return Found(None, unit, reason=f"nobody has stated: {meaning}")
    facts = facts_of("event", [one.seq])
    if not summed:
        return Found(one.value, unit, facts)
    low, high = window
    if one.start > low or one.end < high:
        return Found(None, unit, facts, f"{meaning}: stated for a period that does not cover the window")
    share = (high - low) / (one.end - one.start)
    notes = (f"{meaning}: shared by time out of a longer period",) if share < 1 else ()
    return Found(one.value * share, unit, facts, notes=notes)


def _over(above: Found, below: Found, unit: str, factor: float = 1.0) -> Found:
    facts = together(above.facts, below.facts)
    if above.value is None or below.value is None:
        return Found(None, unit, facts, above.reason or below.reason)
    if not below.value:
        return Found(None, unit, facts, "nothing to divide by")
    return Found(
        factor * above.value / below.value, unit, facts, notes=tuple(dict.fromkeys((*above.notes, *below.notes)))
    )
