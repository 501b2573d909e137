"""Frequencies at which damage of a rolling bearing strikes, from its geometry.

Source  kinematics of a bearing that rolls without slip, outer ring at rest: ISO 15243 and ISO 13373-3, annex D; real
        ones slip by 1 to 2 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from luban.core.errors import InputError

__all__ = ["Bearing"]


@dataclass(frozen=True, slots=True)
class Bearing:
    """Geometry of a rolling bearing.

    balls           balls or rollers [1], 3 or more
    ball_diameter   [mm], below the pitch diameter
    pitch_diameter  of the circle of their centres [mm]
    contact_angle   [degrees], 0 to below 90
    Raises          InputError
    Example         Bearing(9, 7.94, 39.04).multiples()["outer race"]  # 3.585 strikes a turn, type 6205
    """

    balls: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle: float = 0.0

    def __post_init__(self) -> None:
        for wrong, came, expected in (
            (self.balls < 3, f"{self.balls} balls", "3 or more"),
            (not 0 < self.ball_diameter < self.pitch_diameter < math.inf,
             f"ball {self.ball_diameter:g} mm, pitch {self.pitch_diameter:g} mm", "a ball smaller than the pitch"),
            (not 0 <= self.contact_angle < 90, f"{self.contact_angle:g} degrees", "0 to below 90 degrees"),
        ):  # fmt: skip
            if wrong:
                raise InputError("no bearing looks like that", came=came, expected=expected)

    def multiples(self) -> Mapping[str, float]:
        """Strikes per turn of the shaft [1]: cage (FTF), outer race (BPFO), inner race (BPFI), ball (2 BSF).

        A damaged ball strikes both races in each of its own turns, hence twice its spin; `ball spin` is BSF itself.
        """
        ratio = self.ball_diameter / self.pitch_diameter * math.cos(math.radians(self.contact_angle))
        spin = (1 - ratio**2) * self.pitch_diameter / self.ball_diameter / 2
        return {
            "cage": (1 - ratio) / 2,
            "outer race": self.balls * (1 - ratio) / 2,
            "inner race": self.balls * (1 + ratio) / 2,
            "ball spin": spin,
            "ball": 2 * spin,
        }

    def frequencies(self, speed: float) -> Mapping[str, float]:
        """The same in [Hz].

        speed    of the inner ring against the outer one [turns per minute], above 0
        Raises   InputError
        """
        if not 0 < speed < math.inf:
            raise InputError("the shaft does not turn", came=f"{speed:g} turns per minute", expected="above 0")
        return {name: times * speed / 60 for name, times in self.multiples().items()}
