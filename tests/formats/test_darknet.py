"""What Darknet prints."""

import pytest

from convlens.errors import LogFormatError
from convlens.meters import Meter
from convlens.metrics import Role
from convlens.reader import read_bytes
from tests.formats import made
from tests.others import runs


@pytest.mark.parametrize("fork", [True, False])
def test_a_log(fork):
    (run,) = runs(made.darknet(range(1, 6), fork=fork))
    assert (run.format, run.axis) == ("darknet", "iteration")
    assert run.curve["loss"].tolist() == [100.0, 50.0, 33.333333, 25.0, 20.0]
    assert run.curve["avg"].tolist() == [100.0, 95.0, 88.833333, 82.45, 76.205]
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["loss"] == (Role.LOSS, Meter.LAST)
    assert told["avg"] == (Role.METRIC, Meter.EMA)
    assert run.done.tolist() == [1, 2, 3, 4, 5]
    assert run.summary.hours == pytest.approx(10 / 3600)
    assert run.plan.epochs == (7000 if fork else None)
    assert run.identity.detector == "yolov4-custom"


def test_scores_are_fractions_and_classes_percentages():
    (run,) = runs(made.LOGS["darknet"])
    assert run.validation["map_50"].to_dict() == {(0, 3): 25.0, (0, 5): 50.0}
    assert (run.summary.score, run.summary.best_epoch) == ("map_50", 5)
    assert run.class_ap["ap"].to_dict() == {(0, 3, "cat"): 85.11, (0, 5, "cat"): 85.11}


def test_nan_of_a_layer_is_harmless_and_of_the_loss_is_not():
    (run,) = runs(made.darknet(range(1, 6)))
    assert not [f for f in run.findings if f.code == "CL008"]
    (run,) = runs(made.darknet(range(1, 6)).replace(b" 4: 25.000000", b" 4: -nan"))
    assert [f.text for f in run.findings if f.code == "CL008"] == [
        "loss not finite from iteration 4 to 4 (a loss of the detector)"
    ]


def test_an_output_that_was_cut_at_its_beginning():
    log = b"\x1b[1;30;43mStreaming output truncated to the last 5000 lines.\x1b[0m\n" + made.darknet(
        range(2534, 2540)
    )
    (run,) = runs(log)
    assert run.done[-1] == 2539
    assert "CL022" in {f.code for f in run.findings}


def test_another_run_behind_it():
    first, second = runs(made.darknet(range(1, 6)) + made.darknet(range(1, 4)))
    assert (len(first.curve), len(second.curve)) == (5, 3)


def test_a_network_alone():
    layers = b"   layer   filters  size/strd(dil)      input                output\n   0 conv     32\n"
    with pytest.raises(LogFormatError, match="no iteration of training"):
        read_bytes(layers, "train_log.txt", "made")
