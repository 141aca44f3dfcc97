"""Intervals hold the truth as often as they say: simulated, 2,000 draws each."""

import math

import numpy as np
import pytest

from convlens.analysis.correlation import association
from convlens.analysis.correlation.association import least_squares, pool
from convlens.analysis.endings import Ending
from convlens.analysis.gap import part_closed

DRAWS = 2000
pytestmark = pytest.mark.slow


@pytest.fixture
def without_p(monkeypatch):
    """Leaves out the permutations, which take most of the time."""
    monkeypatch.setattr(association, "permutation_p", lambda _: (math.nan, math.nan))


def near_95(hits, too_many=0.0):
    """Whether the share of hits is 95%, within three standard deviations, and at most so much more."""
    share, three_sigma = np.mean(hits), 3 * math.sqrt(0.95 * 0.05 / len(hits))
    return 0.95 - three_sigma <= share <= 0.95 + three_sigma + too_many


def bivariate(rng, n, rho):
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 9, 10])
@pytest.mark.parametrize("rho", [0.0, -0.5, -0.9])
def test_fishers_interval_of_r(without_p, n, rho):
    """One group is Pearson's r. At n = 4 Fisher's z is a little wide: 96 to 97%."""
    rng = np.random.default_rng(n)
    told = [pool([bivariate(rng, n, rho)]) for _ in range(DRAWS)]
    assert near_95([p.low <= rho <= p.high for p in told], too_many=0.02 if n == 4 else 0.0)


@pytest.mark.parametrize("sizes", [(3, 2, 2, 2, 2, 2), (3, 3), (4, 3, 3), (5, 5)])
@pytest.mark.parametrize("slope", [0.0, -1.0, -3.0])
def test_the_interval_of_pooled_groups(without_p, sizes, slope):
    rng = np.random.default_rng(sum(sizes))
    rho = slope / math.sqrt(1 + slope**2)
    told = []
    for _ in range(DRAWS):
        x = [rng.normal(size=n) for n in sizes]
        told.append(pool([(a, 10 * k + slope * a + rng.normal(size=len(a))) for k, a in enumerate(x)]))
    assert near_95([p.low <= rho <= p.high for p in told], too_many=0.01)
    assert near_95([p.slope_low <= slope <= p.slope_high for p in told])


@pytest.mark.parametrize("sizes", [(4,), (5,), (3, 2, 2)])
def test_a_permutation_p_is_small_as_rarely_as_it_says(sizes):
    """Without any association p <= 0.1 in at most 10% of draws."""
    rng = np.random.default_rng(1)
    drawn = [pool([(rng.normal(size=n), rng.normal(size=n)) for n in sizes]).p for _ in range(DRAWS)]
    assert np.mean(np.array(drawn) <= 0.1) <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / DRAWS)


@pytest.mark.parametrize("n", [4, 5, 7, 10])
def test_the_band_of_a_line(n):
    """It is exact for normal errors, so four times the draws agree twice as closely."""
    rng = np.random.default_rng(100 + n)
    at = np.array([0.3])
    hits = []
    for _ in range(4 * DRAWS):
        x = rng.normal(size=n)
        line = least_squares(x, 2 - 3 * x + rng.normal(size=n))
        hits.append(abs(line.at(at)[0] - (2 - 3 * 0.3)) <= line.half_width(at)[0])
    assert near_95(hits)


@pytest.mark.parametrize("closed", [0.0, 0.5, 1.36])
def test_the_part_closed_by_single_runs_whose_noise_is_known(closed):
    rng = np.random.default_rng(7)
    told = [part_closed(*(Ending(rng.normal(m), 1, 1.0) for m in (0, 20 * closed, 20))) for _ in range(DRAWS)]
    assert near_95([low <= closed <= high for _, low, high in told])


@pytest.mark.parametrize("closed", [0.0, 0.5, 1.36])
@pytest.mark.parametrize("n", [3, 4, 5])
def test_the_part_closed_by_repeats(n, closed):
    """Welch's degrees of freedom make it a little wide for three repeats: up to 97%."""
    rng = np.random.default_rng(n)

    def repeats(mean):
        values = rng.normal(mean, size=n)
        return Ending(float(values.mean()), n, float(values.std(ddof=1)) / math.sqrt(n), n - 1)

    told = [part_closed(*(repeats(m) for m in (0, 20 * closed, 20))) for _ in range(DRAWS)]
    assert near_95([low <= closed <= high for _, low, high in told], too_many=0.02)
