"""DETR and its descendants: `log.txt`, a JSON line an epoch.

Losses are means over the epoch: `train_loss` the weighted sum of all layers, `train_loss_bbox` a weighted
part of the last one, `…_unscaled` the same without its weight. The lists of COCO's twelve scores are
fractions. The file is appended to, whatever is trained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from convlens.formats.base import Blocks, ClassScores, Config, Format, Restarts, Want
from convlens.formats.coco import NAMES, of_task
from convlens.formats.naming import SECONDS, loss_column, name_columns
from convlens.formats.nested import at
from convlens.formats.row_files import read_json_lines
from convlens.formats.rows import in_percent, rows_of
from convlens.formats.text import clean
from convlens.meters import Ints
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_JSON = re.compile(rb'\s*\{[^\n]{0,200000}"(?:train_loss|train_loss_ce|test_coco_eval_\w+|ema_test_\w+)": ')
_OTHERS = re.compile(rb'"(?:mode|iteration|log_history)": ')
_TABLE = re.compile(r"(?P<ema>ema_)?test_coco_eval_(?P<task>bbox|masks|segm|keypoints)")
_TIME = re.compile(r"(?:(\d{1,4}) days?, )?(\d{1,3}):(\d\d):(\d\d)")
_IDENTITIES: dict[int, dict[str, str | int]] = {41302368: {"detector": "detr", "backbone": "resnet50"}}
_TASKS = {"masks": "segm", "keypoints": "keypoints"}


def recognise(name: str, head: bytes) -> bool:
    """Whether the first line is JSON with a loss of training or COCO's scores of a test."""
    del name
    line = head.lstrip(b"\xef\xbb\xbf \r\n").partition(b"\n")[0]
    return bool(_JSON.match(line) and not _OTHERS.search(line))


def describe(name: str) -> Column | None:
    """What a name is; the scores of the list of twelve go by their own names (see `_scores`)."""
    kind, _, rest = name.partition("_")
    if name == "train_lr":
        return RATE
    if name.startswith("map") or name.startswith("ar_"):
        return score(name, unit=Unit.FRACTION)
    if kind == "test":
        detail = rest.endswith("_unscaled") or loss_column(rest).role is Role.AUXILIARY
        unit = Unit.PERCENT if rest == "class_error" else Unit.NONE
        return None if detail else score(name, Better.LOWER, unit)
    if kind != "train" or rest.startswith("lr"):
        return None
    if "loss" in rest and not rest.endswith("_unscaled"):
        return loss_column(name)
    return Column(name, Role.METRIC, Unit.PERCENT if rest.startswith("class_error") else Unit.NONE)


def read(data: bytes, want: Want) -> Blocks:
    """Read lines of epochs (see `Format.read`)."""
    cleaned, findings = clean(data)
    lines, records, about = read_json_lines(cleaned)
    rows = rows_of(lines, [_flat(record) for record in records])
    named = name_columns(rows.names, describe)
    epoch = rows.whole_numbers("epoch")
    if "epoch" not in rows.names:  # DETR's own published log numbers none
        epoch = np.arange(len(rows))
    losses = [name for name, column in named.train.items() if column is not RATE]
    parameters = rows.column("n_parameters")
    known = parameters[np.isfinite(parameters)]
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        counts_from=0,
        close=rows.table({**named.train, "seconds": SECONDS}, epoch, rows=rows.has(losses)),
        score=rows.table(named.scores, epoch),
        class_ap=_classes(lines, records, epoch) if want.class_ap else ClassScores(),
        configs=(_config(int(known[-1])),) if len(known) else (),
        findings=(*findings, *about, *named.findings),
        epoch_lines=len(rows),
        why_empty="it holds lines of neither training nor tests",
    )


FORMAT = Format(
    "detr",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    example='{"train_lr": 1e-04, "train_loss": 18.22, "test_coco_eval_bbox": [0.0428], "epoch": 0}',
)


def _config(parameters: int) -> Config:
    return Config(values={"n_parameters": parameters}, identity=_IDENTITIES.get(parameters, {}))


def _flat(record: Mapping[str, object]) -> dict[str, object]:
    """A line whose lists of twelve scores have become named ones."""
    flat = dict(record)
    for name in [name for name in record if _TABLE.fullmatch(name)]:
        values = flat.pop(name)
        table = _TABLE.fullmatch(name)
        if table and isinstance(values, list):
            names = [of_task(n, _TASKS.get(table["task"], table["task"])) for n in NAMES]
            told = zip(names, values, strict=False)
            flat |= {of_task(n, "ema") if table["ema"] else n: value for n, value in told}
    took = _TIME.fullmatch(str(flat.get("epoch_time", flat.get("train_epoch_time", ""))))
    if took:
        days, hours, minutes, seconds = (int(part or 0) for part in took.groups())
        flat["seconds"] = float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    return flat


def _classes(lines: Sequence[int], records: Sequence[Mapping[str, object]], epoch: Ints) -> ClassScores:
    """RF-DETR's class APs, in percent."""
    classes = ClassScores()
    for line, record, number in zip(lines, records, epoch.tolist(), strict=True):
        told = at(record.get("test_results_json"), "class_map")
        for item in told if isinstance(told, list) and number >= 0 else ():
            name, ap = at(item, "class"), at(item, "map@50:95")
            if isinstance(name, str) and isinstance(ap, float):
                classes.epoch.append(number)
                classes.line.append(line)
                classes.class_name.append(name)
                classes.ap.append(float(in_percent(np.array([ap]))[0]) if ap >= 0 else np.nan)
    return classes
