"""The stages of compared runs as a table: aligned by the drops of their learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convlens.analysis.comparison.comparison import Comparison
from convlens.analysis.comparison.stages import Stage
from convlens.analysis.convergence.verdicts import counted
from convlens.cli.output import table
from convlens.wording import cells

if TYPE_CHECKING:
    from rich.table import Table


def differ(comparison: Comparison) -> bool:
    """Whether equal stages are not simply equal epochs."""
    told = comparison.stages
    return len(told) > 1 and any(len(set(stage.ends)) > 1 for stage in told)


def by_stage(comparison: Comparison) -> Table:
    """How long each stage was, and what the runs had reached at its end."""
    rows = [row for stage in comparison.stages for row in _rows(comparison, stage)]
    return table(["", *(arm.name for arm in comparison.arms)], rows)


def _rows(comparison: Comparison, stage: Stage) -> list[list[str]]:
    what = f"after drop {stage.drops}" if stage.drops else "before the first drop"
    what += "" if stage.whole else ", so far"
    axes = [arm.runs[0].axis for arm in comparison.arms]
    ends = zip(stage.ends, axes, strict=True)
    rows = [[what, *("–" if end is None else counted(end, axis) for end, axis in ends)]]
    for quantity in comparison.quantities:
        told = {d.arm: d for d in stage.differences if d.quantity == quantity.name}
        shown = []
        for number, arm in enumerate(comparison.arms):
            d = told.get(arm.name)
            if number == comparison.reference and told:
                reference = next(iter(told.values())).reference
                shown.append(cells.value_of(arm, reference, quantity.unit, quantity.name))
            elif d is None:
                shown.append("–")
            else:
                shown.append(
                    cells.value_of(arm, d.value, quantity.unit, quantity.name)
                    + cells.in_brackets(d, quantity.unit)
                )
        if told:
            rows.append([f"  {quantity}", *shown])
    return rows
