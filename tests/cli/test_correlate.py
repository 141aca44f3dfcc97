"""`convlens correlate`, as a whole program."""

import csv
import io
import json

import pytest

from convlens import correlate
from tests.writing import made_log

POINTS = {
    "resnet18_v1": (4.0, 61),
    "resnet34_v1": (3.5, 62),
    "resnet50_v1": (3.0, 66),
    "resnet101_v1": (2.0, 70),
}


def log(loss, score, backbone, size=512):
    prefix = f"ssd_{size}_{backbone}_voc"
    losses = [(9.0, 4.5), (8.0, 4.0), (loss, loss / 2)]
    scores = () if score is None else (10, 20, score)
    return made_log(losses, scores, network=backbone, save_prefix=prefix, data_shape=size)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four backbones at 512 pixels, two at 300, one run at 416 and one without a mAP."""
    made = tmp_path_factory.mktemp("backbones")
    for number, (backbone, (loss, score)) in enumerate(POINTS.items()):
        (made / f"{backbone}.log").write_text(log(loss, score, backbone))
        if number < 2:
            (made / f"small_{backbone}.log").write_text(log(loss + 1, score - 20, backbone, 300))
    (made / "alone.log").write_text(log(2.0, 66, "vgg16_atrous", 416))
    (made / "blind.log").write_text(log(2.0, None, "vgg16_atrous"))
    return made


@pytest.fixture
def printed(invoke, folder):
    """What is printed in a format."""

    def shown(form):
        done = invoke("correlate", ".", "--format", form, cwd=folder)
        assert (done.code, done.err) == (0, "")
        return done.out

    return shown


@pytest.fixture(scope="module")
def result(folder):
    return correlate(folder)


def test_a_table_a_group(printed, result):
    text = printed("table")
    lines = [line.split() for line in text.splitlines()]
    told = result.groups[0].associations["loss"]
    assert ["Pearson's", "r", *[f"{told.pearson:.2f}"] * 3] in lines
    assert ["p", *["0.083"] * 3] in lines
    assert ["never", "below", *["0.083"] * 3] in lines
    assert f"{told.low:.2f} to {told.high:.2f}" in text
    assert f"{told.without_one['pearson'].most} mattering most" in text
    assert "2 runs: the one with the lower summed loss has the higher mAP; two points" in text
    assert "6 runs in 2 groups, summed loss: r = " in text
    assert "Alone in their groups: alone (ssd 416 voc)." in text
    assert "  blind: no mAP: blind holds 0 validations" in text
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert "\n\n\n" not in text


def test_the_whole_program_prints_the_same(convlens, folder, printed):
    done = convlens("correlate", ".", cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == printed("table")


def test_json_is_the_correlation(printed, result):
    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads(printed("json"), parse_constant=refuse)
    assert (document["schema"], document["command"]) == (1, "correlate")
    assert [g["name"] for g in document["groups"]] == [g.name for g in result.groups]
    first = document["groups"][0]
    told = result.groups[0].associations["loss"]
    [loss] = [a for a in first["losses"] if a["loss"] == "loss"]
    assert (loss["n"], loss["pearson"], loss["low_95"], loss["p"]) == (4, told.pearson, told.low, told.p)
    assert loss["without_one"]["pearson"]["most"] == told.without_one["pearson"].most
    assert document["groups"][1]["losses"][0]["pearson"] is None
    assert first["runs"][0]["final_map"]["half_width_95"] is None
    [pooled] = [a for a in document["pooled"] if a["loss"] == "loss"]
    [across] = [a for a in result.across if a.quantity == "loss"]
    assert (pooled["r"], pooled["of_a_tenth"]) == (across.pooled.r, across.of_a_tenth[0])
    assert list(document["left_out"]) == ["blind"]


def test_csv_holds_every_digit(printed, result):
    rows = list(csv.DictReader(io.StringIO(printed("csv"))))
    assert len(rows) == len(result.rows) == 3 * 3 + 3
    for row, expected in zip(rows, result.rows, strict=True):
        assert row == {k: "" if v is None or v != v else str(v) for k, v in expected.items()}


def test_markdown_and_latex_hold_numbers_for_reading(printed, result):
    lines = printed("markdown").splitlines()
    assert len(lines) == 2 + len(result.rows)
    assert f"| {result.groups[0].associations['loss'].pearson:.3f} |" in printed("markdown")
    assert printed("latex").splitlines()[0] == rf"\begin{{tabular}}{{{'l' * lines[1].count('---')}}}"


def test_a_figure_is_drawn(invoke, folder, tmp_path):
    figure = tmp_path / "scatter.svg"
    done = invoke("correlate", str(folder), "--plot", str(figure), "--size", "12x9cm")
    assert (done.code, done.err) == (0, "")
    assert "ssd 512 voc" in figure.read_text()


def test_groups_are_by_what_is_asked_for(invoke, folder):
    done = invoke("correlate", str(folder), "--group-by", "detector, dataset", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {(row["group"], row["n"]) for row in rows} == {("ssd voc", "7")}


def test_runs_that_share_nothing_are_no_error(invoke, folder):
    done = invoke("correlate", "alone.log", "resnet18_v1.log", cwd=folder)
    assert done.code == 0
    assert "No two of these runs share what a loss's scale depends on" in done.out
    assert "Alone in their groups: alone (ssd 416 voc), resnet18_v1 (ssd 512 voc)." in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("resnet18_v1.log", "--group-by", "size"), 2, "No part of an identity named 'size'"),
        (("resnet18_v1.log",), 2, "correlate needs two or more runs and was given 1 run."),
        (("resnet18_v1.log", "absent.log"), 1, "there is nothing to correlate"),
        (("blind.log", "alone.log", "--plot", "a.bmp"), 2, "a figure is one of .png, .svg, .pdf"),
    ],
)
def test_what_cannot_be_done_is_said(invoke, folder, arguments, code, said):
    done = invoke("correlate", *arguments, cwd=folder)
    assert done.code == code
    assert said in done.err
    assert not (folder / "a.bmp").exists()


def test_what_can_be_read_is_still_correlated(invoke, folder):
    done = invoke("correlate", "resnet18_v1.log", "resnet34_v1.log", "absent.log", cwd=folder)
    assert done.code == 1
    assert "absent.log" in done.err
    assert "2 runs" in done.out
