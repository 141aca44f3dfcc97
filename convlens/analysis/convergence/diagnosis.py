"""Diagnose a run: a verdict on each of its curves and on the whole, with the evidence and in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis.convergence import sentences
from convlens.analysis.convergence.convergence import judge
from convlens.analysis.convergence.fitting import Fit, Fitting, fit_of
from convlens.analysis.convergence.points import Points, points_of
from convlens.analysis.convergence.stopping import Stopping, patience
from convlens.analysis.convergence.verdicts import CurveVerdict, Margins, Verdict
from convlens.analysis.schedule.schedule import Schedule, schedule_of
from convlens.errors import ConvlensError
from convlens.findings import Finding
from convlens.metrics import Better, Role
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STOPPED = "stopped"
CONDITIONS = (*map(str, Verdict), STOPPED, *(str(f) for f in Fitting if f is not Fitting.UNKNOWN))


@dataclass(frozen=True)
class Diagnosis:
    """The result of `diagnose`.

    `verdict` is that of the summed loss, unless one of the losses diverged or is unstable; `curves` holds
    that of each loss and term by its printed name, of the sum (`loss`), and of the score by which the run is
    judged (`map`). `sentence` says in words what can be said of loss and score, `fit` whether overfitting or
    underfitting shows. `stopped` says that the log ends before its configured epochs. `warnings` are the
    run's findings and those of this analysis; `stopping` is what patience would have done, if that was asked.
    `points` are what the verdicts rest on, by curve.
    """

    run: str
    session: int | None
    verdict: Verdict
    curves: Mapping[str, CurveVerdict]
    sentence: str
    fit: Fit
    schedule: Schedule
    stopped: bool
    warnings: tuple[Finding, ...]
    margins: Margins
    stopping: Stopping | None = None
    points: Mapping[str, Points] = field(default_factory=dict, repr=False, compare=False)

    @property
    def on_score(self) -> Verdict | None:
        """The verdict on the score by which the run is judged; None where it has none."""
        return next((told.verdict for told in self.curves.values() if told.scored), None)

    @property
    def table(self) -> pd.DataFrame:
        """The verdicts with their evidence, by curve."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("curve")

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row a curve."""
        return [_row(told) for told in self.curves.values()]

    def holds(self, condition: str) -> bool:
        """Whether the run is so: one of `CONDITIONS`, or `curve:verdict` for one curve's verdict."""
        curve, _, wanted = condition.rpartition(":")
        if curve:
            return curve in self.curves and self.curves[curve].verdict == wanted
        return wanted in (str(self.verdict), str(self.fit.fitting), STOPPED * self.stopped)

    def plot(self) -> Figure:
        """Draw the summed loss and the score with their verdicts."""
        from convlens.plots.diagnosis import plot_diagnoses

        return plot_diagnoses([self])

    def __str__(self) -> str:
        return f"{self.run}: {self.verdict}. {self.sentence}"

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True)


def diagnose(
    run: Run | str | Path,
    session: int | None = None,
    *,
    margins: Margins | None = None,
    patience_of: Sequence[int] = (),
) -> Diagnosis:
    """Say whether a run has converged, and on what evidence.

    `run` is a run or what `read_log` reads, `session` one of its sessions instead of the stitched curve,
    `margins` which changes matter, `patience_of` the numbers of evaluations for which stopping is looked at.
    Raises ConvlensError if there is no such session, and what `read_log` raises.
    """
    if not isinstance(run, Run):
        from convlens.reader import read_log

        run = read_log(run)
    if session is not None:
        run = _only(run, session)
    margins = margins or Margins()
    schedule = schedule_of(run)
    names = [c.name for c in run.columns if c.role in (Role.LOSS, Role.TERM)]
    main = run.main_score
    names += ["loss"] * bool(run.losses) + ([main.name] if main else [])
    curves = {name: judge(run, name, schedule, margins) for name in names}

    loss, score = (curves["loss"] if run.losses else None), (curves[main.name] if main else None)
    points = {name: points_of(run, name, schedule) for name in curves}
    verdict = _of_the_run(run, curves, loss or score)
    fit = fit_of(
        loss,
        score,
        points.get("loss"),
        points[main.name] if main else None,
        main.better if main else Better.HIGHER,
    )
    stopped = _stopped(run, schedule)
    return Diagnosis(
        run=run.name,
        session=session,
        verdict=verdict,
        curves=curves,
        sentence=sentences.of_run(run, schedule, curves, score, verdict),
        fit=fit,
        schedule=schedule,
        stopped=stopped,
        warnings=(*run.findings, *sentences.findings(run.axis, schedule, fit)),
        margins=margins,
        stopping=patience(run, patience_of, margins) if patience_of else None,
        points=points,
    )


def _only(run: Run, session: int) -> Run:
    """The run with the curve of one session."""
    if not 0 <= session < len(run.sessions):
        raise ConvlensError(f"{run.name} has sessions 0 to {len(run.sessions) - 1}, not {session}.")
    epochs = len(run.sessions[session].epoch)
    rows = np.column_stack([np.full(epochs, session), np.arange(epochs)]).astype(np.int64)
    return replace(run, curve_rows=rows)


def _of_the_run(run: Run, curves: Mapping[str, CurveVerdict], decides: CurveVerdict | None) -> Verdict:
    of_losses = [curves[c.name].verdict for c in run.losses]
    for worst in (Verdict.DIVERGED, Verdict.UNSTABLE):
        if worst in of_losses:
            return worst
    return decides.verdict if decides else Verdict.TOO_SHORT


def _stopped(run: Run, schedule: Schedule) -> bool:
    done = run.done[run.arrays.complete]
    step = int(np.median(np.diff(done))) if len(done) > 1 and run.axis != "epoch" else 1
    return schedule.epochs is not None and (not len(done) or int(done[-1]) + step <= schedule.epochs)


def _row(told: CurveVerdict) -> dict[str, object]:
    row = {f.name: getattr(told, f.name) for f in fields(told) if f.name != "phase"}
    row["verdict"] = str(told.verdict)
    row["phase_first"] = told.phase.first if told.phase else None
    row["ahead"] = " ".join(f"{epoch:g}" for epoch in told.ahead)
    return row
