"""Write the tables of runs to files: CSV, Parquet, JSON and JSON lines, exact and whole."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convlens.errors import ConvlensError
from convlens.files import written_whole
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd


def combined(runs: Sequence[Run], table: str, report: Callable[[ConvlensError], None]) -> pd.DataFrame | None:
    """One table (`curve`, `epochs`, …) of several runs below each other, keys as columns, the name first.

    A run whose table cannot be had is told to `report`; None if that is so of all.
    """
    import pandas as pd

    frames = []
    for run in runs:
        try:
            frame: pd.DataFrame = getattr(run, table)
        except ConvlensError as error:
            report(error)
            continue
        keys = {"run", *frame.index.names}  # a log may call a column so
        frame = frame.rename(columns={name: f"{name}_printed" for name in keys}).reset_index()
        frame.insert(0, "run", run.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else None


def write_table(frame: pd.DataFrame, path: Path, form: str) -> None:
    """Write a table as `csv`, `json`, `jsonl` or `parquet`; raises ConvlensError if it cannot be."""
    if form == "parquet":
        need_pyarrow()
    with written_whole(path) as temporary:
        if form == "parquet":
            frame.to_parquet(temporary, index=False)
            return
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text_of(frame, form))


def text_of(frame: pd.DataFrame, form: str) -> Iterator[str]:
    """A table as the parts of a CSV, JSON or JSON lines text.

    Numbers are written exactly (the shortest text that reads back the same); what is not finite is empty
    (NaN) or `inf` in CSV and null in JSON.
    """
    if form == "csv":
        yield frame.to_csv(index=False, lineterminator="\n")
        return
    opening, between, closing = ("[", ",\n", "]\n") if form == "json" else ("", "\n", "\n")
    names = [str(name) for name in frame.columns]
    columns = [[_plain(value) for value in frame[name].tolist()] for name in frame.columns]
    yield opening
    for number, cells in enumerate(zip(*columns, strict=True)):
        yield (between if number else "") + json.dumps(dict(zip(names, cells, strict=True)))
    yield closing if len(frame) or form == "json" else ""


def need_pyarrow() -> None:
    """Raises ConvlensError where Parquet cannot be written."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        message = "Parquet needs pyarrow: pip install 'convlens[parquet]', or write csv, json or jsonl."
        raise ConvlensError(message) from None


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
