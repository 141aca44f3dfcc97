"""The Trainer's state."""

import json

import pytest

from convlens.meters import Meter
from convlens.metrics import Better, Role, Unit
from tests.formats import made
from tests.others import runs

LOG = made.LOGS["huggingface trainer_state.json"]


def test_a_state():
    (run,) = runs(LOG)
    assert (run.format, run.axis) == ("huggingface", "iteration")
    assert run.curve.index.tolist() == [9, 10, 18, 20, 27, 30]
    assert run.done.tolist() == run.curve.index.tolist(), "steps are counted from 1"
    assert run.curve["loss"].dropna().to_dict() == {9: 1.5, 18: 0.75, 27: 0.5}
    told = {c.name: (c.role, c.meter) for c in run.columns}
    assert told["loss"] == (Role.LOSS, Meter.INTERVAL)
    assert run.summary.final == {"loss": 0.5, "grad_norm": 2.5}
    assert run.curve["lr"].tolist() == pytest.approx([0.001, 0.001, 0.0005, 0.0005, 0.001 / 3, 0.001 / 3])


def test_scores_of_the_object_detection_recipe():
    (run,) = runs(LOG)
    assert run.validation["map"].tolist() == [31.25, 37.5, 43.75]
    assert run.validation["ar_100"].tolist() == [75.0] * 3
    assert run.validation["map_small"].isna().all()
    assert run.class_ap["ap"].to_dict() == {(0, step, "mask on"): 50.0 for step in (10, 20, 30)}
    told = {c.name: (c.unit, c.better) for c in run.scores}
    assert told["eval_loss"] == (Unit.NONE, Better.LOWER)
    assert run.summary.score == "map"


def test_what_sums_the_run_up_is_no_loss_of_it():
    (run,) = runs(LOG)
    assert run.config["train_loss"] == 0.75
    assert run.config["num_train_epochs"] == 3
    assert run.plan.epochs == 30
    assert run.summary.best_checkpoint == "out/checkpoint-20"
    assert not run.findings, "the last steps need not be logged"


def test_a_run_that_stopped_early():
    (run,) = runs(made.trainer_state(made.trainer_history(), max_steps=300))
    assert [f.text for f in run.findings] == ["30 of 300 iterations are complete"]


def test_several_sets_and_other_tasks():
    history = [
        {"step": 10, "loss": 1.0},
        {"step": 10, "eval_g0_loss": 2.0},
        {"step": 10, "eval_g1_loss": 3.0},
    ]
    history.append({"step": 10, "eval_f1": 0.5, "eval_overall_f1": 0.25, "eval_steps_per_second": 9.0})
    (run,) = runs(made.trainer_state(history))
    assert run.validation.iloc[0].to_dict() == {
        "eval_overall_f1": 25.0,
        "eval_f1": 50.0,
        "eval_g0_loss": 2.0,
        "eval_g1_loss": 3.0,
    }
    assert run.summary.score == "eval_overall_f1"


def test_a_document_that_was_cut_gives_its_whole_rows():
    (run,) = runs(LOG[: LOG.index(b'"step": 27')])
    assert run.curve["loss"].dropna().to_dict() == {9: 1.5, 18: 0.75}
    assert [f.code for f in run.findings] == ["CL017"]


@pytest.mark.parametrize(
    "history", [[], [1, 2], [{"step": "x", "loss": 1}], [{"loss": 1}], [{"step": 1e400, "loss": 1}], "text"]
)
def test_odd_histories(history):
    assert not runs(json.dumps({"log_history": history}).encode())
