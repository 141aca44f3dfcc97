"""Figures of `convlens compare`, and what it says where something is wrong."""

import re

import pytest

from tests.cli.pair import PAIR


@pytest.fixture(scope="module")
def figures(convlens, tmp_path_factory):
    """The figures that three commands drew."""
    folder = tmp_path_factory.mktemp("drawn")
    for suffix, x in (("png", "epoch"), ("svg", "iteration"), ("pdf", "hours")):
        path = folder / "new" / f"f.{suffix}"
        done = convlens("compare", *PAIR, "--plot", str(path), "--x", x, "--size", "9x6cm", "--dpi", "100")
        assert (done.code, done.err) == (0, "")
        assert "summed loss" in done.out
    return folder / "new"


def test_figures_are_drawn_in_the_size_asked_for(figures):
    png = (figures / "f.png").read_bytes()
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (354, 236)
    assert 'width="255.1' in (figures / "f.svg").read_text()
    assert (figures / "f.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(p.name for p in figures.iterdir()) == ["f.pdf", "f.png", "f.svg"]


def test_the_figure_is_the_same_when_drawn_again(figures, convlens, tmp_path):
    convlens("compare", *PAIR, "--plot", str(tmp_path / "f.svg"), "--x", "iteration", "--size", "9x6cm")
    assert (tmp_path / "f.svg").read_bytes() == (figures / "f.svg").read_bytes()


@pytest.mark.parametrize(
    ("size", "inches"), [("3.5x2.6in", (3.5, 2.6)), ("3.5X2.6", (3.5, 2.6)), ("12.7x2.54CM", (5, 1))]
)
def test_sizes_are_inches_or_centimetres(size, inches):
    from convlens.cli.figures import checked

    assert checked(None, size) == pytest.approx(inches)


def sentence(done):
    """The one line on standard error, without the program's name."""
    [line] = done.err.splitlines()
    assert line.startswith("convlens: ")
    return line.removeprefix("convlens: ")


def test_a_bad_file_among_good_ones_is_told_and_passed_over(convlens):
    done = convlens("compare", "a.log", "bad.log", "b.log", "--format", "csv")
    assert done.code == 1
    assert [line.split(",")[0] for line in done.out.splitlines()] == ["run", "a", "b"]
    assert sentence(done) == "bad.log: no epoch lines found; the first lines are 'hello' and 'world'"


def test_only_bad_files_are_nothing_to_compare(invoke):
    done = invoke("compare", "bad.log", "empty.log", "nowhere/at/all.log")
    assert (done.code, done.out) == (1, "")
    told = done.err.splitlines()
    assert len(told) == 4
    assert [line.split(":")[1].strip() for line in told[:3]] == ["nowhere/at/all.log", "bad.log", "empty.log"]
    assert told[3] == "convlens: fewer than two runs could be read: there is nothing to compare"


def test_an_unknown_zoo_name_suggests_the_closest(invoke):
    done = invoke("compare", "ssd_512_mobilnet1.0_coco", "a.log", "b.log")
    assert done.code == 1
    assert "did you mean ssd_512_mobilenet1.0_coco" in sentence(done)
    assert done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.log"], "compare needs two or more runs and was given 1 run."),
        (["a.log", "a.log"], "compare needs two or more runs and was given one log twice."),
        ([*PAIR, "--metric", "mAP"], "No metric named 'mAP'. Did you mean 'map'? There is: CrossEntropy, "),
        ([*PAIR, "--sort", "los"], "No column named 'los'. Did you mean 'loss'? There is: run, detector, "),
        ([*PAIR, "--group-by", "data"], "No column named 'data'. Did you mean 'dataset'? There is: run, "),
        ([*PAIR, "--group-by", "x", "--format", "csv"], "No column named 'x'. There is: run, detector, "),
        ([*PAIR, "--reference", "news"], "No run named 'news'. Did you mean 'new'? There is: base, new."),
    ],
)
def test_what_does_not_exist_is_told_in_one_sentence(invoke, arguments, told):
    done = invoke("compare", *arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence(done).startswith(told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "3"], "a size is two numbers such as 3.5x2.6in or 9x6cm"),
        (["--size", "3x0.1in"], "a size is two numbers"),
        (["--size", "nanxnan"], "a size is two numbers"),
        (["--size", "1e3x2"], "a size is two numbers"),
        (["--plot", "f.bmp"], "f.bmp: a figure is one of .png, .svg, .pdf"),
        (["--plot", "f"], "f: a figure is one of .png, .svg, .pdf"),
        (["--dpi", "5"], "Invalid value for '--dpi'"),
        (["--classes", "-1"], "Invalid value for '--classes'"),
        (["--x", "days"], "Invalid value for '--x'"),
        (["--format", "yaml"], "Invalid value for '--format'"),
        (["--nope"], "No such option: --nope"),
    ],
)
def test_usage_errors_say_what_is_right(invoke, arguments, told):
    done = invoke("compare", *PAIR, *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Try 'convlens compare -h' for help." in done.err


def test_a_figure_that_cannot_be_written_is_told(invoke, tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "f.png"
    done = invoke("compare", *PAIR, "--plot", str(path))
    assert done.code == 2
    assert "summed loss" in done.out
    assert sentence(done).startswith(f"{path}: cannot be written: ")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_axis_that_a_log_does_not_tell_is_told(invoke, tmp_path, logs):
    text = (logs / "b.log").read_text()
    (tmp_path / "untimed.log").write_text(
        re.sub(r"Training cost: [\d.]+, ", "", text).replace("] Cross", "], Cross")
    )
    done = invoke(
        "compare", str(logs / "a.log"), "untimed.log", "--x", "hours", "--plot", "f.png", cwd=tmp_path
    )
    assert done.code == 2
    assert sentence(done) == "untimed: the log states no training time, so hours are unknown."
    assert [p.name for p in tmp_path.iterdir()] == ["untimed.log"]
