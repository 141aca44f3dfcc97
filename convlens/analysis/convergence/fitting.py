"""Overfitting or underfitting: which of the two the train loss and the validations together support.

The train loss alone cannot tell: it falls in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from convlens.analysis.convergence.points import Points
from convlens.analysis.convergence.verdicts import CurveVerdict, Verdict, title_of
from convlens.meters import Floats
from convlens.metrics import Better

_FLAT = (Verdict.CONVERGED, Verdict.AWAITING_DECAY)
_SMOOTHED = 5  # validations whose mean is a level
_CLEAR = 5.0  # standard errors: the highest of many levels is high by chance


class Fitting(StrEnum):
    """What the train loss and the validations say together."""

    OVERFITTING = "overfitting"
    NO_GAIN_LEFT = "no-gain-left"
    UNDERTRAINED = "undertrained"
    NEITHER = "neither"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fit:
    """Which of the two the evidence supports, and the evidence in one sentence."""

    fitting: Fitting
    text: str

    def __str__(self) -> str:
        return self.text


def fit_of(
    loss: CurveVerdict | None,
    score: CurveVerdict | None,
    losses: Points | None,
    scores: Points | None,
    better: Better,
) -> Fit:
    """The evidence of the verdicts on the summed loss and on a score, with the points of both."""
    if loss is None or score is None or losses is None or scores is None or not len(scores):
        return _unknown("the log holds no loss" if loss is None else "the log holds no validation")
    if loss.verdict in (Verdict.DIVERGED, Verdict.UNSTABLE, Verdict.WORSENING):
        return _unknown(f"the train loss is {loss.verdict}")
    title = title_of(score.curve)
    if past := _past_its_best(scores, score.margin, better):
        return _since_its_best(
            f"{title} has lost {past[1]:.3g} since {score.axis} {past[0]}",
            _risen(losses, past[0], loss.margin),
        )
    if loss.verdict is Verdict.IMPROVING:
        return _while_it_falls(score)
    if loss.verdict in _FLAT and score.verdict in _FLAT:
        needs = "whether a lower loss is within reach, only a run to compare with tells"
        return Fit(Fitting.NEITHER, f"Neither overfitting nor underfitting shows: both are flat; {needs}.")
    return _unknown(f"the train loss is {_in_words(loss)} and {title} is {_in_words(score)}")


def _since_its_best(lost: str, risen: bool) -> Fit:
    if risen:
        return _unknown(f"{lost}, but the train loss has risen since then too")
    return Fit(Fitting.OVERFITTING, f"Overfitting: {lost}, with the train loss no higher.")


def _while_it_falls(score: CurveVerdict) -> Fit:
    """What it means that the train loss still falls."""
    title = title_of(score.curve)
    if score.verdict is Verdict.WORSENING:
        return Fit(Fitting.OVERFITTING, f"Overfitting: the train loss still falls, and {title} worsens.")
    if score.verdict is Verdict.CONVERGED:
        told = f"the train loss still falls, but {title} is flat"
        return Fit(Fitting.NO_GAIN_LEFT, f"No gain left: {told}; if anything, overfitting is to come.")
    if score.verdict is Verdict.AWAITING_DECAY:
        return _unknown(f"the train loss still falls, and {title} is flat only until the learning rate falls")
    if score.verdict is Verdict.IMPROVING:
        return Fit(Fitting.UNDERTRAINED, f"Undertrained: the train loss and {title} both still improve.")
    return _unknown(f"the train loss still falls, but {title} is {_in_words(score)}")


def _unknown(why: str) -> Fit:
    return Fit(Fitting.UNKNOWN, f"Overfitting or underfitting cannot be told: {why}.")


def _in_words(told: CurveVerdict) -> str:
    words = {Verdict.INCONCLUSIVE: "not clearly flat", Verdict.TOO_SHORT: "too short to judge"}
    return "flat" if told.verdict in _FLAT else words.get(told.verdict, str(told.verdict))


def _risen(losses: Points, since: int, margin: float) -> bool:
    """Whether the last level of a loss is above that around an epoch by more than a margin."""
    at = int(np.searchsorted(losses.epoch, since))
    then = losses.value[max(at - _SMOOTHED // 2, 0) : at + _SMOOTHED // 2 + 1]
    return float(losses.value[-_SMOOTHED:].mean() - then.mean()) > (margin if np.isfinite(margin) else 0.0)


def _past_its_best(scores: Points, margin: float, better: Better) -> tuple[int, float] | None:
    """The epoch of the best level (mean of five validations), and how much worse the last level is.

    None if that is within the margin or within noise.
    """
    if len(scores) < 2 * _SMOOTHED or not np.isfinite(margin):
        return None
    sign = -1 if better is Better.LOWER else 1
    levels: Floats = sign * np.convolve(
        scores.value, np.full(_SMOOTHED, 1 / _SMOOTHED, np.float64), mode="valid"
    )
    top = int(np.argmax(levels))
    lost = float(levels[top] - levels[-1])
    noise = 1.4826 * float(np.median(np.abs(np.diff(scores.value)))) / np.sqrt(2)
    clear = _CLEAR * noise * np.sqrt(2 / _SMOOTHED)
    if len(levels) - 1 - top < _SMOOTHED or lost <= max(margin, clear):
        return None
    return int(scores.epoch[top + _SMOOTHED // 2]), lost
