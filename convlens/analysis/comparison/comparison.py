"""Compare runs: what each reached, how they differ from a reference, and in which arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis import figures
from convlens.analysis.comparison import rows
from convlens.analysis.comparison.repeats import (
    Arm,
    Spread,
    group_repeats,
    half_width_of_difference,
    spread,
    with_different_names,
    without_copies,
)
from convlens.analysis.inputs import Given, read_runs
from convlens.errors import ConvlensError, UnknownNameError
from convlens.findings import Finding
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`.

    `arms` are what is compared, `reference` the index of the one that differences refer to. `shared_epochs`
    is the number of epochs after which all are compared, None if all completed equally many; `asked_for`
    are the metrics that were named.
    """

    arms: tuple[Arm, ...]
    reference: int
    quantities: tuple[figures.Quantity, ...]
    differences: tuple[Difference, ...]
    shared_epochs: int | None
    at_shared: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    asked_for: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, repeats one by one."""
        return tuple(run for arm in self.arms for run in arm.runs)

    @property
    def tasks(self) -> tuple[str, ...]:
        """What the runs were trained for, in words, each once."""
        return tuple(dict.fromkeys(figures.task_of(run) for run in self.runs))

    @property
    def judged_by(self) -> str:
        """What the runs are judged by: "map" if all are detectors, else "score", each run's own."""
        return "map" if self.tasks == ("detection",) else "score"

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row an arm: identity, epochs, hours, final figures (own means) and scores."""
        names = [q.name for q in self.quantities]
        both = [n for n in names if any(figures.averages_the_run(run, n) for run in self.runs)]
        return [rows.row(arm, self.quantities, both, self.judged_by) for arm in self.arms]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table, by the arms' names."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("run")

    @property
    def arguments(self) -> dict[str, tuple[object, ...]]:
        """The arguments in which the arms differ, with the value of each arm; None where it has none."""
        return rows.arguments(self.arms)

    def classes(self, most: int = 10) -> pd.DataFrame:
        """The class APs [%] at each arm's last validation, the largest differences to the reference first.

        Only arms of the reference's dataset count for the order.
        """
        import pandas as pd

        frame = pd.DataFrame({arm.name: rows.class_ap(arm) for arm in self.arms})
        reference = self.arms[self.reference]
        dataset = reference.runs[0].identity.dataset
        alike = [arm.name for arm in self.arms if arm.runs[0].identity.dataset == dataset]
        gaps = frame[alike].sub(frame[reference.name], axis=0).abs().max(axis=1)
        frame = frame[gaps.notna()]
        return frame.loc[gaps.dropna().sort_values(ascending=False, kind="stable").index][:most]

    def plot(self, x: str = "epoch", metrics: Sequence[str] = ()) -> Figure:
        """Draw the losses above and the mAP below on shared axes; `x` is epoch, iteration or hours."""
        from convlens.plots.curves import plot_comparison

        return plot_comparison(self, x, metrics)

    def __str__(self) -> str:
        return f"{len(self.arms)} runs: " + "; ".join(str(arm.runs[0]) for arm in self.arms)

    def _repr_html_(self) -> str:
        return self.table.T.to_html(escape=True)


def compare(
    *sources: Given,
    reference: str | None = None,
    metrics: Sequence[str] = (),
    separate: bool = False,
) -> Comparison:
    """Compare two or more runs.

    `sources` are runs or anything that `read_logs` reads. `reference` names the run that the differences
    refer to (default: the first), `metrics` are compared beside the losses and the mAP, and `separate` keeps
    repeats apart. Raises ConvlensError for fewer than two runs and UnknownNameError for a name that is not
    there.
    """
    kept, copies = without_copies(with_different_names(read_runs(sources)))
    if len(kept) < 2:
        what = "one log twice" if copies else f"{len(kept)} run" + "s" * (len(kept) != 1)
        raise ConvlensError(f"compare needs two or more runs and was given {what}.")
    arms = [Arm(r.name, (r,)) for r in kept] if separate else group_repeats(kept)
    if len(arms) < 2:
        arms = [Arm(r.name, (r,)) for r in kept]
    at = _index_of(arms, reference)
    asked_for = _by_quantity(arms, metrics)
    compared = _quantities(arms, asked_for)
    epochs = [min(figures.epochs_done(run) for run in arm.runs) for arm in arms]
    shared = min(epochs) if len(set(epochs)) > 1 and min(epochs) else None
    return Comparison(
        arms=tuple(arms),
        reference=at,
        quantities=compared,
        differences=_differences(arms, at, compared, None),
        shared_epochs=shared,
        at_shared=_differences(arms, at, compared, shared) if shared else (),
        findings=tuple(copies),
        asked_for=asked_for,
    )


def _index_of(arms: Sequence[Arm], reference: str | None) -> int:
    if reference is None:
        return 0
    for number, arm in enumerate(arms):
        if reference in (arm.name, *(run.name for run in arm.runs)):
            return number
    raise UnknownNameError("run", reference, [arm.name for arm in arms])


def _by_quantity(arms: Sequence[Arm], metrics: Sequence[str]) -> tuple[str, ...]:
    """Metrics under the names of what they measure: they may be named as a log prints them."""
    columns = [c for arm in arms for c in (*arm.runs[0].columns, *arm.runs[0].scores)]
    told = {c.complement: c.measures for c in columns} | {c.name: c.measures for c in columns}
    return tuple(told.get(metric, metric) for metric in metrics)


def _quantities(arms: Sequence[Arm], metrics: Sequence[str]) -> tuple[figures.Quantity, ...]:
    """What at least one arm has of the losses and the mAP of detectors, and the metrics asked for.

    Other tasks have few columns: all of them. Of what makes 100% together one is enough.
    """
    runs = [arm.runs[0] for arm in arms]
    everything = {q.name: q for run in runs for q in figures.quantities(run)}
    losses = {c.measures for run in runs for c in run.losses}
    others = [q for run in runs if run.identity.task != "detection" for q in figures.quantities(run)]
    wanted = [*(n for n in everything if n in losses), "loss"]
    wanted += [q.name for q in others if q.scale == "loss"]
    wanted += [*metrics, "map", "map_segm", *(q.name for q in others if q.scale == "score")]
    for metric in metrics:
        if not any(figures.has(run, metric) for run in runs):
            raise UnknownNameError("metric", metric, everything, figures.why_absent(runs[0], metric))
    found: dict[str, figures.Quantity] = {}
    for name in wanted:
        if name in everything and everything[name].complement not in found:
            found[name] = everything[name]
    return tuple(found.values())


def _differences(
    arms: Sequence[Arm], at: int, quantities: Sequence[figures.Quantity], epochs: int | None
) -> tuple[Difference, ...]:
    return tuple(
        _difference(arm, arms[at], quantity, epochs)
        for arm in arms
        if arm is not arms[at]
        for quantity in quantities
    )


def _difference(arm: Arm, reference: Arm, quantity: figures.Quantity, epochs: int | None) -> Difference:
    a, b = (spread(rows.values(side, quantity.name, epochs)) for side in (arm, reference))
    return Difference(
        arm=arm.name,
        quantity=quantity.name,
        value=a.mean if a else math.nan,
        reference=b.mean if b else math.nan,
        floor=_floor(arm, reference, quantity.name, a, b, epochs),
        single=arm.n == 1 or reference.n == 1,
        note=why_not(arm.runs[0], reference.runs[0], quantity),
    )


def _floor(
    arm: Arm, reference: Arm, quantity: str, a: Spread | None, b: Spread | None, epochs: int | None
) -> float:
    """What a difference must exceed: rounding, the jitter within runs, and the spread of repeats."""
    if a is None or b is None:
        return math.nan
    rounding = sum(figures.resolution(group.runs[0], quantity, epochs) for group in (arm, reference))
    if min(a.n, b.n) > 2:
        return max(half_width_of_difference(a, b), rounding)
    noise = [figures.jitter(group.runs[0], quantity, epochs) for group in (arm, reference)]
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
