"""Run: one training run as read from its log, with its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from convlens import tables
from convlens.errors import ConvlensError
from convlens.findings import Finding
from convlens.formats.base import Checkpoint, Config, Plan
from convlens.meters import Bools, Floats, Ints
from convlens.metrics import Column, Role
from convlens.summary import Summary, summarise

if TYPE_CHECKING:
    import pandas as pd


class Part(StrEnum):
    """What a session is to the run."""

    RUN = "run"  # its epochs are on the curve
    SUPERSEDED = "superseded"  # a later attempt started over
    PHASE = "phase"  # another phase of the job
    ABORTED = "aborted"  # a start that completed nothing


@dataclass(frozen=True, eq=False)
class Session:
    """One process's part of the log: n epochs of k columns, m validations of q scores.

    `start` is the epoch at which its meters began and `line` its first line in the log. `first` (n, k) is
    what each epoch's first batch line says; `printed`, `own` and `width` (n, k) are the figures as printed
    (closing line, else last batch line), each epoch's own means and their half-widths; `closing` (n, k)
    says which stood on the closing line and `present` (n, k) which were printed at all. `lr`,
    `speed` [samples/s], `seconds`, `complete` and `last_step` are (n,).
    """

    index: int
    part: Part
    start: int
    line: int
    started: bool  # a start line stands before it
    config: Config
    epoch: Ints
    first: Floats
    printed: Floats
    own: Floats
    width: Floats
    closing: Bools
    present: Bools
    lr: Floats
    speed: Floats
    seconds: Floats
    complete: Bools
    last_step: Ints
    score_epoch: Ints
    scores: Floats

    def __str__(self) -> str:
        span = f"epochs {self.epoch[0]}-{self.epoch[-1]}" if len(self.epoch) else "no epochs"
        return f"session {self.index} ({span}, {self.part})"


@dataclass(frozen=True)
class Identity:
    """What was trained on what; `sources` says where each of its `PARTS` was read from.

    `task` is what was trained for, as the kinds of lines tell. `detector` is the detector, or what stands for
    it in other tasks (`fcn`, `simple_pose`, `slowfast_4x16`). `input_size` is in pixels (`512`, or two sides
    as in `640x192`). A part that nothing tells is None.
    """

    task: str = "detection"
    detector: str | None = None
    backbone: str | None = None
    input_size: int | str | None = None
    dataset: str | None = None
    teacher: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    PARTS = ("detector", "backbone", "input_size", "dataset", "teacher")

    def __str__(self) -> str:
        task = "" if self.task == "detection" else f"{self.task.replace('_', ' ')}:"
        parts = [task or None, self.detector, self.input_size, self.backbone, self.dataset]
        told = " ".join(str(p) for p in parts if p is not None) or "unknown"
        return f"{told}, teacher {self.teacher}" if self.teacher else told


class Late(Protocol):
    """Reads what was left out at first: it goes back to the log."""

    def batches(self) -> pd.DataFrame:
        """See `Run.batches`."""
        ...

    def class_ap(self) -> pd.DataFrame:
        """See `Run.class_ap`."""
        ...

    def sha256(self) -> str:
        """See `Run.sha256`."""
        ...


@dataclass(frozen=True, eq=False)
class Run:
    """One training run.

    `name` is its label, `source` what was read, `format` the kind of log and `axis` what a step is.
    `columns` describe the printed names, `scores` those of validations, the one by which the run is judged
    first, with `score_decimals`. `counts_from` is the number of the axis's first step, None if only the log
    tells; `not_taken` are names that were read and are no columns.
    `sessions` are the processes in the log; `curve_rows` (n, 2) holds the session and row of each epoch of
    the stitched curve; `size` is the log's, in bytes. Tables are built when first asked for.
    """

    name: str
    source: str
    format: str
    axis: str
    columns: tuple[Column, ...]
    scores: tuple[Column, ...]
    score_decimals: tuple[int, ...]
    identity: Identity
    sessions: tuple[Session, ...]
    curve_rows: Ints
    findings: tuple[Finding, ...]
    checkpoints: tuple[Checkpoint, ...] = ()
    published: tuple[tuple[float, str], ...] = ()
    published_map: float | None = None
    size: int = 0
    late: Late | None = None
    counts_from: int | None = None
    not_taken: tuple[str, ...] = ()

    def __str__(self) -> str:
        summary = self.summary
        name = "mAP" if summary.score == "map" else summary.score
        reached = "" if summary.final_score is None else f", {name} {summary.final_score:.4g}"
        return f"{self.name}: {self.identity}, {summary.epochs} {self.axis}s{reached}"

    def __repr__(self) -> str:
        return f"<Run {self}>"

    def _repr_html_(self) -> str:
        return tables.overview(self).to_html(escape=True)

    @property
    def losses(self) -> tuple[Column, ...]:
        """The columns that make up the summed loss."""
        return tuple(c for c in self.columns if c.role is Role.LOSS)

    @property
    def summed(self) -> tuple[Column, ...]:
        """The columns whose sum is `loss`: the total of the losses where it is printed, else the losses."""
        printed = tuple(c for c in self.columns if c.role is Role.TOTAL)
        return printed[:1] or self.losses

    @property
    def score_names(self) -> tuple[str, ...]:
        """The names of the scores."""
        return tuple(c.name for c in self.scores)

    @property
    def main_score(self) -> Column | None:
        """The score by which the run is judged, None if the log holds none."""
        return self.scores[0] if self.scores else None

    @property
    def config(self) -> Mapping[str, object]:
        """The arguments of the process that trained the curve's last epoch, parsed without evaluation."""
        return self._last_config.values

    @property
    def plan(self) -> Plan:
        """What the arguments promise."""
        return self._last_config.plan

    @property
    def _last_config(self) -> Config:
        return self.sessions[self.curve_rows[-1, 0]].config if len(self.curve_rows) else Config()

    @cached_property
    def arrays(self) -> tables.Curve:
        """The stitched curve as arrays."""
        return tables.stitched(self, self.curve_rows)

    @cached_property
    def summary(self) -> Summary:
        """What the run reached."""
        return summarise(self)

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """Figures as printed, by (session, epoch): losses and metrics, lr, speed, seconds, complete."""
        return tables.epochs(self)

    @cached_property
    def validation(self) -> pd.DataFrame:
        """Scores, by (session, epoch); `scores` holds their units."""
        return tables.validation(self)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The stitched curve by epoch: own means, their sum `loss`, scores, lr, complete."""
        return tables.curve(self, self.arrays)

    @cached_property
    def resolution(self) -> pd.DataFrame:
        """The half-width within which rounding leaves each value of `curve` known; same shape."""
        return tables.resolution(self, self.arrays)

    @cached_property
    def batches(self) -> pd.DataFrame:
        """Every value of every batch line, by (session, epoch, batch); reads the log again."""
        return self._late().batches()

    @cached_property
    def class_ap(self) -> pd.DataFrame:
        """Average precision of each class in percent, by (session, epoch, class_name)."""
        return self._late().class_ap()

    @cached_property
    def sha256(self) -> str:
        """The hash of the log, unpacked; reads it again."""
        return self._late().sha256()

    @property
    def validations_due(self) -> int | None:
        """How many validations the arguments promise up to the last complete epoch; None without word."""
        every = self.plan.validate_every
        if not every or every < 1 or not len(self.arrays.epoch):
            return None
        return int((self.done[self.arrays.complete] % every == 0).sum())

    @property
    def first_step(self) -> int:
        """The number of the axis's first step: frameworks count from 0 or from 1."""
        epochs = self.arrays.epoch
        told = 1 if len(epochs) and epochs[0] == 1 else 0
        return told if self.counts_from is None else self.counts_from

    @property
    def done(self) -> Ints:
        """How many steps of the axis the job had done at the end of each step of the curve.

        A log that begins later than with the first is of a job that was resumed.
        """
        return self.arrays.epoch + 1 - self.first_step

    @property
    def validations_found(self) -> int:
        """How many epochs of the curve have the score by which the run is judged."""
        main = self.main_score
        return int(np.isfinite(self.arrays.score(main.name)).sum()) if main else 0

    def with_findings(self, findings: tuple[Finding, ...]) -> Run:
        """The same run with other findings."""
        run = replace(self, findings=findings)
        vars(run)["arrays"] = self.arrays  # need not be stitched again
        return run

    def session_curve(self, session: int) -> pd.DataFrame:
        """The curve of one session alone, like `curve`; a ConvlensError if there is no such session."""
        if not 0 <= session < len(self.sessions):
            message = f"{self.name} has sessions 0 to {len(self.sessions) - 1}, not {session}."
            raise ConvlensError(message)
        epochs = len(self.sessions[session].epoch)
        rows = np.column_stack([np.full(epochs, session), np.arange(epochs)])
        return tables.curve(self, tables.stitched(self, rows))

    def _late(self) -> Late:
        if self.late is None:
            raise ConvlensError(f"{self.name}: the log itself is needed for this table.")
        return self.late
