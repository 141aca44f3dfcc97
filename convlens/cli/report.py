"""`convlens report`: one page that answers five questions about runs, with the evidence beside it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from convlens.cli.options import Offline, Sources
from convlens.cli.output import emit, say
from convlens.cli.sources import Reader
from convlens.wording.text import safe


def report(
    sources: Sources,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write; an earlier report is replaced.")
    ],
    gap: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            help="Tell what part of the gap from BASE to REF the run IMPROVED closed (default: of "
            "distilled runs, where baseline and teacher are there).",
            metavar="BASE IMPROVED REF",
        ),
    ] = None,
    full_paths: Annotated[
        bool, typer.Option("--full-paths", help="Show whole paths, not their last parts.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    offline: Offline = False,
) -> None:
    """Write a report: a page with charts, and its tables, figures and results as files beside it."""
    from convlens.report.report import write_report

    reader = Reader(sources, offline)
    runs = list(reader.runs())
    if not runs:
        say("no run could be read: there is nothing to report")
        raise typer.Exit(1)
    page = write_report(
        runs,
        directory=output,
        gap=gap,
        full_paths=full_paths,
        command=shlex.join(["convlens", "report", *sources]),
    )
    emit(f"The report is {safe(page)}\n")
    if open_it:
        typer.launch(page.resolve().as_uri())
    raise typer.Exit(reader.exit_code())
