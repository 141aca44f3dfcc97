"""`convlens gap`: what part of the distance to a reference an improvement closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli import figures
from convlens.cli.options import Dpi, Form, LogFormat, Mapped, Offline, Size
from convlens.cli.output import emit, emit_json, show
from convlens.cli.sources import Reader
from convlens.wording.text import OutputFormat, as_text

if TYPE_CHECKING:
    from convlens.run import Run


def gap(
    base: Annotated[str, typer.Argument(help="The run to improve, or its repeats.", show_default=False)],
    improved: Annotated[str, typer.Argument(help="The improved run, or its repeats.", show_default=False)],
    ref: Annotated[str, typer.Argument(help="The run to reach, or its repeats.", show_default=False)],
    at: Annotated[
        str, typer.Option(help="Which mAP stands for a run: best, final or published.", metavar="WHICH")
    ] = "best",
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the part closed of each quantity into a .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    size: Size = None,
    dpi: Dpi = 150,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
    form: Form = OutputFormat.TABLE,
) -> None:
    """Tell what part of the gap between two runs a third one closed, in each loss and in mAP."""
    from convlens.analysis.gap import gap as gap_between
    from convlens.cli import gap_tables as tables
    from convlens.plots.gap import plot_gaps
    from convlens.wording.gap_document import document

    inches = figures.checked(plot, size)
    sides = [_runs(Reader([side], offline, mapped, log_format)) for side in (base, improved, ref)]
    result = gap_between(sides[0], sides[1], sides[2], at=at)
    if form is OutputFormat.JSON:
        emit_json("gap", document(result))
    elif form is OutputFormat.TABLE:
        show(*tables.view(result))
    else:
        emit(as_text(result.rows if form is OutputFormat.CSV else tables.readable(result), form) + "\n")
    figures.save(plot, dpi, lambda: plot_gaps(result, inches))


def _runs(reader: Reader) -> list[Run]:
    """The runs of a side, all of which must be read."""
    runs = list(reader.runs())
    if reader.failed:
        raise typer.Exit(1)
    return runs
