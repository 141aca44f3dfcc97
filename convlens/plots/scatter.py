"""Scatter: mAP over a final loss, a panel a group, with the least-squares line and its 95% band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis import figures
from convlens.analysis.correlation.association import FEWEST_FOR_AN_INTERVAL, Association, least_squares
from convlens.errors import ConvlensError, UnknownNameError
from convlens.meters import Floats
from convlens.plots import style
from convlens.plots.panels import empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convlens.analysis.correlation.correlation import Correlations, Group, Point

_MARGIN = 0.15  # of the range of the points, on each side


@dataclass(frozen=True, eq=False)
class Scatter:
    """One group ready to be drawn: n labelled points and the line through them.

    `x` is the loss, `y` the mAP [%] and `x_error` and `y_error` half the widths of their 95% intervals, 0
    where unknown (n,). `line_x` and `line_y` (m,) are the least-squares line, empty where there is none, and
    `band` (m,) half the height of its 95% band, NaN of fewer than four points. `told` is what the points say.
    """

    title: str
    told: str
    labels: tuple[str, ...]
    x: Floats
    y: Floats
    x_error: Floats
    y_error: Floats
    line_x: Floats
    line_y: Floats
    band: Floats


def scatter_of(group: Group, quantity: str = "loss") -> Scatter:
    """The points of a group that have this loss. Raises UnknownNameError where the group does not know it."""
    if quantity not in group.associations:
        raise UnknownNameError("loss", quantity, group.associations)
    points = group.having(quantity)
    losses = [p.losses[quantity] for p in points]
    x, y = np.array([e.value for e in losses]), np.array([p.map.value for p in points])
    line = least_squares(x, y)
    reach = _MARGIN * np.ptp(x) if line else 0.0
    along = np.linspace(x.min() - reach, x.max() + reach, 50) if line else np.empty(0)
    return Scatter(
        title=group.name,
        told=_told(group.associations[quantity]),
        labels=_labels(points),
        x=x,
        y=y,
        x_error=np.nan_to_num([e.half_width for e in losses]),
        y_error=np.nan_to_num([p.map.half_width for p in points]),
        line_x=along,
        line_y=line.at(along) if line else along,
        band=line.half_width(along) if line else along,
    )


def plot_correlation(scatter: Scatter, axes: Axes | None = None, number: int = 0) -> Axes:
    """Draw one group; `number` picks its colour."""
    if axes is None:
        axes = empty_figure((4.0, 3.0)).subplots()
    colour = style.colour(number)
    with_band = bool(np.isfinite(scatter.band).any())
    dashes = "solid" if with_band else "dashed"
    axes.plot(scatter.line_x, scatter.line_y, color=colour, linewidth=1.0, linestyle=dashes)
    if with_band:
        low, high = scatter.line_y - scatter.band, scatter.line_y + scatter.band
        axes.fill_between(scatter.line_x, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.errorbar(
        scatter.x, scatter.y, scatter.y_error, scatter.x_error, fmt="o", color=colour, elinewidth=0.9
    )
    _limits(axes, scatter)
    for label, x, y in zip(scatter.labels, scatter.x, scatter.y, strict=True):
        across, up = _beside_the_line(scatter, float(x))
        axes.annotate(
            style.label(label),
            (x, y),
            (5 * across, 4 * up),
            textcoords="offset points",
            ha="left" if across > 0 else "right",
            va="bottom" if up > 0 else "top",
            fontsize=7,
        )
    axes.set_title(f"{style.label(scatter.title)}\n{scatter.told}", loc="left")
    return axes


def plot_correlations(
    result: Correlations, quantity: str = "loss", size: tuple[float, float] | None = None
) -> Figure:
    """A panel for each group of two points and more that has this loss; `size` in inches.

    Where no group has two points, those of one are drawn. Raises UnknownNameError for a loss that none has.
    """
    known = dict.fromkeys(name for group in result.groups for name in group.associations)
    if not known:
        raise ConvlensError("None of these logs holds both a loss and a mAP that could be drawn.")
    if quantity not in known:
        raise UnknownNameError("loss", quantity, known)
    groups = [group for group in result.groups if group.associations.get(quantity, Association(0)).n]
    groups = [group for group in groups if group.associations[quantity].n > 1] or groups
    across = min(len(groups), 2)
    rows = math.ceil(len(groups) / across)
    with style.styled():
        figure = empty_figure(size or (3.6 * across, 2.6 * rows + 0.3))
        for number, group in enumerate(groups):
            axes = plot_correlation(
                scatter_of(group, quantity), figure.add_subplot(rows, across, number + 1), number
            )
            if number % across == 0:
                axes.set_ylabel("mAP [%]")
            if number >= len(groups) - across:
                axes.set_xlabel(f"final {figures.NAMES.get(quantity, quantity)}")
        figure.supxlabel(_legend(groups, quantity), fontsize=7, x=0.01, ha="left")
    return figure


def _legend(groups: Sequence[Group], quantity: str) -> str:
    """What lines, bands and bars are, as far as there are any."""
    counts = [group.associations[quantity].n for group in groups]
    told = []
    if max(counts) >= FEWEST_FOR_AN_INTERVAL:
        told.append("lines: least squares, with the 95% band of the line")
    if min(counts) < FEWEST_FOR_AN_INTERVAL:
        told.append("dashed: least squares through too few runs for an interval")
    bars = "bars: 95%, of single runs of the jitter within the run"
    return f"{'; '.join(told)}\n{bars}{'; loss scales differ' if len(groups) > 1 else ''}"


def _told(a: Association) -> str:
    """What the points of a panel say, in a line."""
    if not math.isfinite(a.pearson):
        return f"{a.n} run" + "s" * (a.n != 1)
    interval = "no interval" if math.isnan(a.low) else f"{a.low:.2f} to {a.high:.2f}"
    return f"r = {a.pearson:.2f} ({interval}), p = {a.p:.2g}, n = {a.n}"


def _beside_the_line(scatter: Scatter, x: float) -> tuple[int, int]:
    """Where the label of a point goes: towards the middle, where there is room, and off the line."""
    across = 1 if x <= (scatter.x.min() + scatter.x.max()) / 2 else -1
    rises = len(scatter.line_y) > 0 and scatter.line_y[-1] > scatter.line_y[0]
    return across, -across if rises else across


def _labels(points: Sequence[Point]) -> tuple[str, ...]:
    """The backbones where they tell the points apart, else the names of the runs."""
    names = [point.arm.name for point in points]
    backbones = [point.arm.runs[0].identity.backbone for point in points]
    teachers = [point.arm.runs[0].identity.teacher for point in points]
    short = [f"{b} (teacher {t})" if t else str(b) for b, t in zip(backbones, teachers, strict=True)]
    return tuple(names if None in backbones or len(set(short)) < len(short) else short)


def _limits(axes: Axes, scatter: Scatter) -> None:
    """Room around the points; a band may leave the panel, so that it does not press them flat."""
    for values, errors, set_limits in (
        (scatter.x, scatter.x_error, axes.set_xlim),
        (scatter.y, scatter.y_error, axes.set_ylim),
    ):
        if len(values):
            low, high = float((values - errors).min()), float((values + errors).max())
            room = _MARGIN * (high - low or abs(high) or 1.0)
            set_limits(low - room, high + room)
