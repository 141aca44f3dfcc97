"""A comparison as it is printed: as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from convlens.analysis import figures
from convlens.analysis.comparison.comparison import Comparison
from convlens.analysis.comparison.differences import NOT_IN_BOTH
from convlens.analysis.comparison.rows import mean, printed, verdict
from convlens.analysis.convergence.verdicts import counted
from convlens.cli import stage_table
from convlens.cli.output import table
from convlens.errors import UnknownNameError
from convlens.explanations import explain
from convlens.findings import Code, Finding
from convlens.metrics import Better, Column, Unit
from convlens.wording import cells
from convlens.wording.text import number

if TYPE_CHECKING:
    from rich.table import Table

MOST_SIDE_BY_SIDE = 3
_MOST_ARGUMENTS = 40  # a config may hold hundreds
_JUDGES = {"map": "mAP", "score": "score"}
_LOWER_IS_BETTER = ("hours", "epochs", "best_epoch", "planned_epochs", "n")


def view(
    comparison: Comparison, classes: int, sort: str | None, group_by: str | None, reference_named: bool
) -> Iterator[Table | str]:
    """All that `convlens compare` prints, in order; an empty text stands before each title."""
    few = len(comparison.arms) <= MOST_SIDE_BY_SIDE
    side_by_side = few and sort is None and group_by is None
    if side_by_side:
        yield _side_by_side(comparison)
    else:
        yield from _one_row_a_run(comparison, sort, group_by, reference_named)
    yield ""
    yield from _notes(comparison, side_by_side, side_by_side or reference_named)
    if comparison.shared_epochs and few:
        shared = counted(comparison.shared_epochs, comparison.axis)
        yield from ("", f"After {shared}, which all of them completed")
        yield _at_shared(comparison)
    if few and stage_table.differ(comparison):
        yield from ("", "By stage of the learning rate: before its first drop, and after each")
        yield stage_table.by_stage(comparison)
    arguments = dict(list(comparison.arguments.items())[:_MOST_ARGUMENTS])
    further = len(comparison.arguments) - len(arguments)
    if arguments and few:
        yield from ("", "Arguments that differ")
        names = ["argument", *(arm.name for arm in comparison.arms)]
        yield table(names, [[name, *map(cells.argument, told)] for name, told in arguments.items()])
    elif arguments:
        yield from ("", f"Arguments that differ: {', '.join(arguments)}")
    if further:
        yield f"and {further} more arguments, which --format json has"
    if classes:
        yield from ("", *_classes(comparison, classes, few))
    yield from _findings(comparison, few)


def readable(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rows with numbers for reading, without the columns that are empty in all of them."""
    filled = dict.fromkeys(name for row in rows for name, value in row.items() if value not in (None, ""))
    return [{name: cells.in_a_row(name, row.get(name)) for name in filled} for row in rows]


def sorted_rows(
    comparison: Comparison, sort: str | None, group_by: str | None = None
) -> list[dict[str, object]]:
    """The rows of a comparison, best first in a column if one is named, in the groups of another."""
    rows = comparison.rows
    if group_by is not None:
        _must_be_a_column(comparison, group_by, rows)
    if sort is not None:
        rows = _best_first(comparison, rows, _column(comparison, sort))
    groups = list(dict.fromkeys(row[group_by] for row in rows)) if group_by else []
    return sorted(rows, key=lambda row: groups.index(row[group_by])) if group_by else rows


def _best_first(
    comparison: Comparison, rows: Sequence[Mapping[str, object]], column: str
) -> list[dict[str, object]]:
    _must_be_a_column(comparison, column, rows)
    directions = {q.name: q.better for q in comparison.quantities}
    mains = {arm.name: arm.runs[0].main_score for arm in comparison.arms}
    better = directions.get(column, directions.get(column.removesuffix("_printed")))
    lower = column in _LOWER_IS_BETTER or better == "lower"

    def key(row: Mapping[str, object]) -> tuple[bool, float, str]:
        value = row[column]
        if isinstance(value, int | float) and not math.isnan(value):
            if column in ("final_score", "best_score") and (main := mains[str(row["run"])]):
                return (False, -_goodness(value, main), "")
            return (False, value if lower else -value, "")
        return (value is None or isinstance(value, float), 0.0, str(value))

    return [dict(row) for row in sorted(rows, key=key)]


def _goodness(value: float, score: Column) -> float:
    """A score such that more is better: of an error in percent what is left to 100."""
    if score.better is not Better.LOWER:
        return value
    return 100 - value if score.unit is Unit.PERCENT else -value


def _aliases(comparison: Comparison) -> dict[str, str]:
    """Short names of columns: `map`, or where not all are detectors `score`, is the final one."""
    judged_by = comparison.judged_by
    return {judged_by: f"final_{judged_by}", "best": f"best_{judged_by}", "published": "published_map"}


def _column(comparison: Comparison, name: str) -> str:
    """The column that is meant; `score` of runs is their final one."""
    return _aliases(comparison).get(name, name)


def _must_be_a_column(comparison: Comparison, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    known = list(dict.fromkeys(key for row in rows for key in row))
    if name not in known:
        hint = ""
        if name in ("map", "final_map", "best_map", "loss"):
            hint = figures.why_absent(comparison.runs[0], name.rpartition("_")[2])
        raise UnknownNameError("column", name, [*known, *_aliases(comparison)], hint)


def _side_by_side(comparison: Comparison) -> Table:
    arms = comparison.arms
    two = len(arms) == 2
    rows: list[list[str]] = []

    def add(name: str, shown: Sequence[str], quantity: figures.Quantity | None = None) -> None:
        if set(shown) == {"–"}:
            return
        told = {d.arm: d for d in comparison.differences if quantity and d.quantity == quantity.name}
        unit = quantity.unit if quantity else Unit.NONE
        if two:
            other = arms[1 - comparison.reference].name
            rows.append([name, *shown, *cells.in_three(told.get(other), unit)])
        else:
            extra = [cells.in_brackets(told.get(arm.name), unit) for arm in arms]
            rows.append([name, *map("".join, zip(shown, extra, strict=True))])

    firsts = [arm.runs[0] for arm in arms]
    detectors = comparison.judged_by == "map"
    if not detectors:
        add("task", [figures.task_of(run) for run in firsts])
    for part in firsts[0].identity.PARTS:
        name = part.replace("_", " ") if part != "detector" or "detection" in comparison.tasks else "method"
        add(name, [number(getattr(run.identity, part)) for run in firsts])
    add(f"{comparison.axis or 'epoch'}s", [cells.epochs(arm, not comparison.axis) for arm in arms])
    add("hours", [cells.hours(arm) for arm in arms])
    for quantity in comparison.quantities:
        if quantity.scale == "loss":
            add(str(quantity), [cells.own(arm, quantity) for arm in arms], quantity)
            if any(figures.averages_the_run(run, quantity.name) for run in firsts):
                means = [mean([printed(run, quantity.name) for run in arm.runs]) for arm in arms]
                add("  as printed", [number(m) for m in means])
    for quantity in comparison.quantities:
        if quantity.scale == "score":
            add(f"final {quantity}", [cells.own(arm, quantity) for arm in arms], quantity)
    judges = {run.main_score.measures for run in firsts if run.main_score}
    judge = "mAP" if detectors else "score" if len(judges) > 1 else "".join(judges)
    add(f"best {judge} ({comparison.axis or 'at'})", [cells.best(arm, len(judges) > 1) for arm in arms])
    diagnoses = comparison.diagnoses
    if any(run.losses for run in firsts):
        add("loss verdict", [verdict(told) or "–" for told in diagnoses])
    add(f"{judge or 'score'} verdict", [verdict(told, score=True) or "–" for told in diagnoses])
    add("published mAP" if detectors else "published", [cells.published(arm) for arm in arms])
    return table(["", *(arm.name for arm in arms), *(["difference", "", "±"] if two else [])], rows)


def _one_row_a_run(
    comparison: Comparison, sort: str | None, group_by: str | None, with_differences: bool
) -> Iterator[Table | str]:
    rows = sorted_rows(comparison, sort, group_by)
    metrics = [q.name for q in comparison.quantities if q.name not in ("map", "loss")]
    final, best = (f"{which}_{comparison.judged_by}" for which in ("final", "best"))
    shown = ["run", "epochs", "axis", "hours", "loss", "score", final, best, "best_epoch"]
    shown = [name for name in shown if any(name in row for row in rows)]
    if with_differences:
        difference = f"{_JUDGES[comparison.judged_by]} difference"
        for row in rows:
            row[difference] = _difference_of(comparison, str(row["run"]))
        shown.insert(shown.index(best), difference)
    if sort and _column(comparison, sort) not in shown:
        shown.append(_column(comparison, sort))
    shown += [m for m in metrics if m in comparison.asked_for and m not in shown]
    shown += ["verdict", "findings"]
    titles = {"final_map": "mAP", "final_score": "final", best: "best", "best_epoch": "at"}
    groups: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row[group_by] if group_by else "", []).append(row)
    for number_of_group, (value, members) in enumerate(groups.items()):
        if group_by:
            yield from ([""] if number_of_group else [])
            yield f"{group_by}: {number(value)}"
        lines = [[cells.in_a_row(name, row.get(name)) for name in shown] for row in members]
        yield table([titles.get(name, name) for name in shown], lines)


def _difference_of(comparison: Comparison, arm: str) -> str:
    """How an arm differs from the reference in the score by which that is judged."""
    main = comparison.arms[comparison.reference].runs[0].main_score
    told = {d.arm: d for d in comparison.differences if main and d.quantity == main.measures}
    return cells.in_three(told.get(arm), main.unit if main else Unit.NONE)[0]


def _notes(comparison: Comparison, side_by_side: bool, with_differences: bool) -> Iterator[str]:
    """What a reader of the figures must know."""
    told = [d for d in comparison.differences if not d.note]
    if with_differences and told:
        reference = comparison.arms[comparison.reference].name
        yield f"Differences are to {reference}; losses are each epoch's own means."
    known = [d for d in told if d.told is not None]
    if side_by_side and any(d.single for d in known):
        yield "A difference's ±: what the jitter within the phase alone makes between single runs (95%)."
    if side_by_side and not all(d.single for d in known):
        yield "A difference's ± between repeats is half its 95% interval; with two a side, half their ranges."
    if side_by_side and any(arm.n > 1 for arm in comparison.arms):
        yield "A mean's ± is half its 95% interval over the repeats; of two repeats, half their range."
    if side_by_side and any(figures.averages_the_run(run, "loss") for run in comparison.runs):
        yield "An own mean's ± is what the rounding of the printed means leaves open."
    if len(comparison.tasks) > 1:
        tasks = ", ".join(comparison.tasks)
        yield f"These runs are of different tasks ({tasks}): neither losses nor scores compare across them."
    elif any(d.note not in ("", NOT_IN_BOTH) for d in comparison.differences):
        method, score = ("detector", "mAP") if comparison.judged_by == "map" else ("method", "scores")
        within = f"within one {method}, input size and dataset, {score} only within one dataset"
        yield f"Losses compare only {within}."


def _at_shared(comparison: Comparison) -> Table:
    reference = comparison.arms[comparison.reference]
    arms = [arm for arm in comparison.arms if arm is not reference]
    rows = []
    for quantity in comparison.quantities:
        told = {d.arm: d for d in comparison.at_shared if d.quantity == quantity.name}
        unit = quantity.unit
        row = [cells.value_of(reference, told[arms[0].name].reference, unit, quantity.name)]
        row += [
            cells.value_of(arm, told[arm.name].value, unit, quantity.name)
            + cells.in_brackets(told[arm.name], unit)
            for arm in arms
        ]
        rows.append([str(quantity), *row])
    return table(["", reference.name, *(arm.name for arm in arms)], rows)


def _classes(comparison: Comparison, classes: int, few: bool) -> Iterator[Table | str]:
    """The classes below each other for a few runs, beside each other for many."""
    title = "Class AP [%] at the last validation"
    if "detection" not in comparison.tasks:
        yield f"{title}: only detectors have class APs, and these runs are of {', '.join(comparison.tasks)}"
        return
    frame = comparison.classes(classes)
    if frame.empty:
        yield f"{title}: the logs print none"
        return
    yield title
    shown = frame if few else frame.T
    rows = [[name, *map(cells.class_ap, row)] for name, *row in shown.itertuples(name=None)]
    yield table(["class" if few else "run", *shown.columns], rows)


def _findings(comparison: Comparison, few: bool) -> Iterator[str]:
    """The findings of each run; of many runs by code, with only the names where many share one."""
    found = {"": comparison.findings} | {run.name: run.findings for run in comparison.runs}
    if any(found.values()):
        yield from ("", "Findings (convlens explain CODE says more)")
    if few:
        for name, findings in found.items():
            if name and findings:
                yield name
            yield from (f"  {finding}" for finding in findings)
        return
    by_code: dict[Code, list[tuple[str, Finding]]] = {}
    for name, findings in found.items():
        for finding in findings:
            by_code.setdefault(finding.code, []).append((name, finding))
    for code, told in sorted(by_code.items()):
        yield f"{code} {explain(code).title}"
        names = list(dict.fromkeys(name for name, _ in told))
        if len(names) > MOST_SIDE_BY_SIDE:
            yield f"  {len(names)} runs: {', '.join(names)}"
        else:
            yield from (f"  {name}{': ' if name else ''}{finding.sentence}" for name, finding in told)
