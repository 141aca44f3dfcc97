"""`convlens parse`, as a whole program."""

import csv
import io
import json

import pandas as pd
import pytest

from convlens import read_log

TABLES = ("curve", "epochs", "validation", "class_ap", "batches")


@pytest.fixture(scope="module")
def run(logs):
    return read_log(logs / "a.log")


def test_a_curve_goes_to_standard_output(convlens, run):
    done = convlens("parse", "a.log")
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {row["run"] for row in rows} == {"a"}
    assert [int(row["epoch"]) for row in rows] == run.curve.index.tolist()
    for name, values in run.curve.items():
        assert [row[name] for row in rows] == [str(value) for value in values.tolist()]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_holds_every_digit(convlens, run, form):
    done = convlens("parse", "label=a.log", "--format", form, "--table", "validation")
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out) if form == "json" else [json.loads(line) for line in done.out.splitlines()]
    assert {row["run"] for row in rows} == {"label"}
    assert [row["map"] for row in rows] == run.validation["map"].tolist()


def test_runs_stand_below_each_other(invoke):
    done = invoke("parse", "seeds/*.log", "yolo.log")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert list(dict.fromkeys(row["run"] for row in rows)) == ["s1", "s2", "s3", "yolo"]
    assert len(rows) == 3 * 12 + 7
    assert rows[0]["ObjLoss"] == rows[-1]["CrossEntropy"] == ""


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "CSV"])
def test_the_suffix_tells_the_format(invoke, tmp_path, suffix):
    path = tmp_path / f"curve.{suffix}"
    done = invoke("parse", "a.log", "-o", str(path))
    assert (done.code, done.out, done.err) == (0, "", "")
    printed = invoke("parse", "a.log", "--format", suffix.lower())
    assert path.read_text() == printed.out


def test_a_format_beats_the_suffix(invoke, tmp_path):
    done = invoke("parse", "a.log", "--output", str(tmp_path / "curve.txt"), "--format", "json")
    assert done.code == 0
    assert len(json.loads((tmp_path / "curve.txt").read_text())) == 12


def test_all_tables_go_to_files_of_their_own(invoke, tmp_path, run):
    done = invoke("parse", "a.log", "--table", "all", "-o", str(tmp_path / "made" / "a.b.csv"))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == sorted(f"a.b_{t}.csv" for t in TABLES)
    for table in TABLES:
        text = (tmp_path / "made" / f"a.b_{table}.csv").read_text()
        assert len(text.splitlines()) == 1 + len(getattr(run, table))


def test_a_table_that_a_published_run_lacks_is_told(invoke, tmp_path):
    done = invoke("parse", "ssd_512_resnet50_v1_coco", "--table", "all", "-o", str(tmp_path / "z.csv"))
    assert done.code == 1
    told = done.err.splitlines()
    assert told[0].startswith("convlens: ssd_512_resnet50_v1_coco: the snapshot holds no batches;")
    assert told[1:] == ["convlens: no run has the table batches: it was not written"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"z_{t}.csv" for t in TABLES[:-1])


def test_bad_files_are_told_and_passed_over(invoke, tmp_path):
    done = invoke("parse", "bad.log", "a.log", "-o", str(tmp_path / "c.csv"))
    assert done.code == 1
    assert done.err.startswith("convlens: bad.log: no epoch lines found")
    assert len((tmp_path / "c.csv").read_text().splitlines()) == 13


def test_only_bad_files_write_nothing(invoke, tmp_path):
    done = invoke("parse", "bad.log", "-o", str(tmp_path / "c.csv"))
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[1:] == ["convlens: no run could be read: nothing was written"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["-o", "x.foo"],
            "x.foo: the format is told by the suffix (.csv, .parquet, .json, .jsonl) or by --format",
        ),
        (["-o", "x"], "x: the format is told by the suffix"),
        (["--table", "all"], "more than one table is written to files: name one with -o FILE"),
        (["--format", "parquet"], "Parquet is written to files: name one with -o FILE"),
        (["--table", "loss"], "Invalid value for '--table'"),
        (["--format", "xml"], "Invalid value for '--format'"),
    ],
)
def test_usage_errors_say_what_is_right(invoke, arguments, told):
    done = invoke("parse", "a.log", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_a_place_that_cannot_be_written_is_told(invoke, tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "c.csv"
    done = invoke("parse", "a.log", "-o", str(path))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"convlens: {path}: cannot be written: ")
    assert len(done.err.splitlines()) == 1


def test_parquet_reads_back(invoke, tmp_path, run):
    pytest.importorskip("pyarrow")
    done = invoke("parse", "a.log", "-o", str(tmp_path / "a.parquet"))
    assert (done.code, done.out, done.err) == (0, "", "")
    frame = pd.read_parquet(tmp_path / "a.parquet").drop(columns="run").set_index("epoch")
    pd.testing.assert_frame_equal(frame, run.curve)


def test_parquet_without_pyarrow_says_what_to_install(invoke, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    done = invoke("parse", "a.log", "-o", str(tmp_path / "a.parquet"))
    assert (done.code, done.out) == (2, "")
    assert "pip install 'convlens[parquet]'" in done.err
    assert not list(tmp_path.iterdir())
