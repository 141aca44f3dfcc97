"""The points of one curve of a run, phase by phase, with what rounding leaves open of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convlens.analysis.schedule.schedule import Schedule
from convlens.meters import Bools, Floats, Ints, Meter
from convlens.run import Run

_ENOUGH = 40  # points that a horizon is thinned to: more tell nothing more and cost their cube


@dataclass(frozen=True, eq=False)
class Points:
    """What was measured of one curve at n complete epochs, without those at which it is not finite.

    `time` is counted in rows of the curve (epochs, as a rule) since the phase began, `phase` numbers the
    phases of the schedule. Rounding leaves each value with the variance `variance` (n,), and each with the
    covariance `beside` (n - 1,) to the next: neighbours of undone means have opposed errors.
    """

    epoch: Ints
    time: Floats
    value: Floats
    phase: Ints
    variance: Floats
    beside: Floats

    def __len__(self) -> int:
        return len(self.epoch)

    def __getitem__(self, rows: slice) -> Points:
        """A stretch of the points."""
        chosen = range(len(self))[rows]
        return Points(
            self.epoch[rows],
            self.time[rows],
            self.value[rows],
            self.phase[rows],
            self.variance[rows],
            self.beside[chosen.start : max(chosen.stop - 1, chosen.start)],
        )

    def __add__(self, behind: Points) -> Points:
        """These points and others behind them, without a word on what rounding does across the seam."""
        return Points(
            np.concatenate([self.epoch, behind.epoch]),
            np.concatenate([self.time, behind.time]),
            np.concatenate([self.value, behind.value]),
            np.concatenate([self.phase, behind.phase]),
            np.concatenate([self.variance, behind.variance]),
            np.concatenate([self.beside, np.zeros(min(len(self), len(behind), 1)), behind.beside]),
        )

    def only(self, keep: Bools) -> Points:
        """Some of the points."""
        at = np.flatnonzero(keep)
        beside = np.where(np.diff(at) == 1, self.beside[at[:-1]], 0.0)
        return Points(
            self.epoch[at], self.time[at], self.value[at], self.phase[at], self.variance[at], beside
        )

    def rounding(self) -> Floats:
        """The covariance (n, n) of the rounding errors."""
        covariance = np.diag(self.variance)
        at = np.arange(len(self) - 1)
        covariance[at, at + 1] = covariance[at + 1, at] = self.beside
        return covariance

    def thinned(self, horizon: float) -> Points:
        """Means of neighbours within each phase, so many that a horizon (rows) holds few points."""
        spacing = float(np.median(np.diff(self.time))) if len(self) > 1 else 1.0
        size = int(horizon / max(spacing, 1.0) / _ENOUGH)
        if size < 2:
            return self
        blocks = []
        for phase in np.unique(self.phase).tolist():
            inside = np.flatnonzero(self.phase == phase)
            whole = inside[len(inside) % size :]  # the last points count most
            blocks += [slice(a, a + size) for a in whole[::size].tolist()]
        firsts = np.array([b.start for b in blocks], dtype=np.int64)
        lasts = firsts + size - 1
        inner = np.array([self.beside[b.start : b.stop - 1].sum() for b in blocks])
        joined = lasts[:-1] + 1 == firsts[1:]
        return Points(
            self.epoch[lasts],
            np.array([float(self.time[b].mean()) for b in blocks]),
            np.array([self.value[b].mean() for b in blocks]),
            self.phase[lasts],
            np.array([self.variance[b].sum() for b in blocks]) / size**2 + 2 * inner / size**2,
            np.where(joined, self.beside[lasts[:-1]], 0.0) / size**2,
        )


def points_of(run: Run, name: str, schedule: Schedule) -> Points:
    """The points of a column, of the summed `loss`, or of a score."""
    curve = run.arrays
    firsts = np.searchsorted(curve.epoch, [p.first for p in schedule.phases])
    phase = np.searchsorted(firsts, np.arange(len(curve.epoch)), side="right") - 1
    rows = np.arange(len(curve.epoch))
    scored = name in run.score_names
    # An epoch's own mean stands for its middle, a score for its end.
    since = (rows - firsts[phase] if len(rows) else rows).astype(np.float64)
    value, variance, beside = _score(run, name) if scored else _column(run, name)
    keep = np.flatnonzero(curve.complete & np.isfinite(value))
    joined = np.diff(keep) == 1
    return Points(
        curve.epoch[keep],
        since[keep] + (1.0 if scored else 0.5),
        value[keep],
        phase[keep],
        variance[keep],
        np.where(joined, beside[keep[:-1]], 0.0),
    )


def _score(run: Run, name: str) -> tuple[Floats, Floats, Floats]:
    value = run.arrays.score(name)
    half = 0.5 * 10.0 ** -run.score_decimals[run.score_names.index(name)]
    return value, np.full(len(value), half**2 / 3), np.zeros(max(len(value) - 1, 0))


def _column(run: Run, name: str) -> tuple[Floats, Floats, Floats]:
    """Value (n,), variance (n,) and covariance with the next (n - 1,) of a column, or of the sum."""
    curve = run.arrays
    if name == "loss" and run.losses:
        chosen = [k for k, c in enumerate(run.columns) if c in run.summed]
        value = curve.loss
    else:
        chosen = [next(k for k, c in enumerate(run.columns) if c.name == name)]
        value = curve.own[:, chosen[0]]
    variance, beside = np.zeros(len(value)), np.zeros(max(len(value) - 1, 0))
    session = run.curve_rows[:, 0]
    begun = np.array([run.sessions[s].start for s in session.tolist()])
    done = np.maximum(curve.epoch - begun + 1.0, 1.0)
    follows = (np.diff(session) == 0) & (np.diff(curve.epoch) == 1)
    for k in chosen:
        half = np.nan_to_num(curve.width[:, k])
        if run.columns[k].meter is Meter.START:
            # x(n) = n*m(n) - (n-1)*m(n-1): this print's error, and the one before's, which the
            # neighbour has with the other sign.
            this, before = half * done / (2 * done - 1), half * (done - 1) / (2 * done - 1)
            variance += (this**2 + before**2) / 3
            beside -= np.where(follows, this[:-1] * before[1:], 0.0) / 3
        else:
            variance += half**2 / 3
    return value, variance, beside
