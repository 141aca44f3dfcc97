"""Soft targets (Hinton et al., 2015, arXiv 1503.02531): the teacher's class probabilities at each anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from convlens.distill._mxnet import mx
from convlens.distill.config import check_range
from convlens.distill.methods.base import Method, Seen, Term


@dataclass(frozen=True)
class LogitsSettings(Term):
    """`temperature` softens the probabilities."""

    temperature: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("temperature", self.temperature, 0.01)


class Logits(Method):
    """KL divergence from the teacher's probabilities, times T squared, over all anchors.

    It is divided by the number of positive anchors, as the detector's losses are.
    """

    settings_type: ClassVar[type[Term]] = LogitsSettings
    columns: ClassVar[tuple[str, ...]] = ("Logits_loss",)
    settings: LogitsSettings

    def losses(self, seen: Seen) -> Mapping[str, Any]:
        """One term."""
        nd, heat = mx.nd, self.settings.temperature
        own = nd.log_softmax(seen.student.classes / heat, axis=-1)
        other = nd.log_softmax(seen.teacher.classes / heat, axis=-1)
        positive = nd.maximum(nd.sum(seen.classes > 0), 1)
        return {"Logits_loss": nd.sum(nd.exp(other) * (other - own)) * heat**2 / positive}
