"""Epochs made of lines: which of them were finished, and how long they took."""

from __future__ import annotations

import numpy as np

from convlens.formats.base import Table
from convlens.meters import Floats, Ints


def closed_epochs(line: Ints, epoch: Ints, done: Ints, of: Ints, seconds: Floats) -> Table:
    """A closing record for each epoch that was finished, behind its last line, with the seconds it took.

    n lines: the iterations `done` of their `epoch` and `of` how many (-1 where no line says so), and the
    `seconds` of one iteration. What is left over at an epoch's end is not printed: an epoch is finished where
    less than an interval is left, or where no line tells, where it got as far as each one before.
    """
    count = len(line)
    begins = np.concatenate(
        [np.ones(min(count, 1), dtype=np.bool_), (np.diff(epoch) != 0) | (np.diff(done) <= 0)]
    )
    first = np.flatnonzero(begins)
    last = np.append(first[1:], count)[: len(first)] - 1
    before = np.concatenate([np.zeros(min(count, 1), dtype=np.int64), done[:-1]])
    steps = done - np.where(begins, 0, before)
    interval = np.maximum.reduceat(steps, first) if count else steps
    farthest = np.maximum.accumulate(done[last])
    as_far = (np.arange(len(last)) > 0) & (done[last] >= farthest)
    finished = np.where(of[last] > 0, done[last] + interval > of[last], as_far)
    took = np.add.reduceat(steps * seconds, first) if count else seconds
    left = np.where(of[last] > 0, of[last] - done[last], 0)
    took = took + np.maximum(left, 0) * seconds[last]
    values = took[finished, None]
    at = last[finished]
    return Table(
        epoch[at],
        np.full(len(at), -1, dtype=np.int64),
        line[at],
        ("seconds",),
        values,
        (3,),
        np.isfinite(values),
    )


def at_trained(line: Ints, claimed: Ints, train_line: Ints, train_step: Ints) -> Ints:
    """The step of the axis to which each evaluation belongs, on `line` (n,) of the log.

    What it claims, where training printed that very step; else the last one printed before it, since a run's
    last evaluation counts one iteration more.
    """
    before = np.searchsorted(train_line, line, side="right") - 1
    known = np.isin(claimed, train_step) | (before < 0)
    return np.where(known, claimed, train_step[np.maximum(before, 0)] if len(train_step) else claimed)


def epochs_before(line: Ints, train_line: Ints, epoch: Ints) -> Ints:
    """The epoch of the last training line before each `line` (n,), -1 where there is none."""
    before = np.searchsorted(train_line, line) - 1
    return np.where(before >= 0, epoch[np.maximum(before, 0)], -1) if len(epoch) else np.full(len(line), -1)
