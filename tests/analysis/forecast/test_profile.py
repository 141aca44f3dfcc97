"""Which part of a fall is done when."""

import math
from dataclasses import replace

import numpy as np
import pytest

from convlens.analysis.forecast.profile import GRID, Profile, position
from convlens.analysis.forecast.timeline import Timeline

TIME = Timeline(100, 100, (0, 40, 80), (40, 80), False, math.inf)
# 0.4 at once, 0.8 at the second drop, 0.9 half way from there, 1 at the end.
SHARES = np.interp(GRID, [0, 1, 1.5, 2], [0.4, 0.8, 0.9, 1.0])
PROFILE = Profile(SHARES, GRID / 10)


@pytest.mark.parametrize(
    ("done", "part"),
    [
        (1, 0),
        (40, 0),
        (60, 0.6),
        (80, 0.8),
        (90, 0.9),
        (100, 1.0),
        (120, 1 + 0.1 * math.log(2) / math.log(2)),
    ],
)
def test_the_part_done_with_two_drops(done, part):
    assert PROFILE.at(TIME, done, 100)[0] == pytest.approx(part)


def test_the_spread_is_that_of_the_position():
    assert PROFILE.at(TIME, 60, 100)[1] == pytest.approx(0.05)
    assert PROFILE.at(TIME, 90, 100)[1] == pytest.approx(0.15)


def test_one_drop_has_all_of_the_fall_behind_it():
    one = replace(TIME, drops=(40,))
    assert PROFILE.at(one, 70, 100)[0] == pytest.approx(0.6 / 0.8)
    assert PROFILE.at(one, 100, 100)[0] == pytest.approx(1)


def test_three_drops_share_what_the_second_brings():
    three = replace(TIME, drops=(40, 80, 90))
    assert PROFILE.at(three, 80, 100)[0] == pytest.approx(0.8)
    assert PROFILE.at(three, 85, 100)[0] == pytest.approx(0.85)
    assert PROFILE.at(three, 90, 100)[0] == pytest.approx(0.9)
    assert PROFILE.at(three, 100, 100)[0] == pytest.approx(1)


def test_positions_are_those_of_the_grid():
    assert [position(TIME, n, 100) for n in (40, 60, 80, 90, 100)] == [0, 0.5, 1, 1.5, 2]
