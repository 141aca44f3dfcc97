"""Rows of named numbers, whatever kind of file they were read from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from types import NoneType

import numpy as np

from convlens.formats.base import Table
from convlens.formats.lines import NUMBER, decimals_of
from convlens.meters import Bools, Floats, Ints
from convlens.metrics import Column, Role, Unit

# A file in which every row has names of its own would fill the memory.
_MOST_CELLS, _FEWEST_NAMES = 1 << 26, 100
_SAMPLE = 20  # values at the end of a column that show its decimals
_NUMBER = re.compile(NUMBER.encode())
_TEXT_NUMBER = re.compile(rf" *{NUMBER}[ \t]*")

Record = Mapping[str, object]


@dataclass(frozen=True, eq=False)
class Rows:
    """n rows of k named numbers, in file order.

    `line` (n,) counts from 1; `values` (n, k) is NaN and `present` (n, k) False where a row lacks a name;
    `decimals` (k,) are those printed at the end of each column.
    """

    line: Ints
    names: tuple[str, ...]
    values: Floats
    present: Bools
    decimals: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.line)

    def column(self, name: str) -> Floats:
        """The values of one name (n,), NaN where it is absent."""
        if name not in self.names:
            return np.full(len(self), np.nan)
        values: Floats = self.values[:, self.names.index(name)]
        return values

    def whole_numbers(self, name: str) -> Ints:
        """The values of one name (n,) where they can count something, -1 elsewhere."""
        values = self.column(name)
        with np.errstate(invalid="ignore"):
            counts = (values >= 0) & (values < 1 << 31) & (values == np.floor(values))
        return np.where(counts, values, -1).astype(np.int64)

    def has(self, names: Iterable[str]) -> Bools:
        """Which rows have any of the names (n,)."""
        wanted = set(names)
        at = [k for k, name in enumerate(self.names) if name in wanted]
        found: Bools = np.logical_or.reduce(self.present[:, at], axis=1)
        return found

    def having(self, name: str, values: Floats | Ints, decimals: int = 0) -> Rows:
        """The same rows with another column, in place of one of that name; absent where it is NaN (n,)."""
        others = [k for k, other in enumerate(self.names) if other != name]
        return Rows(
            self.line,
            (*(self.names[k] for k in others), name),
            np.column_stack([self.values[:, others], values]),
            np.column_stack([self.present[:, others], ~np.isnan(values)]),
            (*(self.decimals[k] for k in others), decimals),
        )

    def keep(self, rows: Bools) -> Rows:
        """Some of the rows, with the names that they have."""
        return known_rows(self.line[rows], self.names, self.values[rows], self.present[rows], self.decimals)

    def table(
        self, columns: Mapping[str, Column], epoch: Ints, step: Ints | None = None, rows: Bools | None = None
    ) -> Table:
        """Records of the rows that have any of the `columns` (by printed name), named and ordered like these.

        `epoch` and `step` (n,) are the rows' positions; a row whose epoch is negative has none and is left
        out, as are those not in `rows` (n,). Scores become percentages, and what is below 0 is no score.
        """
        names = [name for name in columns if name in self.names]
        at = [self.names.index(name) for name in names]
        taken = self.has(names) & (epoch >= 0)
        if rows is not None:
            taken &= rows
        values, present = self.values[taken][:, at], self.present[taken][:, at]
        decimals = [self.decimals[k] for k in at]
        for k, name in enumerate(names):
            column = columns[name]
            if column.role is Role.SCORE and column.unit in (Unit.FRACTION, Unit.PERCENT):
                if column.unit is Unit.FRACTION:
                    values[:, k], decimals[k] = in_percent(values[:, k]), max(decimals[k] - 2, 0)
                values[values[:, k] < 0, k] = np.nan
        return Table(
            epoch[taken],
            np.full(int(taken.sum()), -1, dtype=np.int64) if step is None else step[taken],
            self.line[taken],
            tuple(columns[name].name for name in names),
            values,
            tuple(decimals),
            present,
        )


def in_percent(fractions: Floats) -> Floats:
    """Fractions in percent, to their last decimal digit: 0.45929 is 45.929 and not 45.928999999999995."""
    return np.array([float(Decimal(repr(v)).scaleb(2)) for v in fractions.tolist()], dtype=np.float64)


def scores_in_percent(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Score columns as `Rows.table` leaves them."""
    return tuple(replace(c, unit=Unit.PERCENT) if c.unit is Unit.FRACTION else c for c in columns)


def rows_of(lines: Sequence[int], records: Sequence[Record]) -> Rows:
    """Rows from mappings of names to numbers, as such or as text; other values are left out."""
    kinds: dict[tuple[str, ...], list[int]] = {}
    for number, record in enumerate(records):
        kinds.setdefault(tuple(record), []).append(number)
    most = max(_MOST_CELLS // max(len(records), 1), _FEWEST_NAMES)
    names = list(dict.fromkeys(chain.from_iterable(kinds)))[:most]
    at = {name: k for k, name in enumerate(names)}
    values = np.full((len(records), len(names)), np.nan)
    present = np.zeros(values.shape, dtype=np.bool_)
    decimals = [0] * len(names)
    for kind, index in kinds.items():
        for name, cells in zip(kind, zip(*(records[i].values() for i in index), strict=True), strict=True):
            if (k := at.get(name, -1)) >= 0:
                values[index, k], present[index, k] = numbers_in(cells)
                decimals[k] = max(decimals[k], decimals_in(cells))
    return known_rows(np.array(lines, dtype=np.int64), names, values, present, decimals)


def known_rows(
    line: Ints, names: Sequence[str], values: Floats, present: Bools, decimals: Sequence[int]
) -> Rows:
    """Rows without the names that never have a number."""
    known = np.flatnonzero(np.logical_or.reduce(present, axis=0)).tolist()
    return Rows(
        line,
        tuple(names[k] for k in known),
        values[:, known],
        present[:, known],
        tuple(decimals[k] for k in known),
    )


def numbers_in(cells: Sequence[object]) -> tuple[Floats, Bools]:
    """The numbers in some cells (n,), NaN where there is none, and where there is one (n,)."""
    kinds = set(map(type, cells))
    if kinds <= {float}:
        return np.array(cells, dtype=np.float64), np.ones(len(cells), dtype=np.bool_)
    if kinds <= {str} or kinds <= {bytes}:
        try:
            return np.array(list(map(float, cells))), np.ones(len(cells), dtype=np.bool_)  # type: ignore[arg-type]
        except ValueError:
            pass
    numbers = [_number(cell) for cell in cells]
    values = np.array([np.nan if n is None else n for n in numbers])
    return values, np.array([n is not None for n in numbers], dtype=np.bool_)


def _number(cell: object) -> float | None:
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", errors="replace")
    if isinstance(cell, bool | NoneType) or not isinstance(cell, int | float | str):
        return None
    return float(cell) if not isinstance(cell, str) or _TEXT_NUMBER.fullmatch(cell) else None


def decimals_in(cells: Sequence[object]) -> int:
    """How many decimals the last of some printed numbers show."""
    shown = [c.strip() if isinstance(c, bytes) else str(c).strip().encode() for c in cells[-_SAMPLE:]]
    return max((decimals_of(text) for text in shown if _NUMBER.fullmatch(text)), default=0)
