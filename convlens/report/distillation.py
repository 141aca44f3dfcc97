"""Does distillation close the gap? What part of it, in each loss and in mAP."""

from __future__ import annotations

import math

from convlens.analysis import figures
from convlens.analysis.gap import Gap
from convlens.analysis.gap import Part as Quantity
from convlens.report.evidence import Evidence, teacher_of
from convlens.report.parts import Charts, Part, Section, Table, Words
from convlens.wording import cells
from convlens.wording.text import number

QUESTION = "Does distillation close the gap?"


def section(told: Evidence) -> Section:
    """The answer to the fifth question."""
    if not told.gaps:
        return Section("gap", QUESTION, [_why_not(told)])
    parts: list[Part] = []
    for number_of_gap, gap in enumerate(told.gaps, 1):
        figure = Charts((), "Each part that was closed stands with its 95% interval.", f"gap-{number_of_gap}")
        parts += [_table(gap), figure, Words(gap.notes, listed=True)]
    return Section("gap", QUESTION, [gap.sentence for gap in told.gaps], parts)


def _why_not(told: Evidence) -> str:
    taught = [run.name for run in told.runs if teacher_of(run)]
    if not taught:
        return (
            "No run here was trained under a teacher. Give a distilled run with its baseline and its "
            "teacher, or name three runs with --gap BASE IMPROVED REF; convlens run-distill makes such runs."
        )
    return (
        f"Trained under a teacher: {', '.join(taught)}. Of none of them both the baseline (the same network "
        "without a teacher) and the teacher's own run are here; --gap BASE IMPROVED REF names any three."
    )


def _table(gap: Gap) -> Table:
    names = [arm.name for arm in gap.arms]
    header = ["", *names, "distance", "closed", "95%", ""]
    return Table(f"From {names[0]} to {names[2]}", header, [_row(gap, part) for part in gap.parts])


def _row(gap: Gap, part: Quantity) -> list[str]:
    score = part.quantity == "map"
    name = f"{gap.at} mAP [%]" if score else figures.NAMES.get(part.quantity, part.quantity)
    ends = [cells.ending(end, score) for end in (part.baseline, part.improved, part.reference)]
    distance = f"{part.distance:+.2f}" if score and math.isfinite(part.distance) else number(part.distance)
    interval = f"{part.low:.0%} to {part.high:.0%}" if math.isfinite(part.low) else "–"
    closed = "–" if math.isnan(part.closed) else f"{part.closed:.0%}"
    return [name, *ends, distance, closed, interval, part.note]
