"""The sheets of health as pages, REST and downloads give them: with alarms, causes and work orders around."""

from __future__ import annotations

from luban.core.errors import InputError
from luban.decide.maintain.orders import orders_of
from luban.screens.i18n import Words
from luban.screens.report.health_around import alarm_blocks, order_blocks
from luban.screens.report.health_conditions import condition_blocks
from luban.screens.report.health_diagnosis import verdict_blocks
from luban.screens.report.health_fleet import fleet_sheet
from luban.screens.report.health_machine import machine_sheet
from luban.screens.report.health_retrofit import power_blocks
from luban.screens.report.sheet import Block, Note, Sheet
from luban.screens.service.alarms import alarms_of
from luban.screens.service.health import HealthBooks
from luban.screens.service.health_diagnosis import desk_of

__all__ = ["printed_fleet", "printed_machine"]


def printed_machine(books: HealthBooks, machine: str, say: Words) -> Sheet:
    """The whole sheet of a machine. Raises InputError: no such machine, nothing to tell of its condition."""
    plant = books.view.plant
    name = plant.place(machine).name or machine
    power = books.power(machine)
    unit = next((plant.signals[one.power].unit for one in plant.retrofits if one.unit == machine), "")
    read = [] if power is None else power_blocks(power, say, unit=unit, zone=plant.zone)
    try:
        health = books.machine(machine)
    except InputError as error:
        if power is None:
            raise
        told = Note(" · ".join(filter(None, (say(error.message), say(error.hint) if error.hint else ""))), "doubt")
        return Sheet(say("Health: {name}", name=name), "", (told, *read), {say("source"): plant.id})
    more: list[Block] = []
    try:
        verdict = desk_of(books).diagnosed(machine).verdict
        more += [] if verdict is None else verdict_blocks(verdict, say, plant.zone)
    except InputError as error:  # a rule that cannot be read must not hide the machine
        more.append(Note(f"{say(error.message)}: {error.came} {error.where}", "doubt"))
    start = int(health.readings.time[0])
    more += alarm_blocks(alarms_of(books.desk, machine, start), health, say, plant.zone)
    more += order_blocks(orders_of(books.view.ledger, machine), say, plant.zone)
    more += read
    more += condition_blocks(books.conditions(machine), say, plant.zone)
    last, learned = books.last_time(machine), books.life(machine)
    return machine_sheet(health, say, name=name, zone=plant.zone, last=last, more=more, learned=learned)


def printed_fleet(books: HealthBooks, say: Words) -> Sheet:
    """The sheet of all machines."""
    return fleet_sheet(books.fleet(), say, books.view.plant.name, books.view.plant.id)
