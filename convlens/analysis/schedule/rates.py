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
_OFTEN = 4  # falls, at more than every other epoch: no steps, however large
_CLOSE = 0.02  # of the peak: how well rates must follow a law
_FEWEST = 5  # epochs that show a law
_FALLING_WARM_UP = 3  # epochs


class Mode(StrEnum):
    """How the learning rate goes after its warm-up."""

    CONSTANT = "constant"
    STEP = "step"
    COSINE = "cosine"
    LINEAR = "linear"
    SMOOTH = "smooth"  # falls from epoch to epoch by another law
    UNKNOWN = "unknown"

    @property
    def smooth(self) -> bool:
        """Whether the rate falls from epoch to epoch."""
        return self in (Mode.COSINE, Mode.LINEAR, Mode.SMOOTH)


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
        so_far_alike = promised.smooth and mode in (Mode.SMOOTH, Mode.CONSTANT)  # a cosine begins flat
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
    if told == "poly":
        return Mode.LINEAR if _argument(run, "power") == 1 else Mode.SMOOTH
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
    """How many epochs at the beginning end below the rate to which it first rises, all if to the end."""
    rises = 0
    while rises + 1 < len(rate) and rate[rises + 1] > rate[rises] * (1 + _SAME):
        rises += 1
    return len(rate) if 0 < rises == len(rate) - 1 else rises


def _mode(rate: Floats) -> Mode:
    """The law of rates without their warm-up."""
    known = rate[np.isfinite(rate) & (rate > 0)]
    changed = changes(known)
    if not changed.any():
        return Mode.CONSTANT
    factors = (known[1:] / known[:-1])[changed]
    falls = factors[factors < 1]
    now_and_then = changed.sum() < _OFTEN or changed.mean() <= 0.5
    if now_and_then and (falls <= _A_STEP).all():
        return Mode.STEP
    return _law(known)


def _law(known: Floats) -> Mode:
    """The law that the rates of the first descent follow."""
    rises = np.flatnonzero(known[1:] > known[:-1] * (1 + _SAME))
    descent = known[: rises[0] + 1] if len(rises) else known
    # A warm-up may fall, too (of biases), and a cosine may have begun before its warm-up ended.
    for first in range(_FALLING_WARM_UP + 1):
        rest = descent[first:]
        if len(rest) < _FEWEST or rest[-1] > (1 - _CLOSE) * rest[0]:
            break
        at = np.arange(len(rest), dtype=np.float64)
        lengths = np.linspace(len(at) - 1, 4 * len(at), 60)  # what is seen of it may be a part only
        offsets = range(first + _FALLING_WARM_UP + 1)
        cosine = min(_misfit(np.cos(np.pi * (at + o) / (n + o)), rest) for n in lengths for o in offsets)
        linear = _misfit(at, rest)
        if min(cosine, linear) <= _CLOSE:
            return Mode.LINEAR if linear <= cosine else Mode.COSINE
    return Mode.SMOOTH


def _misfit(law: Floats, rate: Floats) -> float:
    """The largest distance of rates from a multiple of a law and a constant, relative to the peak."""
    shape = np.column_stack([np.ones(len(law)), law])
    fitted = np.linalg.lstsq(shape, rate, rcond=None)[0]
    return float(np.abs(rate - shape @ fitted).max() / rate.max())
