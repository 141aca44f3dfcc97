"""The validations of a log: each block behind its header, as one record of scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import ClassScores, Table
from convlens.formats.gluoncv import scores
from convlens.formats.text import Text

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
        if last and scores.is_cut(block, [r["map"][1] for _, _, r in rows if "map" in r]):
            read = {}
        if not read:
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
    names = tuple(dict.fromkeys(name for _, _, read in rows for name in read))
    nothing = (float("nan"), 0)
    values = np.array([[read.get(n, nothing)[0] for n in names] for _, _, read in rows])
    decimals = tuple(max((read.get(n, nothing)[1] for _, _, read in rows), default=0) for n in names)
    return Table(
        np.array([epoch for epoch, _, _ in rows], dtype=np.int64),
        np.full(len(rows), -1, dtype=np.int64),
        np.array([line for _, line, _ in rows], dtype=np.int64),
        names,
        values.reshape(len(rows), len(names)),
        decimals,
        np.array([[n in read for n in names] for _, _, read in rows]).reshape(len(rows), len(names)),
    )
