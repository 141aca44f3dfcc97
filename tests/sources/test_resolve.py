"""What the user names becomes a list of logs with labels that differ."""

import gzip
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convlens import ConvlensError, read_log, read_logs
from convlens.errors import SourceError
from convlens.sources import Source, resolve
from tests.handmade import epochs, log, start

TEXT = log(start(), epochs(0, 2))


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Makes logs at the paths given, in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)

    def make(*paths: str) -> Path:
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(TEXT)
        return tmp_path

    return make


def labels(sources):
    return [source.label for source in resolve(sources)]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("ssd_base.log", "ssd_base"),
        ("ssd_512_mobilenet1.0_coco_train.log", "ssd_512_mobilenet1.0_coco"),
        ("yolo3_mobilenet1.0_voc.log", "yolo3_mobilenet1.0_voc"),
        ("a.log.gz", "a"),
        ("exp7/train.log", "exp7"),
        ("exp7/logs/train.log", "exp7"),
        ("exp7/results.csv", "exp7"),
        ("exp7/20240131_104500.log", "exp7"),
        ("exp7/2024-01-31_10:45.txt", "exp7"),
        ("base/log.txt", "base"),
        ("base/nohup.out", "base"),
        ("base/stdout", "base"),
        ("base/train", "base"),
        ("trainer.log", "trainer"),
        ("log_of_base.txt", "log_of_base"),
        ("名前.log", "名前"),
    ],
)
def test_a_label_is_the_first_part_that_tells_something(tree, path, label):
    tree(path)
    assert labels([path]) == [label]
    assert labels(Path(path)) == [label]


def test_labels_of_the_users_choice(tree):
    tree("a.log", "b.log")
    assert labels({"base": "a.log", "other one": "b.log"}) == ["base", "other one"]
    assert labels(["base=a.log", "b.log"]) == ["base", "b"]
    assert [run.name for run in read_logs({"base": "a.log"})] == ["base"]


def test_a_file_whose_name_looks_like_a_label(tree):
    tree("lr=0.1.log", "lr=0.1/train.log")
    assert labels(["lr=0.1.log"]) == ["lr=0.1"]
    assert labels([Path("lr=0.1/train.log")]) == ["lr=0.1"]
    assert labels(["x=lr=0.1.log"]) == ["x"]


def test_a_label_for_many_counts_them(tree):
    tree("runs/a.log", "runs/b.log")
    assert labels(["all=runs"]) == ["all 1", "all 2"]
    assert labels({"all": "runs/*.log"}) == ["all 1", "all 2"]


def test_equal_labels_are_told_apart(tree):
    tree("x/a.log", "y/a.log", "y/b.log")
    assert labels(["x/a.log", "y/a.log", "y/b.log"]) == ["x/a", "y/a", "b"]
    twice = labels(["x/a.log", "x/a.log", "x/a.log"])
    assert len(set(twice)) == 3
    assert all("a" in label for label in twice)


def test_a_folder_stands_for_the_logs_in_it(tree):
    root = tree("runs/b/train.log", "runs/a/train.log", "runs/c/deep/er/train.log")
    (root / "runs" / "notes.txt").write_text("nothing of the kind")
    (root / "runs" / "empty.log").write_text("")
    (root / "runs" / "weights.params").write_bytes(bytes(range(256)) * 100)
    (root / "runs" / "packed.gz").write_bytes(gzip.compress(TEXT.encode()))
    (root / "runs" / "broken.gz").write_bytes(gzip.compress(TEXT.encode())[:20])
    assert labels(["runs"]) == ["packed", "a", "b", "er"]
    assert len(read_logs("runs")) == 4


def test_one_run_of_a_folder(tree):
    tree("one/train.log", "two/a.log", "two/b.log")
    assert read_log("one").name == "one"
    with pytest.raises(ConvlensError, match="read_logs"):
        read_log("two")
    with pytest.raises(ConvlensError, match="read_logs"):
        read_log("two/*.log")


@pytest.mark.parametrize("what", ["nothing", "empty", "nothing/at/all.log", "*.nothing", "a.log/b"])
def test_what_stands_for_nothing_is_told(tree, what):
    (tree("a.log") / "empty").mkdir()
    with pytest.raises(SourceError) as told:
        resolve([what])
    assert str(told.value).startswith(what)
    with pytest.raises(ConvlensError):
        read_log(what)


@pytest.mark.parametrize(
    "what", ["", " ", "~nobody-of-this-name/a.log", "a\0b", "x" * 5000, "**x", "a/" * 3000]
)
def test_names_that_cannot_even_be_looked_up(tree, what):
    tree("a.log")
    with pytest.raises(SourceError):
        resolve([what])


def test_a_close_name_is_guessed(tree):
    tree("ssd_base.log")
    with pytest.raises(SourceError, match=r"ssd_base\.log"):
        resolve(["ssd_bse.log"])


def test_errors_can_be_passed_over(tree):
    tree("a.log")
    errors = []
    assert [s.label for s in resolve(["nothing.log", "a.log", "neither.log"], errors.append)] == ["a"]
    assert [error.source for error in errors] == ["nothing.log", "neither.log"]


def test_patterns(tree):
    root = tree("runs/b.log", "runs/a.log", "runs/deep/c.log")
    assert labels(["runs/*.log"]) == ["a", "b"]
    assert labels(["runs/[b].log"]) == ["b"]
    assert labels(["runs/?.log"]) == ["a", "b"]
    assert sorted(labels(["runs/**/*.log"])) == ["a", "b", "c"]
    assert labels([f"{root}/runs/*.log"]) == ["a", "b"]
    assert labels(["runs/*.log", "runs/deep"]) == ["a", "b", "c"]


def test_a_pattern_that_is_a_name(tree):
    tree("run[1].log")
    assert labels(["run[1].log"]) == ["run[1]"]


def test_loops_of_links_are_not_followed(tree):
    root = tree("runs/a/x.log")
    (root / "runs" / "a" / "loop").symlink_to(root / "runs")
    (root / "runs" / "a" / "other").symlink_to(root / "runs" / "a")
    (root / "runs" / "self").symlink_to(root / "runs" / "self")
    assert labels(["runs"]) == ["x"]
    assert labels(["runs/**/*.log"]) == ["x"]
    with pytest.raises(ConvlensError):
        resolve(["runs/self"])


def test_a_link_to_a_log_is_a_log(tree):
    root = tree("real/a.log")
    (root / "links").mkdir()
    (root / "links" / "b.log").symlink_to(root / "real" / "a.log")
    assert labels(["links"]) == ["b"]
    assert read_log("links").summary.epochs == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_only_regular_files_of_a_folder_are_opened(tree):
    root = tree("runs/a.log")
    os.mkfifo(root / "runs" / "b.log")
    assert labels(["runs"]) == ["a"]


def test_a_home_is_expanded(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree("a.log")))
    assert labels(["~/a.log"]) == ["a"]


def test_nothing_is_nothing():
    assert resolve([]) == []
    assert read_logs([]) == []


def test_standard_input_is_a_source():
    assert resolve(["-"]) == [Source("stdin", "-")]
    assert resolve(["x=-"]) == [Source("x", "-")]


@given(st.text(max_size=40) | st.text("*?[]=.-\\\0a ", max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_source_or_an_error(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    if not {"/", "~"} & set(text) and ".." not in text:  # or it would search the whole machine
        with suppress(ConvlensError):
            resolve([text])
