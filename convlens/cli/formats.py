"""`convlens formats`: the kinds of logs that are read, and what is recognised in a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli import completion
from convlens.cli.options import Form, LogFormat, Mapped, Offline
from convlens.cli.output import emit, emit_json, show, table
from convlens.cli.sources import Reader
from convlens.wording.text import OutputFormat, as_text, number

if TYPE_CHECKING:
    from convlens.run import Run


def list_formats(context: typer.Context, form: Form = OutputFormat.TABLE) -> None:
    """List the kinds of logs that are read, each with a line of one; `check` tells what a file is read as."""
    if context.invoked_subcommand is not None:
        return
    from convlens.formats import built_in
    from convlens.formats.plugins import registered

    known = [*built_in(), *registered().formats]
    rows = [{"format": f.name, "counts": f"{f.axis}s", "example": f.example} for f in known]
    if form is OutputFormat.JSON:
        emit_json("formats", {"formats": rows, "faults": registered().faults})
    elif form is not OutputFormat.TABLE:
        emit(as_text(rows, form) + "\n")
    else:
        faults = [f"not usable: {fault}" for fault in registered().faults]
        show(table(list(rows[0]), [list(row.values()) for row in rows]), *faults)


def check(
    source: Annotated[
        str, typer.Argument(help="A log.", show_default=False, autocompletion=completion.sources)
    ],
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
    form: Form = OutputFormat.TABLE,
) -> None:
    """Say what a log is read as: each column with what it is, and what was not understood or not taken."""
    reader = Reader([source], offline, mapped, log_format)
    runs = list(reader.runs())
    if form is OutputFormat.JSON:
        emit_json("formats check", {"runs": [_document(run) for run in runs]})
    elif form is not OutputFormat.TABLE:
        emit(as_text([{"run": run.name, **row} for run in runs for row in _columns(run)], form) + "\n")
    else:
        for run in runs:
            _show(run)
    raise typer.Exit(reader.exit_code())


def _show(run: Run) -> None:
    rows = _columns(run)
    show(f"{run.name}: {run.format}, {run.summary.epochs} {run.axis}s; {run.identity}", "")
    if rows:
        show(table(list(rows[0]), [list(map(number, row.values())) for row in rows]))
    left = [f"Neither a loss nor a score: {', '.join(run.not_taken)}"] if run.not_taken else []
    show(*left, *map(str, run.findings), "")


def _columns(run: Run) -> list[dict[str, object]]:
    return [*_trained(run), *_scored(run)]


def _trained(run: Run) -> Iterator[dict[str, object]]:
    from convlens.metrics import NO_MEANS, RATE

    rates = [rate for rate in run.arrays.lr.tolist() if math.isfinite(rate)]
    for column in run.columns:
        over = f"{column.meter} of {column.window}" if column.window else str(column.meter)
        yield {
            "column": column.name,
            "is": str(column.role),
            "unit": str(column.unit) or "–",
            "better": str(column.better),
            "averages": "–" if column.role in NO_MEANS else over,
            "last": rates[-1] if column is RATE and rates else run.summary.final.get(column.name),
        }


def _scored(run: Run) -> Iterator[dict[str, object]]:
    for column in run.scores:
        known = run.validation[column.name].dropna()
        yield {
            "column": column.name,
            "is": str(column.role),
            "unit": str(column.unit) or "–",
            "better": str(column.better),
            "averages": "–",
            "last": float(known.iloc[-1]) if len(known) else None,
        }


def _document(run: Run) -> dict[str, object]:
    return {
        "run": run.name,
        "format": run.format,
        "axis": run.axis,
        "identity": str(run.identity),
        "columns": _columns(run),
        "not_taken": run.not_taken,
        "findings": [str(finding) for finding in run.findings],
    }
