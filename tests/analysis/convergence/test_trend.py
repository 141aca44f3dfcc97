"""The trend of a phase and what it says of the next epochs, against scipy and in simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from convlens.analysis.convergence import trend
from convlens.analysis.convergence.noise import Noise, noise_of, restricted, spikes
from convlens.analysis.convergence.points import Points
from convlens.analysis.convergence.trend import Bend

STRAIGHT = Bend(1.0, 1e-9)  # the trend goes on as it is


def points(values, *, time=None, phase=None, variance=0.0, beside=0.0) -> Points:
    count = len(values)
    return Points(
        np.arange(count),
        np.arange(count) + 0.5 if time is None else np.asarray(time, dtype=float),
        np.asarray(values, dtype=float),
        np.zeros(count, dtype=int) if phase is None else np.asarray(phase),
        np.full(count, variance),
        np.full(max(count - 1, 0), beside),
    )


def expect(history, window, ahead, relative):
    return trend.carry_on(window, noise_of(history, window, relative), ahead)


def known(sigma: float, rho: float = 0.0) -> Noise:
    return Noise(np.array([sigma]), np.array([rho]), np.zeros(1), 10)


def autoregressive(rng, count: int, sigma: float, rho: float):
    noise = np.empty(count)
    noise[0] = rng.standard_normal()
    for n in range(1, count):
        noise[n] = rho * noise[n - 1] + math.sqrt(1 - rho**2) * rng.standard_normal()
    return sigma * noise


def test_slope_and_its_error_are_those_of_least_squares():
    rng = np.random.default_rng(0)
    window = points(3 - 0.2 * np.log(np.arange(30) + 0.75) + 0.01 * rng.standard_normal(30))
    told = stats.linregress(np.log(window.time + 0.25), window.value)
    change = trend.carry_on(window, known(0.01), 12, STRAIGHT)
    grows = math.log(29.5 + 12 + 0.25) - math.log(29.5 + 0.25)
    x = np.log(window.time + 0.25)
    error = 0.01 / math.sqrt(((x - x.mean()) ** 2).sum())
    assert change.slope == pytest.approx(told.slope, rel=1e-6)
    assert change.level == pytest.approx(told.intercept + told.slope * x[-1], rel=1e-6)
    for p in (0.05, 0.5, 0.95):
        assert change.quantile(p) == pytest.approx(grows * (told.slope + stats.norm.ppf(p) * error), rel=1e-6)


def test_correlated_noise_and_rounding_are_those_of_general_least_squares():
    rng = np.random.default_rng(1)
    count = 20
    window = points(rng.standard_normal(count), variance=0.3, beside=-0.14)
    x = np.column_stack([np.ones(count), np.log(window.time + 0.25)])
    distance = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    covariance = 0.25 * 0.4**distance + np.diag(np.full(count, 0.3))
    covariance += np.diag(np.full(count - 1, -0.14), 1) + np.diag(np.full(count - 1, -0.14), -1)
    weight = np.linalg.inv(covariance)
    expected = np.linalg.solve(x.T @ weight @ x, x.T @ weight @ window.value)
    fits = restricted(known(0.5, 0.4), window, x)
    assert fits.fitted[0] == pytest.approx(expected, rel=1e-6)
    assert fits.covariance[0] == pytest.approx(np.linalg.inv(x.T @ weight @ x), rel=1e-6)


def test_the_restricted_likelihood_is_that_of_contrasts():
    """Differences of the log likelihood are those of any contrasts that leave the trend out."""
    rng = np.random.default_rng(2)
    window = points(rng.standard_normal(15))
    x = np.column_stack([np.ones(15), window.time])
    contrasts = np.linalg.svd(x)[0][:, 2:].T
    distance = np.abs(np.subtract.outer(np.arange(15), np.arange(15)))
    grid = [(0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (2.0, 0.25)]
    sigma, rho = np.array(grid).T
    told = restricted(Noise(sigma, rho, np.zeros(4), 0), window, x).weight
    seen = [
        stats.multivariate_normal(cov=contrasts @ (s**2 * r**distance) @ contrasts.T).logpdf(
            contrasts @ window.value
        )
        for s, r in grid
    ]
    assert np.diff(told) == pytest.approx(np.diff(seen), rel=1e-6)


def test_the_bend_is_log_normal():
    window = points(3 - 0.2 * np.log(np.arange(30) + 0.75))
    change = trend.carry_on(window, known(1e-6), 10, Bend(0.8, 0.35))
    straight = trend.carry_on(window, known(1e-6), 10, STRAIGHT).quantile(0.5)
    for p in (0.05, 0.5, 0.95):
        expected = straight * stats.lognorm(0.35, scale=0.8).ppf(1 - p)
        assert change.quantile(p) == pytest.approx(expected, rel=0.02)


def test_the_window_is_the_last_horizon_and_a_quarter():
    assert trend.window_of(points(np.ones(100)), 20) == 75
    assert trend.window_of(points(np.ones(10)), 2) == 5
    assert trend.window_of(points(np.ones(3)), 20) == 0


def test_noise_is_learnt_from_before_and_scaled_with_the_level():
    rng = np.random.default_rng(3)
    history = points(10 + 0.1 * rng.standard_normal(200))
    window = points(np.full(4, 2.0), phase=[1] * 4)
    noise = noise_of(history, window, relative=True)
    shares = np.exp(noise.weight - noise.weight.max())
    assert (shares @ noise.sigma) / shares.sum() == pytest.approx(0.02, rel=0.3)
    assert noise.points > 50
    absolute = noise_of(history, window, relative=False)
    shares = np.exp(absolute.weight - absolute.weight.max())
    assert (shares @ absolute.sigma) / shares.sum() == pytest.approx(0.1, rel=0.3)


def test_rounding_that_neighbours_share_is_no_noise():
    """Undone means saw up and down by far more than the epochs' own means do."""
    rng = np.random.default_rng(4)
    n = np.arange(1, 201)
    errors = n * rng.uniform(-0.0005, 0.0005, 200)
    values = 5 - 0.1 * np.log(n) + 0.01 * rng.standard_normal(200) + np.diff(errors, prepend=0.0)
    variance = 2 * (n * 0.0005) ** 2 / 3
    beside = -((n[:-1] * 0.0005) ** 2) / 3
    whole = Points(n, n - 0.5, values, np.zeros(200, dtype=int), variance, beside)
    change = expect(whole[:150], whole[150:], 20, relative=True)
    assert np.diff(values[150:]).std() > 0.1
    assert change.sigma < 0.03
    assert change.quantile(0.95) - change.quantile(0.05) < 0.05


def test_spikes_are_told_from_noise():
    rng = np.random.default_rng(5)
    values = 3 + 0.01 * rng.standard_normal(40)
    values[[10, 30]] += [0.5, -0.4]
    assert np.flatnonzero(spikes(points(values), 0.01)).tolist() == [10, 30]


def share_that_holds(rho: float, draws: int, seed: int = 0) -> float:
    """How often the 90% interval holds the change that comes, over noise and over bends."""
    rng = np.random.default_rng(seed)
    bend, before, behind, ahead = trend.PUBLISHED, 80, 40, 24
    times = [np.arange(n) + 0.5 for n in (before, behind)]
    grows = math.log(times[1][-1] + ahead + 0.25) - math.log(times[1][-1] + 0.25)
    held = 0
    for _ in range(draws):
        slope = rng.normal(0, 0.03)
        curve = np.concatenate([4 - 0.1 * np.log(times[0] + 0.25), 3.6 + slope * np.log(times[1] + 0.25)])
        values = curve + autoregressive(rng, before + behind, 0.015, rho)
        whole = points(values, time=np.concatenate(times), phase=[0] * before + [1] * behind)
        first = before + trend.window_of(whole[before:], ahead)
        change = expect(whole[:first], whole[first:], ahead, relative=False)
        came = slope * grows * bend.median * math.exp(bend.spread * rng.standard_normal())
        held += change.quantile(0.05) <= came <= change.quantile(0.95)
    return held / draws


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_intervals_hold_what_they_claim(rho):
    draws = 300
    assert share_that_holds(rho, draws) == pytest.approx(0.9, abs=3 * math.sqrt(0.9 * 0.1 / draws))


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_intervals_hold_what_they_claim_in_many_draws(rho):
    draws = 2000
    assert share_that_holds(rho, draws, seed=1) == pytest.approx(0.9, abs=3 * math.sqrt(0.9 * 0.1 / draws))
