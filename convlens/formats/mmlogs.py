"""What the logs of MMDetection 2 and of MMEngine have in common: both train by epochs or by iterations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Checkpoint, empty_table
from convlens.formats.epochs import at_trained, closed_epochs
from convlens.formats.mmconfig import config_of, parse_config
from convlens.formats.naming import name_columns
from convlens.formats.nested import Values
from convlens.formats.rows import Rows
from convlens.formats.text import Text
from convlens.meters import Bools
from convlens.metrics import Column, Role, score

_EMPTY = "it holds neither a training line nor a validation of an epoch"
_CONFIG = re.compile(
    rb"- Config:[ \t]*\n(.*?)(?=^[^\n]{0,40}- \w+ - (?:INFO|WARNING|ERROR) - |\Z)", re.DOTALL | re.MULTILINE
)
_BEST = re.compile(
    rb"(?:ow best checkpoint is saved as|e best checkpoint with .{1,200} to) (\S+?_(\d{1,9})\.pth)"
)


def mm_blocks(
    rows: Rows,
    of_validation: Bools,
    describe: Callable[[str], Column | None],
    by_iteration: bool,
    configs: Sequence[tuple[int, Values]],
    findings: Sequence[Finding],
    checkpoints: Sequence[Checkpoint] = (),
) -> Blocks:
    """The blocks of some rows.

    They hold `epoch`, `iter` (iterations done: of the epoch, or where training goes by iterations of all) and
    where the log says so `of`, how many an epoch has, and `time`, the seconds of one.
    """
    train, scored = rows.keep(~of_validation), rows.keep(of_validation)
    named = name_columns(train.names, describe)
    judged = name_columns(scored.names, partial(_of_validation, describe))
    epoch, done = train.whole_numbers("epoch"), train.whole_numbers("iter")
    lines = empty_table()
    if by_iteration:
        close = train.table(named.train, done)
        places = at_trained(scored.line, scored.whole_numbers("iter"), close.line, close.epoch)
    else:
        lines = train.table(named.train, epoch, done)
        at = train.has(named.train)
        of, seconds = train.whole_numbers("of")[at], train.column("time")[at]
        close = closed_epochs(train.line[at], epoch[at], done[at], of, seconds)
        places = scored.whole_numbers("epoch")
    return Blocks(
        columns=named.columns,
        not_taken=tuple(dict.fromkeys((*named.not_taken, *judged.not_taken))),
        scores=judged.score_columns,
        axis="iteration" if by_iteration else "epoch",
        counts_from=1,
        configs=tuple(config_of(values, line) for line, values in configs),
        checkpoints=tuple(checkpoints),
        findings=(*findings, *named.findings, *judged.findings),
        epoch_lines=len(rows),
        train=lines,
        close=close,
        score=scored.table(judged.scores, places),
        why_empty="; ".join((_EMPTY, *(f.text for f in findings if f.code is Code.SCORES_WITHOUT_EPOCH))),
    )


def _of_validation(describe: Callable[[str], Column | None], name: str) -> Column | None:
    """What a name is in a row of validation: there a loss is a score too."""
    column = describe(name)
    if column is None or column.role in (Role.SCORE, Role.RATE):
        return column if column and column.role is Role.SCORE else None
    return score(f"val/{name}", column.better, column.unit)


def configs_in(text: Text) -> list[tuple[int, Values]]:
    """The configs that a text log prints, with their lines."""
    found = _CONFIG.finditer(text.data)
    return [
        (text.line_number(m.start()), parse_config(m[1].decode("utf-8", errors="replace"))) for m in found
    ]


def best_checkpoints(text: Text) -> list[Checkpoint]:
    """The checkpoints that a text log calls the best so far."""
    return [
        Checkpoint(int(m[2]), text.line_number(m.start()), m[1].decode("utf-8", errors="replace"), best=True)
        for m in _BEST.finditer(text.data)
    ]
