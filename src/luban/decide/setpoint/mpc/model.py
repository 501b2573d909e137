"""Models of process units: from state and inputs to the state one sample later, with sensitivities, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["Array", "LinearUnit", "RatesUnit", "Unit"]

Array: TypeAlias = NDArray[np.float64]

_REACH = 1e-6  # step of a difference quotient, as a share of the variable's size
_MOST_STEPS = 256


class Unit(Protocol):
    """A process unit as a controller sees it.

    states, inputs  name → size of a usual change, in the unit of the thing; both scale the numbers
    parameters      names of what may be uncertain
    """

    @property
    def states(self) -> Mapping[str, float]: ...  # noqa: D102 - above

    @property
    def inputs(self) -> Mapping[str, float]: ...  # noqa: D102

    @property
    def parameters(self) -> Sequence[str]: ...  # noqa: D102

    def ahead(self, x: Array, u: Array, p: Array) -> Array:
        """State one sample later; x of shape (states, k), u (inputs, k), p (parameters, k)."""
        ...

    def linear(self, x: Array, u: Array, p: Array) -> tuple[Array, Array, Array]:
        """The same with its sensitivities: (states, k), (k, states, states) and (k, states, inputs)."""
        ...


@dataclass
class RatesUnit:
    """A unit given by its rates dx/dt = f(x, u, p), inputs held over a sample; Runge-Kutta of order 4.

    rates     f(x, u, p) on arrays of shape (states, k), (inputs, k), (parameters, k); the time unit is that of `sample`
    states, inputs  name → size of a usual change
    sample    time between two decisions, in the time unit of the rates
    steps     of the integrator in a sample; `settle` doubles it until it is exact enough
    Raises    InputError
    """

    rates: Callable[[Array, Array, Array], Array]
    states: Mapping[str, float]
    inputs: Mapping[str, float]
    sample: float
    parameters: Sequence[str] = ()
    steps: int = 1
    _sizes: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.sample <= 0 or self.steps < 1:
            raise InputError("a sample takes time", came=f"{self.sample}, {self.steps} steps", expected="above 0")
        self._sizes = np.array([*self.states.values(), *self.inputs.values()])
        if not bool((self._sizes > 0).all()):
            raise InputError("the size of a state or an input is not above 0", came=str(self._sizes.tolist()))

    def ahead(self, x: Array, u: Array, p: Array) -> Array:
        """State one sample later, shape (states, k)."""
        return self._run(x, u, p, self.steps)

    def settle(self, x: Array, u: Array, p: Array, tolerance: float = 1e-6) -> int:
        """Doubles the integrator's steps until twice as many change nothing beyond the tolerance; returns them.

        tolerance  share of a state's size [1]
        Raises     InputError where 256 steps are too few: the unit is too stiff for this sample
        """
        with np.errstate(all="ignore"):
            while True:
                once, twice = self._run(x, u, p, self.steps), self._run(x, u, p, 2 * self.steps)
                off = np.abs(once - twice) / self._sizes[: len(x), None]
                if bool(np.isfinite(off).all()) and float(off.max()) < tolerance:
                    return self.steps
                if self.steps >= _MOST_STEPS:
                    raise InputError(
                        "the unit is too stiff for this sample",
                    came=f"{self.steps} steps change a state by {off.max():.2g} of its size",
                        hint="take fast states as settled, or a shorter sample",
                    )  # fmt: skip
                self.steps *= 2

    def linear(self, x: Array, u: Array, p: Array) -> tuple[Array, Array, Array]:
        """State one sample later and its sensitivities by forward differences."""
        n, k = x.shape
        reach = _REACH * self._sizes
        wide = len(reach) + 1
        xs, us = np.repeat(x[:, None, :], wide, 1), np.repeat(u[:, None, :], wide, 1)
        for i in range(n):
            xs[i, i + 1] += reach[i]
        for j in range(len(u)):
            us[j, n + j + 1] += reach[n + j]
        ps = np.repeat(p[:, None, :], wide, 1).reshape(len(p), -1)
        y = self._run(xs.reshape(n, -1), us.reshape(len(u), -1), ps, self.steps).reshape(n, wide, k)
        change = (y[:, 1:] - y[:, :1]) / reach[:, None]
        turned = np.ascontiguousarray(np.moveaxis(change, 2, 0))
        return y[:, 0], turned[:, :, :n], turned[:, :, n:]

    def _run(self, x: Array, u: Array, p: Array, steps: int) -> Array:
        h = self.sample / steps
        f = self.rates
        for _ in range(steps):
            a = f(x, u, p)
            b = f(x + 0.5 * h * a, u, p)
            c = f(x + 0.5 * h * b, u, p)
            d = f(x + h * c, u, p)
            x = x + (h / 6.0) * (a + 2.0 * (b + c) + d)
        return x


@dataclass(frozen=True)
class LinearUnit:
    """A linear unit x⁺ = A x + B u + e, all in deviations or all in plain units.

    a, b      shape (states, states) and (states, inputs)
    states, inputs  name → size of a usual change
    e         constant part, shape (states,); None: 0
    Raises    InputError
    """

    a: Array
    b: Array
    states: Mapping[str, float]
    inputs: Mapping[str, float]
    e: Array | None = None
    parameters: Sequence[str] = ()

    def __post_init__(self) -> None:
        n, m = len(self.states), len(self.inputs)
        if self.a.shape != (n, n) or self.b.shape != (n, m):
            came = f"{self.a.shape}, {self.b.shape}"
            raise InputError("matrices do not fit the names", came=came, expected=f"({n}, {n}), ({n}, {m})")

    def ahead(self, x: Array, u: Array, p: Array) -> Array:  # noqa: ARG002 - a linear unit has no parameters
        """State one sample later, shape (states, k)."""
        found: Array = self.a @ x + self.b @ u
        return found if self.e is None else found + self.e[:, None]

    def linear(self, x: Array, u: Array, p: Array) -> tuple[Array, Array, Array]:
        """State one sample later and A, B once for each column."""
        k = x.shape[1]
        return self.ahead(x, u, p), np.repeat(self.a[None], k, 0), np.repeat(self.b[None], k, 0)
