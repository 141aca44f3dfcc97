"""The log.txt of DETR and its descendants."""

import pytest

from convlens.metrics import Role, Unit
from tests.formats import made
from tests.formats.made.records import TWELVE
from tests.others import runs


def read(*rows):
    return runs(made.json_lines(*rows))


def test_a_log():
    (run,) = read(*(made.detr_row(n) for n in range(4)))
    assert run.format == "detr"
    assert run.curve.index.tolist() == [0, 1, 2, 3]
    told = {c.name: c.role for c in run.columns}
    assert told["train_loss"] is Role.TOTAL
    assert told["train_loss_ce"] is Role.LOSS
    assert told["train_loss_ce_0"] is Role.AUXILIARY
    assert told["train_loss_bbox_unscaled"] is Role.METRIC
    assert run.curve["loss"].tolist() == [3.0, 2.0, 1 + 2 / 3, 1.5]
    assert next(c for c in run.columns if c.name == "train_class_error").unit is Unit.PERCENT
    assert run.curve["lr"].tolist() == [0.0001] * 4
    assert not run.findings


def test_the_twelve_scores():
    (run,) = read(made.detr_row(0))
    told = run.validation.iloc[0].dropna().to_dict()
    assert told["map"] == 25.0
    assert told["ar_100"] == 35.0
    assert "map_small" not in told, "-1 is none"
    assert told["test_loss"] == 3.5
    assert "test_loss_ce_0" not in run.validation.columns


def test_a_log_without_numbers_of_epochs():
    (run,) = read(made.detr_row(None), made.detr_row(None))
    assert run.curve.index.tolist() == [0, 1]
    assert str(run.identity) == "detr resnet50"
    assert run.config == {"n_parameters": 41302368}


def test_lines_of_either_training_or_tests():
    """An epoch that is tested prints no loss: the last one that does is the final one."""
    train = [{k: v for k, v in made.detr_row(n).items() if not k.startswith("test")} for n in (0, 1)]
    test = {"test_loss": 3.0, "test_coco_eval_bbox": TWELVE, "epoch": 2}
    (run,) = read(*train, test)
    assert run.curve["complete"].tolist() == [True] * 3
    assert run.summary.final["train_loss"] == 2.0
    assert run.summary.final_map == 25.0
    assert run.arrays.told.any(axis=1).tolist() == [True, True, False]


def test_runs_and_resumes_in_one_file():
    epochs = [0, 1, 2, 0, 1, 2, 1, 2, 3]
    first, second = read(*(made.detr_row(n, train_loss=float(k)) for k, n in enumerate(epochs)))
    assert first.curve["loss"].tolist() == [0.0, 1.0, 2.0]
    assert second.curve["loss"].tolist() == [3.0, 6.0, 7.0, 8.0], "resumed at epoch 1"
    assert {f.code for f in second.findings} == {"CL040", "CL001"}


def test_masks_and_averaged_weights():
    ema = [value / 2 for value in TWELVE]
    (run,) = read(made.detr_row(0, test_coco_eval_masks=ema, ema_test_coco_eval_bbox=ema, ema_test_loss=1.0))
    told = run.validation.iloc[0].to_dict()
    assert (told["map"], told["map_segm"], told["map_ema"]) == (25.0, 12.5, 12.5)
    assert (told["map_segm_50"], told["map_ema_50"]) == (25.0, 25.0)
    assert run.summary.final_map == 25.0
    assert "CL041" in {f.code for f in run.findings}


def test_classes_and_times_of_rf_detr():
    classes = [{"class": "cat", "map@50:95": 0.5, "map@50": 0.75}, {"class": "dog", "map@50:95": -1.0}]
    (run,) = read(
        made.detr_row(0, test_results_json={"class_map": classes, "map": 0.75}, epoch_time="0:02:05")
    )
    assert run.class_ap["ap"].loc[0, 0].dropna().to_dict() == {"cat": 50.0}
    assert run.epochs["seconds"].tolist() == [125.0]


@pytest.mark.parametrize("name", ["train_loss_vfl_aux_0", "train_loss_giou_dn_2", "train_loss_bbox_enc_0"])
def test_losses_of_descendants(name):
    (run,) = read(made.detr_row(0, **{name: 1.5, "train_loss_vfl": 0.5}))
    told = {c.name: c.role for c in run.columns}
    assert (told[name], told["train_loss_vfl"]) == (Role.AUXILIARY, Role.LOSS)


def test_deep_nesting_and_huge_numbers_are_lines_like_others():
    log = made.json_lines(made.detr_row(0))
    deep = b'{"train_loss": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    huge = b'{"train_loss": ' + b"9" * 5000 + b', "epoch": 1}\n'
    (run,) = runs(log + deep + huge)
    assert run.curve.index.tolist() == [0, 1]
    assert {f.code for f in run.findings} == {"CL014", "CL008"}
