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
from convlens.metrics import NO_MEANS, Column, Role

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
    """What was trained on what; `sources` says where each part was read from.

    `input_size` is in pixels. A part that nothing tells is None.
    """

    detector: str | None = None
    backbone: str | None = None
    input_size: int | None = None
    dataset: str | None = None
    teacher: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    PARTS = ("detector", "backbone", "input_size", "dataset", "teacher")

    def __str__(self) -> str:
        parts = [self.detector, self.input_size, self.backbone, self.dataset]
        told = " ".join(str(p) for p in parts if p is not None) or "unknown"
        return f"{told}, teacher {self.teacher}" if self.teacher else told


@dataclass(frozen=True)
class Summary:
    """What a run reached; scores in percent, losses as printed.

    `epochs` counts complete ones. `final` holds what the last complete epoch's closing line says, else its
    last batch line; `final_epoch_mean` the own means of the same epoch and names. `final_map` is the last
    validation's, `best_epoch` the earliest of the best. `published` holds (score, conditions) pairs for this
    very log, `published_map` the score whose conditions its validation used. `hours` is the training time
    that the closing lines state.
    """

    epochs: int
    final: Mapping[str, float]
    final_epoch_mean: Mapping[str, float]
    final_map: float | None
    best_map: float | None
    best_epoch: int | None
    best_checkpoint: str | None
    published: tuple[tuple[float, str], ...]
    published_map: float | None
    hours: float | None


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
    `columns` describe the printed names, `score_names` and `score_decimals` the validations' scores.
    `sessions` are the processes in the log; `curve_rows` (n, 2) holds the session and row of each epoch of
    the stitched curve; `size` is the log's, in bytes. Tables are built when first asked for.
    """

    name: str
    source: str
    format: str
    axis: str
    columns: tuple[Column, ...]
    score_names: tuple[str, ...]
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

    def __str__(self) -> str:
        reached = "" if self.summary.final_map is None else f", mAP {self.summary.final_map:.4g}"
        return f"{self.name}: {self.identity}, {self.summary.epochs} epochs{reached}"

    def __repr__(self) -> str:
        return f"<Run {self}>"

    def _repr_html_(self) -> str:
        return tables.overview(self).to_html(escape=True)

    @property
    def losses(self) -> tuple[Column, ...]:
        """The columns that make up the summed loss."""
        return tuple(c for c in self.columns if c.role is Role.LOSS)

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
        """Scores in percent, by (session, epoch)."""
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
        begun = int(self.arrays.epoch[0])
        done = self.arrays.epoch - (begun if begun == 1 else 0) + 1
        return int((done[self.arrays.complete] % every == 0).sum())

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


def summarise(run: Run) -> Summary:
    """The summary of a run, from its arrays."""
    curve = run.arrays
    done = np.flatnonzero(curve.complete)
    final: dict[str, float] = {}
    own: dict[str, float] = {}
    if len(done):
        last = done[-1]
        session, row = run.sessions[run.curve_rows[last, 0]], run.curve_rows[last, 1]
        closed = session.closing[row]
        told = closed if closed.any() else session.present[row]
        for k, column in enumerate(run.columns):
            if told[k] and column.role not in NO_MEANS:
                final[column.name] = float(session.printed[row, k])
                own[column.name] = float(session.own[row, k])
    maps = curve.score("map")
    scored = np.flatnonzero(np.isfinite(maps))
    best = int(scored[np.argmax(maps[scored])]) if len(scored) else None
    hours = float(np.nansum(curve.seconds)) / 3600 if np.isfinite(curve.seconds).any() else None
    best_saved = [c for c in run.checkpoints if c.best]
    return Summary(
        epochs=len(done),
        final=final,
        final_epoch_mean=own,
        final_map=float(maps[scored[-1]]) if len(scored) else None,
        best_map=None if best is None else float(maps[best]),
        best_epoch=None if best is None else int(curve.epoch[best]),
        best_checkpoint=best_saved[-1].path if best_saved else None,
        published=run.published,
        published_map=run.published_map,
        hours=hours,
    )
