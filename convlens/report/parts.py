"""What a report is made of, before it is a page: sections of plain words, tables, charts and folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convlens.report.chart import Chart


@dataclass(frozen=True)
class Legend:
    """The runs that the charts show, by number: name and whether it is there to be clicked."""

    names: Mapping[int, str]


@dataclass(frozen=True)
class Table:
    """Cells for reading; `marks` has the number of the run that a row is of, or None."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    marks: Sequence[int | None] = ()
    note: str = ""

    @property
    def lines(self) -> list[tuple[int | None, Sequence[str]]]:
        """Each row with the number of its run."""
        marks = [*self.marks, *[None] * (len(self.rows) - len(self.marks))]
        return list(zip(marks, self.rows, strict=True))


@dataclass(frozen=True)
class Charts:
    """Charts beside each other, and the name of the figure file that shows the same."""

    charts: Sequence[Chart]
    note: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Fold:
    """What unfolds when its title is clicked."""

    title: str
    parts: Sequence[Part]
    opened: bool = False


@dataclass(frozen=True)
class Words:
    """Sentences below each other; `listed` as a list."""

    sentences: Sequence[str]
    listed: bool = False


Part = Legend | Table | Charts | Fold | Words


@dataclass(frozen=True)
class Section:
    """A question, its answer in plain words, and the evidence."""

    key: str
    question: str
    answer: Sequence[str]
    parts: Sequence[Part] = ()
