"""Diagnoses as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from convlens.analysis.convergence.diagnosis import Diagnosis
from convlens.analysis.schedule.schedule import Schedule
from convlens.wording.comparison_document import finding_document


def document(told: Sequence[Diagnosis]) -> dict[str, object]:
    """The JSON of some diagnoses."""
    return {"runs": [_run(d) for d in told]}


def _run(diagnosis: Diagnosis) -> dict[str, object]:
    stopping = diagnosis.stopping
    return {
        "name": diagnosis.run,
        "session": diagnosis.session,
        "verdict": diagnosis.verdict,
        "sentence": diagnosis.sentence,
        "fitting": diagnosis.fit.fitting,
        "fitting_text": diagnosis.fit.text,
        "stopped": diagnosis.stopped,
        "margins": asdict(diagnosis.margins),
        "curves": [
            row | {"ahead": list(told.ahead)}
            for row, told in zip(diagnosis.rows, diagnosis.curves.values(), strict=True)
        ],
        "schedule": _schedule(diagnosis.schedule),
        "stopping": None if stopping is None else asdict(stopping),
        "warnings": [finding_document(f) for f in diagnosis.warnings],
    }


def _schedule(schedule: Schedule) -> dict[str, object]:
    return {
        "mode": schedule.mode,
        "known_from": schedule.origin,
        "epochs": schedule.epochs,
        "phases": [asdict(p) for p in schedule.phases],
        "drops": [asdict(d) for d in schedule.drops],
        "ahead": [asdict(d) for d in schedule.ahead],
        "outside": [asdict(d) for d in schedule.outside],
        "breaks": [asdict(b) for b in schedule.breaks],
        "left": schedule.left,
    }
