"""Pose, depth and action recognition: what their logs say."""

import pytest

from convlens.metrics import Better, Unit
from tests.handmade import arguments, codes, read

DEPTH = "abs_REL: {:.3f} sq_REL: 1.311 RMSE: 5.556, RMSE_log: 0.224 Delta_1: 0.843 Delta_2: 0.943 {}: 0.978"


def pose(number: int, losses: list[float]) -> list[str]:
    batches = [
        f"Epoch[{number}] Batch [{100 * n - 1}]\tSpeed: 1400.5 samples/sec\tloss={loss:f}\tlr=0.001000"
        f"\theatmap_accuracy={0.1 * n:.3f}"
        for n, loss in enumerate(losses, 1)
    ]
    return [*batches, f"Epoch[{number}]\t\tSpeed: 1198 samples/sec over 124 secs\tloss={losses[-1]:f}", ""]


def action(number: int, losses: list[float], top1: float) -> list[str]:
    batches = [
        f"Epoch[{number:03d}] Batch [{20 * n - 1:04d}]/[0056]\tSpeed: 38.5 samples/sec"
        f"\t accuracy={20.0 * n:f}\t loss={loss:f}\t lr=0.010000"
        for n, loss in enumerate(losses, 1)
    ]
    return [
        *batches,
        "Batch [0019]/[0023]: evaluated",
        f"[Epoch {number:03d}] training: accuracy=75.500000\t loss={losses[-1]:f}",
        f"[Epoch {number:03d}] speed: 63 samples/sec\ttime cost: 75.758105",
        f"[Epoch {number:03d}] validation: acc-top1={top1:f} acc-top5={top1 + 20:f} loss=2.500000",
    ]


def depth(number: int, losses: list[float], error: float, third: str = "Delta_2") -> list[str]:
    told = [
        f"Epoch {number} iteration {250 * n:04d}/3981: training loss {loss:.3f}"
        for n, loss in enumerate(losses)
    ]
    return [*told, f"Epoch {number}, validation {DEPTH.format(error, third)}"]


def test_pose():
    run = read(
        arguments(model="simple_pose_resnet18_v1b", input_size="256,192"),
        pose(0, [0.002, 0.001]),
        pose(1, [5e-4]),
    )
    assert run.format == "gluoncv-pose"
    assert run.summary.final == {"loss": 5e-4}
    assert run.curve["loss"].tolist() == [0.001, 5e-4]
    assert run.curve["heatmap_accuracy"].tolist() == [0.2, 0.1]
    assert run.epochs["seconds"].tolist() == [124, 124]
    assert run.epochs["speed"].tolist() == [1198, 1198]
    assert (run.main_score, run.summary.score, run.summary.final_score) == (None, None, None)
    assert len(run.validation) == 0
    identity = run.identity
    assert (identity.detector, identity.backbone, identity.input_size) == (
        "simple_pose",
        "resnet18_v1b",
        "256x192",
    )
    assert codes(run) == []


def test_action_recognition():
    run = read(
        arguments(num_segments=1, dataset="hmdb51", model="i3d_resnet50_v1_hmdb51", num_epochs=2),
        action(0, [3.0, 2.0], 40.5),
        action(1, [1.5], 45.25),
    )
    assert run.summary.final == {"accuracy": 75.5, "loss": 1.5}
    assert run.validation.to_dict("list") == {
        "acc-top1": [40.5, 45.25],
        "acc-top5": [60.5, 65.25],
        "val_loss": [2.5, 2.5],  # its own name beside the training's
    }
    assert [(c.name, c.unit, c.better) for c in run.scores] == [
        ("acc-top1", Unit.PERCENT, Better.HIGHER),
        ("acc-top5", Unit.PERCENT, Better.HIGHER),
        ("val_loss", Unit.NONE, Better.LOWER),
    ]
    assert run.epochs["seconds"].tolist() == [75.758105] * 2
    assert (run.identity.detector, run.identity.dataset) == ("i3d", "hmdb51")
    assert (run.summary.score, run.summary.best_score, run.summary.best_epoch) == ("acc-top1", 45.25, 1)
    assert codes(run) == []


def test_action_recognition_without_arguments_is_known_by_its_scores():
    lines = [line.replace("[0056]", "").replace("]/", "]") for line in action(0, [1.0], 30)]
    assert read(lines).format == "gluoncv-action-recognition"


@pytest.mark.parametrize("third", ["Delta_2", "Delta_3"])
def test_depth(third):
    """The script prints the name of its second delta twice."""
    run = read(
        arguments(
            disparity_smoothness=0.001,
            learning_rate=1e-4,
            scheduler_step_size=15,
            width=640,
            height=192,
            num_epochs=2,
        ),
        "Starting Epoch: 0",
        "Total Epochs: 2",
        depth(0, [0.5, 0.3], 0.2, third),
        depth(1, [0.2, 0.25], 0.15, third),
    )
    assert run.summary.final == {"loss": 0.25}
    assert run.validation.iloc[0].to_dict() == {
        "abs_REL": 0.2, "sq_REL": 1.311, "RMSE": 5.556, "RMSE_log": 0.224,
        "Delta_1": 0.843, "Delta_2": 0.943, "Delta_3": 0.978,
    }  # fmt: skip
    assert {c.name: c.better for c in run.scores if c.better is Better.HIGHER}.keys() == {
        "Delta_1",
        "Delta_2",
        "Delta_3",
    }
    assert (run.summary.score, run.summary.final_score, run.summary.best_epoch) == ("abs_REL", 0.15, 1)
    assert run.identity.input_size == "640x192"
    assert run.plan.drops == (15,)
    assert codes(run) == ["CL010"]


def test_a_process_that_died_at_once_leaves_no_session():
    run = read(
        arguments(disparity_smoothness=0.001, batch_size=12),
        "Starting Epoch: 0",
        arguments(disparity_smoothness=0.001, batch_size=10),
        "Starting Epoch: 0",
        depth(0, [0.5], 0.2),
    )
    assert len(run.sessions) == 1
    assert run.config["batch_size"] == 10


def test_validations_that_a_modified_script_prints_are_read():
    head = "Namespace(model='simple_pose_resnet18_v1b', num_epochs=2, num_joints=17)\n"
    lines = [
        f"Epoch[{n}]\t\tSpeed: 100 samples/sec over 10 secs\tloss=0.{5 - n}\theatmap_accuracy=0.7\n"
        f"[Epoch {n}] validation: AP=0.{4 + n}\n"
        for n in range(2)
    ]
    run = read(head + "".join(lines))
    assert (run.summary.score, run.summary.final_score, run.summary.best_epoch) == ("AP", 0.5, 1)
    assert run.curve["loss"].tolist() == [0.5, 0.4]


def test_a_loss_of_the_validation_is_better_lower():
    lines = [f"[Epoch {n}] training: accuracy=0.{n}5\n" for n in range(2)]
    scores = [
        f"[Epoch {n}] validation: err-top1=0.{9 - n} err-top5=0.{5 - n} loss=1.{3 - n}\n" for n in range(2)
    ]
    run = read("".join(a + b for a, b in zip(lines, scores, strict=True)))
    assert run.validation["val_loss"].tolist() == [1.3, 1.2]
    assert not any("val_loss" in finding.text for finding in run.findings)
