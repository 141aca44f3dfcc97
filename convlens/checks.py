"""What reading finds: everything about a log that a careful reader would want to know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks
from convlens.meters import RUNS_ON_BELOW, Meter
from convlens.metrics import NO_MEANS, Role
from convlens.run import Part, Run, Session
from convlens.sessions import Sessions

_GROWTH = 3.0  # a value that grew this much against the epochs before was exploding
_JUMP = 0.1  # of a loss, from one epoch to the next
_RECENT = 10  # epochs looked back upon


def collect(run: Run, blocks: Blocks, built: Sessions) -> list[Finding]:
    """All findings on a run that was read from `blocks` and split into `built`."""
    findings = [
        *_sessions(run, built),
        *_meters(run, blocks, built),
        *_not_finite(run),
        *_schedule(run, blocks),
        *_length(run),
        *_scores(run),
        *_lines(blocks),
    ]
    if run.axis == "epoch":
        return findings
    return [replace(f, text=re.sub(r"\bepoch(?=s?\b)", run.axis, f.text)) for f in findings]


def _sessions(run: Run, built: Sessions) -> Iterator[Finding]:
    chain = [s for s in run.sessions if s.part is Part.RUN]
    for session in run.sessions:
        first, where = int(session.epoch[0]), f"line {session.line}"
        earlier = [s for s in chain if s.index < session.index]
        if session.part is Part.PHASE:
            text = f"{_span(session)} begins again with no start line, and it is shorter: another phase"
            yield Finding(Code.OTHER_PHASE, f"{text}, not on the curve", where)
        elif session.index in built.restarted:
            names = [c.name for c in run.columns if c.meter is Meter.START]
            text = f"the meters of {', '.join(names)} restart at epoch {first} with no start line"
            yield Finding(Code.METERS_RESTARTED, f"{text}{_step(earlier, session, run)}", where)
        elif session.part is Part.RUN and earlier:
            yield Finding(Code.RESUMED, _resumed(earlier, session, run), where)
    aborted = [s for s in run.sessions if s.part is Part.ABORTED]
    if aborted:
        first, where = int(aborted[0].epoch[0]), f"lines {', '.join(str(s.line) for s in aborted)}"
        one = f"session {aborted[0].index} starts over at epoch {first} and completes nothing"
        many = f"{len(aborted)} sessions start over at epoch {first} and complete nothing"
        text = f"{one if len(aborted) == 1 else many}: not on the curve"
        yield Finding(Code.STARTED_OVER, text, where.replace("lines", "line") if len(aborted) == 1 else where)
    over = [s for s in run.sessions if s.part is Part.SUPERSEDED]
    if over:
        spans = "; ".join(_span(s) for s in over)
        text = f"training starts over at epoch {chain[0].epoch[0]}: not on the curve are {spans}"
        yield Finding(Code.STARTED_OVER, text, f"line {chain[0].line}")


def _resumed(earlier: list[Session], session: Session, run: Run) -> str:
    first = int(session.epoch[0])
    reached = max(int(s.epoch[-1]) for s in earlier)
    text = f"session {session.index} resumes at epoch {first}"
    counted = session.epoch[session.complete | (session.epoch > reached)]
    last = int(counted[-1]) if len(counted) else first - 1
    if min(reached, last) >= first:
        text += f" and supersedes {_epochs(first, min(reached, last))} of the earlier process"
    if reached > last:
        text += f"; it never completes {_epochs(max(last + 1, first), reached)}, kept from before"
    return text + _changed(earlier[-1], session) + _step(earlier, session, run)


def _changed(before: Session, after: Session) -> str:
    old, new = before.config.values, after.config.values
    differ = [k for k in new if k not in {"resume", "start_epoch"} and old.get(k) != new[k]]
    if not old or not differ:
        return ""
    shown = ", ".join(f"{k} {old.get(k)!r} -> {new[k]!r}" for k in differ[:5])
    return f"; arguments changed: {shown}"


def _step(earlier: list[Session], session: Session, run: Run) -> str:
    """How the summed loss goes on over the seam."""
    summed = np.array([c in run.summed for c in run.columns], dtype=np.bool_)
    if not summed.any():
        return ""
    before = [row for s in earlier for row in s.own[s.epoch < session.epoch[0]][:, summed]]
    after = session.own[0, summed]
    if not before or not np.isfinite([*before[-1], *after]).all():
        return ""
    old, new = float(before[-1].sum()), float(after.sum())
    if abs(new - old) > _JUMP * abs(old):
        return f"; the summed loss jumps from {old:.4g} to {new:.4g} there"
    return f"; the summed loss goes on ({old:.4g} -> {new:.4g})"


def _meters(run: Run, blocks: Blocks, built: Sessions) -> Iterator[Finding]:
    declared = {c.name: c.meter for c in blocks.columns}
    for column, share in zip(run.columns, built.impossible.tolist(), strict=True):
        if column.meter is not declared[column.name]:
            does = "is reset each epoch" if column.meter is Meter.EPOCH else "averages the whole process"
            text = f"{column.name} {does} here, other than expected"
            yield Finding(
                Code.METER_CONTRADICTED, f"{text} (a running mean is impossible at {share:.0%} of boundaries)"
            )
    single = [c.name for c in run.columns if c.meter is Meter.LAST and c.role not in NO_MEANS]
    if single and run.axis == "epoch":
        text = f"{', '.join(single)} is printed for single batches: an epoch's own mean is that of its lines"
        yield Finding(Code.SINGLE_BATCHES, text)
    steps = np.diff(blocks.train.step)
    interval = int(np.median(steps[steps > 0])) if (steps > 0).any() else 0
    window = [c for c in run.columns if c.meter is Meter.WINDOW and 0 < c.window < interval]
    if window and run.config and run.axis == "epoch":  # else the window is the usual one, unconfirmed
        text = f"{', '.join(c.name for c in window)} covers the last {window[0].window} of {interval} batches"
        yield Finding(Code.SINGLE_BATCHES, f"{text}: an epoch's own mean is that of its lines")
    since = [k for k, c in enumerate(run.columns) if c.meter is Meter.START]
    if not since:
        return
    if built.head_missing:
        first = int(run.arrays.epoch[0])
        text = f"the log begins at epoch {first} with neither arguments nor a start line: its means since the"
        yield Finding(Code.HEAD_MISSING, f"{text} start are undone as if they had begun at epoch 0")
    names = ", ".join(run.columns[k].name for k in since)
    summed = [k for k in since if run.columns[k].role is Role.LOSS]
    text = f"printed values of {names} average the process since its start; own means are recovered"
    curve = run.arrays
    if summed and len(curve.epoch):
        width = float(curve.width[-1, summed].sum())
        text += f" (of the last epoch's loss to within {width:.2g})"
    if not any(built.impossible[k] <= RUNS_ON_BELOW for k in since):
        text += "; the log is too short or too noisy to confirm that they are such means"
    yield Finding(Code.MEAN_SINCE_START, text)


def _not_finite(run: Run) -> Iterator[Finding]:
    for session in run.sessions:
        groups: dict[tuple[Code, str], list[str]] = {}
        for k, column in enumerate(run.columns):
            told = not_finite(run, session, k)
            if told:
                groups.setdefault(told, []).append(column.name)
        for (code, text), names in groups.items():
            yield Finding(code, f"{', '.join(names)} {text}", f"session {session.index}")


def not_finite(run: Run, session: Session, k: int) -> tuple[Code, str] | None:
    """Whether a column of a session was switched off or failed, from which epoch on, and what tells so."""
    values = session.printed[:, k]
    bad = ~np.isfinite(values) & session.present[:, k]
    if not bad.any():
        return None
    at = int(np.flatnonzero(bad)[0])
    epoch = int(session.epoch[at])
    to_the_end = bool((~np.isfinite(values[at:])).all())
    detector = [n for n, c in enumerate(run.columns) if c.role is Role.LOSS]
    # Where there is no loss to look at, a metric that fails is no term that was switched off.
    healthy = bool(detector) and bool(np.isfinite(session.printed[at:, detector]).all())
    from_first_line = not np.isfinite(session.first[at, k])
    before = np.abs(values[:at][np.isfinite(values[:at])][-_RECENT:])
    grew = len(before) > 1 and before[-1] > _GROWTH * np.median(before)
    unused = bool(np.isnan(values[at:]).all()) and from_first_line and not grew
    if unused and healthy and k not in detector:
        return Code.SWITCHED_OFF, f"NaN from epoch {epoch} on: switched off{_speed_up(session, at)}"
    last = int(np.flatnonzero(bad)[-1])
    until = "on" if to_the_end else f"to {int(session.epoch[last])}"
    if not to_the_end and not bad[at : last + 1].all():
        until += f", in {int(bad.sum())} epochs, and finite between them"
    a_loss = "a loss of the detector" if run.identity.task == "detection" else "a loss"
    if k in detector:
        what = a_loss
    elif unused and detector:
        what = f"beside {a_loss}"
    elif grew:
        what = "it grew before"
    else:
        what = "from its first line on" if from_first_line else "it began within it"
    return Code.NOT_A_NUMBER, f"not finite from epoch {epoch} {until} ({what})"


def _speed_up(session: Session, at: int) -> str:
    if at == 0 or not np.isfinite(session.speed).all():
        return ""
    before, after = np.median(session.speed[:at]), np.median(session.speed[at:])
    return f" (speed {before:.3g} -> {after:.3g} samples/s)"


def _schedule(run: Run, blocks: Blocks) -> Iterator[Finding]:
    plan, curve = run.plan, run.arrays
    if plan.epochs:
        last = plan.epochs - 1 + run.first_step
        outside = [d for d in plan.drops if d > last]
        if outside:
            shown = ", ".join(f"{d:g}" for d in outside)
            text = f"the arguments put a drop of the learning rate at epoch {shown}"
            yield Finding(Code.DROP_OUTSIDE_RUN, f"{text}, but the run ends with {last}: it never comes")
    if not len(curve.epoch):
        return
    reached = [d for d in plan.drops if curve.epoch[0] < d <= curve.epoch[-1]]
    seen = curve.epoch[1:][curve.lr[1:] < curve.lr[:-1]].tolist()
    step = np.diff(curve.epoch).max(initial=1)
    absent = [d for d in reached if not any(abs(d - s) <= step for s in seen)]
    if absent:
        shown = ", ".join(f"{d:g}" for d in absent)
        stated = len(blocks.rates) or "LR" in (*blocks.train.names, *blocks.close.names)
        shows = "shows none there" if stated else "states no rate at all"
        yield Finding(
            Code.RATE_CONTRADICTED,
            f"the arguments put drops of the learning rate at epochs {shown}; the log {shows}",
        )


def _length(run: Run) -> Iterator[Finding]:
    curve, plan = run.arrays, run.plan
    if not len(curve.epoch):
        return
    gaps = np.flatnonzero(np.diff(curve.epoch) > 1)
    if len(gaps) and run.axis == "epoch":
        spans = [_numbers(int(curve.epoch[g]) + 1, int(curve.epoch[g + 1]) - 1) for g in gaps[:5]]
        yield Finding(Code.EPOCHS_MISSING, f"no line of epochs {', '.join(spans)}")
    last = int(curve.epoch[-1])
    done, end = run.summary.epochs, (plan.epochs or 0) - 1 + run.first_step
    inside = "" if curve.complete[-1] else f", the log ends inside epoch {last}"
    # Of iterations the last ones may not be printed.
    interval = 1 if run.axis == "epoch" or len(curve.epoch) < 2 else int(np.median(np.diff(curve.epoch)))
    if plan.epochs and (last + interval <= end or inside):
        left = [f"{d:g}" for d in plan.drops if last < d <= end]
        ahead = f"; a drop of the rate was still to come at {', '.join(left)}" if left else ""
        yield Finding(Code.STOPPED_EARLY, f"{done} of {plan.epochs} epochs are complete{inside}{ahead}")


def _scores(run: Run) -> Iterator[Finding]:
    due, every = run.validations_due, run.plan.validate_every
    found = run.validations_found
    if due and (found == 0 or found < 0.9 * due - 1):
        how_often = "one an epoch" if every == 1 else f"one every {every} epochs"
        yield Finding(Code.SCORES_MISSING, f"{due} validations expected ({how_often}), {found} found")


def _lines(blocks: Blocks) -> Iterator[Finding]:
    lines = blocks.not_understood
    if lines:
        count = f"{len(lines)} of {blocks.epoch_lines} lines that name an epoch"
        shown = ", ".join(map(str, lines[:5])) + (", …" if len(lines) > 5 else "")
        yield Finding(Code.NOT_UNDERSTOOD, f"{count} were not understood", f"lines {shown}")


def _span(session: Session) -> str:
    return f"session {session.index} (epochs {session.epoch[0]}-{session.epoch[-1]})"


def _epochs(first: int, last: int) -> str:
    return f"epoch{'s' * (last > first)} {_numbers(first, last)}"


def _numbers(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
