"""Detectron2's logs in both forms."""

import numpy as np
import pytest

from convlens.meters import Meter
from convlens.metrics import Role, Unit
from tests.formats import made
from tests.formats.made.detectron2 import D2_CONFIG
from tests.others import runs

STEPS = range(19, 80, 20)


def test_metrics_json():
    (run,) = runs(made.LOGS["detectron2 metrics.json"])
    assert (run.format, run.axis) == ("detectron2", "iteration")
    assert run.curve.index.tolist() == [19, 39, 59, 79]
    assert run.done.tolist() == [20, 40, 60, 80]
    assert run.summary.epochs == 80
    assert str(run).endswith("80 iterations, mAP 20.5")
    assert run.curve["loss_cls"].tolist() == [1.0, 0.5, 20 / 60, 0.25]
    told = {c.name: (c.role, c.meter, c.window) for c in run.columns}
    assert told["loss_cls"] == (Role.LOSS, Meter.WINDOW, 20)
    assert told["total_loss"][0] is Role.TOTAL
    assert told["fast_rcnn/cls_accuracy"][0] is Role.METRIC


def test_the_loss_is_the_printed_total():
    """Medians do not add up, and parts have weights."""
    (run,) = runs(made.LOGS["detectron2 metrics.json"])
    assert run.curve["loss"].tolist() == run.curve["total_loss"].tolist()
    assert run.curve["loss"].iloc[0] == 1.5 * 2.25


def test_scores_are_percentages_and_belong_to_the_last_iteration():
    """The evaluation behind the last one counts one more."""
    (run,) = runs(made.LOGS["detectron2 metrics.json"])
    assert run.validation["map"].to_dict() == {(0, 39): 20.5, (0, 79): 20.5}
    assert run.validation["map_small"].isna().all()
    assert run.class_ap["ap"].to_dict() == {(0, 39, "baby bed"): 12.5, (0, 79, "baby bed"): 12.5}
    small = {39: {"bbox/AP": 0.0103}}
    assert runs(made.detectron2_json(STEPS, small))[0].summary.final_map == 0.0103
    assert {c.unit for c in run.scores} == {Unit.PERCENT}


def test_log_txt():
    (run,) = runs(made.LOGS["detectron2 log.txt"])
    assert run.curve.index.tolist() == [19, 39, 59, 79]
    assert run.validation["map"].tolist() == [20.0793, 20.0793]
    assert run.validation["map_segm"].tolist() == [18.5, 18.5]
    assert run.validation["map_small"].isna().all()
    assert (run.plan.epochs, run.plan.drops, run.plan.validate_every) == (80, (60.0,), 40)
    assert str(run.identity) == "faster_rcnn resnet50 coco"
    assert run.config["MODEL.RESNETS.DEPTH"] == 50
    assert run.summary.hours == pytest.approx(80 * 0.5 / 3600)


def test_a_crash_writes_a_row_out_of_turn():
    """It stays in the tables of its process, and what was resumed before it takes its place on the curve."""
    first, second = made.detectron2_json([19, 39, 59, 79, 91]), made.detectron2_json([59, 79, 99])
    late = made.json_lines({"iteration": 92, "eta_seconds": 1.0, "rpn/num_pos_anchors": 5.0})
    (run,) = runs(first + late + second)
    assert run.curve.index.tolist() == [19, 39, 59, 79, 99]
    assert run.epochs.loc[0].index.tolist() == [19, 39, 59, 79, 91]
    assert run.epochs.loc[1].index.tolist() == [59, 79, 99]
    (told,) = [f for f in run.findings if f.code == "CL001"]
    assert "resumes at iteration 59 and supersedes iterations 59-91" in told.text


def test_a_fall_to_the_beginning_is_another_run():
    log = made.detectron2_json([19, 39, 59], {59: {"bbox/AP": 5.0}}) + made.detectron2_json([19, 39])
    first, second = runs(log)
    assert first.curve.index.tolist() == [19, 39, 59]
    assert second.curve.index.tolist() == [19, 39]
    assert (first.summary.final_map, second.summary.final_map) == (5.0, None)
    assert [f.code for f in second.findings] == ["CL040"]
    assert second.findings[0].text == "the file holds 2 runs: this is number 2, the others stand at lines 1-3"


def test_a_start_that_only_goes_on_is_no_new_run():
    text = made.detectron2_text([19, 39]) + made.detectron2_text([59, 79])
    (run,) = runs(text)
    assert run.curve.index.tolist() == [19, 39, 59, 79]
    assert len(run.sessions) == 2


def test_masks_alone():
    """The boxes' 0.0 throughout is no score of a model that predicts masks."""
    scores = {
        n: {"bbox/AP": 0.0, "bbox/AP50": 0.0, "segm/AP": 65.0 + n, "segm/AP-cat": 7.0} for n in (39, 79)
    }
    (run,) = runs(made.detectron2_json(STEPS, scores))
    assert (run.summary.score, run.summary.final_score) == ("map_segm", 144.0)
    assert run.score_names == ("map_segm",)
    assert "CL023" in {f.code for f in run.findings}
    assert run.class_ap["ap"].tolist() == [7.0, 7.0]
    scores[39]["bbox/AP"] = 1.0
    assert runs(made.detectron2_json(STEPS, scores))[0].summary.score == "map"


def test_auxiliary_layers_are_no_part_of_what_is_shown_first():
    row = {
        "iteration": 19,
        "loss_ce": 1.0,
        "loss_mask": 2.0,
        "loss_ce_0": 4.0,
        "loss_mask_8": 8.0,
        "total_loss": 15.0,
    }
    (run,) = runs(made.json_lines(row))
    assert [c.name for c in run.losses] == ["loss_ce", "loss_mask"]
    assert [c.name for c in run.columns if c.role is Role.AUXILIARY] == ["loss_ce_0", "loss_mask_8"]
    assert run.curve["loss"].tolist() == [15.0]


def test_student_and_averaged_teacher():
    losses = {"loss_cls": 1.0, "loss_cls_pseudo": 2.0, "total_loss": 9.0}
    scores = {"bbox/AP": 20.0, "bbox_student/AP": 16.0, "bbox/AP-cat": 21.0, "bbox_student/AP-cat": 17.0}
    (run,) = runs(made.json_lines({"iteration": 19, **losses, **scores}))
    assert run.validation.iloc[0].to_dict() == {"map": 16.0, "map_teacher": 20.0}
    assert run.class_ap["ap"].tolist() == [17.0]
    assert run.curve["loss"].tolist() == [1.0], "without the pseudo labels' terms"
    assert {"CL041", "CL042"} <= {f.code for f in run.findings}


def test_student_and_teacher_in_the_text():
    """The student is evaluated first."""
    text = made.detectron2_text([19], {19: [BOXES]}) + made.detectron2_text([], {})
    line = text.replace(b"loss_box_reg", b"loss_cls_pseudo")
    second = made.detectron2_text([19], {19: [MASKS]}).decode()
    block = "".join(line + "\n" for line in second.splitlines() if "copypaste" in line)
    (run,) = runs(line + block.encode())
    assert run.validation["map"].tolist() == [20.0793]
    assert run.validation["map_teacher"].tolist() == [18.5]
    (other,) = runs(text + block.encode())
    assert other.score_names[0] == "map"
    assert "map_teacher" not in other.score_names
    assert [f.code for f in other.findings if f.code == "CL018"] == ["CL018"], "of other data"


BOXES, MASKS = made.BOXES, made.MASKS


def test_huge_losses_at_the_start_are_as_printed():
    (run,) = runs(made.json_lines({"iteration": 19, "loss_cls": 144.65, "total_loss": 156.05}))
    assert np.isfinite(run.curve["loss"]).all()
    assert not [f for f in run.findings if f.code == "CL008"]


def test_a_config_with_tags_and_aliases_runs_nothing():
    """!!python tags are opaque text."""
    (run,) = runs(made.LOGS["detectron2 log.txt"])
    assert str(run.config["MODEL.RPN.WEIGHTS"]).startswith("tag:yaml.org,2002:python")


@pytest.mark.parametrize(
    "config", ["a: &a [*a]", "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]", "[" * 2000, "a: b: c", "- 1"]
)
def test_odd_yaml(config):
    log = made.LOGS["detectron2 log.txt"].replace(D2_CONFIG.encode(), config.encode() + b"\n")
    (run,) = runs(log)
    assert run.summary.epochs == 80
