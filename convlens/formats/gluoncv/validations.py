"""The validations of a log: each block behind its header, as one record of scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import ClassScores, Table
from convlens.formats.gluoncv import scores
from convlens.formats.lines import decimals_of
from convlens.formats.text import Text

_EXACT = 6  # decimals up to which rounding many numbers at once is exact

Header = tuple[int, int, int, int]  # epoch, line number, start and end of the block in bytes


def read_validations(
    text: Text, headers: Sequence[Header], classes: bool
) -> tuple[Table, ClassScores, list[Finding]]:
    """The scores of every whole block, in percent, and if asked for its classes'.

    A block that was cut is left out and becomes a finding.
    """
    rows: list[tuple[int, int, scores.Scores]] = []
    class_ap = ClassScores()
    findings = []
    for epoch, line, start, end in headers:
        block = text.data[start - 1 : end]  # from the newline of the header
        read = scores.read_scores(block)
        last = end == len(text.data)
        if last and scores.is_cut(block, [decimals_of(r.printed("map")) for _, _, r in rows]):
            read = scores.Scores()
        if not read.names:
            if last or scores.holds_scores(block):
                sentence = f"the validation of epoch {epoch} is cut off before its mAP: not used"
                findings.append(Finding(Code.CUT_OFF, sentence, f"line {line}"))
            continue
        rows.append((epoch, line, read))
        if classes:
            for name, ap in scores.read_classes(block):
                class_ap.epoch.append(epoch)
                class_ap.line.append(line)
                class_ap.class_name.append(name)
                class_ap.ap.append(ap)
    return _table(rows), class_ap, findings


def _table(rows: Sequence[tuple[int, int, scores.Scores]]) -> Table:
    """One record a validation; rows of one kind, which is all but every log, are converted at once."""
    read = [r for _, _, r in rows]
    names = tuple(dict.fromkeys(name for kind in {r.names: None for r in read} for name in kind))
    shape = (len(rows), len(names))
    shown = tuple(_decimals(read, name) for name in names)
    alike = len({(r.names, r.percent) for r in read}) == 1
    if alike and max(shown) <= _EXACT:
        factor = [1.0 if name in read[0].percent else 100.0 for name in names]
        raw = np.fromiter(map(float, chain.from_iterable(r.numbers for r in read)), np.float64).reshape(shape)
        values = np.stack([np.round(raw[:, k] * factor[k], d) for k, d in enumerate(shown)], axis=1)
        values[~(raw >= 0)] = np.nan
    else:
        values = np.array([[r.in_percent(name) for name in names] for r in read])
    present = [[name in r.names for name in names] for r in (read[:1] if alike else read)]
    return Table(
        np.array([epoch for epoch, _, _ in rows], dtype=np.int64),
        np.full(len(rows), -1, dtype=np.int64),
        np.array([line for _, line, _ in rows], dtype=np.int64),
        names,
        values.reshape(shape),
        shown,
        np.broadcast_to(np.array(present, dtype=np.bool_).reshape(-1, len(names)), shape),
    )


def _decimals(read: Sequence[scores.Scores], name: str) -> int:
    """The decimals of a score in percent; COCO prints all alike, so its first and last are enough."""
    known = [r for r in read if name in r.names]
    sample = known if not known[0].percent else [known[0], known[-1]]
    return max(max(decimals_of(r.printed(name)) - 2 * (name not in r.percent), 0) for r in sample)
