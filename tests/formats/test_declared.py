"""Logs of any kind, declared by names of columns or by patterns of lines."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens import ConvlensError, read_log, read_logs
from convlens.formats.base import Want
from convlens.formats.declared import from_map
from convlens.formats.declared_lines import from_toml

MAP = {"epoch": "step", "loss": "train/total_loss", "map": "val/mAP", "lr": "rate"}
ROWS = [
    {"step": 1, "train/total_loss": 2.5, "val/mAP": 0.125, "rate": 0.1},
    {"step": 2, "train/total_loss": 1.5, "val/mAP": 0.25, "rate": 0.1},
    {"step": 3, "train/total_loss": 1.25, "val/mAP": 0.375, "rate": 0.01},
]


def table(delimiter: str) -> str:
    lines = [list(ROWS[0]), *([str(v) for v in row.values()] for row in ROWS)]
    return "".join(delimiter.join(line) + "\n" for line in lines)


FILES = {
    "log.csv": table(","),
    "log.tsv": table("\t"),
    "semicolons.csv": table(";"),
    "lines.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "nested.jsonl": "".join(
        json.dumps({"step": r["step"], "train": {"total": r["train/total_loss"]}, "val/mAP": r["val/mAP"]})
        + "\n"
        for r in ROWS
    ),
    "document.json": json.dumps(ROWS, indent=2),
    "history.json": json.dumps({"name": "x", "notes": [1, 2, 3, 4], "history": ROWS}),
}
TOML = r"""
name = "mine"
patterns = [
  'ep (?P<epoch>\d+) cls (?P<cls_loss>\S+) box (?P<box_loss>\S+) pull (?P<pull>\S+) acc (?P<acc>\S+)',
  'eval (?P<epoch>\d+): (?P<map>[\d.]+)%',
]
[columns.pull]
role = "term"
[columns.acc]
unit = "percent"
better = "higher"
[columns.map]
unit = "percent"
"""
TEXT = """\
hello
ep 0 cls 1.50 box 0.75 pull 9.0 acc 50.0
eval 0: 12.5%
ep 1 cls 1.25 box 0.50 pull 8.0 acc 75.0
eval 1: 25.0%
"""


@pytest.mark.parametrize("name", FILES)
def test_columns_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name])
    columns = MAP | ({"loss": "train.total"} if name.startswith("nested") else {})
    run = read_log(path, columns=columns)
    assert (run.axis, run.summary.epochs, run.format) == ("epoch", 3, "mapped")
    assert run.arrays.loss.tolist() == [2.5, 1.5, 1.25]
    assert run.validation["map"].tolist() == [12.5, 25.0, 37.5]
    if not name.startswith("nested"):
        assert run.arrays.lr.tolist() == [0.1, 0.1, 0.01]


def test_percent_is_said(tmp_path):
    """A value below 1 does not prove a fraction."""
    path = tmp_path / "log.csv"
    path.write_text("epoch,mAP\n0,0.5\n1,25\n")
    assert read_log(path, columns={"map[%]": "mAP"}).validation["map"].tolist() == [0.5, 25]


def test_iterations_and_rows_that_are_counted(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("it,l\n10,1.5\n20,1.25\n")
    run = read_log(path, columns={"iteration": "it", "loss": "l"})
    assert (run.axis, run.curve.index.tolist()) == ("iteration", [10, 20])
    run = read_log(path, columns={"loss": "l"})
    assert (run.axis, run.curve.index.tolist()) == ("epoch", [0, 1])


def test_several_rows_an_epoch(tmp_path):
    """Each covers what came since the one before: the mean of all is the epoch's."""
    path = tmp_path / "log.csv"
    path.write_text("epoch,l,map\n0,2,\n0,1,\n0,,0.5\n1,1,\n1,0.5,\n1,,0.625\n")
    run = read_log(path, columns={"loss": "l", "map": "map"})
    assert run.arrays.loss.tolist() == [1.5, 0.75]
    assert len(run.batches) == 4
    assert pickle.loads(pickle.dumps(run)).batches.equals(run.batches)


def test_lines_by_patterns(tmp_path):
    (tmp_path / "mine.toml").write_text(TOML)
    (tmp_path / "a.log").write_text(TEXT)
    run = read_log(tmp_path / "a.log", log_format=tmp_path / "mine.toml")
    assert (run.format, run.summary.final) == (
        "mine",
        {"cls_loss": 1.25, "box_loss": 0.5, "pull": 8.0, "acc": 75.0},
    )
    assert run.arrays.loss.tolist() == [2.25, 1.75], "a term is no part of it"
    assert run.validation["map"].tolist() == [12.5, 25.0]
    cut = (tmp_path / "a.log").read_text()[:-3]
    (tmp_path / "a.log").write_text(cut)
    run = read_log(tmp_path / "a.log", log_format=tmp_path / "mine.toml")
    assert run.validation["map"].tolist() == [12.5]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"epoch": "step"}, "a loss or a score must be named"),
        ({"loss": "nothing"}, "no column nothing; columns with numbers are: step, train/total_loss"),
        ({"loss": "rate", "epoch": "val/mAP"}, "column val/mAP holds no whole number"),
    ],
)
def test_what_a_mapping_lacks(tmp_path, columns, why):
    path = tmp_path / "log.csv"
    path.write_text(FILES["log.csv"])
    with pytest.raises(ConvlensError, match=f"(?i){why}"):
        read_logs(path, columns=columns)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("x = ", "no TOML"),
        ("pattern = 'x'", "no key 'pattern'; there is axis, columns, name, patterns"),
        ("axis = 'hours'", "axis is epoch or iteration, not 'hours'"),
        ("patterns = 'x'", "patterns is a list"),
        ("patterns = ['(']", "is no regular expression"),
        ("patterns = ['(?P<loss>1)']", r"no pattern has a group \(\?P<epoch>…\)"),
        ("patterns = ['(?P<epoch>1)']\n[columns.loss]", "no pattern has the group 'loss'"),
        ("patterns = ['(?P<epoch>1)']\n[columns.epoch]\nrole='x'", "role is one of loss, total, "),
        ("patterns = ['(?P<epoch>1)']\n[columns.epoch]\nrule=1", "has no key 'rule'; there is role, unit"),
        ("patterns = ['(?P<epoch>1)']\ncolumns = 5", "columns is a table"),
    ],
)
def test_what_a_declaration_lacks(toml, why):
    with pytest.raises(ConvlensError, match=why):
        from_toml(toml, "x.toml")


@given(st.one_of(st.binary(max_size=300), st.sampled_from([f.encode() for f in FILES.values()])), st.data())
def test_any_bytes(data, draw):
    cut = data[: draw.draw(st.integers(0, len(data)))]
    from_map(MAP).format.read(cut, Want())
    from_toml(TOML, "x").format.read(cut, Want())


def test_deep_nesting():
    for n in (500, 900, 100_000):
        from_map(MAP).format.read(b'{"a":' * n + b"1" + b"}" * n, Want())
        from_map(MAP).format.read(b"[" * n + b"]" * n, Want())
