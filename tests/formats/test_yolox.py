"""YOLOX's train_log.txt."""

import pytest

from convlens.errors import LogFormatError
from convlens.meters import Meter
from convlens.metrics import Role
from convlens.reader import read_bytes
from tests.formats import made
from tests.others import runs


def test_a_log():
    (run,) = runs(made.yolox())
    assert run.format == "yolox"
    assert run.curve.index.tolist() == [1, 2, 3]
    assert run.curve["loss"].tolist() == pytest.approx([9.75, 5.25, 3.75]), "the mean of the epoch's lines"
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["total_loss"] == (Role.TOTAL, Meter.LAST)
    assert told["iou_loss"] == (Role.LOSS, Meter.LAST)
    assert run.resolution["iou_loss"].tolist() == [0.05] * 3, "one decimal"
    assert run.batches.index.get_level_values("batch").tolist() == [20, 40] * 3
    assert run.epochs["seconds"].tolist() == [23.5] * 3
    assert run.summary.epochs == 3
    assert [f.code for f in run.findings] == ["CL026"]


def test_arguments_experiment_and_identity():
    (run,) = runs(made.yolox())
    assert (run.plan.epochs, run.plan.validate_every) == (3, 1)
    assert str(run.identity) == "yolox 640 cspdarknet_s"
    assert (run.config["act"], run.config["batch_size"], run.config["input_size"]) == ("silu", 64, [640, 640])
    assert run.config["evil"] == "Call", "never evaluated"


def test_the_table_is_in_fractions_and_the_classes_in_percent():
    (run,) = runs(made.yolox())
    assert run.validation["map"].tolist() == pytest.approx([30, 35, 40])
    assert run.class_ap["ap"].loc[0, 3].to_dict() == {"cat": 50.5, "dog": 25.0}


def test_a_best_ap_that_no_table_shows():
    """Of the VOC evaluator, which prints elsewhere."""
    (run,) = runs(made.yolox(table=False, best=90.0))
    assert run.summary.final_map is None
    (told,) = [f.text for f in run.findings if f.code == "CL018"]
    assert told == "the best AP is 90.00 [%], of an epoch that the log does not tell"


def test_a_term_that_joins_the_total_is_told():
    (run,) = runs(made.yolox(mosaic_ends=3))
    assert [f.text for f in run.findings if f.code == "CL043"] == [
        "l1_loss is added from epoch 3 on, where mosaics end: a rise there is no divergence"
    ]
    assert not [f for f in runs(made.yolox())[0].findings if f.code == "CL043"]


def test_starts_that_trained_nothing_are_told_in_one_line():
    start = b"".join(made.yolox(0).splitlines(keepends=True)[:-1])
    begun = b"".join(made.yolox(1).splitlines(keepends=True)[:14])
    (run,) = runs(start + begun + start + begun + made.yolox())
    assert run.summary.epochs == 3
    (told,) = [f.text for f in run.findings if f.code == "CL002"]
    assert told.startswith("2 other attempts completed no epoch: lines ")


def test_starts_alone():
    log = b"".join(made.yolox(0).splitlines(keepends=True)[:-1]) * 3
    with pytest.raises(LogFormatError, match="training was started"):
        read_bytes(log, "train_log.txt", "made")


def test_a_resumed_process_and_another_run():
    resumed = made.yolox(2) + made.yolox(2, first=3)
    (run,) = runs(resumed)
    assert run.curve.index.tolist() == [1, 2, 3, 4]
    assert len(run.sessions) == 2
    assert [len(r.curve) for r in runs(resumed + made.yolox(1))] == [4, 1]


def test_a_log_in_a_code_page_with_carriage_returns():
    log = made.yolox().replace("│".encode(), b"\xa8\xa6").replace(b"\n", b"\r\n")
    (run,) = runs(log)
    assert run.curve.equals(runs(made.yolox())[0].curve)
