"""The line kinds of GluonCV's detection scripts, each declared once for reader and writer."""

from __future__ import annotations

from convlens.formats.lines import Line

ANCHOR = b"[Epoch "  # every line that names an epoch holds it
START_PREFIX = b"Start training from "

START = Line("Start training from [Epoch {epoch:d}]")
BATCH = Line("[Epoch {epoch:d}][Batch {step:d}], {values}")
CLOSE = Line("[Epoch {epoch:d}] Training cost: {seconds:.3f}, {values}")
CLOSE_WITHOUT_COST = Line("[Epoch {epoch:d}], {values}")  # the GAN scripts
VALIDATION = Line("[Epoch {epoch:d}] Validation:")
VALIDATION_OF = Line("[Epoch {epoch:d}] {net:s} Validation:")
VALIDATION_COST = Line("[Epoch {epoch:d}] Validation Inference cost: {seconds:.3f}")
RATE = Line("[Epoch {epoch:d}] Set learning rate to {lr:g}")
WARMUP_RATE = Line("[Epoch {epoch:d} Iteration {step:d}] Set learning rate to {lr:g}")
SAVED = Line("[Epoch {epoch:d}] Saving parameters to {path}")
BEST = Line("[Epoch {epoch:d}] mAP {map:g} higher than current best {best:s} saving to {path}")
