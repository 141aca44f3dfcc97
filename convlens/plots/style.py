"""One style for all figures: colours that colour-blind readers tell apart, and how files are written."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from convlens.errors import ConvlensError
from convlens.files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito (2008), without yellow, which is too pale for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("solid", "dashed", "dotted", "dashdot")
FORMATS = ("png", "svg", "pdf")

_SETTINGS: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "font.size": 9,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,  # TrueType: venues refuse Type 3
    "svg.hashsalt": "convlens",  # the same figure is the same bytes
    "text.parse_math": False,  # a label is text, whatever it holds
    "text.usetex": False,
}


def colour(number: int) -> str:
    """The colour of the n-th curve."""
    return COLOURS[number % len(COLOURS)]


def dashes(number: int) -> str:
    """The dashes of the n-th curve: they change when all colours are used up."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


@contextmanager
def styled() -> Iterator[None]:
    """The style, for the figures made inside; nothing global stays changed.

    A character that the font lacks is drawn as a box, and panels of a tiny figure overlap, with no warning.
    """
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", r"(?s)Glyph \d+ .* missing from", UserWarning)
        warnings.filterwarnings("ignore", "constrained_layout not applied", UserWarning)
        yield


def label(text: str) -> str:
    """A label that every format can hold and the legend shows.

    Control characters have no place in SVG; matplotlib hides what begins with an underscore or is empty.
    """
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if shown and not shown.startswith("_") else f"\u200b{shown}"


def save(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure as PNG, SVG or PDF by its suffix; the same figure gives the same bytes.

    The file appears whole or not at all. Raises ConvlensError for another suffix or an unwritable place.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise ConvlensError(
            f"{path}: a figure is written as {', '.join(FORMATS)}, not as {kind or 'no suffix'}."
        )
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    with styled(), written_whole(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=undated)
