"""All that a report says is worked out here, once, by the analyses that the commands use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convlens.analysis import figures
from convlens.analysis.comparison.comparison import Comparison, compare
from convlens.analysis.comparison.repeats import (
    Arm,
    group_repeats,
    with_different_names,
    without_copies,
)
from convlens.analysis.convergence.diagnosis import Diagnosis, diagnose
from convlens.analysis.convergence.stopping import EVALUATIONS
from convlens.analysis.correlation.correlation import Correlations, correlate
from convlens.analysis.forecast.forecast import Forecast, forecast
from convlens.analysis.gap import Gap, gap
from convlens.errors import ConvlensError, UnknownNameError
from convlens.findings import Finding
from convlens.run import Run

SHOWN_IN_FULL = 12  # runs: of more there are neither charts of each nor what patience would have done


@dataclass(frozen=True)
class Evidence:
    """The runs of a report and what the analyses say of them.

    `arms` are the runs with repeats joined, `diagnoses` and `forecasts` are by run. Of a single run there is
    neither `comparison` nor `correlations`; `gaps` are those that were asked for or that the runs make.
    """

    runs: tuple[Run, ...]
    arms: tuple[Arm, ...]
    quantities: tuple[figures.Quantity, ...]
    diagnoses: tuple[Diagnosis, ...]
    forecasts: tuple[Forecast, ...]
    comparison: Comparison | None
    correlations: Correlations | None
    gaps: tuple[Gap, ...]
    copies: tuple[Finding, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """Each run's place, which picks its colour, by name."""
        return {run.name: number for number, run in enumerate(self.runs)}

    def diagnoses_of(self, arm: Arm) -> list[Diagnosis]:
        """The diagnoses of an arm's runs."""
        return [self.diagnoses[self.numbers[run.name]] for run in arm.runs]

    def number_of(self, arm: Arm) -> int:
        """The place of an arm's first run."""
        return self.numbers[arm.runs[0].name]


def gather(runs: Sequence[Run], asked: tuple[str, str, str] | None = None) -> Evidence:
    """Work out everything; `asked` names baseline, improved run and reference.

    Raises ConvlensError for no runs and UnknownNameError for a name in `asked` that no run has.
    """
    kept, copies = without_copies(with_different_names(list(runs)))
    if not kept:
        raise ConvlensError("A report needs at least one run, and none was given.")
    several = len(kept) > 1
    comparison = compare(kept) if several else None
    arms = comparison.arms if comparison else tuple(Arm(run.name, (run,)) for run in kept)
    runs_of_arms = tuple(run for arm in arms for run in arm.runs)
    tried = EVALUATIONS if len(kept) <= SHOWN_IN_FULL else ()
    diagnoses = {run.name: diagnose(run, patience_of=tried) for run in runs_of_arms}
    if comparison:  # which need not diagnose them again
        vars(comparison)["diagnoses"] = tuple(tuple(diagnoses[r.name] for r in a.runs) for a in arms)
    return Evidence(
        runs=runs_of_arms,
        arms=tuple(arms),
        quantities=comparison.quantities if comparison else tuple(_of_one(kept[0])),
        diagnoses=tuple(diagnoses.values()),
        forecasts=tuple(forecast(run) for run in runs_of_arms),
        comparison=comparison,
        correlations=correlate(kept) if several else None,
        gaps=tuple(_gaps(group_repeats(kept), asked)),
        copies=tuple(copies),
    )


def _of_one(run: Run) -> list[figures.Quantity]:
    """The losses and the main score of a run alone."""
    losses = {"loss", *(column.measures for column in run.losses)}
    judge = {run.main_score.measures} if run.main_score else set()
    others = run.identity.task != "detection"
    return [q for q in figures.quantities(run) if q.name in losses | judge or others]


def _gaps(arms: Sequence[Arm], asked: tuple[str, str, str] | None) -> list[Gap]:
    threes = distilled(arms)
    if asked:
        base, improved, reference = (_named(arms, name) for name in asked)
        threes = [(base, improved, reference)]
    return [gap(base.runs, improved.runs, reference.runs) for base, improved, reference in threes]


def _named(arms: Sequence[Arm], name: str) -> Arm:
    for arm in arms:
        if name in (arm.name, *(run.name for run in arm.runs)):
            return arm
    raise UnknownNameError("run", name, [arm.name for arm in arms])


def distilled(arms: Sequence[Arm]) -> list[tuple[Arm, Arm, Arm]]:
    """Baseline, distilled run and teacher, wherever all three are there.

    They share detector, input size and dataset; the baseline has the distilled run's backbone and no
    teacher, the teacher is a run of the backbone that the distilled run names.
    """
    found = []
    detectors = [arm for arm in arms if arm.runs[0].identity.task == "detection"]
    for student in detectors:
        if (name := teacher_of(student.runs[0])) is None:
            continue
        alike = [
            arm for arm in detectors if teacher_of(arm.runs[0]) is None and _scale(arm) == _scale(student)
        ]
        bases = [arm for arm in alike if _backbone(arm) == _backbone(student)]
        teachers = [arm for arm in alike if _backbone(arm) == name]
        if bases and teachers and name != _backbone(student):
            found.append((bases[0], student, teachers[0]))
    return found


def teacher_of(run: Run) -> str | None:
    """The teacher's backbone, from the run's name or arguments; None if there is no teacher."""
    named = run.identity.teacher or run.config.get("teacher")
    return named if isinstance(named, str) and named else None


def _backbone(arm: Arm) -> str | None:
    return arm.runs[0].identity.backbone


def _scale(arm: Arm) -> tuple[object, ...]:
    identity = arm.runs[0].identity
    return identity.detector, identity.input_size, identity.dataset
