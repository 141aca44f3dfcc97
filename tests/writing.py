"""Makes logs with convlens's own line declarations, for tests and benchmarks."""

from __future__ import annotations

import math
import random

from convlens.formats.gluoncv import detection_lines as lines
from convlens.formats.gluoncv import scores, ssd
from convlens.formats.gluoncv.namespace import format_namespace

VOC = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
]


def ssd_log(
    epochs: int = 12, batches: int = 4, seed: int = 0, interval: int = 100, **arguments: object
) -> str:
    """An SSD log: losses that fall as a power law with noise, VOC scores each epoch."""
    draw = random.Random(seed)
    config = {"network": "resnet50_v1", "dataset": "voc", "epochs": epochs, "data_shape": 512}
    config |= {"lr": 0.001, "lr_decay": 0.1, "lr_decay_epoch": f"{epochs * 2 // 3}", "seed": seed}
    config |= {"save_prefix": "ssd_512_resnet50_v1_voc", "val_interval": 1, "start_epoch": 0}
    config |= arguments
    written = [format_namespace(config), lines.START.format(epoch=0)]
    for epoch in range(epochs):
        drop = 0.8 if epoch >= epochs * 2 // 3 else 1.0
        if epoch == epochs * 2 // 3:
            written.append(lines.RATE.format(epoch=epoch, lr=0.0001))
        for batch in range(batches):
            values = {"Speed": 100 * draw.uniform(0.9, 1.1)} | _losses(epoch + batch / batches, drop, draw)
            step = (batch + 1) * interval - 1
            written.append(lines.BATCH.format(epoch=epoch, step=step, values=ssd.FAMILY.write(values)))
        closing = ssd.FAMILY.write(_losses(epoch + 1, drop, draw))
        written.append(lines.CLOSE.format(epoch=epoch, seconds=300 * draw.uniform(0.9, 1.1), values=closing))
        ap = {name: 80 * (1 - math.exp(-(epoch + 1) / 6)) * draw.uniform(0.8, 1.0) for name in VOC}
        written.append(lines.VALIDATION.format(epoch=epoch))
        written.append(scores.write_voc(ap, sum(ap.values()) / len(ap)))
    return "\n".join(written) + "\n"


def _losses(time: float, drop: float, draw: random.Random) -> dict[str, float]:
    level = drop * (1.5 + 4 * (time + 1) ** -0.6)
    return {
        "CrossEntropy": level * draw.uniform(0.99, 1.01),
        "SmoothL1": 0.5 * level * draw.uniform(0.99, 1.01),
    }
