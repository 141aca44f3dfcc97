"""Means of values that stand on batch lines only, or whose beginning is missing."""

import math

import numpy as np
import pytest

from convlens.meters import Meter, means_of_lines
from tests.handmade import arguments, codes, read, start
from tests.simulate import INTERVAL, REST, YOLO, falling, simulate

METRICS = ("RPN_Conf", "RPN_SmoothL1", "RCNN_CrossEntropy", "RCNN_SmoothL1")


LINES = 20


PER_EPOCH = LINES * INTERVAL + REST


def rcnn(levels):
    """A Faster R-CNN: losses are reset and closed; metrics beside them run on, on batch lines only."""
    losses = simulate(METRICS, levels, reset=range(len(levels)), lines=LINES)
    running = simulate(("RPNL1Loss", "RCNNL1Loss"), levels, reset=(), lines=LINES, closing=False)
    joined = []
    metrics = iter(running.lines)
    for line in losses.lines:
        head, pairs = line.split(", RPN_Conf=")
        if "cost" not in head:
            pairs += ", " + next(metrics).partition("samples/sec, ")[2]
        joined.append(f"{head}, RPN_Conf={pairs.replace(', ', ',')}")
    return joined, losses.truth, running.truth


def test_metrics_that_stand_on_batch_lines_only():
    """They are known to within one interval of batches."""
    lines, losses, running = rcnn(falling(20, start=0.9))
    run = read(start(), lines)
    by_name = {c.name: c.meter for c in run.columns}
    assert (by_name["RPNL1Loss"], by_name["RPN_Conf"]) == (Meter.START, Meter.EPOCH)
    for epoch in range(1, 20):
        for name in ("RPNL1Loss", "RCNNL1Loss"):
            neighbours = [running[e][name] for e in (epoch - 1, epoch)]
            width = run.resolution.loc[epoch, name]
            assert min(neighbours) - width <= run.curve.loc[epoch, name] <= max(neighbours) + width
        assert run.curve.loc[epoch, "RPN_Conf"] == pytest.approx(losses[epoch]["RPN_Conf"], abs=0.000501)
    assert set(run.summary.final) == set(METRICS)


def test_arguments_may_tell_how_many_batches_an_epoch_has():
    lines, _, _ = rcnn(falling(20, start=0.9))
    guessed = read(start(), lines)
    told = read(arguments(num_samples=8 * PER_EPOCH, batch_size=8), start(), lines)
    wrong = read(arguments(num_samples=80 * PER_EPOCH, batch_size=8), start(), lines)
    widths, exact, others = (run.resolution["RPNL1Loss"] for run in (guessed, told, wrong))
    rounding = 0.0005 * (2 * (19 * PER_EPOCH + LINES * INTERVAL) - PER_EPOCH) / PER_EPOCH
    assert exact[19] == pytest.approx(rounding, rel=0.01)
    assert widths[1] > exact[1]
    now, before = (told.epochs.loc[(0, epoch), "RPNL1Loss"] for epoch in (19, 18))
    last_line = LINES * INTERVAL
    own = ((19 * PER_EPOCH + last_line) * now - (18 * PER_EPOCH + last_line) * before) / PER_EPOCH
    assert told.curve.loc[19, "RPNL1Loss"] == pytest.approx(own, abs=1e-9)
    assert others.equals(widths)


@pytest.mark.parametrize("head", [[start()], [arguments(epochs=9)], []])
@pytest.mark.parametrize("first", [0, 1])
def test_meters_begin_with_the_first_printed_epoch(head, first):
    """Frameworks count from 0 or from 1, whatever a start line says; only a cut log begins in the middle."""
    made = simulate(YOLO, falling(8), reset=(), first=first)
    run = read(*head, made.lines)
    assert "CL022" not in codes(run)
    for epoch, truth in made.truth.items():
        width = run.resolution.loc[epoch, "ObjLoss"]
        assert run.curve.loc[epoch, "ObjLoss"] == pytest.approx(truth["ObjLoss"], abs=width + 1e-9)


def test_a_log_whose_beginning_is_missing_says_so():
    made = simulate(YOLO, falling(8), reset=(), first=5)
    run = read(made.lines)
    assert "CL022" in codes(run)
    assert math.isnan(run.curve.loc[5, "ObjLoss"])


def test_a_log_that_begins_at_a_resumed_epoch_with_its_arguments_counts_from_there():
    made = simulate(YOLO, falling(8), reset=(), first=40)
    run = read(arguments(epochs=200), made.lines)
    assert run.curve.loc[40, "ObjLoss"] == pytest.approx(made.truth[40]["ObjLoss"], abs=0.0006)


def test_the_mean_of_an_epochs_lines():
    """Two epochs of three and one lines, a third of none; of the second column one line tells nothing."""
    values = np.array([[1, 10], [2, math.nan], [6, 20], [5, 7.0]])
    means = means_of_lines(np.array([0, 0, 0, 1]), 3, values, np.isfinite(values))
    assert means[:2].tolist() == [[3, 15], [5, 7]]
    assert np.isnan(means[2]).all()


@pytest.mark.parametrize(("value", "mean"), [(math.nan, math.nan), (math.inf, math.inf)])
def test_a_line_that_is_not_finite_counts(value, mean):
    values = np.array([[1.0], [value]])
    told = means_of_lines(np.array([0, 0]), 1, values, np.ones((2, 1), dtype=bool))
    assert np.array_equal(told, [[mean]], equal_nan=True)
