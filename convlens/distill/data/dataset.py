"""What a set of images is to the runner."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8] | NDArray[np.float32]
Floats32 = NDArray[np.float32]


class Sample(NamedTuple):
    """One image (h, w, 3) in RGB, 0 to 255, with k objects.

    `boxes` (k, 4) are left, top, right, bottom [pixels], `labels` (k,) the classes from 0 on, `difficult`
    (k,) whether VOC leaves an object out of the score.
    """

    image: Image
    boxes: Floats32
    labels: Floats32
    difficult: Floats32


class BrokenSampleError(Exception):
    """An image or annotation that cannot be read; the text names it."""


class Dataset(Protocol):
    """A sequence of samples; reading one may raise BrokenSampleError."""

    classes: tuple[str, ...]

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...
