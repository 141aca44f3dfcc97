"""Blocks become sessions: one for each process that wrote to the log, and the curve is stitched from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from convlens import meters
from convlens.formats.base import CLOSE, Blocks, Restarts
from convlens.meters import OF_LINES, Bools, Floats, Ints, Meter
from convlens.metrics import NO_MEANS, Column, Unit
from convlens.pieces import Piece
from convlens.run import Part, Session

_END = int(np.iinfo(np.int64).max)


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
    pieces = [Piece(blocks, names, span, n == 0) for n, span in enumerate(_spans(blocks))]
    tests = [meters.boundaries(p.prints.scaled(scale), half * scale, fraction) for p in pieces]
    judged, share = meters.judge(tests, [c.meter for c in columns])
    of_lines = np.array([c.meter in OF_LINES for c in columns], dtype=np.bool_)
    given = [c.meter if c.role in NO_MEANS or c.meter in OF_LINES else None for c in columns]
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
            if of_lines.any():
                own[:, of_lines] = piece.means_of_lines()[rows][:, of_lines]
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
            always = restarts is Restarts.NEW_RUN and bool(session.complete.any())
            starts_over = as_far or always
            otherwise = Part.ABORTED if restarts is Restarts.NEW_RUN else Part.PHASE
        if starts_over:
            parts |= {s.index: Part.SUPERSEDED for s in chain}
            chain = [session]
        else:
            parts[session.index] = otherwise
    judged = tuple(s if s.part is parts[s.index] else replace(s, part=parts[s.index]) for s in sessions)
    return judged, _rows(chain)


def _rows(chain: list[Session]) -> Ints:
    """The (session, row) of each epoch of a curve: of its last complete record, else of its last one.

    What a session printed between the first and the last complete epoch of a later one is superseded, though
    that one prints at other places.
    """
    if not chain:
        return np.empty((0, 2), dtype=np.int64)
    standing = np.concatenate([_not_between(s.epoch, chain[n + 1 :]) for n, s in enumerate(chain)])
    epoch = np.concatenate([s.epoch for s in chain])
    complete = np.concatenate([s.complete for s in chain])
    index = np.concatenate([np.full(len(s.epoch), s.index) for s in chain])
    row = np.concatenate([np.arange(len(s.epoch)) for s in chain])
    order = np.lexsort((np.arange(len(epoch)), complete, epoch))
    order = order[standing[order]]
    last_of_epoch = np.diff(epoch[order], append=np.iinfo(np.int64).max) != 0
    taken = order[last_of_epoch]
    return np.column_stack([index[taken], row[taken]])


def _not_between(epoch: Ints, later: list[Session]) -> Bools:
    """Which epochs lie in no gap between what later sessions completed."""
    standing = np.ones(len(epoch), dtype=np.bool_)
    for session in later:
        done = session.epoch[session.complete]
        if len(done):
            standing &= (epoch <= done[0]) | (epoch >= done[-1]) | np.isin(epoch, session.epoch)
    return standing


def _spans(blocks: Blocks) -> list[tuple[int, int, int | None]]:
    """First line, line behind the last, and start line's epoch of each session (None without one).

    Only a batch or closing line opens a session: behind a start line, or where (epoch, step) goes back. A
    start line in the middle of an epoch that simply goes on is another worker's.
    """
    line, epoch, step = blocks.in_order()
    if not len(line):
        return [(int(blocks.score.line.min()), _END, None)] if len(blocks.score) else []
    position = epoch * (CLOSE + 1) + step
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
        spans.append((int(line[first]), behind or _END, start))
    return spans


def _decimals(blocks: Blocks, name: str) -> int:
    tables = [table for table in (blocks.train, blocks.close) if name in table.names]
    return max((table.decimals[table.names.index(name)] for table in tables), default=0)
