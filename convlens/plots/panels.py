"""Empty figures, and how high their panels reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from convlens.errors import ConvlensError
from convlens.meters import Floats
from convlens.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAR_APART = 8.0  # times: where one loss ends this much above another, only a log scale shows both


def empty_figure(size: tuple[float, float]) -> Figure:
    """A figure of this size in inches that belongs to no window."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


Curve = TypeVar("Curve")


def row_a_run(
    runs: Sequence[tuple[str, Sequence[Curve]]],
    draw: Callable[[Curve, Axes, int], Axes],
    legend: str,
    axis: str,
    size: tuple[float, float] | None,
) -> Figure:
    """Named runs below each other, the curves of each beside each other; `size` is in inches.

    `draw` draws a curve, the n-th of its run, over the `axis`; a run without curves has no row. Raises
    ConvlensError where there is nothing to draw.
    """
    shown = [(name, curves) for name, curves in runs if curves]
    if not shown:
        raise ConvlensError("There is no curve that could be drawn: no log holds a complete epoch.")
    across = max(len(curves) for _, curves in shown)
    with style.styled():
        figure = empty_figure(size or (3.8 * across, 2.3 * len(shown) + 0.4))
        grid = figure.subplots(len(shown), across, sharex="row", squeeze=False)
        for row, (name, curves) in zip(grid, shown, strict=True):
            for axes in row[len(curves) :]:
                axes.remove()
            for number, curve in enumerate(curves):
                draw(curve, row[number], number)
            if len(shown) > 1:
                row[0].set_title(f"{style.label(name)}\n{row[0].get_title(loc='left')}", loc="left")
        for axes in grid[-1]:
            axes.set_xlabel(axis)
        figure.supxlabel(legend, fontsize=7, x=0.01, ha="left")
    return figure


def fit_height(axes: Axes, heights: Sequence[Floats]) -> None:
    """Keep the first epochs, which can be a hundred times higher, from flattening all others."""
    later = np.concatenate([h[max(len(h) // 20, 1) :] for h in heights]) if heights else np.empty(0)
    if not len(later):
        return
    low, high = float(later.min()), float(later.max())
    ends = [float(h[-1]) for h in heights]
    if low > 0 and max(ends) > _FAR_APART * min(ends):
        from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(low / 1.1, high * 1.1)
    else:
        margin = 0.08 * (high - low or abs(high) or 1.0)
        axes.set_ylim(low - margin, high + margin)
