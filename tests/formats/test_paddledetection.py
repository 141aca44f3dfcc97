"""PaddleDetection's worker logs."""

import pytest

from convlens.meters import Meter
from convlens.metrics import Role
from tests.formats import made
from tests.others import runs


def test_a_log():
    (run,) = runs(made.paddle(range(3)))
    assert run.format == "paddledetection"
    assert run.curve.index.tolist() == [0, 1, 2]
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["loss"] == (Role.TOTAL, Meter.WINDOW)
    assert told["loss_iou"] == (Role.LOSS, Meter.WINDOW)
    assert run.batches.index.get_level_values("batch").tolist() == [0, 20, 40] * 3
    assert run.epochs["seconds"].tolist() == [23.5] * 3
    assert run.epochs["speed"].tolist() == [16.0] * 3
    assert run.curve["lr"].tolist() == [0.01, 0.005, 0.003333]
    assert str(run.identity) == "ppyoloe_plus crn_l"
    assert not run.findings


def test_the_line_at_the_first_iteration_counts_as_one():
    """What it prints is of the epoch before but for one of its iterations."""
    (run,) = runs(made.paddle([0]))
    lines = run.batches["loss_cls"].tolist()
    expected = (1 * lines[0] + 20 * lines[1] + 20 * lines[2]) / 41
    assert run.curve["loss_cls"].tolist() == pytest.approx([expected])


def test_scores_are_fractions():
    (run,) = runs(made.paddle(range(3)))
    assert run.validation["map"].tolist() == pytest.approx([20, 21, 22])
    assert run.validation["map_small"].isna().all()


def test_another_detector_in_the_same_file():
    """Each run has its own losses and its own identity."""
    first = made.paddle(
        [0, 1], losses=("loss_class", "loss_giou", "loss_class_aux"), name="rtdetr_r50vd_6x_coco"
    )
    one, two = runs(first + made.paddle(range(3)))
    assert [c.name for c in one.losses] == ["loss_class", "loss_giou"]
    assert [c.name for c in two.losses] == ["loss_cls", "loss_iou"]
    assert (str(one.identity), str(two.identity)) == ("rtdetr r50vd", "ppyoloe_plus crn_l")
    assert two.curve["loss"].notna().all()


def test_attempts_before_a_run_and_before_it_is_resumed():
    begun = made.paddle([0], steps=(0,))
    (run,) = runs(begun + made.paddle(range(3)) + begun + begun + made.paddle([3, 4]))
    assert run.curve.index.tolist() == [0, 1, 2, 3, 4]
    told = [f.text for f in run.findings if f.code == "CL002"]
    assert told == [
        "1 other attempt completed no epoch: lines 1-3",
        "2 sessions start over at epoch 0 and complete nothing: not on the curve",
    ]
    assert [f.code for f in run.findings if f.code == "CL001"] == ["CL001"]


def test_a_full_stop_is_no_part_of_a_number():
    (run,) = runs(made.paddle([0]).replace(b"ips: 16.0000 images/s", b"ips: 16.0000 images/s."))
    assert run.epochs["speed"].tolist() == [16.0]
