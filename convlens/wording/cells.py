"""The cells of the tables of a comparison: figures as they are read."""

from __future__ import annotations

import math

from convlens.analysis import figures
from convlens.analysis.comparison.differences import Difference
from convlens.analysis.comparison.repeats import Arm, spread
from convlens.analysis.comparison.rows import mean, printed, values
from convlens.analysis.endings import Ending
from convlens.metrics import Unit
from convlens.wording.text import number

_SCORES = ("final_", "best_map", "best_score", "published_map", "map", "ar_")


def own(arm: Arm, quantity: figures.Quantity) -> str:
    """A quantity at the end, with the interval of repeats or what rounding leaves of an own mean."""
    name = quantity.name
    told = spread(values(arm, name))
    if told is None:
        return "nan" if any(math.isnan(printed(run, name) or 0) for run in arm.runs) else "–"
    shown = value_of(arm, told.mean, quantity.unit, name)
    width = (told.high - told.low) / 2
    if arm.n == 1 and figures.averages_the_run(arm.runs[0], name):
        width = figures.resolution(arm.runs[0], name)
    return shown if math.isnan(width) else f"{shown} ±{rough(width, 2)}"


def ending(end: Ending, is_score: bool = False) -> str:
    """A loss or a mAP in which runs ended, with half its 95% interval."""
    if not end.known:
        return "–"
    tenths = round(end.value, 1) == round(end.value, 6)
    shown = f"{end.value:.{1 if tenths else 2}f}" if is_score else number(end.value)
    return shown if math.isnan(end.error) else f"{shown} ±{rough(end.half_width, 1)}"


def value_of(arm: Arm, value: float, unit: Unit, quantity: str) -> str:
    """A loss, or a percentage with the decimals that the log prints, at most two."""
    if unit is not Unit.PERCENT or math.isnan(value):
        return number(value)
    scores = [(run, column) for run in arm.runs if (column := figures.score_of(run, quantity))]
    decimals = min([run.score_decimals[run.scores.index(column)] for run, column in scores], default=2)
    return f"{value:.{min(decimals + (arm.n > 1), 2)}f}"  # a mean tells a digit more


def in_three(d: Difference | None, unit: Unit) -> tuple[str, str, str]:
    """A difference, in percent of the reference where it is no percentage, and what noise alone makes."""
    if d is None or math.isnan(d.change):
        return "", "", ""
    relative = f"{d.change / abs(d.reference):+.1%}" if d.reference and unit is not Unit.PERCENT else ""
    return signed(d, unit), relative, rough(d.floor, 1) if math.isfinite(d.floor) else ""


def in_brackets(d: Difference | None, unit: Unit) -> str:
    """A difference and what noise alone makes, as ` (+0.016 ±0.02)`; empty if there is none."""
    if d is None or math.isnan(d.change):
        return ""
    noise = f" ±{rough(d.floor, 1)}" if math.isfinite(d.floor) else ""
    return f" ({signed(d, unit)}{noise})"


def signed(d: Difference, unit: Unit) -> str:
    """A difference with its sign."""
    tenths = round(d.change, 1) == round(d.change, 6)
    shown = f"{d.change:.{1 if tenths else 2}f}" if unit is Unit.PERCENT else number(d.change)
    return shown if d.change < 0 else f"+{shown}"


def epochs(arm: Arm, named: bool = False) -> str:
    """How many epochs are complete, of how many that were planned; `named` where others count iterations."""
    run = arm.runs[0]
    planned = f" of {run.plan.epochs}" if run.plan.epochs else ""
    return f"{run.summary.epochs}{planned}" + f" {run.axis}s" * named


def hours(arm: Arm) -> str:
    """The training time."""
    told = mean([run.summary.hours for run in arm.runs])
    return "–" if told is None else f"{told:.1f}"


def best(arm: Arm, named: bool) -> str:
    """The best score, of a single run with its epoch; `named` where runs are judged by different ones."""
    run = arm.runs[0]
    told = mean([run.summary.best_score for run in arm.runs])
    if told is None or run.main_score is None:
        return "–"
    epoch = f" ({run.summary.best_epoch})" if arm.n == 1 else ""
    name = f"{run.main_score.measures} " if named else ""
    return name + value_of(arm, told, run.main_score.unit, run.main_score.measures) + epoch


def published(arm: Arm) -> str:
    """The published mAP, of other tasks the first published score with its name, as it was published."""
    summary = arm.runs[0].summary
    if arm.runs[0].identity.task == "detection":
        return "–" if summary.published_map is None else str(summary.published_map)
    return next((f"{score} {what}" for score, what in summary.published), "–")


def class_ap(value: float) -> str:
    """The AP of a class."""
    return "–" if math.isnan(value) else f"{value:.1f}"


def argument(value: object) -> str:
    """An argument as Python writes it, cut where it is long."""
    text = "–" if value is None else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def in_a_row(name: str, value: object) -> str:
    """The value of a column of `Comparison.rows`."""
    percentage = name.startswith(_SCORES) and isinstance(value, float) and abs(value) >= 1
    if isinstance(value, float) and (name == "hours" or percentage):
        return f"{value:.1f}" if round(value, 1) == round(value, 6) or name == "hours" else f"{value:.2f}"
    return number(value)


def rough(value: float, digits: int) -> str:
    """A positive number to so many digits, never as 1e+01."""
    return f"{float(f'{value:.{digits}g}'):g}"
