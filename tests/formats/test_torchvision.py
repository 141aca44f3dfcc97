"""What torchvision's references print."""

import pytest

from convlens.meters import Meter
from convlens.metrics import Role
from tests.formats import made
from tests.others import runs


def test_the_mean_in_brackets_is_read():
    (run,) = runs(made.torchvision())
    assert run.format == "torchvision"
    assert run.curve.index.tolist() == [0, 1, 2]
    assert run.curve["loss_classifier"].tolist() == [2.0417, 1.0417, 0.7083]
    assert run.curve["loss"].tolist() == [4.0833, 2.0833, 1.4167]
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["loss"] == (Role.TOTAL, Meter.EPOCH)
    assert told["loss_box_reg"] == (Role.LOSS, Meter.EPOCH)
    assert run.batches.index.get_level_values("batch").tolist() == [0, 11] * 3
    assert run.curve["lr"].tolist() == [0.005, 0.0025, 0.001667]


def test_only_the_heading_tells_boxes_from_masks():
    (run,) = runs(made.torchvision())
    assert run.validation["map"].tolist() == pytest.approx([25, 30, 35])
    assert run.validation["map_segm"].tolist() == [12.5] * 3
    assert run.validation["ar_100"].tolist() == [35.0] * 3
    assert run.validation["map_small"].isna().all()
    assert run.summary.final_map == 35.0


def test_hours_are_those_of_training():
    (run,) = runs(made.torchvision())
    assert run.epochs["seconds"].tolist() == [75.0] * 3
    assert run.summary.hours == pytest.approx(225 / 3600)


def test_a_cell_that_was_cut_into_pieces():
    """A notebook's outputs are joined; there may be no time and no newline at their end."""
    (run,) = runs(made.torchvision(seconds=None).rstrip())
    assert run.summary.epochs == 3
    assert run.validation["map_segm"].tolist() == [12.5] * 3


def test_a_table_that_was_cut():
    log = made.torchvision(1)
    (run,) = runs(log[: log.index(b"IoU metric: segm") + 200])
    assert run.validation.iloc[0].dropna().to_dict()["map"] == 25.0
    assert "map_segm" not in run.score_names
    assert [f.code for f in run.findings] == ["CL017"]


def test_a_second_run_in_the_same_output():
    first, second = runs(made.torchvision(2) + made.torchvision(3, masks=False))
    assert (first.summary.epochs, second.summary.epochs) == (2, 3)
    assert "map_segm" not in second.score_names


def test_a_log_behind_a_logger():
    """As torchdistill writes it."""
    lines = made.torchvision(masks=False).decode().splitlines()
    stamped = "".join(f"2021/05/22 12:34:56\tINFO\ttorchdistill.misc.log\t{line}\n" for line in lines)
    (run,) = runs(stamped.encode())
    assert run.curve["loss"].tolist() == [4.0833, 2.0833, 1.4167]
    assert run.validation["map"].tolist() == pytest.approx([25, 30, 35])


def test_detr_prints_alike():
    line = (
        "Epoch: [0]  [   0/7393]  eta: 6:27:19  lr: 0.000100  class_error: 92.36 (91.50)  loss: 40.5 (41.5)  "
        "loss_ce: 3.5 (4.5)  loss_ce_0: 3.0 (3.5)  loss_ce_unscaled: 1.5 (2.5)  "
        "time: 3.1  data: 1.4  max mem: 9\n"
    )
    (run,) = runs(line.encode() * 2)
    told = {c.name: c.role for c in run.columns}
    assert told["loss"] is Role.TOTAL
    assert told["loss_ce_0"] is Role.AUXILIARY
    assert told["loss_ce_unscaled"] is Role.METRIC
