"""The learning rate of each epoch of a run, and how it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from convlens.meters import Bools, Floats
from convlens.metrics import Role
from convlens.run import Run

_SAME = 1e-6  # a rate that stays is printed with the same digits
_A_STEP = 0.8  # a single step falls at least to this part; smaller ones belong to a smooth law
_CLOSE = 0.02  # of the peak: how well rates must follow a law


class Mode(StrEnum):
    """How the learning rate goes after its warm-up."""

    CONSTANT = "constant"
    STEP = "step"
    COSINE = "cosine"
    LINEAR = "linear"
    UNKNOWN = "unknown"

    @property
    def smooth(self) -> bool:
        """Whether the rate falls from epoch to epoch."""
        return self in (Mode.COSINE, Mode.LINEAR)


class Origin(StrEnum):
    """What tells the learning rate."""

    LOG = "log lines"
    ARGUMENTS = "arguments"
    CHANGE_POINTS = "change points"
    NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Rates:
    """The rate at the end of each epoch of the curve (n,), NaN where nothing tells it.

    `warm_up` is the number of epochs at the beginning that end below the full rate.
    """

    rate: Floats
    mode: Mode
    origin: Origin
    warm_up: int = 0


def rates_of(run: Run) -> Rates:
    """The rates of a run: what its lines state, else what its arguments promise."""
    rate, promised = run.arrays.lr, _promised_mode(run)
    if np.isfinite(rate).any() and (changes(rate).any() or any(c.role is Role.RATE for c in run.columns)):
        warm_up = _warm_up(rate)
        mode = _mode(rate[warm_up:])
        so_far_alike = promised.smooth and mode in (Mode.UNKNOWN, Mode.CONSTANT)  # a cosine begins flat
        return Rates(rate, promised if so_far_alike else mode, Origin.LOG, warm_up)
    warm_up = min(int(_argument(run, "warmup_epochs") or 0), len(rate))
    if promised is Mode.STEP:
        return Rates(_promised_steps(run), promised, Origin.ARGUMENTS, warm_up)
    if promised is Mode.CONSTANT:
        return Rates(rate, promised, Origin.ARGUMENTS, warm_up)
    origin = Origin.ARGUMENTS if promised.smooth else Origin.NOTHING
    return Rates(np.full(len(rate), np.nan), promised, origin, warm_up)


def drop_factor(run: Run) -> float:
    """By what the rate is multiplied at a promised drop; NaN if the arguments do not say."""
    factor = _argument(run, "lr_decay")
    return factor if factor is not None and 0 < factor < 1 else math.nan


def changes(rate: Floats) -> Bools:
    """Where a rate (n,) differs from the one before (n - 1,)."""
    with np.errstate(all="ignore"):
        changed: Bools = np.abs(rate[1:] - rate[:-1]) > _SAME * np.abs(rate[:-1])
    return changed


def _promised_mode(run: Run) -> Mode:
    told = str(run.config.get("lr_mode", "")).lower()
    if told in ("cosine", "linear"):
        return Mode(told)
    if told == "poly" and _argument(run, "power") == 1:
        return Mode.LINEAR
    if run.plan.drops:
        return Mode.STEP
    if told in ("", "step", "constant") and run.plan.rate is not None:
        return Mode.CONSTANT
    return Mode.UNKNOWN


def _promised_steps(run: Run) -> Floats:
    passed = sum((run.arrays.epoch >= drop).astype(np.float64) for drop in run.plan.drops)
    known = run.plan.rate if run.plan.rate is not None else math.nan
    rates: Floats = known * drop_factor(run) ** np.asarray(passed)  # NaN ** 0 is 1
    return rates


def _argument(run: Run, name: str) -> float | None:
    value = run.config.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _warm_up(rate: Floats) -> int:
    """How many epochs at the beginning end below the rate to which it first rises."""
    rises = 0
    while rises + 1 < len(rate) and rate[rises + 1] > rate[rises] * (1 + _SAME):
        rises += 1
    return rises


def _mode(rate: Floats) -> Mode:
    """The law of rates without their warm-up."""
    known = rate[np.isfinite(rate) & (rate > 0)]
    changed = changes(known)
    if not changed.any():
        return Mode.CONSTANT
    factors = (known[1:] / known[:-1])[changed]
    falls = factors[factors < 1]
    if (falls <= _A_STEP).all():
        return Mode.STEP
    return _law(known)


def _law(known: Floats) -> Mode:
    """Cosine or linear, whichever the rates of the first descent follow."""
    rises = np.flatnonzero(known[1:] > known[:-1] * (1 + _SAME))
    descent = known[: rises[0] + 1] if len(rises) else known
    if len(descent) < 4:
        return Mode.UNKNOWN
    at = np.arange(len(descent), dtype=np.float64)
    # The whole descent may be longer than what is seen of it.
    lengths = np.linspace(len(at) - 1, 4 * len(at), 100)
    cosine = min(_misfit(np.cos(np.pi * at / length), descent) for length in lengths)
    linear = _misfit(at, descent)
    if min(cosine, linear) > _CLOSE or descent[-1] > (1 - _CLOSE) * descent[0]:
        return Mode.UNKNOWN
    return Mode.LINEAR if linear <= cosine else Mode.COSINE


def _misfit(law: Floats, rate: Floats) -> float:
    """The largest distance of rates from a multiple of a law and a constant, relative to the peak."""
    shape = np.column_stack([np.ones(len(law)), law])
    fitted = np.linalg.lstsq(shape, rate, rcond=None)[0]
    return float(np.abs(rate - shape @ fitted).max() / rate.max())
