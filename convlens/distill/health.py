"""Whether one term of the loss drowns the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convlens.distill.meters import Meters

_DROWNS = 10.0  # times the detection loss


class Health:
    """Weighs the terms, as they enter the total, against the detection loss, epoch by epoch."""

    def __init__(self) -> None:
        self.meters = Meters()

    def add(self, detection: float, terms: Mapping[str, float]) -> None:
        """Take one step's detection loss and weighted terms."""
        self.meters.add({"detection": detection} | {name: abs(value) for name, value in terms.items()})

    def of_epoch(self, number: int) -> Iterator[str]:
        """Each term's share of the total in the epoch that ends, and a warning where one drowns the rest."""
        means, self.meters = self.meters.means(), Meters()
        detection = means.pop("detection", 0.0)
        total = detection + sum(means.values())
        if not means or not total:
            return
        shares = ", ".join(f"{name} {value / total:.1%}" for name, value in means.items())
        yield f"Shares of the total loss, epoch {number}: detection {detection / total:.1%}, {shares}"
        for name, value in means.items():
            if value > _DROWNS * detection:
                times = f"{value / detection:.0f} times the detection loss in epoch {number}"
                yield f"Warning: {name}, weighted, is {times}: lower its weight"
