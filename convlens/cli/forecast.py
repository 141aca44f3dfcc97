"""`convlens forecast`: what more epochs would bring, and what stopping now would save and cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli import figures
from convlens.cli.options import Dpi, Form, LogFormat, Mapped, Offline, Size, Sources
from convlens.cli.output import emit, emit_json, say, show, table
from convlens.cli.sources import Reader
from convlens.errors import ConvlensError
from convlens.wording.text import OutputFormat, as_text

if TYPE_CHECKING:
    from rich.table import Table

    from convlens.analysis.forecast.forecast import CurveForecast, Forecast


def forecast(
    sources: Sources,
    epoch: Annotated[
        int | None,
        typer.Option(
            help="The epoch to forecast, numbered as in the log (default: the last configured one; "
            "of a finished run a tenth of its epochs more).",
            metavar="N",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Instead: how many more epochs to forecast.", metavar="N", min=1)
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the forecasts of loss and mAP into a .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    size: Size = None,
    dpi: Dpi = 150,
    form: Form = OutputFormat.TABLE,
    mapped: Mapped = None,
    log_format: LogFormat = None,
    offline: Offline = False,
) -> None:
    """Forecast the losses and the mAP of runs: what more epochs would bring, what stopping now would cost."""
    from convlens.analysis.forecast.forecast import forecast as forecast_run
    from convlens.plots.forecast import plot_forecasts
    from convlens.wording.forecast_document import document

    inches = figures.checked(plot, size)
    if epoch is not None and epochs is not None:
        raise typer.BadParameter("either the epoch or how many more, not both", param_hint="--epochs")
    reader = Reader(sources, offline, mapped, log_format)
    made: list[Forecast] = []
    refused: list[ConvlensError] = []
    for run in reader.runs():
        try:
            made.append(forecast_run(run, epoch, more=epochs))
        except ConvlensError as error:
            refused.append(error)
    if refused and not made:
        raise refused[0]
    for why in refused:
        reader.report(why)
    if form is OutputFormat.JSON:
        emit_json("forecast", document(made))
    elif form is OutputFormat.TABLE:
        if made:
            show(*(part for one in made for part in _view(one)))
    else:
        row = _row if form is OutputFormat.CSV else _readable
        emit(as_text([row(one, curve) for one in made for curve in one.curves], form) + "\n")
        for one in made:
            for note in one.notes:
                say(f"{one.run}: {note}")
    if made:
        figures.save(plot, dpi, lambda: plot_forecasts(made, inches))
    raise typer.Exit(reader.exit_code())


def _view(one: Forecast) -> Iterator[Table | str]:
    """The curves, what they come to in one sentence, and what that rests on."""
    title = one.run if one.after is None else f"{one.run}, after {one.axis} {one.after}"
    if one.drops:
        title += f"; the learning rate is to drop at {' and '.join(f'{drop:g}' for drop in one.drops)}"
    yield from (title, "")
    cells = [_cells(curve) for curve in one.curves if not math.isnan(curve.now)]
    if any(curve.told for curve in one.curves):
        header = ["", "now", f"{one.axis} {one.epoch}", "50%", "90%"]
        yield table(header, [list(row.values()) for row in cells])
        yield ""
        if one.told:
            yield one.sentence
    yield from one.notes
    if one.told:
        yield f"Learnt from {len(one.learnt_from)} published runs. {one.usual_errors}".rstrip()
    yield ""


def _cells(curve: CurveForecast) -> dict[str, str]:
    """A curve as it is read."""
    decimals = 1 if curve.curve == "map" else 3
    shown = {name: f"{value:.{decimals}f}" for name, value in curve.figures.items()}
    return {
        "curve": "mAP [%]" if curve.curve == "map" else curve.curve,
        "now": shown["now"],
        "value": shown["value"] if curve.told else "–",
        "50%": f"{shown['low_50']} to {shown['high_50']}" if curve.told else "–",
        "90%": f"{shown['low_90']} to {shown['high_90']}" if curve.told else "–",
    }


def _readable(one: Forecast, curve: CurveForecast) -> dict[str, object]:
    cells = _cells(curve)
    return {"run": one.run, "curve": cells.pop("curve"), "after": one.after, "epoch": one.epoch, **cells}


def _row(one: Forecast, curve: CurveForecast) -> dict[str, object]:
    told = {"run": one.run, "curve": curve.curve, "after": one.after, "epoch": one.epoch}
    return {**told, **curve.figures}
