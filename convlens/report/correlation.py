"""Does final loss explain mAP? The scatter of each group, and how sure so few points can be."""

from __future__ import annotations

import math

import numpy as np

from convlens.analysis import figures
from convlens.analysis.correlation import correlation_notes
from convlens.analysis.correlation.association import Association
from convlens.analysis.correlation.correlation import Group
from convlens.plots.scatter import scatter_of
from convlens.report.chart import Band, Chart, Dot, Line
from convlens.report.evidence import Evidence
from convlens.report.parts import Charts, Fold, Part, Section, Table, Words

QUESTION = "Across backbones, does final loss explain mAP, and how sure is that?"


def section(told: Evidence) -> Section:
    """The answer to the fourth question."""
    result = told.correlations
    groups = [g for g in result.groups if len(g.points) > 1] if result else []
    if result is None or not groups:
        answer = [
            "Nothing to correlate: that takes two or more validated runs of one detector, input size and "
            "dataset, whose losses are on one scale."
        ]
        return Section("correlation", QUESTION, answer, _left_out(told))
    answer = [f"{g.name}: {correlation_notes.of_group(g)[0]}" for g in groups]
    summed = [across for across in result.across if across.quantity == "loss"]
    answer += [f"{a.dataset}, all groups together: {correlation_notes.of_across(a)}" for a in summed]
    charts = [_chart(told, g, k) for k, g in enumerate(groups)]
    rows = [[g.name, *_figures(name, a)] for g in groups for name, a in g.associations.items()]
    header = ["group", "loss", "runs", "Pearson's r", "95%", "Spearman", "p", "p never below", "mAP per unit"]
    parts: list[Part] = [
        Charts(
            charts,
            "Crosses: 95% intervals of a point. Band: 95% of the line, from four points on.",
            "scatter",
        ),
        Table("Each loss against mAP", header, rows),
    ]
    notes = [f"{g.name}: {note}" for g in groups for note in correlation_notes.of_group(g)[1:]]
    parts += [Words(["What else may explain it:", *notes])] if notes else []
    return Section("correlation", QUESTION, answer, [*parts, *_left_out(told)])


def _left_out(told: Evidence) -> list[Part]:
    if told.correlations is None:
        return []
    out = [[name, why] for name, why in told.correlations.left_out.items()]
    out += [
        [p.arm.name, f"alone in its group, {g.name}"]
        for g in told.correlations.groups
        if len(g.points) == 1
        for p in g.points
    ]
    return [Fold(f"{len(out)} left out", [Table("Left out", ["run", "why"], out)])] if out else []


def _figures(name: str, a: Association) -> list[str]:
    return [
        figures.NAMES.get(name, name),
        str(a.n),
        _two(a.pearson),
        "too few" if math.isnan(a.low) else f"{a.low:.2f} to {a.high:.2f}",
        _two(a.spearman),
        _small(a.p),
        _small(a.p_floor),
        "–" if math.isnan(a.slope) else f"{a.slope:.4g}",
    ]


def _two(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _small(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2g}"


def _chart(told: Evidence, group: Group, k: int) -> Chart:
    scatter = scatter_of(group)
    points = group.having("loss")
    dots = [
        Dot(p.arm.name, told.number_of(p.arm), float(x), float(y), float(dx), float(dy))
        for p, x, y, dx, dy in zip(
            points, scatter.x, scatter.y, scatter.x_error, scatter.y_error, strict=True
        )
    ]
    lines = [Line("fit", 0, scatter.line_x, scatter.line_y, "line")] if len(scatter.line_x) else []
    bands = []
    if np.isfinite(scatter.band).any():
        low, high = scatter.line_y - scatter.band, scatter.line_y + scatter.band
        bands.append(Band(None, scatter.line_x, low, high, "margin"))
    return Chart(
        key=f"scatter-{k}",
        title=f"mAP [%] over final summed loss: {group.name}",
        x_label="final summed loss",
        lines=lines,
        bands=bands,
        dots=dots,
        fit=False,
    )
