"""A comparison as it is printed: as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison import Comparison, Difference, printed
from convlens.analysis.repeats import Arm, spread
from convlens.cli.output import number, table
from convlens.errors import UnknownNameError

if TYPE_CHECKING:
    from rich.table import Table

MOST_SIDE_BY_SIDE = 3
_ALIASES = {"map": "final_map", "best": "best_map", "published": "published_map"}
_NAMES = {"loss": "summed loss", "map": "mAP [%]", "map_segm": "mask mAP [%]"}
_SCORES = ("map", "map_segm")
_LOWER_IS_BETTER = ("hours", "epochs", "best_epoch", "planned_epochs", "n")


def view(
    comparison: Comparison, classes: int, sort: str | None, group_by: str | None
) -> Iterator[Table | str]:
    """All that `convlens compare` prints, in order."""
    few = len(comparison.arms) <= MOST_SIDE_BY_SIDE
    if few and sort is None and group_by is None:
        yield _side_by_side(comparison)
    else:
        yield from _one_row_a_run(comparison, sort, group_by)
    yield from _notes(comparison, few)
    if comparison.shared_epochs and few:
        yield _at_shared(comparison)
    arguments = comparison.arguments
    if arguments and few:
        names = ["argument", *(arm.name for arm in comparison.arms)]
        rows = [[name, *map(_argument, values)] for name, values in arguments.items()]
        yield table(names, rows, "Arguments that differ")
    elif arguments:
        yield f"Arguments that differ: {', '.join(arguments)}"
    if classes:
        frame = comparison.classes(classes)
        rows = [[name, *(f"{v:.1f}" for v in row)] for name, *row in frame.itertuples(name=None)]
        yield table(["class", *frame.columns], rows, "Class AP [%] at the last validation")
    yield from _findings(comparison)


def sorted_rows(comparison: Comparison, sort: str | None) -> list[dict[str, object]]:
    """The rows of a comparison, best first in a column if one is named."""
    rows = comparison.rows
    if sort is None:
        return rows
    column = _ALIASES.get(sort, sort)
    _must_be_a_column(column, rows)
    better = {q.name: q.better for q in comparison.quantities}.get(column)
    lower = column in _LOWER_IS_BETTER or better == "lower"

    def key(row: Mapping[str, object]) -> tuple[bool, float, str]:
        value = row[column]
        if isinstance(value, int | float) and not math.isnan(value):
            return (False, value if lower else -value, "")
        return (value is None or isinstance(value, float), 0.0, str(value))

    return sorted(rows, key=key)


def _side_by_side(comparison: Comparison) -> Table:
    arms = comparison.arms
    two = len(arms) == 2
    other = arms[1 - comparison.reference].name if two else ""
    rows: list[list[str]] = []

    def add(name: str, cells: Sequence[str], quantity: str = "") -> None:
        if set(cells) == {"–"}:
            return
        told = {d.arm: d for d in comparison.differences if d.quantity == quantity}
        if two:
            rows.append([name, *cells, *_difference(told.get(other))])
        else:
            extra = [_short_difference(told.get(arm.name)) for arm in arms]
            rows.append([name, *(f"{c} {e}".strip() for c, e in zip(cells, extra, strict=True))])

    firsts = [arm.runs[0] for arm in arms]
    for part in firsts[0].identity.PARTS:
        add(part.replace("_", " "), [number(getattr(run.identity, part)) for run in firsts])
    add("epochs", [_epochs(arm) for arm in arms])
    add("hours", [_hours(_mean(arm, "hours")) for arm in arms])
    for quantity in comparison.quantities:
        if quantity.scale == "loss":
            name = _NAMES.get(quantity.name, quantity.name)
            add(name, [_own(arm, quantity.name) for arm in arms], quantity.name)
            if any(figures.averages_the_run(run, quantity.name) for run in firsts):
                add("  as printed", [number(_printed(arm, quantity.name)) for arm in arms])
    for quantity in comparison.quantities:
        if quantity.scale == "score":
            name = _NAMES.get(quantity.name, quantity.name)
            add(f"final {name}", [_own(arm, quantity.name) for arm in arms], quantity.name)
    add("best mAP (epoch)", [_best(arm) for arm in arms])
    add("published mAP", [_plain(run.summary.published_map) for run in firsts])
    return table(["", *(arm.name for arm in arms), *(["difference", "", "±"] if two else [])], rows)


def _one_row_a_run(comparison: Comparison, sort: str | None, group_by: str | None) -> Iterator[Table]:
    rows = sorted_rows(comparison, sort)
    metrics = [q.name for q in comparison.quantities if q.name not in ("map", "loss")]
    shown = ["run", "epochs", "hours", "loss", "final_map", "best_map", "best_epoch"]
    if sort and _ALIASES.get(sort, sort) not in shown:
        shown.append(_ALIASES.get(sort, sort))
    shown += [m for m in metrics if m in comparison.asked_for and m not in shown]
    shown.append("findings")
    titles = {"final_map": "mAP", "best_map": "best", "best_epoch": "at"}
    if group_by is not None:
        _must_be_a_column(group_by, rows)
    groups: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row[group_by] if group_by else "", []).append(row)
    for value, members in groups.items():
        cells = [[_in_a_row(name, row.get(name)) for name in shown] for row in members]
        title = f"{group_by}: {number(value)}" if group_by else ""
        yield table([titles.get(name, name) for name in shown], cells, title)


def _in_a_row(name: str, value: object) -> str:
    if isinstance(value, float) and (name == "hours" or name.endswith("map")):
        return f"{value:.1f}" if round(value, 1) == round(value, 6) or name == "hours" else f"{value:.2f}"
    return number(value)


def _must_be_a_column(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    known = list(dict.fromkeys(key for row in rows for key in row))
    if name not in known:
        raise UnknownNameError("column", name, [*known, *_ALIASES])


def _notes(comparison: Comparison, few: bool) -> Iterator[str]:
    """What a reader of the figures must know."""
    reference = comparison.arms[comparison.reference].name
    told = [d for d in comparison.differences if not d.note]
    if few and told:
        yield f"Differences are to {reference}; losses are each epoch's own means."
    if len(comparison.arms) == 2 and any(d.single and d.told is not None for d in told):
        yield "±: what the jitter of the last phase alone makes between single runs (95%)."
    if few and any(figures.averages_the_run(run, "loss") for run in comparison.runs):
        yield "An own mean's ± is what the rounding of the printed means leaves open."
    scales = {d.note for d in comparison.differences if d.note.startswith("another")}
    if scales:
        yield "Losses compare only within one detector, input size and dataset, mAP only within one dataset."


def _at_shared(comparison: Comparison) -> Table:
    reference = comparison.arms[comparison.reference]
    arms = [a for a in comparison.arms if a is not reference]
    rows = []
    for quantity in comparison.quantities:
        told = {d.arm: d for d in comparison.at_shared if d.quantity == quantity.name}
        cells = [f"{number(told[a.name].value)} {_short_difference(told[a.name])}".strip() for a in arms]
        name = _NAMES.get(quantity.name, quantity.name)
        rows.append([name, number(next(iter(told.values())).reference), *cells])
    title = f"After {comparison.shared_epochs} epochs, which all of them completed"
    return table(["", reference.name, *(a.name for a in arms)], rows, title)


def _findings(comparison: Comparison) -> Iterator[str]:
    found = {"": comparison.findings} | {run.name: run.findings for run in comparison.runs}
    if any(found.values()):
        yield "Findings (convlens explain CODE says more)"
    for name, findings in found.items():
        if name and findings:
            yield name
        yield from (f"  {finding}" for finding in findings)


def _difference(d: Difference | None) -> tuple[str, str, str]:
    """A difference, in percent of the reference where it is a loss, and what noise alone makes."""
    if d is None or math.isnan(d.change):
        return "", "", ""
    relative = f"{d.change / abs(d.reference):+.1%}" if d.reference and d.quantity not in _SCORES else ""
    return _signed(d), relative, f"{d.floor:.1g}" if math.isfinite(d.floor) else ""


def _short_difference(d: Difference | None) -> str:
    return "" if d is None or math.isnan(d.change) else f"({_signed(d)})"


def _signed(d: Difference) -> str:
    shown = f"{d.change:.2f}" if d.quantity in _SCORES else number(d.change)
    return shown if d.change < 0 else f"+{shown}"


def _own(arm: Arm, quantity: str) -> str:
    values = [
        figures.value_after(run, quantity, run.summary.epochs)
        for run in arm.runs
        if quantity in {q.name for q in figures.quantities(run)}
    ]
    told = spread(values)
    if told is None:
        return "–"
    shown = _percent(told.mean, arm) if quantity in arm.runs[0].score_names else number(told.mean)
    width = (told.high - told.low) / 2
    if arm.n == 1 and figures.averages_the_run(arm.runs[0], quantity):
        width = figures.resolution_at_end(arm.runs[0], quantity)
    return shown if math.isnan(width) else f"{shown} ±{width:.2g}"


def _printed(arm: Arm, quantity: str) -> float | None:
    told = spread([printed(run, quantity) for run in arm.runs])
    return told.mean if told else None


def _mean(arm: Arm, name: str) -> float | None:
    told = spread([getattr(run.summary, name) for run in arm.runs])
    return told.mean if told else None


def _hours(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _plain(value: float | None) -> str:
    return "–" if value is None else str(value)


def _epochs(arm: Arm) -> str:
    run = arm.runs[0]
    return f"{run.summary.epochs} of {run.plan.epochs}" if run.plan.epochs else str(run.summary.epochs)


def _best(arm: Arm) -> str:
    summary = arm.runs[0].summary
    if summary.best_map is None:
        return "–"
    if arm.n > 1:
        return _percent(_mean(arm, "best_map") or math.nan, arm)
    return f"{_percent(summary.best_map, arm)} ({summary.best_epoch})"


def _percent(value: float, arm: Arm) -> str:
    """A score with the decimals that the log prints, at most two."""
    return f"{value:.{min(*arm.runs[0].score_decimals, 2)}f}"


def _argument(value: object) -> str:
    text = "–" if value is None else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
