"""Figures as files: whole, reproducible, of the size asked for, and readable everywhere."""

import os
import re
import stat
import subprocess
import sys
import zlib
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from convlens import ConvlensError, compare
from convlens.plots import style
from convlens.plots.curves import plot_comparison
from convlens.reader import read_bytes
from tests.writing import made_log

LOSSES = [(4.0, 1.0), (3.0, 1.0), (2.0, 0.5), (1.0, 0.25)]


def figure(first=r"_$\frac{ <script> 日本", size=None):
    logs = (made_log(LOSSES, [40, 50, 55, 60], rates={2: 0.01}), made_log(LOSSES, [50] * 4, lr=0.2))
    runs = [read_bytes(text.encode(), "-", name) for text, name in zip(logs, (first, "b"), strict=True)]
    return plot_comparison(compare(runs), size=size)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a figure of each kind, drawn twice."""
    made = tmp_path_factory.mktemp("figures")
    for kind in style.FORMATS:
        for name in ("once", "again"):
            style.save(figure(), made / f"{name}.{kind}")
    return made


@pytest.mark.parametrize("kind", style.FORMATS)
def test_the_same_figure_is_the_same_bytes(folder, kind):
    assert (folder / f"once.{kind}").read_bytes() == (folder / f"again.{kind}").read_bytes()


def test_another_process_draws_the_same_bytes(tmp_path):
    code = (
        "import sys; from pathlib import Path; "
        "from convlens import compare; from convlens.plots.style import save; "
        "save(compare(sys.argv[1], sys.argv[2]).plot(), Path(sys.argv[3]))"
    )
    for name, lr in (("a", 0.1), ("b", 0.2)):
        (tmp_path / f"{name}.log").write_text(made_log(LOSSES, lr=lr))
    for seed in "12":
        subprocess.run(
            [sys.executable, "-c", code, "a.log", "b.log", f"{seed}.svg"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_files_say_what_they_are(folder):
    assert (folder / "once.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "once.pdf").read_bytes().startswith(b"%PDF")
    assert ElementTree.parse(folder / "once.svg").getroot().tag.endswith("svg")


def test_fonts_are_truetype(folder):
    data = (folder / "once.pdf").read_bytes()
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    unpacked = [zlib.decompress(s) for s in streams if s.startswith(b"x")]
    everything = data + b"".join(unpacked)
    assert b"/Type3" not in everything
    assert b"/FontFile2" in everything


def test_an_svg_runs_no_script(folder):
    root = ElementTree.parse(folder / "once.svg").getroot()
    assert not [element for element in root.iter() if element.tag.endswith("script")]


@pytest.mark.parametrize("label", ["a\x00\x1b]0;x\x07\x0b", "--> <!-- ]]>", "\udcff\ufffe"])
def test_an_svg_is_xml_whatever_it_names(tmp_path, label):
    path = tmp_path / "a.svg"
    style.save(figure(label), path)
    assert len(list(ElementTree.parse(path).getroot().iter())) > 50


def test_the_size_is_the_one_asked_for(tmp_path):
    made = figure(size=(3.5, 2.6))
    for kind in style.FORMATS:
        style.save(made, tmp_path / f"a.{kind}", dpi=100)
    header = (tmp_path / "a.png").read_bytes()[16:24]
    assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == (350, 260)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert (root.get("width"), root.get("height")) == ("252pt", "187.2pt")
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", (tmp_path / "a.pdf").read_bytes())
    assert [float(side) for side in box.groups()] == pytest.approx([252, 187.2])


def test_a_tiny_figure_is_drawn_without_a_warning(tmp_path):
    style.save(figure("x" * 300, size=(0.5, 0.5)), tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize("name", ["a.bmp", "a", "a.pdf.gz", ".png"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(ConvlensError, match="a figure is written as png, svg, pdf, not as"):
        style.save(figure(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_suffix_may_be_in_capitals(tmp_path):
    style.save(figure(), tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_cannot_be_drawn_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    broken = figure()
    broken.text(0.5, 0.5, object())
    broken.texts[-1].get_text = None  # raises when it is drawn
    with pytest.raises(TypeError):
        style.save(broken, path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_nothing_global_changes(tmp_path):
    before = dict(mpl.rcParams)
    style.save(figure(), tmp_path / "a.pdf")
    assert dict(mpl.rcParams) == before
    assert stat.S_IMODE((tmp_path / "a.pdf").stat().st_mode) & 0o600 == 0o600


def test_a_style_of_the_user_does_not_reach_the_figure(tmp_path, folder):
    with mpl.rc_context({"text.usetex": True, "pdf.fonttype": 3, "svg.hashsalt": "mine"}):
        style.save(figure(), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (folder / "once.pdf").read_bytes()


def test_pyplot_is_never_imported(tmp_path):
    code = (
        "import sys; from pathlib import Path; "
        "from convlens import compare; from convlens.plots.style import save; "
        "save(compare('ssd_512_mobilenet1.0_coco', 'ssd_512_resnet50_v1_coco').plot(), Path('a.png'));"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_colours_and_dashes_tell_many_curves_apart():
    pairs = {(style.colour(n), style.dashes(n)) for n in range(28)}
    assert len(pairs) == 28
