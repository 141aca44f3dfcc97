"""What did each run reach? One row a run, and the curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convlens.analysis import figures
from convlens.analysis.comparison.repeats import Arm
from convlens.analysis.comparison.rows import class_ap, mean, printed, verdict
from convlens.plots.curves import PlottedCurve, curve_of
from convlens.report.chart import Chart, Line, Mark
from convlens.report.evidence import Evidence
from convlens.report.parts import Charts, Fold, Legend, Part, Section, Table
from convlens.run import Run
from convlens.wording import cells
from convlens.wording.text import number

_FEW = 4  # runs that have a sentence each
_CHARTS = 8  # that stand there unfolded
_SHARED_LOSSES = 3  # that have a column each


def section(told: Evidence) -> Section:
    """The answer to the first question."""
    names = {number: run.name for number, run in enumerate(told.runs)}
    parts: list[Part] = [_table(told)]
    parts += [Legend(names)] if len(names) > 1 else []
    main, others = _charts(told)
    note = (
        "Losses are each epoch's own means, also where the log prints averages of the whole run. "
        "Dotted: the learning rate drops; dash-dotted: the run was resumed or restarted."
    )
    parts.append(Charts(main[:_CHARTS], note, "curves"))
    others = [*main[_CHARTS:], *others]
    if others:
        title = "Each loss and metric by itself" if len(main) <= _CHARTS else f"{len(others)} more charts"
        parts.append(Fold(title, [Charts(others)]))
    parts += _classes(told)
    return Section("reached", "What did each run reach?", _answer(told), parts)


def _answer(told: Evidence) -> list[str]:
    if len(told.arms) <= _FEW:
        return [_sentence(arm) for arm in told.arms]
    answer = []
    datasets: dict[str | None, list[tuple[float, Arm]]] = {}
    for arm in told.arms:
        best = mean([run.summary.best_map for run in arm.runs])
        if best is not None:
            datasets.setdefault(arm.runs[0].identity.dataset, []).append((best, arm))
    for dataset, scored in datasets.items():
        ranked = sorted(scored, key=lambda pair: -pair[0])
        (high, first), (low, last) = ranked[0], ranked[-1]
        on = f"On {dataset}" if dataset else "On a dataset that is not told"
        if len(ranked) == 1:
            answer.append(f"{on}, {first.name} reached {high:.1f} mAP at its best.")
        else:
            answer.append(
                f"{on}, {first.name} reached the most of {len(ranked)}: {high:.1f} mAP at its best. "
                f"{last.name} reached the least: {low:.1f}."
            )
    silent = len(told.arms) - sum(map(len, datasets.values()))
    if silent:
        answer.append(f"Of {silent} of {len(told.arms)} no mAP is known.")
    return answer


def _sentence(arm: Arm) -> str:
    run = arm.runs[0]
    what = f"{arm.name} ({run.identity})" if str(run.identity) != "unknown" else arm.name
    if arm.n > 1:
        what += f", the mean of {arm.n} repeats,"
    if not run.summary.epochs:
        return f"{what} completed no epoch."
    plan = run.plan.epochs
    epochs = f"{run.summary.epochs} of {plan} epochs" if plan else f"{run.summary.epochs} epochs"
    best = mean([r.summary.best_score for r in arm.runs])
    final = mean([r.summary.final_score for r in arm.runs])
    text = f"{what} trained for {epochs}"
    if best is None or final is None or run.main_score is None:
        text += " and was never validated"
    else:
        name = "mAP" if run.summary.score == "map" else run.main_score.measures
        unit = run.main_score.unit
        where = f" after epoch {run.summary.best_epoch}" if arm.n == 1 else ""
        text += (
            f" and reached {cells.value_of(arm, best, unit, run.main_score.name)} {name} at its best{where}, "
        )
        text += f"{cells.value_of(arm, final, unit, run.main_score.name)} at the end"
    losses = mean([float(r.arrays.loss[r.arrays.complete][-1]) for r in arm.runs]) if run.losses else None
    text += f". Its summed loss ended at {number(losses)}" if losses is not None else ""
    if run.summary.published_map is not None:
        text += f". Published: {run.summary.published_map:g} mAP"
    return f"{text}."


def _table(told: Evidence) -> Table:
    firsts = [arm.runs[0] for arm in told.arms]
    columns: list[tuple[str, list[str]]] = [("run", [arm.name for arm in told.arms])]
    if any(run.identity.task != "detection" for run in firsts):
        columns.append(("task", [figures.task_of(run) for run in firsts]))
    for quantity in told.quantities:
        if quantity.scale == "score":
            columns.append((f"final {quantity}", [_own(arm, quantity) for arm in told.arms]))
    judges = {run.main_score.measures for run in firsts if run.main_score}
    columns.append(("best (epoch)", [cells.best(arm, len(judges) > 1) for arm in told.arms]))
    columns.append(("published", [cells.published(arm) for arm in told.arms]))
    of_arms = [told.diagnoses_of(arm) for arm in told.arms]
    columns.append(("loss is", [verdict(d) or "–" for d in of_arms]))
    columns.append(("score is", [verdict(d, score=True) or "–" for d in of_arms]))
    losses = [q for q in told.quantities if q.scale == "loss"]
    if len(losses) > _SHARED_LOSSES:
        losses = [q for q in losses if q.name == "loss"]
    losses.sort(key=lambda q: q.name != "loss")
    for quantity in losses:
        columns.append((str(quantity), [_own(arm, quantity) for arm in told.arms]))
        if any(figures.averages_the_run(run, quantity.name) for run in firsts):
            means = [mean([printed(run, quantity.name) for run in arm.runs]) for arm in told.arms]
            columns.append((f"{quantity} as printed", [number(m) for m in means]))
    columns.append(("repeats", [str(arm.n) if arm.n > 1 else "–" for arm in told.arms]))
    columns.append(("epochs", [cells.epochs(arm) for arm in told.arms]))
    columns.append(("hours", [cells.hours(arm) for arm in told.arms]))
    for part in firsts[0].identity.PARTS:
        columns.append((part.replace("_", " "), [number(getattr(r.identity, part)) for r in firsts]))
    shown = [(name, values) for name, values in columns if set(values) != {"–"}]
    return Table(
        "The runs",
        [name for name, _ in shown],
        list(zip(*(values for _, values in shown), strict=True)),
        [told.number_of(arm) for arm in told.arms],
    )


def _own(arm: Arm, quantity: figures.Quantity) -> str:
    return cells.own(arm, quantity) if any(run.summary.epochs for run in arm.runs) else "–"


def _charts(told: Evidence) -> tuple[list[Chart], list[Chart]]:
    """Of runs on one scale the summed loss and the score by which they are judged; then the rest."""
    main: list[Chart] = []
    others: list[Chart] = []
    for group in _alike(told.runs):
        judges = {run.main_score.measures for _, run in group if run.main_score}
        summed = any(run.losses for _, run in group)
        for quantity in told.quantities:
            stands_for_loss = quantity.name == "loss" if summed else quantity.scale == "loss"
            into = main if stands_for_loss or quantity.name in judges else others
            name = f"{'curve' if into is main else 'more'}-{len(into)}"
            if chart := _chart(group, quantity, name):
                into.append(chart)
    return main, others


def _alike(runs: Sequence[Run]) -> list[list[tuple[int, Run]]]:
    """The runs, each with its number, by what the scales of their losses depend on; largest groups first."""
    found: dict[object, list[tuple[int, Run]]] = {}
    for k, run in enumerate(runs):
        i = run.identity
        found.setdefault((i.task, i.detector, i.input_size, i.dataset), []).append((k, run))
    return sorted(found.values(), key=len, reverse=True)


def _chart(group: Sequence[tuple[int, Run]], quantity: figures.Quantity, key: str) -> Chart | None:
    curves = [(k, curve_of(run, quantity.name)) for k, run in group if figures.has(run, quantity.name)]
    lines = [Line(c.label, k, c.x, c.y) for k, c in curves if len(c.x)]
    if not lines:
        return None
    i = group[0][1].identity
    what = " ".join(str(part) for part in (i.detector, i.input_size, i.dataset) if part is not None)
    return Chart(
        key=key,
        title=f"{quantity}: {what}" if what else str(quantity),
        x_label="epochs done",
        lines=lines,
        marks=list(_marks(curves)),
        fit=not any(figures.score_of(run, quantity.name) for _, run in group),
    )


def _marks(curves: Sequence[tuple[int, PlottedCurve]]) -> Iterator[Mark]:
    """Drops and restarts, each place once: without a run's colour where runs share it."""
    for kind in ("drops", "restarts"):
        owners: dict[float, list[int]] = {}
        for k, curve in curves:
            for place in getattr(curve, kind).tolist():
                owners.setdefault(round(place, 6), []).append(k)
        for place, of in owners.items():
            yield Mark(place, kind, of[0] if len(of) == 1 else None)


def _classes(told: Evidence) -> list[Part]:
    """The class APs: of runs that were compared the largest differences first."""
    if not any(run.identity.task == "detection" for run in told.runs) or len(told.arms) > _FEW:
        return []
    if told.comparison:
        frame = told.comparison.classes(100)
        names, lines = list(frame.columns), list(frame.itertuples(name=None))
    else:
        ap = class_ap(told.arms[0]).sort_values()
        names, lines = [told.arms[0].name], list(ap.items())
    if not lines:
        return []
    rows = [[str(name), *map(cells.class_ap, values)] for name, *values in lines]
    order = "largest differences to the first run on top" if told.comparison else "lowest on top"
    title = f"AP of each of {len(rows)} classes at the last validation [%], {order}"
    return [Fold(title, [Table("Class AP [%]", ["class", *names], rows)])]
