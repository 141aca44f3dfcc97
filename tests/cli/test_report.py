"""`convlens report`, the whole program."""

from convlens.cli import report


def test_it_writes_a_report_and_says_where(convlens, logs, tmp_path):
    done = convlens("report", "a.log", "b.log", "-o", str(tmp_path / "out"))
    assert (done.code, done.err) == (0, "")
    page = tmp_path / "out" / "report.html"
    assert done.out == f"The report is {page}\n"
    assert "convlens report a.log b.log" in page.read_text()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html", "report.json", "report.md", "figures", "tables",
    }  # fmt: skip


def test_bad_logs_are_told_and_the_others_reported(invoke, tmp_path):
    done = invoke("report", "a.log", "bad.log", "empty.log", "-o", str(tmp_path / "out"))
    assert done.code == 1
    assert "bad.log" in done.err
    assert "empty.log" in done.err
    assert (tmp_path / "out" / "report.html").exists()
    done = invoke("report", "bad.log", "-o", str(tmp_path / "none"))
    assert done.code == 1
    assert "there is nothing to report" in done.err
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_written_is_one_sentence(invoke, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = invoke("report", "a.log", "-o", str(tmp_path / "file"))
    assert done.code == 2
    assert "is no report of convlens" in done.err
    assert done.err.count("\n") == 1


def test_a_gap_can_be_named(invoke, tmp_path):
    out = str(tmp_path / "out")
    done = invoke("report", "a.log", "b.log", "short.log", "--gap", "a", "nobody", "b", "-o", out)
    assert done.code == 2
    assert "nobody" in done.err


def test_it_opens_the_page(invoke, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(report.typer, "launch", opened.append)
    done = invoke("report", "short.log", "-o", str(tmp_path / "out"), "--open")
    assert done.code == 0
    assert opened == [(tmp_path / "out" / "report.html").resolve().as_uri()]
