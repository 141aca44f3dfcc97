"""What SSD's anchors are to learn: the targets of GluonCV's `SSDTargetGenerator`, in numpy.

An anchor answers for the object that it was given in bipartite matching (best overlap first), else for the
one that it overlaps best if both are each other's best, or by at least one half; the others learn background.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convlens.distill.data.dataset import Floats32

_OVERLAP = 0.5
_STDS = np.array([0.1, 0.1, 0.2, 0.2], dtype=np.float32)
_EPS = np.float32(1e-12)


class Targets(NamedTuple):
    """Targets of n anchors: `classes` (n,), 0 for background and 1 + label; `boxes` (n, 4) encoded."""

    classes: Floats32
    boxes: Floats32


class AnchorTargets:
    """Computes the targets for one set of anchors, given as centres and sides (n, 4) [pixels]."""

    def __init__(self, anchors: Floats32) -> None:
        self.centres, self.sides = anchors[:, :2], anchors[:, 2:]
        half = self.sides / 2
        self.corners = np.concatenate([self.centres - half, self.centres + half], axis=1)
        self.areas = np.prod(self.corners[:, 2:] - self.corners[:, :2], axis=1)

    def overlaps(self, boxes: Floats32) -> Floats32:
        """Intersection over union with k boxes, (n, k)."""
        corners = self.corners[:, None]
        sides = np.minimum(corners[..., 2:], boxes[:, 2:]) - np.maximum(corners[..., :2], boxes[:, :2])
        common = np.maximum(sides[..., 0], 0) * np.maximum(sides[..., 1], 0)
        union = self.areas[:, None] + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - common
        iou: Floats32 = np.where(union > 0, common / np.where(union > 0, union, 1), 0)
        return iou

    def __call__(self, boxes: Floats32, labels: Floats32) -> Targets:
        """The targets for k objects: boxes (k, 4) [pixels] and labels (k,)."""
        classes = np.zeros(len(self.centres), dtype=np.float32)
        encoded = np.zeros((len(self.centres), 4), dtype=np.float32)
        if not len(boxes):
            return Targets(classes, encoded)
        match = _match(self.overlaps(boxes))
        chosen = np.flatnonzero(match >= 0)
        objects = match[chosen]
        classes[chosen] = labels[objects] + 1
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        sides = boxes[:, 2:] - boxes[:, :2]
        moved = (centres[objects] - self.centres[chosen]) / self.sides[chosen]
        scaled = np.log(sides[objects] / self.sides[chosen])
        encoded[chosen] = np.concatenate([moved, scaled], axis=1) / _STDS
        return Targets(classes, encoded)


def _match(overlap: Floats32) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The object of each anchor, -1 for none, from overlaps (n, k)."""
    best = overlap.argmax(axis=1)
    height = overlap.max(axis=1)
    highest = overlap.max(axis=0)
    fits = (height >= _OVERLAP) | (height + _EPS >= highest[best])
    match = np.where(fits, best, -1)
    left = overlap.copy()
    for _ in range(overlap.shape[1]):
        anchor, thing = np.unravel_index(left.argmax(), left.shape)
        if left[anchor, thing] <= _EPS:
            break
        match[anchor] = thing
        left[anchor], left[:, thing] = -1, -1
    return match
