"""A comparison as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

import convlens
from convlens.analysis import figures
from convlens.analysis.comparison import Comparison, Difference
from convlens.analysis.repeats import Arm, spread
from convlens.findings import Finding


def document(comparison: Comparison, classes: int) -> dict[str, object]:
    """The JSON of a comparison; README lists its keys."""
    return {
        "convlens": convlens.__version__,
        "command": "compare",
        "reference": comparison.arms[comparison.reference].name,
        "runs": [_run_document(arm) for arm in comparison.arms],
        "differences": [_difference_document(d) for d in comparison.differences],
        "shared_epochs": comparison.shared_epochs,
        "at_shared_epochs": [_difference_document(d) for d in comparison.at_shared],
        "arguments": comparison.arguments,
        "classes": _classes_document(comparison, classes) if classes else None,
        "findings": [_finding_document(f) for f in comparison.findings],
    }


def _run_document(arm: Arm) -> dict[str, object]:
    run = arm.runs[0]
    summary = run.summary
    maps = spread([r.summary.final_map for r in arm.runs])
    return {
        "name": arm.name,
        "n": arm.n,
        "sources": [r.source for r in arm.runs],
        "identity": {p: getattr(run.identity, p) for p in run.identity.PARTS},
        "identity_from": run.identity.sources,
        "epochs": summary.epochs,
        "planned_epochs": run.plan.epochs,
        "hours": summary.hours,
        "final": summary.final,
        "final_epoch_mean": summary.final_epoch_mean,
        "loss": figures.value_after(run, "loss", summary.epochs) if run.losses else None,
        "final_map": summary.final_map,
        "best_map": summary.best_map,
        "best_epoch": summary.best_epoch,
        "best_checkpoint": summary.best_checkpoint,
        "published": [{"score": score, "conditions": how} for score, how in summary.published],
        "published_map": summary.published_map,
        "final_map_of_repeats": maps
        and {"mean": maps.mean, "n": maps.n, "low_95": maps.low, "high_95": maps.high},
        "findings": [_finding_document(f) for r in arm.runs for f in r.findings],
    }


def _finding_document(finding: Finding) -> dict[str, object]:
    return {"code": finding.code, "text": finding.text, "where": finding.where}


def _difference_document(d: Difference) -> dict[str, object]:
    return {
        "run": d.arm,
        "quantity": d.quantity,
        "value": d.value,
        "reference": d.reference,
        "difference": d.change,
        "floor": d.floor,
        "told_from_noise": d.told,
        "single_runs": d.single,
        "note": d.note,
    }


def _classes_document(comparison: Comparison, classes: int) -> list[dict[str, object]]:
    frame = comparison.classes(classes)
    return [{"class": str(name), **dict(row)} for name, row in frame.iterrows()]
