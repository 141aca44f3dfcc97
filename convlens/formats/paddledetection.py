"""PaddleDetection: `workerlog.0` or `train.log`.

A printed loss is the median of the last iterations, as many as lie between two lines: that at an epoch's
first iteration is of the epoch before but for one. COCO's tables hold fractions. The file is appended to, and
different detectors may follow each other.
"""

from __future__ import annotations

import re

import numpy as np

from convlens.formats.base import Blocks, Config, Format, Restarts, Want, marks
from convlens.formats.coco import tables_in
from convlens.formats.epochs import closed_epochs, epochs_before
from convlens.formats.lines import NUMBER, same_form
from convlens.formats.matches import line_numbers, line_without_end, numbered
from convlens.formats.naming import COUNT, loss_column, name_columns
from convlens.formats.row_files import about_broken
from convlens.formats.rows import rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Bools, Ints, Meter
from convlens.metrics import RATE, SPEED, Better, Column, Role, Unit, score

_LOGGER = re.compile(rb"\] ppdet\.[\w.]+ (?:INFO|WARNING): ")
_LINE = re.compile(
    rb"ppdet\.engine\w*(?:\.\w+)* INFO: Epoch: \[(\d{1,7})\] \[ *(\d{1,9})/(\d{1,9})\] ([^\n]*)$",
    re.MULTILINE,
)
_PAIR = re.compile(rb"(?:^| )([^\s:]+): (" + NUMBER.encode() + rb")(?= |$)")
_HEADING = re.compile(rb"Evaluate annotation type \*(bbox|segm|keypoints)\*")
_SAVED = re.compile(rb"Save checkpoint: (\S+)")
_DETECTOR = re.compile(r"[a-z]+(?:_rcnn|_plus)?")
_BACKBONE = re.compile(r"_(r\d+\w*?|crn_[a-z]|mobilenet\w*?|darknet\d*|hrnet\w*?|swin\w*?)(?=_|$)")
_NO_FIGURES = ("batch_cost", "data_cost", "eta", "max_mem_reserved", "max_mem_allocated")


def recognise(name: str, head: bytes) -> bool:
    """Whether lines are those of PaddleDetection's loggers."""
    del name
    return bool(_LOGGER.search(head))


def describe(name: str) -> Column | None:
    """What a name is; a table's scores go by their own names."""
    if name.startswith(("map", "ar_")):
        return score(name, unit=Unit.FRACTION)
    if name in ("learning_rate", "ips"):
        return RATE if name == "learning_rate" else SPEED
    if name in _NO_FIGURES or name in ("epoch", "step", "of"):
        return None
    if "loss" in name:
        return loss_column(name, Meter.WINDOW)
    return Column(name, Role.METRIC, better=Better.NEITHER, meter=Meter.WINDOW)


def read(data: bytes, want: Want) -> Blocks:
    """Read a log (see `Format.read`)."""
    del want
    cleaned, findings = clean(data)
    text = Text(cleaned)
    lines, records, broken = [], [], []
    tails: list[bytes] = []
    for number, match in numbered(text, _LINE):
        pairs = _PAIR.findall(match[4])
        if not pairs or (match.end() == len(text.data) and not same_form(match[4], tails[-20:])):
            broken.append(number)
            continue
        values = {name.decode(errors="replace"): value for name, value in pairs}
        lines.append(number)
        records.append({**values, "epoch": match[1], "step": match[2], "of": match[3]})
        tails.append(match[4])
    rows = rows_of(lines, records)
    named = name_columns(rows.names, describe)
    epoch, step = rows.whole_numbers("epoch"), rows.whole_numbers("step")
    starts = np.flatnonzero((np.diff(epoch) < 0) | (np.diff(epoch) > 1) | _again(epoch, step)) + 1
    covered = np.diff(step, prepend=-1)
    begins = np.diff(epoch, prepend=-1) != 0
    begins[starts] = True
    covered[begins] = step[begins] + 1
    places = np.array([m.start() for m in _LINE.finditer(text.data)], dtype=np.int64)
    tables, cut = tables_in(text, places, _HEADING)
    judged = name_columns(tables.names, describe)
    of, seconds = rows.whole_numbers("of"), rows.column("batch_cost")
    counted = rows.having(COUNT.name, np.maximum(covered, 1))
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=judged.score_columns,
        counts_from=0,
        train=counted.table({**named.train, COUNT.name: COUNT}, epoch, step),
        close=closed_epochs(rows.line, epoch, step + 1, of, seconds),
        score=tables.table(judged.scores, epochs_before(tables.line, rows.line, epoch)),
        starts=marks(rows.line[starts] - 1),
        configs=_configs(text, np.concatenate([rows.line[:1], rows.line[starts]])),
        findings=(*findings, *about_broken(broken, line_without_end(text)), *cut, *named.findings),
        epoch_lines=len(rows),
        why_empty="no line of an epoch follows",
    )


FORMAT = Format(
    "paddledetection",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    example="[07/01 14:45:44] ppdet.engine INFO: Epoch: [2] [  0/268] learning_rate: 0.000037 loss: 2.048387",
)


def _again(epoch: Ints, step: Ints) -> Bools:
    """Where a line stands at the same place as the one before it, or earlier in the same epoch."""
    again: Bools = (np.diff(epoch) == 0) & (np.diff(step) <= 0)
    return again


def _configs(text: Text, firsts: Ints) -> tuple[Config, ...]:
    """What each process trained, whose first lines are `firsts`: as its first checkpoint is called."""
    saved = list(_SAVED.finditer(text.data))
    process = np.searchsorted(firsts, line_numbers(text, saved), side="right") - 1
    configs = []
    for number, first in enumerate(firsts.tolist()):
        told = [
            m[1].decode("utf-8", errors="replace") for m, p in zip(saved, process, strict=True) if p == number
        ]
        values = {"save_dir": told[0]} if told else {}
        configs.append(Config(first - 1, values, identity=_identity(told[0]) if told else {}))
    return tuple(configs)


def _identity(path: str) -> dict[str, str | int]:
    """Detector and backbone, as the config is called: `output/rtdetr_r101vd_6x_coco`."""
    name = path.rstrip("/").rpartition("/")[2]
    parts: dict[str, str | int] = {}
    if detector := _DETECTOR.match(name):
        parts["detector"] = detector[0]
    if backbone := _BACKBONE.search(name):
        parts["backbone"] = backbone[1]
    return parts
