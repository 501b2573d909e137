"""Measured values that a person brings in a file: CSV, Excel, Parquet, in any sane shape.

Reads   the file
Writes  nothing; what could not be used is listed with its place and reason, never dropped in silence
"""

from luban.understand.quality.read.columns import Columns, Numbers, Usable, read_columns
from luban.understand.quality.read.counts import read_counts
from luban.understand.quality.read.sample import Order, read_sample

__all__ = ["Columns", "Numbers", "Order", "Usable", "read_columns", "read_counts", "read_sample"]
