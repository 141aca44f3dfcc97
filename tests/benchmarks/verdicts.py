"""How good verdicts are: published runs cut inside their phases, judged as they stood, against what came.

At each cut the change over the next tenth of the epochs (or as many as the phase had) is predicted and later
measured: the difference of two local lines through the whole phase. The interval is of the expected change;
what is measured of it has an error too, so coverage counts intervals widened by that error, in quadrature. A
call is wrong if the measured change is on the other side of the margin, and plainly wrong if that is beyond
its error as well; where that error is larger than the margin nothing can be told. `Bend`, the one thing that
was learnt from such logs, is chosen again for each family from the others only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from convlens import Run, zoo
from convlens.analysis.convergence import trend
from convlens.analysis.convergence.convergence import FEWEST, Judging, judge
from convlens.analysis.convergence.decision import HIGH, LOW
from convlens.analysis.convergence.noise import Noise, noise_of
from convlens.analysis.convergence.points import Points, points_of
from convlens.analysis.convergence.stopping import until
from convlens.analysis.convergence.trend import Bend
from convlens.analysis.convergence.verdicts import Margins, Verdict
from convlens.analysis.schedule.schedule import Schedule, schedule_of
from convlens.meters import Floats

MARGINS = Margins()
BENDS = [Bend(median, spread) for median in (0.7, 0.8, 0.9) for spread in (0.25, 0.35, 0.45)]
TASKS = ("detection", "instance", "distillation")
TARGET = 0.94  # coverage that a bend is chosen for


@dataclass(eq=False)
class Cut:
    """One run at one epoch, and the change that came; changes are in parts of the level, or points."""

    family: str
    first_phase: bool
    undone: bool
    verdict: Verdict
    window: Points
    noise: Noise
    rows: float
    scale: float
    margin: float
    came: float
    error: float


@cache
def interval(cut: Cut, bend: Bend) -> tuple[float, float]:
    """The 90% interval of the change at a cut, widened by the error of what was measured."""
    change = trend.carry_on(cut.window, cut.noise, cut.rows, bend)
    low, middle, high = (change.quantile(p) / cut.scale for p in (LOW, 0.5, HIGH))
    more = 1.645 * cut.error
    return middle - float(np.hypot(middle - low, more)), middle + float(np.hypot(high - middle, more))


def runs(of_detectors: bool) -> list[Run]:
    """The published runs whose figures the package brings, of detectors or of other tasks."""
    there = set(zoo.snapshot_names())
    found = [e.name for e in zoo.select() if (e.task in TASKS) is of_detectors and e.name in there]
    return [run for run in map(zoo.load, found) if run.losses]


def cuts(run: Run, name: str) -> Iterator[Cut]:
    """A run cut inside its phases, each half of a horizon."""
    whole = schedule_of(run)
    points = points_of(run, name, whole)
    for number, phase in enumerate(whole.phases):
        rows = np.flatnonzero(points.phase == number)
        if phase.warm_up or len(rows) <= FEWEST:
            continue
        later = points[int(rows[0]) : int(rows[-1]) + 1]
        count = FEWEST
        while count < len(later):
            cut = _cut(run, name, whole, later, count)
            if cut is not None:
                cut.first_phase = number == 0 or (number == 1 and whole.phases[0].warm_up)
                yield cut
            step = max(round(_tenth(run) / 2 / float(np.median(np.diff(later.time)))), 1)
            count += step


def _tenth(run: Run) -> float:
    return 0.1 * (run.plan.epochs or len(run.arrays.epoch))


def _cut(run: Run, name: str, whole: Schedule, later: Points, count: int) -> Cut | None:
    """One cut behind the first `count` points of a phase; None if the phase ends before the horizon."""
    then = until(run, int(later.epoch[count - 1]))
    look = Judging(then, name, schedule_of(then), MARGINS, points_of(then, name, schedule_of(then)))
    behind = int(np.searchsorted(later.time, later.time[count - 1] + look.rows - 1e-9))
    if behind >= len(later) or look.points_of_phase < FEWEST:
        return None
    rows = float(later.time[behind] - later.time[count - 1])
    width = max(round((behind - count + 1) / 3), 1)
    weights = _line(later, behind, width) - _line(later, count - 1, width)
    level = float(_line(later, count - 1, width) @ later.value)
    relative = name not in run.score_names
    scale = abs(level) if relative else 1.0
    noise = noise_of(look.history, look.window, relative)
    sigma = trend.carry_on(look.window, noise, rows).sigma
    error = weights @ (later.rounding() + sigma**2 * np.eye(len(later))) @ weights
    return Cut(
        family=(run.identity.detector or "other").removesuffix("_fpn"),
        first_phase=False,
        undone=bool((later.beside < 0).any()),
        verdict=judge(then, name, schedule_of(then), MARGINS).verdict,
        window=look.window,
        noise=noise,
        rows=rows,
        scale=scale,
        margin=MARGINS.loss if relative else MARGINS.score,
        came=float(weights @ later.value) / scale,
        error=float(np.sqrt(error)) / scale,
    )


def _line(points: Points, row: int, width: int) -> Floats:
    """The weights of the points in the level at a row: that of a line through its neighbours."""
    near = np.arange(max(row - width, 0), min(row + width + 1, len(points)))
    weights = np.zeros(len(points))
    away = points.time[near] - points.time[row]
    flat = np.column_stack([np.ones(len(near)), away]) if len(near) > 2 else np.ones((len(near), 1))
    weights[near] = np.linalg.pinv(flat)[0]
    return weights


def chosen(cuts: Sequence[Cut]) -> Bend:
    """The bend with the narrowest intervals among those that cover often enough."""
    best, narrowest = BENDS[-1], np.inf
    for bend in BENDS:
        spans = [(interval(cut, bend), cut.came) for cut in cuts]
        share = np.mean([low <= came <= high for (low, high), came in spans])
        width = float(np.mean([np.log(high - low) for (low, high), _ in spans]))
        if share >= TARGET and width < narrowest:
            best, narrowest = bend, width
    return best


def report(name: str, found: Sequence[Cut], leave_out: bool) -> None:
    """Print coverage and wrong calls of all cuts of a curve, and with families left out in turn."""
    print(f"\n{name}: {len(found)} cuts inside phases of {len({c.family for c in found})} families")
    groups = {
        "late phases, as printed": [c for c in found if not c.first_phase and not c.undone],
        "late phases, undone": [c for c in found if not c.first_phase and c.undone],
        "first phases, as printed": [c for c in found if c.first_phase and not c.undone],
        "first phases, undone": [c for c in found if c.first_phase and c.undone],
    }
    left_out: dict[str, Bend] = {}
    for family in sorted({c.family for c in found}) if leave_out else ():
        left_out[family] = chosen([c for c in found if c.family != family])
    if leave_out:
        shown = ", ".join(f"{family} {bend.median:g}/{bend.spread:g}" for family, bend in left_out.items())
        print(f"  bend (median/spread) chosen without each family: {shown}")
    for title, group in groups.items():
        if group:
            covered = f"{np.mean([_covers(c, trend.PUBLISHED) for c in group]):.2f} as shipped"
            if leave_out:
                without = np.mean([_covers(c, left_out[c.family]) for c in group])
                covered += f", {without:.2f} with the family left out"
            print(f"  {title:26s} n {len(group):4d}  coverage of 90% intervals {covered}")
    for verdict in (Verdict.CONVERGED, Verdict.IMPROVING, Verdict.WORSENING, Verdict.AWAITING_DECAY):
        calls = [c for c in found if c.verdict is verdict and 1.645 * c.error <= c.margin]
        wrong = sum(_wrong(c, 0.0) for c in calls)
        plainly = sum(_wrong(c, 1.645 * c.error) for c in calls)
        print(f"  {verdict:15s} {len(calls):4d} calls, {wrong} wrong, {plainly} of them plainly")
    unknown = sum(1.645 * c.error > c.margin for c in found)
    open_ones = sum(c.verdict is Verdict.INCONCLUSIVE for c in found)
    print(
        f"  {Verdict.INCONCLUSIVE:15s} {open_ones:4d}; at {unknown} cuts what came is not known to the margin"
    )


def _covers(cut: Cut, bend: Bend) -> bool:
    low, high = interval(cut, bend)
    return low <= cut.came <= high


def _wrong(cut: Cut, doubt: float) -> bool:
    better = 1 if cut.margin == MARGINS.score else -1
    if cut.verdict in (Verdict.CONVERGED, Verdict.AWAITING_DECAY):
        return abs(cut.came) > cut.margin + doubt
    sign = better if cut.verdict is Verdict.IMPROVING else -better
    return sign * cut.came < cut.margin - doubt


def whole_runs(found: Sequence[Run]) -> None:
    """Print the verdicts on the whole runs, and one epoch before their last drop."""
    print("\nWhole runs, and one epoch before the last drop")
    counts: dict[str, list[Verdict]] = {"loss": [], "loss before": [], "map": []}
    for run in found:
        whole = schedule_of(run)
        counts["loss"].append(judge(run, "loss", whole, MARGINS).verdict)
        if "map" in run.score_names:
            counts["map"].append(judge(run, "map", whole, MARGINS).verdict)
        if whole.drops:
            before = until(run, int(whole.drops[-1].epoch) - 1)
            counts["loss before"].append(judge(before, "loss", schedule_of(before), MARGINS).verdict)
    for name, verdicts in counts.items():
        told = ", ".join(f"{verdicts.count(v)} {v}" for v in Verdict if v in verdicts)
        print(f"  {name:12s} {len(verdicts)} runs: {told}")


def main() -> None:
    detectors, others = runs(of_detectors=True), runs(of_detectors=False)
    whole_runs(detectors)
    for name in ("loss", "map"):
        having = [run for run in detectors if name == "loss" or name in run.score_names]
        report(name, [cut for run in having for cut in cuts(run, name)], leave_out=True)
    title = "loss of other tasks, from which nothing was learnt"
    report(title, [cut for run in others for cut in cuts(run, "loss")], leave_out=False)


if __name__ == "__main__":
    main()
