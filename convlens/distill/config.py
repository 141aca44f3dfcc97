"""The settings of an experiment: one frozen dataclass, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convlens.errors import TrainingError, UnknownNameError

ROLES = ("teacher", "baseline", "longer", "distilled")
DATASETS = ("shapes", "voc", "folder", "coco")
OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("step", "cosine")


def check_name(kind: str, name: str, known: tuple[str, ...]) -> None:
    """Raise UnknownNameError for a name that is not among the known ones."""
    if name not in known:
        raise UnknownNameError(kind, name, known)


def check_range(kind: str, value: float, low: float, high: float = float("inf")) -> None:
    """Raise TrainingError for a number outside of [low, high]."""
    if not low <= value <= high:
        bounds = f"at least {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
        raise TrainingError(f"{kind} is {bounds}, not {value:g}.")


@dataclass(frozen=True)
class Data:
    """The images: where they are, their size, and how they come in batches.

    `dataset` is `shapes` (drawn on the fly), `voc` (a VOCdevkit under `root`), `folder` (any folder in VOC's
    form) or `coco`. `splits` and `validation` name what is trained on and scored (`2007_trainval`, for a
    folder the names of lists in ImageSets/Main); `classes` are needed for a folder only.
    """

    dataset: str = "shapes"
    root: str = ""
    splits: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    size: int = 64
    batch_size: int = 16
    workers: int = 1

    def __post_init__(self) -> None:
        check_name("dataset", self.dataset, DATASETS)
        check_range("data.size", self.size, 32, 4096)
        check_range("data.batch_size", self.batch_size, 1, 65536)
        check_range("data.workers", self.workers, 1, 256)


@dataclass(frozen=True)
class Shapes:
    """What the drawn images show, and how hard they are.

    Sizes are parts of the image's side, `rotation` degrees either way, `noise` the standard deviation in
    grey levels, `overlap` the largest part of an object that another may hide. The teacher has images of its
    own if `teacher_images` differs from `images`.
    """

    images: int = 3000
    teacher_images: int = 3000
    validation_images: int = 1500
    kinds: int = 5
    most_objects: int = 3
    smallest: float = 0.22
    largest: float = 0.60
    overlap: float = 0.25
    rotation: float = 20.0
    noise: float = 12.0

    def __post_init__(self) -> None:
        for name in ("images", "teacher_images", "validation_images", "most_objects"):
            check_range(f"shapes.{name}", getattr(self, name), 1, 10_000_000)
        check_range("shapes.kinds", self.kinds, 1, 5)
        check_range("shapes.smallest", self.smallest, 0.05, self.largest)
        check_range("shapes.largest", self.largest, self.smallest, 0.9)
        check_range("shapes.overlap", self.overlap, 0, 1)


@dataclass(frozen=True)
class Training:
    """How one network is trained.

    `params` is a file of parameters to begin with, `pretrained` takes the backbone from the local model zoo.
    The rate warms up over `warmup_steps`, then drops by `lr_decay` at each of `lr_decay_epoch` (`step`) or
    falls along a cosine to 1% (`cosine`). `clip` bounds the norm of the gradient; 0 is no bound.
    """

    network: str = "resnet_w8"
    params: str = ""
    pretrained: bool = False
    epochs: int = 9
    optimizer: str = "adam"
    lr: float = 0.016
    momentum: float = 0.9
    wd: float = 0.0005
    schedule: str = "cosine"
    lr_decay: float = 0.1
    lr_decay_epoch: tuple[int, ...] = ()
    warmup_steps: int = 30
    clip: float = 0.0

    def __post_init__(self) -> None:
        check_name("optimizer", self.optimizer, OPTIMIZERS)
        check_name("schedule", self.schedule, SCHEDULES)
        check_range("epochs", self.epochs, 1, 100_000)
        check_range("lr", self.lr, 0, 1000)
        for name in ("momentum", "wd", "lr_decay", "warmup_steps", "clip"):
            check_range(name, getattr(self, name), 0)


@dataclass(frozen=True)
class DistillConfig:
    """One experiment: a teacher, and students alone and under it.

    `only` picks from teacher, baseline (the student alone), longer (alone for `longer_epochs`, so that it
    has the compute of a distilled one) and distilled; `methods` are trained in turn, each once a seed.
    `terms` holds the settings of each method by name.
    """

    data: Data = field(default_factory=Data)
    shapes: Shapes = field(default_factory=Shapes)
    teacher: Training = field(default_factory=Training)
    student: Training = field(default_factory=Training)
    terms: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    only: tuple[str, ...] = ("teacher", "baseline", "distilled")
    methods: tuple[str, ...] = ("adversarial+cosine",)
    seeds: tuple[int, ...] = (0,)
    longer_epochs: int = 0
    devices: str = "cpu"
    threads: int = 0
    kvstore: str = "device"
    log_interval: int = 20
    val_interval: int = 1
    teacher_min_map: float = 20.0

    def __post_init__(self) -> None:
        for role in self.only:
            check_name("part of the experiment", role, ROLES)
        check_name("kvstore", self.kvstore, ("device", "dist_sync"))
        for name in ("only", "methods", "seeds"):
            if len(set(getattr(self, name))) != len(getattr(self, name)) or not getattr(self, name):
                raise TrainingError(f"{name} names at least one, and each once.")
        for seed in self.seeds:
            check_range("a seed", seed, 0, 2**31 - 1)
        check_range("log_interval", self.log_interval, 1)
        check_range("val_interval", self.val_interval, 1)
        check_range("teacher_min_map", self.teacher_min_map, 0, 100)
        check_range("threads", self.threads, 0, 1024)
        if "longer" in self.only and not self.longer_epochs:
            raise TrainingError("longer_epochs says for how many epochs the longer baseline is trained.")
