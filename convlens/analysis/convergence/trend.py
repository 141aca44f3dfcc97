"""What a curve would change in the next epochs of its phase, with an interval.

Within a phase of constant learning rate a loss goes about as c + b*log(t + s), t epochs since the phase
began: that trend is fitted to the last part of the phase (generalised least squares with the covariance of
noise and rounding), and carried on. What really comes differs from that by a factor which the published logs
tell: see `Bend`. The interval has both in it, and what is not known of the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convlens.analysis.convergence.noise import Noise, restricted
from convlens.analysis.convergence.points import Points
from convlens.meters import Floats

WINDOW = 1.25  # horizons that the trend is fitted to
FEWEST = 5  # points of a window, as far as the phase has them
_OFFSET = 0.25  # s, in epochs
_CELL = 0.4  # standard deviations: eleven normals so wide make a smooth distribution


@dataclass(frozen=True)
class Bend:
    """How a curve goes on, as a part of what its logarithmic trend says: log-normal.

    Measured on cuts inside the constant-rate phases of 22 published detection logs (the benchmark of verdicts
    measures it again, each family left out in turn): the change over the next tenth of the epochs was 0.8 of
    the trend's, within a factor of 1.8 in 90% of cases, for losses and mAP alike.
    """

    median: float = 0.8
    spread: float = 0.35

    def members(self) -> tuple[Floats, Floats]:
        """Factors (k,) and the logarithms of their weights (k,), spread by a part `_CELL` of `spread`."""
        z = np.linspace(-2.4, 2.4, 11)
        return self.median * np.exp(self.spread * z), -(z**2) / 2 / (1 - _CELL**2)


PUBLISHED = Bend()


@dataclass(frozen=True, eq=False)
class Change:
    """What is expected of a curve `ahead` rows behind its last point: a mixture of normals.

    `level` is where the trend stands at the last point, `slope` what it gains when the logarithm of time
    grows by 1; `sigma` is the noise of a point and `rho` its autocorrelation. `mean`, `error` and `weight`
    (m,) are of the mixture of changes. All but `rho` and `weight` are in the curve's unit.
    """

    level: float
    slope: float
    sigma: float
    rho: float
    mean: Floats
    error: Floats
    weight: Floats

    def quantile(self, p: float) -> float:
        """The p-quantile of the expected change."""
        low, high = float((self.mean - 9 * self.error).min()), float((self.mean + 9 * self.error).max())
        for _ in range(32):  # to a 10⁸th of an error
            middle = (low + high) / 2
            parts = [math.erf(z) for z in ((middle - self.mean) / self.error / math.sqrt(2)).tolist()]
            if float(self.weight @ (1 + np.array(parts))) / 2 < p:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def window_of(points: Points, horizon: float) -> int:
    """The index of the first point of the window, for the points of one phase."""
    inside = points.time > points.time[-1] - WINDOW * horizon
    return min(int(np.argmax(inside)), max(len(points) - FEWEST, 0))


def carry_on(window: Points, noise: Noise, ahead: float, bend: Bend = PUBLISHED) -> Change:
    """The change of the trend in the next `ahead` rows; the window needs two points, the noise more."""
    trend = np.log(window.time + _OFFSET)
    grows = float(np.log(window.time[-1] + ahead + _OFFSET) - trend[-1])
    fits = restricted(noise, window, np.column_stack([np.ones(len(window)), trend - trend[-1]]))
    part, part_weight = bend.members()
    gain = fits.fitted[:, 1] * grows
    unsure = np.hypot(np.sqrt(fits.covariance[:, 1, 1]) * grows, gain * bend.spread * _CELL)
    weight = noise.weight + fits.weight
    share = _normal(weight)
    shares = _normal((weight[:, None] + part_weight).ravel())
    kept = shares > 1e-5
    return Change(
        level=float(share @ fits.fitted[:, 0]),
        slope=float(share @ fits.fitted[:, 1]),
        sigma=float(share @ noise.sigma),
        rho=float(share @ noise.rho),
        mean=np.outer(gain, part).ravel()[kept],
        error=np.outer(unsure, part).ravel()[kept],
        weight=shares[kept] / shares[kept].sum(),
    )


def after(window: Points, change: Change, rows: int) -> Points:
    """The window as it will look in so many rows if the trend goes on, without noise."""
    spacing = float(np.median(np.diff(window.time)))
    more = max(round(rows / spacing), 1)
    time = np.concatenate([window.time, window.time[-1] + spacing * np.arange(1, more + 1)])
    gain = np.log(time + _OFFSET) - np.log(window.time[-1] + _OFFSET)
    slope = np.where(gain > 0, PUBLISHED.median * change.slope, change.slope)
    return Points(
        np.concatenate([window.epoch, np.full(more, window.epoch[-1])]),
        time,
        change.level + slope * gain,
        np.full(len(time), window.phase[-1]),
        np.concatenate([window.variance, np.full(more, window.variance[-1])]),
        np.concatenate([window.beside, np.full(more, window.beside[-1])]),
    )


def _normal(weight: Floats) -> Floats:
    """Weights that sum to 1, of their logarithms."""
    shares = np.exp(weight - weight.max())
    normal: Floats = shares / shares.sum()
    return normal
