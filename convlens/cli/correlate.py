"""`convlens correlate`: does a lower final loss go with a higher mAP?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convlens.cli import figures
from convlens.cli.options import Dpi, Form, LogFormat, Mapped, Offline, Size, Sources
from convlens.cli.output import emit, emit_json, say, show
from convlens.cli.sources import Reader
from convlens.wording.text import OutputFormat, as_text


def correlate(
    sources: Sources,
    group_by: Annotated[
        str,
        typer.Option(help="What runs share whose losses compare, separated by commas.", metavar="PARTS"),
    ] = "detector,input_size,dataset",
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the mAP over the final loss into a .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    size: Size = None,
    dpi: Dpi = 150,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
    form: Form = OutputFormat.TABLE,
) -> None:
    """Correlate final losses with the mAP, by group and pooled over groups."""
    from convlens.analysis.correlation.correlation import correlate as correlate_runs
    from convlens.cli import correlation_tables as tables
    from convlens.plots.scatter import plot_correlations
    from convlens.wording.correlation_document import document

    inches = figures.checked(plot, size)
    reader = Reader(sources, offline, mapped, log_format)
    runs = list(reader.runs())
    if len(runs) < 2 and reader.failed:
        say("fewer than two runs could be read: there is nothing to correlate")
        raise typer.Exit(1)
    result = correlate_runs(runs, group_by=[part.strip() for part in group_by.split(",")])
    if form is OutputFormat.JSON:
        emit_json("correlate", document(result))
    elif form is OutputFormat.TABLE:
        show(*tables.view(result))
    else:
        emit(as_text(result.rows if form is OutputFormat.CSV else tables.readable(result), form) + "\n")
    figures.save(plot, dpi, lambda: plot_correlations(result, size=inches))
    raise typer.Exit(reader.exit_code())
