"""`convlens parse`: the tidy tables, as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from convlens.cli.options import LogFormat, Mapped, Offline, Sources
from convlens.cli.output import emit, say
from convlens.cli.sources import Reader
from convlens.wording.text import safe


class TableName(StrEnum):
    """What `--table` takes."""

    CURVE = "curve"
    EPOCHS = "epochs"
    VALIDATION = "validation"
    CLASS_AP = "class_ap"
    BATCHES = "batches"
    ALL = "all"


class FileFormat(StrEnum):
    """What `--format` takes."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    JSONL = "jsonl"


def parse(
    sources: Sources,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="The file to write; standard output without one.", metavar="FILE"
        ),
    ] = None,
    table: Annotated[TableName, typer.Option(help="Which table.")] = TableName.CURVE,
    form: Annotated[
        FileFormat | None,
        typer.Option("--format", help="How it is written (default: by FILE's suffix, else csv)."),
    ] = None,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
) -> None:
    """Write the tidy tables of runs: one row an epoch, validation, class or batch.

    The first column, `run`, holds the run's label. With `--table all` each table goes to a file of its own,
    FILE with the table's name before its suffix.
    """
    from convlens import export

    chosen = form or _by_suffix(output)
    if output is None and (chosen is FileFormat.PARQUET or table is TableName.ALL):
        what = "Parquet" if chosen is FileFormat.PARQUET else "more than one table"
        raise typer.BadParameter(f"{what} is written to files: name one with -o FILE", param_hint="--output")
    if chosen is FileFormat.PARQUET:
        export.need_pyarrow()
    reader = Reader(sources, offline, mapped, log_format)
    tables = [t for t in TableName if t is not TableName.ALL] if table is TableName.ALL else [table]
    runs = list(reader.runs())
    if not runs:
        say("no run could be read: nothing was written")
        raise typer.Exit(1)
    for name in tables:
        frame = export.combined(runs, name, reader.report)
        if frame is None:
            say(f"no run has the table {name}: it was not written")
        elif output is None:
            for text in export.text_of(frame, chosen):
                emit(text)
        else:
            several = output.with_name(f"{output.stem}_{name}{output.suffix}")
            export.write_table(frame, several if len(tables) > 1 else output, chosen)
    raise typer.Exit(reader.exit_code())


def _by_suffix(output: Path | None) -> FileFormat:
    suffix = output.suffix.lstrip(".").lower() if output else "csv"
    if suffix not in set(FileFormat):
        known = ", ".join(f".{f}" for f in FileFormat)
        message = f"{safe(output)}: the format is told by the suffix ({known}) or by --format"
        raise typer.BadParameter(message, param_hint="--output")
    return FileFormat(suffix)
