"""What a schedule is made of: phases of the learning rate, its drops, and breaks of the loss without one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from convlens.analysis.schedule.rates import Origin


class Begin(StrEnum):
    """Why a phase begins."""

    START = "start"
    WARM = "end of warm-up"
    DROP = "drop"
    RISE = "rise"
    BREAK = "break"
    CHANGE_POINT = "change point"


@dataclass(frozen=True)
class Phase:
    """A stretch of epochs with one learning rate, or with one smooth law.

    `first` and `last` are epochs as printed, both inside; `rate` is the rate at its beginning and `end_rate`
    that at its end, NaN if unknown.
    """

    first: int
    last: int
    rate: float
    end_rate: float
    begins: Begin
    origin: Origin
    warm_up: bool = False
    axis: str = "epoch"

    def __str__(self) -> str:
        falls = f" to {self.end_rate:g}" if self.end_rate != self.rate else ""
        rate = f", rate {self.rate:g}{falls}" if math.isfinite(self.rate) else ""
        return f"{self.axis}s {self.first}-{self.last} ({self.begins}{rate})"


@dataclass(frozen=True)
class Drop:
    """A fall of the learning rate at the beginning of `epoch`, by `factor` (NaN if unknown)."""

    epoch: float
    factor: float
    origin: Origin


@dataclass(frozen=True)
class Break:
    """A lasting change of the loss at the beginning of `epoch` without a change of the rate.

    `size` is relative to the level before, `cause` what else changes there, empty if nothing is known to.
    """

    epoch: int
    size: float
    cause: str = ""
