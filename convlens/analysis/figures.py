"""The figures of one run that comparisons are made of, by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convlens.analysis.schedule.schedule import schedule_of
from convlens.errors import UnknownNameError
from convlens.meters import Bools, Floats, Ints, Meter
from convlens.metrics import NO_MEANS, Better, Column, Role, Unit
from convlens.run import Run

NAMES = {"loss": "summed loss", "map": "mAP [%]", "map_segm": "mask mAP [%]"}  # for readers
_STEADY = 0.95  # of the rate of the epoch before: less is falling
_TITLES = {"map": "mAP", "map_segm": "mask mAP"}


@dataclass(frozen=True)
class Quantity:
    """Something that runs have in common: a loss, a training metric or a score.

    `scale` says with what the figure compares: "loss" only within one task, detector, dataset and input size,
    "score" only within one task and dataset. `complement` is the quantity that makes 100% with it.
    """

    name: str
    better: Better
    scale: str
    unit: Unit = Unit.NONE
    complement: str = ""
    title: str = ""

    def __str__(self) -> str:
        shown = self.title or self.name
        return f"{shown} [{self.unit}]" if self.unit not in (Unit.NONE, Unit.FRACTION) else shown


def quantities(run: Run) -> list[Quantity]:
    """What a run can be compared in: its losses, their sum, other columns, and its scores."""
    losses = [Quantity(c.measures, c.better, "loss") for c in run.columns if c.role is Role.LOSS]
    total = [Quantity("loss", Better.LOWER, "loss", title="summed loss")] if losses else []
    if [q.name for q in losses] == ["loss"]:  # the only one is its own sum
        total = []
    scores = [
        Quantity(c.measures, c.better, "score", c.unit, c.complement, _TITLES.get(c.name, ""))
        for c in run.scores
    ]
    taken = {q.name for q in (*total, *scores)}  # whatever else a log calls so
    others = [
        Quantity(c.measures, c.better, "loss", c.unit)
        for c in run.columns
        if c.role not in (Role.LOSS, *NO_MEANS) and c.measures not in taken
    ]
    return [*losses, *total, *others, *scores]


def has(run: Run, quantity: str) -> bool:
    """Whether a run has a quantity, or what makes 100% with it."""
    return quantity in {q.name for q in quantities(run)} or score_of(run, quantity) is not None


def score_of(run: Run, quantity: str) -> Column | None:
    """The score of a run that measures a quantity, or what makes 100% with it; None if it has neither."""
    direct = next((c for c in run.scores if quantity in (c.measures, c.name)), None)
    return direct or next((c for c in run.scores if c.complement == quantity), None)


def series(run: Run, quantity: str) -> Floats:
    """One quantity along the curve (n,): own means and scores; NaN where a score was not measured.

    Raises UnknownNameError with the reason where the run has no such quantity.
    """
    curve = run.arrays
    if quantity == "loss" and run.losses:
        return curve.loss
    if column := score_of(run, quantity):
        values = curve.score(column.name)
        if quantity in (column.measures, column.name):
            return values
        return np.round(100 - values, run.score_decimals[run.scores.index(column)])
    for k, column in enumerate(run.columns):
        if quantity in (column.measures, column.name) and column.role not in NO_MEANS:
            own: Floats = curve.own[:, k]
            return own
    known = [q.name for q in quantities(run)]
    raise UnknownNameError("metric", quantity, known, why_absent(run, quantity))


def why_absent(run: Run, quantity: str) -> str:
    """Why a run may lack a quantity, with the validations that were expected and found."""
    found = run.validations_found
    due, every = run.validations_due, run.plan.validate_every
    how_often = "one an epoch" if every == 1 else f"one every {every} epochs"
    expected = "" if due is None else f" of {due} expected ({how_often})"
    reason = f"{run.name} holds {found} validations{expected}"
    of_detectors = quantity.startswith(("map", "ar_")) or quantity == "ar"
    if of_detectors and run.identity.task != "detection":
        reason += f"; it is of {task_of(run)}, which has no such score"
    elif quantity == "loss" and not run.losses:
        reason += ", and prints no loss"
    elif quantity.startswith(("map", "ar")) and found == 0:
        reason += "; scores may have been printed to another file or to standard output"
    elif quantity.startswith(("map_", "ar_")):
        reason += "; VOC's metric prints one mAP and class APs, COCO's the others"
    return f"{reason}."


def task_of(run: Run) -> str:
    """What the run was trained for, in words."""
    return run.identity.task.replace("_", " ")


def averages_the_run(run: Run, quantity: str) -> bool:
    """Whether the log prints this quantity as a mean since the process began, so that own means differ."""
    columns = run.summed if quantity == "loss" else run.columns
    names = [c for c in columns if quantity in ("loss", c.measures)]
    return any(c.meter is Meter.START for c in names)


def widths(run: Run, quantity: str) -> Floats:
    """The half-width that rounding leaves of each value of `series` (n,)."""
    curve = run.arrays
    if column := score_of(run, quantity):
        half = 0.5 * 10.0 ** -run.score_decimals[run.scores.index(column)]
        return np.full(len(curve.epoch), half)
    if quantity == "loss":
        return curve.loss_width
    names = [c.measures for c in run.columns]
    known: Floats = curve.width[:, names.index(quantity)] if quantity in names else curve.loss_width * np.nan
    return known


def resolution(run: Run, quantity: str, epochs: int | None = None) -> float:
    """The half-width that rounding leaves of a quantity at the end, or after so many epochs done."""
    until = epochs_done(run) if epochs is None else epochs
    known = widths(run, quantity)[run.arrays.complete & (done(run) <= until)]
    return float(known[-1]) if len(known) else np.nan


def done(run: Run) -> Ints:
    """How many epochs the job had done at the end of each epoch of the curve."""
    return run.done


def epochs_done(run: Run) -> int:
    """How many epochs the job had done at the end of the last complete one; 0 if none is."""
    complete = done(run)[run.arrays.complete]
    return int(complete[-1]) if len(complete) else 0


def value_after(run: Run, quantity: str, epochs: int) -> float:
    """The value after so many epochs done: of the last one that has it up to there.

    Of a loss it is NaN where fewer were done.
    """
    counted, complete = done(run), run.arrays.complete
    values = series(run, quantity)
    known = values[is_told(run, quantity) & complete & (counted <= epochs)]
    fewer = score_of(run, quantity) is None and len(known) and counted[complete][-1] < epochs
    return float(known[-1]) if len(known) and not fewer else np.nan


def is_told(run: Run, quantity: str) -> Bools:
    """At which steps of the curve (n,) the log tells a quantity, be it as NaN."""
    if score_of(run, quantity) is not None:
        return np.isfinite(series(run, quantity))
    named = [c for c in run.columns if quantity in (c.measures, c.name)][:1]
    at = [run.columns.index(c) for c in (run.summed if quantity == "loss" else named)]
    told: Bools = np.logical_and.reduce(run.arrays.told[:, at], axis=1)
    return told


def jitter(run: Run, quantity: str, epochs: int | None = None) -> float:
    """The standard deviation of the quantity within a phase of the learning rate, its trend taken out.

    It is that of at most 20 values up to the end, or up to so many epochs done; NaN with fewer than 4. It is
    the least by which a repeat would differ.
    """
    until = int(np.searchsorted(done(run), epochs_done(run) if epochs is None else epochs, side="right"))
    phase = series(run, quantity)[phase_start(run, until) : until]
    known = phase[np.isfinite(phase)][-20:]
    if len(known) < 4:
        return np.nan
    steps = np.arange(len(known))
    with np.errstate(all="ignore"):  # of a loss that exploded the squares may be infinite
        trend = np.polyval(np.polyfit(steps, known, 1), steps)
        return float(np.sqrt(((known - trend) ** 2).sum() / (len(known) - 2)))


def drops(run: Run) -> Floats:
    """The epochs (m,) at which the learning rate that the log shows falls by half or more.

    At the end of a cosine it does so from epoch to epoch: what was falling before is no drop.
    """
    curve = run.arrays
    with np.errstate(all="ignore"):
        ratio = curve.lr[1:] / curve.lr[:-1]
    was_falling = np.concatenate([np.zeros(1, dtype=np.bool_), ratio[:-1] < _STEADY])[: len(ratio)]
    epochs: Floats = curve.epoch[1:][(ratio <= 0.5) & ~was_falling].astype(np.float64)
    return epochs


def phase_start(run: Run, until: int | None = None) -> int:
    """The row of the curve at which its last phase begins, or the last one before row `until`."""
    begins = np.searchsorted(run.arrays.epoch, [phase.first for phase in schedule_of(run).phases])
    before = begins if until is None else begins[begins < until]
    return int(before[-1]) if len(before) else 0
