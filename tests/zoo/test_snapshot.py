"""Published runs that come with the package: the same as read from their logs."""

import gzip
import json
import pickle
from dataclasses import asdict, fields, replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from convlens import ConvlensError, read_log, read_logs, zoo
from convlens.errors import SourceError
from convlens.reader import read_bytes
from convlens.run import Run
from convlens.zoo import snapshot
from convlens.zoo.catalog import entries, find_entry
from tests import corpus as real
from tests.other_tasks import classifier_log, run_of
from tests.writing import made_log

NAMES = zoo.snapshot_names()
OF_THE_PLACE = {"name", "source", "late", "sessions", "curve_rows", "checkpoints"}
TABLES = ("epochs", "validation", "curve", "resolution")


@pytest.fixture(params=NAMES)
def pair(request, corpus):
    """A run from the snapshot and the same run from its log."""
    path = corpus / "logs" / find_entry(request.param).log
    if not path.exists():
        pytest.skip(f"the log of {request.param} is not in the corpus")
    return read_log(request.param), real.run(path)


def assert_same(run, log):
    """Everything but the name, where it was read from, and what only the log holds."""
    for field in fields(Run):
        if field.name not in OF_THE_PLACE:
            assert getattr(run, field.name) == getattr(log, field.name), field.name
    np.testing.assert_array_equal(run.curve_rows, log.curve_rows)
    assert asdict(run.summary) == asdict(log.summary)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(run, table), getattr(log, table), check_exact=True)
    for ours, theirs in zip(run.sessions, log.sessions, strict=True):
        for field in fields(ours):
            if field.name != "first":  # of use to reading only
                told, read = getattr(ours, field.name), getattr(theirs, field.name)
                np.testing.assert_equal(told, read, err_msg=field.name)
    for session in range(len(log.sessions)):
        pd.testing.assert_frame_equal(run.session_curve(session), log.session_curve(session))


def test_the_snapshot_holds_every_log_that_there_is(corpus):
    logs = {e.log: e.name for e in entries()}
    assert {logs[log] for log in real.names(corpus)} <= set(NAMES)


def test_a_run_from_the_snapshot_is_the_run_from_its_log(pair):
    """Summary, tables, resolution and findings; only batches and most class APs need the log."""
    run, log = pair
    assert_same(run, log)
    assert run.sha256 == log.sha256 == find_entry(run.name).sha256


def test_its_class_aps_are_those_of_the_last_and_the_best_validation(pair):
    run, log = pair
    kept, whole = run.class_ap, log.class_ap
    pd.testing.assert_frame_equal(kept, whole.loc[kept.index])
    maps = log.curve["map"].dropna()
    wanted = {maps.index[-1], run.summary.best_epoch} if len(maps) else set()
    validated = set(whole.index.get_level_values("epoch"))
    assert set(kept.index.get_level_values("epoch")) == wanted & validated


@pytest.mark.parametrize("name", NAMES)
def test_a_run_from_the_snapshot_works_without_its_log(name):
    run = read_log(name)
    assert run.name == name
    assert run.summary.epochs > 10
    assert run.curve.notna().any().any()
    assert pickle.loads(pickle.dumps(run)).curve.equals(run.curve)
    with pytest.raises(ConvlensError, match=f"`convlens zoo fetch {name}`"):
        _ = run.batches


def test_a_name_that_the_snapshot_lacks_says_what_to_do():
    lacking = set(zoo.names()) - set(NAMES)
    assert lacking
    for name in lacking:
        with pytest.raises(SourceError) as told:
            read_log(name)
        assert str(told.value) == (
            f"{name}: a published log whose figures do not come with convlens; "
            f"get it with `convlens zoo fetch {name}`"
        )


def test_scores_of_any_name_are_held():
    """Nothing in the zoo knows of mAP alone: twelve scores under other names, losses that are not finite."""
    text = made_log([(3.0, float("nan")), (2.0, float("inf")), (1.0, 0.5)], [None, 20.0, 30.0], coco=True)
    log = read_bytes(text.encode(), "-", "resnet50_v1")
    other = tuple(replace(c, name=f"top_{k}") for k, c in enumerate(log.scores))
    entry = find_entry("resnet50_v1")
    log = replace(log, scores=other, size=entry.size, published=entry.published)
    run = snapshot.unpack(json.loads(json.dumps(snapshot.pack(log, ()), allow_nan=False)))
    assert run.published_map is None
    assert run.validation["top_0"].tolist() == [20.0, 30.0]
    assert run.class_ap.empty
    for field in fields(Run):
        if field.name not in OF_THE_PLACE:
            assert getattr(run, field.name) == getattr(log, field.name), field.name
    assert np.isinf(run.epochs["SmoothL1"]).sum() == 1
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(run, table), getattr(log, table))


def test_names_may_have_labels_and_stand_beside_each_other():
    runs = read_logs(["small=ssd_512_mobilenet1_0_coco", "ssd_512_resnet50_v1_coco"])
    assert [run.name for run in runs] == ["small", "ssd_512_resnet50_v1_coco"]
    assert [run.source for run in runs] == ["zoo:ssd_512_mobilenet1.0_coco", "zoo:ssd_512_resnet50_v1_coco"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ssd_512_resnet50_coco", "ssd_512_resnet50_v1_coco"),
        ("yolov3_darknet53_coco", "yolo3_darknet53_coco"),
        ("mobilenet_1.0", "mobilenet1.0"),
        ("mask_rcnn_r50_fpn_coco", "mask_rcnn_resnet50_v1b_coco"),
        ("ssd_512_mobilenet1_0_coco_train.log", "ssd_512_mobilenet1.0_coco"),
    ],
)
def test_a_misspelt_name_is_guessed(written, meant):
    with pytest.raises(SourceError, match=rf"did you mean {meant}[,?]"):
        read_log(written)


def test_the_snapshot_is_small_and_strict_json():
    data = resources.files("convlens.zoo").joinpath("snapshot.jsonl.gz").read_bytes()
    assert len(data) < 1_000_000

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for line in gzip.decompress(data).splitlines():
        json.loads(line, parse_constant=refuse)


def test_a_run_that_is_no_detectors_is_kept_whole():
    """Its scores have names, units and directions of their own."""
    run = run_of(classifier_log([60, 40, 30]), "resnet50_v1")
    again = snapshot.unpack(json.loads(json.dumps(snapshot.pack(run, ()), allow_nan=False)))
    assert again.scores == run.scores
    assert again.identity == run.identity
    assert again.summary.best_score == 30
    pd.testing.assert_frame_equal(again.curve, run.curve)
    pd.testing.assert_frame_equal(again.validation, run.validation)
