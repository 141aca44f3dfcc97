"""What an experiment would do, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convlens.distill import networks
from convlens.distill.data.dataset import BrokenSampleError, Dataset
from convlens.distill.experiment import Experiment
from convlens.errors import TrainingError

_LOOKED_AT = 200  # images of each set
_BYTES = 4


def plan(experiment: Experiment) -> Iterator[str]:
    """One line a network: images, steps, parameters and what they take [MB]; reads part of the images."""
    config = experiment.config
    yield f"validation: {len(experiment.validation)} images, {_look(experiment.validation)}"
    for job in experiment.jobs:
        images = experiment.training_set(job)
        steps = len(images) // config.data.batch_size
        training = replace(job.training, pretrained=False)  # nothing is fetched to count parameters
        detector = networks.make(training, experiment.classes, config.data.size, job.seed)
        count = sum(p.data().size for p in detector.ssd.collect_params().values() if p.grad_req != "null")
        copies = 2 + (2 if job.training.optimizer == "adam" else 1)  # with gradient and optimizer's state
        memory = count * _BYTES * copies / 1e6
        if steps < 1:
            raise TrainingError(f"{len(images)} images are fewer than one batch of {config.data.batch_size}.")
        yield (
            f"{job.name}: {job.training.network}{' by ' + job.methods if job.methods else ''}, "
            f"{len(images)} images ({_look(images)}), {job.training.epochs} epochs of {steps} steps, "
            f"{job.training.epochs * steps} in all; {count / 1e6:.2f} M parameters, which with gradients and "
            f"the optimizer's state take {memory:.0f} MB beside the maps"
        )


def _look(images: Dataset) -> str:
    chosen = range(0, len(images), max(1, len(images) // _LOOKED_AT))
    broken = []
    for index in chosen:
        try:
            images[index]
        except BrokenSampleError as error:
            broken.append(str(error))
    if len(broken) == len(chosen):
        raise TrainingError(f"None of {len(chosen)} images can be read, the first: {broken[0]}")
    return f"{len(chosen)} read, {len(broken)} broken" + (f", the first: {broken[0]}" if broken else "")
