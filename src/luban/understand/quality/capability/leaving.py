"""Leaving subgroups out of a study, each with its reason: they are listed, not dropped in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded, Sample

__all__ = ["leave_out"]


def leave_out(sample: Sample, out: Mapping[str, str] | Mapping[int, str]) -> Sample:
    """The sample without some subgroups.

    out     label, or index, of a subgroup → why it is left out, e.g. a cause that was found and removed
    Raises  InputError: no such subgroup, a label that several bear, no reason, nothing left
    Example len(leave_out(individuals([1.0, 9.0, 1.2]), {"2": "tool broke"})) == 2
    """
    if not out:
        return sample
    labels = [str(label) for label in sample.labels]
    why = {_place(labels, name): reason for name, reason in out.items()}
    silent = [labels[at] for at, reason in why.items() if not reason.strip()]
    if silent:
        raise InputError("a point is left out without a reason", came=", ".join(silent), hint="point=reason")
    if len(why) == len(labels):
        raise InputError("every point is left out", came=f"{len(labels)} points")
    keep = np.array([at not in why for at in range(len(labels))])
    left = tuple(_excluded(sample, at, labels[at], why[at]) for at in sorted(why))
    starts = np.concatenate(([0], np.cumsum(sample.sizes[keep]))).astype(np.int64)
    return replace(
        sample, values=sample.values[np.repeat(keep, sample.sizes)], starts=starts, time=sample.time[keep],
        labels=tuple(label for at, label in enumerate(labels) if at not in why), excluded=(*sample.excluded, *left),
    )  # fmt: skip


def _place(labels: list[str], name: str | int) -> int:
    if isinstance(name, int):
        if 0 <= name < len(labels):
            return name
        raise InputError("no such point", came=str(name), expected=f"0 to {len(labels) - 1}")
    found = [at for at, label in enumerate(labels) if label == name]
    if len(found) != 1:
        message = "several points have this name" if found else "no such point"
        raise InputError(message, came=name, expected=", ".join(labels[:12]))
    return found[0]


def _excluded(sample: Sample, at: int, label: str, reason: str) -> Excluded:
    size, first = int(sample.sizes[at]), float(sample.values[sample.starts[at]])
    came = f"{size} values" if size > 1 else f"{first:g}"
    return Excluded(f"subgroup {label}", sample.characteristic, came, reason)
