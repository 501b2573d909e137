"""A fleet in the field and its service, event by event, in virtual time.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from luban.decide.maintain.life import weibull_life
from luban.decide.maintain.looking import Signs
from luban.decide.maintain.prices import Prices
from luban.pilot.field import minds
from luban.pilot.field.ground import Rules, Ticket, Totals
from luban.pilot.field.rules import QUARTER, WEEK, YEAR, Facts
from luban.pilot.field.visits import Visits
from luban.understand.quality.data import Floats

__all__ = ["Field"]

_PLAN: Final = 4 * WEEK  # between looks at lives, prices and stocks
_LONG: Final = 4.0  # scales of a life before the begin


class Field(Visits):
    """The fleet from its begin, as is until `change`."""

    def __init__(self, facts: Facts, count: int, seed: int, *, poisoned: bool = False) -> None:
        super().__init__(facts, count, seed, poisoned=poisoned)
        self._begin()

    # --- begin and end ------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Machines of all ages; the service knows when each part was fitted."""
        draw = self.hidden.chance
        for machine in range(self.count):
            for mode in range(self.m):
                # parts have followed one another for long, so that ages are those of a fleet that always was
                began = -_LONG * self.modes[mode].scale * (1 + draw.uniform("age at the begin", machine, mode))
                while (end := began + self._draw(machine, mode)) <= 0:
                    began = end
                    self.ordinal[machine, mode] += 1
                self.born[machine, mode] = began
            self._next(machine)
            days = self.rules.practice.service
            if days:
                self._push(days * 24 * draw.uniform("first service", machine), "service", machine)
        self._push(WEEK, "week", None)

    def change(self, rules: Rules) -> None:
        """From now on the service is run so; counting begins anew."""
        self._book_stock()
        self.rules = rules
        self.totals = Totals()
        self.down[:] = 0.0
        stopped = ~self.up
        self.since[stopped] = self.wanted.open(self.now)
        self._plan()

    # --- by the calendar ----------------------------------------------------------------------------

    def _on_service(self, machine: int) -> None:
        """The usual service visit is due."""
        days = self.rules.practice.service
        if not days:
            return
        self._push(self.now + days * 24, "service", machine)
        if self.visits_on:
            self._want(machine, (), aged=True)

    def _want(self, machine: int, modes: tuple[int, ...], *, aged: bool) -> None:
        if machine in self.planned:
            return
        self._seq += 1
        ticket = Ticket(self._seq, machine, "planned", self.now, self.now, wants=modes, aged=aged)
        self.planned[machine] = ticket
        self.queue[ticket.id] = ticket
        self._send()

    def _on_week(self, _: None) -> None:
        self._push(self.now + WEEK, "week", None)
        week = round(self.now / WEEK)
        if week % round(_PLAN / WEEK) == 0:
            self._plan()
        for machine in range(self.count):
            self._advance(machine)
        if self.rules.condition:
            self._listen(week)
        limits = np.array([self.servicing.get(m, minds.Servicing(math.inf)).limit for m in range(self.m)])
        if np.isfinite(limits).any():
            over = (self.ran[:, None] - self.born) >= limits
            for machine in np.flatnonzero(over.any(axis=1) & self.up).tolist():
                self._want(machine, tuple(np.flatnonzero(over[machine]).tolist()), aged=True)

    def _listen(self, week: int) -> None:
        """Readings of the week, and what is asked for on their account."""
        self.watch.hear(self._readings(week).ravel())
        share = {m: one.share for m, one in self.servicing.items() if one.share is not None}
        asked = self.ask(self.watch.asked, share)
        wanted: dict[int, list[int]] = {}
        for part in asked:
            machine, mode = divmod(part, self.m)
            wanted.setdefault(machine, []).append(mode)
        for machine, modes in wanted.items():
            if self.up[machine] and machine not in self.planned:
                self.totals.proposals += 1
                self._want(machine, tuple(modes), aged=False)

    def _readings(self, week: int) -> Floats:
        """What sensors show; NaN where there is none or the machine stands."""
        signals, draw, shape = self.facts.signals, self.hidden.chance, (self.count, self.m)
        size = self.count * self.m
        noise = draw.normals(size, "noise", week).reshape(shape) * signals.noise
        base = signals.base + signals.spread * draw.normals(size, "base").reshape(shape)
        used = (self.ran[:, None] - self.born) / self.hidden.life
        grown = np.clip((used - signals.begins) / (1 - signals.begins), 0.0, 1.0) * self.hidden.felt * signals.rise
        found = base + grown + noise
        found[~self.up] = np.nan
        found[:, [not mode.sign for mode in self.modes]] = np.nan
        return np.asarray(found)

    # --- plans --------------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Ages, signs and stocks for the next four weeks."""
        rules = self.rules
        if rules.practice.ages:
            self._known_lives()
        if rules.service or rules.condition:
            self._learned_lives()
        self._stocks()

    def _prices(self, mode: int) -> Prices:
        """What a failure and a chosen date cost the service [currency], by its own price list."""
        own, crew, money = self.modes[mode], self.facts.crew, self.facts.money
        practice = self.rules.practice
        visits = 1 + (practice.cause + practice.other) * 1.6
        hour = money.hour
        if money.guarantee:
            hour += 0.3 * money.penalty * money.fee / 4 / (0.01 * self.wanted.open(QUARTER))
        wage = money.pay / (self.shift.open(52 * WEEK))
        visit = crew.trip + 2 * crew.travel * wage
        return Prices(
            failure=own.part + visits * (visit + own.repair * wage), planned=own.chosen + visit + own.planned * wage,
            inspection=crew.look * wage, hour=hour, failure_hours=own.repair + 12.0, planned_hours=own.planned,
        )  # fmt: skip

    def _known_lives(self) -> None:
        for at, mode in enumerate(self.modes):
            life = weibull_life(mode.shape, mode.scale)
            found = minds.best_ages(life, self._prices(at), None, every=1.0, lead=0.0)
            self.servicing[at] = found

    def _learned_lives(self) -> None:
        signals, pace = self.facts.signals, self.facts.fleet.use * self.wanted.open(WEEK)
        signs = Signs(1 - signals.missed, signals.begins, 50 * pace)
        for at, mode in enumerate(self.modes):
            running = [float(x) for x in self.ran - self.born[:, at]]
            lived = minds.Lived(self.lived[at].failed, self.lived[at].running + running)
            life = self.ask(minds.learned_life, lived)
            felt = signs if self.rules.condition and mode.sign else None
            found = self.ask(minds.best_ages, life, self._prices(at), felt, every=pace, lead=pace)
            self.servicing[at] = found if self.rules.service else minds.Servicing(math.inf, found.share)
            if mode.serviced and self.rules.service and life is not None:
                self.visits_on = self._visit_pays(found)

    def _visit_pays(self, found: minds.Servicing) -> bool:
        """A service at fixed dates stays only where changing by age pays at all."""
        return math.isfinite(found.limit)

    def _stocks(self) -> None:
        rules, money = self.rules, self.facts.money
        if not (rules.spares or rules.practice.covered):
            return
        days = max(self.now / 24, 28.0)
        if rules.spares:
            holding = [mode.part * money.carrying / YEAR for mode in self.modes]
            express = money.surcharge / money.express + self.facts.crew.trip / money.express
            waiting = max(self._hour_waiting() + express, 1e-6)
            target = self.ask(minds.stocks, self.used, days, money.lead, 0.95, holding, waiting)
        else:
            target = self.ask(minds.stocks, self.used, days, money.lead, rules.practice.covered)
        for mode, new in enumerate(target):
            self.target[mode] = new
            self._order(mode)

    def _hour_waiting(self) -> float:
        money = self.facts.money
        if not money.guarantee:
            return money.hour
        return 0.5 * money.penalty * money.fee / 4 / (0.01 * self.wanted.open(QUARTER))
