"""Input-output tables: what one more unit of final demand sets off, and whose demand stands behind output and burden.

Source  W. Leontief, Rev. Econ. Stat. 18 (1936) 105-125; R. E. Miller, P. D. Blair, Input-Output Analysis (2009),
        chapters 2, 6, 10, 12; many regions: M. Lenzen et al., Environ. Sci. Technol. 46 (2012) 8374-8381
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Account", "InputOutput"]

_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Account:
    """A burden (emissions, energy, value added) or any factor of production, by region.

    production   caused by what the region makes, without its households' own
    consumption  caused anywhere by what the region's final demand asks for
    imports      of that, caused in other regions
    exports      caused here by other regions' demand
    """

    production: Floats
    consumption: Floats
    imports: Floats
    exports: Floats


@dataclass(frozen=True)
class InputOutput:
    """An input-output table of one region or of many.

    flows    what row sells to column for its production, sectors × sectors, in money
    final    what row sells to final demand, sectors × kinds of demand
    regions  region of each sector, and
    demands  region of each kind of final demand; all one region by default
    factors  name → amount for each sector, in the factor's unit
    Raises   InputError: shapes differ, a sector sells less than nothing in all, a row that does not balance
    """

    flows: Floats
    final: Floats
    sectors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    factors: Mapping[str, Floats] | None = None
    output: Floats | None = None

    def __post_init__(self) -> None:
        count = self.flows.shape[0]
        shapes = f"{self.flows.shape} and {self.final.shape}"
        if self.flows.shape != (count, count) or self.final.ndim != 2 or self.final.shape[0] != count:
            raise InputError("flows and final demand do not fit", came=shapes, expected="n × n and n × m")
        if not (np.isfinite(self.flows).all() and np.isfinite(self.final).all()):
            raise InputError("a flow is not known", came="not a number", expected="a number in every cell")
        sold = self.flows.sum(1) + self.final.sum(1)
        if self.output is not None:
            off = np.abs(self.output - sold) > _SLACK * np.maximum(np.abs(sold), 1.0)
            if off.any():
                at = int(np.flatnonzero(off)[0])
                raise InputError("this row does not balance", where=self._name(at), came=f"{self.output[at]:g}",
                                 expected=f"{sold[at]:g}", hint="output = flows + final demand")  # fmt: skip
        if (sold < 0).any():
            at = int(np.flatnonzero(sold < 0)[0])
            raise InputError("this sector sells less than nothing", came=f"{sold[at]:g}", where=self._name(at))
        for name, amounts in (self.factors or {}).items():
            if np.shape(amounts) != (count,):
                raise InputError("one amount for each sector", came=str(np.shape(amounts)), where=name)
        if (self.regions and len(self.regions) != count) or (self.demands and len(self.demands) != self.final.shape[1]):
            raise InputError("regions do not fit the table", came=f"{len(self.regions)} and {len(self.demands)}",
                             expected=f"{count} and {self.final.shape[1]}")  # fmt: skip

    @cached_property
    def gross(self) -> Floats:
        """Output of each sector: flows and final demand."""
        return np.asarray(self.flows.sum(1) + self.final.sum(1))

    @cached_property
    def coefficients(self) -> Floats:
        """A: what a sector buys for one unit of output. A sector without output buys nothing."""
        return np.asarray(np.divide(self.flows, self.gross, out=np.zeros_like(self.flows, dtype=np.float64),
                                    where=self.gross > 0))  # fmt: skip

    @cached_property
    def leontief(self) -> Floats:
        """L = (I - A)⁻¹: what all sectors make so that one unit reaches final demand.

        Raises   InputError: a sector needs as much as it makes
        Example  Miller and Blair, table 2.3: [[1.2541, 0.3300], [0.2640, 1.1221]]
        """
        identity = np.eye(self.flows.shape[0])
        try:
            inverse = np.linalg.inv(identity - self.coefficients)
        except np.linalg.LinAlgError:
            raise InputError("the table has no inverse", came="I - A is singular",
                             hint="a group of sectors uses up all that it makes") from None  # fmt: skip
        return np.asarray(inverse)

    def intensity(self, factor: str) -> Floats:
        """Amount of a factor for one unit of output, directly."""
        amounts = self._factor(factor)
        return np.asarray(np.divide(amounts, self.gross, out=np.zeros(amounts.size), where=self.gross > 0))

    def multipliers(self, factor: str = "") -> Floats:
        """What one unit of final demand for each sector sets off everywhere: of output, or of a factor."""
        if not factor:
            return np.asarray(self.leontief.sum(0))
        return np.asarray(self.intensity(factor) @ self.leontief)

    def linkages(self) -> tuple[Floats, Floats]:
        """Backward and forward linkage of each sector, 1 = the mean of all (Rasmussen; forward by Ghosh's inverse)."""
        backward = self.leontief.sum(0)
        sold = np.divide(self.flows.T, self.gross, out=np.zeros_like(self.flows.T, dtype=np.float64),
                         where=self.gross > 0).T  # fmt: skip
        forward = np.linalg.inv(np.eye(sold.shape[0]) - sold).sum(1)
        return np.asarray(backward / backward.mean()), np.asarray(forward / forward.mean())

    def account(self, factor: str) -> tuple[tuple[str, ...], Account]:
        """Names of the regions, and the factor by who makes and by who asks for it.

        Raises   InputError: no such factor; several regions, and it is not said whose the final demand is
        """
        if not self.demands and len(set(self.regions)) > 1:
            raise InputError("whose final demand is it?", came=f"{len(set(self.regions))} regions, no demands",
                             expected="demands: the region of each column of final demand")  # fmt: skip
        made_in = np.array(self.regions or ("",) * self.flows.shape[0])
        asked_in = np.array(self.demands or (made_in[0],) * self.final.shape[1])
        names = tuple(dict.fromkeys((*made_in.tolist(), *asked_in.tolist())))
        demand = np.column_stack([self.final[:, asked_in == name].sum(1) for name in names])
        caused = self.intensity(factor)[:, None] * (self.leontief @ demand)
        table = np.vstack([caused[made_in == name].sum(0) for name in names])
        own = np.diag(table)
        return names, Account(table.sum(1), table.sum(0), table.sum(0) - own, table.sum(1) - own)

    def _factor(self, factor: str) -> Floats:
        known = self.factors or {}
        if factor not in known:
            raise InputError("no such factor", came=factor, expected=", ".join(known) or "none given")
        return np.asarray(known[factor], dtype=np.float64)

    def _name(self, at: int) -> str:
        return self.sectors[at] if at < len(self.sectors) else f"sector {at + 1}"
