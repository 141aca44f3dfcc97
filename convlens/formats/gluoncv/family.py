"""A family of GluonCV's scripts: the columns that it prints, and how it writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convlens.metrics import RATE, SPEED, Better, Column, Role, accuracy, loss, term

_HINTS_OF_A_LOSS = ("loss", "entropy", "l1", "focal", "_conf")


@dataclass(frozen=True)
class Family:
    """The columns of one kind of script.

    `columns` are all that it prints, in order; a log is of this family if its first batch line has all of
    the family's losses. `written` overrides how a value is printed (`{value}`), `joiner` stands between
    pairs. A family with adversarial terms asks for one of them too.
    """

    name: str
    columns: tuple[Column, ...]
    joiner: str = ", "
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def detector(self) -> str:
        """The detector that is trained; its distillation goes by the same name."""
        return self.name.removesuffix("_gan")

    def recognises(self, names: set[str]) -> bool:
        """Whether a batch line with these names is of this family."""
        losses = {c.name for c in self.columns if c.role is Role.LOSS}
        terms = {c.name for c in self.columns if c.role is Role.TERM}
        return losses <= names and (not terms or bool(terms & names))

    def describe(self, name: str) -> Column | None:
        """The column of a printed name, None if this family has none."""
        known = {c.name: c for c in (*self.columns, SPEED, RATE)}
        return known.get(name)

    def write(self, values: Mapping[str, float]) -> str:
        """The pairs of a batch or closing line."""
        default = "{name}={value:.3f}"
        form = {"Speed": "Speed: {value:.3f} samples/sec", **self.written}
        return self.joiner.join(
            form.get(name, default).format(name=name, value=value) for name, value in values.items()
        )


def guess_column(name: str, family_known: bool) -> Column:
    """A column that no family knows, taken as reset each epoch.

    In a log of a known family it is kept out of the summed loss; in one of an unknown family whatever is
    called a loss is one.
    """
    lowered = name.lower()
    if any(hint in lowered for hint in _HINTS_OF_A_LOSS):
        return term(name) if family_known else loss(name)
    if "acc" in lowered or "iou" in lowered:
        return accuracy(name)
    return Column(name, Role.METRIC, better=Better.NEITHER)
