"""MMEngine's logs in both forms."""

import pytest

from convlens.meters import Meter
from convlens.metrics import Role
from tests.formats import made
from tests.others import runs

FORMS = {"json": made.mmengine_json, "text": made.mmengine_text}


@pytest.fixture(params=FORMS)
def write(request):
    return FORMS[request.param]


def test_a_log(write):
    (run,) = runs(write())
    assert run.format == "mmengine"
    assert run.curve.index.tolist() == [1, 2, 3]
    assert run.curve["loss_cls"].tolist() == pytest.approx([1.65, 0.9, 0.65])
    assert run.validation["map"].tolist() == pytest.approx([25, 30, 35])
    assert run.validation["map_small"].isna().all()
    assert run.batches.index.get_level_values("batch").tolist() == [10, 20] * 3
    assert run.epochs["seconds"].tolist() == [12.5] * 3
    assert {c.meter for c in run.losses} == {Meter.WINDOW}


def test_the_window_is_of_ten_unless_configured():
    assert {c.window for c in runs(made.mmengine_json())[0].losses} == {10}
    (run,) = runs(made.mmengine_text())
    assert {c.window for c in run.losses} == {5}
    assert [f.code for f in run.findings] == ["CL026"], "5 of 10 iterations are printed"
    (run,) = runs(made.mmengine_text(config="log_processor = dict(window_size=10)"))
    assert not run.findings


def test_plan_identity_and_checkpoint():
    (run,) = runs(made.mmengine_text())
    assert (run.plan.epochs, run.plan.drops, run.plan.validate_every) == (3, (3.0,), 1)
    assert str(run.identity) == "faster_rcnn resnet50 coco"
    assert run.summary.best_checkpoint == "best_coco_bbox_mAP_epoch_3.pth"


def test_a_step_of_validation_is_an_epoch_where_training_goes_by_epochs():
    (run,) = runs(made.mmengine_json())
    assert run.validation.index.get_level_values("epoch").tolist() == [1, 2, 3]


def test_training_by_iterations():
    (run,) = runs(made.mmengine_json(by_epoch=False))
    assert run.axis == "iteration"
    assert run.curve.index.tolist() == [10, 20, 35, 45, 60, 70]
    assert run.validation.index.get_level_values("iteration").tolist() == [20, 45, 70]
    text = made.mmengine_text().replace(b"Epoch(train)  [1][10/25]", b"Iter(train) [   10/40000]")
    text = b"".join(line for line in text.splitlines(keepends=True) if b"Epoch(" not in line)
    assert runs(text)[0].curve.index.tolist() == [10]


def test_student_teacher_and_distillation_stand_apart(write):
    (run,) = runs(write(2, made.DISTILLED))
    told = {c.name: (c.role, c.measures) for c in run.columns}
    assert told["student.loss_cls"] == (Role.LOSS, "loss_cls")
    assert told["distill.loss_pkd"] == (Role.TERM, "distill.loss_pkd")
    assert told["loss"][0] is Role.TERM, "it holds the distillation"
    assert run.curve["loss"].tolist() == [0.75, 0.75]
    assert run.epochs["loss"].tolist() == [4.75, 4.75], "as printed"
    assert run.summary.final_map == pytest.approx(30)
    assert run.validation["map_teacher"].tolist() == [50.0, 50.0]
    assert {"CL041", "CL042"} <= {f.code for f in run.findings}


def test_two_evaluators():
    """VOC's score stands apart where COCO's is there, and alone it is the run's."""
    train = {"lr": 0.1, "loss": 1.0, "epoch": 1, "step": 10}
    both = {"coco/bbox_mAP": 0.5, "pascal_voc/mAP": 0.9, "pascal_voc/AP50": 0.9, "step": 1}
    (run,) = runs(made.json_lines(train, both))
    assert run.validation.iloc[0].to_dict() == {"map": 50.0, "map_voc": 90.0, "map_voc_50": 90.0}
    (run,) = runs(made.json_lines(train, {"pascal_voc/mAP": 0.9, "step": 1}))
    assert run.summary.final_map == 90


def test_scores_of_other_tasks():
    train = {"lr": 0.1, "loss": 1.0, "epoch": 1, "step": 10}
    (run,) = runs(made.json_lines(train, {"accuracy/top1": 94.16, "step": 1}))
    assert (run.summary.score, run.summary.final_score) == ("accuracy/top1", 94.16), "percent as printed"
    (run,) = runs(made.json_lines(train, {"coco/AP": 0.75, "coco/AP (M)": 0.5, "step": 1}))
    assert (run.summary.score, run.summary.final_score) == ("map_keypoints", 75)
    assert [c.name for c in run.losses] == ["loss"]


def test_a_resumed_process():
    """Its own file begins at a later epoch: iterations are counted on."""
    lines = made.mmengine_json().splitlines(keepends=True)
    (run,) = runs(b"".join(lines[3:]))
    assert run.done.tolist() == [2, 3]
    assert run.epochs["seconds"].tolist() == [12.5, 12.5]


def test_a_crash_leaves_nul_bytes(write):
    (run,) = runs(write() + b"\0" * 440)
    assert run.curve.equals(runs(write())[0].curve)
    assert "CL020" in {f.code for f in run.findings}


def test_a_test_alone():
    """Its scores are told, and belong to no epoch."""
    lines = made.mmengine_text(1).splitlines(keepends=True)
    stamp = lines[0].rstrip()
    line = stamp + b" Epoch(test) [3/3]    coco/bbox_mAP: 0.8080  coco/bbox_mAP_50: 0.9700  time: 1.5282\n"
    (run,) = runs(b"".join([*lines, line]))
    assert [f.code for f in run.findings if f.code == "CL018"] == ["CL018"]
    assert run.validation["map"].tolist() == [25.0]
