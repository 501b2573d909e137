"""A continuous plant in the twin's event clock: reactor, column and recycle advanced by a compiled integrator.

Reads a plant's parameters, writes the facts that its instruments, laboratory and meters would write. It moves on in
windows as a run of the discrete kernel does, and `CoupledRun` moves both on together.
"""

from luban.twin.process.coupled import CoupledRun, CoupledTotals, OrderState, Pallet
from luban.twin.process.design import SteadyPlant, steady_plant
from luban.twin.process.facts import ProcessFacts
from luban.twin.process.layout import Code, Loop, Mode, Point, Reading
from luban.twin.process.operator import AsIsOperator
from luban.twin.process.packing import PackOrder, packing_model
from luban.twin.process.parameters import Parameters, load
from luban.twin.process.run import LabResult, ProcessRun, ProcessTotals

__all__ = [
    "AsIsOperator",
    "Code",
    "CoupledRun",
    "CoupledTotals",
    "LabResult",
    "Loop",
    "Mode",
    "OrderState",
    "PackOrder",
    "Pallet",
    "Parameters",
    "Point",
    "ProcessFacts",
    "ProcessRun",
    "ProcessTotals",
    "Reading",
    "SteadyPlant",
    "load",
    "packing_model",
    "steady_plant",
]
