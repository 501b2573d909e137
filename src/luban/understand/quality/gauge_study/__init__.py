"""Gauge studies: how much of what is measured the measuring itself brings.

Reads   readings of a study, from a file or from measurement facts
Writes  nothing: a study is worked out from its readings each time
"""

from luban.understand.quality.gauge_study.bias import Bias, Coefficient, Linearity, bias, linearity
from luban.understand.quality.gauge_study.levels import Level, LevelStudy, gauge_differences, level_study, single_level
from luban.understand.quality.gauge_study.ranges import average_range, range_factor, range_form
from luban.understand.quality.gauge_study.readings import Readings, readings
from luban.understand.quality.gauge_study.repeatability import SOURCES, GaugeStudy, Variation, crossed, nested
from luban.understand.quality.gauge_study.steadiness import GaugeStability, gauge_stability

__all__ = [
    "SOURCES", "Bias", "Coefficient", "GaugeStability", "GaugeStudy", "Level", "LevelStudy", "Linearity", "Readings",
    "Variation", "average_range", "bias", "crossed", "gauge_differences", "gauge_stability", "level_study", "linearity",
    "nested", "range_factor", "range_form", "readings", "single_level",
]  # fmt: skip
