"""Which part of its fall a curve has done at a moment behind the first drop of the learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convlens.analysis.forecast.timeline import Timeline
from convlens.meters import Floats

# Positions behind the first drop: 0 to 1 until the second, 1 to 2 from there to the end.
GRID = np.array([0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.05, 1.1, 1.2, 1.5, 2.0])
_SECOND, _LATE, _END = 8, 12, 13  # places in GRID: the second drop, half way from it to the end, the end


@dataclass(frozen=True, eq=False)
class Profile:
    """The part done at the positions of GRID, and how far runs stray from that."""

    shares: Floats
    spread: Floats

    def at(self, time: Timeline, done: float, end: float) -> tuple[float, float]:
        """The part done after so many epochs of a run of `end` epochs, and its spread.

        A run with one drop has all of its fall behind that; further drops share what the second one brings.
        Behind its end a run goes on falling with the logarithm of time.
        """
        passed = time.passed(done)
        if not passed:
            return 0.0, 0.0
        borders = [*(d for d in time.drops if d < end), end]
        begin, behind = borders[passed - 1], borders[passed]
        inside = (done - begin) / (behind - begin)
        at, beyond = min(inside, 1.0), max(inside, 1.0)
        second = float(self.shares[_SECOND])
        early = float(np.interp(at, GRID, self.shares))
        if len(borders) == 2:
            part = early / second
        elif passed == 1:
            part = early
        else:
            later = (float(np.interp(1 + at, GRID, self.shares)) - second) / (1 - second)
            part = second + (1 - second) * (passed - 2 + later) / (len(borders) - 2)
        slow = float(self.shares[_END] - self.shares[_LATE]) / math.log(2)
        return part + slow * math.log(beyond), float(np.interp(min(passed, 2) - 1 + at, GRID, self.spread))


def position(time: Timeline, done: float, end: float) -> float:
    """Where a moment lies on GRID in a run with two drops."""
    first, second = time.drops
    return (done - first) / (second - first) if done <= second else 1 + (done - second) / (end - second)
