"""Action recognition: TSN, I3D, SlowFast and others on Kinetics, UCF101, HMDB51, Something-Something.

The scripts reset accuracy and loss each epoch. They print accuracies in percent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from convlens.formats.base import Plan
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.epoch_lines import BATCH, INTERVAL, SPEED, TIME, TRAINING, VALIDATION
from convlens.formats.gluoncv.script import Kind, Says, Script
from convlens.formats.gluoncv.script_log import format_of
from convlens.formats.lines import Line
from convlens.metrics import Better, Unit, accuracy, loss, score

BATCH_OF = Line(
    "Epoch[{epoch:03d}] Batch [{step:04d}]/[{total:04d}]\tSpeed: {Speed:f} samples/sec\t {values}"
)


def _plan(arguments: Mapping[str, object]) -> Plan:
    """What the arguments promise: a validation an epoch."""
    return replace(plan_of(arguments), validate_every=None if arguments.get("train_only") else 1)


SCRIPT = Script(
    "gluoncv-action-recognition",
    "action_recognition",
    signs=re.compile(rb"\bnum_segments=|\] validation: acc-top1=|\bEpoch\[\d+\] Batch \[\d+\]/\[\d+\]"),
    kinds=(
        Kind(Says.BATCH, BATCH_OF),
        Kind(Says.BATCH, BATCH),
        Kind(Says.CLOSE, TRAINING),
        Kind(Says.CLOSE, SPEED),
        Kind(Says.CLOSE, TIME),
        Kind(Says.SCORE, VALIDATION),
    ),
    columns=(loss("loss"), replace(accuracy("accuracy"), unit=Unit.PERCENT), INTERVAL),
    scores=(score("acc-top1"), score("acc-top5"), score("val_loss", Better.LOWER, Unit.NONE)),
    plan=_plan,
)
FORMAT = format_of(SCRIPT, "[Epoch 3] validation: acc-top1=0.712500 acc-top5=0.895000 loss=1.250000")
