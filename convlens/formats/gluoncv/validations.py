"""The validations of a log: each block behind its header, as one record of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import ClassScores, Table, empty_table
from convlens.formats.gluoncv import scores
from convlens.formats.lines import decimals_of
from convlens.meters import Floats


class Block(NamedTuple):
    """The text behind the header of a validation, up to the next line that names an epoch."""

    epoch: int
    line: int
    start: int
    end: int
    gap: int


def read_validations(
    data: bytes, blocks: Sequence[Block], rest: Callable[[int], bytes], classes: bool
) -> tuple[Table, ClassScores, list[Finding]]:
    """The scores of every whole block, in percent, and if asked for its classes'.

    `rest` gives the text of a block's gap with what stands behind further training lines: an evaluation in a
    process of its own prints while training goes on. A block that was cut is left out and becomes a finding.
    """
    rows: list[tuple[int, int, scores.Scores]] = []
    class_ap = ClassScores()
    findings = []
    for block in blocks:
        text = data[block.start - 1 : block.end]  # from the newline of the header
        read = scores.read_scores(text)
        at_the_end = block.end == len(data)
        if not at_the_end and not read.whole:
            text = b"\n" + rest(block.gap)
            read = scores.read_scores(text)
        if at_the_end and scores.is_cut(text, (r for _, _, r in rows)):
            read = scores.Scores()
        if not read.names:
            if at_the_end or scores.holds_scores(text):
                sentence = f"the validation of epoch {block.epoch} is cut off before its mAP: not used"
                findings.append(Finding(Code.CUT_OFF, sentence, f"line {block.line}"))
            continue
        rows.append((block.epoch, block.line, read))
        if classes:
            for name, ap in scores.read_classes(text):
                class_ap.epoch.append(block.epoch)
                class_ap.line.append(block.line)
                class_ap.class_name.append(name)
                class_ap.ap.append(ap)
    return _table(rows), class_ap, findings


def _table(rows: Sequence[tuple[int, int, scores.Scores]]) -> Table:
    """One record a validation, in percent."""
    if not rows:
        return empty_table()
    read = [r for _, _, r in rows]
    names = tuple(dict.fromkeys(name for kind in {r.names: None for r in read} for name in kind))
    shape = (len(rows), len(names))
    alike = len({(r.names, r.percent) for r in read}) == 1
    values = _alike_in_percent(read) if alike else None
    if values is None:
        values = np.array([[r.in_percent(name) for name in names] for r in read])
    present = [[name in r.names for name in names] for r in (read[:1] if alike else read)]
    return Table(
        np.array([epoch for epoch, _, _ in rows], dtype=np.int64),
        np.full(len(rows), -1, dtype=np.int64),
        np.array([line for _, line, _ in rows], dtype=np.int64),
        names,
        values.reshape(shape),
        tuple(_decimals(read, name) for name in names),
        np.broadcast_to(np.array(present, dtype=np.bool_).reshape(-1, len(names)), shape),
    )


def _alike_in_percent(read: Sequence[scores.Scores]) -> Floats | None:
    """What `in_percent` gives for scores of the same names, all at once; None where numbers are odd."""
    shift = [b"" if name in read[0].percent else b"e2" for name in read[0].names]
    try:
        flat = [float(text + by) for r in read for text, by in zip(r.numbers, shift, strict=True)]
    except ValueError:  # nan, or a number with an exponent
        return None
    values = np.array(flat)
    values[values < 0] = np.nan
    return values


def _decimals(read: Sequence[scores.Scores], name: str) -> int:
    """The decimals of a score in percent; a log prints all alike, so the first and last are enough."""
    sample = [r for r in (read[0], read[len(read) // 2], read[-1]) if name in r.names]
    sample = sample or [r for r in read if name in r.names]
    return max(max(decimals_of(r.printed(name)) - 2 * (name not in r.percent), 0) for r in sample)
