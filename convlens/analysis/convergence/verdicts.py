"""What can be said of a curve, and on what evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from convlens.analysis.schedule.phases import Phase


class Verdict(StrEnum):
    """What another tenth of the configured epochs would bring a curve in its phase, against a margin."""

    CONVERGED = "converged"  # less than the margin, and the learning rate is not to fall again
    IMPROVING = "improving"
    WORSENING = "worsening"
    INCONCLUSIVE = "inconclusive"  # more or less than the margin: both are possible
    AWAITING_DECAY = "awaiting-decay"  # flat, but the learning rate is still to fall inside the run
    UNSTABLE = "unstable"
    DIVERGED = "diverged"
    OFF = "off"  # a term that was switched off
    TOO_SHORT = "too-short"


@dataclass(frozen=True)
class Margins:
    """Which changes matter: a part of a loss's present value, and points of a percentage."""

    loss: float = 0.01
    score: float = 0.5


@dataclass(frozen=True)
class CurveVerdict:
    """The verdict on one curve with its evidence; figures are NaN where there are none.

    The trend of the epochs `first` to `last` (`points` values, the means of whose halves are `earlier` and
    `later`) stands at `value` and says that the next `horizon` epochs would bring `change`, with 90%
    probability between `low_90` and `high_90`; less than `margin` either way does not matter. `capped` says
    that the horizon is shorter than a tenth of the run, since the phase is. `ahead` are the epochs at which
    the learning rate is still to fall, `since` the epoch at which the curve diverged or was switched off.
    `relative` says that the margin is a part of the value, `scored` that the curve is of validations, `axis`
    what an epoch is. `reason` says why the
    verdict is so, `settle` what would settle it.
    """

    curve: str
    verdict: Verdict
    reason: str
    settle: str = ""
    value: float = math.nan
    change: float = math.nan
    low_90: float = math.nan
    high_90: float = math.nan
    margin: float = math.nan
    relative: bool = True
    scored: bool = False
    axis: str = "epoch"
    horizon: int = 0
    capped: bool = False
    first: int | None = None
    last: int | None = None
    points: int = 0
    earlier: float = math.nan
    later: float = math.nan
    phase: Phase | None = None
    ahead: tuple[float, ...] = ()
    since: int | None = None

    def __str__(self) -> str:
        return f"{self.curve}: {self.verdict}. {self.reason} {self.settle}".rstrip()

    @property
    def side(self) -> int | None:
        """0 if the interval lies within the margin, -1 or 1 if beyond it, None if across its edge."""
        if -self.margin <= self.low_90 and self.high_90 <= self.margin:
            return 0
        if self.high_90 < -self.margin:
            return -1
        return 1 if self.low_90 > self.margin else None

    @property
    def outlook(self) -> str:
        """What is expected, as a clause."""
        capped = " (as many as the phase has)" if self.capped else ""
        return f"{counted(self.horizon, self.axis, 'more ')}{capped} would change it by {self.expected}"

    @property
    def expected(self) -> str:
        """The expected change with its 90% interval: a part of a loss, points of a score."""
        told = [self.change, self.low_90, self.high_90]
        if self.relative and self.value:
            change, low, high = (signed(100 * v / abs(self.value)) for v in told)
            return f"{change}% (90%: {low} to {high})"
        change, low, high = (signed(v) for v in told)
        return f"{change} (90%: {low} to {high})"

    @property
    def limit(self) -> str:
        """The margin in words."""
        if not self.relative:
            return f"±{self.margin:g} points"
        return f"±{100 * self.margin / abs(self.value):.2g}%" if self.value else f"±{self.margin:.2g}"


def title_of(curve: str) -> str:
    """What a curve is called in a sentence."""
    return "mAP" if curve == "map" else curve


def signed(value: float) -> str:
    """A number with its sign and one decimal, two where one shows nothing."""
    decimals = 1 if abs(value) >= 0.05 else 2
    text = f"{value:+.{decimals}f}".replace("-", "−")
    return text.lstrip("+−") if float(f"{value:.{decimals}f}") == 0 else text


def counted(count: int, thing: str, more: str = "") -> str:
    """A number of things: `1 epoch`, `3 more epochs`, `no validations`."""
    return f"{count or 'no'} {more}{thing}{'s' * (count != 1)}"
