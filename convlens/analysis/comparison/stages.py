"""Runs aligned by their learning rates: where each stood before its first drop, and after each drop.

At equal epochs a run whose rate has dropped is ahead of one whose rate has not; at equal stages they compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from convlens.analysis import figures
from convlens.analysis.comparison.differences import Difference, differences
from convlens.analysis.comparison.repeats import Arm
from convlens.analysis.schedule.rates import Origin
from convlens.analysis.schedule.schedule import Schedule
from convlens.findings import Code, Finding
from convlens.run import Run


@dataclass(frozen=True)
class Stage:
    """What lies between two drops of the learning rate.

    `drops` came before it. `ends` has for each arm how many epochs were done at its end, None for an arm that
    never reached it; where a log ends within it, all arms are looked at after as many epochs of the stage as
    that log has (`whole` is False then). `differences` are those at these ends.
    """

    drops: int
    ends: tuple[int | None, ...]
    whole: bool
    differences: tuple[Difference, ...]


def stages(
    arms: Sequence[Arm], at: int, schedules: Sequence[Schedule], quantities: Sequence[figures.Quantity]
) -> tuple[Stage, ...]:
    """The stages that at least two of the arms reached, the one at index `at` being the reference.

    `schedules` are of the arms. A rate that falls smoothly or is unknown has no stages.
    """
    ends = [_ends(arm.runs[0], schedule) for arm, schedule in zip(arms, schedules, strict=True)]
    stopped = [_stopped(arm.runs[0], schedule) for arm, schedule in zip(arms, schedules, strict=True)]
    found = []
    before: tuple[int | None, ...] = (0,) * len(arms)
    for drops, reached in enumerate(zip_longest(*ends)):
        cut = [
            end - (begin or 0)
            for end, begin, all_ends, within in zip(reached, before, ends, stopped, strict=True)
            if end is not None and within and drops == len(all_ends) - 1
        ]
        there = tuple(
            end if end is None else min([end, *((begin or 0) + epochs for epochs in cut)])
            for end, begin in zip(reached, before, strict=True)
        )
        if sum(end is not None for end in there) < 2 or there[at] is None:
            break
        taking_part = [k for k, end in enumerate(there) if end is not None]
        compared = differences(
            [arms[k] for k in taking_part], taking_part.index(at), quantities, [there[k] for k in taking_part]
        )
        runs = {arms[k].name: (arms[k].runs[0], before[k] or 0, there[k] or 0) for k in taking_part}
        checked = tuple(_measured(d, runs, arms[at].name) for d in compared)
        found.append(Stage(drops, there, not cut, checked))
        before = reached
    return tuple(found)


def apart(arms: Sequence[Arm], at: int, schedules: Sequence[Schedule]) -> tuple[Finding, ...]:
    """A finding for each arm that has other drops of its rate still to come than the reference."""
    theirs, name = schedules[at], arms[at].name
    return tuple(
        Finding(
            Code.SCHEDULES_APART,
            f"{arm.name}: {_to_come(mine)}; {name}: {_to_come(theirs)}: their ends do not compare yet",
        )
        for arm, mine in zip(arms, schedules, strict=True)
        if mine is not theirs and _place(mine) != _place(theirs)
    )


def _ends(run: Run, schedule: Schedule) -> list[int]:
    """After how many epochs done each stage of a run ends, the last one with the log."""
    if schedule.mode.smooth or schedule.origin is Origin.NOTHING or not figures.epochs_done(run):
        return []
    done, epoch = figures.done(run), run.arrays.epoch
    rows = [int(np.searchsorted(epoch, drop.epoch)) for drop in schedule.drops]
    last = figures.epochs_done(run)
    return [*(int(done[row - 1]) for row in rows if row > 0 and done[row - 1] < last), last]


def _stopped(run: Run, schedule: Schedule) -> bool:
    """Whether the log ends within a stage."""
    return bool(schedule.ahead) or figures.epochs_done(run) < (schedule.epochs or 0)


def _measured(difference: Difference, runs: dict[str, tuple[Run, int, int]], reference: str) -> Difference:
    """The difference, with a note where a score was not measured within the stage."""
    for name in (difference.arm, reference):
        run, begin, end = runs[name]
        if difference.note or figures.score_of(run, difference.quantity) is None:
            continue
        done = figures.done(run)
        inside = (done > begin) & (done <= end) & np.isfinite(figures.series(run, difference.quantity))
        if not inside.any():
            return replace(difference, note=f"not measured in this stage of {name}")
    return difference


def _place(schedule: Schedule) -> tuple[int, int, bool]:
    """How far a schedule is: drops done where some are still to come, and whether the rate falls on."""
    ahead = len(schedule.ahead)
    return ahead, len(schedule.drops) if ahead else 0, schedule.falls_on


def _to_come(schedule: Schedule) -> str:
    if schedule.ahead:
        drops = "drop" if len(schedule.ahead) == 1 else "drops"
        return f"the {drops} at {' and '.join(f'{d.epoch:g}' for d in schedule.ahead)} still to come"
    return "its rate still to fall" if schedule.falls_on else "no drop to come"
