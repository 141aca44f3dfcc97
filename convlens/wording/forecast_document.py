"""Forecasts as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from collections.abc import Sequence

from convlens.analysis.forecast.forecast import Forecast


def document(made: Sequence[Forecast]) -> dict[str, object]:
    """The JSON of forecasts; README lists its keys."""
    names = ("points", "low_90", "high_90")
    return {
        "forecasts": [
            {
                "run": one.run,
                "after": one.after,
                "epoch": one.epoch,
                "more": one.more,
                "drops": one.drops,
                "curves": [{"curve": curve.curve, **curve.figures} for curve in one.curves],
                "hours": one.hours,
                "map_cost": one.map_cost and dict(zip(names, one.map_cost, strict=True)),
                "sentence": one.sentence,
                "notes": one.notes,
                "learnt_from": one.learnt_from,
            }
            for one in made
        ],
    }
