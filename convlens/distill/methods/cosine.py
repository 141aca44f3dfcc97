"""Cosine attention (Hong Wei, 2019): the angle between the maps, where the teacher's are long."""

from __future__ import annotations

from typing import Any, ClassVar

from convlens.distill._mxnet import mx
from convlens.distill.methods.base import MapMethod

_EPS = 1e-6


class Cosine(MapMethod):
    """1 - cos of the channel vectors at each place, weighted by the length of the teacher's."""

    columns: ClassVar[tuple[str, ...]] = ("cosine_length_loss_metric",)

    def distance(self, student: Any, teacher: Any) -> Any:
        """Between 0 and 2; weights are each image's own."""
        nd = mx.nd
        length = nd.sqrt(nd.sum(teacher**2, axis=1) + _EPS)
        own = nd.sqrt(nd.sum(student**2, axis=1) + _EPS)
        apart = 1 - nd.sum(student * teacher, axis=1) / (own * length)
        weight = nd.broadcast_div(length, nd.sum(length, axis=(1, 2), keepdims=True))
        return nd.sum(apart * weight) / apart.shape[0]
