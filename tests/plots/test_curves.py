"""Curves as plain values, and what stands on the axes when they are drawn."""

import math

import numpy as np
import pytest

from convlens import ConvlensError, compare
from convlens.errors import UnknownNameError
from convlens.plots import style
from convlens.plots.curves import (
    axis_values,
    curve_of,
    nothing_of,
    plot_comparison,
    plot_curve,
    plot_marks,
)
from tests.plots.runs import LOSSES, curves, panels, read, run, two
from tests.writing import made_log, yolo_log


def marks(axes):
    """Places and colours of the vertical lines."""
    return [(line.get_xdata()[0], line.get_color()) for line in axes.lines if line.get_label()[0] == "_"]


def test_a_curve_holds_what_is_known():
    curve = curve_of(run(), "map")
    assert curve.label == "a"
    assert curve.x.tolist() == [2, 4]
    assert curve.y.tolist() == [50, 60]
    assert curve.width.tolist() == [0, 0]
    loss = curve_of(run(), "loss")
    assert (loss.x.tolist(), loss.y.tolist()) == ([1, 2, 3, 4], [5, 4, 2.5, 1.25])
    assert loss.width.tolist() == pytest.approx([0.001] * 4)  # two figures of three decimals


def test_epochs_done_are_the_same_wherever_epochs_count_from():
    for first in (0, 1):
        curve = curve_of(run(first=first, rates={first + 2: 0.01}), "CrossEntropy")
        assert curve.x.tolist() == [1, 2, 3, 4]
        assert curve.drops.tolist() == [2]  # two epochs are done when it falls


def test_a_log_of_a_resumed_process_stands_where_it_belongs():
    assert curve_of(run(first=20, start_epoch=20), "loss").x.tolist() == [21, 22, 23, 24]


def test_iterations_are_batches():
    curve = curve_of(run(rates={2: 0.01}), "CrossEntropy", "iteration")
    assert curve.x.tolist() == [100, 200, 300, 400]
    assert curve.drops.tolist() == [200]


def test_hours_are_those_of_training():
    curve = curve_of(run(seconds=1800.0, rates={2: 0.01}), "CrossEntropy", "hours")
    assert curve.x.tolist() == [0.5, 1, 1.5, 2]
    assert curve.drops.tolist() == [1]


def test_an_epoch_without_a_time_takes_as_long_as_others():
    text = made_log(LOSSES, seconds=1800.0).replace("[Epoch 1] Training cost: 1800.000, ", "[Epoch 1], ")
    assert axis_values(read(text), "hours").tolist() == [0.5, 1, 1.5, 2]


def test_an_axis_that_the_log_does_not_tell_is_refused():
    text = "\n".join(line for line in made_log(LOSSES).splitlines() if "[Batch" not in line)
    for x, log, why in (
        (
            "hours",
            made_log(LOSSES, seconds=None),
            "a: the log states no training time, so hours are unknown.",
        ),
        ("iteration", text, "a: the log names no batches, so iterations are unknown."),
        ("days", made_log(LOSSES), "x is one of epoch, iteration, hours, not 'days'."),
    ):
        with pytest.raises(ConvlensError) as error:
            curve_of(read(log), "loss", x)
        assert str(error.value) == why


def test_an_unknown_quantity_is_refused():
    with pytest.raises(UnknownNameError, match="No metric named 'nope'"):
        curve_of(run(), "nope")


def test_restarts_stand_where_a_process_went_on():
    again = made_log([(2.5, 0.5), (1.5, 0.5)], first=2).partition("\n")[2]
    resumed = read(made_log(LOSSES) + again)
    assert len(resumed.sessions) == 2
    curve = curve_of(resumed, "CrossEntropy")
    assert curve.y.tolist() == [4, 3, 2.5, 1.5]
    assert curve.restarts.tolist() == [2]
    assert curve_of(run(), "loss").restarts.tolist() == []


def test_what_is_not_finite_is_not_drawn():
    exploded = run(losses=[(4, 1), (math.nan, 1), (math.inf, 1), (1e300, 1), (2, 1)])
    curve = curve_of(exploded, "CrossEntropy")
    assert (curve.x.tolist(), curve.y.tolist()) == ([1, 5], [4, 2])
    assert len(plot_comparison(compare(exploded, run("b", lr=0.2))).axes) == 3


def test_a_run_without_a_quantity_is_a_curve_without_points():
    curve = nothing_of(run("b"))
    assert curve.label == "b"
    assert not len(curve.x)
    assert list(curves(plot_curve(curve))) == ["b"]


def test_a_curve_is_drawn_as_it_is():
    curve = curve_of(run(), "loss")
    axes = plot_curve(curve, number=1)
    [line] = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), curve.x)
    np.testing.assert_array_equal(line.get_ydata(), curve.y)
    assert line.get_color() == style.colour(1)
    assert not axes.collections  # the rounding is too little to be seen


def test_what_rounding_leaves_open_is_a_band():
    curve = curve_of(read(yolo_log([5.0, 4.0] + [3.0] * 60)), "ObjLoss")
    [band] = plot_curve(curve).collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() >= (curve.y + curve.width).max() - 1e-9
    assert heights.min() <= (curve.y - curve.width).min() + 1e-9


def test_marks_that_curves_share_are_grey():
    shared = [curve_of(run(n, rates={2: 0.01}), "loss") for n in "ab"]
    other = curve_of(run("c", rates={3: 0.01}), "loss")
    axes = plot_curve(other)
    plot_marks([*shared, other], axes)
    assert marks(axes) == [(2, "grey"), (3, style.colour(2))]


def test_losses_stand_above_and_map_below():
    shown = panels(two(losses=LOSSES[:3], maps=[None, 55, None]).plot())
    assert list(shown) == ["CrossEntropy", "SmoothL1", "mAP [%]"]
    assert set(curves(shown["mAP [%]"])) == {"a", "b"}
    assert {axes.get_xlim() for axes in shown.values()} == {(0, 4 * 1.01)}
    assert shown["mAP [%]"].get_xlabel() == "epochs done"
    line = curves(shown["CrossEntropy"])["b"]
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([1, 2, 3], [4, 3, 2])


@pytest.mark.parametrize(
    ("x", "label"), [("iteration", "iterations"), ("hours", "hours of training"), ("epoch", "epochs done")]
)
def test_the_axis_says_what_it_is(x, label):
    assert panels(two().plot(x))["mAP [%]"].get_xlabel() == label


def test_runs_without_losses_in_common_are_drawn_with_their_sums():
    yolo = read(yolo_log([5.0, 4.0, 3.0], [10, 20, 30]), "yolo")
    shown = panels(compare(run("ssd"), yolo).plot())
    assert list(shown) == ["summed loss", "mAP [%]"]
    assert set(curves(shown["summed loss"])) == {"ssd", "yolo"}


def test_metrics_are_drawn_below_and_only_once():
    pair = [run(n, maps=[30] * 4, coco=True, lr=lr) for n, lr in (("a", 0.1), ("b", 0.2))]
    comparison = compare(pair, metrics=["map_50", "CrossEntropy"])
    assert list(panels(comparison.plot())) == ["CrossEntropy", "SmoothL1", "map_50 [%]", "mAP [%]"]
    assert list(panels(comparison.plot(metrics=["ar_1", "map"])))[2:] == ["map_50 [%]", "ar_1 [%]", "mAP [%]"]
    with pytest.raises(UnknownNameError, match="No metric named 'nope'"):
        comparison.plot(metrics=["nope"])


def test_a_panel_that_one_run_lacks_keeps_the_colours():
    shown = panels(compare(run("a", maps=()), run("b", lr=0.2)).plot())
    assert {name: line.get_color() for name, line in curves(shown["mAP [%]"]).items()} == {
        "b": style.colour(1)
    }
    assert curves(shown["SmoothL1"])["b"].get_color() == style.colour(1)


def test_the_first_epochs_do_not_flatten_the_others():
    comparison = compare(
        *[run(n, losses=[(900, 1)] + [(3, 1), (2, 1)] * 20, lr=lr) for n, lr in (("a", 1), ("b", 2))]
    )
    low, high = panels(comparison.plot())["CrossEntropy"].get_ylim()
    assert 1.5 < low < 2
    assert 3 < high < 3.5


def test_losses_of_another_size_share_a_log_scale():
    near, far = ([(scale * v, 0.5 * scale * v) for v in (4, 3, 2, 2)] for scale in (1, 20))
    for other, scale in ((near, "linear"), (far, "log")):
        pair = [run("a", losses=near, lr=1), run("b", losses=other, lr=2)]
        axes = panels(compare(*pair).plot())["CrossEntropy"]
        assert axes.get_yscale() == scale
        assert axes.get_ylim()[0] < 2
