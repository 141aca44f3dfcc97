"""What others rely on: the public names, runs and their tables, errors, pickling, reading again."""

import copy
import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import convlens
from convlens import ConvlensError, Run, read_log, read_logs
from convlens.errors import LogFormatError, SourceError, UnknownNameError
from convlens.findings import Code, Finding
from convlens.run import Summary
from tests.handmade import arguments, batch, epochs, log, read, start, voc
from tests.simulate import YOLO, falling, simulate

TEXT = log(
    arguments(epochs=6, lr=0.1, save_prefix="ssd_512_resnet50_v1_voc", val_interval=2),
    start(),
    epochs(0, 1),
    voc(1, 0.5),
    epochs(2, 3),
    voc(3, 0.75),
    "[Epoch 3] mAP 0.75 higher than current best [0.5] saving to net_best.params",
    epochs(4, 4),
    batch(5, 99, 9.0),
)
TABLES = ("epochs", "validation", "class_ap", "batches", "curve", "resolution")


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "ssd_small_train.log"
    file.write_text(TEXT)
    return file


@pytest.fixture
def run(path) -> Run:
    return read_log(path)


def test_the_public_names():
    assert {"ConvlensError", "Run", "read_log", "read_logs"} <= set(convlens.__all__) <= set(dir(convlens))
    assert all(getattr(convlens, name) for name in convlens.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = convlens.nothing


def test_importing_it_is_cheap():
    code = "import sys, convlens; assert not {'pandas', 'numpy', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_a_lot_by_star():
    done = subprocess.run(
        [sys.executable, "-c", "from convlens import *; print(read_log, Run)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "read_log" in done.stdout


def test_what_a_run_is(run, path):
    assert (run.name, run.source, run.axis) == ("ssd_small", str(path), "epoch")
    assert run.identity.detector == "ssd"
    assert run.config["save_prefix"] == "ssd_512_resnet50_v1_voc"
    assert [s.index for s in run.sessions] == [0]
    assert all(isinstance(finding, Finding) for finding in run.findings)
    assert "ssd_small" in str(run)
    assert "ssd_small" in repr(run)
    assert "<table" in run._repr_html_()


def test_epochs_are_keyed_by_session_and_epoch(run):
    table = run.epochs
    assert table.index.names == ["session", "epoch"]
    assert list(table.columns) == ["CrossEntropy", "SmoothL1", "lr", "speed", "seconds", "complete"]
    assert table.index.tolist() == [(0, n) for n in range(6)]
    assert table["complete"].tolist() == [True] * 5 + [False]
    assert table.loc[(0, 2), "CrossEntropy"] == pytest.approx(4.8)
    assert table.loc[(0, 2), "speed"] == 100.0
    assert table.loc[(0, 2), "seconds"] == 60.0
    assert table["lr"].tolist() == [0.1] * 6
    assert table["complete"].dtype == bool


def test_validation_is_in_percent(run):
    table = run.validation
    assert table.index.names == ["session", "epoch"]
    assert table["map"].to_dict() == {(0, 1): 50.0, (0, 3): 75.0}


def test_class_ap_is_keyed_by_class(run):
    table = run.class_ap
    assert table.index.names == ["session", "epoch", "class_name"]
    assert list(table.columns) == ["ap"]
    assert table.loc[(0, 3, "tvmonitor"), "ap"] == pytest.approx(85)


def test_batches_hold_every_line(run):
    table = run.batches
    assert table.index.names == ["session", "epoch", "batch"]
    assert list(table.columns) == ["speed", "CrossEntropy", "SmoothL1"]
    assert len(table) == 16
    assert table.loc[(0, 2, 199)].tolist() == pytest.approx([100.0, 4.9, 1.0])


def test_the_curve_and_its_resolution(run):
    curve, resolution = run.curve, run.resolution
    assert curve.index.name == run.axis
    assert list(curve.columns) == ["CrossEntropy", "SmoothL1", "loss", "map", "lr", "complete"]
    assert curve["loss"].tolist() == pytest.approx((curve["CrossEntropy"] + curve["SmoothL1"]).tolist())
    assert curve["map"].isna().tolist() == [True, False, True, False, True, True]
    assert curve.shape == resolution.shape
    assert list(curve.columns) == list(resolution.columns)
    assert curve.index.equals(resolution.index)
    assert resolution["CrossEntropy"].tolist() == pytest.approx([0.0005] * 6)
    assert resolution["loss"].tolist() == pytest.approx([0.001] * 6)


def test_what_a_run_reached(run):
    summary = run.summary
    assert {field.name for field in fields(Summary)} >= {
        "epochs", "final", "final_epoch_mean", "final_map", "best_map", "best_epoch", "best_checkpoint",
        "published", "published_map", "hours",
    }  # fmt: skip
    assert summary.epochs == 5
    assert summary.final == summary.final_epoch_mean == {"CrossEntropy": pytest.approx(4.6), "SmoothL1": 1.0}
    assert (summary.final_map, summary.best_map, summary.best_epoch) == (75.0, 75.0, 3)
    assert summary.best_checkpoint == "net_best.params"
    assert summary.hours == pytest.approx(5 / 60)
    assert summary.published == ()
    assert summary.published_map is None
    with pytest.raises(FrozenInstanceError):
        summary.epochs = 3  # type: ignore[misc]


def test_the_best_is_the_earliest_of_the_best():
    run = read(start(), epochs(0, 0), voc(0, 0.25), epochs(1, 1), voc(1, 0.5), epochs(2, 2), voc(2, 0.5))
    assert (run.summary.final_map, run.summary.best_map, run.summary.best_epoch) == (50.0, 50.0, 1)
    run = read(start(), epochs(0, 0), voc(0, 0.5), epochs(1, 1), voc(1, 0.25))
    assert (run.summary.final_map, run.summary.best_map, run.summary.best_epoch) == (25.0, 50.0, 0)


def test_printed_and_own_means_stand_side_by_side():
    made = simulate(YOLO, falling(12), reset=())
    summary = read(start(), made.lines).summary
    assert set(summary.final) == set(summary.final_epoch_mean) == set(YOLO)
    assert summary.final["ObjLoss"] > 1.1 * summary.final_epoch_mean["ObjLoss"]
    assert summary.final_epoch_mean["ObjLoss"] == pytest.approx(made.truth[11]["ObjLoss"], abs=0.02)


def test_a_run_without_validations():
    run = read(start(), epochs(0, 2))
    assert (run.summary.final_map, run.summary.best_map, run.summary.best_epoch) == (None, None, None)
    assert run.validation.empty
    assert list(run.validation.columns) == ["map"]
    assert run.validation.index.names == ["session", "epoch"]
    assert run.class_ap.empty
    assert run.class_ap.index.names == ["session", "epoch", "class_name"]
    assert run.curve["map"].isna().all()


def test_a_session_alone(run):
    assert run.session_curve(0).equals(run.curve)
    for session in (-1, 1):
        with pytest.raises(ConvlensError, match="sessions"):
            run.session_curve(session)


def test_findings_tell_code_text_and_place(run):
    for finding in run.findings:
        assert finding.code in Code
        assert finding.code == finding.code.value  # a StrEnum: comparing with "CL013" works
        assert str(finding).startswith(finding.code)
        assert finding.text in str(finding)
        assert finding.where in str(finding)
    assert "CL013" in [finding.code for finding in run.findings]


def test_tables_are_made_once_and_are_ones_own(run):
    assert run.curve is run.curve
    assert read_log(run.source).curve is not run.curve


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_plain_types(run, table):
    """Floats, booleans and keys of integers and text; nothing that other tools stumble over."""
    frame = getattr(run, table)
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.is_unique
    assert all(dtype in (np.float64, bool) for dtype in frame.dtypes)
    for level in range(frame.index.nlevels):
        kind = frame.index.get_level_values(level)
        assert all(isinstance(key, int | np.integer | str) for key in kind)


@pytest.mark.parametrize("copied", [lambda run: pickle.loads(pickle.dumps(run)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("used", [False, True])
def test_runs_can_be_pickled_and_copied(run, copied, used):
    """Before and after their tables were made; the log is read again where it must be."""
    if used:
        _ = [getattr(run, table) for table in TABLES]
    other = copied(run)
    assert other.name == run.name
    assert other.summary == run.summary
    assert other.findings == run.findings
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(other, table), getattr(run, table))


@pytest.mark.parametrize(
    "error",
    [
        ConvlensError("message"),
        SourceError("a.log", "why"),
        LogFormatError("a.log", "why", 12),
        UnknownNameError("metric", "CrossEntrpy", ["CrossEntropy", "loss"], "hint"),
    ],
)
def test_errors_are_one_kind_and_can_be_pickled(error):
    """They come back from other processes as they were."""
    assert isinstance(error, ConvlensError)
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)


def test_an_unknown_name_is_explained():
    text = str(UnknownNameError("metric", "crossentrpy", ["CrossEntropy", "loss"], "It has no validations."))
    assert "'CrossEntropy'" in text.split("?", maxsplit=1)[0]
    assert "CrossEntropy, loss" in text
    assert text.endswith("It has no validations.")
    assert "none" in str(UnknownNameError("metric", "x", []))
    assert str(LogFormatError("a.log", "why", 12)) == "a.log, line 12: why"


def test_a_log_that_changed_is_not_read_again(path):
    """Its batches would not be those of the run."""
    run, other = read_log(path), read_log(path)
    assert len(run.batches) == 16
    path.write_text(TEXT + batch(5, 199, 8.0) + "\n")
    assert len(run.batches) == 16  # made before
    for late in ("batches", "class_ap"):
        with pytest.raises(SourceError, match="changed"):
            getattr(other, late)
    assert other.curve.loc[5, "CrossEntropy"] == 9.0
    assert len(read_log(path).batches) == 17


def test_a_log_of_the_same_size_that_changed_later(path):
    run = read_log(path)
    path.write_text(TEXT.replace("9.000", "8.000"))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 5_000_000_000))
    with pytest.raises(SourceError, match="changed"):
        _ = run.batches


def test_a_log_that_is_gone(path):
    run = read_log(path)
    path.unlink()
    assert run.summary.epochs == 5
    with pytest.raises(SourceError, match="no such file"):
        _ = run.batches


def test_labels_name_runs(path, tmp_path):
    other = tmp_path / "b.log"
    other.write_text(TEXT)
    assert [run.name for run in read_logs({"base": path, "small": str(other)})] == ["base", "small"]
    assert [run.name for run in read_logs([f"base={path}", other])] == ["base", "b"]
    assert [run.name for run in read_logs(str(path))] == ["ssd_small"]
    assert read_log(f"base={path}").name == "base"


def test_the_first_bad_one_of_many_raises(path, tmp_path):
    bad = tmp_path / "bad.log"
    bad.write_text("nothing")
    with pytest.raises(LogFormatError, match=r"bad\.log"):
        read_logs([path, bad])
    with pytest.raises(SourceError, match=r"absent\.log"):
        read_logs([path, tmp_path / "absent.log"])


def test_the_hash_is_that_of_the_log(path):
    import hashlib

    assert read_log(path).sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
