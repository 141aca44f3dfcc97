"""Human pose: Simple Pose and Mobile Pose.

The scripts reset the loss and the heatmap's accuracy each epoch. They do not validate, the published AP was
measured apart; what a modified script prints of validations is read by its name.
"""

from __future__ import annotations

import re

from convlens.formats.gluoncv.epoch_lines import BATCH, INTERVAL, VALIDATION
from convlens.formats.gluoncv.script import Kind, Says, Script
from convlens.formats.gluoncv.script_log import format_of
from convlens.formats.lines import Line
from convlens.metrics import Unit, accuracy, loss, score

CLOSE = Line("Epoch[{epoch:d}]\t\tSpeed: {Speed:d} samples/sec over {seconds:d} secs\t{values}")

SCRIPT = Script(
    "gluoncv-pose",
    "pose",
    signs=re.compile(rb"\bheatmap_accuracy=|samples/sec over \d+ secs|\bnum_joints="),
    kinds=(Kind(Says.BATCH, BATCH), Kind(Says.CLOSE, CLOSE), Kind(Says.SCORE, VALIDATION)),
    columns=(loss("loss"), accuracy("heatmap_accuracy"), INTERVAL),
    scores=(score("AP", unit=Unit.NONE),),
)
FORMAT = format_of(SCRIPT, "Epoch[3] Batch[99] Speed: 400.2 samples/sec loss=0.000412 heatmap_accuracy=0.652")
