"""Kinds of logs that a user declares: columns of a table or JSON by their names, or lines by patterns.

A mapping (`loss=train/total_loss`) is enough for CSV, TSV, JSON lines and a JSON document; a small TOML file
declares the lines of any text. What nothing is said of is known by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from convlens.errors import ConvlensError
from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Format, Restarts, Want, empty_table
from convlens.formats.matches import numbered
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.nested import flat
from convlens.formats.row_files import first_line, read_csv, read_json_lines
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

AXES = ("epoch", "iteration")
_SCORE = re.compile(r"map(?:_\w+)?|ar_\w+")


@dataclass(frozen=True)
class Declared:
    """A declared kind of log.

    `columns` are pairs of a printed name and what it is, `axis_column` is the printed name of the number of
    the epoch or iteration (without one rows are counted), and `patterns` those of the lines of a text.
    """

    name: str
    columns: tuple[tuple[str, Column], ...] = ()
    axis: str = "epoch"
    axis_column: str = ""
    patterns: tuple[str, ...] = ()

    @property
    def format(self) -> Format:
        """The same as a format, which takes every file for its own."""
        return Format(self.name, self.axis, Restarts.NEW_RUN, _any, self.read)

    def read(self, data: bytes, want: Want) -> Blocks:
        """Read a log (see `Format.read`)."""
        del want
        cleaned, findings = clean(data)
        rows, about = self._lines(Text(cleaned)) if self.patterns else _table(cleaned)
        named = name_columns(rows.names, self._column)
        place, counted = self._places(rows, {**named.train, **named.scores})
        trained = rows.has(n for n, c in named.train.items() if c.role is not Role.RATE)
        lines = empty_table()
        if counted or len(np.unique(place[trained])) == trained.sum():
            close = rows.table(named.train, place)
        else:  # several rows an epoch: each is taken to cover what came since the one before
            columns = {n: replace(c, meter=Meter.INTERVAL) for n, c in named.train.items()}
            named = replace(named, train=columns)
            lines, close = rows.table(columns, place, np.arange(len(rows))), empty_table()
        return Blocks(
            columns=named.columns,
            not_taken=named.not_taken,
            scores=named.score_columns,
            axis=self.axis,
            train=lines,
            close=close,
            score=rows.table(named.scores, place),
            findings=(*findings, *about, *named.findings),
            epoch_lines=len(rows),
            why_empty=self._why_empty(rows),
        )

    def _lines(self, text: Text) -> tuple[Rows, list[Finding]]:
        found = numbered(text, *(re.compile(p.encode(), re.MULTILINE) for p in self.patterns))
        about = []
        if found and found[-1][1].end() == len(text.data):  # a number that lost its end is another one
            about = [
                Finding(Code.CUT_OFF, "the log ends inside a line, which is not used", f"line {found[-1][0]}")
            ]
            found = found[:-1]
        told = [{k: v for k, v in match.groupdict().items() if v is not None} for _, match in found]
        return rows_of([number for number, _ in found], told), about

    def _column(self, name: str) -> Column | None:
        """What a printed name is: as declared, else by itself where everything is taken."""
        if name == (self.axis_column or self.axis):
            return None
        told = dict(self.columns)
        if name in told or not self.patterns:
            return told.get(name)
        return column_of(name)

    def _places(self, rows: Rows, columns: Iterable[str]) -> tuple[Ints, bool]:
        """The epoch of each row (n,), and whether they were counted: where no column tells it."""
        name = self.axis_column or self.axis
        if name not in rows.names:
            return np.cumsum(rows.has(columns)) - 1, True
        return rows.whole_numbers(name), False

    def _why_empty(self, rows: Rows) -> str:
        if self.patterns:
            return "no line is as the pattern says"
        there = ", ".join(rows.names[:20]) or "none"
        if missing := [name for name, _ in self.columns if name not in rows.names]:
            return f"it has no column {' or '.join(missing)}; columns with numbers are: {there}"
        return f"its column {self.axis_column or self.axis} holds no whole number beside one of the others"


def column_of(name: str, unit: Unit = Unit.FRACTION) -> Column:
    """What a column is by its name; a share (a mAP, an accuracy) is of the given unit."""
    lowered = name.lower()
    if lowered in ("lr", "learning_rate"):
        return RATE
    if _SCORE.fullmatch(lowered):
        return score(name, unit=unit)
    if "loss" in lowered:
        of_validation = lowered.startswith(("val", "eval", "test"))
        return score(name, Better.LOWER, Unit.NONE) if of_validation else loss_column(name)
    return Column(name, Role.METRIC, better=Better.NEITHER)


def from_map(names: Mapping[str, str]) -> Declared:
    """What names of columns declare, by what they are; `NAME[%]` says that a score is printed in percent.

    A name is `epoch` or `iteration`, `lr`, `loss` or that of a loss, `map`, `map_50`, or any other.
    """
    columns: dict[str, Column] = {}
    axis, axis_column = "epoch", ""
    for name, printed in names.items():
        if name in AXES:
            axis, axis_column = name, printed
            continue
        unit = Unit.PERCENT if name.endswith("[%]") else Unit.FRACTION
        columns[printed] = column_of(name.removesuffix("[%]").strip(), unit)
    if not columns:
        raise ConvlensError("A loss or a score must be named beside the axis, such as loss=train/total_loss.")
    return Declared("mapped", tuple(columns.items()), axis, axis_column)


def _table(data: bytes) -> tuple[Rows, list[Finding]]:
    """The rows of a CSV or TSV file, of JSON lines, or of the list in a JSON document; names by dots."""
    begin = first_line(data).lstrip()
    if begin[:1] not in (b"{", b"["):
        delimiter = max(",\t;", key=begin.decode("utf-8", errors="replace").count)
        return read_csv(data, delimiter)
    records = _records(data)
    lines, about = list(range(1, len(records) + 1)), list[Finding]()
    if not records:
        lines, records, about = read_json_lines(data)
    try:
        return rows_of(lines, [flat(record) for record in records]), about
    except RecursionError:
        return rows_of([], []), [Finding(Code.NOT_UNDERSTOOD, "its records are nested too deep")]


def _records(data: bytes) -> list[dict[str, object]]:
    """The objects in the longest list of a JSON document; none where the bytes are no document."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError, MemoryError):
        return []
    lists = (
        [document]
        if isinstance(document, list)
        else list(document.values())
        if isinstance(document, dict)
        else []
    )
    found = [[item for item in value if isinstance(item, dict)] for value in lists if isinstance(value, list)]
    return max(found, key=len, default=[])


def _any(name: str, head: bytes) -> bool:
    del name, head
    return True
