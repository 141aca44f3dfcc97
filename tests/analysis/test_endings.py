"""Where a run ended: final losses, mAP, and what noise makes of them."""

import math

import pytest

from convlens import read_log
from convlens.analysis.comparison.repeats import Arm
from convlens.analysis.endings import At, final_loss, loss_at_end, map_at
from convlens.formats.gluoncv import detection_lines as lines
from convlens.meters import Meter
from convlens.reader import read_bytes
from tests.handmade import arguments, start
from tests.simulate import YOLO, simulate
from tests.writing import made_log

WAVES = [(v + 1, 1.0) for v in (0, 0, 4, 0)]  # leaves a standard deviation of sqrt(5.6), see test_figures


def read(text, name="a"):
    return read_bytes(text.encode(), "-", name)


def run(losses=WAVES, maps=(), **arguments):
    return read(made_log(losses, maps, **arguments))


def arm(*runs):
    return Arm("arm", runs)


def test_a_loss_ends_with_the_last_complete_epoch():
    ended = run([(3.0, 1.0), (2.0, 0.5)])
    assert final_loss(ended, "CrossEntropy") == (2.0, pytest.approx(0.0005))
    assert final_loss(ended, "loss") == (2.5, pytest.approx(0.001))
    assert math.isnan(final_loss(ended, "ObjLoss")[0])


def yolo(levels, drop=None):
    """A run whose meters run on, with these means an epoch."""
    made = simulate(YOLO, levels, reset=(), noise=0.0)
    at = next((n for n, line in enumerate(made.lines) if line.startswith(f"[Epoch {drop}]")), 0)
    rate = [] if drop is None else [lines.RATE.format(epoch=drop, lr=0.01)]
    ended = read("\n".join([arguments(lr=0.1), start(), *made.lines[:at], *rate, *made.lines[at:]]) + "\n")
    assert {column.meter for column in ended.losses} == {Meter.START}
    return ended


def test_a_mean_of_the_whole_run_ends_with_its_last_five_epochs():
    """Twelve epochs, so n = 12 and a = 7: 0.0005 * (12 + 7) / 5. Column k has 1/k of the level."""
    value, width = final_loss(yolo([9.0] * 7 + [8.1, 8.0, 7.9, 8.2, 7.8]), "ObjLoss")
    assert width == pytest.approx(0.0019)
    assert value == pytest.approx(8.0, abs=width)
    value, width = final_loss(yolo([9.0] * 7 + [8.1, 8.0, 7.9, 8.2, 7.8]), "loss")
    assert width == pytest.approx(4 * 0.0019)
    assert value == pytest.approx(8 * (1 + 1 / 2 + 1 / 3 + 1 / 4), abs=width)


def test_the_mean_stays_within_the_last_phase():
    """Three epochs of it: 0.0005 * (12 + 9) / 3."""
    value, width = final_loss(yolo([9.0] * 9 + [7.0] * 3, drop=9), "ObjLoss")
    assert width == pytest.approx(0.0035)
    assert value == pytest.approx(7.0, abs=width)


def test_the_last_of_yolos_epochs_are_those_that_were_worked_out():
    """13.0 over the epochs 195-199, and 39.0 over 275-279, where the logs print 17.7 and 45.87."""
    for name, expected in (("voc", 13.0), ("coco", 39.0)):
        value, width = final_loss(read_log(f"yolo3_mobilenet1.0_{name}"), "loss")
        assert value == pytest.approx(expected, abs=0.06)
        assert width < 0.3


def test_the_noise_of_a_single_run_is_its_jitter():
    ending = loss_at_end(arm(run()), "CrossEntropy")
    assert (ending.value, ending.n) == (1.0, 1)
    assert ending.error == pytest.approx(math.sqrt(5.6))
    assert ending.half_width == pytest.approx(1.959964 * math.sqrt(5.6), rel=1e-6)


def test_the_noise_is_never_less_than_rounding():
    flat = [(1.0, 1.0)] * 5
    assert loss_at_end(arm(run(flat)), "CrossEntropy").error == pytest.approx(0.0005 / math.sqrt(3))


def test_of_few_epochs_the_noise_is_unknown():
    ending = loss_at_end(arm(run([(3.0, 1.0), (2.0, 1.0)])), "CrossEntropy")
    assert ending.known
    assert math.isnan(ending.error)
    assert math.isnan(ending.half_width)


def test_two_repeats_have_the_larger_of_jitter_and_spread():
    """The jitter of a mean of two is sqrt(5.6 / 2); half of their range is the standard error of the mean."""
    near = [run(), run([(v + 0.2, 1.0) for v, _ in WAVES])]
    assert loss_at_end(arm(*near), "CrossEntropy").error == pytest.approx(math.sqrt(5.6 / 2))
    far = [run(), run([(v + 8, 1.0) for v, _ in WAVES])]
    assert loss_at_end(arm(*far), "CrossEntropy").error == pytest.approx(4.0)


def test_three_repeats_have_the_interval_of_student():
    """1, 2 and 3: mean 2, standard error 1 / sqrt 3, t(0.975, 2) = 4.302653."""
    ending = loss_at_end(arm(*(run([(v, 1.0)] * 5) for v in (1.0, 2.0, 3.0))), "CrossEntropy")
    assert (ending.value, ending.n, ending.df) == (2.0, 3, 2)
    assert ending.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_a_map_is_final_best_or_published():
    ended = run([(3.0, 1.0)] * 5, [50, 60, 55, 58, 57])
    assert map_at(arm(ended), At.FINAL).value == 57
    assert map_at(arm(ended), At.BEST).value == 60
    assert not map_at(arm(ended), At.PUBLISHED).known
    published = read_log("ssd_512_mobilenet1.0_coco")
    assert [map_at(arm(published), at).value for at in At] == [21.5, 21.7, 21.7]


def test_a_run_without_a_map_has_none():
    ending = map_at(arm(run()), At.BEST)
    assert (ending.known, ending.n) == (False, 0)


def test_a_loss_that_is_not_finite_is_not_known():
    assert not loss_at_end(arm(run([(3.0, 1.0), (math.nan, 1.0)])), "CrossEntropy").known
    assert loss_at_end(arm(run([(3.0, 1.0), (math.nan, 1.0)])), "SmoothL1").value == 1.0
