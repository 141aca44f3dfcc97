"""TensorBoard's event files of the frameworks."""

import pytest

from convlens.formats import recognise
from convlens.meters import Meter
from convlens.metrics import Role
from tests.formats import made
from tests.formats.made.events import event_file, yolo_points
from tests.others import runs


def test_epochs_of_ultralytics():
    (run,) = runs(event_file(yolo_points(3)))
    assert (run.format, run.axis) == ("tensorboard", "epoch")
    assert run.curve.index.tolist() == [0, 1, 2]
    assert run.curve["loss"].tolist() == [3.75, 1.875, 1.25]
    assert run.validation["map"].tolist() == pytest.approx([25, 30, 35])
    assert run.curve["lr"].tolist() == [0.01] * 3, "of the weights, not of the biases"
    assert {c.name for c in run.scores} == {"map", "map_50", "val/box_loss"}


def test_a_row_for_each_batch_holds_the_mean_so_far():
    (run,) = runs(event_file(yolo_points(3, batches=4)))
    assert {c.meter for c in run.losses} == {Meter.EPOCH}
    assert run.curve["train/box_loss"].tolist() == [1.875, 1.125, 0.875], "the last batch's"
    assert len(run.batches) == 12


def test_the_best_checkpoint_once_more():
    again = [(2, {"metrics/mAP50(B)": 0.75, "metrics/mAP50-95(B)": 0.5})] * 2
    (run,) = runs(event_file([*yolo_points(3), *again]))
    assert run.summary.final_map == 35
    assert [f.text for f in run.findings if f.code == "CL018"] == [
        "2 more evaluations stand at step 2, the last with a mAP of 50: "
        "of the best checkpoint, after training"
    ]


def test_the_same_run_in_two_files():
    """An event file holds what the table beside it holds."""
    told = [row[:1] + row[1:] for row in made.yolo_rows(1, True)]
    names = made.YOLOV11
    points = [(int(row[0]), dict(zip(names[2:], row[2:], strict=True))) for row in told]
    (table,), (events,) = runs(made.ultralytics(told, 0, names)), runs(event_file(points))
    for frame in ("validation", "curve"):
        left, right = getattr(table, frame), getattr(events, frame)
        shared = [c for c in left.columns if c in right.columns and c not in ("line", "seconds", "time")]
        assert {"map"} <= set(shared) or {"loss"} <= set(shared)
        assert left[shared].to_numpy(float) == pytest.approx(right[shared].to_numpy(float), rel=1e-5)


def test_iterations_of_detectron2():
    losses = {"total_loss": 2.5, "loss_cls": 1.5, "loss_box_reg": 1.0, "lr": 0.01, "time": 0.5}
    points = [(n, {k: v / n if "loss" in k else v for k, v in losses.items()}) for n in (19, 39, 59)]
    points[-1][1]["bbox/AP"] = 20.5
    (run,) = runs(event_file(points))
    assert run.axis == "iteration"
    assert run.curve.index.tolist() == [19, 39, 59]
    assert {c.name: c.role for c in run.columns}["total_loss"] is Role.TOTAL
    assert {c.meter for c in run.losses} == {Meter.WINDOW}
    assert run.summary.final_map == 20.5, "in percent, as it stands"
    assert "step" not in {c.name for c in run.columns}


def test_iterations_and_epochs_of_yolox():
    """Losses stand at iterations, scores at epochs: these belong to the iteration before."""
    points = [
        (n, {"train/total_loss": 8.0 / n, "train/iou_loss": 4.0 / n, "train/lr": 0.01}) for n in (9, 19)
    ]
    points += [(1, {"val/COCOAP50": 0.5, "val/COCOAP50_95": 0.25})]
    points += [(29, {"train/total_loss": 0.25, "train/iou_loss": 0.125, "train/lr": 0.01})]
    (run,) = runs(event_file(points))
    assert run.curve.index.tolist() == [9, 19, 29]
    assert run.validation["map"].to_dict() == {(0, 19): 25}
    assert {c.meter for c in run.losses} == {Meter.LAST}


def test_steps_of_the_trainer():
    points = [
        (n, {"train/loss": 3.0 / n, "train/learning_rate": 0.01, "train/epoch": n / 10}) for n in (5, 10)
    ]
    points.append((10, {"eval/loss": 0.5, "eval/map": 0.25, "eval/runtime": 9.0}))
    (run,) = runs(event_file(points))
    assert run.curve["loss"].tolist() == pytest.approx([0.6, 0.3])
    assert (run.summary.epochs, run.summary.final_map) == (10, 25)
    assert [c.meter for c in run.losses] == [Meter.INTERVAL]
    assert set(run.score_names) == {"map", "eval_loss"}


@pytest.mark.parametrize("by_epoch", [True, False])
def test_mmengine(by_epoch):
    points = []
    for epoch in (1, 2):
        for n in (10, 20):
            told = {"lr": 0.02, "data_time": 0.1, "loss": 3.0 / epoch, "loss_cls": 2.0 / epoch, "time": 0.5}
            told |= {"loss_bbox": 1.0 / epoch} | ({"epoch": float(epoch)} if by_epoch else {})
            points.append((25 * (epoch - 1) + n, told))
        step = epoch if by_epoch else 25 * epoch - 5
        points.append((step, {"coco/bbox_mAP": 0.25 * epoch, "coco/bbox_mAP_s": -1.0}))
    (run,) = runs(event_file(points))
    assert run.axis == ("epoch" if by_epoch else "iteration")
    assert run.curve.index.tolist() == ([1, 2] if by_epoch else [10, 20, 35, 45])
    assert run.validation["map"].tolist() == pytest.approx([25, 50])
    assert [c.name for c in run.losses] == ["loss_cls", "loss_bbox"]


def test_epochs_of_keras_and_its_tensors():
    (run,) = runs(made.LOGS["tensorboard, tensors"])
    assert run.axis == "epoch"
    assert run.curve["loss"].tolist() == [1.5, 1.25, 1, 0.75]


def test_names_of_a_script_of_ones_own():
    (run,) = runs(event_file((n, {"loss/train": 1.5 / n, "lr": 0.1}) for n in (1, 2, 3)))
    assert run.axis == "iteration"
    assert run.curve["loss"].tolist() == pytest.approx([1.5, 0.75, 0.5])


def test_lightning():
    points = [(n, {"epoch": float(n // 10), "train_loss": 3.0 / (n + 1)}) for n in range(9, 40, 10)]
    points += [(n, {"epoch": float(n // 10), "val_map": n / 64}) for n in range(9, 40, 10)]
    (run,) = runs(event_file(sorted(points, key=lambda p: p[0])))
    assert run.axis == "epoch"
    assert run.validation["map"].tolist() == pytest.approx([100 * n / 64 for n in range(9, 40, 10)])


def test_a_file_without_scalars_says_so():
    assert not runs(event_file([]))
    form = recognise("x", event_file([])[:64])
    assert form
    assert form.name == "tensorboard"
