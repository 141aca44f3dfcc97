"""Curves over epochs: losses above, mAP below, with drops of the learning rate and restarts marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis import figures
from convlens.errors import ConvlensError
from convlens.meters import Floats
from convlens.metrics import Role
from convlens.plots import style
from convlens.plots.panels import empty_figure, fit_height
from convlens.run import Part, Run

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convlens.analysis.comparison.comparison import Comparison

X_LABELS = {"epoch": "epochs done", "iteration": "iterations", "hours": "hours of training"}
_DROP, _RESTART = (0, (1, 3)), (0, (6, 2, 1, 2))
_HIGHEST = 1e30  # matplotlib computes with squares of what it draws
_VISIBLE = 0.004  # of the panel's height: below it a band of rounding is not drawn


@dataclass(frozen=True, eq=False)
class PlottedCurve:
    """One curve ready to be drawn: `x` and `y` (n,), half-widths `width` (n,), places of marks on x."""

    label: str
    x: Floats
    y: Floats
    width: Floats
    drops: Floats
    restarts: Floats


def curve_of(run: Run, quantity: str, x: str = "epoch") -> PlottedCurve:
    """One quantity of a run over epochs done (what it counts, where that is iterations), iterations or hours.

    Raises ConvlensError if the log does not tell the iterations or hours, UnknownNameError for a quantity
    that it does not have.
    """
    arrays = run.arrays
    along = axis_values(run, x)
    values = figures.series(run, quantity)
    names = [c.measures for c in run.columns]
    if quantity in names:
        width = arrays.width[:, names.index(quantity)]
    else:
        width = arrays.loss_width if quantity == "loss" else np.zeros(len(values))
    known = np.abs(values) < _HIGHEST  # which NaN is not
    first = {s.index: int(s.epoch[0]) for s in run.sessions if s.part is Part.RUN}
    taken = sorted({int(s) for s, _ in run.curve_rows.tolist()})[1:]
    return PlottedCurve(
        label=run.name,
        x=along[known],
        y=values[known],
        width=width[known],
        drops=_before(run, along, figures.drops(run)),
        restarts=_before(run, along, np.array([first[s] for s in taken], dtype=np.float64)),
    )


def nothing_of(run: Run) -> PlottedCurve:
    """A curve without points, for a run that lacks the quantity."""
    none = np.empty(0)
    return PlottedCurve(run.name, none, none, none, none, none)


def axis_values(run: Run, x: str) -> Floats:
    """Where each epoch of the curve ends: in epochs done, iterations, or hours of training."""
    done = figures.done(run).astype(np.float64)
    if x in ("epoch", run.axis):  # what the log counts
        return done
    if x == "iteration":
        steps = [run.sessions[s].last_step[r] + 1 for s, r in run.curve_rows.tolist()]
        if not steps or max(steps) == 0:
            raise ConvlensError(f"{run.name}: the log names no batches, so iterations are unknown.")
        return done * float(max(steps))
    if x == "hours":
        seconds = run.arrays.seconds
        if not np.isfinite(seconds).any():
            raise ConvlensError(f"{run.name}: the log states no training time, so hours are unknown.")
        filled = np.where(np.isfinite(seconds), seconds, np.nanmedian(seconds))
        hours: Floats = np.cumsum(filled) / 3600
        return hours
    raise ConvlensError(f"x is one of {', '.join(X_LABELS)}, not {x!r}.")


def _before(run: Run, along: Floats, epochs: Floats) -> Floats:
    """The places on the axis where the given epochs begin."""
    rows = np.searchsorted(run.arrays.epoch, epochs)
    ends = np.concatenate([[0.0], along])
    before: Floats = ends[np.minimum(rows, len(along))]
    return before


def plot_curve(curve: PlottedCurve, axes: Axes | None = None, number: int = 0) -> Axes:
    """Draw a curve with its band of rounding; `number` picks colour and dashes."""
    if axes is None:
        axes = empty_figure((6.0, 3.0)).subplots()
    colour = style.colour(number)
    axes.plot(
        curve.x,
        curve.y,
        label=style.label(curve.label),
        color=colour,
        linestyle=style.dashes(number),
        marker="." if len(curve.x) < 40 else None,
    )
    if np.any(curve.width > _VISIBLE * np.ptp(curve.y) if len(curve.y) else False):
        low, high = curve.y - curve.width, curve.y + curve.width
        axes.fill_between(curve.x, low, high, color=colour, alpha=0.2, linewidth=0)
    return axes


def plot_marks(curves: Sequence[PlottedCurve], axes: Axes) -> Axes:
    """Mark drops of the learning rate and restarts, in the curve's colour or grey where curves share them."""
    for kind, dashes in (("drops", _DROP), ("restarts", _RESTART)):
        owners: dict[float, list[int]] = {}
        for number, curve in enumerate(curves):
            for place in getattr(curve, kind).tolist():
                owners.setdefault(round(place, 6), []).append(number)
        for place, numbers in owners.items():
            colour = style.colour(numbers[0]) if len(numbers) == 1 else "grey"
            axes.axvline(place, color=colour, linestyle=dashes, linewidth=0.9, zorder=1)
    return axes


def plot_comparison(
    comparison: Comparison,
    x: str = "epoch",
    metrics: Sequence[str] = (),
    size: tuple[float, float] | None = None,
) -> Figure:
    """Losses above, mAP or what else the runs are judged by and other metrics below, on shared epochs.

    `size` is in inches.

    The metrics are those that the comparison was asked for, and `metrics`. Raises UnknownNameError for one
    that no run has.
    """
    runs = comparison.runs
    if x == "epoch" and not comparison.axis:
        raise ConvlensError("Some of these logs count epochs and others iterations: draw them over hours.")
    for metric in metrics:
        if not any(figures.has(run, metric) for run in runs):
            figures.series(runs[0], metric)  # raises, and says what there is
    top = _loss_panels(comparison)
    judges = {run.main_score.measures for run in runs if run.main_score}
    scores = [q.name for q in comparison.quantities if q.name in judges]
    asked_for = [m for m in (*comparison.asked_for, *metrics) if m not in top]
    bottom = list(dict.fromkeys([*asked_for, *scores]))
    if not top and not bottom:
        raise ConvlensError("None of these logs holds a loss or a score that could be drawn.")
    across = min(len(top), 3 if len(top) % 3 == 0 else 2) or 1
    loss_rows = math.ceil(len(top) / across)
    with style.styled():
        legend = 0.18 * math.ceil(len(runs) / 2 + 1)  # inches, for the runs and two kinds of marks
        figure = empty_figure(size or (7.2, 2.3 * (loss_rows + len(bottom)) + 0.24 + legend))
        grid = figure.add_gridspec(loss_rows + len(bottom), across)
        panels = [
            (name, figure.add_subplot(grid[number // across, number % across]))
            for number, name in enumerate(top)
        ]
        panels += [(name, figure.add_subplot(grid[loss_rows + n, :])) for n, name in enumerate(bottom)]
        drawn = [curve for name, axes in panels for curve in _panel(axes, runs, name, x)]
        furthest = max((curve.x[-1] for curve in drawn if len(curve.x)), default=0.0) or 1.0
        for _, axes in panels:
            axes.set_xlim(0, furthest * 1.01)
        panels[-1][1].set_xlabel(X_LABELS[comparison.axis if x == "epoch" else x])
        _add_legend(figure, _legend([axes for _, axes in panels], drawn, runs))
    return figure


def _panel(axes: Axes, runs: Sequence[Run], name: str, x: str) -> list[PlottedCurve]:
    """Draw one quantity of all runs that have it, and give back what was drawn."""
    curves = []
    for number, run in enumerate(runs):
        if figures.has(run, name):
            curves.append(curve_of(run, name, x))
            plot_curve(curves[-1], axes, number)
        else:
            curves.append(nothing_of(run))  # keeps the colours in step
    plot_marks(curves, axes)
    told = {q.name: str(q) for run in runs for q in figures.quantities(run)}
    axes.set_title(told.get(name, name), loc="left")
    if not any(figures.score_of(run, name) for run in runs):
        fit_height(axes, [curve.y for curve in curves if len(curve.y)])
    return curves


def _loss_panels(comparison: Comparison) -> list[str]:
    """Each loss in a panel of its own where the runs share them, else their sum.

    Five losses are joined by their sum, which fills the grid. Where there is no loss, training metrics that
    the runs share stand for it.
    """
    losses = [{c.measures for c in run.losses} for run in comparison.runs]
    if not any(losses):
        losses = [{c.measures for c in run.columns if c.role is Role.METRIC} for run in comparison.runs]
    shared = set.intersection(*losses)
    names = [q.name for q in comparison.quantities if q.name in shared]
    if len(names) > 3 and len(names) % 2:
        names.append("loss")
    return names or (["loss"] if any(run.losses for run in comparison.runs) else [])


def _legend(panels: Sequence[Axes], drawn: Sequence[PlottedCurve], runs: Sequence[Run]) -> list[Artist]:
    """One entry a run, from the first panel that draws it, one a kind of mark, and what does not compare."""
    from matplotlib.lines import Line2D

    entries: dict[str, Artist] = {}
    for axes in panels:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(text, handle)
    marks = []
    if any(len(curve.drops) for curve in drawn):
        marks.append(Line2D([], [], color="grey", linestyle=_DROP, label="learning-rate drop"))
    if any(len(curve.restarts) for curve in drawn):
        marks.append(Line2D([], [], color="grey", linestyle=_RESTART, label="resumed or restarted"))
    scales: set[object] = {
        (r.identity.detector, r.identity.input_size, r.identity.dataset) for r in runs if r.losses
    }
    differ: dict[str, set[object]] = {"loss scales": scales, "datasets": {r.identity.dataset for r in runs}}
    if what := " and ".join(name for name, found in differ.items() if len(found) > 1):
        marks.append(Line2D([], [], linestyle="none", label=f"{what} differ"))
    return [*entries.values(), *marks]


def _add_legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put the legend above the panels: in two columns if they fit, else in one, in small print if need be."""
    for columns, size in ((2, 9), (1, 9), (1, 7), (1, 5)):
        legend = figure.legend(handles=handles, loc="outside upper left", ncols=columns, fontsize=size)
        if size == 5 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()
