"""Runs of logs on servers: what they are, and their late tables, which come from the cache."""

import pickle
import shutil

import pandas as pd
import pytest

from convlens import compare, read_log, read_logs
from convlens.errors import SourceError
from convlens.reader import read_source
from convlens.sources import resolve
from tests.server import LOG, hang_up, send


@pytest.fixture
def local(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(LOG)
    return read_log(path)


def test_a_run_is_that_of_its_file(server, local):
    run = read_log(server.url)
    assert (run.name, run.source) == ("a", server.url)
    assert run.summary == local.summary
    assert run.findings == local.findings
    assert run.sha256 == local.sha256
    for table in ("curve", "epochs", "validation", "class_ap", "batches"):
        pd.testing.assert_frame_equal(getattr(run, table), getattr(local, table))


def test_the_name_in_the_url_tells_who_it_is(server):
    run = read_log(f"http://{server.host}/x/ssd_512_mobilenet1.0_coco_train.log?for=yolo3_darknet53_voc")
    assert str(run.identity) == "ssd 512 mobilenet1.0 coco"
    assert run.identity.sources["detector"] == "file name"


def test_labels(server):
    assert [run.name for run in read_logs({"base": server.url, "b": server.url})] == ["base", "b"]
    assert read_log(f"base={server.url}").name == "base"


def test_late_tables_come_from_the_cache(server, local):
    run, pickled = read_log(server.url), pickle.loads(pickle.dumps(read_log(server.url)))
    server.answers = [hang_up]
    asked = len(server.seen)
    assert run.class_ap.equals(local.class_ap)
    assert pickled.batches.equals(local.batches)
    assert len(server.seen) == asked


def test_a_log_that_was_replaced_keeps_its_late_tables_for_a_while(server, local):
    """The old one stays for an hour, under its own name."""
    run = read_log(server.url)
    server.answers = [send(LOG + LOG)]
    assert len(read_log(server.url).batches) >= len(run.batches)
    assert run.class_ap.equals(local.class_ap)


@pytest.mark.parametrize("table", ["batches", "class_ap", "sha256"])
def test_a_log_that_left_the_cache_is_told(server, tmp_path, table):
    run, other = read_log(server.url), read_log(f"{server.url}?2")
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(SourceError) as caught:
        getattr(run, table)
    what = "what was read is no longer in the cache (removed, or replaced by a newer log)"
    assert str(caught.value) == f"{server.url}: {what}; read it again"
    assert run.summary.epochs == 41
    assert len(read_log(server.url).batches) == 123
    with pytest.raises(SourceError, match="no longer in the cache"):
        getattr(other, table)


def test_a_log_in_the_cache_that_was_changed_is_told(server, tmp_path):
    run = read_log(server.url)
    [path] = (tmp_path / "cache").rglob("a.log")
    path.write_bytes(LOG.replace(b"5.0", b"6.0"))
    with pytest.raises(SourceError, match="no longer in the cache"):
        _ = run.batches


def test_a_server_that_is_gone_leaves_a_finding(server):
    before = read_log(server.url)
    server.answers = [send(b"", 503)]
    run = read_log(server.url)
    assert run.curve.equals(before.curve)
    first, *others = run.findings
    assert first.code == "CL024"
    assert "out of order (HTTP 503): this is the log that was fetched on 20" in first.text
    assert tuple(others) == before.findings


def test_offline_in_an_environment_and_in_a_call(server, monkeypatch):
    [source] = resolve([server.url])
    with pytest.raises(SourceError, match="not in the cache"):
        read_source(source, offline=True)
    before = read_source(source)
    assert read_source(source, offline=True).findings == before.findings
    monkeypatch.setenv("CONVLENS_OFFLINE", "1")
    assert read_log(server.url).curve.equals(before.curve)
    assert len(server.seen) == 1


def test_a_login_is_used_and_not_kept(server):
    url = f"http://me:hunter2@{server.host}/a.log"
    run = read_log(url)
    assert "Authorization" in server.seen[0]
    assert run.source == f"http://{server.host}/a.log"
    assert b"hunter2" not in pickle.dumps(run)


def test_urls_can_be_compared(server, tmp_path):
    path = tmp_path / "b.log"
    path.write_bytes(LOG.replace(b"5.", b"6."))
    comparison = compare(server.url, path)
    assert [arm.name for arm in comparison.arms] == ["a", "b"]
    assert len(comparison.classes()) == 2
