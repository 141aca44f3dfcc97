"""Semantic segmentation: FCN, PSP, DeepLab, ICNet, FastSCNN.

Every printed loss is the mean since the epoch began, on log lines and on tqdm's bars. Nothing closes an epoch
but a bar at its end; the schedule is always polynomial and no line states a rate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from convlens.formats.base import Plan
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.script import Kind, Says, Script
from convlens.formats.gluoncv.script_log import format_of
from convlens.formats.lines import Bar, Line
from convlens.metrics import loss, score

START = Line("Starting Epoch: {epoch:d}")
ITERATION = Line("Epoch {epoch:d} iteration {step:04d}/{total:04d}: training loss {loss:.3f}")
BAR = Bar("Epoch {epoch:d}, training loss {loss:.3f}")
VALIDATION = Line("Epoch {epoch:d} validation pixAcc: {pixAcc:.3f}, mIoU: {mIoU:.3f}")
VALIDATION_COMMA = Line("Epoch {epoch:d}, validation pixAcc: {pixAcc:.3f}, mIoU: {mIoU:.3f}")
VALIDATION_BAR = Bar("Epoch {epoch:d}, validation pixAcc: {pixAcc:.3f}, mIoU: {mIoU:.3f}")


def _plan(arguments: Mapping[str, object]) -> Plan:
    """What the arguments promise: a rate that falls all the time, and a validation an epoch."""
    every = None if arguments.get("no_val") else 1
    return replace(plan_of(arguments), rate=None, validate_every=every)


SCRIPT = Script(
    "gluoncv-segmentation",
    "segmentation",
    signs=re.compile(rb"Epoch \d+,? (?:iteration \d+/\d+: |training loss |validation pixAcc: )"),
    kinds=(
        Kind(Says.BATCH, ITERATION),
        Kind(Says.BATCH, BAR),
        Kind(Says.SCORE, VALIDATION_BAR),
        Kind(Says.SCORE, VALIDATION),
        Kind(Says.SCORE, VALIDATION_COMMA),
        Kind(Says.START, START),
    ),
    columns=(loss("loss"),),
    scores=(score("mIoU"), score("pixAcc")),
    fractions=frozenset({"mIoU", "pixAcc"}),
    plan=_plan,
)
FORMAT = format_of(SCRIPT, "Epoch 3 iteration 0040/0187: training loss 1.250")
