"""Curves with fewer points that look the same: of each narrow strip the lowest and the highest stay."""

from __future__ import annotations

import numpy as np

from convlens.meters import Floats


def thinned(x: Floats, y: Floats, strips: int) -> tuple[Floats, Floats]:
    """At most about two points a strip of x and the two ends, in order; short curves stay as they are.

    `x` ascends and `y` is finite, both (n,).
    """
    if len(x) <= 2 * strips + 2:
        return x, y
    strip = np.minimum(((x - x[0]) / ((x[-1] - x[0]) or 1.0) * strips).astype(np.int64), strips - 1)
    begins = np.flatnonzero(np.diff(strip, prepend=-1))
    kept = {0, len(x) - 1}
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(x)], strict=True):
        kept.add(begin + int(np.argmin(y[begin:end])))
        kept.add(begin + int(np.argmax(y[begin:end])))
    rows = np.array(sorted(kept))
    return x[rows], y[rows]
