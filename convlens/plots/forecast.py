"""Curves with their forecasts: what was seen, and where they will stand, with 50% and 90% intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis.convergence.verdicts import title_of
from convlens.errors import UnknownNameError
from convlens.meters import Floats
from convlens.plots import style
from convlens.plots.panels import empty_figure, fit_height, row_a_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from convlens.analysis.forecast.forecast import CurveForecast, Forecast

_DROP = (0, (1, 3))
_LEGEND = (
    "point: the forecast, a mean over 2% of the epochs; thick and thin bar: its 50% and 90% intervals\n"
    "dotted: drops of the learning rate that are still to come"
)


@dataclass(frozen=True, eq=False)
class ForecastCurve:
    """One curve ready to be drawn: what was seen, `x` and `y` (n,), and what is forecast for `epoch`.

    `drops` are places on x at which the learning rate is still to fall.
    """

    x: Floats
    y: Floats
    drops: Floats
    epoch: float
    told: CurveForecast


def forecast_curve(forecast: Forecast, curve: str) -> ForecastCurve:
    """A curve of a forecast over epochs as printed. Raises UnknownNameError for one that is not there."""
    if curve not in forecast.seen or forecast.epoch is None:
        raise UnknownNameError("curve", curve, forecast.seen)
    x, y = forecast.seen[curve]
    return ForecastCurve(x, y, np.array(forecast.drops, dtype=np.float64), forecast.epoch, forecast[curve])


def plot_forecast(curve: ForecastCurve, axes: Axes | None = None, number: int = 0) -> Axes:
    """Draw what was seen of a curve, and its forecast if there is one; `number` picks the colour."""
    if axes is None:
        axes = empty_figure((6.0, 2.6)).subplots()
    colour, told = style.colour(number), curve.told
    axes.plot(curve.x, curve.y, color=colour, linewidth=1.2, marker="." if len(curve.x) < 40 else None)
    for place in curve.drops:
        axes.axvline(place, color="grey", linestyle=_DROP, linewidth=0.9, zorder=1)
    heights = curve.y
    if told.told:  # no line leads there: what a drop does along the way is not forecast
        axes.vlines(curve.epoch, told.low_90, told.high_90, color=colour, linewidth=1.2)
        axes.vlines(curve.epoch, told.low_50, told.high_50, color=colour, linewidth=5, alpha=0.5)
        axes.plot([curve.epoch], [told.value], "o", color=colour, markersize=4)
        heights = np.concatenate([heights, [told.low_90, told.high_90]])
    name = "summed loss" if told.curve == "loss" else title_of(told.curve)
    axes.set_title(style.label(name) + ("" if told.told else ": no forecast"), loc="left")
    if told.curve != "map":
        fit_height(axes, [heights])
    return axes


def plot_forecasts(forecasts: Sequence[Forecast], size: tuple[float, float] | None = None) -> Figure:
    """A row a run: its summed loss and its mAP; `size` is in inches.

    Raises ConvlensError where there is nothing to draw.
    """
    runs = [(f.run, [forecast_curve(f, c) for c in ("loss", "map") if c in f.seen]) for f in forecasts]
    axes = dict.fromkeys(f.axis for f in forecasts)
    return row_a_run(runs, plot_forecast, _LEGEND, " or ".join(axes), size)
