"""Curves with their verdicts: the phases, the epochs that were judged, and what more of them would change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis.convergence.verdicts import CurveVerdict, title_of
from convlens.analysis.schedule.phases import Begin
from convlens.errors import UnknownNameError
from convlens.meters import Floats
from convlens.plots import style
from convlens.plots.panels import empty_figure, fit_height, row_a_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convlens.analysis.convergence.diagnosis import Diagnosis

_DROP, _BREAK = (0, (1, 3)), (0, (6, 2, 1, 2))
_LEGEND = (
    "bold: the epochs that were judged; dashed, with a fan: the change that more would bring (90%); "
    "grey band: the margin\ndotted: drops of the learning rate; dash-dotted: other breaks of the loss"
)


@dataclass(frozen=True, eq=False)
class JudgedCurve:
    """One curve ready to be drawn: `x` and `y` (n,), places of marks on x, and its verdict.

    `drops` were seen, `ahead` are to come, at `breaks` the level changed without a drop.
    """

    x: Floats
    y: Floats
    drops: Floats
    ahead: Floats
    breaks: Floats
    told: CurveVerdict


def judged_curve(diagnosis: Diagnosis, curve: str) -> JudgedCurve:
    """A curve of a diagnosis over epochs as printed. Raises UnknownNameError for one that is not there."""
    if curve not in diagnosis.curves:
        raise UnknownNameError("curve", curve, diagnosis.curves)
    points, schedule = diagnosis.points[curve], diagnosis.schedule
    begins = {p.first: p.begins for p in schedule.phases}
    breaks = [epoch for epoch, why in begins.items() if why in (Begin.BREAK, Begin.CHANGE_POINT)]
    return JudgedCurve(
        x=points.epoch.astype(np.float64),
        y=points.value,
        drops=np.array([d.epoch for d in schedule.drops if d.epoch not in breaks], dtype=np.float64),
        ahead=np.array([d.epoch for d in schedule.ahead], dtype=np.float64),
        breaks=np.array(breaks, dtype=np.float64),
        told=diagnosis.curves[curve],
    )


def plot_verdict(judged: JudgedCurve, axes: Axes | None = None, number: int = 0) -> Axes:
    """Draw a curve, the epochs that were judged in bold, and the change expected of more.

    The fan is the 90% interval of that change, the grey band the margin within which it does not matter;
    `number` picks the colour.
    """
    if axes is None:
        axes = empty_figure((6.0, 2.6)).subplots()
    colour, told = style.colour(number), judged.told
    axes.plot(judged.x, judged.y, color=colour, linewidth=1.0, marker="." if len(judged.x) < 40 else None)
    for places, dashes in ((judged.drops, _DROP), (judged.ahead, _DROP), (judged.breaks, _BREAK)):
        for place in places:
            axes.axvline(place, color="grey", linestyle=dashes, linewidth=0.9, zorder=1)
    if told.first is not None and told.last is not None:
        inside = (judged.x >= told.first) & (judged.x <= told.last)
        axes.plot(judged.x[inside], judged.y[inside], color=colour, linewidth=2.4)
    if told.last is not None and math.isfinite(told.change):
        ends = [told.last, told.last + told.horizon]
        floor, ceiling = told.value - told.margin, told.value + told.margin
        axes.fill_between([told.first or 0, ends[1]], floor, ceiling, color="grey", alpha=0.25, linewidth=0)
        low, high = ([told.value, told.value + change] for change in (told.low_90, told.high_90))
        axes.fill_between(ends, low, high, color=colour, alpha=0.35, linewidth=0)
        axes.plot(ends, [told.value, told.value + told.change], color=colour, linestyle="dashed")
    axes.set_title(_title(told), loc="left")
    if not told.scored:
        fit_height(axes, [judged.y] if len(judged.y) else [])
    return axes


def plot_diagnoses(diagnoses: Sequence[Diagnosis], size: tuple[float, float] | None = None) -> Figure:
    """A row a run: its summed loss, and the score by which it is judged; `size` is in inches.

    Raises ConvlensError where there is nothing to draw.
    """
    runs = [(d.run, [judged_curve(d, curve) for curve in _shown(d)]) for d in diagnoses]
    axes = dict.fromkeys(curve.axis for d in diagnoses for curve in d.curves.values())
    return row_a_run(runs, plot_verdict, _LEGEND, " or ".join(axes), size)


def _shown(diagnosis: Diagnosis) -> list[str]:
    """The summed loss and the score, as far as they hold a point."""
    known = [name for name, told in diagnosis.curves.items() if name == "loss" or told.scored]
    return [name for name in known if len(diagnosis.points[name])]


def _title(told: CurveVerdict) -> str:
    name = "summed loss" if told.curve == "loss" else title_of(told.curve)
    return f"{style.label(name)}: {told.verdict}"
