"""How two measures of a few points go together, and what so few points can say of it.

Fisher's z gives the interval of Pearson's r: it covers 95-97% of the true values at 4 to 10 points of a
bivariate normal distribution, where a percentile bootstrap covers 79-91%.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convlens.analysis.comparison.repeats import t_quantile
from convlens.meters import Floats

FEWEST_FOR_AN_INTERVAL = 4  # Fisher's z has the variance 1 / (n - 3)
ENUMERATED = math.factorial(8)  # so many arrangements are gone through, of more so many are drawn
ALIKE = 12  # decimals: correlations of other arrangements that differ by rounding are equal


@dataclass(frozen=True)
class LeftOut:
    """A coefficient when any one point is left out: its range, and the point that changes it most.

    A point without which there is no coefficient (all others are alike) changes it most.
    """

    low: float
    high: float
    most: str


@dataclass(frozen=True)
class Association:
    """How x and y of n points go together; NaN and None where they are too few or do not vary.

    `pearson` with its 95% interval (n >= 4), `spearman`, and the Theil-Sen `slope` [y per x]. `p` is the
    two-sided permutation p of `pearson` and `p_floor` the least that these values could give in any
    arrangement. `without_one` holds `pearson`, `spearman` and `slope` with any one point left out (n >= 4).
    """

    n: int
    pearson: float = math.nan
    low: float = math.nan
    high: float = math.nan
    spearman: float = math.nan
    p: float = math.nan
    p_floor: float = math.nan
    slope: float = math.nan
    without_one: dict[str, LeftOut] | None = None


@dataclass(frozen=True)
class Pooled:
    """Repeated-measures correlation: how x and y go together within k groups of n points in all.

    `r` with its 95% interval is the correlation once the groups' means are removed, `df` = n - k - 1;
    `slope` [y per x] with its 95% interval is the one that all groups share, `slopes` are each group's own
    and `p` and `p_floor` come from permutations within groups. Of the `pairs` of points that share a group
    and differ in x and y, `opposed` have the higher y at the lower x.
    """

    n: int
    df: int
    r: float
    low: float
    high: float
    p: float
    p_floor: float
    slope: float
    slope_low: float
    slope_high: float
    slopes: tuple[float, ...]
    opposed: int
    pairs: int


@dataclass(frozen=True)
class Line:
    """The least-squares line through n points, with the 95% band of where the true line runs."""

    slope: float
    intercept: float
    error: float  # standard deviation of the points about it
    n: int
    mean: float
    squares: float

    def at(self, x: Floats) -> Floats:
        """Its height at x."""
        return self.intercept + self.slope * x

    def half_width(self, x: Floats) -> Floats:
        """Half the height of the band at x (Student's t, n - 2 degrees of freedom); NaN of n < 4."""
        if self.n < FEWEST_FOR_AN_INTERVAL:
            return np.full(len(x), np.nan)
        spread = np.sqrt(1 / self.n + (x - self.mean) ** 2 / self.squares)
        half: Floats = t_quantile(0.975, self.n - 2) * self.error * spread
        return half


def associate(x: Floats, y: Floats, names: Sequence[str]) -> Association:
    """How the finite x (n,) and y (n,) of the named points go together.

    Two points always lie on a line, so they have a slope and nothing else; three have no interval.
    """
    n = len(x)
    if n < 2 or _constant(x):
        return Association(n)
    slope = _theil_sen(x, y)
    if n < 3 or _constant(y):
        return Association(n, slope=slope)
    from scipy import stats

    r = stats.pearsonr(x, y)
    enough = n >= FEWEST_FOR_AN_INTERVAL
    low, high = r.confidence_interval(0.95) if enough else (math.nan, math.nan)
    p, p_floor = permutation_p([(x, y)])
    left_out = {"pearson": _pearson, "spearman": _spearman, "slope": _theil_sen}
    return Association(
        n=n,
        pearson=float(r.statistic),
        low=float(low),
        high=float(high),
        spearman=_spearman(x, y),
        p=p,
        p_floor=p_floor,
        slope=slope,
        without_one={k: _without_one(f, x, y, names) for k, f in left_out.items()} if enough else None,
    )


def pool(groups: Sequence[tuple[Floats, Floats]]) -> Pooled | None:
    """The repeated-measures correlation of groups of finite (x, y); None if it has no degree of freedom.

    Bakdash and Marusich (2017), doi.org/10.3389/fpsyg.2017.00456: one slope for all groups, each with a mean
    of its own; Fisher's z with df + 2 for n. Groups of one point say nothing and are left out.
    """
    told = [(x, y) for x, y in groups if len(x) > 1]
    df = sum(len(x) for x, _ in told) - len(told) - 1
    if df < 1 or all(_constant(x) for x, _ in told) or all(_constant(y) for _, y in told):
        return None
    centred, x, y = _without_means(told)
    r, slope = _pearson(x, y), float(x @ y) / float(x @ x)
    half = 1.959963984540054 / math.sqrt(df - 1) if df > 1 else math.nan
    with np.errstate(divide="ignore"):  # of r = 1
        z = float(np.arctanh(r))
    squares = float(((y - slope * x) ** 2).sum())
    error = t_quantile(0.975, df) * math.sqrt(squares / df / float(x @ x))
    p, p_floor = permutation_p(told)
    pairs = [pair for group in told for pair in _pairs(*group)]
    return Pooled(
        n=len(x),
        df=df,
        r=r,
        low=math.tanh(z - half),
        high=math.tanh(z + half),
        p=p,
        p_floor=p_floor,
        slope=slope,
        slope_low=slope - error,
        slope_high=slope + error,
        slopes=tuple(math.nan if _constant(a) else float(a @ b) / float(a @ a) for a, b in centred),
        opposed=sum(dx * dy < 0 for dx, dy in pairs),
        pairs=len(pairs),
    )


def permutation_p(groups: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
    """The two-sided p of the correlation within groups, and the least p that these values could give.

    The y are permuted within each group, for one group as `scipy.stats.permutation_test` does: twice the
    smaller one-sided p. All arrangements are gone through up to 8! of them; else 8! are drawn, with the
    one that is there as one more.
    """
    centred, all_x, all_y = _without_means(groups)
    exact = math.prod(math.factorial(len(x)) for x, _ in centred) <= ENUMERATED
    sums = np.zeros(1 if exact else ENUMERATED)
    rng = np.random.default_rng(0)
    for x, y in centred:
        if exact:
            sums = np.add.outer(sums, np.array(list(itertools.permutations(y))) @ x).ravel()
        else:
            sums = sums + rng.permuted(np.tile(y, (ENUMERATED, 1)), axis=1) @ x
    scale = math.sqrt(float(all_x @ all_x) * float(all_y @ all_y))
    arranged, there = np.round(sums / scale, ALIKE), np.round(float(all_x @ all_y) / scale, ALIKE)
    more = 0 if exact else 1
    total = len(arranged) + more
    smaller = min((arranged <= there).sum(), (arranged >= there).sum()) + more
    fewest = min((arranged == arranged.max()).sum(), (arranged == arranged.min()).sum()) if exact else more
    return min(2 * float(smaller) / total, 1.0), min(2 * float(fewest) / total, 1.0)


def least_squares(x: Floats, y: Floats) -> Line | None:
    """The least-squares line through two or more points; None where all have the same x."""
    if len(x) < 2 or _constant(x):
        return None
    from scipy import stats

    fit = stats.linregress(x, y)
    squares = float(((x - x.mean()) ** 2).sum())
    error = float(fit.stderr) * math.sqrt(squares)
    return Line(float(fit.slope), float(fit.intercept), error, len(x), float(x.mean()), squares)


def _without_means(
    groups: Sequence[tuple[Floats, Floats]],
) -> tuple[list[tuple[Floats, Floats]], Floats, Floats]:
    """The groups with their means removed, one by one and all x and all y in one."""
    centred = [(x - x.mean(), y - y.mean()) for x, y in groups]
    return centred, np.concatenate([x for x, _ in centred]), np.concatenate([y for _, y in centred])


def _constant(values: Floats) -> bool:
    return bool(np.ptp(values) <= 1e-9 * np.abs(values).max())


def _pearson(x: Floats, y: Floats) -> float:
    from scipy import stats

    return math.nan if _constant(x) or _constant(y) else float(stats.pearsonr(x, y).statistic)


def _spearman(x: Floats, y: Floats) -> float:
    from scipy import stats

    return math.nan if _constant(x) or _constant(y) else float(stats.spearmanr(x, y).statistic)


def _theil_sen(x: Floats, y: Floats) -> float:
    from scipy import stats

    if _constant(x):
        return math.nan
    with np.errstate(invalid="ignore"):  # its interval, which is of no use for few points, takes a root
        return float(stats.theilslopes(y, x).slope)


def _without_one(
    coefficient: Callable[[Floats, Floats], float], x: Floats, y: Floats, names: Sequence[str]
) -> LeftOut:
    kept = [np.delete(np.arange(len(x)), k) for k in range(len(x))]
    values = np.array([coefficient(x[rows], y[rows]) for rows in kept])
    changes = np.abs(values - coefficient(x, y))
    most = names[int(np.argmax(np.where(np.isnan(changes), np.inf, changes)))]
    known = values[np.isfinite(values)]
    return LeftOut(float(known.min()), float(known.max()), most)


def _pairs(x: Floats, y: Floats) -> list[tuple[float, float]]:
    """The differences of each pair of points that differ in both."""
    steps = [(float(x[i] - x[j]), float(y[i] - y[j])) for i, j in itertools.combinations(range(len(x)), 2)]
    return [(dx, dy) for dx, dy in steps if dx and dy]
