"""Imitation near objects, in the manner of FGFI (Wang et al., 2019, arXiv 1906.03609)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from convlens.distill._mxnet import mx
from convlens.distill.config import check_range
from convlens.distill.data.dataset import Floats32
from convlens.distill.data.targets import AnchorTargets
from convlens.distill.methods.base import Adapters, Method, Seen, Term
from convlens.distill.networks import Output


@dataclass(frozen=True)
class FeaturesSettings(Term):
    """A place is near an object if an anchor there has `near` times the object's best overlap or more."""

    near: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("near", self.near, 0, 1)


class Features(Method):
    """Half the squared difference of the maps at places near objects, a place and channel."""

    settings_type: ClassVar[type[Term]] = FeaturesSettings
    columns: ClassVar[tuple[str, ...]] = ("Features_loss",)
    settings: FeaturesSettings

    def prepare(self, student: Output, teacher: Output, devices: Sequence[Any], seed: int) -> None:
        """Make the adapters, and know the anchors of each map."""
        mx.random.seed(seed)
        self.blocks["adapters"] = Adapters(student, teacher, devices)
        places = [m.shape[2] * m.shape[3] for m in student.maps]
        anchors = student.anchors.asnumpy()[0]
        an_anchor = len(anchors) // sum(places)
        depths = [an_anchor] * len(places)
        if an_anchor * sum(places) != len(anchors):  # GluonCV's SSDs have 4 or 6 at a place
            depths = _depths(places, len(anchors))
        ends = np.cumsum([p * d for p, d in zip(places, depths, strict=True)])
        self.targets = [AnchorTargets(part) for part in np.split(anchors, ends[:-1])]
        self.shapes = [m.shape[2:] for m in student.maps]

    def losses(self, seen: Seen) -> Mapping[str, Any]:
        """One term, the mean over the maps."""
        nd = mx.nd
        own = self.blocks["adapters"].fit(seen.student.maps)
        parts = []
        for number, (student, teacher) in enumerate(zip(own, seen.teacher.maps, strict=True)):
            mask = np.stack([self.near(number, boxes) for boxes in seen.boxes])
            near = nd.array(mask[:, None], ctx=student.context)
            apart = nd.broadcast_mul((student - teacher) ** 2, near)
            parts.append(nd.sum(apart) / (2 * max(1.0, float(mask.sum())) * student.shape[1]))
        return {"Features_loss": nd.add_n(*parts) / len(parts)}

    def near(self, number: int, boxes: Floats32) -> Floats32:
        """1 at the places of a map that are near one of k objects (k, 4), else 0: (h, w)."""
        shape = self.shapes[number]
        if not len(boxes):
            return np.zeros(shape, dtype=np.float32)
        overlap = self.targets[number].overlaps(boxes)
        best = overlap.max(axis=0)
        near = ((overlap >= self.settings.near * best) & (best > 0)).any(axis=1)
        mask: Floats32 = near.reshape(*shape, -1).any(axis=-1).astype(np.float32)
        return mask


def _depths(places: Sequence[int], anchors: int) -> list[int]:
    """Anchors a place on each map, where the first and the last have 4 and the others 6, or alike."""
    for last in range(1, len(places)):
        depths = [4, *[6] * (len(places) - 1 - last), *[4] * last]
        if sum(p * d for p, d in zip(places, depths, strict=True)) == anchors:
            return depths
    raise ValueError(f"{anchors} anchors do not fit maps of {places} places")
