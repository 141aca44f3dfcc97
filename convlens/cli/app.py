"""The program `convlens`: its commands, and the one place where errors become exit codes.

Exit codes: 0; 1 a run could not be read or trained; 2 usage; 3 a condition that the user asked for holds.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

import convlens
from convlens.cli import (
    compare,
    correlate,
    diagnose,
    doctor,
    explain,
    forecast,
    formats,
    gap,
    parse,
    report,
    run_distill,
    watch,
    zoo_fetch,
    zoo_list,
)
from convlens.cli.output import say
from convlens.errors import ConvlensError, LogFormatError, NotInstalledError, SourceError, TrainingError

_FAILED = (SourceError, LogFormatError, NotInstalledError, TrainingError)

app = typer.Typer(
    name="convlens",
    help="Reads the training logs of object detectors and says what happened in them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("compare", no_args_is_help=True)(compare.compare)
app.command("report", no_args_is_help=True)(report.report)
app.command("diagnose", no_args_is_help=True)(diagnose.diagnose)
app.command("correlate", no_args_is_help=True)(correlate.correlate)
app.command("gap", no_args_is_help=True)(gap.gap)
app.command("forecast", no_args_is_help=True)(forecast.forecast)
app.command("parse", no_args_is_help=True)(parse.parse)
app.command("watch", no_args_is_help=True)(watch.watch)
app.command("explain")(explain.explain)
app.command("run-distill", no_args_is_help=True)(run_distill.run_distill)
app.command("doctor")(doctor.doctor)
zoo = typer.Typer(help="Find and fetch the published logs.", no_args_is_help=True, rich_markup_mode=None)
zoo.command("list")(zoo_list.list_logs)
zoo.command("fetch", no_args_is_help=True)(zoo_fetch.fetch)
app.add_typer(zoo, name="zoo")
kinds = typer.Typer(
    help="The kinds of logs that are read.", invoke_without_command=True, rich_markup_mode=None
)
kinds.callback()(formats.list_formats)
kinds.command("check", no_args_is_help=True)(formats.check)
app.add_typer(kinds, name="formats")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"convlens {convlens.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the program and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no `±` shows `?`
    try:
        app(prog_name="convlens")
    except ConvlensError as error:
        say(str(error))
        sys.exit(1 if isinstance(error, _FAILED) else 2)
    except KeyboardInterrupt:
        sys.exit(130)
