"""The report as files: for many kinds of runs, whole or not at all, escaped everywhere."""

import csv
import json
import math
import re
from html.parser import HTMLParser

import pytest

from convlens import ConvlensError, read_log, read_logs, write_report
from convlens.report import report
from convlens.report.privacy import last_parts
from tests.report.conftest import three, written
from tests.writing import made_log, ssd_log

HOSTILE = "</script><script>alert(1)</script>=x|`*[a](javascript:1)"
QUESTIONS = ("reached", "converged", "underfitting", "correlation", "gap", "findings")


class Elements(HTMLParser):
    """Counts elements, and keeps what the page would fetch."""

    VOID = frozenset({"meta", "link", "br", "wbr", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        told = dict(attributes)
        self.ids += [told["id"]] if "id" in told else []
        self.fetched += [told[name] for name in ("src", "xlink:href") if name in told]
        self.fetched += [told["href"]] if tag == "link" and not told["href"].startswith("data:") else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def elements(page) -> Elements:
    parser = Elements()
    parser.feed(page.read_text(encoding="utf-8"))
    assert not parser.open, "every element is closed"
    return parser


def kinds() -> dict[str, dict[str, str]]:
    nan = [(5.0, 2.0), (4.0, 1.5), *[(math.nan, 1.0)] * 6]
    repeats = {f"seed {k}": ssd_log(12, seed=k) for k in range(3)}
    return {
        "one run": {"alone": ssd_log(20)},
        "two runs": {"a": ssd_log(20), "b": ssd_log(20, seed=1, network="mobilenet1.0")},
        "no validation": {
            "a": made_log([(5 - k / 5, 1.0) for k in range(9)]),
            "b": made_log([(3.0, 1.0)] * 9),
        },
        "one run, no validation": {"a": made_log([(5 - k / 5, 1.0) for k in range(9)])},
        "NaN": {"broken": made_log(nan, [50.0] * 8), "whole": ssd_log(8, network="mobilenet1.0")},
        "repeats": repeats | {"other": ssd_log(12, seed=9, network="mobilenet1.0")},
        "names": {HOSTILE: ssd_log(12), "=cmd": ssd_log(12, seed=1, network="mobilenet1.0")},
        "no complete epoch": {"begun": made_log([(5.0, 2.0)], seconds=None), "other": ssd_log(5)},
    }


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_runs_has_a_whole_report(tmp_path, kind):
    page = written(tmp_path, kinds()[kind])
    found = elements(page)
    assert found.fetched == []
    assert found.counts["script"] == 2  # the data and the program: no name adds one
    assert [key for key in found.ids if key in QUESTIONS] == list(QUESTIONS)
    assert len(found.ids) == len(set(found.ids))
    text = page.read_text(encoding="utf-8")
    document = json.loads((page.parent / "report.json").read_text())
    assert len(document["inputs"]) == len(kinds()[kind])
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1]
    assert "<" not in data
    assert json.loads(data)["charts"] or kind == "no complete epoch"
    assert "<script>" not in (page.parent / "report.md").read_text()
    assert not re.search(r">\s*nan\s*[<,]", text.lower()) or kind == "NaN"
    for table in (page.parent / "tables").iterdir():
        for row in csv.reader(table.read_text(encoding="utf-8").splitlines()):
            assert not [cell for cell in row if cell.startswith(("=", "@", "+"))]


def test_what_the_page_says_of_two_runs(tmp_path):
    """The figures of the answers are those of the log."""
    prefix = "ssd_512_mobilenet1.0_voc"
    small = made_log([(4.0, 2.0)] * 12, [40.0 + k / 10 for k in range(12)], save_prefix=prefix)
    large = made_log([(2.0, 1.0)] * 12, [70.0 + k / 10 for k in range(12)])
    page = written(tmp_path, {"small": small, "large": large})
    text = (page.parent / "report.md").read_text()
    assert "41.10 mAP at its best after epoch 11" in text
    assert "Its summed loss ended at 6.000" in text
    assert "small has 30.0 points of mAP less than large" in text
    assert "stays 100.0% higher" in text
    assert "No run here was trained under a teacher" in text


def test_repeats_are_one_row(tmp_path):
    page = written(tmp_path, kinds()["repeats"])
    rows = list(csv.DictReader((page.parent / "tables" / "runs.csv").read_text().splitlines()))
    assert [row["n"] for row in rows] == ["3", "1"]


def test_a_distilled_run_is_set_beside_its_baseline_and_teacher(tmp_path):
    levels = {"base": (4.0, 60.0), "taught": (3.5, 65.0), "teacher": (2.0, 80.0)}
    told = {"base": {}, "taught": {"teacher": "resnet50_v1"}, "teacher": {}}
    logs = {
        name: made_log(
            [(loss, 1.0)] * 12,
            [score + k % 2 / 10 for k in range(12)],
            save_prefix=f"ssd_512_{'resnet50_v1' if name == 'teacher' else 'mobilenet1.0'}_voc",
            **told[name],
        )
        for name, (loss, score) in levels.items()
    }
    page = written(tmp_path, logs)
    gap = json.loads((page.parent / "report.json").read_text())["gaps"][0]
    assert [gap["sides"][side]["name"] for side in ("baseline", "improved", "reference")] == list(logs)
    assert next(p["closed"] for p in gap["parts"] if p["quantity"] == "map") == pytest.approx(0.25)
    asked = written(tmp_path, logs, gap=("taught", "base", "teacher"))
    gap = json.loads((asked.parent / "report.json").read_text())["gaps"][0]
    assert gap["sides"]["baseline"]["name"] == "taught"
    with pytest.raises(ConvlensError, match="nobody"):
        written(tmp_path, logs, gap=("nobody", "base", "teacher"))


def test_an_earlier_report_is_replaced_and_nothing_else(tmp_path):
    page = written(tmp_path, {"a": ssd_log(5)})
    (page.parent / "tables" / "old.csv").write_text("old")
    again = written(tmp_path, {"a": ssd_log(6)})
    assert again == page
    assert not (page.parent / "tables" / "old.csv").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    run = read_log(tmp_path / "0.log")
    for taken in (other, other / "thesis.txt"):
        with pytest.raises(ConvlensError, match="is there and is no report"):
            write_report(run, directory=taken)
    assert (other / "thesis.txt").read_text() == "mine"


def test_nothing_is_left_half_written(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    log.write_text(ssd_log(5))

    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report.page, "markdown", broken)
    with pytest.raises(ConvlensError, match="No space left"):
        write_report(log, directory=tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def test_no_run_is_no_report(tmp_path):
    with pytest.raises(ConvlensError, match="at least one run"):
        write_report(directory=tmp_path / "new")


def test_paths_are_shown_by_their_last_part(tmp_path):
    folder = "/home/ann/out"
    logs = {"a": ssd_log(5), "b": ssd_log(5, seed=1, lr=0.1, eval_dir=folder)}
    page = written(tmp_path, logs)
    for file in page.parent.rglob("*.[chjm]*"):
        assert str(tmp_path) not in file.read_text()
        assert folder not in file.read_text()
    page = written(tmp_path, logs, full_paths=True)
    assert str(tmp_path) in page.read_text()
    assert folder in page.read_text()


def test_the_same_runs_are_the_same_bytes(tmp_path):
    files = {}
    for number in range(2):
        page = written(tmp_path, three())
        files[number] = {p.name: p.read_bytes() for p in page.parent.rglob("*") if p.is_file()}
    assert files[0] == files[1]


def test_published_runs(tmp_path):
    runs = read_logs(["ssd_512_mobilenet1.0_coco", "ssd_512_resnet50_v1_coco"])
    page = write_report(runs, directory=tmp_path / "zoo")
    assert "8.7 points of mAP less" in page.read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ann/logs/a.log", "a.log"),
        ("save to ~/x/y.params, then", "save to y.params, then"),
        ("https://user@host.example/deep/a.log", "a.log"),
        ("../b/train.log:12", "train.log:12"),
        ("'/data/coco'", "'coco'"),
        ("9/12 epochs and/or 3 / 4", "9/12 epochs and/or 3 / 4"),
    ],
)
def test_folders_and_hosts_are_cut(text, expected):
    assert last_parts({"a": [text]}) == {"a": [expected]}
