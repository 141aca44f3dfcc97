"""A comparison as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convlens.analysis.comparison.comparison import Comparison
from convlens.analysis.comparison.differences import Difference
from convlens.analysis.comparison.repeats import Arm, spread
from convlens.analysis.comparison.rows import mean, values, verdict
from convlens.analysis.convergence.diagnosis import Diagnosis
from convlens.findings import Finding


def document(comparison: Comparison, classes: int) -> dict[str, object]:
    """The JSON of a comparison; README lists its keys."""
    names = [arm.name for arm in comparison.arms]
    return {
        "reference": comparison.arms[comparison.reference].name,
        "runs": [
            _run_document(arm, told) for arm, told in zip(comparison.arms, comparison.diagnoses, strict=True)
        ],
        "differences": [_difference_document(d) for d in comparison.differences],
        "shared_epochs": comparison.shared_epochs,
        "at_shared_epochs": [_difference_document(d) for d in comparison.at_shared],
        "stages": [
            {
                "drops": stage.drops,
                "whole": stage.whole,
                "epochs_done": dict(zip(names, stage.ends, strict=True)),
                "differences": [_difference_document(d) for d in stage.differences],
            }
            for stage in comparison.stages
        ],
        "arguments": comparison.arguments,
        "classes": _classes_document(comparison, classes) if classes else None,
        "findings": [finding_document(f) for f in comparison.findings],
    }


def _run_document(arm: Arm, diagnoses: Sequence[Diagnosis]) -> dict[str, object]:
    run = arm.runs[0]
    summaries = [r.summary for r in arm.runs]
    summary = summaries[0]
    maps = spread([s.final_map for s in summaries])
    return {
        "name": arm.name,
        "n": arm.n,
        "sources": [r.source for r in arm.runs],
        "identity": {p: getattr(run.identity, p) for p in ("task", *run.identity.PARTS)},
        "identity_from": run.identity.sources,
        "axis": run.axis,
        "epochs": summary.epochs,
        "planned_epochs": run.plan.epochs,
        "hours": mean([s.hours for s in summaries]),
        "final": _means([s.final for s in summaries]),
        "final_epoch_mean": _means([s.final_epoch_mean for s in summaries]),
        "loss": mean(values(arm, "loss")),
        "score": summary.score,
        "final_score": mean([s.final_score for s in summaries]),
        "best_score": mean([s.best_score for s in summaries]),
        "final_map": maps and maps.mean,
        "best_map": mean([s.best_map for s in summaries]),
        "best_epoch": summary.best_epoch if arm.n == 1 else None,
        "best_checkpoint": summary.best_checkpoint if arm.n == 1 else None,
        "published": [{"score": score, "conditions": how} for score, how in summary.published],
        "published_map": summary.published_map,
        "final_map_of_repeats": maps
        and {"mean": maps.mean, "n": maps.n, "low_95": maps.low, "high_95": maps.high},
        "verdict": verdict(diagnoses),
        "score_verdict": verdict(diagnoses, score=True) or None,
        "sentences": [d.sentence for d in diagnoses],
        "findings": [finding_document(f) for r in arm.runs for f in r.findings],
    }


def _means(figures_of_runs: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    names = dict.fromkeys(name for figures in figures_of_runs for name in figures)
    return {name: mean([figures.get(name) for figures in figures_of_runs]) for name in names}


def finding_document(finding: Finding) -> dict[str, object]:
    """A finding, in its parts."""
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
