"""Where a training that still runs stands: how far it is, what it reached, and what is to come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convlens.analysis import figures
from convlens.analysis.convergence.diagnosis import Diagnosis, diagnose
from convlens.analysis.forecast.forecast import Forecast, forecast
from convlens.meters import Floats
from convlens.run import Run


@dataclass(frozen=True)
class Standing:
    """What can be said of a run so far; epochs are as printed.

    `epoch` and `batch` are those of the last line, `batches` how many an epoch has by the ones before (None
    without one), `end` the last configured epoch. `forecast` is that of `end`, None where it is unknown or
    reached.
    """

    run: Run
    epoch: int
    batch: int
    batches: int | None
    diagnosis: Diagnosis
    forecast: Forecast | None

    @property
    def end(self) -> int | None:
        """The last configured epoch."""
        return self.diagnosis.schedule.end

    @property
    def complete(self) -> tuple[int, ...]:
        """The complete epochs of the curve."""
        epochs: list[int] = self.run.arrays.epoch[self.run.arrays.complete].tolist()
        return tuple(epochs)

    @property
    def finished(self) -> bool:
        """Whether the last configured epoch is complete."""
        return self.end is not None and bool(self.complete) and self.complete[-1] >= self.end

    @property
    def scored(self) -> bool:
        """Whether the last complete epoch has its score, or none is due."""
        main = self.run.main_score
        return main is None or bool(self.complete and np.isfinite(self.score(main.name)[-1]))

    def score(self, name: str) -> Floats:
        """A score at complete epochs (n,); NaN where there was no validation."""
        return self.run.arrays.score(name)[self.run.arrays.complete]

    def losses(self) -> dict[str, Floats]:
        """Each loss by what it measures, and their sum `loss` (n,): own means of every epoch begun."""
        names = [c.measures for c in self.run.losses]
        total = ["loss"] if len(names) > 1 else []
        return {name: figures.series(self.run, name) for name in (*names, *total)}


def standing(run: Run, before: Standing | None = None) -> Standing:
    """Where a run stands; with `before` only what new epochs or scores can have changed is judged again."""
    last = run.sessions[-1]
    whole = last.last_step[last.complete]
    if before is not None and _judged_alike(run, before.run):
        diagnosis, ahead = before.diagnosis, before.forecast
    else:
        diagnosis, ahead = diagnose(run), _to_the_end(run)
    return Standing(
        run=run,
        epoch=int(last.epoch[-1]) if len(last.epoch) else 0,
        batch=int(last.last_step[-1]) if len(last.epoch) else 0,
        batches=int(whole.max()) if len(whole) else None,
        diagnosis=diagnosis,
        forecast=ahead,
    )


def _judged_alike(run: Run, before: Run) -> bool:
    """Whether a log that has grown tells verdicts nothing new: no epoch, score or process more."""
    if len(run.sessions) != len(before.sessions):
        return False
    now, then = run.arrays, before.arrays
    return (
        int(now.complete.sum()) == int(then.complete.sum())
        and int(np.isfinite(now.scores).sum()) == int(np.isfinite(then.scores).sum())
        and run.sessions[-1].line == before.sessions[-1].line
    )


def _to_the_end(run: Run) -> Forecast | None:
    """The forecast of the last configured epoch, while there is one ahead."""
    configured = run.plan.epochs
    if configured is None or not 0 < figures.epochs_done(run) < configured:
        return None
    return forecast(run)
