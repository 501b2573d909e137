"""What is wrong with a model, before it runs: one small function a rule, each flaw one sentence with what came.

`check_model` lists everything; `require_sound` raises the first that forbids a run.
"""

from __future__ import annotations

from collections.abc import Iterator

from luban.twin.check.flaw import Flaw
from luban.twin.check.machines import RULES_OF_MACHINES
from luban.twin.check.names import RULES_OF_NAMES
from luban.twin.check.routes import RULES_OF_ROUTES
from luban.twin.model import Model
from luban.twin.offered import offered_load

__all__ = ["Flaw", "check_model", "require_sound"]

_FULL = 1.0
"""Utilisation from which on a queue grows for as long as the run lasts [1]."""


def check_model(model: Model, *, strict: bool = False) -> list[Flaw]:
    """Everything that is wrong with a model; errors before warnings.

    strict  a load of 100 % or more is an error, not a warning: for figures of a steady state, which there is none of
    """
    found: list[Flaw] = []
    for rule in (*RULES_OF_NAMES, *RULES_OF_MACHINES, *RULES_OF_ROUTES):
        found += rule(model)
    if not any(not own.warning for own in found):
        found += _overload(model, strict)
    return sorted(dict.fromkeys(found), key=lambda own: own.warning)


def require_sound(model: Model, *, strict: bool = False) -> list[Flaw]:
    """The warnings of a model that can run. Raises ConfigError with the first flaw that forbids it."""
    found = check_model(model, strict=strict)
    if found and not found[0].warning:
        raise found[0].error()
    return found


def _overload(model: Model, strict: bool) -> Iterator[Flaw]:
    offered = offered_load(model)
    for name, load in offered.stations.items():
        machine, worst = load.busiest
        if load.least >= _FULL:
            came = f"{load.least:.1%} ({load.run / 3600:.1f} h run and {load.setup / 3600:.1f} h setup a day"
            came += f" for {load.available / 3600:.1f} h of its machines)"
        elif worst >= _FULL and not load.saving:
            came = f"{worst:.1%} on {machine}, however the work is shared among the eligible machines"
        else:
            continue
        message = "more work than it can do: its queue grows as long as the run lasts"
        hint = "fewer orders, faster steps, fewer setups or longer calendars"
        yield Flaw(f"station {name}", message, came, "below 100 %", hint, not strict)
    for name, used in offered.pools.items():
        if used >= _FULL:
            expected, hint = "below 100 %", "more people, fewer setups or longer shifts"
            yield Flaw(f"pool {name}", "more work than it can do", f"{used:.1%}", expected, hint, not strict)
