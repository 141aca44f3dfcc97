"""What the arguments of GluonCV's scripts promise of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from convlens.formats.base import Plan

_MOST_DROPS = 10_000


def plan_of(arguments: Mapping[str, object]) -> Plan:
    """The plan in the arguments; what they do not say, or say oddly, is None or empty.

    Scripts of different tasks have different names for the same.
    """
    epochs = _whole(_first(arguments, "epochs", "num_epochs"))
    return Plan(
        epochs=epochs,
        start_epoch=_whole(_first(arguments, "start_epoch", "resume_epoch")) or 0,
        rate=_number(_first(arguments, "lr", "learning_rate")),
        drops=_drops(arguments, epochs),
        validate_every=_whole(_first(arguments, "val_interval", "eval_frequency")),
        samples=_whole(arguments.get("num_samples")),
        batch_size=_whole(arguments.get("batch_size")),
    )


def _first(arguments: Mapping[str, object], *names: str) -> object:
    """The value of the first of some names that there is."""
    return next((arguments[name] for name in names if name in arguments), None)


def _drops(arguments: Mapping[str, object], epochs: int | None) -> tuple[float, ...]:
    if arguments.get("lr_mode", "step") != "step":
        return ()
    period = _whole(arguments.get("lr_decay_period"))
    if period and period > 0 and epochs and epochs < _MOST_DROPS * period:
        return tuple(float(e) for e in range(period, epochs, period))
    listed = _first(arguments, "lr_decay_epoch", "scheduler_step_size", "lr_steps")
    parts = listed.split(",") if isinstance(listed, str) else listed
    if isinstance(parts, int | float):
        parts = [parts]
    if not isinstance(parts, list | tuple):
        return ()
    drops = [_number(part) for part in parts]
    return tuple(sorted(d for d in drops if d is not None))


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and abs(number) < 1 << 31 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
