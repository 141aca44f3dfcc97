"""What analyses are given: runs, or anything that can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from convlens.reader import read_logs
from convlens.run import Run

Given = str | Path | Run | Sequence[str | Path | Run] | Mapping[str, str | Path | Run]


def read_runs(sources: Sequence[Given]) -> list[Run]:
    """The runs of all sources, in order; what is no run yet is read, and a mapping's keys name its runs."""
    runs: list[Run] = []
    for source in sources:
        if isinstance(source, Mapping):
            for label, item in source.items():
                runs += [replace(item, name=label)] if isinstance(item, Run) else read_logs({label: item})
            continue
        for item in [source] if isinstance(source, str | Path | Run) else source:
            runs += [item] if isinstance(item, Run) else read_logs(item)
    return runs
