"""Sparkplug B 3.0: births, deaths, aliases and sequences of edge nodes, read as a host application.

Reads no record. Writes signal, state, count and event facts through its collector.
"""

from luban.connect.sparkplug.driver import SparkplugDriver
from luban.connect.sparkplug.settings import SparkplugSettings

__all__ = ["SparkplugDriver", "SparkplugSettings"]
