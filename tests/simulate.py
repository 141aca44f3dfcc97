"""Simulated trainings: every batch is known, and the log prints what the meters of a script would."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

INTERVAL = 100  # batches between two lines
REST = 32  # batches behind an epoch's last line

YOLO = ("ObjLoss", "BoxCenterLoss", "BoxScaleLoss", "ClassLoss")
SSD = ("CrossEntropy", "SmoothL1")


@dataclass
class Simulated:
    """The lines of a log, and each epoch's true mean of each column."""

    lines: list[str] = field(default_factory=list)
    truth: dict[int, dict[str, float]] = field(default_factory=dict)


def simulate(
    names: Sequence[str],
    levels: Sequence[float],
    reset: Collection[int],
    *,
    lines: int = 5,
    first: int = 0,
    noise: float = 0.03,
    seed: int = 0,
    closing: bool = True,
) -> Simulated:
    """One process: an epoch for each level, meters reset before the epochs `reset`.

    Each column has a scale of its own. With `closing` a closing line prints all columns.
    """
    draw = random.Random(seed)
    made = Simulated()
    total, count = dict.fromkeys(names, 0.0), 0
    for epoch, level in enumerate(levels, first):
        if epoch in reset:
            total, count = dict.fromkeys(names, 0.0), 0
        own = dict.fromkeys(names, 0.0)
        for window in range(lines + 1):
            batches = INTERVAL if window < lines else REST
            for k, name in enumerate(names):
                drawn = batches * level / (k + 1) * (1 + noise * draw.gauss(0, 1))
                own[name] += drawn
                total[name] += drawn
            count += batches
            pairs = ", ".join(f"{name}={total[name] / count:.3f}" for name in names)
            if window < lines:
                step = INTERVAL * (window + 1) - 1
                made.lines.append(f"[Epoch {epoch}][Batch {step}], Speed: 100.000 samples/sec, {pairs}")
            elif closing:
                made.lines.append(f"[Epoch {epoch}] Training cost: 60.000, {pairs}")
        made.truth[epoch] = {name: own[name] / (lines * INTERVAL + REST) for name in names}
    return made


def falling(epochs: int, drop: int | None = None, start: float = 20.0) -> list[float]:
    """Levels that fall as a power law, and by a fifth more from epoch `drop` on."""
    levels = [start * (0.4 + 0.6 / (1 + epoch) ** 0.5) for epoch in range(epochs)]
    return [
        level * (0.8 if drop is not None and epoch >= drop else 1.0) for epoch, level in enumerate(levels)
    ]
