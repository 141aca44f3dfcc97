"""The commands with logs that are no detectors': their scores, and sentences on what does not apply."""

import json

import pytest

from tests.cli.test_compare import rows_of
from tests.other_tasks import classifier_log, horovod_log, segmentation_log
from tests.writing import ssd_log


@pytest.fixture
def logs(tmp_path):
    """A folder with three classifiers, one of Horovod's among them, a segmentation run and a detector."""
    folder = tmp_path
    (folder / "a.log").write_text(classifier_log([60, 40, 30]))
    (folder / "b.log").write_text(classifier_log([60, 40, 25], lr=0.2))
    (folder / "h.log").write_text(horovod_log([40, 60, 72.5]))
    (folder / "fcn.log").write_text(segmentation_log([30, 50, 49]))
    (folder / "ssd.log").write_text(ssd_log(epochs=3))
    return folder


def test_two_classifiers_side_by_side(invoke):
    done = invoke("compare", "a.log", "b.log")
    table = {row[0]: row[1:] for row in rows_of(done.out)}
    assert table["final err-top1 [%]"][:3] == ["30.00", "25.00", "-5.0"]
    assert table["best err-top1 (epoch)"][:2] == ["30.00 (2)", "25.00 (2)"]
    assert table["task"][:2] == ["classification", "classification"]
    assert "mAP" not in done.out
    assert "detector" not in done.out
    assert done.code == 0


def test_an_error_beside_an_accuracy(invoke):
    done = invoke("compare", "h.log", "b.log", "--format", "json")
    told = {d["quantity"]: d["difference"] for d in json.loads(done.out)["differences"]}
    assert told["acc-top1"] == 2.5
    shown = {row[0]: row[1:] for row in rows_of(invoke("compare", "h.log", "b.log").out)}
    assert shown["final acc-top1 [%]"][:3] == ["72.50", "75.00", "+2.5"]
    assert shown["best score (epoch)"][:2] == ["acc-top1 72.50 (2)", "err-top1 25.00 (2)"]


def test_best_first_whatever_is_printed(invoke):
    done = invoke("compare", "a.log", "h.log", "b.log", "--sort", "score")
    assert [row[0] for row in rows_of(done.out)[1:4]] == ["b", "h", "a"]  # 75, 72.5 and 70 percent


def test_what_does_not_apply_is_said_in_a_sentence(invoke):
    classes = invoke("compare", "a.log", "b.log", "--classes", "3")
    assert "only detectors have class APs, and these runs are of classification" in classes.out
    assert invoke("compare", "a.log", "b.log", "--classes", "3", "--format", "json").code == 0
    for arguments in (("--metric", "map"), ("--sort", "map")):
        done = invoke("compare", "a.log", "b.log", *arguments)
        assert done.code == 2
        assert "it is of classification, which has no such score" in done.err
        assert "err-top1" in done.err
    assert "prints no loss" in invoke("compare", "a.log", "b.log", "--sort", "loss").err


def test_different_tasks_are_said_to_be_such(invoke):
    done = invoke("compare", "ssd.log", "fcn.log", "a.log", "--classes", "2")
    assert "These runs are of different tasks (detection, segmentation, classification)" in done.out
    assert "Class AP [%] at the last validation\n" in done.out  # the detector has some
    document = json.loads(invoke("compare", "ssd.log", "fcn.log", "--format", "json").out)
    assert [run["identity"]["task"] for run in document["runs"]] == ["detection", "segmentation"]
    assert [run["score"] for run in document["runs"]] == ["map", "mIoU"]
    assert [run["final_map"] is None for run in document["runs"]] == [False, True]
    assert document["runs"][1]["final_score"] == 49
    assert document["runs"][1]["best_score"] == 50


@pytest.mark.parametrize("form", ["csv", "markdown", "latex"])
def test_rows_for_others(invoke, form):
    done = invoke("compare", "ssd.log", "fcn.log", "a.log", "--format", form)
    assert done.code == 0
    assert all(name in done.out for name in ("mIoU", "fcn"))


def test_figures_are_written(invoke, logs):
    assert invoke("compare", "a.log", "b.log", "--plot", "c.svg").code == 0
    assert b"<svg" in (logs / "c.svg").read_bytes()


def test_tables_are_written(invoke, logs):
    assert invoke("parse", "a.log", "fcn.log", "--table", "all", "-o", "t.csv").code == 0
    header = (logs / "t_validation.csv").read_text().splitlines()[0]
    assert header == "run,session,epoch,err-top1,err-top5,mIoU,pixAcc"
    assert (logs / "t_class_ap.csv").read_text() == "run,session,epoch,class_name,ap\n"


def test_gap_and_correlate_say_that_they_are_of_detectors(invoke):
    names = ("resnet50_v1", "vgg16", "mobilenet1.0")
    done = invoke("gap", *names)
    assert done.code == 2
    assert done.err.startswith(
        "convlens: gap is of detectors, their losses and their mAP; resnet50_v1 is of cl"
    )
    done = invoke("correlate", *names)
    assert done.code == 0
    assert "resnet50_v1: it is of classification, which has no mAP" in done.out
