"""Actuators: signals of writable addresses, an envelope that holds something, interlocks on signals that exist."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.plant.complaint import Complaint, did_you_mean, listing, said
from luban.plant.draft import Draft, Entry
from luban.plant.settings import ActuatorTable

__all__ = ["RELATIONS", "RULES", "interlock_of"]

RELATIONS = ("is not", "is", "<=", ">=", "<", ">")
"""Relations of an interlock; the longer ones first, so that none is taken for a part of another."""


def interlock_of(text: str) -> tuple[str, str, float | str]:
    """Signal, relation and value of an interlock.

    Raises   InputError
    Example  interlock_of("machining/lathe01:spindle_load < 80") == ("machining/lathe01:spindle_load", "<", 80.0)
    """
    for relation in RELATIONS:
        signal, found, value = (part.strip() for part in text.partition(f" {relation} "))
        if not (found and signal and value):
            continue
        if relation.startswith("is"):
            return signal, relation, value
        try:
            number = float(value)
        except ValueError:
            break
        if math.isfinite(number):
            return signal, relation, number
        break
    expected = "SIGNAL < NUMBER (also <=, >, >=) or SIGNAL is WORD (also is not)"
    raise InputError("an interlock is not understood", came=repr(text), expected=expected)


def _known(draft: Draft) -> Iterator[Complaint]:
    signals = draft.named.get("signal", set())
    many = Counter(entry.table.signal for entry in draft.actuators)
    for entry in draft.actuators:
        own = entry.table.signal
        if own not in signals:
            yield _unknown(entry, "signal", own, signals)
        elif many[own] > 1:
            yield Complaint(entry.at("signal"), "signal", "an actuator twice", repr(own), "one [[actuator]] a signal")
        yield from _bounds(entry)
        for position, text in enumerate(entry.table.interlock):
            try:
                signal, _, _ = interlock_of(text)
            except InputError as error:
                yield said(entry.at("interlock", position), "interlock", error)
                continue
            if signal not in signals:
                yield _unknown(entry, "interlock", signal, signals)


def _unknown(entry: Entry[ActuatorTable], key: str, name: str, signals: set[str]) -> Complaint:
    return Complaint(
        entry.at(key), key, "unknown signal", repr(name), "the id of a [[signal]]", did_you_mean(name, signals)
    )


def _bounds(entry: Entry[ActuatorTable]) -> Iterator[Complaint]:
    table = entry.table
    if not (math.isfinite(table.lower) and math.isfinite(table.upper) and table.lower < table.upper):
        came = f"{table.lower:g} to {table.upper:g}"
        yield Complaint(entry.at("lower"), "lower", "an envelope that holds nothing", came, "lower below upper")
    for key in ("every", "settle", "fresh"):
        text = getattr(table, key)
        try:
            length = parse_duration(text) if text else 1
        except InputError as error:
            yield said(entry.at(key), key, error)
            continue
        if length <= 0:
            yield Complaint(entry.at(key), key, "no time", repr(text), "a duration such as 30s")


def _writable(draft: Draft) -> Iterator[Complaint]:
    """The source must allow the address too: both lists are asked before anything is written."""
    signals = {entry.table.id: entry.table for entry in draft.signals}
    sources = {entry.table.id: entry.table for entry in draft.sources}
    for entry in draft.actuators:
        signal = signals.get(entry.table.signal)
        source = sources.get(signal.source) if signal is not None else None
        if signal is None or source is None:
            continue
        allowed = (source.model_extra or {}).get("writable", [])
        address = entry.table.address or signal.address
        if isinstance(allowed, list) and address not in allowed:
            key = "address" if entry.table.address else "signal"
            yield Complaint(
                entry.at(key), key, "its source does not let this address be written", repr(address),
                listing([str(one) for one in allowed]) or f"an address under 'writable' of the source {source.id}",
                f"add it to 'writable' of the source {source.id}",
            )  # fmt: skip


RULES = (_known, _writable)
