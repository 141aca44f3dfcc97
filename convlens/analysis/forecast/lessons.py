"""What is kept of each published run that forecasts learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Facts = Mapping[str, float]


class Situation(StrEnum):
    """What lies between the last epoch and the one that is forecast."""

    AHEAD = "ahead"  # the first drop
    BEHIND = "behind"  # a later drop; the first has come
    AFTER = "after"  # no drop; the first has come
    WITHIN = "within"  # no drop, and none has come
    LATER = "later"  # no drop that is known of, in a stretch that is not the first


class Kind(StrEnum):
    """What is forecast."""

    LOSS = "loss"
    TOTAL = "total"
    MAP = "map"


class Basis(StrEnum):
    """What is known of a run, beside its own curves, where that tells what a drop will do."""

    KNOWN = "known"  # other runs with such losses, and how able its backbone is
    BLIND = "blind"  # the former only
    STRANGE = "strange"  # no other run with such losses


@dataclass(frozen=True)
class Fall:
    """How far a course of a run fell from its first drop to its end, in logarithms, and what told it before.

    `facts` were known after the part `cut` of the epochs before the drop; those that were not are absent.
    `weight` is the course's part of the run's loss.
    """

    run: str
    course: str
    cut: float
    weight: float
    fall: float
    facts: Facts


@dataclass(frozen=True)
class Passage:
    """Which part of its fall a course of a run had done at the positions of `profile.GRID`."""

    run: str
    course: str
    weight: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Misses:
    """By how much forecasts of a run missed that were made without all runs of its family.

    With the basis STRANGE all runs were left out that have a loss of the same name. `ratios` are errors by
    the doubts of the forecasts, both in logarithms; `errors` are relative to the values, those of mAP in
    points.
    """

    run: str
    situation: Situation
    kind: Kind
    basis: Basis
    ratios: tuple[float, ...]
    errors: tuple[float, ...]
