"""convlens reads the training logs of object detectors and says what happened in them.

    run = convlens.read_log("train.log")
    run.summary.final_map, run.curve, run.findings

Importing it is cheap: each name is loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convlens.analysis.comparison.comparison import compare
    from convlens.analysis.convergence.diagnosis import diagnose
    from convlens.analysis.correlation.correlation import correlate
    from convlens.analysis.forecast.forecast import forecast
    from convlens.analysis.gap import gap
    from convlens.errors import ConvlensError
    from convlens.reader import read_log, read_logs
    from convlens.report.report import write_report
    from convlens.run import Run

__version__ = "0.1.0"
__all__ = [
    "ConvlensError",
    "Run",
    "compare",
    "correlate",
    "diagnose",
    "forecast",
    "gap",
    "read_log",
    "read_logs",
    "write_report",
]

_WHERE = {
    "ConvlensError": "convlens.errors",
    "Run": "convlens.run",
    "compare": "convlens.analysis.comparison.comparison",
    "correlate": "convlens.analysis.correlation.correlation",
    "diagnose": "convlens.analysis.convergence.diagnosis",
    "forecast": "convlens.analysis.forecast.forecast",
    "gap": "convlens.analysis.gap",
    "read_log": "convlens.reader",
    "read_logs": "convlens.reader",
    "write_report": "convlens.report.report",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'convlens' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
