"""Has it really converged? Verdicts, what more epochs would give and fewer would cost, with the evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from convlens.analysis.convergence.diagnosis import Diagnosis
from convlens.analysis.convergence.stopping import Stop
from convlens.analysis.convergence.verdicts import CurveVerdict, title_of
from convlens.analysis.forecast.forecast import CurveForecast, Forecast
from convlens.plots.diagnosis import judged_curve
from convlens.report.chart import Band, Chart, Line, Mark
from convlens.report.evidence import SHOWN_IN_FULL, Evidence
from convlens.report.parts import Charts, Fold, Part, Section, Table, Words
from convlens.wording.text import number

QUESTION = "Has it really converged, and what would more or fewer epochs have done?"
_FEW = 4  # runs that have their sentences in the answer
_PATIENCE = 10  # validations without a better score
_LEGEND = (
    "Bold: the epochs that were judged. Dashed, with a fan: what more of them would bring (90%). "
    "Grey band: the margin within which a change does not matter. Upright bar: the forecast (50% and 90%)."
)


def section(told: Evidence) -> Section:
    """The answer to the second question."""
    several = len(told.runs) > 1
    parts: list[Part] = [_overview(told)] if several else []
    for k, (diagnosis, forecast) in enumerate(zip(told.diagnoses, told.forecasts, strict=True)):
        charted = len(told.runs) <= SHOWN_IN_FULL
        inside = list(_evidence(k, diagnosis, forecast, charted))
        parts += [Fold(f"{diagnosis.run}: {diagnosis.verdict}", inside)] if several else inside
    if len(told.runs) > SHOWN_IN_FULL:
        parts = [parts[0], Fold(f"The evidence on each of {len(told.runs)} runs", parts[1:])]
    return Section("converged", QUESTION, _answer(told), parts)


def _answer(told: Evidence) -> list[str]:
    if len(told.runs) > _FEW:
        by_verdict: dict[str, list[str]] = {}
        for d in told.diagnoses:
            by_verdict.setdefault(str(d.verdict), []).append(d.run)
        ranked = sorted(by_verdict.items(), key=lambda item: -len(item[1]))
        answer = [
            f"{len(names)} of {len(told.runs)}: the loss is {verdict} ({_named(names)})."
            for verdict, names in ranked
        ]
        stopped = [d.run for d in told.diagnoses if d.stopped]
        if stopped:
            answer.append(f"{len(stopped)} ended before their configured epochs: {_named(stopped)}.")
        over = [d.run for d in told.diagnoses if str(d.fit.fitting) == "overfitting"]
        if over:
            answer.append(f"{len(over)} overfit: {_named(over)}.")
        return answer
    answer = []
    for diagnosis, forecast in zip(told.diagnoses, told.forecasts, strict=True):
        early = " It ended before its configured epochs." if diagnosis.stopped else ""
        ahead = f" {forecast.sentence}" if forecast.told else ""
        answer.append(f"{diagnosis.run}: {diagnosis.sentence}{early}{ahead}{_fewer(diagnosis)}")
    return answer


def _fewer(diagnosis: Diagnosis) -> str:
    """What the usual patience would have saved and cost, as a sentence."""
    stopping = diagnosis.stopping
    stop = next((s for s in stopping.stops if s.patience == _PATIENCE), None) if stopping else None
    if stop is None or stop.epoch is None or stop.lost is None:
        return ""
    saved = "" if stop.hours is None else f"saved {stop.hours:.1f} hours and "
    return (
        f" Stopping after {_PATIENCE} validations without a better score would have ended it at epoch "
        f"{stop.epoch}, {saved}cost {stop.lost:.1f} points."
    )


def _named(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _overview(told: Evidence) -> Table:
    rows = []
    for d, f in zip(told.diagnoses, told.forecasts, strict=True):
        score = next((c for c in d.curves.values() if c.scored), None)
        fitting = str(d.fit.fitting)
        gain = f.map_cost
        rows.append(
            [
                d.run,
                str(d.verdict),
                f"{score.verdict}" if score else "–",
                fitting if fitting not in ("unknown", "neither") else "–",
                "yes" if d.stopped else "no",
                f"{f.more}" if f.told else "–",
                _forecast(f, "loss"),
                f"{gain[0]:+.1f} ({gain[1]:+.1f} to {gain[2]:+.1f})" if gain else "–",
            ]
        )
    header = ["run", "loss is", "score is", "beside", "stopped early", "more epochs", "loss then (90%)"]
    return Table(
        "Verdicts and forecasts",
        [*header, "mAP they bring (90%)"],
        rows,
        list(range(len(rows))),
        "Converged: another tenth of the epochs would change the loss by less than the margin, and the "
        "learning rate is not to fall again.",
    )


def _forecast(f: Forecast, name: str) -> str:
    curve = next((c for c in f.told if c.curve == name), None)
    return f"{curve.value:.3f} ({curve.low_90:.3f} to {curve.high_90:.3f})" if curve else "–"


def _evidence(k: int, d: Diagnosis, f: Forecast, charted: bool) -> Iterator[Part]:
    """All that one run's verdict rests on."""
    yield Words([d.sentence, d.fit.text])
    if charted:
        shown = [c for c in d.curves if c == "loss" or d.curves[c].scored] or list(d.curves)[:1]
        charts = [chart for c in shown if (chart := _chart(k, d, f, c))]
        if charts:
            yield Charts(charts, _LEGEND)
    rows = [_line(c) for c in d.curves.values()]
    header = [
        "curve",
        "verdict",
        "at",
        "epochs judged",
        "points",
        "more epochs",
        "change (90%)",
        "margin",
        "why",
    ]
    yield Table("What was judged", header, rows)
    ahead = ", ".join(f"{drop.epoch:g}" for drop in d.schedule.ahead)
    phases = "; ".join(map(str, d.schedule.phases)) or "none"
    told = f"Phases of the learning rate ({d.schedule.origin}): {phases}."
    yield Words([told + (f" Still to fall at {ahead}." if ahead else "")])
    yield from _outlook(f)
    yield _patience(d)


def _patience(d: Diagnosis) -> Part:
    """What fewer epochs would have cost."""
    if d.stopping is None:
        told = "What fewer epochs would have cost is worked out in reports of fewer runs, and by `diagnose`."
        return Words([told])
    if not d.stopping.validations:
        return Words(["What fewer epochs would have cost cannot be told: the log holds no validation."])
    if all(stop.epoch is None for stop in d.stopping.stops):
        tried = ", ".join(str(stop.patience) for stop in d.stopping.stops)
        told = f"No patience ({tried} validations without a better score) would have ended it earlier."
        return Words([told])
    return Table(
        "What fewer epochs would have cost: stopping after so many validations without a better score",
        ["patience", "stops at epoch", "best by then", "lost", "hours saved", "loss then", "score then"],
        [_stop(stop) for stop in d.stopping.stops],
    )


def _outlook(f: Forecast) -> Iterator[Part]:
    if any(c.told for c in f.curves):
        rows = [_of_curve(c) for c in f.curves if c.told]
        title = f"What more epochs would give: forecast for epoch {f.epoch}, {f.more} more"
        yield Table(title, ["curve", "now", "then", "50%", "90%"], rows)
        yield Words([f.sentence, *f.notes, f.usual_errors] if f.told else [*f.notes])
    else:
        yield Words([f"No forecast. {' '.join(f.notes)}"])


def _of_curve(c: CurveForecast) -> list[str]:
    digits = 1 if c.curve == "map" else 3
    now, then, *ends = (f"{v:.{digits}f}" for v in (c.now, c.value, c.low_50, c.high_50, c.low_90, c.high_90))
    name = title_of(c.curve) if c.curve != "loss" else "summed loss"
    return [name, now, then, f"{ends[0]} to {ends[1]}", f"{ends[2]} to {ends[3]}"]


def _line(c: CurveVerdict) -> list[str]:
    known = math.isfinite(c.change)
    return [
        "summed loss" if c.curve == "loss" else title_of(c.curve),
        str(c.verdict) + (f" (from {c.since})" if c.since is not None else ""),
        number(c.value) if c.relative or math.isnan(c.value) else f"{c.value:.1f}",
        "–" if c.first is None else f"{c.first}–{c.last}",
        str(c.points or "–"),
        str(c.horizon or "–"),
        c.expected if known else "–",
        c.limit if known else "–",
        f"{c.reason} {c.settle}".strip(),
    ]


def _stop(stop: Stop) -> list[str]:
    if stop.epoch is None:
        return [str(stop.patience), "never", *["–"] * 5]
    return [
        str(stop.patience),
        str(stop.epoch),
        "–" if stop.best is None else f"{stop.best:.1f}",
        "–" if stop.lost is None else f"{stop.lost:.1f}",
        "–" if stop.hours is None else f"{stop.hours:.1f}",
        str(stop.loss_verdict or "–"),
        str(stop.score_verdict or "–"),
    ]


def _chart(k: int, d: Diagnosis, f: Forecast, name: str) -> Chart | None:
    judged = judged_curve(d, name)
    known = np.isfinite(judged.x) & np.isfinite(judged.y) & (np.abs(judged.y) < 1e30)
    x, y, told = judged.x[known], judged.y[known], judged.told
    if not len(x):
        return None
    lines, bands = [Line(d.run, k, x, y)], []
    marks = [Mark(float(p), "drops") for p in (*judged.drops, *judged.ahead)]
    marks += [Mark(float(p), "restarts") for p in judged.breaks]
    if told.first is not None and told.last is not None:
        inside = (x >= told.first) & (x <= told.last)
        lines.append(Line("judged", k, x[inside], y[inside], "judged"))
        if math.isfinite(told.change):
            ends = np.array([told.last, told.last + told.horizon], dtype=np.float64)
            span = np.array([told.first, ends[1]], dtype=np.float64)
            level, flat = np.full(2, told.value), np.array([0.0, 1.0])
            bands.append(Band(None, span, level - told.margin, level + told.margin, "margin"))
            bands.append(Band(k, ends, level + flat * told.low_90, level + flat * told.high_90, "fan"))
            lines.append(Line("expected", k, ends, level + flat * told.change, "expected"))
    forecast = next((c for c in f.curves if c.curve == name and c.told), None)
    if forecast and f.epoch is not None:
        at = np.array([f.epoch, f.epoch], dtype=np.float64)
        lines.append(Line("90%", k, at, np.array([forecast.low_90, forecast.high_90]), "thin"))
        lines.append(Line("50%", k, at, np.array([forecast.low_50, forecast.high_50]), "thick"))
    title = "summed loss" if name == "loss" else f"{title_of(name)} [%]" if name == "map" else name
    return Chart(
        key=f"verdict-{k}-{'score' if told.scored else 'loss'}",
        title=f"{title}: {told.verdict}",
        x_label="epoch",
        lines=lines,
        bands=bands,
        marks=marks,
        fit=not told.scored,
    )
