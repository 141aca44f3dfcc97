"""How far forecasts miss: published runs are cut short, and their ends forecast by what others taught.

First by other families: nothing of a family is used for its runs, neither falls and profiles, nor the
choice of facts and penalties, nor the misses that the intervals are made of. Then as forecasts are made: by
all other runs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convlens.analysis.forecast.courses import MAP, Course, summed
from convlens.analysis.forecast.experience import Experience, published
from convlens.analysis.forecast.projection import TOTAL, half_width, project
from convlens.reader import read_log
from convlens.zoo import snapshot_names

sys.path.insert(0, str(Path(__file__).parents[2] / ".tools"))
from learning import Whole, learn, whole

CUTS: dict[str, Callable[[Whole], int]] = {
    "half of the epochs": lambda run: run.end // 2,
    "the first drop": lambda run: round(run.first),
    "4% of the epochs behind it": lambda run: round(run.first) + max(1, round(0.04 * run.end)),
}


@dataclass(frozen=True)
class Trial:
    """A forecast of the end of a run and two others; errors are relative, those of mAP in points."""

    family: str
    cut: str
    error: float
    last: float
    power: float
    in_50: bool
    in_90: bool


def trials(run: Whole, taught: Experience, name: str) -> list[Trial]:
    """The summed loss or the mAP of a run at each cut, where there are enough values."""
    found = []
    for cut, epochs in CUTS.items():
        state = run.after(epochs(run))
        made = next((p for p in project(state, run.end, taught) if p.course == name), None)
        if made is None:
            continue
        truth = run.truth(name, run.end)
        held = [abs(math.log(made.value / truth)) <= half_width(made, taught, part) for part in (0.5, 0.9)]
        so_far = [c for c in state.courses if (c.name == MAP) == (name == MAP)]
        course = summed(so_far)
        last = float(course.value[-1]) if name == MAP else made.level
        values = (made.value, last, power_law(course, run.end))
        size = 1.0 if name == MAP else truth
        found.append(Trial(run.family, cut, *(abs(value - truth) / size for value in values), *held))
    return found


def power_law(course: Course, epochs: float) -> float:
    """c + a * t^-b with c and a not below zero, fitted to all but the first tenth and carried on."""
    rows = course.done > 0.1 * course.done[-1]
    time, value = course.done[rows], course.value[rows]
    best = (math.inf, 0.0)
    for b in np.geomspace(0.05, 3, 60):
        shape = time**-b
        spread = shape - shape.mean()
        a = max(float(spread @ value / (spread @ spread)), 0.0) if len(time) > 1 else 0.0
        c = max(float((value - a * shape).mean()), 0.0)
        a = float(shape @ (value - c) / (shape @ shape)) if c == 0 else a
        best = min(best, (float(((value - c - a * shape) ** 2).sum()), c + a * epochs**-b))
    return best[1]


def report(title: str, made: Sequence[Trial], unit: str, scale: float) -> None:
    """Print mean errors by cut and family, and how often the intervals held the truth."""
    print(f"\n{title}: mean error [{unit}] (median)")
    print(f"  {'cut at':44s} {'convlens':>14s} {'last value':>11s} {'power law':>10s}  in 50%  in 90%")
    for cut in CUTS:
        told = [t for t in made if t.cut == cut]
        print(_line(f"{cut} ({len(told)} runs)", told, scale))
        for family in sorted({t.family for t in told}):
            some = [t for t in told if t.family == family]
            print(_line(f"    {family} ({len(some)})", some, scale))


def _line(name: str, some: Sequence[Trial], scale: float) -> str:
    errors = scale * np.array([(t.error, t.last, t.power) for t in some])
    ours, last, power = errors.mean(axis=0)
    held = "".join(
        f"  {sum(inside):2d}/{len(some):<3d}"
        for inside in zip(*((t.in_50, t.in_90) for t in some), strict=True)
    )
    return f"  {name:44s} {ours:6.1f} ({np.median(errors[:, 0]):4.1f}) {last:11.1f} {power:10.1f}{held}"


def main() -> None:
    named = ((name, read_log(name)) for name in snapshot_names())
    runs = [run for name, log in named if (run := whole(name, log)) is not None]
    of_others = {f: learn([run for run in runs if run.family != f]) for f in {run.family for run in runs}}
    shipped = published()
    for told, taught in (
        ("what other families taught", lambda run: of_others[run.family]),
        ("what all other runs taught, as it is shipped", lambda run: shipped.without([run.name])),
    ):
        for name, unit, scale in ((TOTAL, "%", 100.0), (MAP, "points", 1.0)):
            made = [trial for run in runs for trial in trials(run, taught(run), name)]
            curve = "summed loss" if name == TOTAL else "mAP"
            report(f"The final {curve} by {told}", made, unit, scale)


if __name__ == "__main__":
    main()
