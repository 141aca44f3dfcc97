"""Coefficients of a few points: worked by hand, by scipy, and as published."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from convlens.analysis.correlation.association import LeftOut, associate, least_squares, permutation_p, pool

# Intramural pH and PaCO2 of eight subjects: Bland and Altman (1995), BMJ 310:446.
SUBJECTS = (
    "6.68 3.97 6.53 4.12 6.43 4.09 6.33 3.97",
    "6.85 5.27 7.06 5.37 7.13 5.41 7.17 5.44",
    "7.40 5.67 7.42 3.64 7.41 4.32 7.37 4.73 7.34 4.96 7.35 5.04 7.28 5.22 7.30 4.82 7.34 5.07",
    "7.36 5.67 7.33 5.10 7.29 5.53 7.30 4.75 7.35 5.51",
    "7.35 4.28 7.30 4.44 7.30 4.32 7.37 3.23 7.27 4.46 7.28 4.72 7.32 4.75 7.32 4.99",
    "7.38 4.78 7.30 4.73 7.29 5.12 7.33 4.93 7.31 5.03 7.33 4.93",
    "6.86 6.85 6.94 6.44 6.92 6.52",
    "7.19 5.28 7.29 4.56 7.21 4.34 7.25 4.32 7.20 4.41 7.19 3.69 6.77 6.09 6.82 5.58",
)
FIGURES = st.integers(-50, 50).map(float)


def points(fewest, most):
    """Lists of x and y of equal length that vary."""
    pairs = st.lists(st.tuples(FIGURES, FIGURES), min_size=fewest, max_size=most)
    arrays = pairs.map(lambda p: (np.array([x for x, _ in p]), np.array([y for _, y in p])))
    return arrays.filter(lambda a: np.ptp(a[0]) > 0 and np.ptp(a[1]) > 0)


def of(x, y, names="abcdefghij"):
    return associate(np.array(x, dtype=float), np.array(y, dtype=float), names[: len(x)])


def test_four_points_by_hand():
    """Sums of squares 5 and 5, of products -4, so r = -0.8; of 24 orders 4 are as low: 2 * 4 / 24."""
    told = of([1, 2, 3, 4], [4, 2, 3, 1])
    assert told.n == 4
    assert told.pearson == pytest.approx(-0.8)
    assert told.spearman == pytest.approx(-0.8)
    # Fisher: atanh(-0.8) = -1.0986123, half width 1.9599640 / sqrt(4 - 3).
    assert told.low == pytest.approx(math.tanh(-1.0986123 - 1.959964), abs=1e-6)
    assert told.high == pytest.approx(math.tanh(-1.0986123 + 1.959964), abs=1e-6)
    assert told.p == pytest.approx(8 / 24)
    assert told.p_floor == pytest.approx(2 / 24)
    assert told.slope == pytest.approx(-0.75)  # the median of -2, -1/2, -1, 1, -1/2, -2


def test_leaving_one_out_names_the_point_that_matters_most():
    """a, b, c lie on a falling line, d is far off it: without d r is -1."""
    told = of([1, 2, 3, 4], [3, 2, 1, 5])
    assert told.without_one["pearson"].low == pytest.approx(-1.0)
    assert told.without_one["pearson"].most == "d"
    without = [np.corrcoef(np.delete([1, 2, 3, 4], k), np.delete([3, 2, 1, 5], k))[0, 1] for k in range(4)]
    assert told.without_one["pearson"].high == pytest.approx(max(without))
    # All slopes -1, -1, -1, 2/3, 3/2, 4 have the median -1/6; without a it is 3/2, which is farthest.
    assert told.without_one["slope"] == LeftOut(pytest.approx(-1.0), pytest.approx(1.5), "a")


def test_a_point_that_alone_makes_x_vary_matters_most():
    told = of([1, 1, 1, 2], [1, 2, 3, 9])
    assert told.without_one["pearson"].most == "d"
    assert math.isfinite(told.without_one["pearson"].low)


@pytest.mark.parametrize(
    ("x", "y", "r", "slope", "p_floor"),
    [
        ([1], [2], math.nan, math.nan, math.nan),
        ([1, 2], [5, 3], math.nan, -2.0, math.nan),
        ([1, 2, 4], [5, 3, 4], -1 / math.sqrt(14 / 3 * 2), -1 / 3, 1 / 3),
        ([2, 2, 2, 2], [1, 2, 3, 4], math.nan, math.nan, math.nan),
        ([1, 2, 3, 4], [7, 7, 7, 7], math.nan, 0.0, math.nan),
    ],
    ids=["one", "two", "three", "constant x", "constant y"],
)
def test_too_few_points_are_a_result(x, y, r, slope, p_floor):
    told = of(x, y)
    assert told.n == len(x)
    assert told.pearson == pytest.approx(r, nan_ok=True)
    assert told.slope == pytest.approx(slope, nan_ok=True)
    assert told.p_floor == pytest.approx(p_floor, nan_ok=True)
    assert math.isnan(told.low)
    assert told.without_one is None


def test_x_that_differ_by_rounding_only_are_constant():
    assert math.isnan(of([0.1 + 0.2, 0.3, 0.3, 0.3], [1, 2, 3, 4]).slope)


@given(points(4, 8))
def test_coefficients_are_those_of_scipy(xy):
    x, y = xy
    told = of(x, y)
    r = stats.pearsonr(x, y)
    assert told.pearson == pytest.approx(r.statistic, abs=1e-12)
    assert (told.low, told.high) == pytest.approx(tuple(r.confidence_interval(0.95)), abs=1e-12)
    assert told.spearman == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    with np.errstate(invalid="ignore"):  # in its interval, where there are many ties
        slope = stats.theilslopes(y, x).slope
    assert told.slope == pytest.approx(slope, abs=1e-12)


@given(points(3, 6))
def test_p_is_that_of_scipys_permutation_test(xy):
    x, y = xy

    def product(permuted, axis):  # of whole numbers, so that equal arrangements are equal
        return (permuted * y).sum(axis=axis)

    kind = {"permutation_type": "pairings", "vectorized": True, "n_resamples": math.inf}
    expected = stats.permutation_test((x,), product, alternative="two-sided", **kind).pvalue
    p, p_floor = permutation_p([(x, y)])
    assert p == pytest.approx(expected)
    assert p_floor <= p


@given(points(3, 6), st.randoms(), st.floats(0.01, 100), st.floats(-1000, 1000))
def test_p_knows_neither_order_nor_unit(xy, random, scale, shift):
    x, y = xy
    order = list(range(len(x)))
    random.shuffle(order)
    expected = permutation_p([(x, y)])
    assert permutation_p([(x[order], y[order])]) == pytest.approx(expected)
    assert permutation_p([(scale * x + shift, y - shift)]) == pytest.approx(expected)
    assert permutation_p([(-x, y)]) == pytest.approx(expected)


def test_ties_raise_the_least_p():
    """Of 24 orders of 1, 1, 2, 3 each stands twice."""
    p, p_floor = permutation_p([(np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 2, 3]))])
    assert (p, p_floor) == (pytest.approx(4 / 24), pytest.approx(4 / 24))


def test_many_points_are_drawn_and_the_p_is_near_that_of_all():
    rng = np.random.default_rng(5)
    x, noise = rng.normal(size=(2, 12))
    p, p_floor = permutation_p([(x, x + 1.5 * noise)])
    assert p == permutation_p([(x, x + 1.5 * noise)])[0]
    assert p == pytest.approx(stats.pearsonr(x, x + 1.5 * noise).pvalue, abs=0.01)
    assert p_floor == pytest.approx(2 / 40321)


def groups_of(subjects):
    arrays = [np.array(text.split(), dtype=float).reshape(-1, 2) for text in subjects]
    return [(a[:, 0], a[:, 1]) for a in arrays]


def test_pooling_gives_the_published_figures():
    """As the authors' R package rmcorr documents them: r, df, and 95% interval."""
    told = pool(groups_of(SUBJECTS))
    assert (told.n, told.df) == (47, 38)
    assert told.r == pytest.approx(-0.5067697, abs=1e-7)
    assert (told.low, told.high) == pytest.approx((-0.7067146, -0.2318631), abs=1e-6)
    assert told.p < 0.005  # published: 0.0008 by the F test


def test_pooling_by_hand():
    """Three pairs that fall by 1, 2 and 3 over steps of 1: xx = 3/2, xy = -3, yy = 7."""
    told = pool([(np.array([k, k + 1.0]), np.array([10.0 * k, 9.0 * k - 1])) for k in range(3)])
    assert (told.n, told.df) == (6, 2)
    assert told.r == pytest.approx(-3 / math.sqrt(1.5 * 7))
    assert told.slope == pytest.approx(-2)
    assert told.slopes == pytest.approx((-1, -2, -3))
    assert (told.opposed, told.pairs) == (3, 3)
    assert (told.p, told.p_floor) == (pytest.approx(2 / 8), pytest.approx(2 / 8))
    # The residuals' squares are 7 - 6 = 1 over 2 degrees of freedom; t(0.975, 2) = 4.302653.
    assert told.slope_high - told.slope == pytest.approx(4.302653 * math.sqrt(1 / 2 / 1.5), rel=1e-6)


@given(points(4, 6))
def test_one_group_pooled_is_that_group_alone(xy):
    pooled, alone = pool([xy]), of(*xy)
    assert pooled.r == pytest.approx(alone.pearson, abs=1e-12)
    assert (pooled.low, pooled.high) == pytest.approx((alone.low, alone.high), abs=1e-9)
    assert (pooled.p, pooled.p_floor) == (alone.p, alone.p_floor)
    line = stats.linregress(*xy)
    assert pooled.slope == pytest.approx(line.slope)
    half = stats.t.ppf(0.975, len(xy[0]) - 2) * line.stderr
    # Of points on a line scipy's standard error is the root of a rounding error, not 0.
    assert pooled.slope_high - pooled.slope == pytest.approx(half, abs=1e-6 * max(1, abs(line.slope)))


@given(st.lists(points(2, 4), min_size=2, max_size=3), st.floats(-100, 100), st.floats(-100, 100))
def test_where_a_group_stands_does_not_matter(groups, shift_x, shift_y):
    (x, y), *others = groups
    expected, told = pool(groups), pool([(x + shift_x, y + shift_y), *others])
    assume(expected is not None)
    assert told.r == pytest.approx(expected.r, abs=1e-9)
    assert told.p == pytest.approx(expected.p)


def test_groups_of_one_and_too_few_points_are_not_pooled():
    one, two = (np.array([1.0]), np.array([2.0])), (np.array([1.0, 2.0]), np.array([3.0, 1.0]))
    assert pool([]) is None
    assert pool([one, one, one]) is None
    assert pool([one, two]) is None  # no degree of freedom
    told = pool([two, two])
    assert told.df == 1
    assert math.isnan(told.low)
    assert repr(told) == repr(pool([two, one, two]))  # NaN included


def test_groups_that_do_not_vary_are_not_pooled():
    flat = (np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    assert pool([flat, flat]) is None
    assert pool([flat[::-1], flat[::-1]]) is None


@given(points(4, 10))
def test_the_line_and_its_band_are_those_of_regression(xy):
    """At the mean of x the band is t * s / sqrt(n); the line's ends differ by slope times width."""
    x, y = xy
    line, fit = least_squares(x, y), stats.linregress(x, y)
    assert line.at(np.array([0.0, 1.0])) == pytest.approx([fit.intercept, fit.intercept + fit.slope])
    t = stats.t.ppf(0.975, len(x) - 2)
    # How far the line may be off at 0 is how far its intercept may be.
    assert line.half_width(np.array([0.0]))[0] == pytest.approx(t * fit.intercept_stderr, abs=1e-6)


def test_few_points_have_a_line_without_a_band():
    line = least_squares(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    assert np.isnan(line.half_width(np.array([1.0, 2.0]))).all()
    assert least_squares(np.array([1.0]), np.array([1.0])) is None
    assert least_squares(np.array([2.0, 2.0]), np.array([1.0, 3.0])) is None
