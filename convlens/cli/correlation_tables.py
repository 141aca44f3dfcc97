"""A correlation as it is printed: a table a group, then what the groups of a dataset say together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.correlation import correlation_notes
from convlens.analysis.correlation.association import Association, LeftOut
from convlens.analysis.correlation.correlation import Across, Correlations, Group
from convlens.cli.output import table
from convlens.wording import cells
from convlens.wording.text import number

if TYPE_CHECKING:
    from rich.table import Table


def view(result: Correlations) -> Iterator[Table | str]:
    """All that `convlens correlate` prints, in order; an empty text stands before each title."""
    groups = [group for group in result.groups if len(group.points) > 1]
    for group in groups:
        yield from ("", group.name, _of_group(group))
        yield from ("", *(f"  {note}" for note in correlation_notes.of_group(group)))
    if not groups:
        yield "No two of these runs share what a loss's scale depends on: there is nothing to correlate."
    datasets = dict.fromkeys(across.dataset for across in result.across)
    for dataset in datasets:
        members = [across for across in result.across if across.dataset == dataset]
        yield from ("", f"{dataset}: all groups, the means of each removed, on the logarithm of the loss")
        yield _across(members)
        summed = [across for across in members if across.quantity == "loss"]
        yield from ("", *(f"  {correlation_notes.of_across(across)}" for across in summed))
    alone = [f"{p.arm.name} ({g.name})" for g in result.groups if g not in groups for p in g.points]
    if alone:
        yield from ("", f"Alone in their groups: {', '.join(alone)}.")
    if result.left_out:
        yield from ("", "Left out")
        yield from (f"  {name}: {why}" for name, why in result.left_out.items())
    if groups:
        yield from (
            "",
            "Losses are own means of the last epoch, of the last five where a log averages the run.",
        )
        yield "±: 95%; of single runs what the jitter of the last phase makes, if it is long enough to tell."
        yield "mAP per unit of a loss: the slope of Theil and Sen."
    if result.findings:
        yield from ("", *(f"{finding}" for finding in result.findings))


def readable(result: Correlations) -> list[dict[str, object]]:
    """The rows with numbers for reading, without the columns that are empty in all of them."""
    filled = dict.fromkeys(k for row in result.rows for k, v in row.items() if not _empty(v))
    return [{name: number(row[name]) for name in filled} for row in result.rows]


def _of_group(group: Group) -> Table:
    """The points, and below them what each loss says: a column a loss."""
    rows = [
        [point.arm.name, *map(cells.ending, point.losses.values()), cells.ending(point.map, is_score=True)]
        for point in group.points
    ]
    told = list(group.associations.values())
    statistics: list[tuple[str, Callable[[Association], str]]] = [
        ("Pearson's r", lambda a: _two(a.pearson)),
        ("  95% interval", lambda a: _span(a.low, a.high)),
        ("  without any one", lambda a: _without(a, "pearson")),
        ("p", lambda a: _p(a.p)),
        ("  never below", lambda a: _p(a.p_floor)),
        ("Spearman", lambda a: _two(a.spearman)),
        ("  without any one", lambda a: _without(a, "spearman")),
        ("mAP per unit", lambda a: _slope(a.slope)),
        ("  without any one", lambda a: _without(a, "slope")),
    ]
    for name, cell in statistics:
        shown = [cell(a) for a in told]
        if set(shown) != {"–"}:
            rows.append([name, *shown, ""])
    names = [figures.NAMES.get(name, name) for name in group.associations]
    return table(["", *names, "mAP [%]"], rows)


def _across(members: list[Across]) -> Table:
    rows = []
    for across in members:
        p, (tenth, low, high) = across.pooled, across.of_a_tenth
        rows.append(
            [
                figures.NAMES.get(across.quantity, across.quantity),
                len(across.groups),
                p.n,
                _two(p.r),
                _span(p.low, p.high),
                _p(p.p),
                _p(p.p_floor),
                f"{tenth:+z.1f}",
                f"{low:+z.1f} to {high:+z.1f}",
                f"{p.opposed} of {p.pairs}",
            ]
        )
    header = ["", "groups", "runs", "r", "95% interval", "p", "never below"]
    return table([*header, "mAP at -10% loss", "95% interval", "pairs with it"], rows)


def _without(a: Association, coefficient: str) -> str:
    left_out: LeftOut | None = (a.without_one or {}).get(coefficient)
    if left_out is None:
        return "–"
    if coefficient == "slope":
        return f"{_slope(left_out.low)} to {_slope(left_out.high)}"
    return _span(left_out.low, left_out.high)


def _span(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{low:.2f} to {high:.2f}"


def _slope(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"


def _two(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _p(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def _empty(value: object) -> bool:
    return value in (None, "") or (isinstance(value, float) and math.isnan(value))
