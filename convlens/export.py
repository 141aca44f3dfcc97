"""Write the tables of runs to files: CSV, Parquet, JSON and JSON lines, exact and whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convlens.errors import ConvlensError
from convlens.files import written_whole
from convlens.run import Run

if TYPE_CHECKING:
    import pandas as pd


def write_tables(runs: Sequence[Run], tables: Sequence[str], form: str, output: Path | None) -> None:
    """Write the named tables (`curve`, `epochs`, `validation`, `class_ap`, `batches`) of all runs.

    One table goes to `output` (standard output if None), several to files beside it that bear their names.
    Numbers are written exactly (the shortest text that reads back the same); NaN is empty in CSV and null in
    JSON. Raises ConvlensError where a table or file cannot be had.
    """
    if form == "parquet":
        _need_pyarrow()
        if output is None:
            raise ConvlensError("Parquet is written to a file: name one with -o FILE.")
    for name in tables:
        path = output
        if output is not None and len(tables) > 1:
            path = output.with_name(f"{output.stem}_{name}{output.suffix}")
        frame = combined(runs, name)
        if path is None:
            sys.stdout.writelines(_text(frame, form))
            continue
        with written_whole(path) as temporary:
            if form == "parquet":
                frame.to_parquet(temporary, index=False)
            else:
                with temporary.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(_text(frame, form))


def combined(runs: Sequence[Run], table: str) -> pd.DataFrame:
    """One table of several runs below each other, keys as columns, the run's name first."""
    import pandas as pd

    frames = []
    for run in runs:
        frame: pd.DataFrame = getattr(run, table).reset_index()
        frame.insert(0, "run", run.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _text(frame: pd.DataFrame, form: str) -> Iterator[str]:
    if form == "csv":
        yield frame.to_csv(index=False, lineterminator="\n")
    elif form == "json":
        yield frame.to_json(orient="records", double_precision=15) + "\n"
    else:
        yield frame.to_json(orient="records", lines=True, double_precision=15)


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        message = "Parquet needs pyarrow: pip install 'convlens[parquet]', or write csv, json or jsonl."
        raise ConvlensError(message) from None
