"""`convlens compare`, as a whole program."""

import csv
import io
import json
import re

import pytest

from convlens import compare
from tests.cli.pair import PAIR
from tests.writing import ssd_log


def rows_of(table):
    """The first table of a printed text: a list of cells a line, split at two blanks."""
    lines = iter(table.splitlines())
    header = next(line for line in lines if line.strip())
    next(lines)
    shown = [header]
    for line in lines:
        if not line.strip():
            break
        shown.append(line)
    return [re.split(r"\s{2,}", line.strip()) for line in shown]


def labels(text):
    """The first cells of the lines of the first table."""
    return [row[0] for row in rows_of(text)[1:]]


@pytest.fixture(scope="module")
def printed(convlens):
    """One comparison in every format."""
    common = ("compare", *PAIR, "short.log", "--classes", "2")
    forms = ("table", "json", "csv", "markdown", "latex")
    done = {form: convlens(*common, "--format", form) for form in forms}
    assert {form: (d.code, d.err) for form, d in done.items()} == dict.fromkeys(forms, (0, ""))
    return {form: d.out for form, d in done.items()}


@pytest.fixture(scope="module")
def comparison(logs):
    return compare({"base": logs / "a.log", "new": logs / "b.log", "short": logs / "short.log"})


def test_a_table_shows_runs_side_by_side(printed, comparison):
    text = printed["table"]
    table = {row[0]: row[1:] for row in rows_of(text)}
    assert [cell.split()[0] for cell in table["epochs"]] == ["12", "12", "8"]
    assert table["detector"] == ["ssd"] * 3
    assert table["backbone"] == ["resnet50_v1", "vgg16_atrous", "resnet50_v1"]
    [base, new, _] = table["summed loss"]
    told = {(d.arm, d.quantity): d for d in comparison.differences}
    assert float(base) == pytest.approx(told["new", "loss"].reference, abs=0.0006)
    difference = told["new", "loss"]
    assert new == f"{difference.value:.3f} ({difference.change:+.3f} ±{difference.floor:.1g})"
    assert "Differences are to base; losses are each epoch's own means." in text
    assert "After 8 epochs, which all of them completed" in text
    assert "Arguments that differ" in text
    assert "Class AP [%] at the last validation" in text
    assert "±: what the jitter within the phase alone makes between single runs (95%)." in text
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert "\n\n\n" not in text
    assert not text.startswith("\n")
    assert not text.endswith("\n\n")


def test_a_pipe_gets_no_colours_no_wrapping_and_no_blanks_at_line_ends(printed):
    assert "\x1b" not in printed["table"]
    assert not [line for line in printed["table"].splitlines() if line != line.rstrip()]


def test_json_is_the_comparison(printed, comparison):
    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads(printed["json"], parse_constant=refuse)
    assert document["schema"] == 1
    assert document["command"] == "compare"
    assert document["reference"] == "base"
    assert document["shared_epochs"] == 8
    assert [run["name"] for run in document["runs"]] == ["base", "new", "short"]
    assert [run["loss"] for run in document["runs"]] == [row["loss"] for row in comparison.rows]
    assert document["runs"][0]["final"] == dict(comparison.runs[0].summary.final)
    assert document["runs"][0]["final_map_of_repeats"]["low_95"] is None
    told = [(d["run"], d["quantity"], d["difference"], d["floor"]) for d in document["differences"]]
    assert told == [(d.arm, d.quantity, d.change, d.floor) for d in comparison.differences]
    assert document["arguments"]["network"] == ["resnet50_v1", "vgg16_atrous", "resnet50_v1"]
    assert [c["class"] for c in document["classes"]] == list(comparison.classes(2).index)


def test_csv_holds_every_digit(printed, comparison):
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert len(rows) == 3
    for row, expected in zip(rows, comparison.rows, strict=True):
        assert row == {k: "" if v is None else str(v) for k, v in expected.items()}


def test_markdown_and_latex_hold_numbers_for_reading(printed, comparison):
    lines = printed["markdown"].splitlines()
    assert lines[1] == "|" + " --- |" * lines[0].count(" | ") + " --- |"
    header = [cell.replace("\\", "") for cell in lines[0].strip("| ").split(" | ")]
    assert "teacher" not in header  # it is empty in all of them
    body = printed["latex"].splitlines()
    assert (body[0], body[-1]) == (rf"\begin{{tabular}}{{{'l' * len(header)}}}", r"\end{tabular}")
    assert body[2] == " & ".join(name.replace("_", r"\_") for name in header) + r" \\"
    for row, line, tex in zip(comparison.rows, lines[2:], body[4:-2], strict=True):
        cells = dict(zip(header, line.strip("| ").split(" | "), strict=True))
        assert tex == " & ".join(cells.values()) + r" \\"
        assert cells["loss"] == f"{row['loss']:.3f}"
        assert cells["final_map"] == f"{row['final_map']:.2f}"
        assert cells["backbone"] == row["backbone"].replace("_", r"\_")


def test_standard_input_is_a_source(convlens, logs):
    done = convlens("compare", "piped=-", "b.log", "--format", "csv", given=(logs / "a.log").read_text())
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["run"] for row in rows] == ["piped", "b"]


def test_a_folder_a_pattern_and_a_zoo_name_are_sources(invoke):
    done = invoke("compare", "runs", "[ab].log", "ssd_512_mobilenet1_0_coco", "--format", "csv")
    assert done.code == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["run"] for row in rows] == ["x", "y", "ssd_512_mobilenet1.0_coco"]  # a and b are x and y
    assert rows[2]["final_map"] == "21.5"


def test_the_same_log_twice_is_one_run_with_a_finding(invoke):
    done = invoke("compare", "a.log", "seeds/s1.log", "b.log")
    assert done.code == 0
    assert "CL016 s1 is the same log as a: one run, shown once" in done.out
    assert rows_of(done.out)[0] == ["a", "b", "difference", "±"]


def test_seeds_are_repeats(invoke, logs):
    done = invoke("compare", "seeds", "b.log")
    assert rows_of(done.out)[0] == ["s1 (n=3)", "b", "difference", "±"]
    assert re.search(r"summed loss +\d\.\d+ ±0\.0\d+ +\d", done.out)
    assert "A mean's ± is half its 95% interval over the repeats" in done.out
    document = json.loads(invoke("compare", "seeds", "b.log", "--format", "json").out)
    assert document["runs"][0]["n"] == 3
    assert document["runs"][0]["sources"] == [f"seeds/s{n}.log" for n in (1, 2, 3)]
    runs = compare([logs / "seeds" / f"s{n}.log" for n in (1, 2, 3)]).runs
    assert document["runs"][0]["loss"] == pytest.approx(sum(r.curve["loss"].iloc[-1] for r in runs) / 3)
    assert document["runs"][0]["best_map"] == pytest.approx(sum(r.summary.best_map for r in runs) / 3)
    assert document["runs"][0]["best_epoch"] is None
    maps = document["runs"][0]["final_map_of_repeats"]
    assert document["runs"][0]["final_map"] == maps["mean"]
    assert maps["low_95"] < maps["mean"] < maps["high_95"]
    assert maps["n"] == 3


def test_repeats_are_kept_apart(invoke):
    done = invoke("compare", "seeds", "b.log", "--separate")
    assert labels(done.out) == ["s1", "s2", "s3", "b"]


ALL = ("a.log", "b.log", "short.log", "coco1.log", "coco2.log", "yolo.log")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("map", ["a", "b", "yolo", "short", "coco2", "coco1"]),
        ("loss", ["a", "b", "short", "coco1", "coco2", "yolo"]),
        ("SmoothL1", ["b", "a", "short", "coco1", "coco2", "yolo"]),
        ("hours", ["yolo", "short", "b", "a", "coco1", "coco2"]),
        ("loss_printed", ["a", "b", "short", "coco1", "coco2", "yolo"]),
        ("backbone", ["yolo", "a", "short", "coco1", "coco2", "b"]),
    ],
)
def test_rows_are_sorted_best_first(invoke, sort, order):
    done = invoke("compare", *ALL, "--sort", sort)
    assert done.code == 0
    assert labels(done.out) == order


@pytest.mark.parametrize("form", ["table", "csv", "markdown"])
def test_rows_are_grouped(invoke, form):
    done = invoke("compare", *ALL, "--group-by", "dataset", "--sort", "loss", "--format", form)
    assert done.code == 0
    names = re.findall(r"(?m)^\W*(a|b|short|yolo|coco1|coco2)\b", done.out.partition("Losses compare")[0])
    assert names == ["a", "b", "short", "yolo", "coco1", "coco2"]
    if form == "table":
        assert re.findall(r"(?m)^dataset: .*$", done.out) == ["dataset: voc", "dataset: coco"]


def test_many_runs_are_rows(invoke):
    done = invoke("compare", *ALL, "--metric", "map_50", "--metric", "CrossEntropy")
    header = " ".join(rows_of(done.out)[0])
    assert header == "run epochs hours loss mAP best at CrossEntropy map_50 verdict findings"
    assert labels(done.out) == ["a", "b", "short", "coco1", "coco2", "yolo"]
    assert "Losses compare only within one detector, input size and dataset" in done.out
    assert re.search(r"(?m)^Arguments that differ: .*network, ", done.out)


def test_findings_of_many_runs_are_told_by_code(invoke, tmp_path):
    names = [f"cut{n}" for n in range(4)]
    for n, name in enumerate(names):
        text = ssd_log(epochs=12, seed=n)
        (tmp_path / f"{name}.log").write_text(text[: text.index("[Epoch 11] Training cost")])
    out = invoke("compare", *[f"{tmp_path}/{name}.log" for name in names], "yolo.log", "--separate").out
    told = out.partition("says more)\n")[2].splitlines()
    [stopped] = [n for n, line in enumerate(told) if line.startswith("CL013 ")]
    assert told[stopped] == "CL013 The log ends before the configured epochs"
    assert told[stopped + 1] == f"  4 runs: {', '.join(names)}"
    [since_start] = [n for n, line in enumerate(told) if line.startswith("CL005 ")]
    assert told[since_start + 1].startswith("  yolo: printed values of ObjLoss")


def test_a_reference_is_what_differences_refer_to(invoke):
    done = invoke("compare", *PAIR, "--reference", "new")
    assert "Differences are to new" in done.out
    document = json.loads(invoke("compare", *PAIR, "--reference", "new", "--format", "json").out)
    assert document["reference"] == "new"
    assert {d["run"] for d in document["differences"]} == {"base"}


def test_rows_show_the_difference_to_a_reference_that_was_named(invoke):
    done = invoke("compare", *ALL, "--reference", "b", "--sort", "map")
    rows = {row[0]: row for row in rows_of(done.out)}
    assert rows["run"][5] == "mAP difference"
    assert re.fullmatch(r"[+-]\d+\.\d\d", rows["a"][5])
    assert rows["b"][5] == rows["b"][4]  # its own best: a difference to itself is not shown
    assert "Differences are to b" in done.out
    assert "mAP difference" not in invoke("compare", *ALL).out


def test_classes_of_many_runs_stand_beside_each_other(invoke):
    done = invoke(
        "compare", "a.log", "b.log", "short.log", "runs/y", "seeds/s3.log", "--separate", "--classes", "2"
    )
    table = rows_of(done.out.partition("Class AP [%] at the last validation")[2])
    assert [row[0] for row in table] == ["run", "a", "b", "short", "s3"]
    assert {len(row) for row in table} == {3}


def test_a_metric_is_compared_too(invoke):
    done = invoke("compare", "coco1.log", "coco2.log", "--metric", "map_50", "--metric", "ar_1")
    table = {row[0]: row[1:] for row in rows_of(done.out)}
    assert table["final map_50 [%]"][:3] == ["20.0", "30.0", "+10.0"]
    assert "%" not in " ".join(table["final map_50 [%]"])  # points, not percent of percent
    assert table["final ar_1 [%]"][:2] == ["20.0", "30.0"]


def test_a_run_that_averages_since_its_start_is_shown_both_ways(invoke):
    done = invoke("compare", "yolo.log", "a.log")
    table = {row[0]: row[1:] for row in rows_of(done.out)}
    assert re.fullmatch(r"(2\.99|3\.00)\d ±0\.0065", table["ObjLoss"][0])
    assert table["ObjLoss"][1] == "–"
    assert "as printed" in table
    assert "An own mean's ± is what the rounding of the printed means leaves open." in done.out


def test_a_loss_that_is_no_number_is_shown(invoke, tmp_path, logs):
    from tests.writing import made_log

    (tmp_path / "broken.log").write_text(made_log([(2, 1), (float("nan"), 1)]))
    done = invoke("compare", "broken.log", str(logs / "a.log"), cwd=tmp_path)
    table = {row[0]: row[1:] for row in rows_of(done.out)}
    assert table["CrossEntropy"][0] == "nan"
    assert table["summed loss"][0] == "nan"
    document = json.loads(
        invoke("compare", "broken.log", str(logs / "a.log"), "--format", "json", cwd=tmp_path).out
    )
    assert document["runs"][0]["final"]["CrossEntropy"] is None


def test_logs_without_classes_say_so(invoke, tmp_path):
    from tests.writing import made_log

    for name, lr in (("a", 0.1), ("b", 0.2)):
        (tmp_path / f"{name}.log").write_text(made_log([(2, 1)], lr=lr))
    done = invoke("compare", "a.log", "b.log", "--classes", "3", cwd=tmp_path)
    assert "Class AP [%] at the last validation: the logs print none" in done.out
