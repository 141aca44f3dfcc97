"""Intervals of forecasts at one learning rate hold what comes as often as they say, in simulated runs."""

import math

import numpy as np
import pytest

from convlens import forecast
from convlens.reader import read_bytes
from tests.writing import made_log

DRAWS, NOW, LAST = 300, 100, 200  # draws of runs of LAST epochs, forecast after NOW
pytestmark = pytest.mark.slow


def noise(rng, rho, size):
    """Autoregressive noise of standard deviation `size`."""
    drawn = np.empty(LAST)
    drawn[0] = rng.normal()
    for n in range(1, LAST):
        drawn[n] = rho * drawn[n - 1] + math.sqrt(1 - rho**2) * rng.normal()
    return size * drawn


def shares(rho, spiked):
    """How often the 90% intervals of loss and mAP hold the truth, near (5 epochs on) and at the end."""
    rng = np.random.default_rng(3)
    time, hits = np.arange(1.0, LAST + 1), []
    for _ in range(DRAWS):
        loss = (2 + 4 * time**-0.5) * (1 + noise(rng, rho, 0.006))
        score = 75 - 30 * time**-0.5 + noise(rng, rho, 0.5)
        seen = loss.copy()
        seen[rng.integers(60, NOW - 5)] *= 2 if spiked else 1
        text = made_log(
            [(0.7 * v, 0.3 * v) for v in seen[:NOW]],
            score[:NOW].round(2).tolist(),
            epochs=LAST,
            lr_mode="step",
        )
        run = read_bytes(text.encode(), "-", "made")
        for then in (NOW + 4, LAST - 1):
            told = forecast(run, then)
            came = loss[then - 3 : then + 1].mean(), score[then]
            hits.append(
                [told[c].low_90 <= x <= told[c].high_90 for c, x in zip(("loss", "map"), came, strict=True)]
            )
    return np.mean(np.array(hits).reshape(DRAWS, 2, 2), axis=0)


@pytest.mark.parametrize("spiked", [False, True])
def test_independent_noise_leaves_the_intervals_as_seldom_as_they_say(spiked):
    assert (shares(0.0, spiked) >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / DRAWS)).all()


def test_noise_that_lasts_leaves_them_a_little_more_often():
    """Its correlation is estimated from few epochs."""
    assert (shares(0.5, False) >= 0.8).all()
