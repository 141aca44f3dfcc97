"""TensorBoard's event files: all scalars, under the names of the framework that wrote them.

What a step is, is the framework's too: an epoch for Ultralytics, an iteration for others; YOLOX's scores
stand at epochs beside losses at iterations. Values are of single precision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats import detectron2, huggingface, keras, lightning, mmengine, ultralytics, yolox
from convlens.formats.base import Blocks, Format, Restarts, Want
from convlens.formats.epochs import at_trained
from convlens.formats.naming import name_columns
from convlens.formats.rows import Rows, rows_of
from convlens.formats.tfrecord import Scalar, is_event_file, read_scalars
from convlens.meters import Bools, Ints
from convlens.metrics import RATE, Column, Role, Unit, score

_STEP = "step"
_SCORES = re.compile(r"(?:\w+\.)?(?:coco|pascal_voc|lvis)/")
_EMPTY = "the event file holds no scalar of training"


def recognise(name: str, head: bytes) -> bool:
    """Whether the file begins with the record that all event files begin with."""
    del name
    return is_event_file(head)


def read(data: bytes, want: Want) -> Blocks:
    """Read an event file (see `Format.read`)."""
    scalars, findings = read_scalars(data)
    rows = _rows(scalars)
    blocks_of = next(of for tag, of in _WRITERS if not tag or any(map(re.compile(tag).fullmatch, rows.names)))
    return blocks_of(rows, findings, want)


FORMAT = Format(
    "tensorboard",
    "iteration",
    Restarts.NEW_RUN,
    recognise,
    read,
    {**ultralytics.BESIDE, **detectron2.FORMAT.beside},
    (r"(?P<job>.*?)(?:/vis_data)?/events\.out\.tfevents\.[^/]*",),
    example="events.out.tfevents.1630109529.host.32352.0 (binary)",
)


def _rows(scalars: Sequence[Scalar]) -> Rows:
    """One row for scalars that follow each other with the same step and different tags.

    MMEngine's scores stand in rows of their own, as in its JSON lines.
    """
    lines: list[int] = []
    records: list[dict[str, object]] = []
    row = None
    for scalar in scalars:
        begins = (scalar.step, bool(_SCORES.match(scalar.tag)))
        if begins != row or scalar.tag in records[-1]:
            lines.append(scalar.record)
            records.append({_STEP: float(scalar.step)})
            row = begins
        if scalar.tag != _STEP:
            records[-1][scalar.tag] = scalar.value
    return rows_of(lines, records)


def _ultralytics(rows: Rows, findings: Sequence[Finding], want: Want) -> Blocks:
    """Steps are epochs; a row a batch holds the mean since the epoch began, so the last one is the epoch's.

    What is validated once more at the same step is the best checkpoint, after training.
    """
    del want
    rows = ultralytics.with_rate(rows)
    named = name_columns(rows.names, ultralytics.describe)
    epoch = rows.whole_numbers(_STEP)
    scored = rows.has(named.scores)
    again = scored & _again(epoch, scored)
    told = list(findings)
    if again.any():
        text = f"{int(again.sum())} more evaluations stand at step {int(epoch[again][-1])}"
        value = rows.column(next((n for n, c in named.scores.items() if c.name == "map"), ""))[again][-1]
        text += f", the last with a mAP of {100 * value:.4g}" if value >= 0 else ""
        told.append(Finding(Code.SCORES_WITHOUT_EPOCH, f"{text}: of the best checkpoint, after training"))
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        axis="epoch",
        train=rows.table(named.train, epoch, np.arange(len(rows))),
        score=rows.table(named.scores, epoch, rows=~again),
        findings=(*told, *named.findings),
        epoch_lines=len(rows),
        why_empty=_EMPTY,
    )


def _again(epoch: Ints, scored: Bools) -> Bools:
    """Which scored rows (n,) are not the first of their epoch."""
    at = np.flatnonzero(scored)
    again = np.ones(len(epoch), dtype=np.bool_)
    again[at[np.unique(epoch[at], return_index=True)[1]]] = False
    return again


def _detectron2(rows: Rows, findings: Sequence[Finding], want: Want) -> Blocks:
    return detectron2.blocks_of(rows.having("iteration", rows.column(_STEP)), findings, want)


def _by_step(
    rows: Rows,
    findings: Sequence[Finding],
    want: Want,
    *,
    describe: Callable[[str], Column | None],
    axis: str = "iteration",
    counts_from: int = 0,
    in_order: bool = False,
) -> Blocks:
    """Steps are those of the `axis`; scores stand at theirs, or `in_order` at the one written before."""
    del want
    named = name_columns((n for n in rows.names if n != _STEP), describe)
    step = rows.whole_numbers(_STEP)
    losses = [n for n, c in named.train.items() if c.role is not Role.RATE]
    close = rows.table(named.train, step, rows=rows.has(losses))
    claimed = np.full(len(rows), -1, dtype=np.int64) if in_order else step
    places = at_trained(rows.line, claimed, close.line, close.epoch) if in_order else step
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        axis=axis,
        counts_from=counts_from,
        close=close,
        score=rows.table(named.scores, places),
        findings=(*findings, *named.findings),
        epoch_lines=len(rows),
        why_empty=_EMPTY,
    )


def _of_yolox(tag: str) -> Column | None:
    kind, _, name = tag.partition("/")
    if kind == "val":
        scores = {"COCOAP50_95": "map", "COCOAP50": "map_50"}
        return score(scores[name], unit=Unit.FRACTION) if name in scores else None
    column = yolox.describe(name)
    return replace(column, name=tag) if column and column is not RATE else column


def _of_trainer(tag: str) -> Column | None:
    """`train/loss` and `eval/loss` of Hugging Face's Trainer go by the names of its state."""
    kind, _, name = tag.partition("/")
    return huggingface.describe(name if kind == "train" else f"{kind}_{name}")


def _of_keras(tag: str) -> Column | None:
    kind, _, name = tag.partition("_")
    return keras.describe(name) if kind == "epoch" else None


# By a tag that its writer alone has; the last one takes what is left.
_WRITERS: tuple[tuple[str, Callable[[Rows, Sequence[Finding], Want], Blocks]], ...] = (
    (r"metrics/.*|x/lr\d+|lr/pg\d+|train/box_loss", _ultralytics),
    (r"total_loss", _detectron2),
    (rf"{_SCORES.pattern}.*|data_time", mmengine.blocks_of),
    (r"train/iou_loss|val/COCOAP.*", partial(_by_step, describe=_of_yolox, in_order=True)),
    (r"train/epoch|eval/loss", partial(_by_step, describe=_of_trainer, counts_from=1)),
    (r"epoch_loss", partial(_by_step, describe=_of_keras, axis="epoch")),
    (r"epoch", lightning.blocks_of),
    (r"", partial(_by_step, describe=lightning.describe)),
)
