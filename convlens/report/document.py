"""All results of a report as one JSON document that scripts rely on; README lists its keys."""

from __future__ import annotations

from convlens.report.evidence import Evidence
from convlens.wording import (
    comparison_document,
    correlation_document,
    diagnosis_document,
    forecast_document,
    gap_document,
)


def document(told: Evidence) -> dict[str, object]:
    """The documents of `compare`, `diagnose`, `forecast`, `correlate` and `gap`; null where there is none."""
    comparison, correlations = told.comparison, told.correlations
    return {
        "comparison": comparison and comparison_document.document(comparison, 0),
        "diagnoses": diagnosis_document.document(told.diagnoses)["runs"],
        "forecasts": forecast_document.document(told.forecasts)["forecasts"],
        "correlation": correlations and correlation_document.document(correlations),
        "gaps": [gap_document.document(gap) for gap in told.gaps],
    }
