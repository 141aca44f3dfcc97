"""`convlens diagnose`, whole program: what it prints, its formats and its exit codes."""

import csv
import io
import json

import pytest

from tests.analysis.curves import NAN, STEPS, course, jumping
from tests.writing import made_log


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder of runs whose verdicts are known."""
    folder = tmp_path_factory.mktemp("runs")

    def write(name, losses, maps=(), rates=None, **arguments):
        pairs = [(0.7 * v, 0.3 * v) for v in losses]
        (folder / name).write_text(made_log(pairs, list(maps), rates=rates, **arguments), encoding="utf-8")

    flat = course(100, {60: 0.2})
    write("flat.log", flat, jumping(100, 50, 0.1), {60: 0.01}, **STEPS)
    write("waits.log", flat[:50], [20.0 + e % 3 for e in range(50)], **STEPS | {"epochs": 80})
    write("nan.log", [*flat[:30], *[NAN] * 5], epochs=100)
    write("short.log", [5.0, 4.0], epochs=100)
    return folder


def test_a_run_is_shown_with_sentence_evidence_and_findings(invoke, runs):
    done = invoke("diagnose", "flat.log", cwd=runs)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "flat: converged"
    assert lines[1].startswith(
        "  The summed loss is flat in its last phase (from epoch 60): 10 more epochs would"
    )
    assert "mAP is flat at" in lines[1]
    row = next(line for line in lines if line.startswith("summed loss"))
    assert row.split()[2] == "converged"
    assert "(90%: " in row
    assert row.endswith("±1%")
    assert "Phases of the learning rate (log lines): epochs 0-59 (start, rate 0.1); epochs 60-99" in done.out


def test_many_runs_are_shown_with_their_sentences(invoke, runs):
    done = invoke("diagnose", ".", cwd=runs)
    assert done.code == 0
    header = next(n for n, line in enumerate(done.out.splitlines()) if line.startswith("run"))
    table = done.out.splitlines()[header + 2 : header + 6]
    assert [line.split()[:2] for line in table] == [
        ["flat", "converged"], ["nan", "diverged"], ["short", "too-short"], ["waits", table[3].split()[1]],
    ]  # fmt: skip
    assert (
        "nan: diverged\n  The summed loss diverged: CrossEntropy is not finite from epoch 30 on" in done.out
    )
    assert "CL008" in done.out
    assert "90%" in done.out


def test_json_holds_everything(invoke, runs):
    document = json.loads(
        invoke("diagnose", "flat.log", "--format", "json", "--patience", "2,90", cwd=runs).out
    )
    assert (document["schema"], document["command"]) == (1, "diagnose")
    (run,) = document["runs"]
    assert (run["name"], run["verdict"], run["fitting"], run["stopped"]) == (
        "flat",
        "converged",
        "neither",
        False,
    )
    assert run["margins"] == {"loss": 0.01, "score": 0.5}
    curves = {c["curve"]: c for c in run["curves"]}
    assert list(curves) == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert curves["loss"]["low_90"] < curves["loss"]["change"] < curves["loss"]["high_90"]
    assert [p["first"] for p in run["schedule"]["phases"]] == [0, 60]
    assert run["schedule"]["known_from"] == "log lines"
    assert [s["patience"] for s in run["stopping"]["stops"]] == [2, 90]


def test_json_lists_the_drops_to_come(invoke, runs):
    (run,) = json.loads(invoke("diagnose", "waits.log", "--format", "json", cwd=runs).out)["runs"]
    assert {c["curve"]: c["ahead"] for c in run["curves"]}["loss"] == [60.0]


def test_csv_has_a_row_a_curve_of_a_run(invoke, runs):
    done = invoke("diagnose", "flat.log", "short.log", "--format", "csv", cwd=runs)
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(r["run"], r["curve"]) for r in rows][:4] == [
        ("flat", "CrossEntropy"), ("flat", "SmoothL1"), ("flat", "loss"), ("flat", "map"),
    ]  # fmt: skip
    assert {r["run_verdict"] for r in rows if r["run"] == "short"} == {"too-short"}
    assert float(rows[2]["value"]) > 0


@pytest.mark.parametrize(
    ("form", "mark"), [("markdown", "| --- |"), ("latex", r"\begin{tabular}{lllllllll}")]
)
def test_other_formats(invoke, runs, form, mark):
    done = invoke("diagnose", "flat.log", "--format", form, cwd=runs)
    assert (done.code, done.err) == (0, "")
    assert mark in done.out
    assert "summed loss" in done.out


def test_patience_is_shown_with_what_it_cost(invoke, runs):
    done = invoke("diagnose", "waits.log", "--patience", "5,60", cwd=runs)
    lines = done.out.splitlines()
    first = next(line for line in lines if line.startswith("5 "))
    assert first.split()[:5] == ["5", "7", "22.0", "(2)", "0.0"]
    assert first.rstrip().endswith("60")  # the drop that was still to come
    assert next(line for line in lines if line.startswith("60 ")).split()[1] == "never"
    without = invoke("diagnose", "short.log", "--patience", "5", cwd=runs)
    assert "cannot be told: the log holds no validation" in without.out


@pytest.mark.parametrize(
    ("name", "conditions", "code", "told"),
    [
        ("nan.log", "diverged,unstable", 3, "nan: diverged"),
        ("flat.log", "diverged,unstable", 0, ""),
        ("flat.log", "map:converged", 3, "flat: map:converged"),
        ("flat.log", "map:worsening", 0, ""),
        ("waits.log", "stopped", 3, "waits: stopped"),
    ],
)
def test_a_condition_that_holds_exits_with_3(invoke, runs, name, conditions, code, told):
    done = invoke("diagnose", name, "--fail-on", conditions, cwd=runs)
    assert done.code == code
    assert told in done.err
    assert done.out


def test_a_margin_is_a_part_of_a_loss_or_points(invoke, runs):
    strict = invoke("diagnose", "flat.log", "--margin", "0.01%", cwd=runs)
    assert strict.out.startswith("flat: inconclusive")
    points = json.loads(invoke("diagnose", "flat.log", "--margin", "2", "--format", "json", cwd=runs).out)
    assert points["runs"][0]["margins"] == {"loss": 0.01, "score": 2.0}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--margin", "much"], "a margin is a part of a loss (1%), points of mAP (0.5), or both (1%,0.5)"),
        (["--margin", "-1%"], "a margin is a part of a loss"),
        (["--margin", "nan"], "a margin is a part of a loss"),
        (["--patience", "5,x"], "patience is numbers of evaluations, as in 5,10,20,50"),
        (["--patience", "0"], "patience is numbers of evaluations"),
        (["--fail-on", "broken"], "broken is none of converged, improving, worsening"),
    ],
)
def test_usage_errors_say_what_is_right(invoke, runs, arguments, told):
    done = invoke("diagnose", "flat.log", *arguments, cwd=runs)
    assert (done.code, done.out) == (2, "")
    assert told in " ".join(done.err.split())


def test_what_cannot_be_read_is_told_and_the_rest_shown(invoke, runs, logs):
    done = invoke("diagnose", "flat.log", str(logs / "bad.log"), cwd=runs)
    assert done.code == 1
    assert "flat: converged" in done.out
    assert "bad.log" in done.err
    nothing = invoke("diagnose", str(logs / "bad.log"), cwd=runs)
    assert (nothing.code, nothing.out) == (1, "")


def test_a_session_that_is_not_there_is_told(invoke, runs):
    done = invoke("diagnose", "flat.log", "--session", "7", cwd=runs)
    assert (done.code, done.out) == (1, "")
    assert done.err == "convlens: flat has sessions 0 to 0, not 7.\n"


def test_hostile_names_are_shown_as_they_are(invoke, runs, tmp_path):
    name = "a[bold]\x1b[31m|"
    (tmp_path / f"{name}.log").write_text((runs / "flat.log").read_text())
    done = invoke("diagnose", f"{name}.log", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("a[bold]\ufffd[31m|: converged")
    marked = invoke("diagnose", f"{name}.log", "--format", "markdown", cwd=tmp_path)
    assert "a\\[bold\\]\ufffd\\[31m\\|" in marked.out


def test_the_whole_program(convlens, runs):
    done = convlens("diagnose", "flat.log", "--patience", "5,10,20,50", cwd=runs)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("flat: converged\n")
    given = convlens("diagnose", "-", given=(runs / "nan.log").read_text(), cwd=runs)
    assert "diverged" in given.out


@pytest.mark.parametrize("command", ["diagnose", "forecast"])
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_verdicts_and_forecasts_are_drawn(invoke, runs, tmp_path, command, suffix):
    figure = tmp_path / f"drawn.{suffix}"
    done = invoke(command, "flat.log", "--plot", str(figure), "--size", "12x6cm", cwd=runs)
    assert done.code == 0
    first = figure.read_bytes()
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])
    invoke(command, "flat.log", "--plot", str(figure), "--size", "12x6cm", cwd=runs)
    assert figure.read_bytes() == first
    refused = invoke(command, "flat.log", "--plot", "a.bmp", cwd=runs)
    assert (refused.code, "a figure is one of .png, .svg, .pdf" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fail-on", "bar:converged"], "No curve named 'bar'"),
        (["--fail-on", "map:overfitting"], "map:overfitting is none of"),
        (["--margin", "1%,0.5,3"], "a margin is a part of a loss"),
        (["--patience", "5", "--format", "csv"], "as table and json, not as csv"),
    ],
)
def test_what_would_silently_do_nothing_is_refused(invoke, runs, arguments, told):
    done = invoke("diagnose", "flat.log", *arguments, cwd=runs)
    assert done.code == 2
    assert told in done.err
