"""Where the curves of two runs part: from which epoch on they differ by more than their own noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convlens.analysis import figures
from convlens.meters import Floats, Ints
from convlens.run import Run

WINDOW = 5  # points whose mean is compared
LONG = 15  # windows; three that do not overlap exceed their errors by chance once in 30,000 times
AT_THE_END = 6  # windows; two that do not overlap do so once in 800 times
FEWEST = 10  # points in common
_NEAR = 20  # steps from one point to the next that tell the noise around a point
_TWO_SIDED_95 = 1.96


@dataclass(frozen=True)
class Parting:
    """Whether and where one quantity of two runs parts.

    `points` is how many both have. `parted` is the number of epochs done at which they first part for long
    (15 windows) or to the end (6), and `to_the_end` the one from which on they stay apart, always on the same
    side. None if there is none, or if there are too few points.
    """

    quantity: str
    points: int
    parted: int | None
    to_the_end: int | None

    @property
    def too_few(self) -> bool:
        """Whether nothing can be said."""
        return self.points < FEWEST

    def __str__(self) -> str:
        if self.too_few:
            return f"too few points in common ({self.points})"
        if self.parted is None:
            return "never"
        then = "" if self.to_the_end == self.parted else f", on this side after {self.to_the_end}"
        epochs = f"after {self.parted} epoch" + "s" * (self.parted > 1)
        return epochs + (then if self.to_the_end else ", together again at the end")


def part(run: Run, reference: Run, quantity: str) -> Parting:
    """Find where a quantity of two runs parts.

    They are apart where the mean of 5 neighbouring differences lies beyond 1.96 of its standard errors, and
    beyond what rounding leaves of it. The noise of a difference is taken from the steps between its
    neighbours (median of their sizes, 1.4826 / sqrt 2 times, of the nearest 20): a trend that both have is
    not in it. It knows nothing of what another seed would have done.
    """
    mine, theirs = _points(run, quantity), _points(reference, quantity)
    shared: Ints = np.intersect1d(mine[0], theirs[0])
    if len(shared) < FEWEST:
        return Parting(quantity, len(shared), None, None)
    (a, wide_a), (b, wide_b) = (_at(shared, points) for points in (mine, theirs))
    difference = a - b
    window = np.ones(WINDOW) / WINDOW
    mean = np.convolve(difference, window, "valid")
    noise = np.convolve(_noise(difference), window, "valid") / np.sqrt(WINDOW)
    rounding = np.convolve(wide_a + wide_b, window, "valid") * (1 + 1e-6)  # two digits may be just that far
    side = np.where(np.abs(mean) > _TWO_SIDED_95 * noise + rounding, np.sign(mean), 0).astype(np.int64)
    changes = np.flatnonzero(np.diff(side)) + 1
    stretches = list(zip([0, *changes.tolist()], [*changes.tolist(), len(side)], strict=True))
    long = [
        (start, end)
        for start, end in stretches
        if side[start] and end - start >= (AT_THE_END if end == len(side) else LONG)
    ]
    parted = _epoch(shared, long[0][0]) if long else None
    to_the_end = _epoch(shared, long[-1][0]) if long and long[-1][1] == len(side) else None
    return Parting(quantity, len(shared), parted, to_the_end)


def _epoch(shared: Ints, window: int) -> int:
    """The last point of a window, which made it cross; of the first window its first."""
    return int(shared[window + WINDOW - 1 if window else 0])


def _points(run: Run, quantity: str) -> tuple[Ints, Floats, Floats]:
    """Epochs done, value, and half-width of rounding in a window's mean, wherever the quantity is known."""
    values, widths = figures.series(run, quantity), figures.widths(run, quantity)
    if figures.averages_the_run(run, quantity):  # neighbours' errors are opposed: of a window's, one is left
        widths = widths / WINDOW
    known = run.arrays.complete & np.isfinite(values)
    return figures.done(run)[known], values[known], widths[known]


def _at(shared: Ints, points: tuple[Ints, Floats, Floats]) -> tuple[Floats, Floats]:
    epochs, values, widths = points
    at = np.searchsorted(epochs, shared)
    return values[at], widths[at]


def _noise(difference: Floats) -> Floats:
    """The standard deviation of each difference (n,), from the steps around it."""
    steps = np.abs(np.diff(difference))
    count = min(_NEAR, len(steps))
    near = np.lib.stride_tricks.sliding_window_view(steps, count)
    middle = np.clip(np.arange(len(difference)) - count // 2, 0, len(near) - 1)
    spread: Floats = np.median(near, axis=1)[middle] * 1.4826 / np.sqrt(2)
    return spread
