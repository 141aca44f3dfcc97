"""CWD (Shu et al., 2021, arXiv 2011.13256): where each channel looks, as a distribution over the places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convlens.distill._mxnet import mx
from convlens.distill.config import check_range
from convlens.distill.methods.base import MapMethod, Term


@dataclass(frozen=True)
class CwdSettings(Term):
    """`temperature` softens the distributions."""

    temperature: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("temperature", self.temperature, 0.01)


class Cwd(MapMethod):
    """KL divergence of the student's softmax over space from the teacher's, a channel, times T squared."""

    settings_type: ClassVar[type[Term]] = CwdSettings
    columns: ClassVar[tuple[str, ...]] = ("CWD_loss",)
    settings: CwdSettings

    def distance(self, student: Any, teacher: Any) -> Any:
        """The mean over channels and images; maps of one place have none."""
        nd, heat = mx.nd, self.settings.temperature
        own, other = (nd.log_softmax(m.reshape((0, 0, -1)) / heat, axis=-1) for m in (student, teacher))
        return nd.mean(nd.sum(nd.exp(other) * (other - own), axis=-1)) * heat**2
