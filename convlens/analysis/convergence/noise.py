"""The noise of a curve: how far a point strays from the trend, and whether its neighbours stray with it.

Noise is taken as autoregressive of first order with standard deviation sigma and autocorrelation rho, beside
rounding errors whose covariance is known. Neither is estimated: a grid of both is weighed by how likely it
makes what was seen, and what follows is averaged over it, so that few points give wide intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from convlens.analysis.convergence.points import Points
from convlens.meters import Bools, Floats, Ints

_FACTORS = np.exp(np.linspace(-1.8, 1.8, 9))  # of sigma about a robust estimate
_RHOS = np.array([0.0, 0.25, 0.5, 0.75])
_RHO_WEIGHT = -3.0 * _RHOS  # within phases of published logs rho is -0.5 to +0.3, most about 0
_SETTLING = 3  # points behind the beginning of a phase whose bend is no noise
_STRETCH, _SHORTEST = 20, 6  # points in which a parabola in log time is the trend
_STRETCHES, _COUNTED = 6, 30  # stretches looked back upon, and as how many points they count: phases differ
_STRAYING, _SPIKE = 4.0, 8.0  # standard deviations


@dataclass(frozen=True, eq=False)
class Noise:
    """A grid of standard deviations and autocorrelations (g,) with the logarithms of their weights (g,).

    `points` beside those of the window have told something of it.
    """

    sigma: Floats
    rho: Floats
    weight: Floats
    points: int

    def covariances(self, size: int) -> Floats:
        """The covariances (g, size, size) of neighbouring points."""
        distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
        powers: Floats = self.rho[:, None, None] ** distance
        return self.sigma[:, None, None] ** 2 * powers


def noise_of(history: Points, window: Points, relative: bool) -> Noise:
    """What the points before a window tell of its noise; `relative` if it goes with the level."""
    stretches = list(_stretches(history))[:_STRETCHES]
    if relative:
        stretches = [_scaled(s, _level(window) / _level(s)) for s in stretches]
    sigma = np.repeat(_centre([window, *stretches]) * _FACTORS, len(_RHOS))
    grid = Noise(sigma, np.tile(_RHOS, len(_FACTORS)), np.tile(_RHO_WEIGHT, len(_FACTORS)), 0)
    told, count = np.zeros(len(sigma)), 0
    for stretch in stretches:
        bent = np.log(stretch.time)
        trend = np.column_stack([np.ones(len(bent)), bent, bent**2])
        told += restricted(grid, _calm(stretch, grid), trend).weight
        count += len(stretch) - trend.shape[1]
    return replace(grid, weight=grid.weight + told * min(1.0, _COUNTED / max(count, 1)), points=count)


@dataclass(frozen=True, eq=False)
class Fits:
    """A trend fitted under each member of a grid: coefficients (g, k), covariances, log likelihoods."""

    fitted: Floats
    covariance: Floats
    weight: Floats


def restricted(noise: Noise, points: Points, trend: Floats) -> Fits:
    """Generalised least squares of a trend (n, k), and the likelihood of what it leaves (REML).

    See Harville 1977 (doi:10.1080/01621459.1977.10480998), equation 3.1 ff.
    """
    count, scale = len(points), float(np.abs(points.value).max()) or 1.0
    # A trace of independent error keeps the covariance of values without any noise from being singular.
    covariance = noise.covariances(count) + points.rounding() + np.eye(count) * (1e-9 * scale) ** 2
    roots = np.linalg.cholesky(covariance)
    columns = np.column_stack([trend, points.value])
    white = np.linalg.solve(roots, np.broadcast_to(columns, (len(roots), *columns.shape)))
    x, y = white[..., :-1], white[..., -1:]
    across = x.transpose(0, 2, 1)
    inverse = np.linalg.inv(across @ x)
    fitted = inverse @ (across @ y)
    rest = (y - x @ fitted)[..., 0]
    halves = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    weight = np.linalg.slogdet(inverse)[1] / 2 - halves - (rest**2).sum(axis=1) / 2
    return Fits(fitted[..., 0], inverse, weight)


def spikes(points: Points, sigma: float) -> Bools:
    """Which points (n,) stray far from the line through their neighbours, to which noise brings none."""
    middle, values, variance = _contrasts(points)
    far = np.abs(values) / np.sqrt(1.5 * sigma**2 + variance)
    found = np.zeros(len(points), dtype=np.bool_)
    found[middle[(far > _SPIKE) & (far == _largest_nearby(far))]] = True
    return found


def _stretches(history: Points) -> Iterator[Points]:
    """Stretches of neighbouring points within one settled phase, the last ones first."""
    behind = len(history)
    while behind > 0:
        inside = np.flatnonzero(history.phase[:behind] == history.phase[behind - 1])
        first = int(inside[0])
        settled = first + (_SETTLING if history.time[first] < _SETTLING else 0)
        begin = max(behind - _STRETCH, settled)
        if behind - begin >= _SHORTEST:
            yield history[begin:behind]
        behind = begin if begin > settled else first


def _scaled(points: Points, by: float) -> Points:
    return replace(
        points,
        value=points.value * by,
        variance=points.variance * by**2,
        beside=points.beside * by**2,
    )


def _calm(points: Points, grid: Noise) -> Points:
    """The points with spikes drawn in."""
    middle, values, variance = _contrasts(points)
    limit = _STRAYING * np.sqrt(1.5 * float(np.median(grid.sigma)) ** 2 + variance)
    value = points.value.copy()
    value[middle] -= np.where(
        np.abs(values) == _largest_nearby(np.abs(values)), values - np.clip(values, -limit, limit), 0.0
    )
    return replace(points, value=value)


def _centre(parts: list[Points]) -> float:
    """A robust standard deviation of the noise: what contrasts show beyond their rounding."""
    contrasts = [_contrasts(part) for part in parts]
    values = np.concatenate([c[1] for c in contrasts])
    rounding = np.concatenate([c[2] for c in contrasts])
    level = _level(parts[0])
    if not len(values):
        return 0.003 * level
    spread = float(np.median(np.abs(values))) * 1.4826 / np.sqrt(1.5)
    left = spread**2 - float(np.median(rounding)) / 1.5
    return float(max(np.sqrt(max(left, 0.0)), 0.3 * spread, 1e-5 * level))


def _contrasts(points: Points) -> tuple[Ints, Floats, Floats]:
    """Which points lie between neighbours of their phase (m,), how far off the line through these (m,).

    And the variance (m,) that rounding gives that distance.
    """
    count = len(points)
    middle = np.arange(1, max(count - 1, 1))
    if count < 3:
        return middle[:0], np.empty(0), np.empty(0)
    middle = middle[points.phase[middle - 1] == points.phase[middle + 1]]
    before, behind = middle - 1, middle + 1
    share = (points.time[middle] - points.time[before]) / (points.time[behind] - points.time[before])
    values = points.value[middle] - (1 - share) * points.value[before] - share * points.value[behind]
    variance = points.variance[middle] + (1 - share) ** 2 * points.variance[before]
    variance += share**2 * points.variance[behind]
    variance -= 2 * ((1 - share) * points.beside[before] + share * points.beside[middle])
    return middle, values, variance


def _largest_nearby(values: Floats) -> Floats:
    """Of each value and its two neighbours the largest."""
    padded = np.concatenate([[0.0], values, [0.0]])
    nearby: Floats = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return nearby


def _level(points: Points) -> float:
    """The size of the last values."""
    return float(np.median(np.abs(points.value[-5:]))) or 1.0
