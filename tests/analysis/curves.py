"""Made curves whose course is known, as runs, for the tests of verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from convlens.reader import read_bytes
from convlens.run import Run
from tests.writing import made_log, yolo_log


def course(
    epochs: int,
    drops: dict[int, float] | None = None,
    *,
    falls: float = 3.0,
    ends: float = 2.0,
    power: float = 0.5,
    noise: float = 0.003,
    seed: int = 0,
) -> list[float]:
    """A loss that falls as a power law from `falls` + `ends`, and by a part of itself at some epochs.

    Behind a drop it is flat but for noise, which is a part of the level.
    """
    draw = np.random.default_rng(seed)
    level = np.array([ends + falls * (1 + e) ** -power for e in range(epochs)])
    for epoch, part in sorted((drops or {}).items()):
        level[epoch:] = level[epoch - 1] * (1 - part)
    return [float(v) for v in level * (1 + noise * draw.standard_normal(epochs))]


def run_of(
    losses: Sequence[float],
    maps: Sequence[float | None] = (),
    rates: dict[int, float] | None = None,
    **arguments: object,
) -> Run:
    """An SSD run with these summed losses, seven tenths of each in CrossEntropy, and mAPs [%]."""
    text = made_log([(0.7 * v, 0.3 * v) for v in losses], list(maps), rates=rates, **arguments)
    return read_bytes(text.encode(), "-", "made")


def yolo_of(losses: Sequence[float], maps: Sequence[float | None] = (), **arguments: object) -> Run:
    """A YOLOv3 run whose four losses have these means an epoch; printed are the means since the start."""
    return read_bytes(yolo_log(losses, maps, **arguments).encode(), "-", "made")


def jumping(epochs: int, mean: float, by: float, seed: int = 0) -> list[float]:
    """Values about a mean, with independent normal noise."""
    return [float(v) for v in mean + by * np.random.default_rng(seed).standard_normal(epochs)]


STEPS = {"epochs": 100, "lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": "60"}
NAN = math.nan
