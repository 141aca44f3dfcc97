"""Tables as files: what is read back is what the run holds, to the last digit."""

import csv
import io
import json
import math

import pandas as pd
import pytest

from convlens import ConvlensError
from convlens.export import combined, text_of, write_table
from convlens.reader import read_bytes
from tests.writing import made_log, ssd_log, yolo_log

TABLES = ("curve", "epochs", "validation", "class_ap", "batches")


def read(text, name="a"):
    return read_bytes(text.encode(), "-", name)


@pytest.fixture(scope="module")
def runs():
    """Runs of unequal columns; one holds NaN and infinity, and own means with all their digits."""
    broken = made_log([(math.nan, 1), (math.inf, 1), (0.1 + 0.2, 1e-7)], [50.123456789012345, None, 1 / 3])
    return [
        read(ssd_log(epochs=3), "=ssd, 'a'\n\"b\""),
        read(yolo_log([5.0, 4.0, 3.1], [10.0, 20.0, 100 / 3]), "日本"),
        read(broken, "broken"),
    ]


def never(error):
    raise error


@pytest.mark.parametrize("table", TABLES)
def test_every_form_reads_back_to_the_last_digit(runs, table):
    frame = combined(runs, table, never)
    rows = list(frame.itertuples(index=False, name=None))
    assert rows
    read_csv = list(csv.reader(io.StringIO("".join(text_of(frame, "csv")), newline="")))
    read_json = json.loads("".join(text_of(frame, "json")))
    read_jsonl = [json.loads(line) for line in "".join(text_of(frame, "jsonl")).splitlines()]
    assert read_csv[0] == list(frame.columns)
    assert read_json == read_jsonl
    assert [list(row) for row in read_json] == [list(frame.columns)] * len(rows)
    for row, from_csv, from_json in zip(rows, read_csv[1:], read_json, strict=True):
        for value, text, told in zip(row, from_csv, from_json.values(), strict=True):
            if isinstance(value, float):
                assert text == "" if math.isnan(value) else float(text) == value
                assert told is None if not math.isfinite(value) else told == value
            else:
                assert text == str(value)
                assert told == value


def test_the_first_column_is_the_run(runs):
    for table in TABLES:
        frame = combined(runs, table, never)
        assert frame.columns[0] == "run"
        assert list(dict.fromkeys(frame["run"])) == [run.name for run in runs]


def test_tables_are_the_runs(runs):
    frame = combined(runs[:1], "epochs", never).drop(columns="run").set_index(["session", "epoch"])
    pd.testing.assert_frame_equal(frame, runs[0].epochs)


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_a_file_is_the_text(runs, tmp_path, form):
    frame = combined(runs, "curve", never)
    write_table(frame, tmp_path / "a", form)
    assert (tmp_path / "a").read_bytes().decode() == "".join(text_of(frame, form))


def test_parquet_reads_back(runs, tmp_path):
    pytest.importorskip("pyarrow")
    frame = combined(runs, "curve", never)
    write_table(frame, tmp_path / "a.parquet", "parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), frame)


def test_without_pyarrow_parquet_is_refused(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConvlensError, match=r"Parquet needs pyarrow: pip install 'convlens\[parquet\]'"):
        write_table(combined(runs, "curve", never), tmp_path / "a.parquet", "parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("form", "text"), [("csv", "run,session,epoch,class_name,ap\n"), ("json", "[]\n")])
def test_an_empty_table_has_its_header(form, text):
    frame = combined([read(made_log([(2, 1)]))], "class_ap", never)
    assert "".join(text_of(frame, form)) == text


def test_an_empty_table_has_no_lines():
    frame = combined([read(made_log([(2, 1)]))], "validation", never)
    assert "".join(text_of(frame, "jsonl")) == ""


@pytest.mark.parametrize("table", ["curve", "epochs", "batches"])
def test_columns_that_a_log_calls_like_a_key_are_kept(table):
    text = made_log([(2, 1), (1, 1)]).replace(
        "SmoothL1=1.000", "SmoothL1=1.000, epoch=7.0, run=8.0, session=9.0"
    )
    frame = combined([read(text)], table, never)
    assert list(frame["run"].unique()) == ["a"]
    assert list(frame["epoch"].unique()) == [0, 1]
    assert {"epoch_printed", "run_printed"} <= set(frame.columns)
    assert frame["epoch_printed"].iloc[-1] == 7


def test_a_table_that_one_run_lacks_is_told(runs):
    from convlens import read_log

    published = read_log("ssd_512_resnet50_v1_coco")
    told = []
    frame = combined([published, runs[0]], "batches", told.append)
    assert list(dict.fromkeys(frame["run"])) == [runs[0].name]
    assert [str(error).partition(":")[0] for error in told] == ["ssd_512_resnet50_v1_coco"]
    assert combined([published], "batches", told.append) is None
