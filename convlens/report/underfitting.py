"""Why is a smaller backbone worse? Whether its loss stays higher, and how much mAP goes with that."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convlens.analysis import figures
from convlens.analysis.comparison.differences import Difference, differences
from convlens.analysis.correlation.correlation import Group, Point
from convlens.metrics import Better, Unit
from convlens.report.evidence import Evidence
from convlens.report.parts import Fold, Part, Section, Table
from convlens.wording import cells
from convlens.wording.text import number

QUESTION = "Why is the smaller backbone worse: does its loss stay higher?"
_LOSS = figures.Quantity("loss", Better.LOWER, "loss", title="summed loss")
_MAP = figures.Quantity("map", Better.HIGHER, "score", Unit.PERCENT, title="mAP")
_FEW = 4  # runs whose arguments stand beside each other


def section(told: Evidence) -> Section:
    """The answer to the third question."""
    groups = [g for g in told.correlations.groups if len(g.points) > 1] if told.correlations else []
    if not groups:
        answer = [
            "That takes two or more validated runs of one detector, input size and dataset, "
            "and there are none here."
        ]
        return Section("underfitting", QUESTION, answer, list(_arguments(told)))
    answer, parts = [], []
    for group in groups:
        best, others = _ranked(group)
        compared = [(point, *_differences(point, best)) for point in others]
        answer += list(_answer(group, best, compared))
        parts.append(_table(told, group, best, compared))
    return Section("underfitting", QUESTION, answer, [*parts, *_arguments(told)])


def _ranked(group: Group) -> tuple[Point, list[Point]]:
    """The point with the highest mAP, and the others, highest first."""
    ranked = sorted(group.points, key=lambda point: -point.map.value)
    return ranked[0], ranked[1:]


def _differences(point: Point, best: Point) -> tuple[Difference, Difference]:
    loss, score = differences((point.arm, best.arm), 1, (_LOSS, _MAP), (None, None))
    return loss, score


def _answer(group: Group, best: Point, compared: list[tuple[Point, Difference, Difference]]) -> Iterator[str]:
    higher = [p for p, loss, score in compared if loss.change > 0 and loss.told and score.change < 0]
    unclear = [p for p, loss, _ in compared if loss.told is not True]
    if len(compared) == 1:
        point, loss, score = compared[0]
        yield f"{group.name}: {_one(point, best, loss, score)}"
    else:
        others = len(compared)
        told = []
        if higher:
            told.append(f"{len(higher)} underfit beside it: their loss ends higher beyond noise")
        if unclear:
            told.append(f"{len(unclear)} end with a loss that noise alone could make differ so")
        if lower := others - len(higher) - len(unclear):
            told.append(f"{lower} end with a loss that is no higher, which underfitting does not explain")
        yield (
            f"{group.name}: {best.arm.name} has the highest mAP ({best.map.value:.1f}) of {others + 1} runs. "
            f"Of the {others} others: {'; '.join(told)}."
        )
    association = group.associations["loss"]
    if math.isfinite(association.slope) and association.n > 1:
        tenth = -0.1 * best.losses["loss"].value * association.slope
        how = "two runs give no interval" if association.n == 2 else "the slope of Theil and Sen"
        yield (
            f"{group.name}: over {association.n} runs, a summed loss lower by a tenth of "
            f"{number(best.losses['loss'].value)} goes with {tenth:+.1f} points of mAP ({how}). That they go "
            "together does not say that one makes the other."
        )


def _one(point: Point, best: Point, loss: Difference, score: Difference) -> str:
    name = point.arm.name
    if math.isnan(loss.change) or math.isnan(score.change):
        return (
            f"{name} and {best.arm.name} do not compare ({loss.note or score.note or 'a figure is unknown'})."
        )
    gap = f"{name} has {abs(score.change):.1f} points of mAP less than {best.arm.name}"
    percent = f"{abs(loss.change / loss.reference):.1%}" if loss.reference else number(abs(loss.change))
    noise = f"noise alone makes {number(loss.floor)}" if math.isfinite(loss.floor) else "the noise is unknown"
    if loss.told is not True:
        return (
            f"{gap}; its summed loss is not told from the other's ({cells.signed(loss, Unit.NONE)}; {noise})."
        )
    if loss.change > 0:
        return (
            f"{gap}, and its summed loss stays {percent} higher ({cells.signed(loss, Unit.NONE)}; {noise}). "
            "It fits even the training set less well: it underfits beside the other."
        )
    return f"{gap}, though its summed loss is {percent} lower: underfitting does not explain it."


def _table(
    told: Evidence, group: Group, best: Point, compared: list[tuple[Point, Difference, Difference]]
) -> Table:
    rows = [_row(best, None, None)]
    rows += [_row(point, loss, score) for point, loss, score in compared]
    header = [
        "run",
        "backbone",
        "summed loss",
        "to the best",
        "noise makes",
        "mAP [%]",
        "to the best",
        "reading",
    ]
    marks = [told.number_of(point.arm) for point in (best, *(p for p, _, _ in compared))]
    note = "Noise: what the jitter within the last phase, or the spread of repeats, alone makes (95%)."
    return Table(f"{group.name}, beside its best", header, rows, marks, note)


def _row(point: Point, loss: Difference | None, score: Difference | None) -> list[str]:
    backbone = number(point.arm.runs[0].identity.backbone)
    value, noise = (cells.in_three(loss, Unit.NONE)[k] for k in (1, 2))
    return [
        point.arm.name,
        backbone,
        cells.ending(point.losses["loss"]),
        value or "–",
        f"±{noise}" if noise else "–",
        cells.ending(point.map, is_score=True),
        cells.in_three(score, Unit.PERCENT)[0] or "–",
        _reading(loss, score),
    ]


def _reading(loss: Difference | None, score: Difference | None) -> str:
    if loss is None or score is None:
        return "the best here"
    if math.isnan(loss.change) or math.isnan(score.change):
        return loss.note or score.note or "unknown"
    if loss.told is None:
        return "loss's noise unknown"
    if not loss.told:
        return "losses alike within noise"
    return "underfits beside it" if loss.change > 0 else "loss lower, mAP not higher"


def _arguments(told: Evidence) -> Iterator[Part]:
    """The arguments in which runs differ: other reasons that they may have."""
    if told.comparison is None or not told.comparison.arguments:
        return
    differ = told.comparison.arguments
    if len(told.arms) <= _FEW:
        rows = [[name, *map(cells.argument, values)] for name, values in differ.items()]
        header = ["argument", *(arm.name for arm in told.arms)]
    else:
        header = ["argument", "values"]
        rows = [[name, _values(values)] for name, values in differ.items()]
    title = f"{len(rows)} arguments differ between these runs and may be reasons too"
    yield Fold(title, [Table("Arguments that differ", header, rows)])


def _values(values: tuple[object, ...], most: int = 4) -> str:
    each = list(dict.fromkeys(map(cells.argument, values)))
    more = f" and {len(each) - most} more" if len(each) > most else ""
    return ", ".join(each[:most]) + more
