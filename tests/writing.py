"""Makes logs with convlens's own line declarations, for tests and benchmarks."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from convlens.formats.gluoncv import detection_lines as lines
from convlens.formats.gluoncv import scores, ssd, yolo3
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


def made_log(
    losses: Sequence[tuple[float, float]],
    maps: Sequence[float | None] = (),
    *,
    first: int = 0,
    rates: Mapping[int, float] | None = None,
    classes: Sequence[Mapping[str, float]] = (),
    coco: bool = False,
    seconds: float | None = 3600.0,
    **arguments: object,
) -> str:
    """An SSD log with just these figures: (CrossEntropy, SmoothL1) and a mAP [%] or None an epoch.

    `first` is the number of the first epoch, `rates` the learning rates that begin with an epoch, `classes`
    the class APs [%] of each validation; `seconds` None leaves the closing lines out.
    """
    config = {"network": "resnet50_v1", "dataset": "coco" if coco else "voc", "data_shape": 512, "lr": 0.1}
    config |= {"save_prefix": f"ssd_512_resnet50_v1_{'coco' if coco else 'voc'}"}
    config |= arguments
    written = [format_namespace({k: v for k, v in config.items() if v is not None})]
    written.append(lines.START.format(epoch=first))
    for number, (entropy, smooth) in enumerate(losses):
        epoch = first + number
        values = {"CrossEntropy": entropy, "SmoothL1": smooth}
        if rates and epoch in rates:
            written.append(lines.RATE.format(epoch=epoch, lr=rates[epoch]))
        # Batches this far from the epoch before show that the meters were reset.
        far = {"Speed": 100.0} | {name: 9 * value for name, value in values.items()}
        for step, shown in ((9, far), (99, {"Speed": 100.0} | values)):
            written.append(lines.BATCH.format(epoch=epoch, step=step, values=ssd.FAMILY.write(shown)))
        if seconds is not None:
            close = {"epoch": epoch, "seconds": seconds, "values": ssd.FAMILY.write(values)}
            written.append(lines.CLOSE.format(**close))
        mean = maps[number] if number < len(maps) else None
        if mean is not None:
            ap = classes[number] if number < len(classes) else {"cat": mean}
            written.append(lines.VALIDATION.format(epoch=epoch))
            written.append(_coco(mean, ap) if coco else scores.write_voc(ap, mean))
    return "\n".join(written) + "\n"


def yolo_log(own: Sequence[float], maps: Sequence[float | None] = (), **arguments: object) -> str:
    """A YOLOv3 log in which every loss has these means an epoch; printed are the means since the start."""
    names = [column.name for column in yolo3.FAMILY.columns]
    config = {"network": "mobilenet1.0", "dataset": "voc", "data_shape": 416, "epochs": len(own), "lr": 0.1}
    config |= {"save_prefix": "yolo3_mobilenet1.0_voc", "start_epoch": 0} | arguments
    written = [format_namespace(config), lines.START.format(epoch=0)]
    for epoch in range(len(own)):
        values = dict.fromkeys(names, sum(own[: epoch + 1]) / (epoch + 1))
        batch = {"LR": 0.1, "Speed": 100.0} | values
        written.append(lines.BATCH.format(epoch=epoch, step=99, values=yolo3.FAMILY.write(batch)))
        written.append(lines.CLOSE.format(epoch=epoch, seconds=60.0, values=yolo3.FAMILY.write(values)))
        mean = maps[epoch] if epoch < len(maps) else None
        if mean is not None:
            written.append(lines.VALIDATION.format(epoch=epoch))
            written.append(scores.write_voc({"cat": mean}, mean))
    return "\n".join(written) + "\n"


def _coco(mean: float, ap: Mapping[str, float]) -> str:
    names = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large")
    recalls = ("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large")
    return scores.write_coco(dict.fromkeys((*names, *recalls), mean), ap)
