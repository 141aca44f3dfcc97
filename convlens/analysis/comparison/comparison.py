"""Compare runs: what each reached, how they differ from a reference, and in which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison import rows
from convlens.analysis.comparison.differences import Difference, differences
from convlens.analysis.comparison.repeats import (
    Arm,
    group_repeats,
    with_different_names,
    without_copies,
)
from convlens.analysis.comparison.stages import Stage, apart, stages
from convlens.analysis.convergence.diagnosis import Diagnosis, diagnose
from convlens.analysis.inputs import Given, read_runs
from convlens.analysis.schedule.schedule import Schedule
from convlens.errors import ConvlensError, UnknownNameError
from convlens.findings import Finding
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`.

    `arms` are what is compared, `reference` the index of the one that differences refer to. `shared_epochs`
    is the number of epochs (of iterations where all logs count these) after which all are compared, None if
    all completed equally many or do not count alike; `asked_for` are the metrics that were named, `copies`
    tells of logs that were given twice.
    """

    arms: tuple[Arm, ...]
    reference: int
    quantities: tuple[figures.Quantity, ...]
    differences: tuple[Difference, ...]
    shared_epochs: int | None
    at_shared: tuple[Difference, ...]
    copies: tuple[Finding, ...]
    asked_for: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, repeats one by one."""
        return tuple(run for arm in self.arms for run in arm.runs)

    @cached_property
    def diagnoses(self) -> tuple[tuple[Diagnosis, ...], ...]:
        """The diagnoses of each arm's runs."""
        return tuple(tuple(diagnose(run) for run in arm.runs) for arm in self.arms)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The runs aligned by the drops of their rates, in the summed loss and what they are judged by."""
        judges = {run.main_score.measures for run in self.runs if run.main_score}
        shown = [q for q in self.quantities if q.name in {"loss", *judges}]
        return stages(self.arms, self.reference, self._schedules, shown)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of the runs together."""
        return (*self.copies, *apart(self.arms, self.reference, self._schedules))

    @property
    def _schedules(self) -> tuple[Schedule, ...]:
        return tuple(told[0].schedule for told in self.diagnoses)

    @property
    def tasks(self) -> tuple[str, ...]:
        """What the runs were trained for, in words, each once."""
        return tuple(dict.fromkeys(figures.task_of(run) for run in self.runs))

    @property
    def axis(self) -> str:
        """What all logs count: "epoch" or "iteration"; empty where they differ in that."""
        axes = {run.axis for run in self.runs}
        return axes.pop() if len(axes) == 1 else ""

    @property
    def judged_by(self) -> str:
        """What the runs are judged by: "map" if all are detectors, else "score", each run's own."""
        return "map" if self.tasks == ("detection",) else "score"

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row an arm: identity, epochs, hours, final figures (own means), scores, verdict."""
        names = [q.name for q in self.quantities]
        both = [n for n in names if any(figures.averages_the_run(run, n) for run in self.runs)]
        told = [
            rows.row(arm, self.quantities, both, self.judged_by, told)
            for arm, told in zip(self.arms, self.diagnoses, strict=True)
        ]
        if self.axis == "epoch":
            return told
        return [row | {"axis": arm.runs[0].axis} for row, arm in zip(told, self.arms, strict=True)]

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
    alike = len({run.axis for arm in arms for run in arm.runs}) == 1
    shared = min(epochs) if alike and len(set(epochs)) > 1 and min(epochs) else None
    return Comparison(
        arms=tuple(arms),
        reference=at,
        quantities=compared,
        differences=differences(arms, at, compared, [None] * len(arms)),
        shared_epochs=shared,
        at_shared=differences(arms, at, compared, [shared] * len(arms)) if shared else (),
        copies=tuple(copies),
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
