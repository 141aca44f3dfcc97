"""What the arguments of GluonCV's scripts promise of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from convlens.formats.base import Plan

_MOST_DROPS = 10_000


def plan_of(arguments: Mapping[str, object]) -> Plan:
    """The plan in the arguments; what they do not say, or say oddly, is None or empty."""
    epochs = _whole(arguments.get("epochs"))
    return Plan(
        epochs=epochs,
        start_epoch=_whole(arguments.get("start_epoch")) or 0,
        rate=_number(arguments.get("lr")),
        drops=_drops(arguments, epochs),
        validate_every=_whole(arguments.get("val_interval")),
        samples=_whole(arguments.get("num_samples")),
        batch_size=_whole(arguments.get("batch_size")),
    )


def _drops(arguments: Mapping[str, object], epochs: int | None) -> tuple[float, ...]:
    if arguments.get("lr_mode", "step") != "step":
        return ()
    period = _whole(arguments.get("lr_decay_period"))
    if period and period > 0 and epochs and epochs < _MOST_DROPS * period:
        return tuple(float(e) for e in range(period, epochs, period))
    listed = arguments.get("lr_decay_epoch")
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
