"""How far technology and supply depend on abroad: royalties, imports, foreign content.

Three readings, none of them the whole: what is paid abroad for knowledge beside what is spent on it at home, what part
of a market imports serve, and what part of a product's value was added abroad.

Source  royalties: the yearbooks' ratio of technology imports to technology imports and R&D (WDI BM.GSR.ROYL.CD,
        BX.GSR.ROYL.CD, GB.XPD.RSDV.GD.ZS); foreign content: D. Hummels, J. Ishii, K.-M. Yi, J. Int. Econ. 54 (2001)
        75-96, DOI 10.1016/S0022-1996(00)00093-3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.rollup.input_output import InputOutput
from luban.understand.quality.data import Floats

__all__ = ["Dependence", "Market", "Royalties", "content_abroad", "imports_in", "royalties"]

_NO_PRODUCT = "the economy's product is not known"


@dataclass(frozen=True, slots=True)
class Dependence:
    """One share. value: 0 … 1 (more where more is imported than used); None = not known, with the reason."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Royalties:
    """Payments for knowledge in one year.

    dependence  payments / (payments + research at home)
    cover       receipts / payments: above 1 more comes in than goes out
    share       payments / all output (GDP)
    """

    year: int
    dependence: Dependence
    cover: Dependence
    share: Dependence


@dataclass(frozen=True, slots=True)
class Market:
    """One market in one year, all in the same money.

    imports, exports, output  of the sector; None = not known
    """

    name: str
    output: float | None
    imports: float | None
    exports: float | None


def royalties(
    payments: Mapping[int, float], receipts: Mapping[int, float], product: Mapping[int, float],
    research: Mapping[int, float],
) -> tuple[Royalties, ...]:  # fmt: skip
    """What an economy pays abroad for the use of knowledge, for every year in which payments are known.

    payments, receipts  for the use of intellectual property, in current money (WDI BM.GSR.ROYL.CD, BX.GSR.ROYL.CD)
    product             gross domestic product in the same money (NY.GDP.MKTP.CD)
    research            spending on research and development [% of it] (GB.XPD.RSDV.GD.ZS)
    Example             royalties({2020: 20.0}, {2020: 10.0}, {2020: 1000.0}, {2020: 2.0})[0].cover.value == 0.5
    """
    found = []
    for year in sorted(payments):
        paid, whole, spent = payments[year], product.get(year), research.get(year)
        home = None if whole is None or spent is None else whole * spent / 100
        lacking = _NO_PRODUCT if whole is None else "spending on research is not known"
        found.append(Royalties(
            year,
            _share(paid, None if home is None else paid + home, lacking),
            _share(receipts.get(year), paid, "receipts are not known" if year not in receipts else "nothing is paid"),
            _share(paid, whole, _NO_PRODUCT),
        ))  # fmt: skip
    return tuple(found)


def imports_in(market: Market) -> Dependence:
    """Share of what a market uses (output - exports + imports) that is imported.

    Example  imports_in(Market("bearings", 80, 40, 20)).value == 0.4
    """
    if market.output is None:
        return Dependence(None, "output is not known")
    if market.imports is None or market.exports is None:
        return Dependence(None, "imports are not known" if market.imports is None else "exports are not known")
    used = market.output - market.exports + market.imports
    if used <= 0:
        return Dependence(None, "nothing is used: more goes out than is there")
    return Dependence(market.imports / used)


def content_abroad(table: InputOutput, region: str) -> tuple[tuple[str, ...], Floats]:
    """Share of the value of each of a region's products that was added in other regions, with its sectors' names.

    table   of many regions; what a sector does not buy is its value added
    Raises  InputError: a table of one region, an unknown region
    """
    known = tuple(dict.fromkeys(table.regions))
    if len(known) < 2 or region not in known:
        raise InputError("no such region", came=region or "none", expected=", ".join(known) or "several regions")
    here = np.array(table.regions) == region
    added = 1.0 - table.coefficients.sum(0)
    abroad = np.where(here, 0.0, added) @ table.leontief[:, here]
    names = tuple(name for name, inside in zip(table.sectors, here, strict=True) if inside) if table.sectors else ()
    return names, np.asarray(abroad)


def _share(part: float | None, whole: float | None, reason: str) -> Dependence:
    if part is None or whole is None or not whole > 0:
        return Dependence(None, reason)
    return Dependence(part / whole)
