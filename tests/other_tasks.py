"""Makes logs of other tasks than detection, with convlens's own line declarations."""

from __future__ import annotations

from collections.abc import Sequence

from convlens import Run
from convlens.formats.gluoncv import classification, epoch_lines, segmentation
from convlens.formats.gluoncv.namespace import format_namespace
from convlens.reader import read_bytes


def classifier_log(errors: Sequence[float], seed: int = 0, **arguments: object) -> str:
    """A log of the ImageNet script with these top-1 errors [%]; top-5 errors are a quarter of them."""
    config = {"model": "resnet50_v1", "data_dir": "~/imagenet", "input_size": 224, "num_epochs": len(errors)}
    config |= {"lr": 0.1, "seed": seed} | arguments
    written = [format_namespace(config)]
    for epoch, error in enumerate(errors):
        values = f"accuracy={(95 - error) / 100:f}"
        batch = {"epoch": epoch, "step": 99, "Speed": 500.0, "values": f"{values}\tlr={config['lr']:f}"}
        written.append(epoch_lines.BATCH.format(**batch))
        written.append(epoch_lines.TRAINING.format(epoch=epoch, values=values))
        written.append(epoch_lines.SPEED.format(epoch=epoch, Speed=480, seconds=3600.0))
        scores = f"err-top1={error / 100:f} err-top5={error / 400:f}"
        written.append(epoch_lines.VALIDATION.format(epoch=epoch, values=scores))
    return "\n".join(written) + "\n"


def horovod_log(accuracies: Sequence[float], **arguments: object) -> str:
    """A log of the Horovod script with these top-1 accuracies [%]."""
    config = {"model": "resnest14", "rec_train": "ILSVRC2012/train.rec", "input_size": 224}
    config |= {"num_epochs": len(accuracies), "lr": 0.1, "eval_frequency": 1} | arguments
    written = [format_namespace(config)]
    for epoch, accuracy in enumerate(accuracies):
        close = {"epoch": epoch, "rank": 0, "step": 100, "seconds": 3600.0, "values": "metric=0.020000"}
        written.append(classification.HOROVOD_LOSS.format(epoch=epoch, step=99, Loss=2.5))
        written.append(classification.HOROVOD_CLOSE.format(**close))
        scores = f"Validation-accuracy={accuracy / 100:f}"
        written.append(classification.HOROVOD_VALIDATION.format(epoch=epoch, rank=0, values=scores))
    return "\n".join(written) + "\n"


def segmentation_log(mious: Sequence[float], **arguments: object) -> str:
    """A log of the segmentation script with these mean intersections over union [%]."""
    config = {
        "model": "fcn",
        "backbone": "resnet50",
        "dataset": "pascal_voc",
        "epochs": len(mious),
    } | arguments
    written = [format_namespace(config)]
    for epoch, miou in enumerate(mious):
        batch = {"epoch": epoch, "step": 20, "total": 40, "loss": 2 - miou / 100}
        written.append(segmentation.ITERATION.format(**batch))
        written.append(segmentation.VALIDATION.format(epoch=epoch, pixAcc=0.9, mIoU=miou / 100))
    return "\n".join(written) + "\n"


def run_of(text: str, name: str = "made") -> Run:
    return read_bytes(text.encode(), "-", name)
