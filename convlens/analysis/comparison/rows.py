"""The figures of one arm of a comparison: over its repeats, at the end or after some epochs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison.repeats import Arm, spread
from convlens.analysis.convergence.diagnosis import Diagnosis
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd


def values(arm: Arm, quantity: str, epochs: int | None = None) -> list[float | None]:
    """A quantity of each run that has it, after so many epochs or at the end."""
    return [
        figures.value_after(run, quantity, figures.epochs_done(run) if epochs is None else epochs)
        for run in arm.runs
        if figures.has(run, quantity)
    ]


def mean(figures_of_runs: Sequence[float | None]) -> float | None:
    """The mean of those that are known, None if none is."""
    told = spread(figures_of_runs)
    return told.mean if told else None


def row(
    arm: Arm,
    quantities: Sequence[figures.Quantity],
    as_printed: Sequence[str],
    judged_by: str,
    diagnoses: Sequence[Diagnosis],
) -> dict[str, object]:
    """Identity, epochs, hours, final figures (own means, some `as_printed` too), scores, verdict, by column.

    `judged_by` is "map" for detectors, else "score": each run's own, which is named.
    """
    first = arm.runs[0]
    cells: dict[str, object] = {"run": arm.name}
    if judged_by == "score":
        cells["task"] = figures.task_of(first)
    cells |= {part: getattr(first.identity, part) for part in first.identity.PARTS}
    cells |= {"n": arm.n, "epochs": first.summary.epochs, "planned_epochs": first.plan.epochs}
    cells["hours"] = mean([run.summary.hours for run in arm.runs])
    for quantity in quantities:
        if quantity.scale == "loss":
            cells[quantity.name] = mean(values(arm, quantity.name))
    cells |= {f"{name}_printed": mean([printed(run, name) for run in arm.runs]) for name in as_printed}
    if judged_by == "score":
        cells["score"] = first.summary.score
    cells |= {
        f"{which}_{judged_by}": mean([getattr(run.summary, f"{which}_{judged_by}") for run in arm.runs])
        for which in ("final", "best")
    }
    cells["best_epoch"] = first.summary.best_epoch if arm.n == 1 else None
    if first.identity.task == "detection":
        cells["published_map"] = first.summary.published_map
    cells |= {
        q.name: mean(values(arm, q.name))
        for q in quantities
        if q.scale == "score" and q.name != "map"  # that is final_map
    }
    cells["verdict"] = verdict(diagnoses)
    cells["score_verdict"] = verdict(diagnoses, score=True)
    cells["findings"] = " ".join(sorted({f.code for run in arm.runs for f in run.findings}))
    return cells


def printed(run: Run, quantity: str) -> float | None:
    """The final value of a quantity as printed; for `loss` the sum of what was printed."""
    final = run.summary.final
    if quantity == "loss":
        parts = [final.get(c.name, math.nan) for c in run.summed]
        return sum(parts) if parts and final else None
    return next((final.get(c.name) for c in run.columns if c.measures == quantity), None)


def verdict(diagnoses: Sequence[Diagnosis], score: bool = False) -> str:
    """The verdict on an arm's runs, or on their scores; where repeats differ, how many have each."""
    told = [d.verdict if not score else d.on_score for d in diagnoses]
    counted = Counter(str(v) for v in told if v)
    if len(counted) < 2:
        return next(iter(counted), "")
    return ", ".join(f"{count} {name}" for name, count in counted.most_common())


def argument(arm: Arm, name: str) -> object:
    """The value of an argument, None if the arm has none; of repeats that differ in it, all of theirs."""
    told = {repr(value): value for value in (run.config.get(name) for run in arm.runs)}
    return next(iter(told.values())) if len(told) == 1 else tuple(told.values())


def arguments(arms: Sequence[Arm]) -> dict[str, tuple[object, ...]]:
    """The arguments in which the arms differ, with the value of each arm; None where it has none.

    Logs of different kinds name few arguments alike: what only one of the arms has is left out there.
    """
    fewest = 1 if len({run.format for arm in arms for run in arm.runs}) == 1 else 2
    having = Counter(name for arm in arms for name in {name for run in arm.runs for name in run.config})
    names = sorted(name for name, count in having.items() if count >= fewest)
    told = {name: tuple(argument(arm, name) for arm in arms) for name in names}
    return {name: of_arms for name, of_arms in told.items() if len({repr(v) for v in of_arms}) > 1}


def class_ap(arm: Arm) -> pd.Series[float]:
    """The class APs [%] at the last validation, for repeats their means."""
    import pandas as pd

    return pd.concat([_class_ap(run) for run in arm.runs], axis=1).mean(axis=1)


def _class_ap(run: Run) -> pd.Series[float]:
    """The class APs of the last validation on the curve that has any; empty if there is none."""
    table = run.class_ap["ap"]
    sessions = {int(run.sessions[s].epoch[r]): int(s) for s, r in run.curve_rows.tolist()}
    there = {(session, epoch) for session, epoch, _ in table.index}
    known = [(session, epoch) for epoch, session in sessions.items() if (session, epoch) in there]
    return table.loc[max(known, key=lambda key: key[1])] if known else table.droplevel([0, 1])
