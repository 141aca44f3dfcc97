"""PKD (Cao et al., 2022, arXiv 2207.02039): Pearson's correlation of the maps, whatever their scale."""

from __future__ import annotations

from typing import Any, ClassVar

from convlens.distill._mxnet import mx
from convlens.distill.methods.base import MapMethod

_EPS = 1e-6


class Pkd(MapMethod):
    """Each channel standardised over batch and space; half the mean squared difference, which is 1 - r."""

    columns: ClassVar[tuple[str, ...]] = ("PKD_loss",)

    def distance(self, student: Any, teacher: Any) -> Any:
        """Between 0 and 2."""
        return mx.nd.mean((_standard(student) - _standard(teacher)) ** 2) / 2


def _standard(values: Any) -> Any:
    nd = mx.nd
    centred = nd.broadcast_sub(values, nd.mean(values, axis=(0, 2, 3), keepdims=True))
    deviation = nd.sqrt(nd.mean(centred**2, axis=(0, 2, 3), keepdims=True) + _EPS)
    return nd.broadcast_div(centred, deviation)
