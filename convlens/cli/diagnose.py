"""`convlens diagnose`: whether runs have converged, and on what evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli import figures
from convlens.cli.options import Dpi, Form, LogFormat, Mapped, Offline, Size, Sources
from convlens.cli.output import emit, emit_json, say, show
from convlens.cli.sources import Reader
from convlens.errors import ConvlensError, UnknownNameError
from convlens.wording.text import OutputFormat, as_text, safe

if TYPE_CHECKING:
    from convlens.analysis.convergence.diagnosis import Diagnosis
    from convlens.analysis.convergence.verdicts import Margins


def diagnose(
    sources: Sources,
    margin: Annotated[
        str,
        typer.Option(
            help="Which change matters: a part of a loss, points of a score, or both.", metavar="1%,0.5"
        ),
    ] = "1%,0.5",
    session: Annotated[
        int | None, typer.Option(help="One process of the log instead of the stitched curve.", metavar="N")
    ] = None,
    patience: Annotated[
        str | None,
        typer.Option(
            help="What stopping after so many evaluations without a better score would have done.",
            metavar="5,10,20,50",
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="Exit with 3 if a run is so: a verdict, stopped, overfitting, map:worsening.",
            metavar="VERDICT,…",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the verdicts on loss and score into a .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    size: Size = None,
    dpi: Dpi = 150,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
    form: Form = OutputFormat.TABLE,
) -> None:
    """Say of each run whether it has converged, still improves, or is broken, and on what evidence."""
    from convlens.analysis.convergence.diagnosis import diagnose as diagnose_run
    from convlens.cli import diagnosis_tables as tables
    from convlens.plots.diagnosis import plot_diagnoses
    from convlens.wording.diagnosis_document import document

    inches = figures.checked(plot, size)
    margins, evaluations, conditions = _margins(margin), _evaluations(patience), _conditions(fail_on)
    if evaluations and form not in (OutputFormat.TABLE, OutputFormat.JSON):
        message = f"what patience would have done is told as table and json, not as {form}"
        raise typer.BadParameter(message, param_hint="--patience")
    reader = Reader(sources, offline, mapped, log_format)
    told: list[Diagnosis] = []
    for run in reader.runs():
        try:
            told.append(diagnose_run(run, session, margins=margins, patience_of=evaluations))
        except ConvlensError as error:
            reader.report(error)
    if form is OutputFormat.JSON:
        emit_json("diagnose", document(told))
    elif told and form is OutputFormat.TABLE:
        show(*tables.view(told))
    elif told:
        rows = tables.rows(told) if form is OutputFormat.CSV else tables.readable(told)
        emit(as_text(rows, form) + "\n")
    if told:
        figures.save(plot, dpi, lambda: plot_diagnoses(told, inches))
    _must_be_curves(conditions, told)
    held = [(d.run, c) for d in told for c in conditions if d.holds(c)]
    for name, condition in held:
        say(f"{name}: {condition}")
    raise typer.Exit(3 if held else reader.exit_code())


def _margins(text: str) -> Margins:
    from convlens.analysis.convergence.verdicts import Margins

    told = {"loss": Margins.loss, "score": Margins.score}
    parts = text.split(",")
    for part in parts:
        kind = "loss" if part.strip().endswith("%") else "score"
        try:
            value = float(part.strip().removesuffix("%"))
        except ValueError:
            value = -1.0
        if not 0 < value <= 100 or len({p.strip().endswith("%") for p in parts}) < len(parts):
            message = (
                f"{safe(text)}: a margin is a part of a loss (1%), points of mAP (0.5), or both (1%,0.5)"
            )
            raise typer.BadParameter(message, param_hint="--margin")
        told[kind] = value / 100 if kind == "loss" else value
    return Margins(**told)


def _evaluations(text: str | None) -> list[int]:
    parts = text.split(",") if text else []
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        message = f"{safe(text)}: patience is numbers of evaluations, as in 5,10,20,50"
        raise typer.BadParameter(message, param_hint="--patience")
    return [int(part) for part in parts]


def _conditions(text: str | None) -> list[str]:
    from convlens.analysis.convergence.diagnosis import CONDITIONS
    from convlens.analysis.convergence.verdicts import Verdict

    parts = [part.strip() for part in text.split(",")] if text else []
    for part in parts:
        curve, _, condition = part.rpartition(":")
        known = [*map(str, Verdict)] if curve else CONDITIONS
        if condition not in known:
            of_one = f"a verdict on a curve: {curve}:" if curve else ""
            message = f"{safe(part)} is none of {safe(of_one)}{', '.join(known)}"
            raise typer.BadParameter(message, param_hint="--fail-on")
    return parts


def _must_be_curves(conditions: Sequence[str], told: Sequence[Diagnosis]) -> None:
    """A condition on a curve that no run has would never hold: a typing error."""
    curves = {name for d in told for name in d.curves}
    for curve in (c.rpartition(":")[0] for c in conditions):
        if told and curve and curve not in curves:
            raise UnknownNameError("curve", curve, sorted(curves))
