"""`convlens formats` and `formats check`, and the options that declare a format, as a whole program."""

import json

import pytest

from convlens.formats import built_in, recognise
from tests.formats import made

CSV = "step,train/total_loss,val/mAP\n1,2.5,0.125\n2,1.5,0.25\n3,1.25,0.375\n"
MAP = ("--map", "epoch=step", "--map", "loss=train/total_loss", "--map", "map=val/mAP")


@pytest.fixture
def frameworks(tmp_path):
    """A log of each framework that prints text, tables or JSON."""
    for name, data in made.LOGS.items():
        (tmp_path / f"{name.replace(' ', '_')}.log").write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("form", [f for f in built_in() if f.name != "tensorboard"], ids=lambda f: f.name)
def test_examples_are_recognised(form):
    assert recognise("", form.example.encode()) is form


def test_formats_are_listed(convlens):
    done = convlens("formats")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == [form.name for form in built_in()]
    document = json.loads(convlens("formats", "--format", "json").out)
    assert document["formats"][0]["format"] == next(built_in()).name
    assert convlens("formats", "--format", "csv").out.startswith("format,counts,example")


def test_a_check_tells_each_column(convlens, frameworks):
    done = convlens("formats", "check", "mmengine_distillation.log", cwd=frameworks)
    assert done.code == 0
    assert done.out.startswith("mmengine_distillation: mmengine, 2 epochs")
    lines = {line.split()[0]: line.split() for line in done.out.splitlines() if line.strip()}
    assert lines["student.loss_cls"][1:] == ["loss", "–", "lower", "window", "of", "10", "0.500"]
    assert lines["distill.loss_pkd"][1] == "term"
    assert lines["map_teacher"][1:4] == ["score", "%", "higher"]
    assert "Neither a loss nor a score: " in done.out
    (told,) = json.loads(convlens("formats", "check", "keras.log", "--format", "json", cwd=frameworks).out)[
        "runs"
    ]
    assert [c["is"] for c in told["columns"]][-2:] == ["score", "score"]
    done = convlens("formats", "check", "keras.log", "--format", "csv", cwd=frameworks)
    assert done.out.startswith("run,column")


@pytest.mark.parametrize("command", ["compare", "diagnose", "forecast", "correlate", "parse"])
def test_every_command_takes_every_framework(convlens, frameworks, command):
    done = convlens(command, ".", cwd=frameworks)
    assert "Traceback" not in done.err
    assert done.code == 0
    assert len(done.out.splitlines()) > 20


def test_any_table_by_names_of_its_columns(convlens, tmp_path):
    (tmp_path / "a.csv").write_text(CSV)
    done = convlens("compare", "a.csv", "b=a.csv", *MAP, cwd=tmp_path)
    assert done.code == 2
    assert "one log twice" in done.err
    (tmp_path / "b.csv").write_text(CSV.replace("0.375", "0.5"))
    done = convlens("compare", "a.csv", "b.csv", *MAP, cwd=tmp_path)
    assert done.code == 0
    assert any(line.split()[:4] == ["final", "mAP", "[%]", "37.5"] for line in done.out.splitlines())
    done = convlens("gap", "a.csv", "b.csv", "a.csv", *MAP, cwd=tmp_path)
    assert "same log" in done.err


def test_lines_that_a_toml_file_declares(convlens, tmp_path):
    (tmp_path / "mine.toml").write_text("patterns = ['ep (?P<epoch>\\d+) loss (?P<loss>\\S+)']\n")
    (tmp_path / "a.log").write_text("ep 0 loss 2.5\nep 1 loss 1.5\n")
    done = convlens("parse", "a.log", "--log-format", "mine.toml", cwd=tmp_path)
    assert done.out.splitlines()[1].startswith("a,0,2.5")
    (tmp_path / "mine.toml").write_text("patterns = 5")
    done = convlens("parse", "a.log", "--log-format", "mine.toml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "patterns is a list" in done.err
    assert convlens("parse", "a.log", "--log-format", "none.toml", cwd=tmp_path).code == 1


def test_a_mapping_that_is_none(convlens, tmp_path):
    (tmp_path / "a.csv").write_text(CSV)
    done = convlens("diagnose", "a.csv", "--map", "loss", cwd=tmp_path)
    assert done.code == 2
    assert "'loss' is not NAME=COLUMN" in done.err.replace("\n", " ")
