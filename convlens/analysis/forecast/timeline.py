"""When the learning rate of a run drops, in epochs done, and where in that a moment lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from convlens.analysis import figures
from convlens.analysis.schedule.phases import Begin
from convlens.analysis.schedule.rates import Origin
from convlens.analysis.schedule.schedule import Schedule
from convlens.run import Run

_LIKE = (0.05, 0.2)  # factors of drops that do about what those to a tenth do


@dataclass(frozen=True)
class Timeline:
    """All in epochs done.

    `now` is the end of the last complete epoch, `end` that of the last configured one, None if unknown.
    `begins` are where stretches of one rate began, the first of them that which ends with the first drop.
    `drops` are all drops, those to come included, and none if they are `unlike` those of the published runs
    (to a tenth). What was seen after `disturbed` (a break behind the first drop) tells nothing of the
    drops.
    """

    now: int
    end: int | None
    begins: tuple[int, ...]
    drops: tuple[float, ...]
    unlike: bool
    disturbed: float

    def begin(self, until: float) -> int:
        """Where the stretch began that `until` is in."""
        return max((b for b in self.begins if b < until), default=self.begins[0])

    def passed(self, until: float) -> int:
        """How many drops came before so many epochs were done."""
        return sum(drop < until for drop in self.drops)


def timeline_of(run: Run, schedule: Schedule) -> Timeline:
    """The timeline of a run with at least one complete epoch."""
    offset = run.first_step  # as figures.done counts
    now = figures.epochs_done(run)
    begins = [(p.first - offset, p.begins) for p in schedule.phases if p.first - offset < now]
    rise = max([at for at, why in begins if why is Begin.RISE], default=0)
    believed = schedule.origin is not Origin.CHANGE_POINTS and not schedule.disbelieved
    planned = [*schedule.drops, *schedule.ahead] if believed else []
    known = [d for d in planned if d.epoch - offset > rise]
    unlike = any(math.isfinite(d.factor) and not _LIKE[0] <= d.factor <= _LIKE[1] for d in known)
    drops = () if unlike else tuple(sorted(d.epoch - offset for d in known))
    breaks = [b.epoch - offset for b in schedule.breaks if rise < b.epoch - offset < now]
    first = drops[0] if drops else math.inf
    start = max([rise, *(b for b in breaks if b <= first)])
    lasting = [at for at, why in begins if why not in (Begin.WARM, Begin.START) and at > start]
    return Timeline(
        now=now,
        end=None if schedule.end is None else schedule.end + 1 - offset,
        begins=(start, *lasting),
        drops=drops,
        unlike=unlike,
        disturbed=min((b for b in breaks if b > first), default=math.inf),
    )
