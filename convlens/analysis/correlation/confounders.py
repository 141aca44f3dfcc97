"""What else differs between runs whose figures are set against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from convlens.analysis.comparison import rows
from convlens.analysis.comparison.repeats import FREE, Arm
from convlens.analysis.schedule.rates import Origin
from convlens.analysis.schedule.schedule import schedule_of
from convlens.run import Run


def differences(arms: Sequence[Arm], meant: Sequence[str] = ("backbone",)) -> dict[str, tuple[object, ...]]:
    """What differs between the arms beside what is meant to: name -> the value of each arm, None if unknown.

    Told are the parts of the identity, epochs (complete ones), validations, batch size, learning rate, its
    drops (as `schedule_of` finds them) and seeds.
    """
    told: dict[str, Callable[[Run], object]] = {
        part.replace("_", " "): lambda run, part=part: getattr(run.identity, part)  # type: ignore[misc]
        for part in arms[0].runs[0].identity.PARTS
        if part not in meant
    }
    told |= {
        "epochs": lambda run: run.summary.epochs,
        "validations": lambda run: int(np.isfinite(run.arrays.score("map")).sum()),
        "batch size": lambda run: run.plan.batch_size,
        "learning rate": lambda run: run.plan.rate,
        "drops": lambda run: _drops(run) or None,
        "seed": lambda run: run.config.get("seed"),
    }
    values = {name: tuple(_of_arm(arm, value) for arm in arms) for name, value in told.items()}
    return {name: of_arms for name, of_arms in values.items() if len(set(map(repr, of_arms))) > 1}


def _drops(run: Run) -> tuple[int, ...]:
    schedule = schedule_of(run)
    known = [d for d in (*schedule.drops, *schedule.ahead) if d.origin is not Origin.CHANGE_POINTS]
    found = tuple(round(d.epoch) for d in known)
    return found or (() if schedule.disbelieved else tuple(map(int, run.plan.drops)))


def arguments(arms: Sequence[Arm]) -> tuple[str, ...]:
    """The names of the arguments that differ, but for those that may differ between repeats."""
    return tuple(name for name in rows.arguments(arms) if name not in FREE)


def sentences(differs: Mapping[str, tuple[object, ...]], argument_names: Sequence[str]) -> Iterator[str]:
    """What differs, for reading."""
    if differs:
        told = "; ".join(f"{name} ({', '.join(map(_shown, values))})" for name, values in differs.items())
        yield f"Beside the backbone they differ in {told}."
    if argument_names:
        yield f"Arguments that differ: {', '.join(argument_names)}."


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return " and ".join(map(_shown, value)) if isinstance(value, tuple) else str(value)


def _of_arm(arm: Arm, value: Callable[[Run], object]) -> object:
    """The value that all runs of the arm share, else all of theirs."""
    told = {repr(v): v for v in map(value, arm.runs)}
    return next(iter(told.values())) if len(told) == 1 else tuple(told.values())
