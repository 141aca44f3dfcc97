"""The runner: its transform against GluonCV's, what a step waits for data, and what each method costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convlens.distill.presets import SHAPES
from convlens.errors import NotInstalledError
from tests.benchmarks.timing import report, side_by_side

_STEPS = 15
_METHODS = ("none", "logits", "features", "pkd", "cwd", "cosine", "adversarial", "adversarial+cosine")


def main(rounds: int = 5) -> None:
    try:
        from convlens.distill import _mxnet  # noqa: F401
    except NotInstalledError as error:
        print(f"\nThe runner is not measured. {error}")
        return
    transforms(rounds)
    steps(rounds)


def transforms(rounds: int) -> None:
    """Augmentation and targets of the same photographs at 128 pixels, one at a time."""
    from gluoncv.data.transforms.presets.ssd import SSDDefaultTrainTransform

    from convlens.distill._mxnet import mx
    from convlens.distill.config import Training
    from convlens.distill.data.augment import SsdAugment
    from convlens.distill.data.dataset import Sample
    from convlens.distill.data.loader import normalise
    from convlens.distill.data.targets import AnchorTargets
    from convlens.distill.networks import make

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (128, 128, 3)).astype(np.uint8) for _ in range(20)]
    boxes = np.array([[10, 20, 60, 70], [50, 60, 120, 110]], dtype=np.float32)
    labels = np.array([0, 3], dtype=np.float32)
    detector = make(Training(network="resnet_w8"), "abcde", 128, 0)
    anchors = detector.look(mx.nd.zeros((1, 3, 128, 128))).anchors
    theirs = SSDDefaultTrainTransform(128, 128, anchors)
    augment, targets = SsdAugment(128), AnchorTargets(anchors.asnumpy()[0])

    def gluoncv() -> None:
        for image in images:
            out = theirs(mx.nd.array(image, dtype="uint8"), np.column_stack([boxes, labels]))
            out[2].wait_to_read()

    def convlens() -> None:
        for image in images:
            sample = augment(Sample(image, boxes, labels, labels), rng)
            targets(sample.boxes, sample.labels)
            normalise([sample.image])

    seconds = side_by_side({"GluonCV": gluoncv, "convlens": convlens}, rounds)
    report(f"SSD's augmentation and targets of {len(images)} images at 128 px", seconds, "GluonCV")


def steps(rounds: int) -> None:
    """Steps of a student by each method, beside the teacher's forward pass, which is the floor."""
    from convlens.distill._mxnet import mx

    runs = {name: run_of(name) for name in _METHODS}
    batches = {name: endless(run) for name, run in runs.items()}
    waits: list[float] = []

    def train(name: str) -> None:
        for number in range(_STEPS):
            begun = time.perf_counter()
            batch = next(batches[name])
            if name == "none":
                waits.append(time.perf_counter() - begun)
            runs[name]._step(batch, number, 0)
        mx.nd.waitall()

    def teacher() -> None:
        run = runs["none"]
        for _ in range(_STEPS):
            images = mx.nd.array(next(batches["none"]).images)
            with mx.autograd.pause():
                run.teacher.look(images).classes.wait_to_read()

    candidates: dict[str, Any] = {name: lambda name=name: train(name) for name in _METHODS}
    seconds = side_by_side(candidates | {"the teacher's forward pass alone": teacher}, rounds)
    report(f"{_STEPS} steps of 16 images, resnet_w8 under resnet_w32", seconds, "none")
    share = sum(waits[_STEPS:]) / sum(seconds["none"])
    print(f"  a step of none waits for data {share:.1%} of its time")


def run_of(methods: str) -> Any:
    """A run of the shapes preset by one method, under a teacher that is not trained."""
    from convlens.distill import networks
    from convlens.distill._mxnet import mx
    from convlens.distill.data.augment import light
    from convlens.distill.data.loader import Loader
    from convlens.distill.data.shapes import ShapesSet
    from convlens.distill.data.targets import AnchorTargets
    from convlens.distill.methods import make_methods
    from convlens.distill.trainer import Job, Place, Run

    config = SHAPES
    images = ShapesSet(replace(config.shapes, images=400), 400, 64, (0,))
    student = networks.make(config.student, images.classes, 64, 0)
    teacher = networks.make(config.teacher, images.classes, 64, 0)
    anchors = student.look(mx.nd.zeros((1, 3, 64, 64))).anchors.asnumpy()[0]
    loader = Loader(images, AnchorTargets(anchors), light, 16, 1, 0)
    job = Job("distilled", "distilled", config.student, 0, methods)
    place = Place([mx.cpu()], None, Path(tempfile.gettempdir()))
    return Run(job, config, place, student, loader, images, teacher, make_methods(methods, config.terms))


def endless(run: Any) -> Iterator[Any]:
    """The batches of one epoch after the other."""
    epoch = 0
    while True:
        yield from run.loader.epoch(epoch)
        epoch += 1


if __name__ == "__main__":
    main()
