"""`convlens forecast`, as a user runs it."""

import csv
import io
import json

import pytest

NAME = "ssd_512_resnet50_v1_voc"


@pytest.fixture(scope="module")
def half(corpus, tmp_path_factory):
    """A published log, cut at half of its epochs."""
    text = (corpus / "logs" / "detection" / f"{NAME}_train.log").read_text()
    path = tmp_path_factory.mktemp("half") / "half.log"
    path.write_text(text[: text.index("[Epoch 120][Batch")])
    return path


def test_the_whole_program(convlens):
    done = convlens("forecast", NAME)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{NAME}, after epoch 239"
    assert lines[2].split() == ["now", "epoch", "263", "50%", "90%"]
    assert [line.split()[0] for line in lines[4:8]] == ["CrossEntropy", "SmoothL1", "loss", "mAP"]
    assert "24 more epochs (to epoch 263) would bring the summed loss from 1.91 to 1.90" in done.out
    assert "Learnt from 19 published runs.\n" in done.out


def test_a_log_that_is_still_being_written(invoke, half):
    out = invoke("forecast", f"mine={half}").out
    assert out.startswith("mine, after epoch 119; the learning rate is to drop at 160 and 200\n")
    assert "120 more epochs (to epoch 239) would bring the summed loss from 2.58 to " in out
    assert "Learnt from 19 published runs" in out


def test_the_epoch_and_how_many(invoke):
    assert "epoch 250" in invoke("forecast", NAME, "--epoch", "250").out.splitlines()[2]
    assert "epoch 244" in invoke("forecast", NAME, "--epochs", "5").out.splitlines()[2]


def test_json(invoke):
    document = json.loads(invoke("forecast", NAME, "a.log", "--format", "json").out)
    assert [document["schema"], document["command"]] == [1, "forecast"]
    zoo, made = document["forecasts"]
    assert (zoo["run"], zoo["after"], zoo["epoch"], zoo["more"]) == (NAME, 239, 263, 24)
    assert [curve["curve"] for curve in made["curves"]] == ["CrossEntropy", "SmoothL1", "loss", "map"]
    cost = zoo["map_cost"]
    assert cost["low_90"] < cost["points"] < cost["high_90"]
    assert len(zoo["learnt_from"]) == 19
    assert zoo["sentence"].startswith("24 more epochs")


def test_what_cannot_be_told_is_null(invoke, logs):
    [told] = json.loads(invoke("forecast", "coco1.log", "--format", "json").out)["forecasts"]
    (logs / "few.log").write_text("".join((logs / "a.log").read_text().partition("[Epoch 3]")[:1]))
    [few] = json.loads(invoke("forecast", "few.log", "--format", "json").out)["forecasts"]
    assert few["curves"][0]["now"] > 0
    assert few["curves"][0]["value"] is None
    assert few["map_cost"] is None
    assert few["notes"]
    assert told["run"] == "coco1"


@pytest.mark.parametrize("form", ["csv", "markdown", "latex"])
def test_other_formats_have_a_row_a_curve(invoke, form):
    done = invoke("forecast", NAME, "--format", form)
    assert done.code == 0
    assert "configured end" in done.err
    names = {"csv": "usual_error", "markdown": "mAP \\[%\\]", "latex": r"mAP {[}\%{]}"}
    assert names[form] in done.out
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert [row["curve"] for row in rows] == ["CrossEntropy", "SmoothL1", "loss", "map"]
        assert float(rows[2]["low_90"]) < float(rows[2]["value"]) < float(rows[2]["high_90"])


def test_refusals_are_one_sentence_and_no_error(invoke, logs):
    text = (logs / "a.log").read_text().replace("lr_decay=0.1", "lr_decay=0.1, lr_mode='cosine'")
    (logs / "cosine.log").write_text(
        "\n".join(line for line in text.splitlines() if "learning rate" not in line)
    )
    done = invoke("forecast", "cosine.log")
    assert done.code == 0
    assert done.err == ""
    assert "The learning rate falls smoothly (cosine)" in done.out
    assert "50%" not in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a.log", "--epoch", "5"), 2, "a: epoch 5 is known: the last complete one is 11."),
        (("a.log", "--epoch", "20", "--epochs", "3"), 2, "either the epoch or how many more, not both"),
        (("a.log", "--epochs", "0"), 2, "Invalid value for '--epochs'"),
        (("no.log",), 1, "no.log"),
        (("bad.log",), 1, "no epoch lines found"),
        ((), 2, "Usage"),
    ],
)
def test_what_goes_wrong_is_said(invoke, arguments, code, said):
    done = invoke("forecast", *arguments)
    assert done.code == code
    assert said in done.out + done.err


def test_one_bad_file_does_not_keep_the_others(invoke):
    done = invoke("forecast", "bad.log", "a.log")
    assert done.code == 1
    assert "a, after epoch 11" in done.out


def test_labels_are_shown_and_never_obeyed(invoke, logs):
    out = invoke("forecast", "\x1b[31m[bold]=a.log").out
    assert "\x1b" not in out
    assert "[bold]" in out


def test_it_loads_neither_pandas_nor_scipy(convlens):
    import subprocess
    import sys

    code = (
        "import sys; sys.argv = ['convlens', 'forecast', 'ssd_512_resnet50_v1_voc']\n"
        "from convlens.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'pandas', 'scipy', 'ruptures', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_note_is_told_once(invoke, logs):
    text = (logs / "a.log").read_text()
    head, mark, rest = text.rpartition("[Epoch 11] Training cost")
    broken = head + mark + rest.replace("CrossEntropy=", "CrossEntropy=nan, Old=", 1)
    (logs / "broken.log").write_text(broken)
    out = invoke("forecast", "broken.log").out
    assert out.count("CrossEntropy: no number above zero at the last epoch") == 1
    assert "SmoothL1" in out
    assert "would bring mAP" in out
