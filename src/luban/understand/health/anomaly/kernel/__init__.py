"""The compiled part of watching one signal."""

from luban.understand.health.anomaly.kernel.memory import Memory, new_memory
from luban.understand.health.anomaly.kernel.watch import watch

__all__ = ["Memory", "new_memory", "watch"]
