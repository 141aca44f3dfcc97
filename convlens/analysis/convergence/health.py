"""Whether a curve came to grief: not finite, exploded, or jumping about."""

from __future__ import annotations

import numpy as np

from convlens import checks
from convlens.analysis.convergence.noise import spikes
from convlens.analysis.convergence.points import Points
from convlens.findings import Code
from convlens.meters import Bools, Floats
from convlens.metrics import Role
from convlens.run import Run

_EXPLODED = 3.0  # times the lowest level before
_LASTS = 2  # epochs that it stays there: one is a spike
_LOUD_LOSS, _LOUD_SCORE = 0.1, 5.0  # noise of an epoch: a part of the level, and points
_ENOUGH = 8  # points by which jumping about is told from a bend


def failed(run: Run, name: str) -> tuple[int, bool, str] | None:
    """From which epoch on a curve is lost up to its end, whether it was switched off, and why.

    None if its last value is finite. A score that was not measured is not a failure.
    """
    curve = run.arrays
    if name in run.score_names or not len(curve.epoch):
        return None
    parts = [k for k, c in enumerate(run.columns) if name == "loss" and c in run.summed]
    parts = parts or [k for k, c in enumerate(run.columns) if c.name == name]
    if run.columns[parts[0]].role is Role.TERM and (since := _not_printed_from(run, parts[0])) is not None:
        return since, True, f"{name} is not printed from epoch {since} on."
    ends = [(first, k) for k in parts if (first := _gone_from(run, k)) is not None]
    if not ends:
        return None
    row, k = min(ends)
    session = run.sessions[run.curve_rows[row, 0]]
    told = checks.not_finite(run, session, k)
    off = told is not None and told[0] is Code.SWITCHED_OFF
    why = told[1] if told else "not finite"
    return int(curve.epoch[row]), off, f"{run.columns[k].name} is {why}."


def exploded(points: Points) -> int | None:
    """The epoch at which a positive curve rose to a multiple of its lowest level to stay; None if none."""
    if len(points) <= _LASTS or not (points.value > 0).all():
        return None
    level = _running_median(points.value)
    lowest = np.minimum.accumulate(level)
    high = np.flatnonzero(points.value[1:] > _EXPLODED * lowest[:-1]) + 1
    low = np.flatnonzero(points.value[1:] <= _EXPLODED * lowest[:-1]) + 1
    begin = int(low[-1]) + 1 if len(low) else 1
    if len(high) and len(points) - begin >= _LASTS:
        return int(points.epoch[begin])
    return None


def unsteady(window: Points, sigma: float, relative: bool) -> str:
    """Why a curve is called unstable, empty if it is not; `sigma` is the noise of a point."""
    if len(window) < _ENOUGH:
        return ""
    level = float(np.median(np.abs(window.value)))
    # Second differences have no part in a bend that the trend misses, sigma none in rounding.
    jump = min(1.4826 * float(np.median(np.abs(np.diff(window.value, 2)))) / np.sqrt(6), sigma)
    if relative and level and jump > _LOUD_LOSS * level:
        return f"From one to the next it jumps by {jump / level:.0%} of its value (standard deviation)."
    if not relative and jump > _LOUD_SCORE:
        return f"From one to the next it jumps by {jump:.1f} points (standard deviation)."
    at = spiking(window, sigma)
    if at.sum() > 1:
        shown = ", ".join(str(e) for e in window.epoch[at][:5].tolist())
        return f"It leaps at {shown}, far beyond its noise."
    return ""


def spiking(window: Points, sigma: float) -> Bools:
    """Which points of a window (n,) are spikes."""
    return spikes(window, sigma) if len(window) >= _ENOUGH else np.zeros(len(window), dtype=np.bool_)


def _gone_from(run: Run, k: int) -> int | None:
    """The row of the curve from which on a printed column is not finite to the end."""
    printed = np.array([run.sessions[s].printed[r, k] for s, r in run.curve_rows.tolist()])
    present = _present(run, k)
    fine = np.flatnonzero(np.isfinite(printed))
    gone = np.flatnonzero(present & ~np.isfinite(printed))
    gone = gone[gone > fine[-1]] if len(fine) else gone
    return int(gone[0]) if len(gone) else None


def _not_printed_from(run: Run, k: int) -> int | None:
    """The first complete epoch from which on a column is printed no more; None if it is up to the end."""
    complete = np.flatnonzero(run.arrays.complete)
    there = np.flatnonzero(_present(run, k))
    missing = complete[complete > there[-1]] if len(there) else complete
    return int(run.arrays.epoch[missing[0]]) if len(missing) else None


def _present(run: Run, k: int) -> Bools:
    """In which rows of the curve (n,) a column is printed."""
    return np.array([run.sessions[s].present[r, k] for s, r in run.curve_rows.tolist()], dtype=np.bool_)


def _running_median(values: Floats) -> Floats:
    """The median of each value and its neighbours."""
    if len(values) < 3:
        return values
    padded = np.concatenate([values[:1], values, values[-1:]])
    medians: Floats = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return medians
