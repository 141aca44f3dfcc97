"""What commands that draw share: the size of a figure, and where it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convlens.wording.text import safe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = tuple[float, float] | None  # inches


def checked(plot: Path | None, size: str | None) -> Size:
    """The size asked for in inches; usage errors are told before anything is read."""
    inches = _inches(size)
    if plot is not None:
        from convlens.plots.style import FORMATS

        if plot.suffix.lower().lstrip(".") not in FORMATS:
            known = ", ".join(f".{kind}" for kind in FORMATS)
            raise typer.BadParameter(f"{safe(plot)}: a figure is one of {known}", param_hint="--plot")
    return inches


def save(plot: Path | None, dpi: int, draw: Callable[[], Figure]) -> None:
    """Write the figure that `draw` makes, if one was asked for."""
    if plot is not None:
        from convlens.plots import style

        style.save(draw(), plot, dpi)


def _inches(size: str | None) -> Size:
    """Width and height in inches of `3.5x2.6in`, `9x6cm` or `3.5x2.6`."""
    if size is None:
        return None
    text = size.lower().strip()
    unit = 2.54 if text.endswith("cm") else 1.0
    width, _, height = text.removesuffix("cm").removesuffix("in").partition("x")
    try:
        inches = float(width) / unit, float(height) / unit
    except ValueError:
        inches = (0.0, 0.0)
    if not all(0.5 <= side <= 100 for side in inches):
        raise typer.BadParameter("a size is two numbers such as 3.5x2.6in or 9x6cm", param_hint="--size")
    return inches
