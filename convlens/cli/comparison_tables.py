"""A comparison as it is printed: as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison import NOT_IN_BOTH, Comparison, Difference
from convlens.analysis.repeats import Arm, spread
from convlens.analysis.rows import mean, printed, values
from convlens.cli.output import number, table
from convlens.errors import UnknownNameError

if TYPE_CHECKING:
    from rich.table import Table

MOST_SIDE_BY_SIDE = 3
_ALIASES = {"map": "final_map", "best": "best_map", "published": "published_map"}
_SCORE_NAMES = ("final_map", "published_map", "map", "ar_")
_NAMES = {"loss": "summed loss", "map": "mAP [%]", "map_segm": "mask mAP [%]"}
_LOWER_IS_BETTER = ("hours", "epochs", "best_epoch", "planned_epochs", "n")


def view(
    comparison: Comparison, classes: int, sort: str | None, group_by: str | None
) -> Iterator[Table | str]:
    """All that `convlens compare` prints, in order."""
    few = len(comparison.arms) <= MOST_SIDE_BY_SIDE
    side_by_side = few and sort is None and group_by is None
    if side_by_side:
        yield _side_by_side(comparison)
    else:
        yield from _one_row_a_run(comparison, sort, group_by)
    yield from _notes(comparison, side_by_side)
    if comparison.shared_epochs and few:
        yield f"After {comparison.shared_epochs} epochs, which all of them completed"
        yield _at_shared(comparison)
    arguments = comparison.arguments
    if arguments and few:
        names = ["argument", *(arm.name for arm in comparison.arms)]
        yield "Arguments that differ"
        yield table(names, [[name, *map(_argument, told)] for name, told in arguments.items()])
    elif arguments:
        yield f"Arguments that differ: {', '.join(arguments)}"
    if classes:
        frame = comparison.classes(classes)
        rows = [[name, *map(_class_ap, row)] for name, *row in frame.itertuples(name=None)]
        yield "Class AP [%] at the last validation" + ("" if rows else ": the logs print none")
        if rows:
            yield table(["class", *frame.columns], rows)
    yield from _findings(comparison)


def readable(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rows with numbers for reading, without the columns that are empty in all of them."""
    filled = dict.fromkeys(name for row in rows for name, value in row.items() if value not in (None, ""))
    return [{name: _in_a_row(name, row.get(name)) for name in filled} for row in rows]


def sorted_rows(
    comparison: Comparison, sort: str | None, group_by: str | None = None
) -> list[dict[str, object]]:
    """The rows of a comparison, best first in a column if one is named, in the groups of another."""
    rows = comparison.rows
    if group_by is not None:
        _must_be_a_column(group_by, rows)
    if sort is not None:
        rows = _best_first(comparison, rows, _ALIASES.get(sort, sort))
    groups = list(dict.fromkeys(row[group_by] for row in rows)) if group_by else []
    return sorted(rows, key=lambda row: groups.index(row[group_by])) if group_by else rows


def _best_first(
    comparison: Comparison, rows: Sequence[Mapping[str, object]], column: str
) -> list[dict[str, object]]:
    _must_be_a_column(column, rows)
    directions = {q.name: q.better for q in comparison.quantities}
    better = directions.get(column, directions.get(column.removesuffix("_printed")))
    lower = column in _LOWER_IS_BETTER or better == "lower"

    def key(row: Mapping[str, object]) -> tuple[bool, float, str]:
        value = row[column]
        if isinstance(value, int | float) and not math.isnan(value):
            return (False, value if lower else -value, "")
        return (value is None or isinstance(value, float), 0.0, str(value))

    return [dict(row) for row in sorted(rows, key=key)]


def _side_by_side(comparison: Comparison) -> Table:
    arms, scores = comparison.arms, _scores(comparison)
    two = len(arms) == 2
    other = arms[1 - comparison.reference].name if two else ""
    rows: list[list[str]] = []

    def add(name: str, cells: Sequence[str], quantity: str = "") -> None:
        if set(cells) == {"–"}:
            return
        told = {d.arm: d for d in comparison.differences if d.quantity == quantity}
        if two:
            rows.append([name, *cells, *_difference(told.get(other), scores)])
        else:
            extra = [_short_difference(told.get(arm.name), scores) for arm in arms]
            rows.append([name, *(f"{c} {e}".strip() for c, e in zip(cells, extra, strict=True))])

    firsts = [arm.runs[0] for arm in arms]
    for part in firsts[0].identity.PARTS:
        add(part.replace("_", " "), [number(getattr(run.identity, part)) for run in firsts])
    add("epochs", [_epochs(arm) for arm in arms])
    add("hours", [_hours(mean([run.summary.hours for run in arm.runs])) for arm in arms])
    for quantity in comparison.quantities:
        if quantity.scale == "loss":
            name = _NAMES.get(quantity.name, quantity.name)
            add(name, [_own(arm, quantity.name) for arm in arms], quantity.name)
            if any(figures.averages_the_run(run, quantity.name) for run in firsts):
                means = [mean([printed(run, quantity.name) for run in arm.runs]) for arm in arms]
                add("  as printed", [number(m) for m in means])
    for quantity in comparison.quantities:
        if quantity.scale == "score":
            name = _NAMES.get(quantity.name, quantity.name)
            add(f"final {name}", [_own(arm, quantity.name) for arm in arms], quantity.name)
    add("best mAP (epoch)", [_best(arm) for arm in arms])
    add("published mAP", [_plain(run.summary.published_map) for run in firsts])
    return table(["", *(arm.name for arm in arms), *(["difference", "", "±"] if two else [])], rows)


def _one_row_a_run(comparison: Comparison, sort: str | None, group_by: str | None) -> Iterator[Table | str]:
    rows = sorted_rows(comparison, sort, group_by)
    metrics = [q.name for q in comparison.quantities if q.name not in ("map", "loss")]
    shown = ["run", "epochs", "hours", "loss", "final_map", "best_map", "best_epoch"]
    if sort and _ALIASES.get(sort, sort) not in shown:
        shown.append(_ALIASES.get(sort, sort))
    shown += [m for m in metrics if m in comparison.asked_for and m not in shown]
    shown.append("findings")
    titles = {"final_map": "mAP", "best_map": "best", "best_epoch": "at"}
    groups: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row[group_by] if group_by else "", []).append(row)
    for value, members in groups.items():
        cells = [[_in_a_row(name, row.get(name)) for name in shown] for row in members]
        if group_by:
            yield f"{group_by}: {number(value)}"
        yield table([titles.get(name, name) for name in shown], cells)


def _in_a_row(name: str, value: object) -> str:
    if isinstance(value, float) and (name in ("hours", "best_map") or name.startswith(_SCORE_NAMES)):
        return f"{value:.1f}" if round(value, 1) == round(value, 6) or name == "hours" else f"{value:.2f}"
    return number(value)


def _must_be_a_column(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    known = list(dict.fromkeys(key for row in rows for key in row))
    if name not in known:
        raise UnknownNameError("column", name, [*known, *_ALIASES])


def _notes(comparison: Comparison, side_by_side: bool) -> Iterator[str]:
    """What a reader of the figures must know."""
    arms = comparison.arms
    told = [d for d in comparison.differences if not d.note]
    if side_by_side and told:
        reference = arms[comparison.reference].name
        yield f"Differences are to {reference}; losses are each epoch's own means."
    if side_by_side and len(arms) == 2 and any(d.told is not None for d in told):
        single = "±: what the jitter of the last phase alone makes between single runs (95%)."
        yield single if told[0].single else "±: half the 95% interval of a difference of means of repeats."
    if side_by_side and any(arm.n > 1 for arm in arms):
        yield "A mean's ± is half its 95% interval over the repeats; of two repeats, half their range."
    if side_by_side and any(figures.averages_the_run(run, "loss") for run in comparison.runs):
        yield "An own mean's ± is what the rounding of the printed means leaves open."
    if any(d.note not in ("", NOT_IN_BOTH) for d in comparison.differences):
        yield "Losses compare only within one detector, input size and dataset, mAP only within one dataset."


def _at_shared(comparison: Comparison) -> Table:
    reference, scores = comparison.arms[comparison.reference], _scores(comparison)
    arms = [a for a in comparison.arms if a is not reference]
    rows = []
    for quantity in comparison.quantities:
        told = {d.arm: d for d in comparison.at_shared if d.quantity == quantity.name}
        score = quantity.name in scores
        cells = [
            f"{_shown(told[a.name].value, a, score)} {_short_difference(told[a.name], scores)}".strip()
            for a in arms
        ]
        name = _NAMES.get(quantity.name, quantity.name)
        rows.append([name, _shown(next(iter(told.values())).reference, reference, score), *cells])
    return table(["", reference.name, *(a.name for a in arms)], rows)


def _findings(comparison: Comparison) -> Iterator[str]:
    found = {"": comparison.findings} | {run.name: run.findings for run in comparison.runs}
    if any(found.values()):
        yield "Findings (convlens explain CODE says more)"
    for name, findings in found.items():
        if name and findings:
            yield name
        yield from (f"  {finding}" for finding in findings)


def _scores(comparison: Comparison) -> set[str]:
    return {q.name for q in comparison.quantities if q.scale == "score"}


def _difference(d: Difference | None, scores: set[str]) -> tuple[str, str, str]:
    """A difference, in percent of the reference where it is a loss, and what noise alone makes."""
    if d is None or math.isnan(d.change):
        return "", "", ""
    relative = f"{d.change / abs(d.reference):+.1%}" if d.reference and d.quantity not in scores else ""
    return _signed(d, scores), relative, f"{d.floor:.1g}" if math.isfinite(d.floor) else ""


def _short_difference(d: Difference | None, scores: set[str]) -> str:
    return "" if d is None or math.isnan(d.change) else f"({_signed(d, scores)})"


def _signed(d: Difference, scores: set[str]) -> str:
    shown = f"{d.change:.2f}" if d.quantity in scores else number(d.change)
    return shown if d.change < 0 else f"+{shown}"


def _own(arm: Arm, quantity: str) -> str:
    told = spread(values(arm, quantity))
    if told is None:
        return "nan" if any(math.isnan(printed(run, quantity) or 0) for run in arm.runs) else "–"
    shown = _percent(told.mean, arm) if quantity in arm.runs[0].score_names else number(told.mean)
    width = (told.high - told.low) / 2
    if arm.n == 1 and figures.averages_the_run(arm.runs[0], quantity):
        width = figures.resolution_at_end(arm.runs[0], quantity)
    return shown if math.isnan(width) else f"{shown} ±{width:.2g}"


def _hours(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _plain(value: float | None) -> str:
    return "–" if value is None else str(value)


def _epochs(arm: Arm) -> str:
    run = arm.runs[0]
    return f"{run.summary.epochs} of {run.plan.epochs}" if run.plan.epochs else str(run.summary.epochs)


def _best(arm: Arm) -> str:
    summary = arm.runs[0].summary
    best = mean([run.summary.best_map for run in arm.runs])
    if best is None:
        return "–"
    return f"{_percent(best, arm)} ({summary.best_epoch})" if arm.n == 1 else _percent(best, arm)


def _percent(value: float, arm: Arm) -> str:
    """A score with the decimals that the log prints, at most two."""
    decimals = min([d for run in arm.runs for d in run.score_decimals], default=2)
    return "–" if math.isnan(value) else f"{value:.{min(decimals, 2)}f}"


def _shown(value: float, arm: Arm, score: bool) -> str:
    return _percent(value, arm) if score else number(value)


def _class_ap(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"


def _argument(value: object) -> str:
    text = "–" if value is None else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
