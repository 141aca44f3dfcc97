"""The validations of a log: each block behind its header, as one record of scores."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import ClassScores, Table, empty_table
from convlens.formats.gluoncv import scores
from convlens.formats.lines import decimals_of
from convlens.meters import Floats

_LONGEST_PREFIX = 200
_RECENT = 20  # validations that show how many decimals a mAP has


class Block(NamedTuple):
    """The text behind the header of a validation, up to the next line that names an epoch.

    `prefix` is what stands before the header on its line: a time stamp, a logger's name.
    """

    epoch: int
    line: int
    start: int
    end: int
    gap: int
    prefix: bytes


class Validation(NamedTuple):
    """One whole validation: its epoch, its line, its scores and the text that it was read from."""

    epoch: int
    line: int
    read: scores.Scores
    text: bytes


def read_validations(
    data: bytes, blocks: Sequence[Block], rest: Callable[[int], bytes], classes: bool
) -> tuple[Table, ClassScores, list[Finding]]:
    """The scores of every whole block, in percent, and if asked for its classes'.

    `rest` gives the text of a block's gap with what stands behind further training lines: an evaluation in a
    process of its own prints while training goes on. A block that was cut is left out and becomes a finding.
    """
    found: list[Validation] = []
    findings = []
    for block in blocks:
        text = data[block.start - 1 : block.end]  # from the newline of the header
        read = scores.read_scores(text)
        at_the_end = block.end == len(data)
        if not read.whole and block.prefix.strip():
            text = _without_prefix(text, block.prefix)
            read = scores.read_scores(text)
        if not at_the_end and not read.whole:
            text = _without_prefix(b"\n" + rest(block.gap), block.prefix)
            read = scores.read_scores(text)
        if at_the_end and scores.is_cut(text, [v.read for v in found[-_RECENT:]]):
            read = scores.Scores()
        if read.names:
            found.append(Validation(block.epoch, block.line, read, text))
        elif at_the_end or scores.holds_scores(text):
            sentence = f"the validation of epoch {block.epoch} is cut off before its mAP: not used"
            findings.append(Finding(Code.CUT_OFF, sentence, f"line {block.line}"))
        elif b"=" in text:
            sentence = f"the validation of epoch {block.epoch} holds no mAP that can be read: not used"
            findings.append(Finding(Code.NOT_UNDERSTOOD, sentence, f"line {block.line}"))
    table = _table(found)
    if any(not found[n].read.percent for n in np.flatnonzero(table.columns(["map"])[0] > 100)):
        sentence = "VOC scores above 1 are no fractions: all of them were taken as percentages"
        findings.append(Finding(Code.ODD_SCORES, sentence))
        found = [v._replace(read=v.read if v.read.percent else v.read.as_percent()) for v in found]
        table = _table(found)
    return table, _classes(found) if classes else ClassScores(), findings


def _without_prefix(text: bytes, prefix: bytes) -> bytes:
    """The lines of a block without what looks like the prefix of its header."""
    if not prefix.strip() or len(prefix) > _LONGEST_PREFIX:
        return text
    shape = re.escape(prefix.strip())
    for token, kind in ((rb"\d+", rb"\\d+"), (rb"(?<!\\)[A-Za-z]+", rb"[A-Za-z]+"), (rb"(?:\\ )+", rb"\\s+")):
        shape = re.sub(token, kind, shape)
    return re.sub(rb"(?m)^[ \t]*" + shape + rb"[ \t]*", b"", text)


def _classes(found: Sequence[Validation]) -> ClassScores:
    class_ap = ClassScores()
    for validation in found:
        for name, ap in scores.read_classes(validation.text, "map" in validation.read.percent):
            class_ap.epoch.append(validation.epoch)
            class_ap.line.append(validation.line)
            class_ap.class_name.append(name)
            class_ap.ap.append(ap)
    return class_ap


def _table(rows: Sequence[Validation]) -> Table:
    """One record a validation, in percent."""
    if not rows:
        return empty_table()
    read = [row.read for row in rows]
    names = tuple(dict.fromkeys(name for kind in {r.names: None for r in read} for name in kind))
    shape = (len(rows), len(names))
    alike = len({(r.names, r.percent) for r in read}) == 1
    values = _alike_in_percent(read) if alike else None
    if values is None:
        values = np.array([[r.in_percent(name) for name in names] for r in read])
    present = [[name in r.names for name in names] for r in (read[:1] if alike else read)]
    return Table(
        np.array([row.epoch for row in rows], dtype=np.int64),
        np.full(len(rows), -1, dtype=np.int64),
        np.array([row.line for row in rows], dtype=np.int64),
        names,
        values.reshape(shape),
        tuple(_decimals(read, name) for name in names),
        np.broadcast_to(np.array(present, dtype=np.bool_).reshape(-1, len(names)), shape),
    )


def _alike_in_percent(read: Sequence[scores.Scores]) -> Floats | None:
    """What `in_percent` gives for scores of the same names, all at once; None where numbers are odd."""
    try:
        flat = list(map(float, chain.from_iterable(r.numbers for r in read)))
        values = np.array(flat).reshape(len(read), -1)
        fractions = np.array([name not in read[0].percent for name in read[0].names], dtype=np.bool_)
        thousandths = np.rint(values * 1000)
        if (thousandths / 1000 == values).all():  # three decimals are all there are, so a tenth is exact
            values[:, fractions] = thousandths[:, fractions] / 10
        else:
            shift = [b"e2" if fraction else b"" for fraction in fractions]
            flat = [float(text + by) for r in read for text, by in zip(r.numbers, shift, strict=True)]
            values = np.array(flat).reshape(values.shape)
    except ValueError:  # a number with an exponent
        return None
    if not np.isfinite(values).all():
        return None
    values[values < 0] = np.nan
    return values


def _decimals(read: Sequence[scores.Scores], name: str) -> int:
    """The decimals of a score in percent; a log prints all alike, so the first and last are enough."""
    sample = [r for r in (read[0], read[len(read) // 2], read[-1]) if name in r.names]
    sample = sample or [r for r in read if name in r.names]
    return max(max(decimals_of(r.printed(name)) - 2 * (name not in r.percent), 0) for r in sample)
