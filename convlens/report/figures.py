"""The figures beside the page: what matplotlib draws for papers, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from convlens.plots import style
from convlens.plots.diagnosis import plot_diagnoses
from convlens.plots.forecast import plot_forecasts
from convlens.plots.gap import parts_of, plot_gaps
from convlens.plots.scatter import plot_correlations
from convlens.report.evidence import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 6  # runs that have a row each in a figure


def figures_of(told: Evidence) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by its name; none that would be empty."""
    return dict(_drawable(told))


def _drawable(told: Evidence) -> Iterator[tuple[str, Callable[[], Figure]]]:
    comparison, correlations = told.comparison, told.correlations
    if comparison and any(run.losses or run.scores for run in told.runs):
        yield "curves", comparison.plot
    if len(told.runs) <= _MOST:
        if any(d.curves for d in told.diagnoses):
            yield "verdicts", lambda: plot_diagnoses(told.diagnoses)
        if any(f.told for f in told.forecasts):
            yield "forecasts", lambda: plot_forecasts(told.forecasts)
    if correlations and any(len(g.points) > 1 for g in correlations.groups):
        yield "scatter", lambda: plot_correlations(correlations)
    for number, gap in enumerate(told.gaps, 1):
        if parts_of(gap):
            yield f"gap-{number}", lambda gap=gap: plot_gaps(gap)  # type: ignore[misc]


def write_figures(figures: dict[str, Callable[[], Figure]], folder: Path) -> None:
    """Each as PNG and SVG."""
    for name, draw in figures.items():
        with style.styled():
            figure = draw()
        for kind in ("png", "svg"):
            style.save(figure, folder / f"{name}.{kind}")
