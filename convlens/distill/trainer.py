"""The training of one network: steps, schedule, log, scores, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from convlens.distill import checkpoint, networks
from convlens.distill._mxnet import gluoncv, mx
from convlens.distill.config import DistillConfig, Training
from convlens.distill.data.dataset import Dataset
from convlens.distill.data.loader import Batch, Loader
from convlens.distill.evaluate import evaluate
from convlens.distill.health import Health
from convlens.distill.log_writer import LogWriter
from convlens.distill.meters import Meters
from convlens.distill.methods.base import Method, Seen
from convlens.distill.networks import Detector
from convlens.distill.schedule import rate
from convlens.errors import TrainingError


@dataclass(frozen=True)
class Job:
    """One network to be trained: `name` is that of its files, `methods` are empty but for a distilled one."""

    name: str
    role: str
    training: Training
    seed: int
    methods: str = ""


class Progress(NamedTuple):
    """Where a training is: for a progress bar."""

    job: Job
    step: int
    steps: int
    speed: float
    means: Mapping[str, float]


class Place(NamedTuple):
    """Where the training runs: devices, the parameter server if any, and the folder for the files."""

    devices: Sequence[Any]
    kvstore: Any
    folder: Path

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return self.kvstore is None or self.kvstore.rank == 0

    @property
    def workers(self) -> int:
        """How many processes share the work."""
        return 1 if self.kvstore is None else int(self.kvstore.num_workers)


class Run:
    """One network in training; `train` does all of it or goes on from the last checkpoint."""

    def __init__(
        self,
        job: Job,
        config: DistillConfig,
        place: Place,
        detector: Detector,
        loader: Loader,
        validation: Dataset,
        teacher: Detector | None = None,
        methods: Mapping[str, Method] | None = None,
    ) -> None:
        self.job, self.config, self.place = job, config, place
        self.detector, self.loader, self.validation, self.teacher = detector, loader, validation, teacher
        self.methods = dict(methods or {})
        self.steps = job.training.epochs * loader.steps
        self.loss = gluoncv.loss.SSDMultiBoxLoss()
        self.best = 0.0
        self.told = 0
        self._move()
        columns = [c for method in self.methods.values() for c in method.columns]
        path = place.folder / f"{job.name}.log" if place.writes else Path("/dev/null")
        self.log = LogWriter(path, columns)
        self.health = Health()

    def _move(self) -> None:
        """Bring the networks to the devices, and make the optimizer of the student and its adapters."""
        devices, training = list(self.place.devices), self.job.training
        self.detector.collect_params().reset_ctx(devices)
        if self.teacher is not None:
            self.teacher.collect_params().reset_ctx(devices)
            size = self.config.data.size
            image = mx.nd.random.uniform(shape=(2, 3, size, size), ctx=devices[0])
            with mx.autograd.pause():
                student, teacher = self.detector.look(image), self.teacher.look(image)
            for method in self.methods.values():
                method.prepare(student, teacher, devices, self.job.seed)
        self.blocks: dict[str, Any] = {"student": self.detector.ssd}
        self.trainers: dict[str, Any] = {}
        parameters = self.detector.collect_params()
        for name, method in self.methods.items():
            for key, block in method.blocks.items():
                self.blocks[f"{name}.{key}"] = block
                parameters.update(block.collect_params())
            for key, (block, trainer) in method.own.items():
                self.blocks[f"{name}.{key}"], self.trainers[f"{name}.{key}"] = block, trainer
        settings = {"learning_rate": training.lr, "wd": training.wd}
        if training.optimizer == "sgd":
            settings["momentum"] = training.momentum
        kvstore = self.place.kvstore or self.config.kvstore
        self.trainer = mx.gluon.Trainer(
            parameters, training.optimizer, settings, kvstore=kvstore, update_on_kvstore=False
        )
        self.trainers["student"] = self.trainer

    @property
    def checkpoint(self) -> Path:
        """The file from which the training goes on."""
        return self.place.folder / f"{self.job.name}.checkpoint"

    def train(self, arguments: Mapping[str, object], resume: bool, watch: Callable[[Progress], None]) -> None:
        """Train to the end; TrainingError with the last good epoch where a loss is not finite."""
        first = 0
        if resume and self.checkpoint.exists():
            arrays = checkpoint.read(self.checkpoint)
            checkpoint.restore(arrays, self.blocks, self.trainers)
            first, self.best = int(checkpoint.number(arrays, "epoch")), checkpoint.number(arrays, "best")
        if first < self.job.training.epochs:
            self.log.begin({**arguments, "start_epoch": first}, first)
        for epoch in range(first, self.job.training.epochs):
            self._epoch(epoch, watch)
        if self.place.writes:
            self._save(f"{self.job.name}.params")

    def _epoch(self, number: int, watch: Callable[[Progress], None]) -> None:
        """One epoch: its steps, its closing line, its score, its checkpoint."""
        mx.random.seed(self.job.seed * 100_003 + number)  # for layers that draw, such as dropout
        self.log.rate(number, self._rate(number * self.loader.steps))
        meters, begun = Meters(), time.perf_counter()
        since, speed = begun, math.nan
        for step, batch in enumerate(self.loader.epoch(number)):
            at = number * self.loader.steps + step
            self.trainer.set_learning_rate(self._rate(at))
            meters.add(self._step(batch, at, number))
            if (step + 1) % self.config.log_interval == 0 or step + 1 == self.loader.steps:
                now = time.perf_counter()
                done = step % self.config.log_interval + 1
                speed = done * self.loader.batch_size * self.place.workers / max(now - since, 1e-9)
                since = now
                self.log.batch(number, step, speed, meters.means())
            watch(Progress(self.job, at + 1, self.steps, speed, meters.means()))
        self._check_parameters(number)
        self.log.close(number, time.perf_counter() - begun, meters.means())
        for sentence in (*self.health.of_epoch(number), *self._passed_over()):
            self.log.note(sentence)
        if (number + 1) % self.config.val_interval == 0 or number + 1 == self.job.training.epochs:
            self._score(number)
        if self.place.writes:
            numbers = {"epoch": number + 1.0, "best": self.best}
            checkpoint.write(self.checkpoint, self.blocks, self.trainers, numbers)

    def _passed_over(self) -> Iterator[str]:
        """What could not be read and was not told yet."""
        told, self.told = self.told, len(self.loader.broken)
        new = list(self.loader.broken.values())[told:]
        if new:
            yield f"Passed over {len(new)} images that cannot be read, the first: {new[0]}"

    def _rate(self, step: int) -> float:
        return rate(self.job.training, step, self.loader.steps)

    def _step(self, batch: Batch, step: int, epoch: int) -> dict[str, float]:
        """One step on all devices; the figures for the log."""
        parts = _split(batch, self.place.devices)
        seen: list[Seen] = []
        shown: dict[str, float] = {}
        with mx.autograd.record():
            outputs = [self.detector.look(images) for images, _, _, _ in parts]
        if self.teacher is not None:
            with mx.autograd.pause():
                taught = [self.teacher.look(images) for images, _, _, _ in parts]
            seen = [
                Seen(own, other, classes, boxes)
                for own, other, (_, classes, _, boxes) in zip(outputs, taught, parts, strict=True)
            ]
            for method in self.methods.values():
                shown.update(method.learn(seen))
        with mx.autograd.record():
            totals, entropy, smooth = self.loss(
                [o.classes for o in outputs],
                [o.boxes for o in outputs],
                [classes for _, classes, _, _ in parts],
                [targets for _, _, targets, _ in parts],
            )
            terms = self._terms(seen, step)
            for weight, values in terms.values():
                if weight:
                    totals = [t + v * (weight / len(parts)) for t, v in zip(totals, values, strict=True)]
        mx.autograd.backward(totals)
        self._update()
        figures = {"CrossEntropy": _sum(entropy), "SmoothL1": _sum(smooth)}
        printed = {name: _sum(values) / len(parts) for name, (_, values) in terms.items()}
        self._check({**figures, **printed, **shown}, epoch)
        self.health.add(sum(figures.values()), {n: printed[n] * w for n, (w, _) in terms.items()})
        return {**figures, **printed, **shown}

    def _terms(self, seen: Sequence[Seen], step: int) -> dict[str, tuple[float, list[Any]]]:
        """Each term's weight in this step and its value on each device."""
        terms: dict[str, tuple[float, list[Any]]] = {}
        for method in self.methods.values():
            weight = method.settings.weight_at(step, self.steps)
            values = [method.losses(s) for s in seen]
            terms |= {name: (weight, [v[name] for v in values]) for name in values[0]}
        return terms

    def _update(self) -> None:
        """Add the gradients up, bound them, and move."""
        self.trainer.allreduce_grads()
        if self.job.training.clip:
            for device in self.place.devices:
                parameters = self.trainer._params
                grads = [p.grad(device) for p in parameters if p.grad_req != "null"]
                bound = self.job.training.clip * self.place.workers
                mx.gluon.utils.clip_global_norm(grads, bound, check_isfinite=False)
        self.trainer.update(self.place.workers)

    def _check(self, figures: Mapping[str, float], epoch: int) -> None:
        """Stop where a figure is not finite."""
        wrong = [name for name, value in figures.items() if not math.isfinite(value)]
        if wrong:
            self._stop(f"{', '.join(wrong)} not finite", epoch)

    def _check_parameters(self, epoch: int) -> None:
        """Stop where a parameter is not finite: ReLU turns NaN into 0, so that the losses may not show it."""
        for parameter in self.detector.collect_params().values():
            if not mx.nd.contrib.isfinite(parameter.list_data()[0]).min().asscalar():
                self._stop(f"{parameter.name} not finite", epoch)

    def _stop(self, why: str, epoch: int) -> NoReturn:
        kept = f"epoch {epoch - 1} is kept in {self.checkpoint.name}" if epoch else "no epoch was complete"
        sentence = f"{why} in epoch {epoch}: training stopped; {kept}."
        self.log.note(sentence)
        raise TrainingError(
            f"{self.job.name}: {sentence} A lower lr or a bound on the gradient (clip) may help."
        )

    def _score(self, epoch: int) -> None:
        if not self.place.writes:
            return
        score = evaluate(self.detector, self.validation, self.config.data.size, self.place.devices[0])
        self.log.validation(epoch, score.block)
        if score.mean / 100 > self.best:
            name = f"{self.job.name}_best.params"
            self._save(name)
            self.log.best(epoch, score.mean / 100, self.best, name)
            self.best = score.mean / 100

    def _save(self, name: str) -> None:
        """Save the detector alone, without teacher, adapters and critics."""
        with checkpoint.saved_whole(self.place.folder / name) as path:
            networks.save(self.detector, path)


def _split(batch: Batch, devices: Sequence[Any]) -> list[tuple[Any, Any, Any, list[Any]]]:
    """Images, class and box targets, and objects for each device."""
    share = -(-len(batch.images) // len(devices))
    parts = []
    for number, device in enumerate(devices):
        own = slice(number * share, (number + 1) * share)
        arrays = [mx.nd.array(a[own], ctx=device) for a in (batch.images, batch.classes, batch.targets)]
        parts.append((*arrays, batch.boxes[own]))
    return parts


def _sum(values: Sequence[Any]) -> float:
    return float(sum(v.sum().asscalar() for v in values))
