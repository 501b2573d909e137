"""The controller: the inputs that a unit should take next, by looking ahead over a horizon with all limits in sight.

Each step solves a nonlinear program by successive quadratic ones (Gauss-Newton, multiple shooting: Bock and Plitt 1984,
doi 10.1016/S1474-6670(17)61205-9). The state is eliminated, so a program has the inputs as its variables only. Models
with uncertain parameters become scenarios that share the first input and react by themselves afterwards (multi-stage:
Lucia, Finkler and Engell 2013, doi 10.1016/j.jprocont.2013.08.008). For a linear unit one program is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.mpc.model import Array, Unit
from luban.decide.setpoint.mpc.program import QuadraticAnswer
from luban.decide.setpoint.mpc.quadratic import solve_tree

__all__ = ["Aim", "Limits", "Mpc", "Prediction"]

_NEAR = 0.25  # a limit on a state counts in a program when the prediction comes that close [sizes of the state]
_ALMOST = 1e-9


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted: Σ weight·(state - target)² over the horizon, final·(…)² at its end, moves·(change of input)².

    target   state → where it should be [its unit]
    weight   state → [1 / its unit²], at the instants 0 … horizon - 1
    final    state → the same at the end of the horizon; None: as `weight`
    moves    input → [1 / its unit²] on the change from one sample to the next
    """

    target: Mapping[str, float]
    weight: Mapping[str, float]
    moves: Mapping[str, float]
    final: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The safe envelope of a unit.

    inputs   input → (lowest, highest); never left
    moves    input → most change from one sample to the next; never exceeded
    states   state → (lowest, highest), -inf or inf where there is none; kept where any input can keep it
    price    state → cost of exceeding a limit by 1 of its unit; not listed: 10,000 times the largest weight
    """

    inputs: Mapping[str, tuple[float, float]]
    moves: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    price: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a step came to.

    inputs      input → value to take now
    states      predicted, shape (scenarios, horizon + 1, states)
    ahead       inputs over the horizon, shape (scenarios, horizon, inputs)
    cost        of the horizon, mean over the scenarios
    exceeded    state → by how much a prediction leaves its limits at worst [its unit]; empty: none does
    rounds      quadratic programs solved
    solved      False: the last program or the chain of them did not settle; the inputs are still inside their limits
    """

    inputs: dict[str, float]
    states: Array
    ahead: Array
    cost: float
    exceeded: dict[str, float]
    rounds: int
    solved: bool


@dataclass(slots=True)
class _Trace:
    """A guess of states (scenarios, horizon + 1, n), inputs (scenarios, horizon, m), and what the model says."""

    x: Array
    u: Array
    next: Array = field(default_factory=lambda: np.zeros(0))
    a: Array = field(default_factory=lambda: np.zeros(0))
    b: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def gaps(self) -> Array:
        """Where the model does not meet the guess."""
        return self.next - self.x[:, 1:]


class Mpc:
    """A model predictive controller with a memory of its last plan.

    horizon    samples to look ahead
    scenarios  parameter sets, shape (scenarios, parameters); None: one, all parameters 1
    rounds     most quadratic programs in a step
    tolerance  a plan is settled when another round would change no input by more than this share of its size [1]
    Raises     InputError for names that the unit does not have and limits that cross
    Example    >>> unit = LinearUnit(np.array([[0.9]]), np.array([[0.5]]), {"level": 1.0}, {"valve": 1.0})
               >>> mpc = Mpc(unit, 10, Aim({"level": 2.0}, {"level": 1.0}, {"valve": 0.1}), Limits({"valve": (-1, 1)}))
               >>> mpc.step({"level": 0.0}, {"valve": 0.0}).inputs["valve"]
               1.0
    """

    def __init__(
        self, unit: Unit, horizon: int, aim: Aim, limits: Limits, *, scenarios: Array | None = None, rounds: int = 12,
        tolerance: float = 1e-3,
    ) -> None:  # fmt: skip
        if horizon < 1 or rounds < 1:
            raise InputError("a controller must look ahead", came=f"horizon {horizon}", expected="1 or more")
        self.unit, self.horizon, self.aim, self.limits = unit, horizon, aim, limits
        self.rounds, self.tolerance = rounds, tolerance
        self.states, self.inputs = list(unit.states), list(unit.inputs)
        given = np.ones((1, len(unit.parameters))) if scenarios is None else np.asarray(scenarios, np.float64)
        if given.ndim != 2 or given.shape[1] != len(unit.parameters):
            expected = ", ".join(unit.parameters) or "none"
            raise InputError("scenarios do not fit the parameters", came=str(given.shape), expected=expected)
        self._parameters = given
        self._size_x, self._size_u = np.array([*unit.states.values()]), np.array([*unit.inputs.values()])
        self._read_aim()
        self._read_limits()
        self._last: _Trace | None = None

    def step(
        self, state: Mapping[str, float], now: Mapping[str, float], bias: Mapping[str, float] | None = None
    ) -> Prediction:
        """The inputs to take now.

        state  of the unit [units of its states]
        now    inputs that it has now; moves count from here
        bias   state → what the model misses a sample (from `Observer`); added to every prediction
        Raises InputError for a state or an input that is missing or not finite
        """
        x0 = _vector(self.states, state, "state")
        before = _vector(self.inputs, now, "input")
        add = np.array([(bias or {}).get(name, 0.0) for name in self.states])
        trace = self._guess(x0, before)
        self._evaluate(trace, add)
        count, settled, far = 0, False, np.inf
        for _ in range(self.rounds):
            count += 1
            answer, change_x, change_u = self._program(trace, before)
            trace = self._moved(trace, change_x, change_u, add)
            was, far = far, float(np.abs(change_u / self._size_u).max())
            if answer.solved and far * min(1.0, far / was if was < np.inf else 1.0) < self.tolerance:
                settled = True
                break
        self._last = trace
        first = np.clip(trace.u[0, 0], *self._reach(before)[0])
        exceeded = self._exceeded(trace.x)
        return Prediction(
            dict(zip(self.inputs, first.tolist(), strict=True)), trace.x, trace.u, self._cost(trace, before), exceeded,
            count, settled,
        )  # fmt: skip

    def forget(self) -> None:
        """The next step begins without the last plan: after a stop, or when limits or aims have changed."""
        self._last = None

    # ---- what was asked for

    def _read_aim(self) -> None:
        aim = self.aim
        for names, known in ((aim.target, self.states), (aim.weight, self.states), (aim.moves, self.inputs)):
            _known(names, known)
        self._target = np.array([aim.target.get(name, 0.0) for name in self.states])
        weight = np.array([aim.weight.get(name, 0.0) for name in self.states])
        final = weight if aim.final is None else np.array([aim.final.get(name, 0.0) for name in self.states])
        if bool((weight < 0).any() or (final < 0).any()) or any(own < 0 for own in aim.moves.values()):
            raise InputError("a weight below 0 would pay for being away from the target")
        self._weight = np.concatenate([np.repeat(weight[None], self.horizon, 0), final[None]])
        self._moves = np.array([aim.moves.get(name, 0.0) for name in self.inputs]) * self._size_u**2

    def _read_limits(self) -> None:
        own = self.limits
        for given, known in ((own.inputs, self.inputs), (own.moves, self.inputs), (own.states, self.states)):
            _known(given, known)
        low = [own.inputs.get(name, (-np.inf, np.inf))[0] for name in self.inputs]
        high = [own.inputs.get(name, (-np.inf, np.inf))[1] for name in self.inputs]
        self._low, self._high = np.array(low, np.float64), np.array(high, np.float64)
        self._rate = np.array([own.moves.get(name, np.inf) for name in self.inputs], np.float64)
        self._x_low = np.array([own.states.get(name, (-np.inf, np.inf))[0] for name in self.states], np.float64)
        self._x_high = np.array([own.states.get(name, (-np.inf, np.inf))[1] for name in self.states], np.float64)
        for lower, upper, names in ((self._low, self._high, self.inputs), (self._x_low, self._x_high, self.states)):
            for at in np.flatnonzero(lower > upper):
                raise InputError("limits are reversed", came=f"{lower[at]:g} to {upper[at]:g}", where=names[int(at)])
        if bool((self._rate <= 0).any()):
            raise InputError("an input that may not move cannot control", hint="leave it out of the inputs")
        most = max(float((self._weight * self._size_x**2).max()), 1e-12)
        self._price = np.array(
            [own.price.get(n, 1e4 * most / s) for n, s in zip(self.states, self._size_x, strict=True)]
        )

    # ---- one round

    def _guess(self, x0: Array, before: Array) -> _Trace:
        count, n = len(self._parameters), self.horizon
        if self._last is None:
            u = np.clip(before, self._low, self._high)
            return _Trace(np.tile(x0, (count, n + 1, 1)), np.tile(u, (count, n, 1)))
        last = self._last
        x = np.concatenate([last.x[:, 1:], last.next[:, -1:]], 1)
        x[:, 0] = x0
        u = np.concatenate([last.u[:, 1:], last.u[:, -1:]], 1)
        u[:, 0] = u[:, 0].mean(0)
        return _Trace(x, u)

    def _evaluate(self, trace: _Trace, add: Array) -> None:
        """The model and its sensitivities at every instant of every scenario at once."""
        count, n = trace.u.shape[:2]
        p = np.repeat(self._parameters, n, 0).T
        found, a, b = self.unit.linear(trace.x[:, :-1].reshape(count * n, -1).T, trace.u.reshape(count * n, -1).T, p)
        if not bool(np.isfinite(found).all()):
            raise InputError("the model of the unit gives no number there", hint="check the state and its limits")
        trace.next = found.T.reshape(count, n, -1) + add
        trace.a, trace.b = a.reshape(count, n, *a.shape[1:]), b.reshape(count, n, *b.shape[1:])

    def _condensed(self, trace: _Trace) -> tuple[Array, Array]:
        """Change of the states as a function of scaled changes of the inputs: gain (s, n + 1, x, z) and rest."""
        count, n, m = trace.u.shape
        b, gaps = trace.b * self._size_u, trace.gaps
        gain = np.zeros((count, n + 1, len(self.states), n * m))
        rest = np.zeros((count, n + 1, len(self.states)))
        for k in range(n):
            np.matmul(trace.a[:, k], gain[:, k, :, : k * m], out=gain[:, k + 1, :, : k * m])
            gain[:, k + 1, :, k * m : (k + 1) * m] = b[:, k]
            rest[:, k + 1] = np.einsum("sij,sj->si", trace.a[:, k], rest[:, k]) + gaps[:, k]
        return gain, rest

    def _program(self, trace: _Trace, before: Array) -> tuple[QuadraticAnswer, Array, Array]:
        """Solves one quadratic program about the guess; returns it with the changes of states and inputs."""
        count, n, m = trace.u.shape
        gain, rest = self._condensed(trace)
        asked = np.flatnonzero(self._weight.max(0) > 0)
        wide = gain[:, :, asked].reshape(count, -1, n * m)
        weight = self._weight[:, asked].ravel()
        error = ((trace.x + rest - self._target)[:, :, asked]).reshape(count, -1)
        hessian = 2.0 * np.swapaxes(wide, 1, 2) @ (wide * weight[:, None])
        gradient = 2.0 * np.einsum("srz,sr->sz", wide, error * weight)
        differ, moved = self._differences(trace.u, before)
        hessian += 2.0 * (differ.T * np.tile(self._moves, n)) @ differ
        gradient += 2.0 * (moved * np.tile(self._moves, n)) @ differ
        hessian[:, np.arange(n * m), np.arange(n * m)] += _ALMOST * (1.0 + np.abs(hessian).max())
        reach = (self._reach(before) - trace.u[:, :, None].swapaxes(1, 2)[:, 0][:, :, None]) / self._size_u
        lower, upper = (reach[:, :, side].reshape(count, -1) for side in (0, 1))
        answer = self._within(hessian, gradient, gain, trace.x + rest, differ, moved, lower, upper)
        z = answer.z
        return answer, np.einsum("skxz,sz->skx", gain, z) + rest, z.reshape(count, n, m) * self._size_u

    def _within(
        self, hessian: Array, gradient: Array, gain: Array, middle: Array, differ: Array, moved: Array, lower: Array,
        upper: Array,
    ) -> QuadraticAnswer:  # fmt: skip
        """Solves with the limits of states that matter; one that was left out and is broken comes in, and again."""
        shared = len(self.inputs) if len(gradient) > 1 else 0
        size = self._size_x
        room = np.stack([self._x_high - middle, middle - self._x_low], 1)  # s, 2, k, x
        taken: Any = (room < _NEAR * size).any(0)
        taken[:, 0] = False
        while True:
            rows, limit, price = self._rows(gain, room, taken, differ, moved)
            answer = solve_tree(
                hessian,
                gradient,
                rows,
                limit,
                np.minimum(lower, 0.0),
                np.maximum(upper, 0.0),
                shared=shared,
                price=price,
            )
            away = np.einsum("skxz,sz->skx", gain, answer.z)
            left = room - np.stack([away, -away], 1)
            broken = (left < -1e-6 * size).any(0) & ~taken
            broken[:, 0] = False
            if not broken.any():
                return answer
            taken |= broken

    def _rows(self, gain: Array, room: Array, taken: Any, differ: Array, moved: Array) -> tuple[Array, Array, Array]:
        side, instant, state = np.nonzero(taken)
        sign = np.where(side == 0, 1.0, -1.0)
        rows = gain[:, instant, state] * (sign / self._size_x[state])[:, None]
        limit = room[:, side, instant, state] / self._size_x[state]
        price = (self._price * self._size_x)[state]
        rated = np.flatnonzero(np.tile(np.isfinite(self._rate), self.horizon))
        if len(rated):
            most = np.tile(self._rate / self._size_u, self.horizon)[rated]
            both = np.concatenate([differ[rated], -differ[rated]])
            rows = np.concatenate([rows, np.broadcast_to(both, (len(rows), *both.shape))], 1)
            limit = np.concatenate([limit, most - moved[:, rated], most + moved[:, rated]], 1)
            price = np.concatenate([price, np.full(2 * len(rated), np.inf)])
        return np.ascontiguousarray(rows), limit, price

    def _differences(self, u: Array, before: Array) -> tuple[Array, Array]:
        """Moves as a matrix on scaled inputs, (z, z), and the moves of the guess, (scenarios, z)."""
        count, n, m = u.shape
        matrix = np.eye(n * m) - np.eye(n * m, k=-m)
        moved = np.diff(np.concatenate([np.broadcast_to(before, (count, 1, m)), u], 1), axis=1) / self._size_u
        return matrix, moved.reshape(count, -1)

    def _reach(self, before: Array) -> Array:
        """Lowest and highest input at each instant, (horizon, 2, inputs): an input outside comes back step by step."""
        far = np.arange(1, self.horizon + 1)[:, None] * self._rate
        return np.stack([np.minimum(self._low, before + far), np.maximum(self._high, before - far)], 1)

    def _moved(self, trace: _Trace, change_x: Array, change_u: Array, add: Array) -> _Trace:
        """The guess after the change; half as far where the model strays too much from what was expected."""
        was, share = float(np.abs(trace.gaps / self._size_x).max()), 1.0
        while True:
            tried = _Trace(trace.x + share * change_x, trace.u + share * change_u)
            try:
                self._evaluate(tried, add)
                now = float(np.abs(tried.gaps / self._size_x).max())
            except InputError:
                now = np.inf
            if now <= max(0.5, 2.0 * was):
                return tried
            if share < 0.05:
                hint = "shorten the sample, or check the state"
                raise InputError("the model of the unit cannot be followed from here", hint=hint)
            share *= 0.5

    def _cost(self, trace: _Trace, before: Array) -> float:
        error = ((trace.x - self._target) ** 2 * self._weight).sum((1, 2))
        _, moved = self._differences(trace.u, before)
        return float((error + (moved**2 * np.tile(self._moves, self.horizon)).sum(1)).mean())

    def _exceeded(self, x: Array) -> dict[str, float]:
        over = np.maximum(x[:, 1:] - self._x_high, self._x_low - x[:, 1:]).max((0, 1))
        return {
            name: float(own)
            for name, own, size in zip(self.states, over, self._size_x, strict=True)
            if own > 1e-4 * size
        }


def _vector(names: Sequence[str], given: Mapping[str, float], what: str) -> Array:
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"a {what} is missing", came=", ".join(given), expected=", ".join(names), where=missing[0])
    found = np.array([given[name] for name in names], np.float64)
    if not bool(np.isfinite(found).all()):
        raise InputError(f"a {what} is not a finite number", came=str(dict(given)))
    return found


def _known(names: Mapping[str, Any], known: Sequence[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError("the unit has no such state or input", came=", ".join(unknown), expected=", ".join(known))
