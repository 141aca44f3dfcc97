"""MMDetection 2's logs in both forms."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.meters import Meter
from convlens.metrics import Better, Role, Unit
from tests.formats import made
from tests.others import runs

FORMS = {"json": made.mmdetection_json, "text": made.mmdetection_text}


@pytest.fixture(params=FORMS)
def write(request):
    return FORMS[request.param]


def test_columns(write):
    (run,) = runs(write())
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told == {
        "LR": (Role.RATE, Meter.EPOCH),
        "loss_cls": (Role.LOSS, Meter.INTERVAL),
        "loss_bbox": (Role.LOSS, Meter.INTERVAL),
        "loss": (Role.TOTAL, Meter.INTERVAL),
    }
    assert {(c.name, c.unit, c.better) for c in run.scores} == {
        (name, Unit.PERCENT, Better.HIGHER) for name in ("map", "map_50", "map_small")
    }


def test_an_epoch_is_the_mean_of_its_lines(write):
    (run,) = runs(write())
    assert run.curve["loss_cls"].tolist() == pytest.approx([1.65, 0.9, 0.65])
    assert run.curve["loss"].tolist() == pytest.approx([2.15, 1.15, 0.8167], abs=1e-4)
    assert run.summary.final == {"loss_cls": 0.7, "loss_bbox": 0.1667, "loss": 0.8667}
    assert run.curve["lr"].tolist() == [0.02, 0.02, 0.002]


def test_scores_are_fractions_and_none_is_none(write):
    (run,) = runs(write())
    assert run.validation["map"].tolist() == pytest.approx([25, 30, 35])
    assert run.validation["map_small"].isna().all(), "-1 means that there are none"


def test_the_config_tells_plan_and_identity(write):
    (run,) = runs(write())
    assert (run.plan.epochs, run.plan.drops, run.plan.rate) == (3, (3.0,), 0.02)
    assert str(run.identity) == "faster_rcnn resnet50 coco"
    assert run.config["model.backbone.depth"] == 50
    assert not [f for f in run.findings if f.code in ("CL010", "CL011", "CL013")], "as planned"


def test_epochs_are_counted_from_one(write):
    (run,) = runs(write(2))
    assert run.done.tolist() == [1, 2]
    assert [f.text for f in run.findings if f.code == "CL013"] == [
        "2 of 3 epochs are complete; a drop of the rate was still to come at 3"
    ]


def test_a_log_that_ends_before_its_validation():
    """How many iterations an epoch has is told by the text alone; in JSON by the epochs before."""
    for write in FORMS.values():
        lines = write().splitlines(keepends=True)
        assert runs(b"".join(lines[:-1]))[0].summary.epochs == 3
        assert runs(b"".join(lines[:-2])[:-3])[0].summary.epochs == 2


def test_seconds_hold_the_iterations_that_are_not_printed():
    (run,) = runs(made.mmdetection_text())
    assert run.epochs["seconds"].tolist() == [12.5] * 3, "25 iterations of half a second"


def test_checkpoints():
    (run,) = runs(made.mmdetection_text())
    assert run.summary.best_checkpoint == "best_bbox_mAP_epoch_3.pth"


def test_a_log_without_its_first_line_or_without_losses():
    lines = made.mmdetection_json().splitlines(keepends=True)
    assert runs(b"".join(lines[1:]))[0].summary.epochs == 3
    scored = b"".join(line for line in lines if b'"train"' not in line)
    (run,) = runs(scored)
    assert (run.summary.epochs, run.summary.final, run.plan.epochs) == (3, {}, 3)


def test_masks_stand_beside_boxes():
    row = {
        "mode": "val",
        "epoch": 1,
        "iter": 1,
        "lr": 0.1,
        "bbox_mAP": 0.5,
        "segm_mAP": 0.25,
        "segm_mAP_75": 0.1,
    }
    (run,) = runs(made.json_lines(row))
    assert run.validation.iloc[0].to_dict() == {"map": 50.0, "map_segm": 25.0, "map_segm_75": 10.0}


def test_losses_of_corner_nets_and_of_validation():
    train = {
        "mode": "train",
        "epoch": 1,
        "iter": 50,
        "lr": 0.1,
        "det_loss": 1.0,
        "off_loss": 2.0,
        "loss": 3.0,
    }
    val = {"mode": "val", "epoch": 1, "iter": 5, "det_loss": 1.5, "mAP": 0.5, "AP50": 0.75}
    (run,) = runs(made.json_lines(train, val))
    assert [c.name for c in run.losses] == ["det_loss", "off_loss"]
    assert run.validation.iloc[0].to_dict() == {"map": 50.0, "map_50": 75.0, "val/det_loss": 1.5}


def test_training_by_iterations():
    config = "runner = dict(type='IterBasedRunner', max_iters=100)\nevaluation = dict(interval=50)"
    rows = [
        {"mode": "train", "epoch": 1, "iter": n, "lr": 0.1, "loss_cls": 100 / n, "loss": 100 / n}
        for n in (50, 100)
    ]
    val = {"mode": "val", "epoch": 1, "iter": 7, "bbox_mAP": 0.5}
    (run,) = runs(made.json_lines({"env_info": "", "config": config}, *rows, val))
    assert (run.axis, run.curve.index.tolist()) == ("iteration", [50, 100])
    assert (run.summary.epochs, run.plan.epochs, run.summary.best_epoch) == (100, 100, 100)
    assert "iteration" in run.curve.index.names


def test_a_config_runs_nothing(tmp_path):
    flag = tmp_path / "flag"
    config = f"import os\nx = os.system('touch {flag}')\nopen({str(flag)!r}, 'w')\nmodel = dict(type='SSD')"
    (run,) = runs(made.mmdetection_json(config=config))
    assert not flag.exists()
    assert run.identity.detector == "ssd"


def test_a_config_that_is_nested_too_deep_is_left_out():
    (run,) = runs(made.mmdetection_json(config="x = " + "[" * 3000 + "]" * 3000))
    assert run.summary.epochs == 3


@given(st.lists(st.floats(0, 100).map(lambda v: round(v, 5)), min_size=2, max_size=2))
def test_what_is_written_is_read(values):
    rows = [
        {"mode": "train", "epoch": 1, "iter": 50 * n, "lr": 0.1, "loss_cls": value, "loss": value}
        for n, value in enumerate(values, 1)
    ]
    (run,) = runs(made.json_lines(*rows))
    assert run.batches["loss_cls"].tolist() == json.loads(json.dumps(values))
    assert run.batches.index.get_level_values("batch").tolist() == [50, 100]
