"""Which runs are one: the same log given twice, and runs that differ in nothing but the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from convlens.findings import Code, Finding
from convlens.run import Run

# What may differ between repeats of one experiment.
FREE = {"seed", "save_prefix", "save_dir", "log_dir"}


@dataclass(frozen=True)
class Arm:
    """One thing compared: a run, or n runs that differ in nothing but the seed."""

    name: str
    runs: tuple[Run, ...]

    @property
    def n(self) -> int:
        """How many runs it holds."""
        return len(self.runs)


@dataclass(frozen=True)
class Spread:
    """A figure over the n runs of an arm: mean, and a 95% interval.

    The interval is Student's t for n >= 3 and the range of the values below; of one run it is NaN.
    """

    mean: float
    n: int
    low: float = math.nan
    high: float = math.nan


def spread(values: Sequence[float | None]) -> Spread | None:
    """The spread of the values that are known, None if none is."""
    known = np.array([v for v in values if v is not None and math.isfinite(v)])
    if not len(known):
        return None
    mean = float(known.mean())
    if len(known) == 1:
        return Spread(mean, 1)
    if len(known) == 2:
        return Spread(mean, 2, float(known.min()), float(known.max()))
    half = t_quantile(0.975, len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Spread(mean, len(known), mean - half, mean + half)


def half_width_of_difference(a: Spread, b: Spread) -> float:
    """Half the width of the 95% interval of a difference of two arms, at least one of them with repeats.

    Welch's for n >= 3 on both sides (variances need not agree). A single run is taken as one more draw from
    the other side's repeats: t * sd * sqrt(1 + 1/n). With n = 2 the range stands for the interval.
    """
    if min(a.n, b.n) == 1:
        repeats = max(a, b, key=lambda spread: spread.n)
        half = (repeats.high - repeats.low) / 2
        return half * math.sqrt(repeats.n + 1) if repeats.n > 2 else 2 * half
    halves = [(s.high - s.low) / 2 for s in (a, b)]
    if min(a.n, b.n) < 3:
        return sum(halves)
    # Each half width is t * standard error of that mean.
    errors = [half / t_quantile(0.975, s.n - 1) for half, s in zip(halves, (a, b), strict=True)]
    total = math.hypot(*errors)
    if total == 0:
        return 0.0
    df = total**4 / sum(e**4 / (s.n - 1) for e, s in zip(errors, (a, b), strict=True))
    return t_quantile(0.975, df) * total


def t_quantile(p: float, df: float) -> float:
    """The p-quantile of Student's t with `df` degrees of freedom."""
    from scipy.special import stdtrit  # only where there are repeats: it costs as much as pandas

    return float(stdtrit(df, p))


def with_different_names(runs: Sequence[Run]) -> list[Run]:
    """The runs, with a number behind each name that another run before has."""
    named: dict[str, Run] = {}
    for run in runs:
        name, count = run.name, 1
        while name in named:
            count += 1
            name = f"{run.name} ({count})"
        named[name] = run if count == 1 else replace(run, name=name)
    return list(named.values())


def is_same_log(run: Run, other: Run) -> bool:
    """Whether two runs were read from the same bytes; hashed only if as many."""
    lines = [tuple(s.line for s in one.sessions) for one in (run, other)]  # a file may hold several runs
    return lines[0] == lines[1] and run.size == other.size and run.sha256 == other.sha256


def without_copies(runs: Sequence[Run]) -> tuple[list[Run], list[Finding]]:
    """The runs, each log once, and a finding on each copy."""
    kept: list[Run] = []
    findings = []
    for run in runs:
        same = next((k for k in kept if is_same_log(k, run)), None)
        if same is None:
            kept.append(run)
        else:
            text = f"{run.name} is the same log as {same.name}: one run, shown once"
            findings.append(Finding(Code.SAME_LOG_TWICE, text))
    return kept, findings


def group_repeats(runs: Sequence[Run]) -> list[Arm]:
    """The arms of a comparison, in the order of their first runs.

    Runs are repeats if their seeds differ, all other arguments (but where results are saved) agree, and they
    completed equally many epochs. Runs of one seed differ in something that the arguments do not tell.
    """
    arms: dict[object, list[Run]] = {}
    for number, run in enumerate(runs):
        arguments = {k: repr(v) for k, v in run.config.items() if k not in FREE}
        same = (str(run.identity), run.summary.epochs, frozenset(arguments.items()))
        seed = run.config.get("seed")
        taken = [other.config["seed"] for other in arms.get(same, [])]
        arms.setdefault(number if seed is None or seed in taken else same, []).append(run)
    return [Arm(_name(group), tuple(group)) for group in arms.values()]


def _name(runs: Sequence[Run]) -> str:
    return runs[0].name if len(runs) == 1 else f"{runs[0].name} (n={len(runs)})"
