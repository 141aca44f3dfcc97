"""The verdict on one curve: what would another tenth of the configured epochs bring, and does that matter?

An equivalence test (Schuirmann 1987, doi:10.1007/BF01068419): with enough points every real slope differs
from zero, so the question is whether the whole 90% interval of the expected change lies within a margin,
beyond it, or across its edge.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from convlens.analysis import figures
from convlens.analysis.convergence import health, trend
from convlens.analysis.convergence.decision import HIGH, LOW, decide, settles
from convlens.analysis.convergence.noise import noise_of
from convlens.analysis.convergence.points import Points, points_of
from convlens.analysis.convergence.verdicts import CurveVerdict, Margins, Verdict, counted
from convlens.analysis.schedule.schedule import Schedule
from convlens.metrics import Better, Unit
from convlens.run import Run

HORIZON = 0.1  # of the configured epochs
FEWEST = 3  # points of a phase
_FEWEST_ALONE = 5  # where nothing before tells of the noise


def judge(run: Run, name: str, schedule: Schedule, margins: Margins) -> CurveVerdict:
    """The verdict on a loss or term by its printed name, on the summed `loss`, or on a score."""
    if gone := health.failed(run, name):
        epoch, off, why = gone
        return CurveVerdict(name, Verdict.OFF if off else Verdict.DIVERGED, why, axis=run.axis, since=epoch)
    points = points_of(run, name, schedule)
    if not len(points):
        scored = name in run.score_names
        none = "The log holds no validation." if scored else f"No {run.axis} is complete."
        return CurveVerdict(name, Verdict.TOO_SHORT, none, scored=scored, axis=run.axis)
    is_loss = name == "loss" or any(c.name == name for c in run.losses)
    if is_loss and (since := health.exploded(points)) is not None:
        before, now = float(points.value[points.epoch < since].min()), float(points.value[-1])
        rose = f"It rose from {before:.4g} to {now:.4g}, beginning with {run.axis} {since}."
        return CurveVerdict(name, Verdict.DIVERGED, rose, value=now, axis=run.axis, since=since)
    return Judging(run, name, schedule, margins, points).verdict()


def horizon_of(run: Run, schedule: Schedule) -> tuple[int, float]:
    """A tenth of the configured epochs (of those done if none are configured), and in rows of the curve."""
    epoch = run.arrays.epoch
    tenth = max(round(HORIZON * (schedule.epochs or figures.epochs_done(run))), 1)
    spacing = float(np.median(np.diff(epoch))) if len(epoch) > 1 else 1.0
    return tenth, max(tenth / spacing, 1.0)


class Judging:
    """One curve with points on its way to a verdict: its window, what came before, and the rows ahead."""

    def __init__(self, run: Run, name: str, schedule: Schedule, margins: Margins, points: Points) -> None:
        self.run, self.name, self.schedule, self.margins = run, name, schedule, margins
        self.score = next((c for c in run.scores if c.name == name), None)
        self.relative = self.score is None or self.score.unit is not Unit.PERCENT
        phase = len(schedule.phases) - 1
        tenth, rows = horizon_of(run, schedule)
        here = points.only(points.phase == phase)
        self.points_of_phase = len(here)
        self.rows = min(rows, math.ceil(float(here.time[-1]))) if len(here) else rows
        self.horizon = max(round(tenth * self.rows / rows), 1)
        self.capped = self.horizon < tenth
        thin = points.thinned(self.rows)
        begin = int(np.searchsorted(thin.phase, phase))
        first = begin + (trend.window_of(thin[begin:], self.rows) if len(here) else 0)
        self.history, self.window = thin[:first], thin[first:]

    def verdict(self) -> CurveVerdict:
        """The verdict with its evidence."""
        if self.schedule.phases[-1].warm_up:
            return self._too_short(", in which the learning rate still warms up", FEWEST)
        if self.points_of_phase < FEWEST:
            return self._too_short("", FEWEST)
        noise = noise_of(self.history, self.window, self.relative)
        calm = self.window.only(~health.spiking(self.window, float(np.median(noise.sigma))))
        if not noise.points and len(calm) < _FEWEST_ALONE:
            return self._too_short(", and nothing before tells its noise", _FEWEST_ALONE)
        change = trend.carry_on(calm, noise, self.rows)
        told = self._evidence(calm, change)
        # A line of a log without epochs covers few iterations: its noise is that of the batches.
        judged = self.score is not None or self.run.axis == "epoch"
        if judged and (why := health.unsteady(self.window, change.sigma, self.relative)):
            return replace(told, verdict=Verdict.UNSTABLE, reason=why)
        told = decide(told, self.schedule, self._better(), self.points_of_phase)
        if told.verdict is Verdict.INCONCLUSIVE and told.side is None:
            return replace(told, settle=settles(told, self.schedule, change, calm, self.rows))
        return told

    def _evidence(self, window: Points, change: trend.Change) -> CurveVerdict:
        margin = self.margins.loss * abs(change.level) if self.relative else self.margins.score
        if not (window.beside < 0).any():  # less than the last digit cannot be seen, where nothing is undone
            margin = max(margin, float(np.sqrt(3 * np.median(window.variance))))
        half = len(window) // 2
        return CurveVerdict(
            self.name,
            Verdict.INCONCLUSIVE,
            "",
            value=change.level,
            change=change.quantile(0.5),
            low_90=change.quantile(LOW),
            high_90=change.quantile(HIGH),
            margin=margin,
            relative=self.relative,
            scored=self.score is not None,
            axis=self.run.axis,
            horizon=self.horizon,
            capped=self.capped,
            first=int(window.epoch[0]),
            last=int(window.epoch[-1]),
            points=len(window),
            earlier=float(window.value[:half].mean()),
            later=float(window.value[-half:].mean()),
            phase=self.schedule.phases[-1],
            ahead=tuple(d.epoch for d in self.schedule.ahead),
        )

    def _too_short(self, why: str, needed: int) -> CurveVerdict:
        things = "validation" if self.score else "epoch" if self.run.axis == "epoch" else "printed line"
        phase, several = self.schedule.phases[-1], len(self.schedule.phases) > 1
        began = "its last phase began with " if several else ""
        where = "behind that" if phase.warm_up else "in this phase"
        known = self.points_of_phase > 0
        reason = f"{counted(self.points_of_phase, things)} since {began}{self.run.axis} {phase.first}{why}."
        return CurveVerdict(
            self.name,
            Verdict.TOO_SHORT,
            reason.capitalize(),
            f"{counted(needed, things)} {where} would tell more.",
            value=float(self.window.value[-1]) if known else math.nan,
            relative=self.relative,
            scored=self.score is not None,
            axis=self.run.axis,
            first=int(self.window.epoch[0]) if known else None,
            last=int(self.window.epoch[-1]) if known else None,
            points=self.points_of_phase,
            phase=phase,
            ahead=tuple(d.epoch for d in self.schedule.ahead),
        )

    def _better(self) -> Better:
        if self.score:
            return self.score.better
        named = [c.better for c in self.run.columns if c.name == self.name]
        return Better.LOWER if self.name == "loss" or not named else named[0]
