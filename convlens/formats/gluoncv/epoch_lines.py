"""The kinds of lines that the scripts for classification, pose and action recognition share."""

from __future__ import annotations

from convlens.formats.lines import Line
from convlens.metrics import Better, Column, Role, Unit

BATCH = Line("Epoch[{epoch:d}] Batch [{step:d}]\tSpeed: {Speed:f} samples/sec\t{values}")
TRAINING = Line("[Epoch {epoch:d}] training: {values}")
SPEED = Line("[Epoch {epoch:d}] speed: {Speed:d} samples/sec\ttime cost: {seconds:f}")
TIME = Line("[Epoch {epoch:d}] time cost: {seconds:f}")
VALIDATION = Line("[Epoch {epoch:d}] validation: {values}")

INTERVAL = Column("time", Role.SPEED, Unit.SECONDS, Better.NEITHER)  # since the batch line before
