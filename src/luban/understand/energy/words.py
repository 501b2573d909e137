"""Sentences of the energy books."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES = (
    "{meter} runs backwards: {before} and then {after} {unit}",
    "{meter} goes from {before} to {after} {unit}: a replacement that is not on record?",
    "{meter} leaps from {before} to {after} {unit}",
    "{meter} says {after} {unit} where {likely} would fit: {factor} times off, another unit?",
    "{meter} says {after} {unit} in the interval: {factor} times off, another unit?",
    "{meter} says {after} {unit} in the interval, more than it can",
    "{meter} says {after} {unit} in the interval, less than nothing",
    "{meter} reads {unit}, which is not {expected}",
    "{meter} reads {came}, which is not {expected}",
    "{meter}: a reading of bad quality",
    "{meter}: an interval over another one",
    "{meter}: an interval that has no beginning",
    "{meter}: an interval that ends before it begins",
    "{meter}: a register and an interval, or neither",
    "{meter}: nothing read for {hours} h",
    "{meter}: two readings at one moment, {before} and {after} {unit}",
    "{meter}: replaced at {last} {unit}, which does not fit {before} and {after}",
    "{meter}: the tariff has no price for part of {month}",
    "{medium}: no factor for {region} in {year} or before",
    "{medium}: {unit} does not convert to {per}, and its heat is not stated",
    "electricity",
    "natural gas",
    "steam",
    "compressed air",
    "water",
    "Example of a Chinese industrial tariff",
    "Example of a flat Chinese tariff",
)
