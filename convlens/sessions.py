"""Blocks become sessions: one for each process that wrote to the log, and the curve is stitched from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from convlens import meters
from convlens.formats.base import Blocks, Config, Plan, Restarts, Table
from convlens.meters import Floats, Ints, Meter, Prints
from convlens.metrics import NO_MEANS, Column, Unit
from convlens.run import Part, Session

_CLOSE = np.iinfo(np.int32).max  # a closing line stands behind every batch of its epoch


@dataclass(frozen=True)
class Sessions:
    """The sessions of a log, its columns with the meters that the log confirms, and how sure that is.

    `impossible` is the share of boundaries at which each column's meter cannot have run on (k,), NaN where
    the log has none; `restarted` are the sessions that begin without a start line or a step back, and
    `head_missing` says that the log begins in the middle of a process.
    """

    sessions: tuple[Session, ...]
    columns: tuple[Column, ...]
    impossible: Floats
    restarted: tuple[int, ...]
    head_missing: bool


def build_sessions(blocks: Blocks) -> Sessions:
    """Split the records of a log into sessions and undo its since-start meters."""
    columns = blocks.columns
    names = [c.name for c in columns]
    half = np.array([0.5 * 10.0 ** -_decimals(blocks, name) for name in names])
    fraction = np.array([c.unit in (Unit.FRACTION, Unit.PERCENT) for c in columns], dtype=np.bool_)
    scale = np.array([0.01 if c.unit is Unit.PERCENT else 1.0 for c in columns])
    pieces = [_Piece(blocks, names, span, n == 0) for n, span in enumerate(_spans(blocks))]
    tests = [meters.boundaries(p.prints.scaled(scale), half * scale, fraction) for p in pieces]
    judged, share = meters.judge(tests, [c.meter for c in columns])
    single = np.array([c.meter is Meter.LAST for c in columns], dtype=np.bool_)
    given = [c.meter if c.role in NO_MEANS or c.meter is Meter.LAST else None for c in columns]
    judged = [g or m for g, m in zip(given, judged, strict=True)]
    since_start = np.array([m is Meter.START for m in judged], dtype=np.bool_)
    sessions: list[Session] = []
    restarted = []
    for piece in pieces:
        at = 0
        parts = meters.split_at_restarts(piece.prints, half, fraction & (scale == 1), since_start)
        for number, part in enumerate(parts):
            rows = slice(at, at + len(part.epoch))
            own, width = meters.own_means(part, half, since_start)
            if single.any():
                own[:, single] = meters.means_of_lines(*piece.lines)[rows][:, single]
                width[np.isnan(own)] = np.nan
            if number:
                restarted.append(len(sessions))
            sessions.append(piece.session(len(sessions), rows, part.start, own, width, number == 0))
            at += len(part.epoch)
    known = tuple(replace(c, meter=m) for c, m in zip(columns, judged, strict=True))
    return Sessions(tuple(sessions), known, share, tuple(restarted), any(p.head_missing for p in pieces))


def stitch(sessions: tuple[Session, ...], restarts: Restarts) -> tuple[tuple[Session, ...], Ints]:
    """Decide what each session is to the run, and from which (session, row) each epoch is taken.

    A session that begins behind the first epoch resumes the job; one that begins at it again starts over
    if a start line says so or if it goes at least as far, and otherwise is what the format's `restarts` say.
    Of an epoch that several sessions hold, the last one that completed it counts.
    """
    parts = {s.index: Part.RUN for s in sessions}
    chain: list[Session] = []
    for session in sessions:
        if not chain or session.epoch[0] > chain[0].epoch[0]:
            chain.append(session)
            continue
        done = max(int(s.complete.sum()) for s in chain)
        if session.started:
            starts_over = bool(session.complete.any()) or not done
            otherwise = Part.ABORTED
        else:
            as_far = len(session.epoch) >= len({e for s in chain for e in s.epoch.tolist()})
            starts_over = as_far or restarts is Restarts.NEW_RUN
            otherwise = Part.PHASE
        if starts_over:
            parts |= {s.index: Part.SUPERSEDED for s in chain}
            chain = [session]
        else:
            parts[session.index] = otherwise
    judged = tuple(s if s.part is parts[s.index] else replace(s, part=parts[s.index]) for s in sessions)
    return judged, _rows(chain)


def _rows(chain: list[Session]) -> Ints:
    """The (session, row) of each epoch of a curve: of its last complete record, else of its last one."""
    if not chain:
        return np.empty((0, 2), dtype=np.int64)
    epoch = np.concatenate([s.epoch for s in chain])
    complete = np.concatenate([s.complete for s in chain])
    index = np.concatenate([np.full(len(s.epoch), s.index) for s in chain])
    row = np.concatenate([np.arange(len(s.epoch)) for s in chain])
    order = np.lexsort((np.arange(len(epoch)), complete, epoch))
    last_of_epoch = np.diff(epoch[order], append=np.iinfo(np.int64).max) != 0
    taken = order[last_of_epoch]
    return np.column_stack([index[taken], row[taken]])


def _spans(blocks: Blocks) -> list[tuple[int, int, int | None]]:
    """First line, line behind the last, and start line's epoch of each session (None without one).

    Only a batch or closing line opens a session: behind a start line, or where (epoch, step) goes back. A
    start line in the middle of an epoch that simply goes on is another worker's.
    """
    train, close = blocks.train, blocks.close
    line = np.concatenate([train.line, close.line])
    order = np.argsort(line, kind="stable")
    line = line[order]
    epoch = np.concatenate([train.epoch, close.epoch])[order]
    step = np.concatenate([train.step, np.full(len(close), _CLOSE)])[order]
    if not len(line):
        return [(0, int(np.iinfo(np.int64).max), None)] if len(blocks.score) else []
    position = epoch * (_CLOSE + 1) + step
    started = np.diff(np.searchsorted(blocks.starts.line, line)) > 0
    goes_on = (np.diff(epoch) == 0) & (np.diff(position) > 0)
    opens = np.flatnonzero((np.diff(position) < 0) | (started & ~goes_on)) + 1
    firsts = [0, *opens.tolist()]
    spans = []
    for number, first in enumerate(firsts):
        before = int(line[first - 1]) if first else 0
        lines = blocks.starts.line
        own = np.flatnonzero((lines > before) & (lines < line[first]))
        behind = int(line[firsts[number + 1]]) if number + 1 < len(firsts) else None
        start = int(blocks.starts.epoch[own[-1]]) if len(own) else None
        spans.append((int(line[first]), behind or int(np.iinfo(np.int64).max), start))
    return spans


class _Piece:
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
        values, present = train.columns(names)
        self.lines = at, count, values, present
        batch_values, batch_present = (
            np.full((count, len(names)), np.nan),
            np.zeros((count, len(names)), bool),
        )
        batch_values[at], batch_present[at] = values, present
        earliest = np.full((count, len(names)), np.nan)
        earliest[at[::-1]] = values[::-1]
        self.last_step = np.full(count, -1, dtype=np.int64)
        self.last_step[at] = train.step
        first_step = np.full(count, -1.0)
        first_step[at[::-1]] = train.step[::-1]
        self.last_line = np.zeros(count, dtype=np.int64)
        self.last_line[at] = train.line
        self.first_line = np.full(count, first, dtype=np.int64)
        closed = np.searchsorted(self.epoch, close.epoch)
        self.speed = _spread(count, closed, close, "Speed", _spread(count, at, train, "Speed"))
        self.seconds = _spread(count, closed, close, "seconds")
        values, present = close.columns(names)
        self.closing = np.zeros((count, len(names)), dtype=np.bool_)
        self.closing[closed] = present
        self.printed = batch_values
        self.printed[closed] = np.where(present, values, batch_values[closed])
        self.present = batch_present | self.closing
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
        self.lr = _spread(count, at, train, "LR")
        if not np.isfinite(self.lr).any():
            self.lr = _rates(blocks, self.epoch, self.last_line, first, plan)
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

    def session(
        self, index: int, rows: slice, start: int, own: Floats, width: Floats, opened: bool
    ) -> Session:
        epoch = self.epoch[rows]
        # An epoch may be validated again: the last time counts.
        known, behind = np.unique(self.score.epoch[::-1], return_index=True)
        scored = (len(self.score) - 1 - behind)[np.isin(known, epoch)]
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
            score_epoch=self.score.epoch[scored],
            scores=self.score.values[scored],
        )


def _spread(count: int, at: Ints, table: Table, name: str, otherwise: Floats | None = None) -> Floats:
    """One column of a table, by epoch: the last of equal epochs stays."""
    spread = np.full(count, np.nan) if otherwise is None else otherwise
    (values,), (told,) = (part.T for part in table.columns([name]))
    spread[at[told]] = values[told]
    return spread


def _decimals(blocks: Blocks, name: str) -> int:
    shown = [
        table.decimals[table.names.index(name)]
        for table in (blocks.train, blocks.close)
        if name in table.names
    ]
    return max(shown, default=0)


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
