"""Ultralytics: `results.csv` of YOLOv5 and YOLOv7 to YOLO26, and the `results.txt` of their elders.

One row is one epoch, its losses are means over it, its scores fractions. The learning rate is that of the
weights: of the parameter group with the lowest, since a warm-up begins with a higher one for the biases.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from convlens.findings import Finding
from convlens.formats.base import Blocks, Config, Format, Plan, Restarts, Want
from convlens.formats.coco import of_task
from convlens.formats.lines import NUMBER
from convlens.formats.naming import SECONDS, name_columns
from convlens.formats.nested import Values, first, flat, whole
from convlens.formats.row_files import about_broken, first_line, header_of, read_csv
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import clean
from convlens.formats.yaml_config import parse_yaml
from convlens.meters import Floats
from convlens.metrics import RATE, Better, Column, Unit, loss, score, total

# v2 and v3 call the first loss GIoU; it stands in the same place.
_TEXT_NAMES = (
    "train/box_loss",
    "train/obj_loss",
    "train/cls_loss",
    "train/total",
    "targets",
    "size",
    "metrics/precision",
    "metrics/recall",
    "metrics/mAP_0.5",
    "metrics/mAP_0.5:0.95",
    "val/box_loss",
    "val/obj_loss",
    "val/cls_loss",
)
_WIDTH = 10  # of a field: two may touch
_EPOCH = re.compile(rb" *(\d{1,7})/(\d{1,7}) +[\d.]+[GM](?=[ \d-])")
_NUMBER = re.compile(NUMBER.encode())
_RATE = re.compile(r"(?:x/lr|lr/pg)\d+")
_METRIC = re.compile(
    r"metrics/(?P<name>precision|recall|mAP_0\.5:0\.95|mAP50-95|mAP_0\.5|mAP50)(?:\((?P<task>[BMPO])\))?"
)
# One network in several sizes: yolov5m, yolo11n-seg, rtdetr-l.
_MODEL = re.compile(r"(?P<detector>yolov?\d+|rtdetr)-?[nstmlxbce]6?u?(?P<task>-(?:seg|pose|obb))?")
_TASKS = {None: "", "B": "", "O": "", "M": "segm", "P": "keypoints"}


def recognise(name: str, head: bytes) -> bool:
    """Whether the file's first line is the header of a `results.csv` or a line of a `results.txt`."""
    del name
    names = header_of(head)
    told = any(n.startswith("metrics/") for n in names) or any(re.match(r"train/\w*loss", n) for n in names)
    return ("epoch" in names and told and "step" not in names) or bool(_cells(first_line(head)))


def describe(name: str) -> Column | None:
    """What a column of the table, or a tag of the event file, is."""
    kind, _, rest = name.partition("/")
    if name == RATE.name:
        return RATE
    if name == "train/total":
        return total(name)
    if kind == "train" and "loss" in rest:
        return loss(name)
    if kind in ("val", "test") and "loss" in rest:
        return score(name, Better.LOWER, Unit.NONE)
    if metric := _METRIC.fullmatch(name):
        known = {"precision": "precision", "recall": "recall", "mAP50-95": "map", "mAP_0.5:0.95": "map"}
        return score(of_task(known.get(metric["name"], "map_50"), _TASKS[metric["task"]]), unit=Unit.FRACTION)
    return score(rest, unit=Unit.FRACTION) if kind == "metrics" else None


def read(data: bytes, want: Want) -> Blocks:
    """Read a table of epochs (see `Format.read`)."""
    del want
    cleaned, findings = clean(data)
    if _cells(first_line(cleaned)):
        return _read_text(cleaned, list(findings))
    rows, about = read_csv(cleaned)
    return _blocks(_seconds(with_rate(rows)), [*findings, *about], ())


def with_config(blocks: Blocks, config: bytes) -> Blocks:
    """What `args.yaml`, or `opt.yaml` of YOLOv5 and YOLOv7, tells."""
    values = parse_yaml(config.decode("utf-8", errors="replace"))
    if not values:
        return blocks
    batch = whole(first(values.get("batch"), values.get("batch_size")))
    plan = Plan(epochs=whole(values.get("epochs")), batch_size=batch)
    return replace(blocks, configs=(Config(0, flat(values), plan, _identity(values)),))


BESIDE = {"args.yaml": with_config, "opt.yaml": with_config}
FORMAT = Format(
    "ultralytics",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    BESIDE,
    (r"(?P<job>.*)/results\.csv", r"(?P<job>.*)/results\.txt"),
    example="epoch,time,train/box_loss,train/cls_loss,…,metrics/mAP50-95(B),…,lr/pg0",
)


def _identity(values: Values) -> dict[str, str | int]:
    """Detector, size of the network, data and images, from the names that the arguments give them."""
    parts: dict[str, str | int] = {}
    model = next((v for n in ("model", "cfg", "weights") if isinstance(v := values.get(n), str) and v), "")
    if stem := PurePosixPath(model.replace("\\", "/")).stem:
        sized = _MODEL.fullmatch(stem)
        parts["detector"] = sized["detector"] + (sized["task"] or "") if sized else stem
        parts |= {"backbone": stem} if sized else {}
    told = values.get("data")
    data = PurePosixPath(told.replace("\\", "/") if isinstance(told, str) else "")
    if data.stem:
        parts["dataset"] = data.parent.name if data.stem in ("data", "dataset") else data.stem
    size = first(values.get("imgsz"), values.get("img_size"))
    side = whole(size[0] if isinstance(size, list) and size else size)
    return parts | ({"input_size": side} if side else {})


def _read_text(data: bytes, findings: list[Finding]) -> Blocks:
    lines, records, broken = [], [], []
    texts = data.split(b"\n")
    for number, text in enumerate(texts, 1):
        cells = _cells(text)
        if cells and (number < len(texts) or len(text) == _WIDTH * len(cells)):
            lines.append(number)
            records.append(cells)
        elif text.strip():
            broken.append(number)
    last = max((int(record["last"]) for record in records), default=0)
    plan = Config(plan=Plan(epochs=last + 1)) if records else Config()
    findings += about_broken(broken, len(texts))
    return _blocks(rows_of(lines, records), findings, (plan,))


def _cells(line: bytes) -> dict[str, bytes]:
    """The fields of a line of `results.txt`, none if it is of another kind."""
    begin = _EPOCH.match(line)
    if not begin:
        return {}
    rest = line[begin.end() :].rstrip()
    cells = rest.split()
    if len(cells) != len(_TEXT_NAMES):  # by width, from the end
        cells = [
            rest[max(len(rest) - _WIDTH * n, 0) :][:_WIDTH].strip() for n in range(len(_TEXT_NAMES), 0, -1)
        ]
    if not all(_NUMBER.fullmatch(cell) for cell in cells):
        return {}
    names = ("epoch", "last", *_TEXT_NAMES)
    return dict(zip(names, (begin[1], begin[2], *cells), strict=True))


def _blocks(rows: Rows, findings: list[Finding], configs: tuple[Config, ...]) -> Blocks:
    named = name_columns(rows.names, describe)
    table = partial(rows.table, epoch=rows.whole_numbers("epoch"))
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        close=table({**named.train, "seconds": SECONDS}),
        score=table(named.scores),
        configs=configs,
        findings=(*findings, *named.findings),
        epoch_lines=len(rows),
        why_empty="the table has a header and no row of an epoch",
    )


def with_rate(rows: Rows) -> Rows:
    """The rows with the learning rate of the weights, as the lowest of all parameter groups."""
    groups = [rows.column(name) for name in rows.names if _RATE.fullmatch(name)]
    return rows.having(RATE.name, np.fmin.reduce(groups)) if groups else rows


def _seconds(rows: Rows) -> Rows:
    """The seconds of each epoch: `time` counts since the process began."""
    since = rows.column("time")
    before = np.concatenate([np.zeros(min(len(since), 1)), since[:-1]])
    seconds: Floats = np.where(since >= before, since - before, since)
    return rows.having("seconds", seconds) if "time" in rows.names else rows
