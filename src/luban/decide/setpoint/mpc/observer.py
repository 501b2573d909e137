"""State and load of a unit from what is measured: what brings a unit to its target in spite of a wrong model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.mpc.model import Array, Unit

__all__ = ["Observer"]


class Observer:
    """A Kalman filter on the unit's state and on a load that the model does not know, one a measured state.

    The load adds to its state each sample and wanders slowly; a controller that is told of it (`bias`) has no offset at
    rest, whatever constant is wrong in the model (Muske and Badgwell 2002, doi 10.1016/S0959-1524(01)00051-8). The
    filter is linearised about the present state at each sample.

    measured  state → standard deviation of its measurement
    noise     state → standard deviation of what disturbs it in a sample; not listed: 1 % of its size
    wander    change of a load in a sample, standard deviation as a share of the state's size [1]
    Raises    InputError
    """

    def __init__(
        self, unit: Unit, start: Mapping[str, float], measured: Mapping[str, float], *,
        noise: Mapping[str, float] | None = None, wander: float = 1e-3,
    ) -> None:  # fmt: skip
        self.unit, self.names = unit, list(unit.states)
        unknown = [name for name in measured if name not in self.names]
        if unknown or not measured:
            raise InputError("nothing of the unit is measured", came=", ".join(unknown), expected=", ".join(self.names))
        if any(own <= 0 for own in measured.values()):
            raise InputError("a measurement without any error", came=str(dict(measured)), expected="above 0")
        self.measured = list(measured)
        n, q = len(self.names), len(measured)
        size = np.array([*unit.states.values()])
        at = [self.names.index(name) for name in self.measured]
        self._sees = np.zeros((q, n + q))
        self._sees[np.arange(q), at] = 1.0
        self._into = np.zeros((n, q))
        self._into[at, np.arange(q)] = 1.0
        spread = np.array([(noise or {}).get(name, 0.01 * own) for name, own in zip(self.names, size, strict=True)])
        self._wander = np.diag(np.concatenate([spread, wander * size[at]]) ** 2)
        self._error = np.diag(np.array([*measured.values()]) ** 2)
        self._mean = np.concatenate([np.array([start[name] for name in self.names], np.float64), np.zeros(q)])
        self._spread = np.diag(np.concatenate([0.01 * size, 0.01 * size[at]]) ** 2)

    @property
    def state(self) -> dict[str, float]:
        """Where the unit most likely is [units of its states]."""
        return dict(zip(self.names, self._mean.tolist(), strict=False))

    @property
    def bias(self) -> dict[str, float]:
        """State → what adds to it each sample beyond the model [its unit]."""
        return dict(zip(self.measured, self._mean[len(self.names) :].tolist(), strict=True))

    def see(self, values: Mapping[str, float], inputs: Mapping[str, float] | None = None) -> None:
        """A sample later: what is measured now, under the inputs that were held since the last time (None: first look).

        A value that is missing or not finite is left out: the filter goes on by the model.
        """
        if inputs is not None:
            self._predict(np.array([inputs[name] for name in self.unit.inputs], np.float64))
        known = [k for k, name in enumerate(self.measured) if np.isfinite(values.get(name, np.nan))]
        if not known:
            return
        sees = self._sees[known]
        error = sees @ self._spread @ sees.T + self._error[np.ix_(known, known)]
        gain = np.linalg.solve(error, sees @ self._spread).T
        came = np.array([values[self.measured[k]] for k in known])
        self._mean = self._mean + gain @ (came - sees @ self._mean)
        self._spread = (np.eye(len(self._mean)) - gain @ sees) @ self._spread
        self._spread = 0.5 * (self._spread + self._spread.T)

    def _predict(self, inputs: Array) -> None:
        n = len(self.names)
        p = np.ones((len(self.unit.parameters), 1))
        ahead, a, _ = self.unit.linear(self._mean[:n, None], inputs[:, None], p)
        whole = np.eye(len(self._mean))
        whole[:n, :n] = a[0]
        whole[:n, n:] = self._into
        self._mean = np.concatenate([ahead[:, 0] + self._into @ self._mean[n:], self._mean[n:]])
        self._spread = whole @ self._spread @ whole.T + self._wander
