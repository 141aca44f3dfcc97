"""The tables beside the page: every result with all its digits, as CSV that a spreadsheet opens safely."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from convlens.analysis.comparison.rows import row
from convlens.export import combined
from convlens.report.evidence import Evidence
from convlens.wording.text import OutputFormat, as_text

Rows = Sequence[Mapping[str, object]]


def tables_of(told: Evidence) -> dict[str, Rows]:
    """The rows of each table, by its name; none that is empty."""
    return {name: rows for name, rows in _all(told) if rows}


def _all(told: Evidence) -> Iterator[tuple[str, Rows]]:
    if told.comparison:
        yield "runs", told.comparison.rows
    else:
        judged = "map" if told.runs[0].identity.task == "detection" else "score"
        yield "runs", [row(told.arms[0], told.quantities, (), judged, told.diagnoses)]
    yield "verdicts", [{"run": d.run, "run_verdict": d.verdict, **r} for d in told.diagnoses for r in d.rows]
    yield (
        "forecasts",
        [
            {"run": f.run, "curve": c.curve, "after": f.after, "epoch": f.epoch, **c.figures}
            for f in told.forecasts
            for c in f.curves
        ],
    )
    yield "correlation", told.correlations.rows if told.correlations else []
    yield "gap", [{"improved": g.improved.name, **r} for g in told.gaps for r in g.rows]
    differ = told.comparison.arguments if told.comparison else {}
    names = [arm.name for arm in told.arms]
    yield "arguments", [{"argument": a, **dict(zip(names, v, strict=True))} for a, v in differ.items()]
    yield (
        "findings",
        [
            {"run": d.run, "code": f.code, "where": f.where, "text": f.text}
            for d in told.diagnoses
            for f in d.warnings
        ],
    )
    curves = combined(told.runs, "curve", lambda _: None)
    names = [] if curves is None else [str(name) for name in curves.columns]
    lines = [] if curves is None else curves.itertuples(index=False, name=None)
    yield "curves", [dict(zip(names, line, strict=True)) for line in lines]


def write_tables(tables: Mapping[str, Rows], folder: Path, shown: Callable[[object], object]) -> None:
    """Each as CSV, `shown` applied to each value; what would be a formula begins with an apostrophe."""
    folder.mkdir()
    for name, rows in tables.items():
        guarded = [{str(_guarded(k)): _guarded(shown(v)) for k, v in r.items()} for r in rows]
        text = as_text(guarded, OutputFormat.CSV) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")


def _guarded(value: object) -> object:
    text = isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@"))
    return f"'{value}" if text else value
