"""The compiled parts of control charts."""

from luban.understand.quality.spc.kernel.groups import group_ranges, group_sigmas, moving_ranges
from luban.understand.quality.spc.kernel.patterns import find_patterns
from luban.understand.quality.spc.kernel.vectors import averaged_squares, one_scale, squares

__all__ = [
    "averaged_squares",
    "find_patterns",
    "group_ranges",
    "group_sigmas",
    "moving_ranges",
    "one_scale",
    "squares",
]
