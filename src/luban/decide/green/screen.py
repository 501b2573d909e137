"""Which of the six families may apply to a plant, by what its books show: a sign, or no sign on record.

Reads   a green account and the names of items    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from luban.decide.green.process import FAMILIES
from luban.understand.energy.meters import in_unit
from luban.understand.green import Facts, GreenAccount, facts_of, together

__all__ = ["Sign", "screen"]

_METALS: Final = ("chrom", "nickel", "zinc", "cadmium", "plating", "electroplat", "铬", "镍", "镉", "锌", "电镀",
                  "도금", "크롬", "니켈")  # fmt: skip
_HAZARDS: Final = ("solvent", "thinner", "paint", "cyanide", "toluene", "xylene", "degreas", "溶剂", "油漆", "氰",
                   "甲苯", "용제", "도료", "시안")  # fmt: skip
_SLAG: Final = ("slag", "dross", "fly ash", "mill scale", "foundry sand", "渣", "粉煤灰", "슬래그")
_STEAM: Final = ("steam", "heat", "蒸汽", "热", "스팀", "증기")


@dataclass(frozen=True, slots=True)
class Sign:
    """A family and what the books say of it.

    applies  True: there is a sign; False: no sign is on record, which is not the same as no cause
    text     what was seen, or what would be a sign
    most     upper bound of what could be saved in the window, with its unit; None where nobody can say
    facts    what it rests on
    """

    family: str
    applies: bool
    text: str
    most: float | None = None
    unit: str = ""
    facts: tuple[Facts, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {"family": self.family, "applies": self.applies, "text": self.text, "most": self.most,
                "unit": self.unit, "facts": [one.as_dict() for one in self.facts]}  # fmt: skip


def screen(account: GreenAccount, items: Iterable[tuple[str, str]]) -> tuple[Sign, ...]:
    """A sign or none for each family, in the order of FAMILIES.

    items  (id, name) of what the plant knows
    """
    names = [f"{one} {name}".casefold() for one, name in items]
    found = {
        "waste heat": _heat(account), "water reuse": _water(account), "heavy metals": _metals(account, names),
        "substitution": _hazards(account, names), "slag": _slag(account), "flue gas": _flue(account),
    }  # fmt: skip
    return tuple(found[family] for family in FAMILIES)


def _burnt(account: GreenAccount) -> list[tuple[str, float, tuple[Facts, ...]]]:
    """What is burnt on the spot: media with a factor of scope 1, their emissions, the readings."""
    if account.energy is None:
        return []
    lines = [line for line in account.energy.carbon.lines if line.factor.scope == 1 and line.mass > 0]
    return [(line.use.medium, float(line.mass), account.found[f"medium:{line.use.medium}"].facts) for line in lines]


def _heat(account: GreenAccount) -> Sign:
    burnt = _burnt(account)
    media = [] if account.energy is None else [m for m in account.energy.tree.totals if m.casefold() in _STEAM]
    named = [*(medium for medium, _, _ in burnt), *media]
    if not named:
        return Sign(
            "waste heat", False, "no fuel, steam or heat is on record; a hot stream that no meter knows would be one"
        )
    total = None
    if burnt and account.energy is not None:
        heats = [one.meter.heat for one in account.energy.meters if one.meter.medium == burnt[0][0] and one.meter.heat]
        amount = account.energy.tree.totals[burnt[0][0]]
        if heats:
            total = float(in_unit(amount[0] * heats[0], "GJ", "kWh"))
    facts = together(*(account.found[f"medium:{medium}"].facts for medium in named))
    return Sign(
        "waste heat", True, f"heat is used: {', '.join(dict.fromkeys(named))}", total, "kWh" if total else "", facts
    )


def _water(account: GreenAccount) -> Sign:
    water = account.water
    if not water.discharged:
        return Sign("water reuse", False, "no waste water is on record")
    most = float(min(water.discharged, water.fresh if water.fresh is not None else water.discharged))
    facts = together(account.found["figure:discharged"].facts, account.found["figure:fresh"].facts)
    return Sign("water reuse", True, "waste water leaves that could be fresh water saved", most, "m³", facts)


def _metals(account: GreenAccount, names: list[str]) -> Sign:
    waste = [one for one in account.waste.streams if _has(one.item, _METALS)]
    seen = [name for name in names if _has(name, _METALS)]
    if not waste and not seen:
        return Sign("heavy metals", False, "no item or waste names a plating metal")
    most = float(sum(one.generated for one in waste)) if waste else None
    facts = together(*(facts_of("movement", one.seqs) for one in waste))
    what = ", ".join(dict.fromkeys([*(one.item for one in waste), *seen[:4]]))
    return Sign("heavy metals", True, f"named after a plating metal: {what}", most, "kg" if waste else "", facts)


def _hazards(account: GreenAccount, names: list[str]) -> Sign:
    waste = [one for one in account.waste.of("hazardous") if one.generated]
    seen = [name for name in names if _has(name, _HAZARDS)]
    if not waste and not seen:
        return Sign("substitution", False, "no hazardous waste and no hazardous material is on record")
    most = float(sum(one.generated for one in waste)) if waste else None
    facts = together(*(facts_of("movement", one.seqs) for one in waste))
    what = ", ".join(dict.fromkeys([*(one.item for one in waste), *seen[:4]]))
    return Sign("substitution", True, f"hazardous: {what}", most, "kg" if waste else "", facts)


def _slag(account: GreenAccount) -> Sign:
    waste = [one for one in account.waste.of("general") if one.disposed or _has(one.item, _SLAG)]
    if not waste:
        return Sign("slag", False, "no slag, and no general waste that is disposed of, is on record")
    most = float(sum(one.disposed + one.closing for one in waste))
    facts = together(*(facts_of("movement", one.seqs) for one in waste))
    return Sign("slag", True, f"not utilised: {', '.join(one.item for one in waste)}", most, "kg", facts)


def _flue(account: GreenAccount) -> Sign:
    burnt = _burnt(account)
    if not burnt:
        return Sign("flue gas", False, "nothing that is burnt on the spot is on record")
    facts = together(*(facts for _, _, facts in burnt))
    return Sign("flue gas", True, f"burnt on the spot: {', '.join(m for m, _, _ in burnt)}", None, "", facts)


def _has(text: str, parts: Iterable[str]) -> bool:
    plain = text.casefold()
    return any(part in plain for part in parts)
