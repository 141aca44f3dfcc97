"""Depth from single images: Monodepth2.

Every printed loss is the mean since the epoch began. The script prints its third delta as a second Delta_2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from convlens.formats.base import Plan
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.script import Kind, Says, Script
from convlens.formats.gluoncv.script_log import format_of
from convlens.formats.gluoncv.segmentation import BAR, ITERATION, START
from convlens.formats.lines import Bar, Line
from convlens.metrics import Better, Unit, loss, score

_ERRORS = (
    "abs_REL: {abs_REL:.3f} sq_REL: {sq_REL:.3f} RMSE: {RMSE:.3f}, RMSE_log: {RMSE_log:.3f} "
    "Delta_1: {Delta_1:.3f} Delta_2: {Delta_2:.3f} "
)
VALIDATION = Line(f"Epoch {{epoch:d}}, validation {_ERRORS}Delta_2: {{Delta_3:.3f}}")
VALIDATION_CORRECTED = Line(f"Epoch {{epoch:d}}, validation {_ERRORS}Delta_3: {{Delta_3:.3f}}")
VALIDATION_BAR = Bar(VALIDATION.template)


def _plan(arguments: Mapping[str, object]) -> Plan:
    """What the arguments promise: a validation an epoch."""
    return replace(plan_of(arguments), validate_every=1)


SCRIPT = Script(
    "gluoncv-depth",
    "depth",
    signs=re.compile(rb"validation abs_REL: |\bdisparity_smoothness=|\bMonoDepth2\("),
    kinds=(
        Kind(Says.BATCH, ITERATION),
        Kind(Says.BATCH, BAR),
        Kind(Says.SCORE, VALIDATION_BAR),
        Kind(Says.SCORE, VALIDATION),
        Kind(Says.SCORE, VALIDATION_CORRECTED),
        Kind(Says.START, START),
    ),
    columns=(loss("loss"),),
    scores=(
        score("abs_REL", Better.LOWER, Unit.NONE),
        score("sq_REL", Better.LOWER, Unit.METRES),
        score("RMSE", Better.LOWER, Unit.METRES),
        score("RMSE_log", Better.LOWER, Unit.NONE),
        *(score(f"Delta_{n}", Better.HIGHER, Unit.FRACTION) for n in (1, 2, 3)),
    ),
    plan=_plan,
)
FORMAT = format_of(SCRIPT, "Epoch 3, validation abs_REL: 0.125, sq_REL: 0.975, RMSE: 4.932")
