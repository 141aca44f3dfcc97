"""The phases of a run's learning rate, the drops between them and those to come, and the breaks without one.

What the log shows wins over what its arguments promised: rates that its lines state; else drops that the
arguments promise, where the loss answers to them; else change points of the loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from convlens.analysis.schedule import breaks
from convlens.analysis.schedule.phases import Begin, Break, Drop, Phase
from convlens.analysis.schedule.rates import Mode, Origin, Rates, changes, drop_factor, rates_of
from convlens.meters import Floats, Ints
from convlens.metrics import Role
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd

_NEAR_ITS_END = 0.02  # of the peak: a rate that falls smoothly to this has come to its end


@dataclass(frozen=True)
class Schedule:
    """The learning rate of a run.

    `phases` cover the curve. `drops` were seen, `ahead` are promised and still to come inside the run,
    `outside` are promised for epochs that the run does not have, `disbelieved` are epochs at which drops were
    promised to which the loss did not answer. `end` is the number of the last configured
    epoch and `epochs` how many are configured, None where the arguments do not say. `left` is the part of a
    smooth descent from its peak that is still to come, 0 where there is none.
    """

    mode: Mode
    origin: Origin
    phases: tuple[Phase, ...]
    drops: tuple[Drop, ...] = ()
    ahead: tuple[Drop, ...] = ()
    outside: tuple[Drop, ...] = ()
    breaks: tuple[Break, ...] = ()
    disbelieved: tuple[float, ...] = ()
    epochs: int | None = None
    end: int | None = None
    left: float = 0.0

    @property
    def falls_on(self) -> bool:
        """Whether the rate is still to fall inside the run."""
        return bool(self.ahead) or self.left > _NEAR_ITS_END

    @property
    def table(self) -> pd.DataFrame:
        """One row a phase."""
        import pandas as pd

        columns = ["first", "last", "rate", "end_rate", "begins", "known_from", "warm_up"]
        rows = [
            (p.first, p.last, p.rate, p.end_rate, str(p.begins), str(p.origin), p.warm_up)
            for p in self.phases
        ]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True)


_KNOWN: WeakKeyDictionary[Run, Schedule] = WeakKeyDictionary()


def schedule_of(run: Run) -> Schedule:
    """The schedule of the curve of a run; without epochs it has no phases. It is found once for each run."""
    if run not in _KNOWN:
        _KNOWN[run] = _found(run)
    return _KNOWN[run]


def _found(run: Run) -> Schedule:
    curve, rates = run.arrays, rates_of(run)
    epochs, end = _configured(run)
    if not len(curve.epoch):
        return Schedule(rates.mode, rates.origin, (), epochs=epochs, end=end)
    whole = _Whole(run)
    believed = _believed(run, rates, whole)
    disbelieved = () if believed is rates else tuple(d for d in run.plan.drops if d <= curve.epoch[-1])
    rates = believed
    begins: dict[int, Begin] = {0: Begin.START}
    drops: list[Drop] = []
    if rates.origin is Origin.NOTHING:
        for row, size in whole.change_points():
            begins[row] = Begin.CHANGE_POINT
            drops += [Drop(int(curve.epoch[row]), math.nan, Origin.CHANGE_POINTS)] if size < 0 else []
        if len(begins) > 1:
            rates = Rates(rates.rate, rates.mode, Origin.CHANGE_POINTS, rates.warm_up)
    else:
        begins |= _turns(run, rates, drops)
    if 0 < rates.warm_up < len(curve.epoch):
        begins[rates.warm_up] = Begin.WARM
    known = rates.origin not in (Origin.NOTHING, Origin.CHANGE_POINTS)
    broken = whole.breaks(begins, rates.warm_up) if known else []
    begins |= {row: Begin.BREAK for row, _ in broken}
    planned = [Drop(d, drop_factor(run), Origin.ARGUMENTS) for d in run.plan.drops]
    planned = [] if rates.mode.smooth else planned
    inside = [d for d in planned if end is None or d.epoch <= end]
    last = int(curve.epoch[-1])
    return Schedule(
        mode=rates.mode,
        origin=rates.origin,
        phases=_phases(run, rates, begins),
        drops=tuple(drops),
        ahead=tuple(d for d in inside if d.epoch > last and not _seen(d, drops)),
        outside=tuple(d for d in planned if d not in inside),
        disbelieved=disbelieved,
        breaks=tuple(Break(int(curve.epoch[row]), size, _cause(run, row)) for row, size in broken),
        epochs=epochs,
        end=end,
        left=_left(run, rates, end),
    )


class _Whole:
    """The summed loss of a run, its rows without a finite value left out."""

    def __init__(self, run: Run) -> None:
        loss, width = run.arrays.loss, run.arrays.loss_width
        self.rows: Ints = np.flatnonzero(np.isfinite(loss))
        self.loss: Floats = loss[self.rows]
        # Half-widths of uniform errors.
        self.noise = float(np.median(width[self.rows])) / math.sqrt(3) if len(self.rows) else 0.0

    def change_points(self) -> list[tuple[int, float]]:
        """Rows of the curve at which the loss changes its trend and its level, and by how much."""
        return [(int(self.rows[row]), size) for row, size in breaks.change_points(self.loss, self.noise)]

    def breaks(self, begins: dict[int, Begin], warm_up: int) -> list[tuple[int, float]]:
        """Rows of the curve at which the loss breaks inside a phase behind the warm-up, and by how much."""
        firsts = [row for row in sorted(begins) if row >= warm_up]  # while the rate rises, it is the cause
        edges = [*firsts, int(self.rows[-1]) + 1 if len(self.rows) else 0]
        found = []
        for first, behind in pairwise(edges):
            inside = (self.rows >= first) & (self.rows < behind)
            rows = self.rows[inside]
            found += [(int(rows[row]), size) for row, size in breaks.jumps(self.loss[inside], self.noise)]
        return found

    def answers(self, row: int) -> bool:
        """Whether the loss falls at a row, or has not had the time to."""
        at = int(np.searchsorted(self.rows, row))
        if min(at, len(self.rows) - at) < 2 * breaks.SETTLING:
            return True
        around = slice(max(at - 4 * breaks.SETTLING, 0), at + 4 * breaks.SETTLING)
        return breaks.falls(self.loss[around], at - around.start, self.noise)


def _configured(run: Run) -> tuple[int | None, int | None]:
    """How many epochs are configured, and the number of the last one."""
    return (run.plan.epochs, run.plan.epochs - 1 + run.first_step) if run.plan.epochs else (None, None)


def _believed(run: Run, rates: Rates, whole: _Whole) -> Rates:
    """The rates, unknown where the arguments alone promise drops to which the loss does not answer."""
    if rates.mode is not Mode.STEP or rates.origin is not Origin.ARGUMENTS:
        return rates
    epoch = run.arrays.epoch
    reached = [int(np.searchsorted(epoch, d)) for d in run.plan.drops if epoch[0] < d <= epoch[-1]]
    if not reached or any(whole.answers(row) for row in reached):
        return rates
    return Rates(np.full(len(epoch), np.nan), Mode.UNKNOWN, Origin.NOTHING, rates.warm_up)


def _turns(run: Run, rates: Rates, drops: list[Drop]) -> dict[int, Begin]:
    """The rows at which the rate steps or rises again; drops are added to `drops`."""
    epoch, begins = run.arrays.epoch, dict[int, Begin]()
    known = np.flatnonzero(np.isfinite(rates.rate))
    known = known[known >= rates.warm_up]
    rate = rates.rate[known]
    for at in np.flatnonzero(changes(rate)).tolist():
        row, before, after = int(known[at + 1]), float(rate[at]), float(rate[at + 1])
        if after > before:
            begins[row] = Begin.RISE
        elif rates.mode is Mode.STEP:
            # The rate is that at the end of an epoch: a drop just before the next one shows an epoch early.
            row += int(epoch[row]) + 1 in run.plan.drops
            if row < len(epoch):
                begins[row] = Begin.DROP
                drops.append(Drop(int(epoch[row]), after / before, rates.origin))
    return begins


def _phases(run: Run, rates: Rates, begins: dict[int, Begin]) -> tuple[Phase, ...]:
    epoch = run.arrays.epoch
    firsts = sorted(begins)
    lasts = [*(row - 1 for row in firsts[1:]), len(epoch) - 1]
    phases = []
    for first, last in zip(firsts, lasts, strict=True):
        warm_up = last < rates.warm_up
        rate = float(rates.rate[first])
        end_rate = float(rates.rate[last]) if rates.mode.smooth or warm_up else rate
        span = int(epoch[first]), int(epoch[last])
        phases.append(Phase(*span, rate, end_rate, begins[first], rates.origin, warm_up, run.axis))
    return tuple(phases)


def _seen(drop: Drop, drops: list[Drop]) -> bool:
    return any(abs(drop.epoch - seen.epoch) <= 1 for seen in drops)


def _left(run: Run, rates: Rates, end: int | None) -> float:
    """The part of a smooth descent that is still to come.

    To the configured end the rate is taken to fall to nothing; without one, what has been seen is all.
    """
    epoch = run.arrays.epoch
    if not rates.mode.smooth or end is None or epoch[-1] >= end:
        return 0.0
    known = rates.rate[np.isfinite(rates.rate)]
    if len(known):
        return float(known[-1] / known.max())
    warm = rates.warm_up
    return float((end - epoch[-1]) / max(end - epoch[0] - warm, 1))


def _cause(run: Run, row: int) -> str:
    """What else is known to change at a row of the curve."""
    curve = run.arrays
    before, after = (run.sessions[run.curve_rows[r, 0]] for r in (row - 1, row))
    told = []
    ended = [
        c.name
        for k, c in enumerate(run.columns)
        if c.role is Role.TERM
        and np.isfinite(curve.own[row - 1, k])
        and not np.isfinite(curve.own[row:, k]).any()
    ]
    if ended:
        told.append(f"{', '.join(ended)} end{'s' * (len(ended) == 1)} there")
    if before is not after:
        told.append("another process goes on there")
    return " and ".join(told)
