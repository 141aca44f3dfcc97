"""Keras' CSVLogger: a row an epoch, counted from 0, whose losses and metrics are means over it.

`val_…` are those of the validation, at the end of the epoch. Shares are fractions; what another metric is,
only the script knows. keras-retinanet's callback adds `mAP`.
"""

from __future__ import annotations

import re
from functools import partial

from convlens.formats.base import Blocks, Format, Restarts, Want
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.row_files import header_of, read_csv
from convlens.formats.text import clean
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_RATE = re.compile(r"lr|learning_rate")
_SHARE = re.compile(
    r"(?i)(?:.*_)?(?:\w*acc(?:uracy)?\w*|precision|recall|f1\w*|\w*auc\w*|\w*iou\w*|dice\w*)(?:_\d+)?"
)
_MAP = re.compile(r"(?i)(?:val_)?m(?:ean_)?ap")


def recognise(name: str, head: bytes) -> bool:
    """Whether the first line is a header with an epoch and a loss, and neither a step nor slashes."""
    del name
    names = header_of(head)
    losses = any("loss" in n for n in names)
    return "epoch" in names and losses and "step" not in names and not any("/" in n for n in names)


def describe(name: str) -> Column | None:
    """What a name is."""
    if name == "epoch" or _RATE.fullmatch(name):
        return RATE if name != "epoch" else None
    if _MAP.fullmatch(name):
        return score("map", unit=Unit.FRACTION)
    share, a_loss = bool(_SHARE.fullmatch(name)), "loss" in name
    if name.startswith("val_"):
        better = Better.HIGHER if share else Better.LOWER if a_loss else Better.NEITHER
        return score(name, better, Unit.FRACTION if share else Unit.NONE)
    if a_loss:
        return loss_column(name)
    unit, better = (Unit.FRACTION, Better.HIGHER) if share else (Unit.NONE, Better.NEITHER)
    return Column(name, Role.METRIC, unit, better)


def read(data: bytes, want: Want) -> Blocks:
    """Read a table of epochs (see `Format.read`)."""
    del want
    cleaned, findings = clean(data)
    rows, about = read_csv(cleaned)
    named = name_columns(rows.names, describe)
    table = partial(rows.table, epoch=rows.whole_numbers("epoch"))
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        close=table(named.train),
        score=table(named.scores),
        findings=(*findings, *about, *named.findings),
        epoch_lines=len(rows),
        why_empty="the table has a header and no row of an epoch",
    )


FORMAT = Format(
    "keras",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    example="epoch,accuracy,loss,val_accuracy,val_loss",
)
