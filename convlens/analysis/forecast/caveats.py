"""Why a run, or some of its curves, has no forecast, and what a forecast takes for granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convlens.analysis import figures
from convlens.analysis.forecast.courses import MAP
from convlens.analysis.forecast.lessons import Basis
from convlens.analysis.forecast.projection import FEWEST, FEWEST_SCORES, Projection, State
from convlens.analysis.schedule.rates import Mode, Origin
from convlens.analysis.schedule.schedule import Schedule
from convlens.run import Run


def refusal(run: Run, schedule: Schedule, state: State, epoch: int) -> str:
    """Why nothing at all is forecast for an epoch, as printed; empty if something may be."""
    if run.identity.task != "detection":
        return (
            f"Forecasts are learnt from detectors, and this is a run of {figures.task_of(run)}: no forecast."
        )
    if run.losses and all(course.name == MAP for course in state.courses):
        return f"No loss is a number above zero at the last {run.axis}: no forecast."
    if 2 * (run.done[0] - 1) > state.time.now:
        why = f"The log begins with {run.axis} {run.arrays.epoch[0]}"
        return f"{why}: too little of the run is seen to tell how it goes on."
    if run.axis != "epoch" and state.time.drops:
        why = "What drops of the learning rate do was learnt from logs that count epochs"
        return f"{why}, and this one counts {run.axis}s: no forecast of a run with drops."
    return _of_schedule(schedule, state, epoch)


def _of_schedule(schedule: Schedule, state: State, epoch: int) -> str:
    """Why a schedule of the learning rate is none that forecasts were learnt from; empty if it is one."""
    if schedule.mode.smooth:
        why = f"The learning rate falls smoothly ({schedule.mode})"
        return f"{why}, and all runs that forecasts are learnt from drop it in steps: no forecast."
    if schedule.mode is Mode.UNKNOWN and schedule.origin is Origin.LOG:
        return "The learning rate follows no law that is known here: no forecast."
    ahead = next((drop for drop in schedule.ahead if drop.epoch <= epoch), None)
    if state.time.unlike and ahead:
        why = f"The drop of the learning rate at epoch {ahead.epoch:g} is not to a tenth"
        return f"{why}, as all those are that forecasts are learnt from: no forecast behind it."
    return ""


def end_of_mixup(run: Run) -> int | None:
    """The epoch, as printed, from which on the arguments promise to train without mixup; None without."""
    config, epochs = run.config, run.plan.epochs
    without = config.get("no_mixup_epochs")
    if config.get("mixup") is not True or not isinstance(without, int) or not epochs or without <= 0:
        return None
    return epochs - without + run.first_step


def missing(run: Run, state: State, made: Sequence[Projection]) -> Iterator[str]:
    """Why curves that a reader expects have no forecast."""
    told, there = {p.course for p in made}, {c.name for c in state.courses}
    names = [c.measures for c in run.losses]
    if not names:
        yield "The log holds no loss of a detector."
    if broken := [name for name in names if name not in there]:
        names_of = ", ".join(broken)
        yield f"{names_of}: no number above zero at the last {run.axis}, so no forecast, nor of the sum."
    if any(name in there and name not in told for name in names):
        time = state.time
        stretch = " since the learning rate or the loss last broke" if time.begin(time.now) else ""
        count = time.now - time.begin(time.now)
        yield f"{count} complete {run.axis}{'s' * (count != 1)}{stretch}: a forecast needs {FEWEST}."
    if MAP not in there:
        yield f"There is no mAP to forecast: {figures.why_absent(run, MAP)}"
    elif MAP not in told:
        needed = f"{FEWEST_SCORES} validations at one learning rate, over {FEWEST} {run.axis}s or more"
        yield f"mAP has no forecast: it needs {needed}."


def assumptions(
    run: Run, schedule: Schedule, state: State, epoch: int, made: Sequence[Projection]
) -> Iterator[str]:
    """What a forecast for an epoch, as printed, takes for granted, and what it did not know."""
    if schedule.origin in (Origin.NOTHING, Origin.CHANGE_POINTS):
        yield "Nothing tells the learning rate: it is taken to stay as it is."
    elif schedule.end is not None and epoch > schedule.end:
        yield (
            f"{run.axis.capitalize()} {epoch} lies behind the configured end ({schedule.end}): the learning "
            "rate is taken to stay as it is, and no published run shows what comes then."
        )
    elif schedule.end is None and state.time.drops:
        yield f"Nothing tells when the run ends: it is taken to end with {run.axis} {epoch}."
    bases = {p.basis for p in made}
    if Basis.STRANGE in bases:
        yield "No published run with such losses was learnt from, which makes the intervals wide."
    elif Basis.BLIND in bases:
        backbone = run.identity.backbone or "the backbone"
        yield f"The ImageNet error of {backbone} is not known, which makes the intervals wider."
