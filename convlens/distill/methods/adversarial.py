"""Adversarial distillation (Hong Wei, 2019): critics tell the teacher's maps from the student's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from convlens.distill._mxnet import mx
from convlens.distill.config import check_range
from convlens.distill.discriminator import Critic
from convlens.distill.methods.base import Adapters, Method, Seen, Term
from convlens.distill.networks import Output

_EPS = 1e-6


@dataclass(frozen=True)
class AdversarialSettings(Term):
    """`channels` of the critics, their rate, and the bound `clamp` on their weights.

    `normalise` gives the vector at each place of a map the length 1 before the critics see it.
    """

    channels: int = 512
    critic_lr: float = 5e-4
    clamp: float = 0.03
    normalise: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("channels", self.channels, 1, 4096)
        check_range("critic_lr", self.critic_lr, 0, 10)
        check_range("clamp", self.clamp, 1e-6)


class Adversarial(Method):
    """One critic a map (Wasserstein, weights clamped): they minimise D(teacher) - D(student).

    The student minimises D(student). Each D is the mean over maps, images and places.
    """

    settings_type: ClassVar[type[Term]] = AdversarialSettings
    columns: ClassVar[tuple[str, ...]] = ("Loss_G", "Loss_D", "Loss_D_real", "Loss_D_fake")
    settings: AdversarialSettings

    def prepare(self, student: Output, teacher: Output, devices: Sequence[Any], seed: int) -> None:
        """Make the critics and their optimizer."""
        mx.random.seed(seed)
        self.blocks["adapters"] = Adapters(student, teacher, devices)
        self.critics = mx.gluon.nn.HybridSequential()
        for shape in (m.shape for m in teacher.maps):
            self.critics.add(Critic(min(shape[2:]), self.settings.channels))
        self.critics.initialize(mx.init.Normal(0.02), ctx=list(devices))
        self._judge(teacher.maps)
        rate = {"learning_rate": self.settings.critic_lr, "beta1": 0.5}
        self.trainer = mx.gluon.Trainer(self.critics.collect_params(), "adam", rate, update_on_kvstore=False)
        self._clamp()

    @property
    def own(self) -> dict[str, tuple[Any, Any]]:
        """The critics and their optimizer."""
        return {"critics": (self.critics, self.trainer)}

    def losses(self, seen: Seen) -> Mapping[str, Any]:
        """How far the critics take the student's maps for what they are."""
        return {"Loss_G": self._judge(self.blocks["adapters"].fit(seen.student.maps))}

    def learn(self, seen: Sequence[Seen]) -> Mapping[str, float]:
        """One step of the critics."""
        with mx.autograd.pause():
            fakes = [self.blocks["adapters"].fit(s.student.maps) for s in seen]
        reals, lies, losses = [], [], []
        with mx.autograd.record():
            for s, fake in zip(seen, fakes, strict=True):
                reals.append(self._judge(s.teacher.maps))
                lies.append(self._judge([m.detach() for m in fake]))
                losses.append(reals[-1] - lies[-1])
        mx.autograd.backward(losses)
        self.trainer.step(len(seen))
        self._clamp()
        real, fake = (sum(v.asscalar() for v in values) / len(seen) for values in (reals, lies))
        return {"Loss_D": float(real - fake), "Loss_D_real": float(real), "Loss_D_fake": float(fake)}

    def _judge(self, maps: Sequence[Any]) -> Any:
        nd = mx.nd
        if self.settings.normalise:
            lengths = [nd.sqrt(nd.sum(m**2, axis=1, keepdims=True) + _EPS) for m in maps]
            maps = [nd.broadcast_div(m, length) for m, length in zip(maps, lengths, strict=True)]
        judged = [nd.mean(critic(m)) for critic, m in zip(self.critics, maps, strict=True)]
        return nd.add_n(*judged) / len(judged)

    def _clamp(self) -> None:
        for parameter in self.critics.collect_params().values():
            for values in parameter.list_data():
                mx.nd.clip(values, -self.settings.clamp, self.settings.clamp, out=values)
