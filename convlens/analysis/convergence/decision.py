"""From the evidence on a curve to its verdict, and what would settle what is open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convlens.analysis.convergence import trend
from convlens.analysis.convergence.noise import Noise
from convlens.analysis.convergence.points import Points
from convlens.analysis.convergence.verdicts import CurveVerdict, Verdict
from convlens.analysis.schedule.schedule import Schedule
from convlens.metrics import Better

_FEWEST_TO_IMPROVE = 8  # validations of a phase: a score jumps about
_FURTHEST = 4  # horizons that are looked ahead for what would settle it
_AT_THE_END, _LONGER = "Look again at the end of the schedule.", "Only a longer schedule would tell."
LOW, HIGH = 0.05, 0.95  # the ends of the interval


def decide(told: CurveVerdict, schedule: Schedule, better: Better, points_of_phase: int) -> CurveVerdict:
    """The verdict that the evidence allows; of open ones `settles` says what would settle them.

    `better` is the direction in which the curve improves.
    """
    if told.side == 0:
        return _flat(told, schedule)
    if told.side is None:
        reason = f"{told.outlook}, which may or may not be within {told.limit}."
        return replace(told, verdict=Verdict.INCONCLUSIVE, reason=reason)
    reason = f"{told.outlook}, beyond {told.limit}."
    if better is Better.NEITHER:
        reason = f"{told.outlook}, beyond {told.limit}; neither direction is the better one."
        return replace(told, verdict=Verdict.INCONCLUSIVE, reason=reason)
    if (told.side < 0) != (better is Better.LOWER):
        return replace(told, verdict=Verdict.WORSENING, reason=reason)
    return _better(told, schedule, points_of_phase)


def settles(told: CurveVerdict, schedule: Schedule, change: trend.Change, window: Points, rows: float) -> str:
    """How many more epochs of its phase would decide an open verdict if the trend goes on."""
    if schedule.mode.smooth:
        return _AT_THE_END if schedule.falls_on else _LONGER
    noise = Noise(np.array([change.sigma]), np.array([change.rho]), np.zeros(1), len(window))
    part_of_value = told.margin / abs(told.value) if told.relative and told.value else None
    for quarters in range(1, 4 * _FURTHEST + 1):
        later = trend.after(window, change, max(round(quarters * rows / 4), 1))
        later = later[trend.window_of(later, rows) :]
        then = trend.carry_on(later, noise, rows)
        margin = told.margin if part_of_value is None else part_of_value * abs(then.level)
        if (
            replace(told, low_90=then.quantile(LOW), high_90=then.quantile(HIGH), margin=margin).side
            is not None
        ):
            return _more(told, schedule, max(round(told.horizon * quarters / 4), 1))
    return f"More {told.axis}s at this rate would hardly settle it."


def _flat(told: CurveVerdict, schedule: Schedule) -> CurveVerdict:
    within = f"{told.outlook}, within {told.limit}"
    if not schedule.falls_on:
        return replace(told, verdict=Verdict.CONVERGED, reason=f"{within}.")
    if schedule.ahead:
        epochs = ", ".join(f"{d.epoch:g}" for d in schedule.ahead)
        falls = f"the learning rate is still to fall at {told.axis} {epochs}"
        settle = f"Look again behind {told.axis} {schedule.ahead[0].epoch:g}."
    else:
        falls = f"the learning rate is still to fall ({schedule.left:.0%} of its peak are left)"
        settle = _AT_THE_END
    reason = f"{within}, but {falls}: flat is not converged."
    return replace(told, verdict=Verdict.AWAITING_DECAY, reason=reason, settle=settle)


def _better(told: CurveVerdict, schedule: Schedule, points_of_phase: int) -> CurveVerdict:
    if told.scored and points_of_phase < _FEWEST_TO_IMPROVE:
        return replace(
            told,
            verdict=Verdict.INCONCLUSIVE,
            reason=f"{told.outlook}, but {points_of_phase} validations are too few to call it improving.",
            settle=f"{_FEWEST_TO_IMPROVE} validations in this phase would settle it.",
        )
    if schedule.mode.smooth and not schedule.falls_on:
        return replace(
            told,
            verdict=Verdict.INCONCLUSIVE,
            reason=f"{told.outlook} if it went on as before, but the learning rate has come to its end.",
            settle=_LONGER,
        )
    return replace(told, verdict=Verdict.IMPROVING, reason=f"{told.outlook}, beyond {told.limit}.")


def _more(told: CurveVerdict, schedule: Schedule, epochs: int) -> str:
    text = f"About {epochs} more {told.axis}{'s' * (epochs != 1)} at this rate would settle it"
    if schedule.ahead and told.last is not None and schedule.ahead[0].epoch <= told.last + epochs:
        return f"{text}; the drop at {schedule.ahead[0].epoch:g} comes before."
    return f"{text}."
