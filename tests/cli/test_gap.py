"""`convlens gap`, as a whole program."""

import csv
import io
import json

import pytest

from convlens import gap
from tests.writing import made_log

SIDES = ("base.log", "new.log", "best.log")


def log(loss, score, **arguments):
    losses = [(loss + 0.01 * (-1) ** n, loss / 2) for n in range(7)] + [(loss, loss / 2)]
    scores = [score - 1 + 0.1 * (-1) ** n for n in range(6)] + [score + 0.5, score]
    return made_log(losses, scores, **arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("gap")
    for name, figures, lr in zip(
        SIDES, ((3.0, 60.0), (2.0, 68.0), (1.0, 70.0)), (0.1, 0.2, 0.3), strict=True
    ):
        (made / name).write_text(log(*figures, lr=lr))
    (made / "seeds").mkdir()
    for seed in range(3):
        (made / "seeds" / f"s{seed}.log").write_text(log(2.0 + seed / 100, 68.0, lr=0.2, seed=seed))
    return made


@pytest.fixture
def printed(invoke, folder):
    """What is printed in a format."""

    def shown(form):
        done = invoke("gap", *SIDES, "--format", form, cwd=folder)
        assert (done.code, done.err) == (0, "")
        return done.out

    return shown


@pytest.fixture(scope="module")
def result(folder):
    return gap(*(folder / name for name in SIDES))


def test_the_table_shows_the_parts_and_the_sentence(printed, result):
    text = printed("table")
    part = result["CrossEntropy"]
    [line] = [line for line in text.splitlines() if line.startswith("CrossEntropy")]
    assert line.split()[1] == "3.000"
    assert "-2.000" in line
    assert f"50.0%  {part.low:.1%} to {part.high:.1%}" in line
    [line] = [line for line in text.splitlines() if line.startswith("best mAP [%]")]
    assert "+10.00" in line
    assert "80.0%" in line
    assert result.sentence in text
    assert all(note in text for note in result.notes)


def test_the_whole_program_prints_the_same(convlens, folder, printed):
    done = convlens("gap", *SIDES, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == printed("table")


def test_json_is_the_gap(printed, result):
    document = json.loads(printed("json"))
    assert (document["schema"], document["command"], document["at"]) == (1, "gap", "best")
    assert {side: told["name"] for side, told in document["sides"].items()} == {
        "baseline": "base", "improved": "new", "reference": "best",
    }  # fmt: skip
    told = {part["quantity"]: part for part in document["parts"]}
    assert list(told) == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert told["map"]["closed"] == result["map"].closed
    assert told["map"]["baseline"] == {
        "value": result["map"].baseline.value,
        "half_width_95": result["map"].baseline.half_width,
    }
    assert document["sentence"] == result.sentence
    assert document["differs"] == {"learning rate": [0.1, 0.2, 0.3]}


def test_csv_holds_every_digit(printed, result):
    rows = list(csv.DictReader(io.StringIO(printed("csv"))))
    assert rows == [{k: str(v) for k, v in row.items()} for row in result.rows]


def test_markdown_and_latex_hold_numbers_for_reading(printed, result):
    [line] = [line for line in printed("markdown").splitlines() if line.startswith("| map ")]
    part = result["map"]
    assert [c.strip() for c in line.strip("|").split("|")[5:8]] == [
        f"{v:.1%}" for v in (part.closed, part.low, part.high)
    ]
    assert printed("latex").splitlines()[-1] == r"\end{tabular}"


def test_the_map_is_the_one_asked_for(invoke, folder):
    done = invoke("gap", *SIDES, "--at", "final", cwd=folder)
    assert done.code == 0
    [line] = [line for line in done.out.splitlines() if line.startswith("final mAP [%]")]
    assert line.split()[3] == "60.0"


def test_a_folder_is_the_repeats_of_a_side(invoke, folder):
    done = invoke("gap", "base.log", "seeds", "best.log", "--format", "json", cwd=folder)
    assert done.code == 0
    assert json.loads(done.out)["sides"]["improved"]["n"] == 3


def test_a_figure_is_drawn(invoke, folder, tmp_path):
    figure = tmp_path / "gap.svg"
    done = invoke("gap", *SIDES, "--plot", str(figure), cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert "100%: best" in figure.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("base.log", "absent.log", "best.log"), 1, "absent.log: there is no such file"),
        (("base.log", "base.log", "best.log"), 2, "gap needs three different runs"),
        (("base.log", ".", "best.log"), 2, "gap needs three different runs"),
        (("base.log", "new.log"), 2, "Missing argument"),
        ((*SIDES, "--at", "last"), 2, "There is: final, best, published."),
        ((*SIDES, "--plot", "a.bmp"), 2, "a figure is one of .png, .svg, .pdf"),
        ((*SIDES[::-1], "--plot", "a.png"), 2, "There is no gap that could be drawn"),
    ],
)
def test_what_cannot_be_done_is_said(invoke, folder, arguments, code, said):
    done = invoke("gap", *arguments, cwd=folder)
    assert done.code == code
    assert said in done.err
    assert not list(folder.glob("a.*"))


def test_other_detectors_have_no_gap(invoke):
    names = ("ssd_512_resnet50_v1_coco", "mask_rcnn_resnet50_v1b_coco", "yolo3_mobilenet1.0_voc")
    done = invoke("gap", *names)
    assert (done.code, done.err) == (0, "")
    assert "closed an unknown part of the gap in best mAP (another dataset)" in done.out
    assert "nan" not in done.out
