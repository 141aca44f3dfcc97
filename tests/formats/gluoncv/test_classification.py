"""Classifiers: what their columns are, and what is no accuracy though it is called so."""

import math

import pytest

from convlens.metrics import Better, Role, Unit
from tests.handmade import arguments, codes, read


def epoch(number: int, trained: float, error: float, metric: str = "accuracy") -> list[str]:
    """An epoch of the ImageNet script: two batch lines, what it trained, and its validation."""
    batches = [
        f"Epoch[{number}] Batch [{step}]\tSpeed: 500.000000 samples/sec\t{metric}={value:f}\tlr=0.100000"
        for step, value in ((49, trained / 2), (99, trained))
    ]
    return [
        *batches,
        f"[Epoch {number}] training: {metric}={trained:f}",
        f"[Epoch {number}] speed: 480 samples/sec\ttime cost: 60.500000",
        f"[Epoch {number}] validation: err-top1={error:f} err-top5={error / 4:f}",
    ]


def horovod(number: int, losses: list[float], metric: str = "rmse", validated: bool = True) -> list[str]:
    lines = []
    for step, loss in enumerate(losses, 1):
        lines += [
            f"Epoch[{number}] Batch[{100 * step}] Loss[{loss:.3f}]",
            f"Epoch[{number}] Rank[0] Batch[{100 * step}]\t{metric}=0.024000\tlr=0.050000",
        ]
    lines += [
        f"Epoch[{number}] Rank[0] Batch[351]\tTime cost=400.25\tTrain-metric=0.023000",
        f"Epoch[{number}]\tSpeed: 3200.50 samples/sec",
    ]
    scores = "\tValidation-accuracy=0.500000\tValidation-top_k_accuracy_5=0.750000"
    return [*lines, *([f"Epoch[{number}] Rank[0]{scores}"] if validated else [])]


def cifar(rows: list[tuple[float, float, float]]) -> list[str]:
    return [
        f"INFO:root:[Epoch {n}] train={train:f} val={val:f} loss={loss:f} time: 16.450441"
        for n, (train, val, loss) in enumerate(rows)
    ]


def test_an_imagenet_log():
    run = read(arguments(num_epochs=3, lr=0.1), *(epoch(n, 0.1 + 0.1 * n, 0.9 - 0.1 * n) for n in range(3)))
    assert run.format == "gluoncv-classification"
    assert run.summary.final == {"accuracy": 0.3}
    assert run.validation.to_dict("list") == {"err-top1": [90, 80, 70], "err-top5": [22.5, 20, 17.5]}
    assert (run.summary.score, run.summary.final_score, run.summary.best_epoch) == ("err-top1", 70, 2)
    assert (run.summary.final_map, run.summary.best_map) == (None, None)
    assert run.curve["map"].isna().all()
    assert run.curve["complete"].all()
    assert run.epochs["seconds"].tolist() == [60.5] * 3
    assert run.epochs["speed"].tolist() == [480] * 3  # the epoch's, not the last line's
    assert run.epochs["lr"].tolist() == [0.1] * 3
    assert run.resolution["err-top1"].tolist() == pytest.approx([0.5e-4] * 3)
    assert run.batches["accuracy"].tolist() == pytest.approx([0.05, 0.1, 0.1, 0.2, 0.15, 0.3])
    assert codes(run) == []


def test_the_best_error_is_the_lowest_and_the_earliest_of_equals():
    run = read(*(epoch(n, 0.5, error) for n, error in enumerate((0.4, 0.2, 0.3, 0.2))))
    assert (run.summary.best_score, run.summary.best_epoch, run.summary.final_score) == (20, 1, 20)


def test_a_training_error_goes_by_one_name_inside_an_epoch_and_at_its_end():
    lines = [
        "Epoch[0] Batch [49]\tSpeed: 448.2 samples/sec\ttop1-err=0.998437\ttop5-err=0.99\tlr=0.010000",
        "[Epoch 0] training: err-top1=0.900000 err-top5=0.800000",
        "[Epoch 0] time cost: 12.500000",
        "[Epoch 0] validation: err-top1=0.850000 err-top5=0.700000",
    ]
    run = read(lines)
    assert run.summary.final == {"top1-err": 0.9, "top5-err": 0.8}
    assert {c.name: c.better for c in run.columns if c.role is Role.METRIC} == {
        "top1-err": Better.LOWER,
        "top5-err": Better.LOWER,
    }
    assert run.validation.iloc[0].to_dict() == {"err-top1": 85, "err-top5": 70}
    assert run.summary.hours == 12.5 / 3600


def test_horovod_prints_single_batches_and_names_its_metric_late():
    run = read(
        arguments(eval_frequency=2, num_epochs=2), horovod(0, [4, 2, 3], validated=False), horovod(1, [1, 2])
    )
    assert {c.name: c.meter for c in run.columns if c.role in (Role.LOSS, Role.METRIC)} == {
        "Loss": "last",
        "rmse": "epoch",
    }
    assert run.curve["Loss"].tolist() == run.curve["loss"].tolist() == [3, 1.5]  # means of the lines
    assert run.epochs["Loss"].tolist() == [3, 2]  # as printed: the last line's
    assert run.resolution["Loss"].tolist() == [0.5e-3] * 2
    assert run.summary.final == {"rmse": 0.023}  # the closing line's
    assert run.batches.loc[(0, 0, 200), ["Loss", "rmse", "lr"]].tolist() == [2, 0.024, 0.05]
    assert run.summary.hours == pytest.approx(2 * 400.25 / 3600)
    assert run.epochs["speed"].tolist() == [3200.5] * 2
    assert (run.summary.score, run.summary.final_score) == ("Validation-accuracy", 50)
    assert codes(run) == ["CL026"]


def test_a_batch_without_a_finite_loss_leaves_the_mean_unknown():
    run = read(horovod(0, [4, math.nan, 3]), horovod(1, [1, 2, 3]))
    assert run.epochs["Loss"].tolist() == [3, 3]
    assert math.isnan(run.curve["Loss"].tolist()[0])
    assert math.isnan(run.resolution["Loss"].tolist()[0])
    assert run.curve["Loss"].tolist()[1] == 2


def test_mpirun_prints_the_lines_of_every_rank():
    tagged = [f"[1,{rank}]<stderr>:INFO:root:{line}" for line in horovod(0, [4, 2]) for rank in (1, 0)]
    assert read(tagged).curve["Loss"].tolist() == [3]


def test_a_validation_that_is_printed_twice_is_one():
    lines = horovod(0, [4])
    assert read(lines, lines[-1]).validation["Validation-accuracy"].to_dict() == {(0, 0): 50}


def test_a_cifar_log():
    run = read(arguments(model="cifar_resnet20_v1"), cifar([(0.4, 0.5, 1.4), (0.6, 0.7, 0.9)]))
    assert run.summary.final == {"train": 0.6, "loss": 0.9}
    assert run.validation["val"].tolist() == [50, 70]
    assert [(c.measures, c.better) for c in run.columns] == [("accuracy", "higher"), ("loss", "lower")]
    assert (run.identity.backbone, run.identity.dataset) == ("resnet20_v1", "cifar10")
    assert codes(run) == []


def test_with_mixed_labels_train_is_an_error():
    """CIFAR-10's mixup script prints the root mean square error under the name of the accuracy."""
    run = read(cifar([(0.24, 0.22, 2.4), (0.23, 0.33, 2.1), (0.20, 0.60, 1.7)]))
    train = run.columns[0]
    assert (train.name, train.measures, train.better) == ("train", "rmse", "lower")
    assert codes(run) == ["CL025"]
    assert run.epochs["train"].tolist() == [0.24, 0.23, 0.20]


def test_of_one_epoch_nobody_knows_what_train_is():
    run = read(cifar([(0.24, 0.22, 2.4)]))
    assert run.columns[0].better is Better.NEITHER
    assert codes(run) == []


@pytest.mark.parametrize(
    ("smoothing", "mixup", "trained", "misnamed"),
    [
        (True, False, 0.75, True),  # compares outputs with labels that are equal to no class
        (True, False, 0.10, False),  # a script that does it right
        (True, True, 0.75, False),
        (False, False, 0.75, False),  # a fine-tuned network may well do so
    ],
)
def test_an_accuracy_that_cannot_be_one(smoothing, mixup, trained, misnamed):
    told = arguments(label_smoothing=smoothing, mixup=mixup)
    run = read(told, epoch(0, trained, 0.947), epoch(1, 0.47, 0.877))
    assert ("CL025" in codes(run)) == misnamed
    column = next(c for c in run.columns if c.name == "accuracy")
    assert column.better is (Better.NEITHER if misnamed else Better.HIGHER)
    assert column.unit is Unit.FRACTION
    assert run.epochs["accuracy"].tolist() == [trained, 0.47]


def test_an_error_of_smoothed_labels_is_none_either():
    told = arguments(label_smoothing=True)
    run = read(told, epoch(0, 0.25, 0.947, "top1-err"), epoch(1, 0.5, 0.9, "top1-err"))
    assert [str(f) for f in run.findings] == [
        "CL025 top1-err is none here: 75.0% right in the first epoch, where the validation finds 5.3%; "
        "it compares outputs with smoothed labels"
    ]
    resumed = read(told, *(epoch(n, 0.25, 0.9, "top1-err") for n in (50, 51)))
    assert "CL025" not in codes(resumed)  # long trained, it may be


def test_fine_tuning():
    run = read("INFO:root:[Epoch 0] Train-acc: 0.500, loss: 1.250 | Val-acc: 0.625 | time: 33.5")
    assert run.summary.final == {"accuracy": 0.5, "loss": 1.25}
    assert run.validation["val"].tolist() == [62.5]
    assert run.epochs["seconds"].tolist() == [33.5]


def test_a_later_process_starts_over_or_resumes():
    """The arguments that each process prints are its start line."""
    first = [arguments(num_epochs=4), *epoch(0, 0.1, 0.9), *epoch(1, 0.2, 0.8)]
    again = read(first, arguments(num_epochs=4), epoch(0, 0.3, 0.7))
    assert codes(again)[:1] == ["CL002"]
    assert again.curve["err-top1"].tolist() == [70]
    more = read(first, arguments(num_epochs=4, resume_epoch=1), epoch(1, 0.3, 0.7), epoch(2, 0.4, 0.6))
    assert codes(more)[:1] == ["CL001"]
    assert more.curve["err-top1"].tolist() == [90, 70, 60]


def test_missing_validations_and_epochs_are_told():
    lines = [line for n in (0, 1, 4) for line in epoch(n, 0.2, 0.8)[: None if n else -1]]
    run = read(arguments(num_epochs=10), lines)
    told = {finding.code: finding.text for finding in run.findings}
    assert told["CL012"] == "no line of epochs 2-3"
    assert told["CL013"].startswith("3 of 10 epochs are complete")
    assert "CL015" not in told  # two of three are near enough
    assert read(arguments(num_epochs=3), [line for line in lines if "valid" not in line]).findings[
        -1
    ].text == ("3 validations expected (one an epoch), 0 found")


def test_a_metric_that_fails_is_no_term_that_was_switched_off():
    """Where there is no loss, NaN in a metric is a divergence."""
    run = read(*(epoch(n, 0.02 if n < 2 else math.nan, 0.9, "rmse") for n in range(4)))
    told = [str(finding) for finding in run.findings if finding.code in ("CL007", "CL008")]
    assert told == ["CL008 rmse not finite from epoch 2 on (from its first line on) [session 0]"]


def test_a_column_that_is_not_known_is_told():
    lines = [line.replace("err-top5", "err-top9") for line in epoch(0, 0.1, 0.9, "foo")]
    run = read(lines)
    assert [f.text for f in run.findings if f.code == "CL019"] == [
        "err-top9 not known in logs of this kind: its direction is not known",
        "foo not known in logs of this kind: not part of the summed loss",
    ]
    assert run.validation["err-top9"].tolist() == [0.225]  # as printed
    assert run.summary.final == {"foo": 0.1}
