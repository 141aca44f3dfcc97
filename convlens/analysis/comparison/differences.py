"""How an arm differs from the reference in one quantity, and whether more than noise is in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convlens.analysis import figures
from convlens.analysis.comparison import rows
from convlens.analysis.comparison.repeats import Arm, Spread, half_width_of_difference, spread
from convlens.run import Run

NOT_IN_BOTH = "not in both logs"


@dataclass(frozen=True)
class Difference:
    """How one arm differs from the reference in one quantity, after equally many epochs or at the end.

    `value` and `reference` are the two figures, `change` their difference. `floor` is the size that a
    difference must exceed to be called one: with three repeats and more on both sides half the width of its
    95% interval, else the jitter within the phase (1.96 standard deviations of a difference; where one side's
    is unknown the other's stands for it) or what repeats on one side say, and never less than rounding; NaN
    if unknown. `note` says why there is no comparison.
    """

    arm: str
    quantity: str
    value: float
    reference: float
    floor: float = math.nan
    single: bool = True
    note: str = ""

    @property
    def change(self) -> float:
        """Value less reference; NaN where the two do not compare."""
        return math.nan if self.note else self.value - self.reference

    @property
    def told(self) -> bool | None:
        """Whether the difference can be told from noise; None where that is not known."""
        known = math.isfinite(self.floor) and math.isfinite(self.change)
        return abs(self.change) > self.floor if known else None


def differences(
    arms: Sequence[Arm],
    at: int,
    quantities: Sequence[figures.Quantity],
    epochs: Sequence[int | None],
) -> tuple[Difference, ...]:
    """How all other arms differ from the one at index `at`, each after so many epochs done.

    `epochs` are of the arms, None for the end.
    """
    return tuple(
        _difference(arm, arms[at], quantity, until, epochs[at])
        for arm, until in zip(arms, epochs, strict=True)
        if arm is not arms[at]
        for quantity in quantities
    )


def _difference(
    arm: Arm, reference: Arm, quantity: figures.Quantity, until: int | None, reference_until: int | None
) -> Difference:
    mine, theirs = (arm, until), (reference, reference_until)
    a, b = (spread(rows.values(side, quantity.name, epochs)) for side, epochs in (mine, theirs))
    return Difference(
        arm=arm.name,
        quantity=quantity.name,
        value=a.mean if a else math.nan,
        reference=b.mean if b else math.nan,
        floor=_floor(mine, theirs, quantity.name, a, b),
        single=arm.n == 1 or reference.n == 1,
        note=why_not(arm.runs[0], reference.runs[0], quantity),
    )


_Until = tuple[Arm, int | None]  # an arm, and after how many epochs done it is looked at


def _floor(mine: _Until, theirs: _Until, quantity: str, a: Spread | None, b: Spread | None) -> float:
    """What a difference must exceed: rounding, the jitter within runs, and the spread of repeats."""
    if a is None or b is None:
        return math.nan
    sides = [(arm.runs[0], epochs) for arm, epochs in (mine, theirs)]
    rounding = sum(figures.resolution(run, quantity, epochs) for run, epochs in sides)
    if min(a.n, b.n) > 2:
        return max(half_width_of_difference(a, b), rounding)
    noise = [figures.jitter(run, quantity, epochs) for run, epochs in sides]
    known = [n for n in noise if math.isfinite(n)]
    repeats = half_width_of_difference(a, b) if max(a.n, b.n) > 1 else math.nan
    if not known and not math.isfinite(repeats):
        return math.nan
    jitter = 1.96 * math.hypot(*(n if math.isfinite(n) else max(known) for n in noise)) if known else 0.0
    return float(np.nanmax([jitter, repeats, rounding]))


def why_not(run: Run, reference: Run, quantity: figures.Quantity) -> str:
    """Why a quantity of two runs does not compare; empty if it does."""
    mine, theirs = run.identity, reference.identity
    parts = ["task", "detector", "input_size", "dataset"]
    if quantity.scale == "score":
        parts = ["task", "dataset"]
    if not all(figures.has(r, quantity.name) for r in (run, reference)):
        return NOT_IN_BOTH
    pairs = {p.replace("_", " "): (getattr(mine, p), getattr(theirs, p)) for p in parts}
    another = [p for p, (a, b) in pairs.items() if a != b and None not in (a, b)]
    unknown = [p for p, (a, b) in pairs.items() if a != b and None in (a, b)]
    told = {"another": another, "unknown": unknown}
    return ", ".join(f"{kind} {' and '.join(which)}" for kind, which in told.items() if which)
