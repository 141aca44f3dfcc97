"""Comparing runs that are no detectors: by the scores of their own task, and what is not shared."""

import math

import pytest

from convlens import ConvlensError, compare
from convlens.analysis import figures
from convlens.errors import UnknownNameError
from convlens.plots.curves import plot_comparison
from tests.other_tasks import classifier_log, horovod_log, run_of, segmentation_log
from tests.writing import ssd_log


def classifier(*errors: float, name: str = "a", **arguments: object):
    return run_of(classifier_log(errors, **arguments), name)


def horovod(*accuracies: float, name: str = "h"):
    return run_of(horovod_log(accuracies), name)


def changes(comparison) -> dict[str, float]:
    return {d.quantity: round(d.change, 6) for d in comparison.differences}


def test_two_classifiers_differ_in_their_errors():
    comparison = compare(classifier(60, 40, 30), classifier(60, 35, 24, name="b", lr=0.2))
    assert [q.name for q in comparison.quantities] == ["accuracy", "err-top1", "err-top5"]
    assert changes(comparison) == {"accuracy": 0.06, "err-top1": -6, "err-top5": -1.5}
    assert comparison.rows[1] | {"findings": ""} == {
        "run": "b", "task": "classification", "detector": None, "backbone": "resnet50_v1", "input_size": 224,
        "dataset": "imagenet", "teacher": None, "n": 1, "epochs": 3, "planned_epochs": 3, "hours": 3.0,
        "accuracy": pytest.approx(0.71), "score": "err-top1", "final_score": 24, "best_score": 24,
        "best_epoch": 2, "err-top1": 24, "err-top5": 6, "verdict": "too-short",
        "score_verdict": "too-short", "findings": "",
    }  # fmt: skip
    assert (comparison.tasks, comparison.judged_by) == (("classification",), "score")


def test_an_error_and_an_accuracy_make_a_hundred_percent():
    """Scripts print the one or the other; they compare as what the first run prints."""
    comparison = compare(classifier(60, 40, 30), horovod(40, 60, 75.5))
    assert [q.name for q in comparison.quantities if q.scale == "score"] == ["err-top1", "err-top5"]
    told = {d.quantity: d for d in comparison.differences}
    assert (told["err-top1"].reference, told["err-top1"].value, told["err-top1"].note) == (30, 24.5, "")
    assert told["err-top5"].note == "not in both logs"
    turned = compare(horovod(40, 60, 75.5), classifier(60, 40, 30))
    assert changes(turned)["acc-top1"] == -5.5
    assert figures.series(horovod(40, 75.5), "err-top1").tolist() == [60, 24.5]


@pytest.mark.parametrize("name", ["acc-top1", "Validation-accuracy"])
def test_a_metric_may_be_asked_for_by_any_of_its_names(name):
    comparison = compare(horovod(40, 60), horovod(40, 61, name="i"), metrics=[name])
    assert comparison.asked_for == ("acc-top1",)
    assert changes(comparison)["acc-top1"] == 1


def test_a_segmentation_run_is_judged_by_its_miou():
    runs = [run_of(segmentation_log([30, 50, 49]), "a"), run_of(segmentation_log([30, 60], lr=1), "b")]
    comparison = compare(runs)
    assert [str(q) for q in comparison.quantities] == ["loss", "mIoU [%]", "pixAcc [%]"]
    assert comparison.rows[0]["best_score"] == 50
    assert comparison.shared_epochs == 2
    assert {d.quantity: d.change for d in comparison.at_shared}["mIoU"] == pytest.approx(10)


def test_a_loss_that_is_the_only_one_is_told_once():
    names = [q.name for q in figures.quantities(run_of(segmentation_log([30, 50])))]
    assert names == ["loss", "mIoU", "pixAcc"]


def test_runs_of_different_tasks_share_nothing():
    detector = run_of(ssd_log(epochs=3), "ssd")
    comparison = compare(detector, run_of(segmentation_log([30, 50, 49]), "fcn"), classifier(60, 40, 30))
    assert comparison.tasks == ("detection", "segmentation", "classification")
    assert comparison.judged_by == "score"
    assert [row["score"] for row in comparison.rows] == ["map", "mIoU", "err-top1"]
    assert all(math.isnan(d.change) for d in comparison.differences)
    notes = {(d.arm, d.quantity): d.note for d in comparison.differences}
    assert notes["fcn", "loss"].startswith("another task")
    assert notes["a", "map"] == notes["fcn", "mIoU"] == "not in both logs"


def test_detectors_are_compared_as_before():
    pair = [run_of(ssd_log(epochs=3, seed=n), f"{n}") for n in (1, 2)]
    comparison = compare(pair, separate=True)
    assert [q.name for q in comparison.quantities] == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert {"final_map", "best_map", "published_map"} <= comparison.rows[0].keys()
    assert not {"task", "score", "final_score"} & comparison.rows[0].keys()


def test_repeats_of_a_classifier_are_one_arm():
    runs = [classifier(60, 40, 30 + n, name=f"r{n}", seed=n) for n in range(3)]
    comparison = compare([*runs, classifier(60, 40, 20, name="b", lr=0.2)])
    assert [arm.n for arm in comparison.arms] == [3, 1]
    assert comparison.rows[0]["final_score"] == pytest.approx(31)
    assert changes(comparison)["err-top1"] == -11


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("map", "it is of classification, which has no such score"),
        ("map_50", "it is of classification, which has no such score"),
        ("loss", "prints no loss"),
        ("mIoU", "holds 3 validations of 3 expected"),
    ],
)
def test_what_is_not_there_is_explained(metric, why):
    with pytest.raises(UnknownNameError, match=why):
        compare(classifier(60, 40, 30), classifier(60, 40, 31, name="b"), metrics=[metric])


def test_class_aps_of_classifiers_are_an_empty_table():
    assert compare(classifier(60, 40), classifier(60, 41, name="b")).classes().empty


def test_the_end_of_a_cosine_holds_no_drops():
    """From epoch to epoch the rate falls by half and more there."""
    rates = [0.1 * (1 - n / 9) ** 2 for n in range(10)]
    log = "".join(
        line.replace("lr=0.100000", f"lr={rates[int(line.split('[')[1].split(']')[0])]:f}") + "\n"
        if "Batch" in line
        else f"{line}\n"
        for line in classifier_log([60 - 4 * n for n in range(10)], lr_mode="cosine").splitlines()
    )
    run = run_of(log)
    assert run.curve["lr"].iloc[-1] == 0
    assert not len(figures.drops(run))
    assert math.isfinite(figures.jitter(run, "err-top1"))


def panels(comparison) -> list[str]:
    return [axes.get_title(loc="left") for axes in plot_comparison(comparison).axes]


def test_figures_show_what_there_is():
    """Losses, or where there are none shared training metrics; below, what the runs are judged by."""
    assert panels(compare(classifier(60, 40), classifier(60, 41, name="b"))) == ["accuracy", "err-top1 [%]"]
    fcn = run_of(segmentation_log([30, 50]), "fcn")
    assert panels(compare(fcn, run_of(segmentation_log([30, 51]), "b"))) == ["loss", "mIoU [%]"]
    mixed = panels(compare(run_of(ssd_log(epochs=3), "ssd"), fcn))
    assert mixed[1:] == ["mAP [%]", "mIoU [%]"]
    assert panels(compare(classifier(60, 40), horovod(40, 60)))[1:] == ["err-top1 [%]"]


def test_a_log_without_batches_has_no_iterations():
    pair = [run_of(f"[Epoch 0] train=0.4 val=0.{n} loss=1.4 time: 16.4\n", f"r{n}") for n in (5, 6)]
    with pytest.raises(ConvlensError, match="names no batches"):
        plot_comparison(compare(pair), "iteration")
