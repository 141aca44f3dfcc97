"""Means over an epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Meters:
    """The mean of each figure since the meters were made."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """Take the figures of one step."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """The means, NaN for what never came."""
        return {n: s / c if (c := self.counts[n]) else math.nan for n, s in self.sums.items()}
