"""The records of one span of a log's lines, epoch by epoch."""

from __future__ import annotations

import numpy as np

from convlens.formats.base import Blocks, Config, Plan, Table
from convlens.meters import Bools, Floats, Ints, Prints, means_of_lines
from convlens.run import Part, Session


class Piece:
    """The records of one span of lines, epoch by epoch."""

    def __init__(
        self, blocks: Blocks, names: list[str], span: tuple[int, int, int | None], opens_log: bool
    ) -> None:
        first, behind, start = span
        train, close = (t.rows((t.line >= first) & (t.line < behind)) for t in (blocks.train, blocks.close))
        begin = 0 if opens_log else first  # a log may begin with the validation of an epoch that was cut off
        score = blocks.score.rows((blocks.score.line >= begin) & (blocks.score.line < behind))
        self.first, self.started = first, start is not None
        self.config = _config_before(blocks, first)
        self.score = score
        self.epoch = np.unique(np.concatenate([train.epoch, close.epoch, score.epoch]))
        count = len(self.epoch)
        # Of equal epochs the last assignment stays: the last batch line, and reversed the first.
        at = np.searchsorted(self.epoch, train.epoch)
        closed = np.searchsorted(self.epoch, close.epoch)
        values, present = train.columns(names)
        closing_values, closing = close.columns(names)
        self.lines = [(train, at, values, present), (close, closed, closing_values, closing)]
        self.printed, self.present = _last(count, at, values, present)
        last, self.closing = _last(count, closed, closing_values, closing)
        self.printed, self.present = np.where(self.closing, last, self.printed), self.present | self.closing
        earliest = np.full((count, len(names)), np.nan)
        earliest[at[::-1]] = values[::-1]
        self.last_step = np.full(count, -1, dtype=np.int64)
        self.last_step[at] = train.step
        first_step = np.full(count, -1.0)
        first_step[at[::-1]] = train.step[::-1]
        self.last_line = np.zeros(count, dtype=np.int64)
        self.last_line[at] = train.line
        self.first_line = np.full(count, first, dtype=np.int64)
        self.speed = _spread(count, closed, close, "Speed", _spread(count, at, train, "Speed"))
        self.seconds = _spread(count, closed, close, "seconds")
        self.last_line[closed] = close.line
        self.first_line[closed[::-1]] = close.line[::-1]
        self.first_line[at[::-1]] = train.line[::-1]
        self.complete = np.isin(self.epoch, np.concatenate([close.epoch, score.epoch]))
        trained = np.concatenate([train.epoch, close.epoch])
        earliest_epoch = int(self.epoch[0])
        if len(trained):
            self.complete |= self.epoch < trained.max()
            earliest_epoch = int(trained.min())
        plan = self.config.plan
        self.lr = _spread(count, closed, close, "LR", _spread(count, at, train, "LR"))
        if not np.isfinite(self.lr).any():
            self.lr = _rates(blocks, self.epoch, self.last_line, first, plan)
        # Where nothing but a validation is printed, the rate is the one before.
        at_last = np.where(np.isin(self.epoch, trained), np.arange(count), 0)
        self.lr = self.lr[np.maximum.accumulate(at_last)]
        batches, slack = _batches_of_an_epoch(self.last_step, first_step, plan)
        # A process prints from its first epoch on, whatever number a start line gives it.
        self.head_missing = opens_log and start is None and not self.config.line and earliest_epoch > 1
        begin = 0 if self.head_missing else earliest_epoch
        covered = np.where(self.closing, batches, (self.last_step + 1.0)[:, None]).astype(np.float64)
        self.prints = Prints(
            self.epoch,
            begin,
            self.printed,
            covered,
            earliest,
            first_step + 1.0,
            batches,
            slack,
        )

    def means_of_lines(self) -> Floats:
        """The mean of what the lines of each epoch print (n, k), weighted by the batches they cover."""
        tables, rows, values, told = zip(*self.lines, strict=True)
        counts, counted = map(np.concatenate, zip(*(t.columns(["count"]) for t in tables), strict=True))
        weights = np.where(counted, counts, 1.0)[:, 0]
        return means_of_lines(
            np.concatenate(rows), len(self.epoch), np.vstack(values), np.vstack(told), weights
        )

    def session(
        self, index: int, rows: slice, start: int, own: Floats, width: Floats, opened: bool
    ) -> Session:
        """Session `index`: the epochs of a slice, whose meters began at epoch `start`."""
        epoch = self.epoch[rows]
        scored = self.score.rows(np.isin(self.score.epoch, epoch))
        score_epoch, of = np.unique(scored.epoch, return_inverse=True)
        scores, _ = _last(len(score_epoch), of, scored.values, scored.present)
        line = self.first if opened else int(self.first_line[rows.start])
        return Session(
            index=index,
            part=Part.RUN,
            start=start,
            line=line,
            started=opened and self.started,
            config=self.config,
            epoch=epoch,
            first=self.prints.first[rows],
            printed=self.printed[rows],
            own=own,
            width=width,
            closing=self.closing[rows],
            present=self.present[rows],
            lr=self.lr[rows],
            speed=self.speed[rows],
            seconds=self.seconds[rows],
            complete=self.complete[rows],
            last_step=self.last_step[rows],
            score_epoch=score_epoch,
            scores=scores,
        )


def _last(count: int, at: Ints, values: Floats, present: Bools) -> tuple[Floats, Bools]:
    """What n records say last of each epoch, record i of epoch `at[i]`: (count, k), and whether any does."""
    last = np.full((count, values.shape[1]), np.nan)
    told = np.zeros(last.shape, dtype=np.bool_)
    always = np.logical_and.reduce(present, axis=0)
    if always.any() and len(at):  # of equal places the last assignment stays
        last[at[:, None], np.flatnonzero(always)] = values[:, always]
        told[at[:, None], np.flatnonzero(always)] = True
    record, name = np.nonzero(present & ~always)
    last[at[record], name] = values[record, name]
    told[at[record], name] = True
    return last, told


def _spread(count: int, at: Ints, table: Table, name: str, otherwise: Floats | None = None) -> Floats:
    """One column of a table, by epoch: the last of equal epochs stays."""
    spread = np.full(count, np.nan) if otherwise is None else otherwise
    (values,), (told,) = (part.T for part in table.columns([name]))
    spread[at[told]] = values[told]
    return spread


def _config_before(blocks: Blocks, line: int) -> Config:
    """The arguments printed last before a line."""
    before = [c for c in blocks.configs if c.line < line]
    return before[-1] if before else Config()


def _rates(blocks: Blocks, epoch: Ints, last_line: Ints, first: int, plan: Plan) -> Floats:
    """The learning rate at the end of each epoch that `Set learning rate` lines show, NaN where unknown.

    The arguments tell where it begins. If no line ever states a rate although drops were promised, it is
    unknown from the first promised drop on.
    """
    rates = np.full(len(epoch), np.nan if plan.rate is None else plan.rate)
    stated = blocks.rates
    if not len(stated) and plan.drops:
        rates[epoch >= plan.drops[0]] = np.nan
    # Drops that a resumed process replays stand between its start line and its first batch line.
    starts = blocks.starts.line[blocks.starts.line < first]
    since = int(starts[-1]) if len(starts) else 0
    for line, value in zip(stated.line.tolist(), stated.columns(["lr"])[0][:, 0].tolist(), strict=True):
        if line > since:
            rates[last_line >= line] = value
    return rates


def _batches_of_an_epoch(last_step: Ints, first_step: Floats, plan: Plan) -> tuple[float, float]:
    """The batches of an epoch and how far off that may be.

    No line states them: the last batch printed plus at most one interval, unless the arguments tell.
    """
    if not (last_step >= 0).any():
        return 1.0, 0.0
    fewest = int(last_step.max()) + 1
    interval = int(np.median(first_step[first_step >= 0])) + 1
    if plan.samples and plan.batch_size:
        told = plan.samples / plan.batch_size
        if fewest <= told + 1 and told < fewest + interval:
            return max(told, float(fewest)), 1.0
    slack = (interval - 1) / 2
    return fewest + slack, slack
