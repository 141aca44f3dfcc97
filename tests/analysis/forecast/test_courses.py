"""What is measured on curves: levels, slopes, noise, jitter, and what rounding leaves open."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.analysis.forecast.courses import MAP, Course, courses_of, summed
from tests.handmade import arguments, batch, epochs, log, read, start
from tests.simulate import YOLO, falling, simulate
from tests.writing import made_log


def course(values, name="CrossEntropy", half=0.0005, opposed=False, span=5.0, done=None):
    value = np.array(values, dtype=np.float64)
    done = np.arange(1.0, len(value) + 1) if done is None else np.array(done, dtype=np.float64)
    return Course(name, done, value, np.full(len(value), half), opposed, span)


@given(st.floats(0.01, 1), st.integers(6, 60), st.sampled_from([0, 7]))
def test_the_slope_of_a_power_law_is_its_exponent(exponent, count, begin):
    time = np.arange(1.0, count + 1)
    made = course(3 * time**-exponent, done=begin + time)
    assert made.slope(begin, begin + count) == pytest.approx(exponent)


def test_the_slope_is_that_of_the_later_half():
    made = course([100, 90, 80, 70, 4, 2, 4 / 3, 1], done=range(1, 9))
    assert made.slope(0, 8) == pytest.approx(
        np.polyfit(np.log([5, 6, 7, 8]), np.log([4, 2, 4 / 3, 1]), 1)[0] * -1
    )


def test_two_values_have_no_slope_and_no_jitter():
    made = course([2.0, 1.0])
    assert made.slope(0, 2) == 0
    assert math.isnan(made.jitter(0, 2))


def test_a_level_is_a_mean_of_the_last_values_of_its_stretch():
    made = course([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9], span=3)
    assert made.level(0, 24) == 8
    assert made.level(0, 20) == 4
    assert made.level(22, 24) == 8.5
    assert math.isnan(made.level(24, 30))


def test_a_level_of_a_run_that_has_only_begun_is_of_a_quarter_of_it():
    assert course(range(8, 0, -1), span=100).level(0, 8) == 1.5


def test_values_that_are_measured_seldom_make_a_level_of_the_last():
    assert course([30.0, 20.0], done=[10, 20], span=5).level(0, 24) == 20


def test_rounding_of_neighbours_cancels_where_it_is_opposed():
    assert course([5.0] * 40, half=0.3).resolution(0, 40) == pytest.approx(0.3)
    assert course([5.0] * 40, half=0.3, opposed=True).resolution(0, 40) == pytest.approx(0.3 / 5)


def test_noise_is_that_of_a_level_about_any_smooth_course():
    draw = np.random.default_rng(0)
    time = np.arange(1.0, 2001)
    noisy = 5 * time**-0.2 * np.exp(draw.normal(0, 0.02, 2000))
    assert course(noisy, span=16).noise(0, 2000) == pytest.approx(0.02 / 4, rel=0.1)
    assert course(2.0 ** -np.arange(20.0)).noise(0, 20) == pytest.approx(0, abs=1e-12)


def test_jitter_is_that_of_steps_between_neighbours():
    assert course([50, 50, 50, 50, 40, 42, 40, 42], name=MAP).jitter(0, 8) == pytest.approx(
        np.std([2, -2, 2]) / math.sqrt(2)
    )


def test_the_sum_takes_the_epochs_that_all_losses_have():
    a, b = course([4, 3, 2], done=[1, 2, 3]), course([1, 1], name="SmoothL1", done=[2, 3], half=0.1)
    both = summed([a, b])
    assert both.done.tolist() == [2, 3]
    assert both.value.tolist() == [4, 3]
    assert both.width == pytest.approx([0.1005, 0.1005])


def test_courses_are_losses_and_what_map_lacks_at_complete_epochs():
    run = read(log(arguments(epochs=9), start(), epochs(0, 3), batch(4, 99, 9.0)))
    assert [c.name for c in courses_of(run)] == ["CrossEntropy", "SmoothL1"]
    assert courses_of(run)[0].done.tolist() == [1, 2, 3, 4]
    scored = read(made_log([(5.0, 1.0)] * 4, [None, 40.0, None, 50.0]))
    assert courses_of(scored)[2].value == pytest.approx([60, 50])
    assert courses_of(scored)[2].done.tolist() == [2, 4]


def test_a_loss_that_ends_in_nan_has_no_course_and_one_that_began_so_has():
    nan = math.nan
    run = read(made_log([(nan, 3.0), (4.0, 3.0), (3.0, 2.0)]))
    assert [len(c.done) for c in courses_of(run)] == [2, 3]
    run = read(made_log([(5.0, 3.0), (4.0, 3.0), (nan, 2.0)]))
    assert [c.name for c in courses_of(run)] == ["SmoothL1"]


def test_undone_means_have_opposed_errors():
    made = simulate(YOLO, falling(30), reset=())
    run = read(log(arguments(epochs=30), start(), made.lines))
    assert all(c.opposed for c in courses_of(run))
    assert not any(c.opposed for c in courses_of(read(made_log([(5.0, 1.0)] * 9))))
