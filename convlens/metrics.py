"""The vocabulary: what a column of a log is. No framework's names stand here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from convlens.meters import Meter


class Role(StrEnum):
    """What a column is good for."""

    LOSS = "loss"  # a loss of the detector: part of the summed loss
    TOTAL = "total"  # the detector's losses summed and weighted, as printed: it is the summed loss
    AUXILIARY = "auxiliary"  # a loss of another layer than the last: in a printed total only
    TERM = "term"  # adversarial, distillation and other terms: never in the summed loss
    METRIC = "metric"  # training accuracy and the like
    RATE = "rate"  # learning rate
    SPEED = "speed"  # samples a second, and the seconds that they took
    SCORE = "score"  # what a validation measures


NO_MEANS = (Role.RATE, Role.SPEED)  # printed as they are at the moment, whatever the losses average over


class Unit(StrEnum):
    """Units of the values in a column."""

    NONE = ""
    FRACTION = "fraction"  # between 0 and 1
    PERCENT = "%"
    METRES = "m"
    SECONDS = "s"
    SAMPLES_PER_SECOND = "samples/s"


class Better(StrEnum):
    """The direction in which a column improves."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


@dataclass(frozen=True)
class Column:
    """One column of a log.

    `name` is the printed name; `meter` says what a printed value averages over; `part_of` names the
    sum that the column belongs to ("loss") or is empty; `quantity` is the name under which the same
    quantity goes in other logs (`CrossEntropy` for a student's `train_student_ori_net_CrossEntropy`),
    `complement` the name of what makes 100% with it (an error's accuracy), and `window` how many iterations a
    windowed value covers.
    """

    name: str
    role: Role
    unit: Unit = Unit.NONE
    better: Better = Better.LOWER
    meter: Meter = Meter.EPOCH
    part_of: str = ""
    quantity: str = ""
    complement: str = ""
    window: int = 0

    @property
    def measures(self) -> str:
        """The name of the quantity, for comparing it across logs."""
        return self.quantity or self.name


def loss(name: str, meter: Meter = Meter.EPOCH, quantity: str = "") -> Column:
    """A loss of the detector: part of the summed loss."""
    return Column(name, Role.LOSS, meter=meter, part_of="loss", quantity=quantity)


def total(name: str, meter: Meter = Meter.EPOCH) -> Column:
    """The sum of the detector's losses, as printed beside them."""
    return Column(name, Role.TOTAL, meter=meter, quantity="loss")


def auxiliary(name: str, meter: Meter = Meter.EPOCH) -> Column:
    """A loss of an auxiliary layer."""
    return Column(name, Role.AUXILIARY, meter=meter)


def term(name: str, meter: Meter = Meter.EPOCH, quantity: str = "") -> Column:
    """An adversarial, distillation or other term that is never part of the summed loss."""
    return Column(name, Role.TERM, better=Better.NEITHER, meter=meter, quantity=quantity)


def accuracy(name: str, meter: Meter = Meter.EPOCH) -> Column:
    """A training accuracy, a fraction between 0 and 1."""
    return Column(name, Role.METRIC, Unit.FRACTION, Better.HIGHER, meter)


def error(name: str, meter: Meter = Meter.EPOCH) -> Column:
    """A training metric that is better when lower and is no loss."""
    return Column(name, Role.METRIC, meter=meter)


def score(
    name: str,
    better: Better = Better.HIGHER,
    unit: Unit = Unit.PERCENT,
    quantity: str = "",
    complement: str = "",
) -> Column:
    """A score of a validation."""
    return Column(name, Role.SCORE, unit, better, quantity=quantity, complement=complement)


SPEED = Column("Speed", Role.SPEED, Unit.SAMPLES_PER_SECOND, Better.HIGHER)
RATE = Column("LR", Role.RATE, better=Better.NEITHER)
