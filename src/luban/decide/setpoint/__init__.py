"""Set-points: where a process should stand next, from what was measured and a model, inside a safe envelope.

Reads   Fact(measurement, event, state), findings of control charts, a model of the process
Writes  nothing by itself: a `SetPointPlan` says what to change, why, at what predicted effect; people or the loop act

The names below are what most callers need; the rest lies in the modules, control of process units in `mpc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luban.decide.setpoint.causes import CauseModel, fit_causes
    from luban.decide.setpoint.envelope import Envelope
    from luban.decide.setpoint.machine import MachineControl
    from luban.decide.setpoint.proposal import Knob, SetPointPlan, propose
    from luban.decide.setpoint.run_to_run import RunToRun, Settings

__all__ = [
    "CauseModel",
    "Envelope",
    "Knob",
    "MachineControl",
    "RunToRun",
    "SetPointPlan",
    "Settings",
    "fit_causes",
    "propose",
]

_HOMES = {
    "causes": ("CauseModel", "fit_causes"),
    "envelope": ("Envelope",),
    "machine": ("MachineControl",),
    "proposal": ("Knob", "SetPointPlan", "propose"),
    "run_to_run": ("RunToRun", "Settings"),
}


def __getattr__(name: str) -> Any:
    """Parts are imported when they are asked for."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
