"""An experiment: its images and networks, the trainings that it is made of, and their files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from convlens.distill import config_file, networks
from convlens.distill._mxnet import mx
from convlens.distill.config import DistillConfig
from convlens.distill.data.augment import SsdAugment, light
from convlens.distill.data.coco import CocoSet
from convlens.distill.data.dataset import Dataset
from convlens.distill.data.folder import VOC_CLASSES, FolderSet, voc_lists
from convlens.distill.data.loader import Loader
from convlens.distill.data.shapes import ShapesSet
from convlens.distill.data.targets import AnchorTargets
from convlens.distill.devices import devices_of
from convlens.distill.methods import complete_terms, make_methods
from convlens.distill.networks import Detector
from convlens.distill.preflight import check_folder, check_teacher
from convlens.distill.trainer import Job, Place, Progress, Run
from convlens.errors import TrainingError

_VALIDATION_SEED = 2**31  # no run's seed: all are scored on the same images
_TEACHER_SEED = 2**31 + 1


def jobs_of(config: DistillConfig) -> Iterator[Job]:
    """The trainings of an experiment, teachers first; several seeds or methods are told by the names."""
    for seed in config.seeds:
        mark = f"_seed{seed}" if len(config.seeds) > 1 else ""
        if "teacher" in config.only:
            yield Job(f"teacher{mark}", "teacher", config.teacher, seed)
        if "baseline" in config.only:
            yield Job(f"baseline{mark}", "baseline", config.student, seed)
        if "longer" in config.only:
            longer = replace(config.student, epochs=config.longer_epochs)
            yield Job(f"baseline_longer{mark}", "longer", longer, seed)
        if "distilled" in config.only:
            for methods in config.methods:
                told = f"_{methods}" if len(config.methods) > 1 else ""
                yield Job(f"distilled{told}{mark}", "distilled", config.student, seed, methods)


class Experiment:
    """An experiment in a folder; `run` trains what is not yet trained."""

    def __init__(self, config: DistillConfig, folder: Path) -> None:
        terms = complete_terms(config.methods, config.terms)
        self.config, self.folder = replace(config, terms=terms), folder
        self.jobs = list(jobs_of(config))
        for training in (config.teacher, config.student):
            networks.check(training)
        self.devices = devices_of(config.devices)
        if len(self.devices) > config.data.batch_size:
            raise TrainingError(f"A batch of {config.data.batch_size} cannot be split on {config.devices}.")
        self.validation = self._images("validation", 0)
        self.classes = self.validation.classes
        self._sets: dict[tuple[str, int], Dataset] = {}
        self.kvstore = _parameter_server(self.jobs) if config.kvstore == "dist_sync" else None

    def run(self, resume: bool, watch: Callable[[Progress], None]) -> list[Path]:
        """Train all; the logs, in the order of the jobs."""
        place = Place(self.devices, self.kvstore, self.folder)
        if place.writes:
            check_folder(self.folder, [job.name for job in self.jobs], resume)
        for job in self.jobs:
            if place.writes:
                config_file.save(self.config_of(job), self.folder / f"{job.name}.toml")
            self._train(job, place, resume, watch)
        return [self.folder / f"{job.name}.log" for job in self.jobs]

    def config_of(self, job: Job) -> DistillConfig:
        """The settings that repeat one job."""
        methods = (job.methods,) if job.methods else self.config.methods
        teacher = self.config.teacher
        if job.role == "distilled" and not teacher.params:
            teacher = replace(teacher, params=self._teacher_file(job.seed).name)  # beside the file
        return replace(self.config, only=(job.role,), seeds=(job.seed,), methods=methods, teacher=teacher)

    def arguments(self, job: Job) -> dict[str, object]:
        """What the log tells of a job, under the names of GluonCV's scripts."""
        data, training = self.config.data, job.training
        backbone = networks.backbone_of(training.network)
        detector = f"ssd_{data.size}"
        names = [detector, backbone, data.dataset]
        told: dict[str, object] = {
            "network": backbone,
            "dataset": data.dataset,
            "data_shape": data.size,
            "batch_size": data.batch_size,
            "epochs": training.epochs,
            "num_samples": len(self.training_set(job)),
            "lr": training.lr,
            "lr_mode": training.schedule,
            "optimizer": training.optimizer,
            "wd": training.wd,
            "warmup_steps": training.warmup_steps,
            "log_interval": self.config.log_interval,
            "val_interval": self.config.val_interval,
            "seed": job.seed,
            "resume": training.params,
        }
        if training.optimizer == "sgd":
            told["momentum"] = training.momentum
        if training.schedule == "step":
            told["lr_decay"] = training.lr_decay
            told["lr_decay_epoch"] = ",".join(map(str, training.lr_decay_epoch))
        if job.methods:
            teacher = networks.backbone_of(self.config.teacher.network)
            names.insert(2, teacher)
            told |= {"distill": job.methods, "teacher": teacher}
            for name in job.methods.split("+"):
                settings = self.config.terms.get(name, {})
                told |= {f"{name}_{key}": value for key, value in settings.items()}
        return told | {"save_prefix": "_".join(names)}

    def _train(self, job: Job, place: Place, resume: bool, watch: Callable[[Progress], None]) -> None:
        size = self.config.data.size
        detector = networks.make(job.training, self.classes, size, job.seed)
        image = mx.nd.zeros((1, 3, size, size))
        targets = AnchorTargets(detector.look(image).anchors.asnumpy()[0])
        drawn = self.config.data.dataset == "shapes"
        share = (place.kvstore.rank, place.workers) if place.kvstore is not None else (0, 1)
        loader = Loader(
            self.training_set(job),
            targets,
            light if drawn else SsdAugment(size),
            self.config.data.batch_size,
            self.config.data.workers,
            job.seed,
            share,
        )
        teacher = self._teacher(job.seed) if job.methods else None
        methods = make_methods(job.methods, self.config.terms) if job.methods else {}
        run = Run(job, self.config, place, detector, loader, self.validation, teacher, methods)
        run.train(self.arguments(job), resume, watch)

    def _teacher_file(self, seed: int) -> Path:
        several = len(self.config.seeds) > 1
        return (self.folder / (f"teacher_seed{seed}.params" if several else "teacher.params")).resolve()

    def _teacher(self, seed: int) -> Detector:
        """The trained teacher, scored and refused where it is none."""
        training = self.config.teacher
        if not training.params:
            training = replace(training, params=str(self._teacher_file(seed)))
        training = replace(training, pretrained=False)
        teacher = networks.make(training, self.classes, self.config.data.size, seed)
        teacher.collect_params().reset_ctx(self.devices)
        least = self.config.teacher_min_map
        check_teacher(
            teacher, training.params, self.validation, self.config.data.size, self.devices[0], least
        )
        return teacher

    def training_set(self, job: Job) -> Dataset:
        """The images that a job is trained on."""
        key = ("teacher" if job.role == "teacher" else "student", job.seed)
        if key not in self._sets:
            self._sets = {key: self._images(*key)}  # one at a time is held
        return self._sets[key]

    def _images(self, part: str, seed: int) -> Dataset:
        data, shapes = self.config.data, self.config.shapes
        if data.dataset == "shapes":
            if part == "validation":
                return ShapesSet(shapes, shapes.validation_images, data.size, (_VALIDATION_SEED,))
            apart = part == "teacher" and shapes.teacher_images != shapes.images
            count = shapes.teacher_images if part == "teacher" else shapes.images
            return ShapesSet(shapes, count, data.size, (seed, _TEACHER_SEED) if apart else (seed,))
        splits = data.validation if part == "validation" else data.splits
        root = Path(data.root).expanduser()
        if not data.root or not root.is_dir():
            raise TrainingError(f"data.root is the folder of the images: there is no folder {data.root!r}.")
        if not splits:
            raise TrainingError("data.splits and data.validation name the lists of images.")
        if data.dataset == "coco":
            return CocoSet(root, splits)
        if data.dataset == "voc":
            return FolderSet(voc_lists(root, splits), VOC_CLASSES)
        if not data.classes:
            raise TrainingError("data.classes names the classes of a folder.")
        return FolderSet([(root, name) for name in splits], data.classes)


def _parameter_server(jobs: Sequence[Job]) -> Any:
    """The connection to MXNet's parameter server, whose keys serve one network only."""
    if "DMLC_ROLE" not in os.environ:
        raise TrainingError(
            "dist_sync works under a launcher: --launch-local N, or MXNet's own on several machines."
        )
    if len(jobs) > 1:
        raise TrainingError("With dist_sync one network is trained at a time: pick it with --only.")
    if any("adversarial" in job.methods for job in jobs):
        raise TrainingError("The critics of adversarial distillation cannot be trained by dist_sync.")
    return mx.kv.create("dist_sync")
