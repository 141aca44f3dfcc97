"""A gap as it is printed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.gap import Gap, Part
from convlens.cli.output import table
from convlens.wording import cells
from convlens.wording.text import number

if TYPE_CHECKING:
    from rich.table import Table


def view(gap: Gap) -> Iterator[Table | str]:
    """All that `convlens gap` prints, in order."""
    names = [arm.name for arm in gap.arms]
    yield table(["", *names, "distance", "closed", "95%", ""], [_row(gap, part) for part in gap.parts])
    yield from ("", gap.sentence, *gap.notes)


def readable(gap: Gap) -> list[dict[str, object]]:
    """The rows with numbers for reading."""
    rows: list[dict[str, object]] = []
    for row, part in zip(gap.rows, gap.parts, strict=True):
        shown: dict[str, object] = {k: number(v) for k, v in row.items() if k != "told_from_noise"}
        percents = {"closed": part.closed, "low_95": part.low, "high_95": part.high}
        rows.append(shown | {name: _percent(value) for name, value in percents.items()})
    return rows


def _row(gap: Gap, part: Part) -> list[str]:
    score = part.quantity == "map"
    name = f"{gap.at} mAP [%]" if score else figures.NAMES.get(part.quantity, part.quantity)
    ends = [cells.ending(end, score) for end in (part.baseline, part.improved, part.reference)]
    interval = f"{part.low:.1%} to {part.high:.1%}" if math.isfinite(part.low) else "–"
    distance = f"{part.distance:+.2f}" if score and math.isfinite(part.distance) else number(part.distance)
    return [name, *ends, distance, _percent(part.closed), interval, part.note]


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"
