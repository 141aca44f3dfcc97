"""The learning rate, a pure function of the step."""

from __future__ import annotations

import math

from convlens.distill.config import Training

_COSINE_END = 0.01  # of the initial rate


def rate(training: Training, step: int, steps_per_epoch: int) -> float:
    """The learning rate of a step, counted from 0 over the whole run.

    During the warm-up it rises linearly; the first step already moves.
    """
    warm = min(1.0, (step + 1) / training.warmup_steps) if training.warmup_steps else 1.0
    if training.schedule == "cosine":
        part = step / (training.epochs * steps_per_epoch)
        level = _COSINE_END + (1 - _COSINE_END) * (1 + math.cos(math.pi * part)) / 2
    else:
        epoch = step // steps_per_epoch
        level = training.lr_decay ** sum(epoch >= drop for drop in training.lr_decay_epoch)
    return training.lr * warm * level
