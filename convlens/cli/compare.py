"""`convlens compare`: what runs reached and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli import figures
from convlens.cli.options import Dpi, Form, LogFormat, Mapped, Offline, Size, Sources
from convlens.cli.output import emit, emit_json, say, show
from convlens.cli.sources import Reader
from convlens.errors import ConvlensError
from convlens.wording.text import OutputFormat, as_text

if TYPE_CHECKING:
    from convlens.analysis.comparison.published import AgainstPublished
    from convlens.run import Run


class Axis(StrEnum):
    """What `--x` takes."""

    EPOCH = "epoch"
    ITERATION = "iteration"
    HOURS = "hours"


def compare(
    sources: Sources,
    reference: Annotated[
        str | None,
        typer.Option(help="The run that differences refer to (default: the first).", metavar="NAME"),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Compare this metric too; give it again for more.", metavar="NAME"),
    ] = None,
    classes: Annotated[
        int, typer.Option(help="Show the N classes whose AP differs most.", metavar="N", min=0)
    ] = 0,
    sort: Annotated[
        str | None,
        typer.Option(help="Best first by a column: map, loss, hours, a loss's name.", metavar="COLUMN"),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(help="One table for each value of a column: dataset, detector.", metavar="COLUMN"),
    ] = None,
    separate: Annotated[
        bool, typer.Option("--separate", help="Show runs that differ in the seed only one by one.")
    ] = False,
    against_zoo: Annotated[
        bool,
        typer.Option(
            "--against-zoo", help="Compare with the published runs of the same networks and datasets."
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw losses and mAP into a .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    x: Annotated[Axis, typer.Option(help="What the figure is drawn over.")] = Axis.EPOCH,
    size: Size = None,
    dpi: Dpi = 150,
    form: Form = OutputFormat.TABLE,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
) -> None:
    """Compare two or more runs: losses, mAP, arguments, findings."""
    from convlens.analysis.comparison.comparison import compare as compare_runs
    from convlens.analysis.comparison.repeats import is_same_log
    from convlens.cli import comparison_tables as tables
    from convlens.cli.against_zoo import document as zoo_document
    from convlens.cli.against_zoo import view as zoo_view
    from convlens.plots.curves import plot_comparison
    from convlens.wording.comparison_document import document

    inches = figures.checked(plot, size)
    reader = Reader(sources, offline, mapped, log_format)
    runs = list(reader.runs())
    published = _against_zoo(runs) if against_zoo else []
    added = {one.published.name: one.published for one in published}.values()
    runs = [*(run for run in added if not any(is_same_log(run, given) for given in runs)), *runs]
    if len(runs) < 2 and reader.failed:
        say("fewer than two runs could be read: there is nothing to compare")
        raise typer.Exit(1)
    comparison = compare_runs(runs, reference=reference, metrics=metric or (), separate=separate)
    if form is OutputFormat.JSON:
        told = document(comparison, classes) | {"against_zoo": zoo_document(published)}
        emit_json("compare", told)
    elif form is OutputFormat.TABLE:
        shown = tables.view(comparison, classes, sort, group_by, reference is not None)
        show(*shown, *(zoo_view(published) if published else ()))
    else:
        rows = tables.sorted_rows(comparison, sort, group_by)
        emit(as_text(rows if form is OutputFormat.CSV else tables.readable(rows), form) + "\n")
    figures.save(plot, dpi, lambda: plot_comparison(comparison, x, size=inches))
    raise typer.Exit(reader.exit_code())


def _against_zoo(runs: Sequence[Run]) -> list[AgainstPublished]:
    """Each run beside its published one; where there is none it is told, and of a single run an error."""
    from convlens.analysis.comparison.published import against_published

    found = []
    for run in runs:
        try:
            found.append(against_published(run))
        except ConvlensError as error:
            if len(runs) == 1:
                raise
            say(str(error))
    return found
