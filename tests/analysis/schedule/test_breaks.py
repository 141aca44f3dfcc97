"""Breaks and change points of losses whose course is known."""

import numpy as np
import pytest

from convlens.analysis.schedule.breaks import change_points, jumps
from tests.analysis.curves import course


def loss(*arguments, **options):
    return np.array(course(*arguments, **options))


@pytest.mark.parametrize("find", [jumps, change_points])
@pytest.mark.parametrize(("epoch", "part"), [(40, 0.2), (70, 0.06), (70, -0.2)])
def test_a_lasting_change_of_the_level_is_found_where_it_is(find, epoch, part):
    ((row, size),) = find(loss(100, {epoch: part}), 1e-3)
    assert row == epoch
    assert size == pytest.approx(-part, abs=0.02)


@pytest.mark.parametrize("find", [jumps, change_points])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.0, 0.002, 0.02])
def test_noise_about_a_power_law_breaks_nowhere(find, seed, noise):
    assert find(loss(120, noise=noise, seed=seed, power=0.8, falls=8.0), 1e-3) == []


def test_a_spike_and_a_shock_that_passes_are_no_breaks():
    values = loss(100)
    values[50] *= 1.5
    values[70:75] *= [1.15, 1.1, 1.06, 1.03, 1.01]
    assert jumps(values, 1e-3) == []


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_spike_near_the_end_is_no_break(behind):
    values = loss(60)
    values[-behind] *= 1.5
    assert jumps(values, 1e-3) == []


def test_a_break_begins_with_the_epoch_that_shows_it():
    values = loss(60, {30: 0.3}, noise=0.001)
    values[30] = values[29] * 0.85  # half of it shows at once
    assert [row for row, _ in jumps(values, 1e-3)] == [30]


def test_a_small_break_is_told_after_some_epochs_and_a_large_one_soon():
    small, large = loss(60, {50: 0.06}), loss(60, {50: 0.3})
    assert jumps(small[:53], 1e-3) == []
    assert [row for row, _ in jumps(small[:57], 1e-3)] == [50]
    assert [row for row, _ in jumps(large[:54], 1e-3)] == [50]


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 4, [0.0] * 40, [2.0] * 40, [-1.0, 1.0] * 20])
def test_short_and_odd_curves_break_nowhere(values):
    assert jumps(np.array(values), 0.0) == []
    assert change_points(np.array(values), 0.0) == []


def test_long_curves_are_thinned_and_the_place_is_still_exact():
    ((row, size),) = change_points(loss(900, {500: 0.1}), 1e-3)
    assert abs(row - 500) <= 1
    assert size == pytest.approx(-0.1, abs=0.01)
