"""The gap: what part of the distance from a baseline to a reference an improved run closed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison.differences import NOT_IN_BOTH, why_not
from convlens.analysis.comparison.repeats import (
    Arm,
    group_repeats,
    t_quantile,
    with_different_names,
    without_copies,
)
from convlens.analysis.correlation import confounders
from convlens.analysis.endings import At, Ending, loss_at_end, map_at
from convlens.analysis.inputs import Given, read_runs
from convlens.errors import ConvlensError, UnknownNameError
from convlens.metrics import Better
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Part:
    """One quantity of the three arms, and what part of the distance between two of them was closed.

    `closed` is (improved - baseline) / (reference - baseline), 1 being all of it, with its 95% interval. It
    is never clipped: an improved run can pass the reference, or fall behind the baseline. NaN where `note`
    says why; the interval alone is NaN where the noise is unknown or hides the distance itself.
    """

    quantity: str
    baseline: Ending
    improved: Ending
    reference: Ending
    closed: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""

    @property
    def distance(self) -> float:
        """The denominator: reference less baseline."""
        return self.reference.value - self.baseline.value

    @property
    def told(self) -> bool | None:
        """Whether the part closed can be told from none; None where the noise or the distance is unknown."""
        return not self.low <= 0 <= self.high if math.isfinite(self.low) else None

    @property
    def row(self) -> dict[str, object]:
        """All of it by name; `closed` and its interval are parts of 1."""
        return {
            "quantity": self.quantity,
            "baseline": self.baseline.value,
            "improved": self.improved.value,
            "reference": self.reference.value,
            "distance": self.distance,
            "closed": self.closed,
            "low_95": self.low,
            "high_95": self.high,
            "told_from_noise": self.told,
            "note": self.note,
        }


@dataclass(frozen=True)
class Gap:
    """The result of `gap`: the three arms, `at` which mAP, one part a quantity, and what else differs.

    `differs` holds the values of baseline, improved run and reference, `arguments` the names of those that
    differ.
    """

    baseline: Arm
    improved: Arm
    reference: Arm
    at: At
    parts: tuple[Part, ...]
    differs: Mapping[str, tuple[object, ...]]
    arguments: tuple[str, ...]

    @property
    def arms(self) -> tuple[Arm, Arm, Arm]:
        """Baseline, improved run, reference."""
        return self.baseline, self.improved, self.reference

    def __getitem__(self, quantity: str) -> Part:
        for part in self.parts:
            if part.quantity == quantity:
                return part
        raise UnknownNameError("quantity", quantity, [part.quantity for part in self.parts])

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row a quantity; `closed` and its interval are parts of 1."""
        return [part.row for part in self.parts]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table by quantity."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("quantity")

    def plot(self) -> Figure:
        """Draw the part closed of each quantity with its interval."""
        from convlens.plots.gap import plot_gaps

        return plot_gaps(self)

    @property
    def sentence(self) -> str:
        """What was closed, in plain words."""
        told = [_told(self[name], self.at) for name in ("map", "loss")]
        between = f"Between {self.baseline.name} and {self.reference.name}"
        return f"{between}, {self.improved.name} closed {told[0]}, and {told[1]}."

    @property
    def notes(self) -> list[str]:
        """What else could explain it, and what the intervals do not hold."""
        notes = list(confounders.sentences(self.differs, self.arguments))
        ends = [(p.baseline, p.improved, p.reference) for p in self.parts if math.isfinite(p.low)]
        silent = [arm.name for k, arm in enumerate(self.arms) if any(math.isnan(e[k].error) for e in ends)]
        if silent:
            told = (
                "too few values in the last phase to tell the noise of some figures; the largest other noise"
            )
            notes.append(f"{', '.join(silent)}: {told} stands for it.")
        if any(arm.n == 1 for arm in self.arms):
            notes.append(
                "Of a single run an interval holds the jitter within the run, which is less than what "
                "another seed would change."
            )
        return notes

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True)


def gap(baseline: Given, improved: Given, reference: Given, at: str = "best") -> Gap:
    """What part of the distance from `baseline` to `reference` the `improved` run closed.

    It is told of each detection loss, their sum and the mAP. Each side is a run or anything that `read_logs`
    reads; several runs a side must be repeats. `at` says which mAP stands for a run: best, final or
    published; losses are always those at the end. Raises ConvlensError where runs are not of detectors,
    those of one side are no repeats, or two sides are the same log.
    """
    if at not in list(At):
        raise UnknownNameError("mAP to go by", at, [which.value for which in At])
    sides = {"baseline": baseline, "improved": improved, "reference": reference}
    runs = {side: read_runs([given]) for side, given in sides.items()}
    every, copies = without_copies(with_different_names([run for of in runs.values() for run in of]))
    if copies:
        raise ConvlensError(f"gap needs three different runs: {copies[0].text.partition(':')[0]}.")
    strangers = [
        f"{run.name} is of {figures.task_of(run)}" for run in every if run.identity.task != "detection"
    ]
    if strangers:
        raise ConvlensError(f"gap is of detectors, their losses and their mAP; {', '.join(strangers)}.")
    named = iter(every)
    arms = [_arm(side, [next(named) for _ in of]) for side, of in runs.items()]
    losses = dict.fromkeys([*(c.measures for arm in arms for c in arm.runs[0].losses), "loss"])
    return Gap(
        baseline=arms[0],
        improved=arms[1],
        reference=arms[2],
        at=At(at),
        parts=tuple(_part(arms, quantity, At(at)) for quantity in [*losses, "map"]),
        differs=confounders.differences(arms),
        arguments=confounders.arguments(arms),
    )


def part_closed(baseline: Ending, improved: Ending, reference: Ending) -> tuple[float, float, float]:
    """(I - B) / (R - B) and its 95% interval by Fieller's theorem (1954), for independent B, I and R.

    The interval holds every part c for which I - (1 - c) B - c R does not differ from 0, a difference with
    the variance i^2 + (1 - c)^2 b^2 + c^2 r^2; its degrees of freedom are Welch's. Where one side's
    error is unknown the largest other stands for it. There is no interval (NaN) where none is known, and
    where R - B itself does not differ from 0: any part would then be possible.
    """
    distance, gain = reference.value - baseline.value, improved.value - baseline.value
    if not distance or not math.isfinite(distance):
        return math.nan, math.nan, math.nan
    closed = gain / distance
    sides = [baseline, improved, reference]
    known = [side.error for side in sides if math.isfinite(side.error)]
    if not known:
        return closed, math.nan, math.nan
    sides = [s if math.isfinite(s.error) else replace(s, error=max(known)) for s in sides]
    weighted = [(w * s.error) ** 2 for w, s in zip((1 - closed, 1, closed), sides, strict=True)]
    spread = sum(v**2 / s.df for v, s in zip(weighted, sides, strict=True))
    t = t_quantile(0.975, sum(weighted) ** 2 / spread if spread else math.inf)
    b, i, r = ((t * side.error) ** 2 for side in sides)
    square = distance**2 - b - r
    if square <= 0:
        return closed, math.nan, math.nan
    middle = distance * gain - b
    root = math.sqrt(max(middle**2 - square * (gain**2 - i - b), 0.0))
    return closed, (middle - root) / square, (middle + root) / square


def _arm(side: str, runs: Sequence[Run]) -> Arm:
    arms = group_repeats(runs)
    if not arms:
        raise ConvlensError(f"gap was given no run as {side}.")
    if len(arms) > 1:
        names = ", ".join(arm.name for arm in arms)
        message = f"gap takes one run or its repeats as {side}, which differ in the seed and in nothing else"
        raise ConvlensError(f"{message}; {names} do not.")
    return arms[0]


def _part(arms: Sequence[Arm], name: str, at: At) -> Part:
    score = name == "map"
    baseline, improved, reference = (map_at(a, at) if score else loss_at_end(a, name) for a in arms)
    part = Part(name, baseline, improved, reference)
    note = _why_not(arms, part, at)
    if note:
        return replace(part, note=note)
    closed, low, high = part_closed(baseline, improved, reference)
    if not math.isfinite(low):
        known = any(math.isfinite(e.error) for e in (baseline, improved, reference))
        note = "the distance cannot be told from noise" if known else "the noise is unknown"
    elif low <= 0 <= high:
        note = "the gain cannot be told from noise"
    return replace(part, closed=closed, low=low, high=high, note=note)


def _told(part: Part, at: At) -> str:
    """What part of one gap was closed."""
    score = part.quantity == "map"
    what = f"the gap in {at} mAP" if score else "that in the summed loss"
    if math.isnan(part.closed):
        return f"an unknown part of {what} ({part.note})"
    known = math.isfinite(part.low)
    interval = f"95%: {part.low:.0%} to {part.high:.0%}" if known else "no interval"
    why = f"; {part.note}" if part.note else ""
    return f"{part.closed:.0%} of {what} of {abs(part.distance):.{2 if score else 3}f} ({interval}{why})"


def _why_not(arms: Sequence[Arm], part: Part, at: At) -> str:
    """Why there is no gap of which a part could be closed; empty if there is one."""
    score = part.quantity == "map"
    first = arms[0].runs[0]
    quantity = figures.Quantity(part.quantity, Better.HIGHER, "score" if score else "loss")
    notes = [why_not(arm.runs[0], first, quantity) for arm in arms[1:]]
    if scale := next((n for n in notes if n not in ("", NOT_IN_BOTH)), ""):
        return scale
    ends = (part.baseline, part.improved, part.reference)
    unknown = [arm.name for arm, end in zip(arms, ends, strict=True) if not end.known]
    if unknown:
        what = f"{at} mAP" if score else "such loss that is finite"
        return f"no {what}: {', '.join(unknown)}"
    if part.distance <= 0 if score else part.distance >= 0:
        return "no gap: the reference is no better"
    return ""
