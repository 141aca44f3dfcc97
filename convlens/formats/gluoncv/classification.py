"""Image classification: ImageNet (also under Horovod), CIFAR-10 and fine-tuning.

The scripts reset their metrics each epoch; only Horovod's `Loss[…]` is of the last batch alone. What a metric
is depends on the labels: mixed ones have a root mean square error (`rmse`; CIFAR-10's script prints it as
`train`), and a script that compared smoothed labels with outputs printed as `accuracy` what is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Plan, Table
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.epoch_lines import BATCH, INTERVAL, SPEED, TIME, TRAINING, VALIDATION
from convlens.formats.gluoncv.script import Kind, Says, Script
from convlens.formats.gluoncv.script_log import format_of
from convlens.formats.lines import Line
from convlens.meters import Meter
from convlens.metrics import Better, Column, Role, Unit, accuracy, error, loss, score

CIFAR = Line("[Epoch {epoch:d}] train={train:f} val={val:f} loss={loss:f} time: {seconds:f}")
FINE_TUNING = Line(
    "[Epoch {epoch:d}] Train-acc: {accuracy:.3f}, loss: {loss:.3f} | Val-acc: {val:.3f} | time: {seconds:.1f}"
)
HOROVOD_LOSS = Line("Epoch[{epoch:d}] Batch[{step:d}] Loss[{Loss:.3f}]")
HOROVOD_SPEED = Line("Epoch[{epoch:d}] Batch[{step:d}]\tSpeed: {Speed:.2f} samples/sec")
HOROVOD_BATCH = Line("Epoch[{epoch:d}] Rank[{rank:d}] Batch[{step:d}]\t{values}")
HOROVOD_CLOSE = Line(
    "Epoch[{epoch:d}] Rank[{rank:d}] Batch[{step:d}]\tTime cost={seconds:.2f}\tTrain-{values}"
)
HOROVOD_CLOSE_SPEED = Line("Epoch[{epoch:d}]\tSpeed: {Speed:.2f} samples/sec")
HOROVOD_VALIDATION = Line("Epoch[{epoch:d}] Rank[{rank:d}]\t{values}")

_METRIC = "metric"  # Horovod's closing line calls whatever metric it is so
_TOP1 = score("", quantity="acc-top1", complement="err-top1")
_TOP5 = score("", quantity="acc-top5", complement="err-top5")
_SCORES = (
    score("err-top1", Better.LOWER, complement="acc-top1"),
    score("err-top5", Better.LOWER, complement="acc-top5"),
    score("err-top1_aux", Better.LOWER),
    score("err-top5_aux", Better.LOWER),
    replace(_TOP1, name="Validation-accuracy"),
    replace(_TOP5, name="Validation-top_k_accuracy_5"),
    replace(_TOP1, name="val_accuracy"),
    replace(_TOP1, name="val"),
)
_IMPOSSIBLE = 0.2  # by which no training accuracy exceeds the first validation


def _plan(arguments: Mapping[str, object]) -> Plan:
    """What the arguments promise: a validation an epoch where none is named."""
    plan = plan_of(arguments)
    return plan if "eval_frequency" in arguments else replace(plan, validate_every=1)


def _refine(blocks: Blocks) -> Blocks:
    """Say what the metrics of this log are."""
    return _smoothed(_mixed(_named(blocks)))


def _named(blocks: Blocks) -> Blocks:
    """Horovod's closing metric under the name that the batch lines give it."""
    metrics = [c for c in blocks.columns if c.role is Role.METRIC and c.name in blocks.train.names]
    if _METRIC not in blocks.close.names or len(metrics) != 1:
        return blocks
    names = tuple(metrics[0].name if n == _METRIC else n for n in blocks.close.names)
    columns = tuple(c for c in blocks.columns if c.name != _METRIC)
    return replace(blocks, close=replace(blocks.close, names=names), columns=columns)


def _mixed(blocks: Blocks) -> Blocks:
    """`train` of CIFAR-10's scripts: an error where it falls while the validation's accuracy rises."""
    if "train" not in blocks.close.names:
        return blocks
    train, val = (_first_and_last(t, n) for t, n in ((blocks.close, "train"), (blocks.score, "val")))
    direction = (train[1] - train[0]) * (val[1] - val[0])
    if not direction < 0:
        kind = replace(accuracy("train"), quantity="accuracy") if direction > 0 else None
        return _with_column(blocks, kind) if kind else blocks
    text = "train is no accuracy here: it falls while val rises, as the error (RMSE) of mixed labels does"
    return _with_column(blocks, replace(error("train"), quantity="rmse"), text)


def _smoothed(blocks: Blocks) -> Blocks:
    """An accuracy or error that was computed from smoothed labels, which are equal to no class.

    The first epoch tells: a network that learns is better after it than during it.
    """
    smoothed = any(c.values.get("label_smoothing") and not c.values.get("mixup") for c in blocks.configs)
    printed = [c.name for c in blocks.columns if c.name in ("accuracy", "top1-err")]
    scores = [c for c in blocks.scores if c.measures in ("err-top1", "acc-top1")]
    begun = len(blocks.close) and blocks.close.epoch[0] <= 1
    if not (smoothed and printed and scores and begun):
        return blocks
    name = printed[0]
    trained, reached = (
        _first_and_last(blocks.close, name)[0],
        _first_and_last(blocks.score, scores[0].name)[0],
    )
    trained = trained if name == "accuracy" else 1 - trained
    reached = reached if scores[0].better is Better.HIGHER else 100 - reached
    if not trained - reached / 100 > _IMPOSSIBLE:
        return blocks
    text = f"{name} is none here: {trained:.1%} right in the first epoch, where the validation finds"
    text += f" {reached:.1f}%; it compares outputs with smoothed labels"
    return _with_column(blocks, Column(name, Role.METRIC, Unit.FRACTION, Better.NEITHER), text)


def _first_and_last(table: Table, name: str) -> tuple[float, float]:
    """The first and the last value of a column, NaN if there is none."""
    values = table.columns([name])[0][:, 0]
    known = values[np.isfinite(values)]
    return (float(known[0]), float(known[-1])) if len(known) else (np.nan, np.nan)


def _with_column(blocks: Blocks, column: Column, text: str = "") -> Blocks:
    """The blocks with another description of one column, and a finding that says why."""
    columns = tuple(column if c.name == column.name else c for c in blocks.columns)
    told = (Finding(Code.MISNAMED, text),) if text else ()
    return replace(blocks, columns=columns, findings=(*blocks.findings, *told))


SCRIPT = Script(
    "gluoncv-classification",
    "classification",
    signs=re.compile(
        rb"\[Epoch \d+\] (?:training|validation|speed|time cost): |\[Epoch \d+\] (?:train=|Train-acc: )"
        rb"|\bEpoch\[\d+\] (?:Batch \[\d+\]|Batch\[\d+\]|Rank\[\d+\])"
    ),
    kinds=(
        Kind(Says.BATCH, BATCH),
        Kind(Says.BATCH, HOROVOD_LOSS),
        Kind(Says.CLOSE, HOROVOD_CLOSE),
        Kind(Says.BATCH, HOROVOD_BATCH),
        Kind(Says.BATCH, HOROVOD_SPEED),
        Kind(Says.CLOSE, TRAINING),
        Kind(Says.CLOSE, SPEED),
        Kind(Says.CLOSE, TIME),
        Kind(Says.CLOSE, CIFAR),
        Kind(Says.CLOSE, FINE_TUNING),
        Kind(Says.CLOSE, HOROVOD_CLOSE_SPEED),
        Kind(Says.SCORE, VALIDATION),
        Kind(Says.SCORE, HOROVOD_VALIDATION),
    ),
    columns=(
        loss("loss"),
        loss("Loss", Meter.LAST, quantity="loss"),
        accuracy("accuracy"),
        error("rmse"),
        *(replace(error(name), unit=Unit.FRACTION) for name in ("top1-err", "top5-err")),
        *(replace(error(name), unit=Unit.FRACTION) for name in ("top1-err-aux", "top5-err-aux")),
        Column("train", Role.METRIC, Unit.FRACTION, Better.NEITHER),
        Column(_METRIC, Role.METRIC, better=Better.NEITHER),
        INTERVAL,
    ),
    scores=(*_SCORES, score("val_loss", Better.LOWER, Unit.NONE)),
    fractions=frozenset(c.name for c in _SCORES),
    # Training lines have other names for these at an epoch's end than inside it.
    spellings={
        "err-top1": "top1-err",
        "err-top5": "top5-err",
        "err-top1_aux": "top1-err-aux",
        "err-top5_aux": "top5-err-aux",
    },
    plan=_plan,
    refine=_refine,
)
FORMAT = format_of(SCRIPT, "[Epoch 3] training: accuracy=0.652100")
