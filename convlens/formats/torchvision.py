"""torchvision's references (and whatever uses their MetricLogger, as DETR does): what they print.

`loss: a (b)`: a is the median of the last 20 iterations, b, which is read, the mean since the epoch began.
The tables of COCO's scores hold fractions; boxes come first, masks or key points behind them.
"""

from __future__ import annotations

import re

import numpy as np

from convlens.formats.base import Blocks, Format, Restarts, Table, Want
from convlens.formats.coco import tables_in
from convlens.formats.epochs import epochs_before
from convlens.formats.lines import NUMBER
from convlens.formats.matches import line_numbers, line_without_end, numbered
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.row_files import about_broken
from convlens.formats.rows import rows_of
from convlens.formats.text import Text, clean
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_LINE = re.compile(rb"Epoch: \[(\d{1,7})\] +\[ *(\d{1,9})/(\d{1,9})\] +([^\n]*)$", re.MULTILINE)
_PAIR = re.compile(rb"(?:^| )([^\s:]+): " + NUMBER.encode() + rb" \((" + NUMBER.encode() + rb")\)(?= |$)")
_LR = re.compile(rb"(?:^| )lr: (" + NUMBER.encode() + rb") ")
_TOTAL_TIME = re.compile(rb"Epoch: \[(\d{1,7})\] Total time: (?:(\d{1,4}) days?, )?(\d{1,4}):(\d\d):(\d\d) ")
_HEADING = re.compile(rb"\bIoU metric: (bbox|segm|keypoints)[ \t]*$", re.MULTILINE)


def recognise(name: str, head: bytes) -> bool:
    """Whether a line is one of a MetricLogger."""
    del name
    line = _LINE.search(clean(head)[0])
    return bool(line and _PAIR.search(line[4]))


def describe(name: str) -> Column | None:
    """What a name is; a table's scores go by their own names."""
    if name.startswith(("map", "ar_")):
        return score(name, unit=Unit.FRACTION)
    if name == RATE.name:
        return RATE
    if "loss" in name or name in ("classification", "bbox_regression", "bbox_ctrness"):
        return Column(name, Role.METRIC) if name.endswith("_unscaled") else loss_column(name)
    if name in ("epoch", "step", "of", "time", "data", "model_time", "evaluator_time"):
        return None
    if name.startswith("class_error"):
        return Column(name, Role.METRIC, Unit.PERCENT)
    return Column(name, Role.METRIC, better=Better.NEITHER)


def read(data: bytes, want: Want) -> Blocks:
    """Read what was printed (see `Format.read`)."""
    del want
    cleaned, findings = clean(data)
    text = Text(cleaned)
    found = numbered(text, _LINE)
    lines, records, broken = [], [], []
    for number, match in found:
        rate = _LR.search(match[4])
        pairs = {name.decode(errors="replace"): value for name, value in _PAIR.findall(match[4])}
        # What stands behind the losses shows that the line is whole.
        if not pairs or (match.end() == len(text.data) and b"  time: " not in match[4]):
            broken.append(number)
            continue
        place = {"epoch": match[1], "step": match[2], "of": match[3]}
        lines.append(number)
        records.append({**place, **({RATE.name: rate[1]} if rate else {}), **pairs})
    rows = rows_of(lines, records)
    named = name_columns(rows.names, describe)
    epoch, step = rows.whole_numbers("epoch"), rows.whole_numbers("step")
    places = np.array([match.start() for _, match in found], dtype=np.int64)
    tables, cut = tables_in(text, places, _HEADING)
    judged = name_columns(tables.names, describe)
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=judged.score_columns,
        counts_from=0,
        train=rows.table(named.train, epoch, step),
        close=_closing(text),
        score=tables.table(judged.scores, epochs_before(tables.line, rows.line, epoch)),
        findings=(*findings, *about_broken(broken, line_without_end(text)), *cut, *named.findings),
        epoch_lines=len(found),
        why_empty="no line of an epoch is whole",
    )


FORMAT = Format(
    "torchvision",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    example="Epoch: [0]  [ 0/60]  eta: 0:00:49  lr: 0.000090  loss: 3.5754 (3.5754)  time: 0.8333",
)


def _closing(text: Text) -> Table:
    """The lines that end an epoch, with the seconds it took."""
    found = list(_TOTAL_TIME.finditer(text.data))
    parts = [[int(part or 0) for part in match.groups()] for match in found]
    seconds = [((days * 24 + hours) * 60 + minutes) * 60.0 + rest for _, days, hours, minutes, rest in parts]
    line = line_numbers(text, found)
    values = np.array(seconds).reshape(-1, 1)
    epoch = np.array([part[0] for part in parts], dtype=np.int64)
    return Table(
        epoch, np.full(len(epoch), -1), line, ("seconds",), values, (0,), np.ones_like(values, dtype=np.bool_)
    )
