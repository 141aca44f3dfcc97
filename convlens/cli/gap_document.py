"""A gap as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

import convlens
from convlens.analysis.gap import Gap, Part
from convlens.cli.correlation_document import ending_document


def document(gap: Gap) -> dict[str, object]:
    """The JSON of a gap; README lists its keys."""
    sides = {"baseline": gap.baseline, "improved": gap.improved, "reference": gap.reference}
    return {
        "convlens": convlens.__version__,
        "command": "gap",
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
    return {
        "quantity": part.quantity,
        "baseline": ending_document(part.baseline),
        "improved": ending_document(part.improved),
        "reference": ending_document(part.reference),
        "distance": part.distance,
        "closed": part.closed,
        "low_95": part.low,
        "high_95": part.high,
        "told_from_noise": part.told,
        "note": part.note,
    }
