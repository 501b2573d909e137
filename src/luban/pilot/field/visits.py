"""Faults and the crew that travels: who hears of what, who goes where, what comes of a visit.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from typing import Final

from luban.pilot.field import minds
from luban.pilot.field.ground import Ground, Ticket
from luban.pilot.field.rules import QUARTER
from luban.understand.quality.data import Floats

__all__ = ["Visits"]

_FINDS: Final = 0.1  # share of its last part of life from which a look on site sees wear


class Visits(Ground):
    """The service from the fault to the machine fixed."""

    # --- faults -------------------------------------------------------------------------------------

    def _on_fault(self, of: tuple[int, int, int]) -> None:
        machine, version, mode = of
        if version != self.version[machine]:
            return
        own, draw, facts, rules = self.modes[mode], self.hidden.chance, self.facts, self.rules
        self._stop(machine)
        ordinal = int(self.faults[machine])
        self.faults[machine] += 1
        self.hidden.cause[machine] = mode
        self.hidden.reset[machine] = float(draw.uniform("reset", machine, ordinal) < own.reset)
        self.totals.faults += 1
        heard = draw.exponential(rules.practice.call, "call", machine, ordinal)
        signals = facts.signals
        if rules.link:
            heard = min(heard, signals.call)
        self._seq += 1
        ticket = Ticket(self._seq, machine, "fault", self.now, self.now + heard)
        if rules.link:
            ticket.pattern = self._pattern(machine, ordinal, mode)
        self.fault[machine] = ticket
        phone = signals.phone if rules.link else draw.exponential(rules.practice.phone, "phone", machine, ordinal)
        self._push(ticket.known + phone, "afar", (ticket, ordinal))

    def _pattern(self, machine: int, ordinal: int, mode: int) -> Floats:
        signals = self.facts.signals
        found = self.hidden.chance.normals(signals.channels, "pattern", machine, ordinal)
        found[mode % signals.channels] += signals.apart
        found[(mode + 1) % signals.channels] += signals.apart / 2
        return found

    def _on_afar(self, of: tuple[Ticket, int]) -> None:
        """It is clear whether it can be put right from afar."""
        ticket, ordinal = of
        machine, draw, rules = ticket.machine, self.hidden.chance, self.rules
        if self.fault.get(machine) is not ticket:
            return
        found = rules.practice.found
        if rules.link and ticket.pattern is not None:
            ticket.told = self.ask(self.diagnoser.name, ticket.pattern)
            if ticket.told >= 0 and self.modes[ticket.told].reset > 0:
                found = max(found, self.facts.signals.found)
        if self.hidden.reset[machine] and draw.uniform("afar", machine, ordinal) < found:
            self.totals.afar += 1
            self._fixed(ticket, used=False)
            return
        self.queue[ticket.id] = ticket
        self._send()

    def _fixed(self, ticket: Ticket, *, used: bool) -> None:
        """The fault is put right; the report says what it was, some reports say something else."""
        machine, mode = ticket.machine, int(self.hidden.cause[ticket.machine])
        signals, draw = self.facts.signals, self.hidden.chance
        key = (machine, int(self.faults[machine]))
        said = mode
        if draw.uniform("report", *key) < signals.wrong:
            said = (mode + 1 + int(draw.uniform("wrong report", *key) * (self.m - 1))) % self.m
        if ticket.pattern is not None:
            self.diagnoser.learn(ticket.pattern, said)
        if self.rules.condition:
            self.watch.failed(machine * self.m + said, said)
        self._advance(machine)
        self.lived[said].failed.append(float(self.ran[machine] - self.born[machine, said]))
        if used:
            self._take(mode, self.modes[mode].part)
        self._renew(machine, mode)
        self.hidden.cause[machine] = -1
        wait = self.now - ticket.opened
        self.totals.waits.append(wait)
        money = self.facts.money
        self.totals.owed += money.hour * max(0.0, wait - money.grace)
        del self.fault[machine]
        self._start(machine)

    # --- the crew -----------------------------------------------------------------------------------

    def _on_wake(self, _: None) -> None:
        self._waking = False
        self._send()

    def _send(self) -> None:
        """Whoever is free takes a job, in his hours."""
        while self.queue:
            free = [one for one in self.crew if one[0] <= self.now]
            if not free:
                return
            shift = self.shift
            if shift.open(self.now + 1e-6) - shift.open(self.now) <= 0:
                if not self._waking:
                    self._waking = True
                    self._push(shift.when(shift.open(self.now)) + 1e-6, "wake", None)
                return
            one = free[0]
            self._travel(one, self._chosen(int(one[1])))

    def _chosen(self, region: int) -> Ticket:
        crew, rules = self.facts.crew, self.rules
        rule = "worth" if rules.dispatch else "nearest" if rules.practice.nearest else "calls"
        jobs = [
            minds.JobSeen(t.id, int(self.region[t.machine]), t.kind, t.known, self._work_seen(t),
                          self._hour(t.machine) if rules.dispatch else 0.0)
            for t in self.queue.values()
        ]  # fmt: skip
        if len(jobs) == 1:
            return self.queue.pop(jobs[0].id)
        return self.queue.pop(self.ask(minds.choose_job, jobs, region, crew.travel, crew.local, rule=rule))

    def _work_seen(self, ticket: Ticket) -> float:
        """Planned time on site [h]: of the cause that was named, else of all causes."""
        if ticket.kind == "planned":
            return sum(self.modes[m].planned for m in ticket.wants) or self.facts.crew.service
        if ticket.told >= 0:
            return self.modes[ticket.told].repair
        return sum(mode.repair for mode in self.modes) / self.m

    def _hour(self, machine: int) -> float:
        """What another hour of this stop costs by the contract, as its books show it [currency/h]."""
        money = self.facts.money
        price = money.hour + 1.0
        if money.guarantee:
            quarter = self.wanted.open(QUARTER)
            at = self.wanted.open(self.now)
            so_far = self.down[machine, int(at / quarter)] + (at - self.since[machine] if not self.up[machine] else 0)
            left = (1 - money.guarantee) * quarter - so_far
            point = money.penalty * money.fee / 4 / (0.01 * quarter)
            # what is left of the allowance may be needed by faults that are still to come
            share = min(1.0, max(0.2, 1 - left / ((1 - money.guarantee) * quarter)))
            capped = -left * point > money.cap * money.fee / 4
            price += 0.0 if capped else point * share
        return price

    def _travel(self, one: list[float], ticket: Ticket) -> None:
        crew, machine = self.facts.crew, ticket.machine
        near = int(one[1]) == int(self.region[machine])
        ordinal = int(self.faults[machine])
        way = (crew.local if near else crew.travel) * self.hidden.chance.lognormal(
            1.0, 0.25, "way", machine, ordinal, ticket.tries, ticket.kind == "planned"
        )
        one[0], one[1] = math.inf, float(self.region[machine])
        self.totals.trips += crew.trip_local if near else crew.trip
        self._push(self.now + way, "arrive", (one, ticket, self.now))

    def _on_arrive(self, of: tuple[list[float], Ticket, float]) -> None:
        one, ticket, left = of
        if ticket.kind == "planned":
            work, then = self._planned_visit(ticket)
        else:
            work, then = self._fault_visit(ticket)
        self._push(self.now + work, then, (one, ticket, left))

    def _done(self, one: list[float], left: float) -> None:
        one[0] = self.now
        self.totals.busy += self.now - left
        paid = self.shift.open(self.now) - self.shift.open(left)
        self.totals.overtime += max(0.0, self.now - left - paid)

    # --- visits -------------------------------------------------------------------------------------

    def _fault_visit(self, ticket: Ticket) -> tuple[float, str]:
        """Time on site, and what comes of it."""
        machine, facts, rules, draw = ticket.machine, self.facts, self.rules, self.hidden.chance
        mode = int(self.hidden.cause[machine])
        own, key = self.modes[mode], (machine, int(self.faults[machine]), ticket.tries)
        practice, first = rules.practice, ticket.tries == 0
        cause, other = (practice.cause, practice.other) if first else (practice.cause_again, practice.other_again)
        if ticket.told == mode:
            cause = 0.0
        elif ticket.told >= 0:
            cause += facts.signals.astray
        ticket.tries += 1
        self.totals.visited += first
        self.totals.again += not first
        if rules.exchange and own.exchanged:
            cause = 0.0
        if draw.uniform("visit", *key) < cause + other:
            return facts.crew.look, "vain"
        if self.shelf[mode] <= 0:
            self.totals.short += 1
            self.totals.surcharge += facts.money.surcharge
            return facts.crew.look, "short"
        self.totals.first += first
        repair = own.exchanged if rules.exchange and own.exchanged else own.repair
        return draw.lognormal(repair, own.sigma, "repair", machine, int(self.faults[machine])), "repaired"

    def _on_vain(self, of: tuple[list[float], Ticket, float]) -> None:
        one, ticket, left = of
        self._done(one, left)
        key = (ticket.machine, int(self.faults[ticket.machine]), ticket.tries)
        again = self.hidden.chance.exponential(self.facts.crew.again, "again", *key)
        if ticket.told != int(self.hidden.cause[ticket.machine]):
            ticket.told = -1  # on site it was seen that it is not what had been named
        self._push(self.now + again, "back", ticket)
        self._send()

    def _on_short(self, of: tuple[list[float], Ticket, float]) -> None:
        one, ticket, left = of
        self._done(one, left)
        mode = int(self.hidden.cause[ticket.machine])
        self._push(self.now + self.facts.money.express, "express", (ticket, mode))
        self._send()

    def _on_express(self, of: tuple[Ticket, int]) -> None:
        ticket, mode = of
        self._book_stock()
        self.shelf[mode] += 1
        ticket.told = mode  # the part was ordered for it
        self.queue[ticket.id] = ticket
        self._send()

    def _on_back(self, ticket: Ticket) -> None:
        self.queue[ticket.id] = ticket
        self._send()

    def _on_repaired(self, of: tuple[list[float], Ticket, float]) -> None:
        one, ticket, left = of
        machine, mode = ticket.machine, int(self.hidden.cause[ticket.machine])
        if self.shelf[mode] <= 0:  # somebody else took the last one while he worked
            self.totals.first -= ticket.tries == 1
            self.totals.short += 1
            self.totals.surcharge += self.facts.money.surcharge
            self._on_short(of)
            return
        waiting = self.planned.get(machine)
        if waiting is not None and waiting.id in self.queue and self.rules.dispatch:
            # he is there already: what was to be done at a chosen date is done now
            del self.queue[waiting.id]
            self._fixed(ticket, used=True)
            self._stop(machine)
            self._push(self.now + self._planned_work(waiting)[0], "serviced", (one, waiting, left))
            return
        self._fixed(ticket, used=True)
        self._done(one, left)
        self._send()

    def _planned_visit(self, ticket: Ticket) -> tuple[float, str]:
        machine = ticket.machine
        if self.up[machine]:
            self._stop(machine)
        return self._planned_work(ticket)[0], "serviced"

    def _planned_work(self, ticket: Ticket) -> tuple[float, tuple[int, ...]]:
        """Time on site, and the parts that are worth changing: who comes for a sign looks first."""
        machine, crew = ticket.machine, self.facts.crew
        self._advance(machine)
        if not ticket.wants:
            return crew.service, ()
        begins = self.facts.signals.begins
        used = (self.ran[machine] - self.born[machine]) / self.hidden.life[machine]
        real = tuple(
            m for m in ticket.wants if ticket.aged or used[m] > begins + _FINDS * (1 - begins)
        )  # fmt: skip
        return sum(self.modes[m].planned for m in real) or crew.look, real

    def _on_serviced(self, of: tuple[list[float], Ticket, float]) -> None:
        one, ticket, left = of
        machine = ticket.machine
        real = self._planned_work(ticket)[1]
        self.totals.planned += 1
        self.planned.pop(machine, None)
        if not ticket.wants:
            real = tuple(m for m, mode in enumerate(self.modes) if mode.serviced)
            self.totals.parts += sum(self.modes[m].chosen for m in real)
        elif not real:
            self.totals.vain += 1
            for mode in ticket.wants:
                self.watch.fresh(machine * self.m + mode)
        for mode in real:
            if int(self.hidden.cause[machine]) == mode:
                continue  # it failed before somebody came: the fault's own visit changes it
            self.lived[mode].running.append(float(self.ran[machine] - self.born[machine, mode]))
            if ticket.wants:
                self._take(mode, self.modes[mode].chosen)
            self._renew(machine, mode)
        if machine not in self.fault:
            self._start(machine)
        self._done(one, left)
        self._send()
