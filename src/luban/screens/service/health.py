"""The health books of a plant: its machines, what is known of how they are, and what people decided about it.

Reads  Fact(signal, state, count, event)    Writes  Fact(event) through the screens' spool
"""

from __future__ import annotations

from luban.core.errors import InputError
from luban.screens.grants import Grants
from luban.screens.service.books import Books, Record
from luban.screens.service.view import PlantView

__all__ = ["HealthBooks"]


class HealthBooks(Books):
    """Everything that pages and REST may ask and write about the health of machines. Safe from any thread.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    grants  leave for experts from outside; None where there is none to give
    """

    def __init__(self, view: PlantView, record: Record | None = None, grants: Grants | None = None) -> None:
        super().__init__(view, record)
        self.grants = grants

    def machines(self) -> tuple[str, ...]:
        """Paths of all machines, in the order of the plant's tree."""
        return tuple(self.view.plant.work_units)

    def known(self, machine: str) -> str:
        """The machine's path. Raises InputError where the plant has no such machine."""
        if machine not in self.view.plant.work_units:
            raise InputError("no such machine", came=machine, expected="the path of a work unit", hint="see the fleet")
        return machine
