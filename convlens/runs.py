"""The runs in one file: frameworks append to their logs, and a fall to the beginning is another run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Restarts

_LAST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class _Stretch:
    """Lines of one process: behind line `after`, the last of the one before, from `first` up to `behind`."""

    after: int
    first: int
    behind: int
    begins: bool  # at the beginning of the axis
    finished: bool  # it completed a step of the axis

    @property
    def where(self) -> str:
        first = max(self.first, 1)
        return f"lines {first}-{self.behind - 1}" if self.behind < _LAST else f"line {first} on"


def runs_in(blocks: Blocks, restarts: Restarts, axis: str) -> list[Blocks]:
    """The blocks of each run in a file, in order.

    Where a fall of the axis to its beginning is always a new run, the file is cut there, and what resumes
    later on belongs to the run before. An attempt that completed no epoch is told of beside the run behind
    it, unless there is nothing else. Iterations fall to the beginning where they fall below two intervals.
    """
    stretches = _stretches(blocks, axis) if restarts is Restarts.NEW_RUN else []
    if len(stretches) < 2:
        return [blocks]
    runs: list[_Stretch] = []
    aborted: list[_Stretch] = []
    for stretch in stretches:
        if not stretch.begins and runs:
            runs[-1] = replace(runs[-1], behind=stretch.behind)
        elif stretch.finished:
            runs.append(stretch)
        else:
            aborted.append(stretch)
    runs = runs or [aborted.pop()]
    return [_part(blocks, runs, number, aborted) for number in range(len(runs))]


def _part(blocks: Blocks, runs: Sequence[_Stretch], number: int, aborted: Sequence[_Stretch]) -> Blocks:
    """The blocks of one of the runs, with findings on the others and on the attempts around it."""
    run = runs[number]
    findings = []
    if len(runs) > 1:
        others = "; ".join(other.where for other in runs if other is not run)
        text = f"the file holds {len(runs)} runs: this is number {number + 1}, the others stand at {others}"
        findings.append(Finding(Code.SEVERAL_RUNS, text, run.where))
    before = runs[number - 1].behind if number else 0
    until = _LAST if number == len(runs) - 1 else run.behind
    failed = [a for a in aborted if before <= a.first < until and not run.first < a.first < run.behind]
    if failed:
        attempts = f"{len(failed)} other attempt{'s' * (len(failed) > 1)} completed no epoch"
        findings.append(Finding(Code.STARTED_OVER, f"{attempts}: {'; '.join(a.where for a in failed)}"))
    part = blocks.between(run.after, run.first, run.behind)
    return replace(part, findings=(*findings, *blocks.findings))


def _stretches(blocks: Blocks, axis: str) -> list[_Stretch]:
    line, epoch, step = blocks.in_order()
    if not len(line):
        return []
    steps = np.diff(epoch)
    beginning = int(epoch.min()) if blocks.counts_from is None else blocks.counts_from
    if axis != "epoch" and (steps > 0).any():
        beginning += int(2 * np.median(steps[steps > 0])) - 1
    back = (steps < 0) | ((steps == 0) & (np.diff(step) <= 0))
    # No process passes over an epoch: one that was resumed follows.
    jumps = (steps > 1) & (axis == "epoch")
    firsts = [0, *(np.flatnonzero((back & (epoch[1:] <= beginning)) | jumps) + 1).tolist()]
    ended = np.concatenate([blocks.close.line, blocks.score.line])
    stretches = []
    for number, first in enumerate(firsts):
        end = firsts[number + 1] if number + 1 < len(firsts) else len(line)
        begin = int(line[first]) if first else 0
        behind = int(line[end]) if end < len(line) else _LAST
        finished = ((ended >= begin) & (ended < behind)).any() or epoch[first:end].max() > epoch[
            first:end
        ].min()
        after = int(line[first - 1]) if first else 0
        stretches.append(_Stretch(after, begin, behind, bool(epoch[first] <= beginning), bool(finished)))
    return stretches
