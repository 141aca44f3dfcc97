"""PyTorch Lightning's CSVLogger: `metrics.csv`, which RF-DETR writes too.

Names are the user's. Each group of values is a row of its own, so that an epoch has several; what is logged
at several steps of it is the last batch's, what is logged once its mean. Scores are fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial

import numpy as np

from convlens.findings import Finding
from convlens.formats.base import (
    Blocks,
    ClassScores,
    Config,
    Format,
    Plan,
    Restarts,
    Table,
    Want,
    empty_table,
)
from convlens.formats.coco import of_task
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.nested import first, flat, whole
from convlens.formats.row_files import header_of, read_csv
from convlens.formats.rows import Rows, in_percent
from convlens.formats.text import clean
from convlens.formats.yaml_config import parse_yaml
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_RATE = re.compile(r"(?:train[/_])?(?:lr|learning_rate)(?:-[^/]+)?(?:/pg1)?")
_JUDGED = re.compile(r"(?P<on>val(?:id(?:ation)?)?|eval|test)[/_](?P<ema>ema_)?(?P<name>.+)")
_MAP = re.compile(r"(?i)m?ap(?:[_@]?(?P<part>50[-_:]95|0\.5:0\.95|50|75|small|medium|large))?")
_RECALL = re.compile(r"(?i)mar(?:_(?P<part>\d+|small|medium|large))?")
_CLASS = re.compile(r"val/AP/(.+)|val[/_](?:map|ap)_per_class/(.+)")
_SHARE = re.compile(r"(?i).*(?:acc|f1|precision|recall|auroc|auc|iou|dice|map|mar|jaccard)(?:[_/@\d].*)?")


def recognise(name: str, head: bytes) -> bool:
    """Whether the first line is a header with an epoch and a step, and is not Ultralytics'."""
    del name
    names = header_of(head)
    return {"epoch", "step"} <= set(names) and not any(n.startswith("metrics/mAP") for n in names)


def describe(name: str, names: AbstractSet[str] = frozenset()) -> Column | None:
    """What a name is, among others; losses average what the rows show."""
    if (
        name in ("epoch", "step")
        or name.endswith(("lr_max", "lr_min"))
        or _RATE.fullmatch(name)
        or _CLASS.fullmatch(name)
    ):
        return RATE if _RATE.fullmatch(name) else None
    if judged := _JUDGED.fullmatch(name):
        return _score(name, judged)
    if name.endswith("_step") and f"{name.removesuffix('_step')}_epoch" in names:
        return Column(name, Role.METRIC)  # the same once more
    if "loss" in name.lower():
        return loss_column(name)
    if name.endswith("class_error"):
        return Column(name, Role.METRIC, Unit.PERCENT)
    share = _SHARE.fullmatch(name)
    unit, better = (Unit.FRACTION, Better.HIGHER) if share else (Unit.NONE, Better.NEITHER)
    return Column(name, Role.METRIC, unit, better)


def _score(name: str, judged: re.Match[str]) -> Column:
    short, on_test = judged["name"], judged["on"] == "test"
    if "loss" in short.lower():
        return score(name, Better.LOWER, Unit.NONE)
    if not _SHARE.fullmatch(short):
        return score(name, Better.NEITHER, Unit.NONE)
    if on_test:
        return score(name, unit=Unit.FRACTION)
    named = ""
    if metric := _MAP.fullmatch(short):
        part = (metric["part"] or "").lower()
        named = "map" if part in ("50_95", "50-95", "50:95", "0.5:0.95") else f"map_{part}".rstrip("_")
    elif recall := _RECALL.fullmatch(short):
        named = f"ar_{recall['part'] or ''}".rstrip("_")
    if not named:
        return score(name, unit=Unit.FRACTION)
    return score(of_task(named, "ema") if judged["ema"] else named, unit=Unit.FRACTION)


def read(data: bytes, want: Want) -> Blocks:
    """Read a table of values (see `Format.read`)."""
    cleaned, findings = clean(data)
    rows, about = read_csv(cleaned)
    return blocks_of(rows, [*findings, *about], want)


def blocks_of(rows: Rows, findings: Sequence[Finding], want: Want) -> Blocks:
    """The blocks of rows that hold `epoch` and `step`."""
    epoch, step = rows.whole_numbers("epoch"), rows.whole_numbers("step")
    named = name_columns(rows.names, partial(describe, names=frozenset(rows.names)))
    scored = set(zip(*(values[rows.has(named.scores)].tolist() for values in (epoch, step)), strict=True))
    train, close = {}, {}
    for name, column in named.train.items():
        there = rows.has([name]) & (epoch >= 0)
        if column is RATE or not _once_an_epoch(epoch[there], step[there], scored):
            train[name] = column if column is RATE else replace(column, meter=Meter.LAST)
        else:
            close[name] = column
    rates = [name for name, column in train.items() if column is RATE]
    return Blocks(
        columns=(*train.values(), *close.values()),
        not_taken=named.not_taken,
        scores=named.score_columns,
        axis="epoch",
        train=rows.table(train, epoch, step),
        close=rows.table(close, epoch),
        score=rows.table(named.scores, epoch),
        rates=_rates(rows, rates) if rates else empty_table(),
        class_ap=_classes(rows, epoch) if want.class_ap else ClassScores(),
        findings=(*findings, *named.findings),
        epoch_lines=len(rows),
        why_empty="the table has a header and no row of an epoch",
    )


def with_config(blocks: Blocks, config: bytes) -> Blocks:
    """What `hparams.yaml` tells, which holds what the user's module was made with."""
    values = flat(parse_yaml(config.decode("utf-8", errors="replace")))
    epochs = whole(first(values.get("max_epochs"), values.get("epochs")))
    return replace(blocks, configs=(Config(values=values, plan=Plan(epochs=epochs)),)) if values else blocks


FORMAT = Format(
    "lightning",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    {"hparams.yaml": with_config},
    (r"(?P<job>.*)/metrics\.csv",),
    example="epoch,step,train_loss,val_loss,val_map",
)


def _once_an_epoch(epoch: Ints, step: Ints, scored: AbstractSet[tuple[int, int]]) -> bool:
    """Whether a value is logged at the end of each epoch: beside a validation, or once in several epochs."""
    once = len(np.unique(epoch)) == len(epoch)
    beside = not scored.isdisjoint(zip(epoch.tolist(), step.tolist(), strict=True))
    return once and (beside or len(epoch) > 1)


def _rates(rows: Rows, names: Sequence[str]) -> Table:
    """The learning rates, most of them on rows without an epoch."""
    nowhere = np.zeros(len(rows), dtype=np.int64)
    return replace(rows.table({names[0]: RATE}, nowhere), names=("lr",))


def _classes(rows: Rows, epoch: Ints) -> ClassScores:
    """The class APs in percent."""
    told = {name: next(filter(None, m.groups())) for name in rows.names if (m := _CLASS.fullmatch(name))}
    at = np.flatnonzero(rows.has(told) & (epoch >= 0)).tolist()
    columns = {name: in_percent(rows.column(name)) for name in told}
    return ClassScores(
        [int(epoch[n]) for n in at for _ in told],
        [int(rows.line[n]) for n in at for _ in told],
        [class_name for _ in at for class_name in told.values()],
        [float(columns[name][n]) if columns[name][n] >= 0 else np.nan for n in at for name in told],
    )
