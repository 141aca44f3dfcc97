"""Charts: what is thinned looks the same, ticks are round, text is escaped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.report.chart import HEIGHT, Chart, Dot, Line, ticks
from convlens.report.thinning import thinned

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE, min_size=1, max_size=400), st.integers(1, 40))
def test_thinning_keeps_extremes_and_order(values, strips):
    y = np.array(values)
    x = np.arange(len(y), dtype=np.float64)
    kept_x, kept_y = thinned(x, y, strips)
    assert len(kept_x) <= 2 * strips + 2
    assert (np.diff(kept_x) > 0).all()
    assert (y[kept_x.astype(int)] == kept_y).all()
    assert (kept_y.min(), kept_y.max()) == (y.min(), y.max())
    assert {kept_x[0], kept_x[-1]} == {0, len(y) - 1}


def test_a_single_spike_stays():
    y = np.zeros(10_000)
    y[7_777] = 1.0
    assert thinned(np.arange(10_000.0), y, 100)[1].max() == 1.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-3, 3, [-3, -2, -1, 0, 1, 2, 3])],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high, 6) == pytest.approx(expected)


@given(FINITE, st.floats(1e-3, 1e6))
def test_ticks_lie_inside_and_are_not_many(low, span):
    found = ticks(low, low + span)
    assert len(found) <= 7
    assert all(low - 1e-6 * span <= t <= low + span * (1 + 1e-6) for t in found)


def chart(*lines: Line, **options) -> Chart:
    return Chart("c", "title <b>", "epochs", lines=lines, **options)


def test_names_are_escaped():
    made = chart(Line("<i>", 0, np.arange(3.0), np.arange(3.0)), dots=[Dot("<b>&", 1, 1.0, 2.0)])
    assert "<b>" not in made.svg
    assert "title &lt;b&gt;" in made.svg
    assert "&lt;b&gt;&amp;</text>" in made.svg


def test_high_values_are_high_up():
    s = chart(Line("a", 0, np.array([0.0, 1.0]), np.array([2.0, 4.0]), "curve"), fit=False).scale
    assert s.down(4.0) < s.down(2.0) < HEIGHT
    assert s.across(0.0) < s.across(1.0)


def test_the_first_epochs_do_not_flatten_the_others():
    y = np.concatenate([[1000.0, 500.0], np.linspace(5, 4, 98)])
    assert chart(Line("a", 0, np.arange(100.0), y)).scale.high < 6


def test_losses_that_end_far_apart_have_a_log_scale():
    x = np.arange(5.0)
    made = chart(Line("a", 0, x, np.full(5, 100.0)), Line("b", 1, x, np.full(5, 1.0)))
    assert made.scale.log
    assert made.scale.down(10.0) == pytest.approx((made.scale.down(1.0) + made.scale.down(100.0)) / 2)


@pytest.mark.parametrize("values", [[1.0], [0.0, 0.0], [-5.0, -5.0]])
def test_flat_curves_have_a_frame(values):
    made = chart(Line("a", 0, np.arange(len(values), dtype=np.float64), np.array(values)))
    assert "nan" not in made.svg
    assert made.scale.low < values[0] < made.scale.high
