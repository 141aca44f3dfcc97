"""What patience would have done: stop after so many evaluations without a better score.

Patience does not know the learning-rate schedule: it takes the plateau before a drop for the end. So the
verdict at the epoch where it would have stopped stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis.convergence.convergence import judge
from convlens.analysis.convergence.verdicts import Margins, Verdict
from convlens.analysis.schedule.schedule import schedule_of
from convlens.errors import ConvlensError
from convlens.meters import Floats, Ints
from convlens.metrics import Better
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd

EVALUATIONS = (5, 10, 20, 50)


@dataclass(frozen=True)
class Stop:
    """What stopping after `patience` evaluations without a better score would have done.

    It stops behind `epoch` (None: never), when the best score was `best`, of `best_epoch`: `lost` worse than
    the run's best. `hours` is the training time saved, None if the log tells none. `loss_verdict` and
    `score_verdict` are what was to be said then, `ahead` the drops of the rate that were still to come.
    """

    patience: int
    epoch: int | None = None
    best: float | None = None
    best_epoch: int | None = None
    lost: float | None = None
    hours: float | None = None
    loss_verdict: Verdict | None = None
    score_verdict: Verdict | None = None
    ahead: tuple[float, ...] = ()


@dataclass(frozen=True)
class Stopping:
    """What patience would have done to a run with `validations` validations and this best score.

    `score` is the score by which the run is judged (`map`), empty if it has none.
    """

    stops: tuple[Stop, ...]
    score: str
    validations: int
    best: float | None
    best_epoch: int | None

    @property
    def table(self) -> pd.DataFrame:
        """One row a patience."""
        import pandas as pd

        names = [f.name for f in fields(Stop)]
        rows = [[getattr(stop, name) for name in names] for stop in self.stops]
        return pd.DataFrame(rows, columns=pd.Index(names), dtype=object).set_index("patience")

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True)


def until(run: Run, epoch: int) -> Run:
    """The run as it was behind an epoch of its curve."""
    rows = int(np.searchsorted(run.arrays.epoch, epoch, side="right"))
    return replace(run, curve_rows=run.curve_rows[:rows])


def patience(run: Run, evaluations: Sequence[int] = EVALUATIONS, margins: Margins | None = None) -> Stopping:
    """What patience would have done to a run, for several numbers of evaluations.

    Raises ConvlensError for a number below 1.
    """
    if any(count < 1 for count in evaluations):
        raise ConvlensError(f"Patience is a number of evaluations, 1 or more, not {min(evaluations)}.")
    curve, main = run.arrays, run.main_score
    if main is None:
        return Stopping(tuple(Stop(count) for count in evaluations), "", 0, None, None)
    values = curve.score(main.name) * (-1 if main.better is Better.LOWER else 1)
    scored = np.flatnonzero(np.isfinite(values))
    at = scored[np.argmax(values[scored])] if len(scored) else None
    return Stopping(
        tuple(_stop(run, main.name, count, values, scored, margins or Margins()) for count in evaluations),
        main.name,
        len(scored),
        None if at is None else float(curve.score(main.name)[at]),
        None if at is None else int(curve.epoch[at]),
    )


def _stop(run: Run, name: str, count: int, values: Floats, scored: Ints, margins: Margins) -> Stop:
    """One stop; `values` (n,) are better when higher, `scored` (m,) the rows that have one."""
    curve, best = run.arrays, 0
    for now in range(len(scored)):
        if values[scored[now]] > values[scored[best]]:
            best = now
        if now - best >= count:
            break
    else:
        return Stop(count)
    row = int(scored[now])
    then = until(run, int(curve.epoch[row]))
    schedule = schedule_of(then)
    later = curve.seconds[row + 1 :]
    return Stop(
        patience=count,
        epoch=int(curve.epoch[row]),
        best=float(curve.score(name)[scored[best]]),
        best_epoch=int(curve.epoch[scored[best]]),
        lost=float(values[scored].max() - values[scored[best]]),
        hours=float(np.nansum(later)) / 3600 if np.isfinite(curve.seconds).any() else None,
        loss_verdict=judge(then, "loss", schedule, margins).verdict if run.losses else None,
        score_verdict=judge(then, name, schedule, margins).verdict,
        ahead=tuple(d.epoch for d in schedule.ahead),
    )
