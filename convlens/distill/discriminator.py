"""The critic of one feature map: is it the teacher's or the student's?"""

from __future__ import annotations

from typing import Any

from convlens.distill._mxnet import mx

_SMALLEST = 2  # pixels a side, where the down-sampling ends
_SLOPE = 0.2


class Critic(mx.gluon.nn.HybridSequential):
    """Convolutions of stride 2 down to about 2 x 2, then one with a single channel (Hong Wei, 2019)."""

    def __init__(self, side: int, channels: int) -> None:
        super().__init__()
        nn: Any = mx.gluon.nn
        while side > _SMALLEST:
            self.add(nn.Conv2D(channels, 3, 2, 1), nn.LeakyReLU(_SLOPE))
            side = (side + 1) // 2
        if not len(self):
            self.add(nn.Conv2D(channels, 1), nn.LeakyReLU(_SLOPE))
        self.add(nn.Conv2D(1, 1))
