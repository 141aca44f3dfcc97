"""Published runs that come with the package: the same as read from their logs."""

import gzip
import json
import pickle
from dataclasses import asdict
from importlib import resources

import pandas as pd
import pytest

from convlens import ConvlensError, read_log, read_logs, zoo
from convlens.zoo import catalog
from tests import corpus as real


def names():
    return zoo.names()


def entry(name: str) -> catalog.Entry:
    return next(e for e in catalog.entries() if e.name == name)


def test_the_snapshot_holds_what_it_was_built_from(corpus):
    logs = {e.log: e.name for e in catalog.entries()}
    assert set(names()) <= {logs[log] for log in real.names(corpus)}


@pytest.mark.parametrize("name", names())
def test_a_run_from_the_snapshot_is_the_run_from_its_log(corpus, name):
    """Summary, tables, resolution and findings; only batches and most class APs need the log."""
    path = corpus / "logs" / entry(name).log
    if not path.exists():
        pytest.skip(f"the log of {name} is not in the corpus")
    run, log = read_log(name), real.run(path)
    assert asdict(run.summary) == asdict(log.summary)
    for table in ("epochs", "validation", "curve", "resolution"):
        pd.testing.assert_frame_equal(getattr(run, table), getattr(log, table))
    assert run.findings == log.findings
    assert run.identity == log.identity
    assert dict(run.config) == dict(log.config)
    assert run.plan == log.plan
    assert run.columns == log.columns
    assert [str(s) for s in run.sessions] == [str(s) for s in log.sessions]
    for session in range(len(log.sessions)):
        pd.testing.assert_frame_equal(run.session_curve(session), log.session_curve(session))
    assert run.sha256 == log.sha256 == entry(name).sha256
    assert run.name == name


@pytest.mark.parametrize("name", names())
def test_its_class_aps_are_those_of_the_last_and_the_best_validation(corpus, name):
    path = corpus / "logs" / entry(name).log
    if not path.exists():
        pytest.skip(f"the log of {name} is not in the corpus")
    kept, whole = read_log(name).class_ap, real.run(path).class_ap
    pd.testing.assert_frame_equal(kept, whole.loc[kept.index])
    summary = read_log(name).summary
    last = real.run(path).curve["map"].dropna().index[-1]
    validated = set(whole.index.get_level_values("epoch"))
    assert set(kept.index.get_level_values("epoch")) == {last, summary.best_epoch} & validated


@pytest.mark.parametrize("name", names())
def test_a_run_from_the_snapshot_works_without_its_log(name):
    run = read_log(name)
    assert run.summary.epochs > 10
    assert run.curve["loss"].notna().any()
    assert pickle.loads(pickle.dumps(run)).curve.equals(run.curve)
    with pytest.raises(ConvlensError, match=entry(name).url.split("/")[-1]):
        _ = run.batches


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ssd_512_mobilenet1.0_coco", "ssd_512_mobilenet1.0_coco"),
        ("ssd_512_mobilenet1_0_coco", "ssd_512_mobilenet1.0_coco"),
        ("SSD_512_MobileNet1.0_COCO", "ssd_512_mobilenet1.0_coco"),
        ("ssd_512", None),
        ("", None),
    ],
)
def test_spellings(written, name):
    assert zoo.canonical(written) == name


def test_names_may_have_labels_and_stand_beside_each_other():
    runs = read_logs(["small=ssd_512_mobilenet1_0_coco", "ssd_512_resnet50_v1_coco"])
    assert [run.name for run in runs] == ["small", "ssd_512_resnet50_v1_coco"]
    assert [run.source for run in runs] == ["zoo:ssd_512_mobilenet1.0_coco", "zoo:ssd_512_resnet50_v1_coco"]


def test_a_misspelt_name_is_guessed():
    with pytest.raises(ConvlensError, match=r"ssd_512_resnet50_v1_coco"):
        read_log("ssd_512_resnet50_coco")


def test_the_snapshot_is_small_and_strict_json():
    data = resources.files("convlens.zoo").joinpath("snapshot.jsonl.gz").read_bytes()
    assert len(data) < 1_500_000

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for line in gzip.decompress(data).splitlines():
        json.loads(line, parse_constant=refuse)
