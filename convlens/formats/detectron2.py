"""Detectron2: `metrics.json` (JSON lines) and `log.txt`.

There are no epochs: the axis is the iteration, counted from 0. A printed loss is the median of the last 20
iterations, scores are percentages. Files are appended to, whatever is trained.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, ClassScores, Config, Format, Plan, Restarts, Want, marks
from convlens.formats.coco import ap_name, of_task
from convlens.formats.epochs import at_trained
from convlens.formats.lines import NUMBER, same_form
from convlens.formats.matches import line_numbers, line_without_end, numbered
from convlens.formats.naming import SECONDS, loss_column, name_columns
from convlens.formats.nested import Values, at, flat, whole
from convlens.formats.row_files import about_broken, read_json_lines
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import Text, clean
from convlens.formats.yaml_config import parse_yaml
from convlens.meters import Floats, Ints, Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_WINDOW = 20
_JSON = re.compile(rb'\s*\{[^\n]{0,100000}"iteration": ')
_OTHERS = re.compile(rb'"(?:mode|log_history)": ')
_LOGGER = re.compile(rb"\b(?:d2\.|detectron2|fvcore)[\w.]* (?:INFO|WARNING): ")
_LINE = re.compile(rb"d2\.utils\.events INFO: +([^\n]*\biter: (\d{1,9}) [^\n]*)$", re.MULTILINE)
_PAIR = re.compile(rb"(?:^| )([^\s:]+): (" + NUMBER.encode() + rb")(?= |$)")
_PASTE = re.compile(
    rb"copypaste: Task: (\S+)[ \t]*\n[^\n]*copypaste: ([^\n]+)\n[^\n]*copypaste: ([-\d.,na]+)$", re.MULTILINE
)
_STARTED = re.compile(rb"Rank of current process: \d+")
_CONFIG = re.compile(rb"Running with full config:[ \t]*\n(.*?)(?=^\[|\Z)", re.DOTALL | re.MULTILINE)
_AP = re.compile(r"(?P<task>bbox|segm|keypoints)(?P<student>_student)?/AP(?P<part>50|75|s|m|l)?")
_CLASS = re.compile(r"(bbox|segm|keypoints)(_student)?/AP-(.+)")
_SHARE = re.compile(r"(?:fast|mask)_rcnn/(?:(?:fg_)?cls_accuracy|accuracy|false_(?:negative|positive))")
_NO_FIGURES = re.compile(r"iter(?:ation)?|step|eta(?:_seconds)?|max_mem|(?:\w+_)?time")


def recognise(name: str, head: bytes) -> bool:
    """Whether a line is JSON with an iteration, or lines are those of Detectron2's loggers."""
    del name
    line = head.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")[0]
    return bool(_LOGGER.search(head) or (_JSON.match(line) and not _OTHERS.search(line)))


def describe(name: str, teacher: bool = False) -> Column | None:
    """What a name is; with a `teacher` the plain scores are those of its averaged weights."""
    column = _describe(name, teacher)
    smoothed = column and column.role not in (Role.SCORE, Role.RATE)
    return replace(column, meter=Meter.WINDOW, window=_WINDOW) if column and smoothed else column


def _describe(name: str, teacher: bool) -> Column | None:
    if name == "lr" or _NO_FIGURES.fullmatch(name) or _CLASS.fullmatch(name):
        return RATE if name == "lr" else None
    if metric := _AP.fullmatch(name):
        named = ap_name(metric["task"], metric["part"] or "")
        return score(of_task(named, "teacher") if teacher and not metric["student"] else named)
    if "loss" in name:
        validation = name.startswith(("val", "test"))
        return score(name, Better.LOWER, Unit.NONE) if validation else loss_column(name)
    if _SHARE.fullmatch(name):
        better = Better.LOWER if "false" in name else Better.HIGHER
        return Column(name, Role.METRIC, Unit.FRACTION, better)
    if name.startswith(("panoptic_seg/", "sem_seg/")):
        return score(name)
    return Column(name, Role.METRIC, better=Better.NEITHER)


def read(data: bytes, want: Want) -> Blocks:
    """Read a log of either form (see `Format.read`)."""
    cleaned, findings = clean(data)
    if cleaned.lstrip().startswith(b"{"):
        lines, records, about = read_json_lines(cleaned)
        return blocks_of(rows_of(lines, records), [*findings, *about], want)
    return _read_text(Text(cleaned), list(findings), want)


def with_config(blocks: Blocks, config: bytes) -> Blocks:
    """What `config.yaml` tells."""
    values = parse_yaml(config.decode("utf-8", errors="replace"))
    if blocks.configs or not values:
        return blocks
    return replace(blocks, configs=(Config(0, flat(values), _plan(values), _identity(values)),))


FORMAT = Format(
    "detectron2",
    "iteration",
    Restarts.NEW_RUN,
    recognise,
    read,
    {"config.yaml": with_config},
    (r"(?P<job>.*)/metrics\.json", r"(?P<job>.*)/log\.txt(?:\.rank\d+)?"),
    example='{"iteration": 19, "loss_cls": 0.990, "lr": 2e-05, "total_loss": 2.130, "eta_seconds": 2241.2}',
)


def blocks_of(rows: Rows, findings: Sequence[Finding], want: Want) -> Blocks:
    """The blocks of rows that hold `iteration` and the names of `metrics.json`."""
    teacher = any(name.startswith("bbox_student/") for name in rows.names)
    named = name_columns(rows.names, partial(describe, teacher=teacher))
    # What a crash leaves behind its last row holds no loss.
    losses = [n for n, c in named.train.items() if c.role in (Role.LOSS, Role.TOTAL)]
    trained = _seconds(rows.keep(rows.has(losses)))
    close = trained.table({**named.train, "seconds": SECONDS}, trained.whole_numbers("iteration"))
    scores = named.scores
    places = at_trained(rows.line, rows.whole_numbers("iteration"), close.line, close.epoch)
    score_table = rows.table(scores, places)
    kept = _without_boxes(score_table.names, score_table.values)
    if len(kept) < len(scores):
        text = "bbox scores are 0 throughout beside those of masks: a model of masks alone; they are left out"
        findings = [*findings, Finding(Code.ODD_SCORES, text)]
    taken = np.array([name in kept for name in score_table.names], dtype=np.bool_)
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=tuple(c for c in named.score_columns if c.name in kept),
        counts_from=0,
        close=close,
        score=score_table.only(taken),
        class_ap=_classes(rows, places, teacher, "map" not in kept) if want.class_ap else ClassScores(),
        findings=(*findings, *named.findings),
        epoch_lines=len(rows),
        why_empty="it holds neither losses nor scores of any iteration",
    )


def _seconds(rows: Rows) -> Rows:
    """The seconds since the row before, from those that one iteration takes."""
    steps = np.diff(rows.whole_numbers("iteration"), prepend=-1)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
    return rows.having("seconds", rows.column("time") * np.where(steps > 0, steps, usual))


def _without_boxes(names: Sequence[str], values: Floats) -> set[str]:
    """The scores without those of boxes, where a model that predicts masks only gets 0 for these."""
    known = {name: values[:, k][np.isfinite(values[:, k])] for k, name in enumerate(names)}
    masks, boxes = (known.get(name, np.zeros(0)) for name in ("map_segm", "map"))
    if not masks.any() or boxes.any():
        return set(names)
    return {name for name in names if not re.fullmatch(r"map(?:_50|_75|_small|_medium|_large)?", name)}


def _classes(rows: Rows, places: Ints, teacher: bool, of_masks: bool) -> ClassScores:
    """The class APs of the student's boxes, or of the masks where these are all there is."""
    told = {name: match for name in rows.names if (match := _CLASS.fullmatch(name))}
    mine = [n for n, m in told.items() if (m[1] == "segm") is of_masks and bool(m[2]) is teacher]
    at = np.flatnonzero(rows.has(mine) & (places >= 0)).tolist()
    columns = {name: rows.column(name) for name in mine}
    return ClassScores(
        [int(places[n]) for n in at for _ in mine],
        [int(rows.line[n]) for n in at for _ in mine],
        [told[name][3] for _ in at for name in mine],
        [float(columns[name][n]) for n in at for name in mine],
    )


def _read_text(text: Text, findings: list[Finding], want: Want) -> Blocks:
    """Scores stand behind the last iteration that was printed before their evaluation."""
    lines: list[int] = []
    records: list[dict[str, object]] = []
    broken: list[int] = []
    tails: list[bytes] = []
    for number, match in numbered(text, _LINE, _PASTE):
        record: dict[str, object] = {}
        if match.re is _LINE:
            whole_line = match.end() < len(text.data) or same_form(match[1], tails[-20:])
            record = {name.decode(errors="replace"): value for name, value in _PAIR.findall(match[1])}
            tails.append(match[1])
            record["iteration"] = match[2]
        else:
            names, values = match[2].split(b","), match[3].split(b",")
            whole_line = match.end() < len(text.data) and len(names) == len(values)
            task = match[1].decode(errors="replace")
            told = zip(names, values, strict=False)
            record = {f"{task}/{name.decode(errors='replace')}": value for name, value in told}
        if whole_line:
            lines.append(number)
            records.append(record)
        else:
            broken.append(number)
    findings += [*about_broken(broken, line_without_end(text)), *_apart(records)]
    blocks = blocks_of(rows_of(lines, records), findings, want)
    starts = line_numbers(text, list(_STARTED.finditer(text.data)))
    configs = _configs(text, blocks.close.line)
    return replace(
        blocks,
        starts=marks(starts),
        configs=tuple(Config(line, flat(v), _plan(v), _identity(v)) for line, v in configs),
    )


def _apart(records: list[dict[str, object]]) -> list[Finding]:
    """Tell several evaluations at the same iteration apart, by the names of `metrics.json`.

    Where a teacher of averaged weights is trained too, the student is evaluated first. Other evaluations are
    of other data: the first one is the run's.
    """
    first: list[dict[str, object]] = []
    further: list[dict[str, object]] = []
    seen: set[str] = set()
    for record in records:
        task = "" if "iteration" in record else next(iter(record)).partition("/")[0]
        if task:
            (further if task in seen else first).append(record)
        seen = {*seen, task} if task else set()
    if any(name.endswith("_pseudo") for record in records for name in record):
        for record in first if further else ():
            student = {name.replace("/", "_student/", 1): value for name, value in record.items()}
            record.clear()
            record.update(student)
        return []
    for record in further:
        record.clear()
    text = f"{len(further)} more evaluations stand behind others of the same iteration: they are left out"
    return [Finding(Code.SCORES_WITHOUT_EPOCH, text)] if further else []


def _configs(text: Text, trained: Ints) -> list[tuple[int, Values]]:
    """The configs that training followed, with their lines."""
    found = list(_CONFIG.finditer(text.data))
    line = line_numbers(text, found)
    used = np.diff(np.searchsorted(trained, np.append(line, np.iinfo(np.int64).max))) > 0
    return [
        (int(line[n]), parse_yaml(found[n][1].decode("utf-8", errors="replace")))
        for n in np.flatnonzero(used).tolist()
    ]


def _plan(config: Values) -> Plan:
    """What the solver's part of a config promises, in iterations."""
    rate, steps = at(config, "SOLVER", "BASE_LR"), at(config, "SOLVER", "STEPS")
    period = whole(at(config, "TEST", "EVAL_PERIOD"))
    return Plan(
        epochs=whole(at(config, "SOLVER", "MAX_ITER")),
        rate=rate if isinstance(rate, float) else None,
        drops=tuple(float(s) for s in steps if isinstance(s, int)) if isinstance(steps, list) else (),
        validate_every=period or None,
        batch_size=whole(at(config, "SOLVER", "IMS_PER_BATCH")),
    )


def _identity(config: Values) -> dict[str, str | int]:
    """Detector, backbone and data of a config."""
    parts: dict[str, str | int] = {}
    kind, masks = at(config, "MODEL", "META_ARCHITECTURE"), at(config, "MODEL", "MASK_ON")
    if isinstance(kind, str):
        rcnn = "mask_rcnn" if masks is True else "faster_rcnn"
        parts["detector"] = rcnn if kind.endswith("GeneralizedRCNN") else kind.lower()
    depth, backbone = at(config, "MODEL", "RESNETS", "DEPTH"), at(config, "MODEL", "BACKBONE", "NAME")
    if isinstance(depth, int) and "resnet" in str(backbone).lower():
        parts["backbone"] = f"resnet{depth}"
    data = at(config, "DATASETS", "TRAIN")
    if isinstance(data, list) and data:
        name = str(data[0])
        parts["dataset"] = (
            "coco" if name.startswith("coco_2017") else re.sub(r"_(?:train|trainval).*$", "", name)
        )
    return parts
