"""Ridge regression with effects of groups, against least squares and hand-worked cases."""

import math

import numpy as np
import pytest

from convlens.analysis.forecast.ridge import fit


def test_without_a_penalty_it_is_weighted_least_squares():
    draw = np.random.default_rng(1)
    x, weights = draw.normal(size=(30, 2)), draw.uniform(1, 3, 30)
    values = np.exp(draw.normal(size=30))
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(30), x])
    beta = np.linalg.lstsq(root[:, None] * design, root * np.log(values), rcond=None)[0]
    made = fit(x, values, ["one"] * 30, weights, 1e-12)
    # The effect of the one group is a second intercept: together they are the first.
    assert made.expect("one", [0.1, -0.2]) == pytest.approx(math.exp(beta @ [1, 0.1, -0.2]), rel=1e-6)


def test_a_penalty_shrinks_the_slope_as_worked_by_hand():
    # Standardised x is -1, 1; slope 1 without a penalty, 1 / (1 + 3) with one of 3.
    made = fit(np.array([[2.0], [4.0]]), np.exp([-1.0, 1.0]), ["", ""], np.ones(2), 3.0)
    assert made.expect("", [4.0]) == pytest.approx(math.exp(0.25))


def test_groups_have_effects_that_few_rows_shrink():
    x = np.zeros((4, 1))
    made = fit(x, np.exp([2.0, 2.0, 0.0, 0.0]), ["a", "a", "b", "b"], np.ones(4), 0.5)
    # Each effect e of weight 1/2 about the mean 1: e = (1/2) * 1 / (1/2 + 1/2).
    assert made.expect("a", [0.0]) == pytest.approx(math.exp(1.5))
    assert made.expect("b", [0.0]) == pytest.approx(math.exp(0.5))
    assert made.expect("never seen", [0.0]) == pytest.approx(math.exp(1.0))


def test_facts_far_outside_of_what_was_learnt_from_are_cut():
    made = fit(np.array([[0.0], [4.0]]), np.exp([0.0, 4.0]), ["", ""], np.ones(2), 1e-9)
    assert made.expect("", [5.0]) == pytest.approx(math.exp(5), rel=1e-5)
    assert made.expect("", [100.0]) == made.expect("", [5.0])
    assert made.expect("", [-100.0]) == pytest.approx(math.exp(-1), rel=1e-5)
