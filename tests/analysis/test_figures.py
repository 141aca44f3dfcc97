"""The figures of one run: series, values after so many epochs, jitter, drops, and why something is absent."""

import math
import re

import numpy as np
import pytest

from convlens.analysis import figures
from convlens.errors import UnknownNameError
from convlens.metrics import Better
from convlens.reader import read_bytes
from tests.writing import made_log, yolo_log


def run(text, name="a"):
    return read_bytes(text.encode(), f"{name}.log", name)


FALLING = [(4.0, 1.0), (3.0, 1.0), (2.0, 0.5), (1.0, 0.25)]


def test_series_hold_losses_their_sum_and_scores():
    read = run(made_log(FALLING, [None, 50, None, 60]))
    assert figures.series(read, "CrossEntropy").tolist() == [4, 3, 2, 1]
    assert figures.series(read, "SmoothL1").tolist() == [1, 1, 0.5, 0.25]
    assert figures.series(read, "loss").tolist() == [5, 4, 2.5, 1.25]
    np.testing.assert_array_equal(figures.series(read, "map"), [math.nan, 50, math.nan, 60])


def test_the_sum_and_the_scores_are_those_whatever_else_a_log_calls_so():
    text = made_log(FALLING, [50, 50, 50, 60])
    read = run(re.sub(r"(SmoothL1=[\d.]+)", r"\1, loss=99.0, map=7.0", text))
    assert figures.series(read, "loss").tolist() == [5, 4, 2.5, 1.25]
    assert figures.series(read, "map").tolist() == [50, 50, 50, 60]
    assert [q.name for q in figures.quantities(read)] == ["CrossEntropy", "SmoothL1", "loss", "map"]


def test_quantities_know_their_direction_and_their_scale():
    read = run(made_log(FALLING, [50] * 4, coco=True))
    told = {q.name: (q.better, q.scale) for q in figures.quantities(read)}
    assert list(told)[:4] == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert told["loss"] == told["SmoothL1"] == (Better.LOWER, "loss")
    assert told["map"] == told["ar_small"] == (Better.HIGHER, "score")


@pytest.mark.parametrize("first", [0, 1])
def test_epochs_are_counted_from_their_first(first):
    read = run(made_log(FALLING, first=first))
    assert figures.done(read).tolist() == [1, 2, 3, 4]
    assert figures.epochs_done(read) == 4
    assert [figures.value_after(read, "CrossEntropy", n) for n in (1, 4)] == [4, 1]


def test_a_log_of_a_resumed_process_counts_on():
    read = run(made_log(FALLING, [None, 50, None, None], first=20, start_epoch=20))
    assert figures.done(read).tolist() == [21, 22, 23, 24]
    assert figures.value_after(read, "CrossEntropy", 22) == 3
    assert math.isnan(figures.value_after(read, "CrossEntropy", 4))
    assert math.isnan(figures.value_after(read, "map", 21))
    assert figures.value_after(read, "map", 24) == 50


@pytest.mark.parametrize("epochs", [0, 5, 100])
def test_a_loss_has_no_value_after_epochs_that_the_log_lacks(epochs):
    assert math.isnan(figures.value_after(run(made_log(FALLING)), "loss", epochs))


def test_a_score_has_its_last_value_before():
    read = run(made_log(FALLING, [None, 50, None, 60]))
    after = [figures.value_after(read, "map", n) for n in (1, 2, 3, 4, 9)]
    np.testing.assert_array_equal(after, [math.nan, 50, 50, 60, 60])


def test_an_epoch_that_is_not_complete_has_no_value():
    read = run(made_log(FALLING, seconds=None))
    assert read.arrays.complete.tolist() == [True, True, True, False]
    assert figures.epochs_done(read) == 3
    assert math.isnan(figures.value_after(read, "loss", 4))


def test_a_log_that_completes_nothing_has_done_nothing():
    read = run(made_log(FALLING[:1], seconds=None))
    assert figures.epochs_done(read) == 0
    assert math.isnan(figures.jitter(read, "loss"))


def test_jitter_is_what_is_left_without_the_trend():
    # By hand: of 0 0 4 0 with steps 0 1 2 3 the least-squares line is 0.4 + 0.4 x, so the residuals are
    # -0.4, -0.8, 2.8, -1.6; their squares sum to 11.2, and 4 - 2 degrees of freedom leave 5.6.
    read = run(made_log([(value + 1, 1) for value in (0, 0, 4, 0)]))
    assert figures.jitter(read, "CrossEntropy") == pytest.approx(math.sqrt(5.6))
    assert figures.jitter(read, "SmoothL1") == pytest.approx(0, abs=1e-12)


def test_jitter_is_that_of_the_phase():
    calm, wild = [(3.0, 1)] * 6, [(2.0, 1), (1.0, 1)] * 3
    read = run(made_log(calm + wild, rates={6: 0.01}))
    assert figures.phase_start(read) == 6
    assert figures.jitter(read, "CrossEntropy") > 0.4
    assert figures.jitter(read, "CrossEntropy", 12) == figures.jitter(read, "CrossEntropy")
    assert figures.jitter(read, "CrossEntropy", 6) == pytest.approx(0, abs=1e-12)
    assert math.isnan(figures.jitter(read, "CrossEntropy", 8))  # two epochs behind the drop


def test_jitter_looks_back_on_twenty_values_and_needs_four():
    read = run(made_log([(9.0, 1), (1.0, 1)] * 5 + [(2.0, 1)] * 20, [None] * 27 + [50, 51, 52]))
    assert figures.jitter(read, "CrossEntropy") == pytest.approx(0, abs=1e-12)
    assert math.isnan(figures.jitter(read, "map"))


def test_jitter_of_a_loss_that_explodes_is_no_warning():
    read = run(made_log([(1e200, 1), (3, 1)] * 4))
    assert figures.jitter(read, "CrossEntropy") == math.inf


def test_drops_are_where_the_rate_falls_by_half_or_more():
    rates = {2: 0.06, 4: 0.03, 6: 0.06, 8: 0.0006}
    read = run(made_log([(3, 1)] * 10, rates=rates))
    assert figures.drops(read).tolist() == [4, 8]
    assert figures.phase_start(read) == 8
    assert figures.phase_start(read, 8) == 6  # the rate rises there
    assert figures.phase_start(read, 4) == 2


def test_a_log_without_rates_has_no_drops():
    read = run(made_log([(3, 1)] * 6, lr=None))
    assert np.isnan(read.arrays.lr).all()
    assert not len(figures.drops(read))
    assert figures.phase_start(read) == 0


def test_what_averages_the_run_is_known_with_its_resolution():
    yolo, ssd = run(yolo_log([5.0, 4.0, 3.0, 2.5, 2.0, 2.0, 2.0])), run(made_log(FALLING))
    assert figures.averages_the_run(yolo, "loss")
    assert figures.averages_the_run(yolo, "ObjLoss")
    assert not figures.averages_the_run(ssd, "loss")
    assert not figures.averages_the_run(yolo, "map")
    # An epoch's own mean is known to within 0.0005 * (2n - 1), with n = 7, and the sum to four times that.
    assert figures.resolution(yolo, "ObjLoss") == pytest.approx(0.0005 * 13)
    assert figures.resolution(yolo, "loss") == pytest.approx(4 * 0.0005 * 13)


@pytest.mark.parametrize(
    ("log", "metric", "expected"),
    [
        (
            made_log(FALLING, [50, None, 60, None], val_interval=1),
            "map_5",
            "No metric named 'map_5'. Did you mean 'map'? There is: CrossEntropy, SmoothL1, loss, map. "
            "a holds 2 validations of 4 expected (one an epoch); VOC's metric prints one mAP and class APs, "
            "COCO's the others.",
        ),
        (
            made_log(FALLING, val_interval=2),
            "map",
            "No metric named 'map'. There is: CrossEntropy, SmoothL1, loss. a holds 0 validations of 2 "
            "expected (one every 2 epochs); scores may have been printed to another file or to standard "
            "output.",
        ),
        (
            made_log(FALLING),
            "crossentropy",
            "No metric named 'crossentropy'. Did you mean 'CrossEntropy'? There is: CrossEntropy, SmoothL1, "
            "loss. a holds 0 validations.",
        ),
    ],
    ids=["VOC", "none found", "another case"],
)
def test_what_is_absent_is_explained(log, metric, expected):
    with pytest.raises(UnknownNameError) as error:
        figures.series(run(log), metric)
    assert str(error.value) == expected


@pytest.mark.parametrize("name", ["Speed", "LR", "lr", "speed"])
def test_rates_and_speeds_are_no_metrics(name):
    with pytest.raises(UnknownNameError, match="No metric named"):
        figures.series(run(yolo_log([3.0, 2.0])), name)
