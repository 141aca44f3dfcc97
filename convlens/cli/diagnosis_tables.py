"""Diagnoses as they are printed: as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convlens.analysis.convergence.diagnosis import Diagnosis
from convlens.analysis.convergence.stopping import Stop
from convlens.analysis.convergence.verdicts import CurveVerdict, title_of
from convlens.cli.output import table
from convlens.wording.text import number

if TYPE_CHECKING:
    from rich.table import Table

_MOST_IN_FULL = 3
_HEADER = ("curve", "verdict", "at", "{}s", "n", "more", "change (90%)", "margin")
_NAMES = {"loss": "summed loss", "map": "mAP [%]"}


def view(told: Sequence[Diagnosis]) -> Iterator[Table | str]:
    """All that `convlens diagnose` prints, in order; of many runs the sentences only."""
    few = len(told) <= _MOST_IN_FULL
    if len(told) > 1:
        yield table(["run", "verdict", "score", "beside"], [_short(d) for d in told])
        yield ""
    for diagnosis in told:
        yield f"{diagnosis.run}: {diagnosis.verdict}"
        yield f"  {diagnosis.sentence}"
        yield f"  {diagnosis.fit}"
        if few:
            yield from ("", table(_header(told), [_line(c) for c in diagnosis.curves.values()]), "")
            yield f"  Phases of the learning rate ({diagnosis.schedule.origin}): {_phases(diagnosis)}"
        if diagnosis.stopping is not None:
            yield from _stopping(diagnosis)
        yield ""
    if any(d.warnings for d in told):
        yield "Findings (convlens explain CODE says more)"
    for diagnosis in told:
        if diagnosis.warnings:
            yield diagnosis.run
        yield from (f"  {finding}" for finding in diagnosis.warnings)
    if few:
        axis = _axis(told)
        yield from (
            "",
            f"at: where the trend of the {axis}s stands; more: the {axis}s whose change is expected, a tenth",
            "of the run or as many as the phase has; less than the margin either way does not matter.",
        )


def rows(told: Sequence[Diagnosis]) -> list[dict[str, object]]:
    """One row a curve of a run, with all its evidence."""
    return [{"run": d.run, "run_verdict": str(d.verdict), **row} for d in told for row in d.rows]


def readable(told: Sequence[Diagnosis]) -> list[dict[str, object]]:
    """One row a curve of a run, for reading."""
    header = _header(told)
    return [
        {"run": d.run, **dict(zip(header, _line(curve), strict=True))}
        for d in told
        for curve in d.curves.values()
    ]


def _header(told: Sequence[Diagnosis]) -> list[str]:
    return [title.format(_axis(told)) for title in _HEADER]


def _axis(told: Sequence[Diagnosis]) -> str:
    """What the steps of the axis are, of all runs together."""
    axes = {curve.axis for diagnosis in told for curve in diagnosis.curves.values()}
    return axes.pop() if len(axes) == 1 else "step"


def _short(diagnosis: Diagnosis) -> list[str]:
    scored = [c for c in diagnosis.curves.values() if c.scored]
    told = f"{title_of(scored[0].curve)} {scored[0].verdict}" if scored else "–"
    beside = ["stopped"] * diagnosis.stopped + [str(diagnosis.fit.fitting)]
    shown = ", ".join(word for word in beside if word not in ("unknown", "neither"))
    return [diagnosis.run, str(diagnosis.verdict), told, shown or "–"]


def _line(curve: CurveVerdict) -> list[str]:
    span = "–" if curve.first is None else f"{curve.first}–{curve.last}"
    known = math.isfinite(curve.change)
    return [
        _NAMES.get(curve.curve, curve.curve),
        str(curve.verdict) + (f" (from {curve.since})" if curve.since is not None else ""),
        number(curve.value) if curve.relative else _points(curve.value),
        span,
        str(curve.points or "–"),
        str(curve.horizon or "–"),
        curve.expected if known else "–",
        curve.limit if known else "–",
    ]


def _phases(diagnosis: Diagnosis) -> str:
    schedule = diagnosis.schedule
    told = "; ".join(str(phase) for phase in schedule.phases) or "none"
    ahead = ", ".join(f"{drop.epoch:g}" for drop in schedule.ahead)
    return f"{told}; still to fall at {ahead}" if ahead else told


def _stopping(diagnosis: Diagnosis) -> Iterator[Table | str]:
    stopping = diagnosis.stopping
    if stopping is None or not stopping.validations:
        yield "  What patience would have done cannot be told: the log holds no validation."
        return
    best = f"best {_points(stopping.best)} at {stopping.best_epoch}"
    yield from (
        "",
        f"Stopping after so many evaluations without a better score (of {stopping.validations}; {best})",
    )
    header = [
        "patience",
        "stops at",
        "best by then",
        "lost",
        "hours saved",
        "the loss then",
        "the score then",
        "drops ahead",
    ]
    yield table(header, [_stop(stop) for stop in stopping.stops])


def _stop(stop: Stop) -> list[str]:
    if stop.epoch is None:
        return [str(stop.patience), "never", *["–"] * 6]
    return [
        str(stop.patience),
        str(stop.epoch),
        f"{_points(stop.best)} ({stop.best_epoch})",
        _points(stop.lost),
        "–" if stop.hours is None else f"{stop.hours:.1f}",
        str(stop.loss_verdict or "–"),
        str(stop.score_verdict or "–"),
        ", ".join(f"{epoch:g}" for epoch in stop.ahead) or "–",
    ]


def _points(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.1f}"
