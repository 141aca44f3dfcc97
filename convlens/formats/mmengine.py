"""MMEngine (MMDetection 3, MMYOLO, MMRazor, MMPose …): `scalars.json` and the `.log` beside it.

A training line is the mean of the last iterations: of 10, if the config does not say otherwise. In
`scalars.json` the step of a training row is the iteration of all, that of a validation row the epoch, where
training goes by epochs. Scores of detectors are fractions. Under distillation the total holds the teacher's
terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Format, Restarts, Want
from convlens.formats.coco import SUFFIXES, ap_name, of_task
from convlens.formats.lines import NUMBER, same_form
from convlens.formats.matches import line_without_end, numbered
from convlens.formats.mmconfig import config_of, parse_config
from convlens.formats.mmlogs import best_checkpoints, configs_in, mm_blocks
from convlens.formats.naming import loss_column
from convlens.formats.nested import Values, at, whole
from convlens.formats.row_files import about_broken, read_json_lines
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_LOGGER = b" - mmengine - "
_JSON = re.compile(rb'\s*\{[^\n]{0,100000}"step": ')
_OTHERS = re.compile(rb'"(?:mode|iteration|log_history|train_loss|test_coco_eval_bbox)"')
_LINE = re.compile(
    rb"- mmengine - INFO - (?P<axis>Epoch|Iter)\((?P<mode>train|val|test)\) +"
    rb"\[ *(?P<first>\d{1,9})(?:/ *(?P<last>\d{1,9}))?\](?:\[ *(?P<step>\d{1,9})/ *(?P<of>\d{1,9})\])? +"
    rb"(?P<values>[^\n]*)$",
    re.MULTILINE,
)
_PAIR = re.compile(rb"(?:^|[ \t])([^\s:]+): (" + NUMBER.encode() + rb")(?=[ \t]|$)")
_SCORE = re.compile(
    r"(?:(?P<model>teacher|ema|student)\.)?(?:[a-z]\w*/)?(?:(?P<task>bbox|segm|keypoints)_)?(?P<kind>mAP|AP|AR)"
    r"(?:_|@)?(?P<part>50|75|s|m|l|M|L|\d+)?"
)
_PERCENT = ("accuracy/", "single-label/", "multi-label/")
_SEGMENTATION = ("aAcc", "mIoU", "mAcc", "mDice", "mFscore", "mPrecision", "mRecall")
_NO_FIGURES = ("epoch", "iter", "of", "step", "memory", "data_time", "time", "eta")
_WINDOW = 10


def recognise(name: str, head: bytes) -> bool:
    """Whether lines are those of MMEngine's logger, or JSON with a step and neither mode nor iteration."""
    del name
    line = head.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")[0]
    return _LOGGER in head or bool(_JSON.match(line) and not _OTHERS.search(line))


def describe(name: str, window: int = _WINDOW, voc: str = "") -> Column | None:
    """What a name is; a loss is the mean of the last `window` iterations, `voc` the task of VOC's scores."""
    column = _describe(name, voc)
    if column and column.role not in (Role.SCORE, Role.RATE):
        return replace(column, meter=Meter.WINDOW, window=window)
    return column


def _describe(name: str, voc: str) -> Column | None:
    if name == "lr" or name in _NO_FIGURES or name.endswith("/lr"):  # of one parameter group
        return RATE if name == "lr" else None
    if metric := _SCORE.fullmatch(name):
        return _score(metric, voc)
    if name.startswith(_PERCENT) or name in _SEGMENTATION:
        return score(name)
    if "/" in name:
        return score(name, Better.LOWER if "loss" in name else Better.HIGHER, Unit.NONE)
    if "loss" in name:
        return loss_column(
            name, quantity=name.removeprefix("student.") if name.startswith("student.") else ""
        )
    accuracy = name.rpartition(".")[2].startswith("acc")
    unit, better = (Unit.PERCENT, Better.HIGHER) if accuracy else (Unit.NONE, Better.NEITHER)
    return Column(name, Role.METRIC, unit, better)


def _score(metric: re.Match[str], voc: str) -> Column:
    """COCO's, LVIS's and VOC's scores; a keypoint detector's go without a task."""
    name, part = metric.string, metric["part"] or ""
    of_poses = name.startswith("coco/A") and not metric["task"]
    task = "keypoints" if of_poses else metric["task"] or ""
    if metric["kind"] == "AR":
        named = of_task(f"ar_{part}".rstrip("_"), task)
    elif part.lower() in SUFFIXES:
        named = ap_name(task, part.lower())
    else:
        return score(name, unit=Unit.FRACTION)
    if "pascal_voc/" in name:
        named = of_task(named, voc)
    model = metric["model"] or "student"
    return score(named if model == "student" else of_task(named, model), unit=Unit.FRACTION)


def read(data: bytes, want: Want) -> Blocks:
    """Read a log of either form (see `Format.read`)."""
    cleaned, findings = clean(data)
    if cleaned.lstrip().startswith(b"{"):
        lines, records, about = read_json_lines(cleaned)
        return blocks_of(rows_of(lines, records), [*findings, *about], want)
    return _read_text(Text(cleaned), list(findings))


def with_config(blocks: Blocks, config: bytes) -> Blocks:
    """What a config beside the log tells: the arguments, and the window of the means."""
    values = parse_config(config.decode("utf-8", errors="replace"))
    if blocks.configs or not values:
        return blocks
    window = _window([(0, values)])
    columns = (replace(c, window=window) if c.meter is Meter.WINDOW else c for c in blocks.columns)
    return replace(blocks, columns=tuple(columns), configs=(config_of(values, 0),))


FORMAT = Format(
    "mmengine",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    {"config.py": with_config},
    (
        r"(?P<job>.*)/(?P<start>\d{8}_\d{6})(?:/vis_data)?/scalars\.json",
        r"(?P<job>.*)/(?P<start>\d{8}_\d{6})/vis_data/\d{8}_\d{6}\.json",
        r"(?P<job>.*)/(?P<start>\d{8}_\d{6})/\d{8}_\d{6}\.log",
    ),
    example='{"lr": 0.0002, "loss": 1.83, "loss_cls": 1.14, "epoch": 1, "iter": 50, "step": 50}',
)


def blocks_of(rows: Rows, findings: Sequence[Finding], want: Want) -> Blocks:
    """The blocks of rows that hold `step` and the names of `scalars.json`."""
    del want
    by_epoch = "epoch" in rows.names
    train = rows.has(n for n in rows.names if n == "epoch" or ("loss" in n and "/" not in n))
    step = rows.whole_numbers("step")
    if by_epoch:
        epoch = np.where(train, rows.whole_numbers("epoch"), step)
        of, done = _places(epoch[train], step[train])
        at = np.full(len(rows), -1, dtype=np.int64)
        at[train] = done
        rows = rows.having("epoch", epoch).having("iter", at).having("of", np.full(len(rows), of))
    else:
        rows = rows.having("iter", step)
    return mm_blocks(rows, ~train, _describing(rows.names), not by_epoch, [], findings)


def _places(epoch: Ints, step: Ints) -> tuple[int, Ints]:
    """The iterations of an epoch (-1 where that cannot be told), and how many of its own each row has done.

    Rows stand at the same places of each epoch, so the first ones of two epochs are as far apart as these.
    """
    first = np.flatnonzero(np.diff(epoch, prepend=-1) != 0)
    apart = np.diff(step[first])[np.diff(epoch[first]) == 1]
    if len(apart) and (apart == apart[0]).all() and apart[0] > 0:
        return int(apart[0]), step - (epoch - 1) * apart[0]
    return -1, step


def _read_text(text: Text, findings: list[Finding]) -> Blocks:
    found = numbered(text, _LINE)
    lines, records, val, broken = [], [], [], []
    tails: list[bytes] = []
    for number, match in found:
        train = match["mode"] == b"train"
        if not train and b"eta: " in match["values"]:
            continue  # progress
        pairs = _PAIR.findall(match["values"])
        if not pairs or (match.end() == len(text.data) and not same_form(match["values"], tails[-20:])):
            broken.append(number)
            continue
        values = {name.decode("utf-8", errors="replace"): value for name, value in pairs}
        if match["mode"] == b"test":
            findings += _of_no_epoch(values, number)
            continue
        place = {"epoch": match["first"], "iter": match["step"], "of": match["of"]}
        if match["axis"] == b"Iter":
            place = {"iter": match["first"]}
        lines.append(number)
        records.append(place | values)
        val.append(not train)
        tails.append(match["values"])
    configs = configs_in(text)
    rows = rows_of(lines, records)
    return mm_blocks(
        rows,
        np.array(val, dtype=np.bool_),
        _describing(rows.names, configs),
        any(m["axis"] == b"Iter" for _, m in found),
        configs,
        [*findings, *about_broken(broken, line_without_end(text))],
        best_checkpoints(text),
    )


def _of_no_epoch(values: Mapping[str, bytes], line: int) -> list[Finding]:
    """What a test says, if it says anything."""
    told = [f"{name} {value.decode()}" for name, value in values.items() if "/" in name][:1]
    text = f"an evaluation ({', '.join(told)}) belongs to no epoch: a test"
    return [Finding(Code.SCORES_WITHOUT_EPOCH, text, f"line {line}")] if told else []


def _describing(
    names: Sequence[str], configs: Sequence[tuple[int, Values]] = ()
) -> Callable[[str], Column | None]:
    """`describe` with the window that the config tells; VOC's scores are others where COCO's stand beside."""
    both = any(name.startswith("coco/bbox") for name in names)
    return partial(describe, window=_window(configs), voc="voc" if both else "")


def _window(configs: Sequence[tuple[int, Values]]) -> int:
    """How many iterations a printed mean covers."""
    window = whole(at(configs[-1][1], "log_processor", "window_size")) if configs else None
    return window or _WINDOW
