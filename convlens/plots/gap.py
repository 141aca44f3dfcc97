"""The gap: the part that was closed of each quantity, with its interval, between nothing and all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.errors import ConvlensError
from convlens.plots import style
from convlens.plots.panels import empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convlens.analysis.gap import Gap

_WIDEST = 200.0  # percent: an interval that is wider leaves the figure


@dataclass(frozen=True)
class ClosedPart:
    """One row ready to be drawn, in percent; the interval is NaN where unknown."""

    label: str
    closed: float
    low: float
    high: float


def parts_of(gap: Gap) -> tuple[ClosedPart, ...]:
    """The quantities of which a part was closed, in order."""
    names = {"loss": "summed loss", "map": f"{gap.at} mAP"}
    return tuple(
        ClosedPart(names.get(p.quantity, p.quantity), 100 * p.closed, 100 * p.low, 100 * p.high)
        for p in gap.parts
        if math.isfinite(p.closed)
    )


def plot_gap(parts: tuple[ClosedPart, ...], axes: Axes | None = None) -> Axes:
    """Draw one row a quantity, the first on top, with lines at nothing and at all of the gap."""
    if axes is None:
        axes = empty_figure((5.0, 2.5)).subplots()
    height = np.arange(len(parts), 0, -1)
    closed = np.array([p.closed for p in parts])
    bars = np.nan_to_num([[p.closed - p.low for p in parts], [p.high - p.closed for p in parts]])
    for place in (0.0, 100.0):
        axes.axvline(place, color="grey", linewidth=0.9, zorder=1)
    axes.errorbar(closed, height, xerr=bars, fmt="o", color=style.colour(0), elinewidth=1.4, capsize=3)
    axes.set_yticks(height, [style.label(p.label) for p in parts])
    axes.set_ylim(0.4, len(parts) + 0.6)
    ends = [0.0, 100.0, *closed]
    ends += [e for p in parts for e in (p.low, p.high) if abs(e - p.closed) < _WIDEST]
    axes.set_xlim(min(ends) - 5, max(ends) + 5)
    axes.set_xlabel("part of the gap that was closed [%]")
    return axes


def plot_gaps(gap: Gap, size: tuple[float, float] | None = None) -> Figure:
    """The whole figure, which names the three runs; `size` in inches."""
    parts = parts_of(gap)
    if not parts:
        raise ConvlensError("There is no gap that could be drawn: no quantity has a part that was closed.")
    with style.styled():
        figure = empty_figure(size or (6.0, 1.3 + 0.35 * len(parts)))
        axes = plot_gap(parts, figure.subplots())
        names = [style.label(arm.name) for arm in gap.arms]
        axes.set_title(
            f"0%: {names[0]}\n100%: {names[2]}\npoints: {names[1]}; bars: 95%", loc="left", fontsize=8
        )
    return figure
