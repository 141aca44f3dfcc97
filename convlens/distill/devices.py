"""The devices that `cpu`, `cpu:0,1` or `gpu:0,1` name."""

from __future__ import annotations

import re
from typing import Any

from convlens.distill._mxnet import installed_build, mx
from convlens.distill.gpus import find_gpus
from convlens.errors import TrainingError

_FORM = re.compile(r"(cpu|gpu)(?::(\d{1,3}(?:,\d{1,3})*))?")


def devices_of(text: str) -> list[Any]:
    """MXNet's contexts; TrainingError where a GPU is not there or MXNet cannot drive it."""
    match = _FORM.fullmatch(text)
    if not match:
        raise TrainingError(f"Devices are named as cpu, cpu:0,1 or gpu:0,1, not {text!r}.")
    kind, listed = match.groups()
    numbers = [int(n) for n in (listed or "0").split(",")]
    if len(set(numbers)) < len(numbers):
        raise TrainingError(f"{text} names a device twice.")
    if kind == "gpu":
        for number in numbers:
            _check_gpu(number)
    return [mx.Context(kind, number) for number in numbers]


def _check_gpu(number: int) -> None:
    gpus = find_gpus()
    if gpus is None:
        raise TrainingError(f"gpu:{number} cannot be used: no NVIDIA driver answers (see convlens doctor).")
    if number >= len(gpus):
        raise TrainingError(f"gpu:{number} is not there: the driver knows {len(gpus)} GPUs, counted from 0.")
    if not gpus[number].supported:
        raise TrainingError(f"gpu:{number} is a {gpus[number]}, which no build of MXNet 1.9.1 can drive.")
    if installed_build() == "mxnet":
        raise TrainingError("This MXNet is the CPU build: pip install 'convlens[distill-cu117]' for GPUs.")
