"""The curves that a forecast is made of, along the epochs done, and what is measured on them.

A course is a curve that falls towards zero: a loss, or what mAP lacks of 100 points. Their logarithms are
alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convlens.analysis import figures
from convlens.meters import Bools, Floats, Ints, Meter
from convlens.metrics import Role
from convlens.run import Run

MAP, TOTAL = "map", "loss"
_LEVEL, _LEVEL_OF_SCORES = 0.02, 0.06  # of the run: what a level averages over
_AT_MOST = 0.25  # of the epochs done: a level of a run that has only begun
_FEWEST = 3  # values that make a trend or a jitter
_MAD = 1.4826  # standard deviations of normal noise a median absolute deviation
_FEWEST_FOR_SPIKES, _SPIKE = 12, 8.0  # values, and standard deviations of their noise
_ALIKE = 0.8  # the most that neighbours are taken to stray alike


@dataclass(frozen=True, eq=False)
class Course:
    """A curve that falls: m values above zero, known after so many epochs `done` (m,).

    `width` (m,) is the half-width that rounding leaves a value; where the errors of neighbours are
    `opposed` (undone means since the start) those of a mean cancel but for its ends. A level averages over
    `span` epochs.
    """

    name: str
    done: Floats
    value: Floats
    width: Floats
    opposed: bool
    span: float

    def inside(self, begin: float, until: float) -> Ints:
        """The rows that came after more than `begin` epochs and at most `until`."""
        return np.flatnonzero((self.done > begin) & (self.done <= until))

    def recent(self, begin: float, until: float) -> Ints:
        """The rows that make the level after `until` epochs, none from before `begin`; empty without one."""
        rows = self.inside(begin, until)
        span = min(self.span, _AT_MOST * until)
        return rows[self.done[rows] > self.done[rows[-1]] - span] if len(rows) else rows

    def level(self, begin: float, until: float) -> float:
        """The mean of the recent values; NaN without one."""
        rows = self.recent(begin, until)
        return float(self.value[rows].mean()) if len(rows) else math.nan

    def resolution(self, begin: float, until: float) -> float:
        """The half-width that rounding leaves the level."""
        rows = self.recent(begin, until)
        if not len(rows):
            return math.nan
        return float(self.width[rows].mean()) / (len(rows) if self.opposed else 1)

    def slope(self, begin: float, until: float) -> float:
        """By how much the logarithm falls for each unit of log time, over the later half of a stretch.

        It is the power law of training at one rate, where it matters; 0 with fewer than three values.
        """
        rows = self._later(begin, until)
        if len(rows) < _FEWEST:
            return 0.0
        time, log = np.log(self.done[rows] - begin), np.log(self.value[rows])
        time = time - time.mean()
        return float(-(time @ log) / (time @ time))

    def noise(self, begin: float, until: float) -> float:
        """The relative standard deviation of the level about any smooth course."""
        one = _noise(np.log(self.value[self.inside(begin, until)]))
        return one / math.sqrt(max(len(self.recent(begin, until)), 1))

    def chance(self, begin: float, until: float, ahead: float) -> float:
        """The relative standard error that noise alone gives a later level, which is a trend's so far ahead.

        `ahead` is in logarithms of the time since `begin`, 0 where no trend is carried on. The later level is
        one value of a score, else a mean. Neighbours that stray alike tell less than as many others.
        """
        rows, recent = self._later(begin, until), self.recent(begin, until)
        if len(rows) < _FEWEST or not len(recent):
            return 0.0
        time, log = np.log(self.done[rows] - begin), np.log(self.value[rows])
        time, rest = time - time.mean(), log - log.mean()
        rest = rest - (time @ rest) / (time @ time) * time
        one = max(_noise(log), _MAD * float(np.median(np.abs(rest))))
        alike = float(rest[1:] @ rest[:-1] / (rest @ rest)) if rest.any() else 0.0
        alike = min(max(alike, 0.0), _ALIKE)
        fewer = (1 - alike) / (1 + alike)  # of n values so many count in a mean
        later = 1.0 if self.name == MAP else len(recent) * fewer
        return one * math.sqrt(
            1 / (len(recent) * fewer) + 1 / max(later, 1.0) + ahead**2 / (float(time @ time) * fewer)
        )

    def jitter(self, begin: float, until: float) -> float:
        """How far a value strays from its neighbours, over the later half; NaN with fewer than three."""
        rows = self._later(begin, until)
        if len(rows) < _FEWEST:
            return math.nan
        return float(np.std(np.diff(self.value[rows])) / math.sqrt(2))

    def _later(self, begin: float, until: float) -> Ints:
        rows = self.inside(begin, until)
        return rows[min(len(rows) // 2, max(len(rows) - _FEWEST, 0)) :]


def _noise(values: Floats) -> float:
    """The standard deviation of a value about any smooth course, from second differences."""
    second = np.diff(values, 2)
    return _MAD * float(np.median(np.abs(second))) / math.sqrt(6) if len(second) else 0.0


def _calm(values: Floats, sound: Bools) -> Ints:
    """The rows of sound values without spikes: single ones far beyond all four of their neighbours.

    The last two stay, as they may be the first of a new level.
    """
    rows = np.flatnonzero(sound)
    if len(rows) < _FEWEST_FOR_SPIKES:
        return rows
    log = np.log(values[rows])
    around = np.stack([log[:-4], log[1:-3], log[3:-1], log[4:]])
    beyond = np.maximum(log[2:-2] - around.max(axis=0), around.min(axis=0) - log[2:-2])
    spiking = np.zeros(len(rows), dtype=np.bool_)
    spiking[2:-2] = beyond > np.maximum(_SPIKE * _noise(log), np.ptp(around, axis=0))
    return rows[~spiking]


def courses_of(run: Run) -> tuple[Course, ...]:
    """The courses of a run's losses and mAP over its complete epochs.

    A loss whose last value is not a number above zero is left out: it was switched off, or it diverged.
    """
    curve, done = run.arrays, figures.done(run).astype(np.float64)
    epochs = max(run.plan.epochs or 0, figures.epochs_done(run))
    found = []
    for k, column in enumerate(run.columns):
        own = curve.own[:, k]
        sound = curve.complete & np.isfinite(own) & (own > 0)
        counts = column.role is Role.LOSS or column in run.summed
        if counts and sound.any() and done[sound][-1] == figures.epochs_done(run):
            name = TOTAL if column.role is Role.TOTAL else column.measures
            opposed, calm = column.meter is Meter.START, _calm(own, sound)
            width = curve.width[calm, k]
            found.append(Course(name, done[calm], own[calm], width, opposed, _LEVEL * epochs))
    lacking = 100 - curve.score(MAP)
    sound = curve.complete & np.isfinite(lacking) & (lacking > 0)
    if sound.any():
        calm = _calm(lacking, sound)
        width = figures.widths(run, MAP)[calm]
        found.append(Course(MAP, done[calm], lacking[calm], width, False, _LEVEL_OF_SCORES * epochs))
    return tuple(found)


def summed(losses: Sequence[Course]) -> Course:
    """The sum of losses over the epochs that all of them have."""
    shared = losses[0].done
    for course in losses[1:]:
        shared = np.intersect1d(shared, course.done)
    rows = [np.searchsorted(course.done, shared) for course in losses]
    value = np.sum([c.value[r] for c, r in zip(losses, rows, strict=True)], axis=0)
    width = np.sum([c.width[r] for c, r in zip(losses, rows, strict=True)], axis=0)
    return Course(TOTAL, shared, value, width, any(c.opposed for c in losses), losses[0].span)
