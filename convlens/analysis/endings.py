"""Where a run ended: its final losses and its mAP, and how much noise alone would change them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from convlens.analysis import figures
from convlens.analysis.comparison.repeats import Arm, spread, t_quantile
from convlens.meters import Meter
from convlens.metrics import Column
from convlens.run import Run

AVERAGED = 5  # own means of a column that averages the run: one alone is known too roughly


class At(StrEnum):
    """Which mAP stands for a run."""

    FINAL = "final"  # of the last validation
    BEST = "best"  # of the best one
    PUBLISHED = "published"  # as published for the conditions of the run's own validation


@dataclass(frozen=True)
class Ending:
    """A figure in which the n runs of an arm ended: their mean, and what noise makes of it.

    `error` is the standard error of `value`, with `df` degrees of freedom: of three repeats and more that of
    their mean; of one or two runs at least what the jitter of the last phase and rounding make, which is
    less than what another seed would. It is NaN where nothing tells the noise.
    """

    value: float
    n: int
    error: float = math.nan
    df: float = math.inf

    @property
    def known(self) -> bool:
        """Whether there is a finite value."""
        return math.isfinite(self.value)

    @property
    def half_width(self) -> float:
        """Half the width of the 95% interval; NaN if unknown."""
        return t_quantile(0.975, self.df) * self.error


def loss_at_end(arm: Arm, quantity: str) -> Ending:
    """A loss of the detector, or their sum `loss`: own means of the last complete epochs (`final_loss`)."""
    ends = [final_loss(run, quantity) for run in arm.runs]
    return _ending(
        [value for value, _ in ends],
        [
            figures.jitter(run, quantity) if math.isfinite(value) else math.nan
            for run, (value, _) in zip(arm.runs, ends, strict=True)
        ],
        [width for _, width in ends],
    )


def map_at(arm: Arm, at: At) -> Ending:
    """The mAP [%], final, best or published."""
    summaries = [run.summary for run in arm.runs]
    values = {
        At.FINAL: [s.final_map for s in summaries],
        At.BEST: [s.best_map for s in summaries],
        At.PUBLISHED: [s.published_map for s in summaries],
    }[at]
    jitter = [figures.jitter(run, "map") if "map" in run.score_names else math.nan for run in arm.runs]
    widths = [0.05 if at is At.PUBLISHED else figures.resolution(run, "map") for run in arm.runs]
    return _ending([math.nan if v is None else v for v in values], jitter, widths)


def final_loss(run: Run, quantity: str) -> tuple[float, float]:
    """The final value of a loss, or of their sum `loss`, with the half-width that rounding leaves of it.

    It is the last complete epoch's own mean; of a column that averages the whole run the mean of the last
    five, within the last phase of the learning rate and the last process. NaN where the run has no such loss.
    """
    columns = run.summed if quantity == "loss" else [c for c in run.losses if c.measures == quantity]
    ends = [_final(run, column) for column in columns]
    return (sum(v for v, _ in ends), sum(w for _, w in ends)) if ends else (math.nan, math.nan)


def _final(run: Run, column: Column) -> tuple[float, float]:
    curve, k = run.arrays, run.columns.index(column)
    complete = np.flatnonzero(curve.complete & curve.told[:, k])  # where a validation alone stands it is not
    if not len(complete):
        return math.nan, math.nan
    last = first = int(complete[-1])
    begin = figures.phase_start(run)
    while (
        column.meter is Meter.START
        and last - first + 1 < AVERAGED
        and first > begin
        and run.curve_rows[first - 1, 0] == run.curve_rows[last, 0]
        and curve.epoch[first - 1] == curve.epoch[first] - 1
        and math.isfinite(curve.own[first - 1, k])
    ):
        first -= 1
    # Means of neighbours are differences of the same printed values, which cancel between the ends.
    count = last - first + 1
    width = (curve.width[first, k] + curve.width[last, k]) / 2 / count
    return float(curve.own[first : last + 1, k].mean()), float(width)


def _ending(values: Sequence[float], jitters: Sequence[float], widths: Sequence[float]) -> Ending:
    told = spread(values)
    if told is None:
        return Ending(math.nan, 0)
    half = (told.high - told.low) / 2
    if told.n > 2:
        return Ending(told.mean, told.n, half / t_quantile(0.975, told.n - 1), told.n - 1)
    rounding = float(np.mean(widths)) / math.sqrt(3)  # of a value equally likely within its half-width
    noise = np.array([max(j, rounding) for j in jitters if math.isfinite(j)])
    within = math.sqrt(float((noise**2).mean()) / told.n) if len(noise) else math.nan
    between = half if told.n == 2 else math.nan  # half the range of two is their standard error
    known = [e for e in (within, between) if math.isfinite(e)]
    return Ending(told.mean, told.n, max(known, default=math.nan))
