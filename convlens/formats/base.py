"""What every format hands over: blocks of records, in the order of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

import numpy as np

from convlens.findings import Finding
from convlens.meters import Bools, Floats, Ints
from convlens.metrics import Column


class Restarts(StrEnum):
    """What it means that the axis falls back to its beginning."""

    PHASES = "phases"  # with a start line an attempt, without one another phase of the same job
    NEW_RUN = "new run"  # always a new run


@dataclass(frozen=True)
class Table:
    """Records of one kind (n records, k names), in file order.

    `epoch`, `step` (position in the epoch, -1 where the record has none) and `line` (from 1) are (n,);
    `values` is (n, k), NaN where a record lacks a name and `present` (n, k) False there; `decimals` (k,) are
    the printed ones.
    """

    epoch: Ints
    step: Ints
    line: Ints
    names: tuple[str, ...] = ()
    values: Floats = field(default_factory=lambda: np.empty((0, 0)))
    decimals: tuple[int, ...] = ()
    present: Bools = field(default_factory=lambda: np.empty((0, 0), dtype=np.bool_))

    def __len__(self) -> int:
        return len(self.epoch)

    def rows(self, keep: Bools) -> Table:
        """Some of the records."""
        return Table(
            self.epoch[keep],
            self.step[keep],
            self.line[keep],
            self.names,
            self.values[keep],
            self.decimals,
            self.present[keep],
        )

    def only(self, keep: Bools) -> Table:
        """Some of the names."""
        at = np.flatnonzero(keep).tolist()
        return replace(
            self,
            names=tuple(self.names[k] for k in at),
            values=self.values[:, at],
            decimals=tuple(self.decimals[k] for k in at),
            present=self.present[:, at],
        )

    def told(self) -> Bools:
        """Which names (k,) any record has."""
        told: Bools = np.logical_or.reduce(self.present, axis=0)
        return told

    def columns(self, names: Sequence[str]) -> tuple[Floats, Bools]:
        """The values and the presence of some names (n, len(names)), whether or not the table has them."""
        values = np.full((len(self), len(names)), np.nan)
        present = np.zeros(values.shape, dtype=np.bool_)
        for k, name in enumerate(names):
            if name in self.names:
                at = self.names.index(name)
                values[:, k], present[:, k] = self.values[:, at], self.present[:, at]
        return values, present


def empty_table() -> Table:
    """A table without records."""
    none = np.empty(0, dtype=np.int64)
    return Table(none, none, none)


def marks(line: Ints) -> Table:
    """Records that hold nothing but their place (n,), such as start lines of which no number is known."""
    nowhere = np.zeros(len(line), dtype=np.int64)
    nothing = np.empty((len(line), 0))
    return Table(nowhere, nowhere - 1, line, values=nothing, present=nothing.astype(np.bool_))


@dataclass(frozen=True)
class ClassScores:
    """Average precision of each class in each validation: four columns of the same length."""

    epoch: list[int] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    class_name: list[str] = field(default_factory=list)
    ap: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What the arguments promise of a run, whatever their names; None or empty where they do not say.

    `rate` is the learning rate at the beginning, `drops` the epochs (numbered as the log numbers them) from
    which on it is lower, `validate_every` a number of epochs.
    """

    epochs: int | None = None
    start_epoch: int = 0
    rate: float | None = None
    drops: tuple[float, ...] = ()
    validate_every: int | None = None
    samples: int | None = None
    batch_size: int | None = None


@dataclass(frozen=True)
class Config:
    """The arguments of a process, printed on `line`; values that are no literals stay text.

    `identity` are the parts of an identity that they tell.
    """

    line: int = 0
    values: Mapping[str, object] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    identity: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A saved checkpoint; `best` if the script called it the best so far."""

    epoch: int
    line: int
    path: str
    best: bool


CLOSE = int(np.iinfo(np.int32).max)  # the step of a closing line: behind every batch of its epoch
ALL_LINES = (0, 1 << 62)


@dataclass(frozen=True)
class Blocks:
    """All that a format read from one file.

    `train` holds batch lines: all of them if asked for, else the first and the last of each stretch;
    `close` the closing lines of epochs, `score` the validations, `rates` the learning rates that the log
    states, `starts` the start lines. `columns` describe the names in `train` and `close`, `scores` those in
    `score`, the one by which a run is judged first (by default they are percentages, higher is better). What
    `task` is trained is detection or another; `detector` is the one that has such losses, None if that is not
    known. `axis` says what an epoch of the tables is where it is not what the format says, and `counts_from`
    is the number of the first one, None if the log must tell.
    """

    columns: tuple[Column, ...]
    scores: tuple[Column, ...] = ()
    task: str = "detection"
    detector: str | None = None
    axis: str = ""
    counts_from: int | None = None
    train: Table = field(default_factory=empty_table)
    close: Table = field(default_factory=empty_table)
    score: Table = field(default_factory=empty_table)
    rates: Table = field(default_factory=empty_table)
    starts: Table = field(default_factory=empty_table)
    class_ap: ClassScores = field(default_factory=ClassScores)
    configs: tuple[Config, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    epoch_lines: int = 0  # lines that name an epoch
    not_understood: tuple[int, ...] = ()  # numbers of those that were not understood
    not_taken: tuple[str, ...] = ()  # names that were read and are neither columns nor scores
    lines: tuple[int, int] = ALL_LINES  # the first line and the one behind the last of this run

    def in_order(self) -> tuple[Ints, Ints, Ints]:
        """Line, epoch and step of all batch and closing lines (n,), in file order."""
        line = np.concatenate([self.train.line, self.close.line])
        order = np.argsort(line, kind="stable")
        epoch = np.concatenate([self.train.epoch, self.close.epoch])
        step = np.concatenate([self.train.step, np.full(len(self.close), CLOSE)])
        return line[order], epoch[order], step[order]

    why_empty: str = ""  # why there may be no run in a file that was recognised

    def between(self, after: int, first: int, behind: int) -> Blocks:
        """What lines `first` up to `behind` say, with the start lines since line `after` and all configs.

        Columns and scores that none of these lines has are left out.
        """

        def part(table: Table, begin: int = first) -> Table:
            return table.rows((table.line >= begin) & (table.line < behind))

        train, close, score = part(self.train), part(self.close), part(self.score)
        told = {name for table in (train, close) for name in table.only(table.told()).names}
        scored = score.told()
        kept = [n for n, line in enumerate(self.class_ap.line) if first <= line < behind]
        return replace(
            self,
            columns=tuple(c for c in self.columns if c.name in told),
            scores=tuple(c for c in self.scores if scored[score.names.index(c.name)]),
            train=train,
            close=close,
            score=score.only(scored),
            rates=part(self.rates, after + 1),
            starts=part(self.starts, after + 1),
            class_ap=ClassScores(
                *([getattr(self.class_ap, f.name)[n] for n in kept] for f in fields(ClassScores))
            ),
            configs=tuple(c for c in self.configs if c.line < behind),
            checkpoints=tuple(c for c in self.checkpoints if first <= c.line < behind),
            not_understood=tuple(n for n in self.not_understood if first <= n < behind),
            lines=(first, behind),
        )


@dataclass(frozen=True)
class Want:
    """What is to be read beside the summary and the curve."""

    batches: bool = False
    class_ap: bool = False


SUMMARY = Want()


@dataclass(frozen=True)
class Format:
    """One kind of log file.

    `recognise(name, head)` decides from the file's name and its first 128 KB; `read(data, want)` turns
    the bytes into blocks. `beside` are files that may lie beside a log, each with what adds to the blocks
    what it says; the first that is there counts. `layout` are patterns of the paths of logs in a folder that
    the framework wrote: of one `job` (a group), and where each process has a file of its own of one `start`;
    a pattern further down says the same again, and so do lower numbers of a `copy`. `example` shows what it
    looks like.
    """

    name: str
    axis: str
    restarts: Restarts
    recognise: Callable[[str, bytes], bool]
    read: Callable[[bytes, Want], Blocks]
    beside: Mapping[str, Callable[[Blocks, bytes], Blocks]] = field(default_factory=dict)
    layout: tuple[str, ...] = ()
    example: str = ""
