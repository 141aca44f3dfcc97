"""A correlation as a JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from dataclasses import asdict

from convlens.analysis.correlation import correlation_notes
from convlens.analysis.correlation.association import Association
from convlens.analysis.correlation.correlation import Across, Correlations, Group, Point
from convlens.analysis.endings import Ending
from convlens.wording.comparison_document import finding_document


def document(result: Correlations) -> dict[str, object]:
    """The JSON of a correlation; README lists its keys."""
    return {
        "groups": [_group(group) for group in result.groups],
        "pooled": [_pooled(across) for across in result.across],
        "left_out": result.left_out,
        "findings": [finding_document(f) for f in result.findings],
    }


def ending_document(ending: Ending) -> dict[str, object]:
    """A figure with its 95% interval, as half a width."""
    return {"value": ending.value, "half_width_95": ending.half_width}


def _group(group: Group) -> dict[str, object]:
    return {
        "name": group.name,
        "runs": [_point(point) for point in group.points],
        "losses": [_association(name, a) for name, a in group.associations.items()],
        "mixed": group.mixed,
        "differs": group.differs,
        "arguments": group.arguments,
        "notes": correlation_notes.of_group(group),
    }


def _point(point: Point) -> dict[str, object]:
    return {
        "name": point.arm.name,
        "n": point.arm.n,
        "sources": [run.source for run in point.arm.runs],
        "losses": {name: ending_document(ending) for name, ending in point.losses.items()},
        "final_map": ending_document(point.map),
    }


def _association(name: str, a: Association) -> dict[str, object]:
    left_out = {k: asdict(v) for k, v in (a.without_one or {}).items()} or None
    return {
        "loss": name,
        "n": a.n,
        "pearson": a.pearson,
        "low_95": a.low,
        "high_95": a.high,
        "spearman": a.spearman,
        "p": a.p,
        "p_floor": a.p_floor,
        "slope": a.slope,
        "without_one": left_out,
    }


def _pooled(across: Across) -> dict[str, object]:
    p, (tenth, low, high) = across.pooled, across.of_a_tenth
    return {
        "dataset": across.dataset,
        "loss": across.quantity,
        "groups": across.groups,
        "n": p.n,
        "df": p.df,
        "r": p.r,
        "low_95": p.low,
        "high_95": p.high,
        "p": p.p,
        "p_floor": p.p_floor,
        "of_a_tenth": tenth,
        "of_a_tenth_low_95": low,
        "of_a_tenth_high_95": high,
        "of_a_tenth_by_group": across.of_a_tenth_by_group,
        "opposed": p.opposed,
        "pairs": p.pairs,
        "notes": [correlation_notes.of_across(across)],
    }
