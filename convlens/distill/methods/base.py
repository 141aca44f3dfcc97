"""What a method of distillation is: from what student and teacher see in a batch to named losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from convlens.distill._mxnet import mx
from convlens.distill.config import check_range
from convlens.distill.data.dataset import Floats32
from convlens.distill.networks import Output


class Seen(NamedTuple):
    """What student and teacher gave for the same n images of one device.

    `classes` (n, anchors) are the anchors' class targets, `boxes` the objects (k, 4) of each image [pixels].
    """

    student: Output
    teacher: Output
    classes: Any
    boxes: Sequence[Floats32]


@dataclass(frozen=True)
class Term:
    """The settings that every method has.

    The weight rises linearly over the first `warmup_steps` and, from the part `decay_from` of the run on,
    falls linearly to 0 at its end (1 is never).
    """

    weight: float = 1.0
    warmup_steps: int = 0
    decay_from: float = 1.0

    def __post_init__(self) -> None:
        check_range("weight", self.weight, 0)
        check_range("warmup_steps", self.warmup_steps, 0)
        check_range("decay_from", self.decay_from, 0, 1)

    def weight_at(self, step: int, steps: int) -> float:
        """The weight in a step of a run of `steps`."""
        rise = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        part = step / steps
        fall = (1 - part) / (1 - self.decay_from) if part > self.decay_from else 1.0
        return self.weight * rise * fall


class Method:
    """A method; the simplest adds nothing.

    `columns` are the names under which its figures stand in the log; the keys that `losses` gives come first.
    `blocks` are trained with the student and are no part of it; `prepare` makes them.
    """

    settings_type: ClassVar[type[Term]] = Term
    columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Term) -> None:
        self.settings = settings
        self.blocks: dict[str, Any] = {}

    def prepare(self, student: Output, teacher: Output, devices: Sequence[Any], seed: int) -> None:
        """Make what the method needs to know the shapes of the maps for."""

    def losses(self, seen: Seen) -> Mapping[str, Any]:
        """The terms that the student is to make small, each a scalar array."""
        del seen
        return {}

    def learn(self, seen: Sequence[Seen]) -> Mapping[str, float]:
        """Train what the method has of its own, before the student's step; gives figures for the log."""
        del seen
        return {}

    @property
    def own(self) -> dict[str, tuple[Any, Any]]:
        """What the method trains itself: blocks with their optimizers."""
        return {}


class Adapters(mx.gluon.nn.HybridSequential):
    """A 1 x 1 convolution for each map of the student whose channels differ from the teacher's."""

    def __init__(self, student: Output, teacher: Output, devices: Sequence[Any]) -> None:
        super().__init__()
        for own, other in zip(student.maps, teacher.maps, strict=True):
            differ = own.shape[1] != other.shape[1]
            block = mx.gluon.nn.Conv2D(other.shape[1], 1) if differ else mx.gluon.nn.HybridLambda("identity")
            self.add(block)
        self.initialize(mx.init.Xavier(), ctx=list(devices))
        for block, own in zip(self, student.maps, strict=True):
            block(own)

    def fit(self, maps: Sequence[Any]) -> list[Any]:
        """The student's maps with the teacher's channels."""
        return [block(m) for block, m in zip(self, maps, strict=True)]


class MapMethod(Method):
    """A method that compares the maps one by one; the loss is the mean over them."""

    def prepare(self, student: Output, teacher: Output, devices: Sequence[Any], seed: int) -> None:
        """Make the adapters."""
        mx.random.seed(seed)
        self.blocks["adapters"] = Adapters(student, teacher, devices)

    def losses(self, seen: Seen) -> Mapping[str, Any]:
        """The mean distance of the maps."""
        own = self.blocks["adapters"].fit(seen.student.maps)
        pairs = zip(own, seen.teacher.maps, strict=True)
        parts = [self.distance(student, teacher) for student, teacher in pairs]
        return {self.columns[0]: mx.nd.add_n(*parts) / len(parts)}

    def distance(self, student: Any, teacher: Any) -> Any:
        """The distance of two maps (n, c, h, w), a scalar array."""
        raise NotImplementedError
