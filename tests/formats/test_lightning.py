"""PyTorch Lightning's metrics.csv."""

import pytest

from convlens.meters import Meter
from convlens.metrics import Better, Role, Unit
from tests.formats import made
from tests.others import runs


def test_values_of_single_batches():
    (run,) = runs(made.LOGS["lightning metrics.csv"])
    assert run.curve.index.tolist() == [0, 1, 2]
    assert next(c for c in run.columns if c.name == "train_loss").meter is Meter.LAST
    assert run.curve["loss"].tolist() == [1.625, 0.875, 0.625], "the mean of the epoch's lines"
    assert run.summary.final == {"train_loss": 0.75}
    assert len(run.batches) == 9
    assert [f.code for f in run.findings] == ["CL026"]


def test_rates_on_rows_without_an_epoch():
    (run,) = runs(made.LOGS["lightning metrics.csv"])
    assert run.curve["lr"].tolist() == [0.01, 0.005, 0.01 / 3]


def test_scores_are_fractions():
    (run,) = runs(made.LOGS["lightning metrics.csv"])
    assert run.validation["map"].tolist() == [25.0, 31.25, 37.5]
    assert run.validation["val_loss"].tolist() == [1.25, 1.125, 1.0]
    told = {c.name: (c.unit, c.better) for c in run.scores}
    assert told == {"map": (Unit.PERCENT, Better.HIGHER), "val_loss": (Unit.NONE, Better.LOWER)}


def test_rf_detr():
    (run,) = runs(made.LOGS["lightning RF-DETR"])
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["train/loss"] == (Role.TOTAL, Meter.EPOCH)
    assert told["train/loss_bbox"] == (Role.LOSS, Meter.EPOCH)
    assert told["train/loss_bbox_0"][0] is Role.AUXILIARY
    assert run.curve["loss"].tolist() == [8.0, 4.0, 8 / 3]
    assert run.summary.epochs == 3
    assert run.curve["lr"].tolist() == [0.0001] * 3


def test_averaged_weights_are_scored_apart():
    (run,) = runs(made.LOGS["lightning RF-DETR"])
    assert run.validation["map"].tolist() == [25.0, 31.25, 37.5]
    assert run.validation["map_ema"].tolist() == [47.5] * 3
    assert run.summary.best_map == 37.5
    assert "CL041" in {f.code for f in run.findings}
    assert run.class_ap["ap"].loc[0, 2].to_dict() == {"cat": 50.0, "dog, small": 25.0}


def test_the_same_value_by_step_and_by_epoch():
    log = b"epoch,step,train_loss_epoch,train_loss_step,val_acc\n0,4,,2.0,\n0,9,,1.0,\n0,9,,,0.5\n0,9,1.5,,\n"
    (run,) = runs(log)
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told == {
        "train_loss_epoch": (Role.LOSS, Meter.EPOCH),
        "train_loss_step": (Role.METRIC, Meter.LAST),
    }
    assert run.curve["loss"].tolist() == [1.5]
    assert (run.summary.score, run.summary.final_score) == ("val_acc", 50.0)


def test_a_test_alone_is_no_score_of_an_epoch_of_training():
    (run,) = runs(b"epoch,test_loss,test_acc,step\n0,0.5,0.75,0\n")
    assert run.summary.final == {}
    assert run.validation.iloc[0].to_dict() == {"test_acc": 75.0, "test_loss": 0.5}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("val/mAP", "map"),
        ("val_map_50", "map_50"),
        ("valid/map_small", "map_small"),
        ("val/mAP50-95", "map"),
        ("val_mar_100", "ar_100"),
        ("val/ema_mAP_50", "map_ema_50"),
        ("val_f1", "val_f1"),
        ("test/mAP", "test/mAP"),
    ],
)
def test_names_of_scores(name, kept):
    (run,) = runs(f"epoch,step,train_loss,{name}\n0,9,1.0,\n0,9,,0.25\n".encode())
    assert run.validation[kept].tolist() == [25.0]
