"""A third party's bundle: one file from which an outsider recomputes a review byte for byte.

Reads   inputs of a review, or a bundle
Writes  a bundle
"""

from luban.rollup.bundle.make import LEVELS, Compared, Made, protected_inputs, recompute, tell, write_bundle
from luban.rollup.bundle.pack import pack, unpack

__all__ = [
    "LEVELS",
    "Compared",
    "Made",
    "pack",
    "protected_inputs",
    "recompute",
    "tell",
    "unpack",
    "write_bundle",
]
