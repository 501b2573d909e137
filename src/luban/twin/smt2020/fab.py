"""From the tables of a fab to the parts of a model; how they are read is said in the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from luban.twin.distribution import Distribution
from luban.twin.model import (
    Arrival,
    Batch,
    Branch,
    Failure,
    LotOrder,
    Machine,
    Maintenance,
    QueueLimit,
    Route,
    SetupTable,
    Station,
    Step,
)
from luban.twin.smt2020.tables import Row, read, unique

__all__ = ["Fab"]

_RANKS = {"rank_HP": "hot", "rank_RSETUP": "setup", "rank_FIFO": "fifo", "rank_CR": "cr"}
_RULES = ("rule_HotLotFIRST", "rule_LSSU")
_MICRO = 1_000_000


class Fab:
    """The tables of a fab, and the parts of the model that they give."""

    def __init__(self, folder: Path, rule: str | None) -> None:
        self.folder, self.rule = folder, rule
        self.tools = unique(read(folder, "tool.txt.1l"), "STNFAM")
        self.parts = unique(read(folder, "part.txt"), "PART")
        self.orders = read(folder, "order.txt")
        self.wip = read(folder, "WIP.txt", needed=False)
        self.steps = {part: read(folder, row.text("ROUTEFILE")) for part, row in self.parts.items()}
        self.changes = read(folder, "setup.txt", needed=False)
        self.runs = read(folder, "setupgrp.txt", needed=False)
        self.downs = unique(read(folder, "downcal.txt", needed=False), "DOWNCALNAME")
        self.stops = unique(read(folder, "pmcal.txt", needed=False), "PMCALNAME")
        self.attached = read(folder, "attach.txt", needed=False)
        self.moves = {
            (row.text("FROMLOC"), row.text("TOLOC")): row.spread("DDIST", "DTIME", "DTIME2", "DUNITS")
            for row in read(folder, "fromto.txt", needed=False)
        }
        self.pieces = self._pieces()
        self.place = {
            part: {step: number for number, step in enumerate(unique(rows, "STEP"))}
            for part, rows in self.steps.items()
        }
        self.set_up = {row.text("STNFAM") for steps in self.steps.values() for row in steps if row.maybe("SETUP")}

    def _pieces(self) -> int:
        """Pieces of a lot: one number for all, since the time of a cascade depends on it."""
        first = self.orders[0].count("PIECES")
        for row in (*self.orders, *self.wip):
            if row.count("PIECES") != first:
                raise row.refuse("PIECES", "lots of different size", f"{first}, as in {self.orders[0].file}:2")
        return first

    def _cascade(self, tool: Row) -> bool:
        return bool(tool.maybe("STNCAP")) and tool.count("STNCAP") > 1

    def stations(self) -> tuple[Station, ...]:
        """A station for each tool group."""
        return tuple(
            Station(id=name, rule=self._rule(tool), location=tool.maybe("STNFAMLOC"))
            for name, tool in self.tools.items()
        )

    def _rule(self, tool: Row) -> tuple[str, ...]:
        keys = []
        for rank in tool.text("FWLRANK").split(";"):
            if rank not in _RANKS:
                raise tool.refuse("FWLRANK", f"unknown rank {rank!r}", "; ".join(_RANKS))
            key = _RANKS[rank]
            keys.append(self.rule if self.rule and key in {"fifo", "cr"} else key)
        keys = [key for key in keys if key != "setup"]
        return ("setup", *keys) if tool.choice("RULE", _RULES) == "rule_LSSU" else tuple(keys)

    def machines(self) -> tuple[Machine, ...]:
        """The tools of each group, numbered from 1."""
        return tuple(machine for name, tool in self.tools.items() for machine in self._group(name, tool))

    def _group(self, name: str, tool: Row) -> list[Machine]:
        attached = [row for row in self.attached if self._belongs(row, tool)]
        failures = tuple(self._failure(row) for row in attached if row.text("CALTYPE") == "down")
        stops = [self._maintenance(row) for row in attached if row.text("CALTYPE") == "pm"]
        number = tool.count("STNQTY")
        return [
            Machine(
                id=f"{name}_{ordinal}",
                station=name,
                cascade=tool.count("STNCAP") if self._cascade(tool) else 0,
                load=tool.seconds("LTIME", "LTUNITS"),
                unload=tool.seconds("ULTIME", "ULTUNITS"),
                setups=(tool.maybe("SETUPGRP") or "setup") if name in self.set_up else None,
                failures=failures,
                maintenance=tuple(
                    replace(stop, first=stop.first.scaled(ordinal / number) if stop.first else None) for stop in stops
                ),
            )
            for ordinal in range(1, number + 1)
        ]

    def _belongs(self, row: Row, tool: Row) -> bool:
        row.choice("CALTYPE", ("down", "pm"))
        column = "STNGRP" if row.choice("RESTYPE", ("stngrp", "stnfam")) == "stngrp" else "STNFAM"
        return row.text("RESNAME") == tool.text(column)

    def _failure(self, row: Row) -> Failure:
        down = self.downs[row.choice("CALNAME", self.downs)]
        down.choice("DOWNCALTYPE", ("mttf_by_cal",))
        life = down.spread("MTTFDIST", "MTTF", "MTTF2", "MTTFUNITS")
        first = row.spread("FOADIST", "FOA", "FOA2", "FOAUNITS") if row.maybe("FOADIST") else None
        repair = down.spread("MTTRDIST", "MTTR", "MTTR2", "MTTRUNITS")
        return Failure(row.text("CALNAME"), life=life, repair=repair, clock="calendar", first=first)

    def _maintenance(self, row: Row) -> Maintenance:
        stop = self.stops[row.choice("CALNAME", self.stops)]
        pieces = stop.choice("PMCALTYPE", ("mtbpm_by_cal", "mtbpm_by_pieces")) == "mtbpm_by_pieces"
        every = stop.number("MTBPM", low=1) if pieces else stop.seconds("MTBPM", "MTBPMUNITS")
        first = every
        if row.maybe("FOA"):
            row.choice("FOADIST", ("constant",))
            first = row.number("FOA") if pieces else row.seconds("FOA", "FOAUNITS")
        return Maintenance(
            row.text("CALNAME"),
            duration=stop.spread("MTTRDIST", "MTTR", "MTTR2", "MTTRUNITS"),
            every=Distribution.constant(every),
            clock="piece" if pieces else "calendar",
            first=Distribution.constant(first),
        )

    def setups(self) -> tuple[SetupTable, ...]:
        """One table for tools without a minimum run, one for each setup group that has it."""
        times = {(row.text("CURSETUP"), row.text("NEWSETUP")): row.seconds("STIME", "STUNITS") for row in self.changes}
        runs: dict[str, dict[str, int]] = {"setup": {}}
        group = ""
        for row in self.runs:
            group = row.text("SETUPGRP") or group
            runs.setdefault(group, {})[row.text("SETUP")] = row.count("MINRUN")
        for tool in self.tools.values():
            if tool.maybe("SETUPGRP"):
                tool.choice("SETUPGRP", runs)
        return tuple(SetupTable(name, times, min_run=run, hold=bool(run)) for name, run in runs.items())

    def routes(self) -> tuple[Route, ...]:
        """The route of each part."""
        return tuple(Route(part, steps=self._route(part, rows)) for part, rows in self.steps.items())

    def _route(self, part: str, rows: list[Row]) -> tuple[Step, ...]:
        steps: list[Step] = []
        before = ""
        for row in rows:
            location = self.tools[row.choice("STNFAM", self.tools)].maybe("STNFAMLOC")
            move = self.moves.get((before, location)) if steps else None
            steps.append(self._step(part, row, self.place[part], move or Distribution.constant(0)))
            before = location
        return tuple(steps)

    def _step(self, part: str, row: Row, place: Mapping[str, int], move: Distribution) -> Step:
        here = place[row.text("STEP")]
        per = row.choice("PTPER", ("per_lot", "per_piece", "per_batch")).removeprefix("per_")
        time = row.spread("PDIST", "PTIME", "PTIME2", "PTUNITS")
        interval = None
        if row.maybe("PartInterval"):
            if per != "piece":
                raise row.refuse("PTPER", "PartInterval on a step that is not per piece", "per_piece")
            gap = row.seconds("PartInterval", "PartIntUnits")
            time = Distribution(time.kind, time.params, shift=gap * (self.pieces - 1))
            per, interval = "lot", Distribution.constant(gap * self.pieces)
        elif row.maybe("BatchInterval"):
            interval = Distribution.constant(row.seconds("BatchInterval", "BatchIntUnits"))
        if row.maybe("SETUP"):
            row.choice("WHEN", ("need",))
        return Step(
            id=f"{row.text('STEP')} {row.maybe('DESC')}".strip(),
            station=row.text("STNFAM"),
            time=time,
            per=per,
            setup=row.maybe("SETUP"),
            setup_time=row.seconds("STIME", "STUNITS") if row.maybe("STIME") else None,
            batch=self._batch(part, row) if per == "batch" else None,
            interval=interval,
            sample=row.number("StepPercent", high=100) / 100 if row.maybe("StepPercent") else 1.0,
            branches=self._rework(row, place, here),
            limit=QueueLimit(_later(row, "STEP_CQT", place, here), row.seconds("CQT", "CQTUNITS"), since="end")
            if row.maybe("STEP_CQT")
            else None,
            dedicate_to=_later(row, "FORSTEP", place, here) if row.maybe("SVESTN") == "yes" else None,
            transport=move,
        )

    def _batch(self, part: str, row: Row) -> Batch:
        tool = self.tools[row.text("STNFAM")]
        tool.choice("BATCHPER", ("piece",))
        least, most = row.number("BATCHMN"), row.number("BATCHMX")
        if not 0 < least <= most or most < self.pieces:
            raise row.refuse(
                "BATCHMN", "a batch that never fills", f"at most BATCHMX, which holds {self.pieces} or more"
            )
        if (
            tool.choice("BATCHCRITF", ("crit_sameroutestep", "crit_samepartfam|crit_samestepname"))
            == "crit_sameroutestep"
        ):
            family = f"{part} {row.text('STEP')}"
        else:
            family = f"{self.parts[part].text('PARTFAM')} {row.text('DESC')}"
        return Batch(family, maximum=most, minimum=least, measure="piece")

    def _rework(self, row: Row, place: Mapping[str, int], here: int) -> tuple[Branch, ...]:
        if not row.maybe("REWORK"):
            return ()
        row.choice("RWKTYPE", ("lot",))
        to = place[row.choice("RWKSTEP", place)]
        if to > here:
            raise row.refuse("RWKSTEP", "rework at a later step", "this step or one before it")
        return (Branch(row.number("REWORK", high=100) / 100, to, once=True),)

    def arrivals(self, start: datetime, due_spread: float) -> tuple[Arrival, ...]:
        """The streams of order.txt: its rows with REPEAT."""
        rows = [row for row in self.orders if row.maybe("REPEAT")]
        return tuple(
            self._stream(row, copy, start, due_spread) for row in rows for copy in range(row.count("LOTSPERRPT"))
        )

    def _stream(self, row: Row, copy: int, start: datetime, due_spread: float) -> Arrival:
        allowance = (row.instant("DUE") - row.instant("START")).total_seconds()
        if allowance <= 0:
            raise row.refuse("DUE", "due before it starts", f"after {row.text('START')}")
        return Arrival(
            id=row.text("LOT") + (f"+{copy}" if copy else ""),
            route=row.choice("PART", self.parts),
            interval=row.spread("RDIST", "REPEAT", "REPEAT2", "RUNITS"),
            first=Distribution.constant((row.instant("START") - start).total_seconds()),
            quantity=Distribution.constant(self.pieces),
            due=Distribution.uniform(allowance * (1 - due_spread), allowance * (1 + due_spread)),
            priority=row.number("PRIOR"),
            limit=row.count("RPT#"),
        )

    def lots(self, start: datetime) -> tuple[LotOrder, ...]:
        """Lots that are listed one by one: orders without REPEAT, and the work in progress."""
        rows = [*(row for row in self.orders if not row.maybe("REPEAT")), *self.wip]
        return tuple(sorted((self._lot(row, start) for row in rows), key=lambda lot: lot.arrival))

    def _lot(self, row: Row, start: datetime) -> LotOrder:
        part = row.choice("PART", self.parts)
        return LotOrder(
            id=row.text("LOT"),
            route=part,
            quantity=self.pieces,
            arrival=round((row.instant("START") - start).total_seconds() * _MICRO),
            due=round((row.instant("DUE") - start).total_seconds() * _MICRO),
            priority=row.number("PRIOR"),
            step=self.place[part][row.choice("CURSTEP", self.place[part])] if row.maybe("CURSTEP") else 0,
        )


def _later(row: Row, column: str, place: Mapping[str, int], here: int) -> int:
    to = place[row.choice(column, place)]
    if to <= here:
        raise row.refuse(column, "not a later step", f"a STEP after {row.text('STEP')}")
    return to
