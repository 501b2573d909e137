"""The compiled parts of control charts."""

from luban.understand.quality.spc.kernel.groups import group_ranges, group_sigmas, moving_ranges
from luban.understand.quality.spc.kernel.patterns import find_patterns

__all__ = ["find_patterns", "group_ranges", "group_sigmas", "moving_ranges"]
