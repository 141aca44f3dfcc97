"""Batches: read, augmented and with targets, in threads that work while the network computes.

Everything random in a batch comes from (seed, epoch, number of the batch), so that the number of workers
changes nothing and a resumed run goes on with the very batches that it would have had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from convlens.distill.data.dataset import BrokenSampleError, Dataset, Floats32, Image, Sample
from convlens.distill.data.targets import AnchorTargets
from convlens.errors import TrainingError

_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)  # of ImageNet, as in GluonCV's presets
_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_AHEAD = 2  # batches a worker

Augment = Callable[[Sample, np.random.Generator], Sample]


class Batch(NamedTuple):
    """n images (n, 3, h, w), normalised, with their anchors' targets; `boxes` are the objects (k, 4)."""

    images: Floats32
    classes: Floats32
    targets: Floats32
    boxes: list[Floats32]


def normalise(images: Sequence[Image]) -> Floats32:
    """Images (h, w, 3) as one array (n, 3, h, w), with ImageNet's mean 0 and deviation 1."""
    scaled: Floats32 = (np.stack(images).astype(np.float32) - _MEAN * 255) / (_STD * 255)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


class Loader:
    """The batches of a data set, epoch by epoch; `broken` maps what was passed over to the reason."""

    def __init__(
        self,
        dataset: Dataset,
        targets: AnchorTargets,
        augment: Augment,
        batch_size: int,
        workers: int,
        seed: int,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        if len(dataset) < batch_size * share[1]:
            raise TrainingError(f"{len(dataset)} images are fewer than one batch of {batch_size * share[1]}.")
        self.dataset, self.targets, self.augment = dataset, targets, augment
        self.batch_size, self.workers, self.seed, self.share = batch_size, workers, seed, share
        self.broken: dict[int, str] = {}

    @property
    def steps(self) -> int:
        """Batches an epoch; what remains is left to other epochs, each of which has an order of its own."""
        return len(self.dataset) // (self.batch_size * self.share[1])

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = np.random.default_rng((self.seed, number)).permutation(len(self.dataset))
        rank, count = self.share
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for step in range(self.steps):
                    start = (step * count + rank) * self.batch_size
                    chosen = order[start : start + self.batch_size].tolist()
                    waiting.append(pool.submit(self._batch, chosen, (self.seed, number, step, rank)))
                    if len(waiting) > _AHEAD * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _batch(self, chosen: list[int], seed: tuple[int, ...]) -> Batch:
        rng = np.random.default_rng(seed)
        samples = [self.augment(self._sample(index, rng), rng) for index in chosen]
        targets = [self.targets(sample.boxes, sample.labels) for sample in samples]
        return Batch(
            normalise([sample.image for sample in samples]),
            np.stack([target.classes for target in targets]),
            np.stack([target.boxes for target in targets]),
            [sample.boxes for sample in samples],
        )

    def _sample(self, index: int, rng: np.random.Generator) -> Sample:
        """A sample, or where it is broken another one that is not."""
        for _ in range(100):
            try:
                return self.dataset[index]
            except BrokenSampleError as error:
                self.broken[index] = str(error)
                index = int(rng.integers(len(self.dataset)))
        raise TrainingError(f"100 images in a row cannot be read, the last: {list(self.broken.values())[-1]}")
