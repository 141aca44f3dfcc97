"""A gap as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from convlens.analysis.gap import Gap, Part
from convlens.wording.correlation_document import ending_document


def document(gap: Gap) -> dict[str, object]:
    """The JSON of a gap; README lists its keys."""
    sides = {"baseline": gap.baseline, "improved": gap.improved, "reference": gap.reference}
    return {
        "at": gap.at,
        "sides": {
            side: {"name": arm.name, "n": arm.n, "sources": [run.source for run in arm.runs]}
            for side, arm in sides.items()
        },
        "parts": [_part(part) for part in gap.parts],
        "sentence": gap.sentence,
        "differs": gap.differs,
        "arguments": gap.arguments,
        "notes": gap.notes,
    }


def _part(part: Part) -> dict[str, object]:
    sides = ("baseline", "improved", "reference")
    return part.row | {side: ending_document(getattr(part, side)) for side in sides}
