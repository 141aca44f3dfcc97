"""Forecast a run: its losses and mAP at a later epoch, with intervals, and what stopping now would cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis import figures
from convlens.analysis.forecast import caveats, experience, projection
from convlens.analysis.forecast.courses import MAP, TOTAL
from convlens.analysis.forecast.experience import Experience
from convlens.analysis.forecast.lessons import Kind
from convlens.analysis.forecast.projection import Projection, State
from convlens.analysis.schedule.schedule import schedule_of
from convlens.errors import ConvlensError
from convlens.meters import Floats
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MORE = 0.1  # of the epochs: how far behind its end a finished run is looked at
_RECENT = 10  # epochs whose training times tell that of the next ones


@dataclass(frozen=True)
class CurveForecast:
    """One curve now and then: a loss, their sum `loss`, or `map` in percent.

    `now` and `value` are means over 2% of the epochs, that of mAP is what a validation shows; the intervals
    hold the value in 50% and 90% of cases. `usual_error` is the median error of such forecasts for
    detectors of families that they were not learnt from: relative, that of mAP in points. Without a
    forecast all but `now` are NaN.
    """

    curve: str
    now: float
    value: float = math.nan
    low_50: float = math.nan
    high_50: float = math.nan
    low_90: float = math.nan
    high_90: float = math.nan
    usual_error: float = math.nan

    @property
    def figures(self) -> dict[str, float]:
        """All figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "curve"}

    @property
    def told(self) -> bool:
        """Whether there is a forecast."""
        return math.isfinite(self.value)


@dataclass(frozen=True)
class Forecast:
    """The result of `forecast`; epochs are as printed.

    `after` is the last complete epoch, None without one, and `epoch` the one that is forecast; `more`
    epochs lie between, which train for `hours` (None if the log does not tell), and `drops` are where among
    them the learning rate falls. `notes` say what is taken for granted and why curves have no forecast;
    `learnt_from` names the published runs that it rests on, `untried` says that the epoch lies behind the
    configured end, where forecasts were never put to the test. `seen` has of each curve the epochs (n,) and
    the values (n,) that the log holds.
    """

    run: str
    after: int | None
    epoch: int | None
    more: int
    drops: tuple[float, ...]
    curves: tuple[CurveForecast, ...]
    hours: float | None
    notes: tuple[str, ...]
    learnt_from: tuple[str, ...]
    untried: bool = False
    axis: str = "epoch"
    seen: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, curve: str) -> CurveForecast:
        """One curve by its name; a KeyError if there is none."""
        return {c.curve: c for c in self.curves}[curve]

    @property
    def table(self) -> pd.DataFrame:
        """One row a curve: value and intervals."""
        import pandas as pd

        columns = ["curve", "value", "low_50", "high_50", "low_90", "high_90"]
        rows = [[getattr(c, name) for name in columns] for c in self.curves]
        return pd.DataFrame(rows, columns=pd.Index(columns), index=[c.curve for c in self.curves])

    @property
    def told(self) -> tuple[CurveForecast, ...]:
        """The sum of the losses and mAP, as far as they have a forecast."""
        return tuple(c for c in self.curves if c.curve in (TOTAL, MAP) and c.told)

    @property
    def map_cost(self) -> tuple[float, float, float] | None:
        """How many points of mAP these epochs would bring, and the 90% interval; None without a forecast."""
        for curve in self.told:
            if curve.curve == MAP:
                return curve.value - curve.now, curve.low_90 - curve.now, curve.high_90 - curve.now
        return None

    @property
    def sentence(self) -> str:
        """What these epochs would bring, what stopping now would save and cost, or why that is not known."""
        if not self.told:
            return " ".join(self.notes)
        many = f"{self.more} more {self.axis}" + "s" * (self.more != 1)
        brought = f"{many} (to {self.axis} {self.epoch}) would bring {' and '.join(map(_change, self.told))}."
        hours = "a time that the log does not tell"
        if self.hours is not None:
            hours = f"{self.hours:.1f} hours of training"
        cost = ""
        for ends in (c for c in self.told if c.curve == MAP):
            # Of rounded figures, as a reader would take it from the ones before.
            now, *then = (round(x, 1) for x in (ends.now, ends.value, ends.low_90, ends.high_90))
            cost = " and cost {} points of mAP (90%: {} to {})".format(*(_signless(x - now) for x in then))
        return f"{brought} Stopping now would save {hours}{cost}."

    def plot(self) -> Figure:
        """Draw the summed loss and the mAP with their forecasts."""
        from convlens.plots.forecast import plot_forecasts

        return plot_forecasts([self])

    @property
    def usual_errors(self) -> str:
        """One sentence on how well such forecasts do; empty without a forecast."""
        errors = [
            f"mAP by {c.usual_error:.1f} points"
            if c.curve == MAP
            else f"the summed loss by {c.usual_error:.1%}"
            for c in self.told
        ]
        if not errors or self.untried:
            return ""
        missed = f"Such forecasts missed {' and '.join(errors)} in the median"
        return f"{missed}, for detectors of families that they were not learnt from."

    def __str__(self) -> str:
        return f"{self.run}: {self.sentence}"

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True, index=False)


def forecast(run: Run, epoch: int | None = None, *, more: int | None = None) -> Forecast:
    """Forecast a run at an epoch, numbered as the log numbers it, or so many epochs later.

    Without either it is the last configured epoch; of a run that is there, a tenth of its epochs more.
    Drops of the learning rate that are still to come count. What cannot be told is NaN, with a note that
    says why. An epoch that is not behind the last complete one raises a ConvlensError.

    Until the first drop a curve follows its own power law; what drops do was learnt from published runs, of
    which this one is left out; the intervals are those that held the truth for families of detectors that
    were left out.
    """
    if not figures.epochs_done(run):
        return Forecast(
            run.name, None, None, 0, (), (), None, (f"No {run.axis} is complete.",), (), axis=run.axis
        )
    schedule = schedule_of(run)
    state = projection.state_of(run, schedule)
    now, last = state.time.now, int(run.arrays.epoch[run.arrays.complete][-1])
    target = _target(run, state, last, epoch, more)
    then = last + target - now
    taught = _taught(run)
    made, notes = _made(run, state, caveats.refusal(run, schedule, state, then), target, taught)
    if made:
        notes += caveats.assumptions(run, schedule, state, then, made)
    names = _names(run, state)
    return Forecast(
        run=run.name,
        after=last,
        epoch=then,
        more=target - now,
        drops=tuple(drop.epoch for drop in schedule.ahead if drop.epoch <= then),
        curves=tuple(_curve(name, state, made, taught) for name in names),
        hours=_hours(run, target - now),
        notes=tuple(notes),
        learnt_from=tuple(taught.families),
        untried=schedule.end is not None and then > schedule.end,
        seen={name: _seen(run, name) for name in names},
        axis=run.axis,
    )


def _seen(run: Run, name: str) -> tuple[Floats, Floats]:
    """The epochs and the values of a curve at complete epochs, as far as it is known there."""
    values = figures.series(run, name)
    known = run.arrays.complete & np.isfinite(values)
    return run.arrays.epoch[known].astype(np.float64), values[known]


def _target(run: Run, state: State, last: int, epoch: int | None, more: int | None) -> int:
    """Epochs done at the epoch that is asked for, or at the one that is worth asking for."""
    now, end = state.time.now, state.time.end or 0
    if epoch is not None:
        more = epoch - last
    elif more is None:
        more = end - now if end > now else max(1, round(_MORE * max(end, now)))
    if more < 1:
        message = f"{run.name}: {run.axis} {last + more} is known: the last complete one is {last}."
        raise ConvlensError(f"{message} A forecast is for a later one.")
    return now + more


def _taught(run: Run) -> Experience:
    """What the published runs taught, without those that begin as this one does: they are the same."""
    everything = experience.published()
    opening = experience.opening(run)
    return everything.without([name for name, first in everything.openings.items() if first == opening])


def _made(
    run: Run, state: State, refused: str, target: int, taught: Experience
) -> tuple[list[Projection], list[str]]:
    """What can be told, and why other things cannot."""
    if refused:
        return [], [refused]
    made = projection.project(state, target, taught)
    notes = list(caveats.missing(run, state, made))
    mixup = caveats.end_of_mixup(run)
    last = int(run.arrays.epoch[run.arrays.complete][-1])
    if mixup is not None and last < mixup <= last + target - state.time.now:
        notes.append(
            f"Mixup ends at epoch {mixup}, where losses jump by what nothing tells: they have no forecast."
        )
        made = [p for p in made if p.kind is Kind.MAP]
    return made, notes


def _names(run: Run, state: State) -> list[str]:
    """The curves in the order in which they are shown."""
    losses = [c.measures for c in run.losses]
    total = [TOTAL] if losses and TOTAL not in losses else []
    return [*losses, *total, *(c.name for c in state.courses if c.name == MAP)]


def _curve(name: str, state: State, made: list[Projection], taught: Experience) -> CurveForecast:
    known = next((p for p in made if p.course == name), None)
    if known is None:
        now = projection.level_of(state, name)
        return CurveForecast(name, 100 - now if name == MAP else now)
    key = known.situation, known.kind, known.basis
    half_50, half_90 = (projection.half_width(known, taught, part) for part in (0.5, 0.9))
    logs = (0.0, -half_50, half_50, -half_90, half_90)
    value, low_50, high_50, low_90, high_90 = (known.value * math.exp(log) for log in logs)
    if name == MAP:  # its course is what it lacks of 100
        lacking = (value, high_50, low_50, high_90, low_90)
        value, low_50, high_50, low_90, high_90 = (max(100 - x, 0.0) for x in lacking)
    now = 100 - known.level if name == MAP else known.level
    return CurveForecast(name, now, value, low_50, high_50, low_90, high_90, taught.usual_error(*key))


def _hours(run: Run, epochs: int) -> float | None:
    """How long so many epochs train, if as the last ones did; None if the log does not tell."""
    curve = run.arrays
    covered = np.diff(curve.epoch, prepend=run.first_step - 1)  # by each row: one epoch, or some iterations
    known = curve.complete & np.isfinite(curve.seconds) & (covered > 0)
    recent = (curve.seconds[known] / covered[known])[-_RECENT:]
    return float(np.median(recent)) * epochs / 3600 if len(recent) else None


def _change(curve: CurveForecast) -> str:
    """`the summed loss from 4.19 to 3.40 (90%: 3.10 to 3.70)`."""
    name, decimals = ("mAP", 1) if curve.curve == MAP else ("the summed loss", _decimals(curve.value))
    now, value, low, high = (
        f"{x:.{decimals}f}" for x in (curve.now, curve.value, curve.low_90, curve.high_90)
    )
    return f"{name} from {now} to {value} (90%: {low} to {high})"


def _signless(points: float) -> str:
    """Points with one decimal and a minus where they are below zero, as sentences write it."""
    return f"{round(points, 1) + 0.0:.1f}".replace("-", "−")


def _decimals(value: float) -> int:
    """So many that three digits are shown, and those of the log at most."""
    return min(max(2 - math.floor(math.log10(value)), 0), 3)
