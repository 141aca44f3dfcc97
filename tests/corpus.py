"""The real logs that convlens reads, each parsed once a session by convlens and by the naive reader."""

from functools import cache
from pathlib import Path

from convlens import Run, read_log
from tests.independent import Log

TASKS = ("detection", "instance", "distillation")
GAN = "distillation/ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new_train.log"


def names(corpus: Path) -> list[str]:
    """Every log of a detector, as `folder/file`."""
    logs = corpus / "logs"
    return [
        path.relative_to(logs).as_posix() for task in TASKS for path in sorted((logs / task).glob("*.log"))
    ]


@cache
def run(path: Path) -> Run:
    """The run of a log."""
    return read_log(path)


@cache
def naive(path: Path) -> Log:
    """What the naive reader makes of a log."""
    return Log(path)
