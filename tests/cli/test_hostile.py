"""Text of logs, names and arguments is shown, and does nothing."""

import csv
import io
import json
import os
import re

import pytest

from tests.writing import made_log

LOSSES = [(3.0, 1.0), (2.0, 0.5)]
NAMES = [
    "\x1b]0;owned\x07\x9b31m.log",
    "\u202egnp.log",
    "[b].log",
    "[red]x[b].log",
    "a|b<c>&`*_$.log",
    "=1+1.log",
    "-rf.log",
    "tab\tnew\nline\r.log",
    "*x.log",
    "日本\u200d😀.log",
    "\\x{y}%#~^.log",
    "--help.log",
]
CLASSES = {"[/b]\x9b31m|<b>\u202e": 50.0, r"$\frac{": 10.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Logs with hostile names, arguments and classes."""
    made = tmp_path_factory.mktemp("hostile")
    for number, name in enumerate(NAMES):
        text = made_log(
            LOSSES,
            [40, 50],
            classes=[CLASSES] * 2,
            lr=0.1 * (number + 1),
            save_dir="\x1b]0;owned\x07[/b]|<script>\u202e",
            note=f"{number}[bold]\x9b31m",
        )
        (made / name).write_text(text, encoding="utf-8")
    if os.name == "posix":
        (made / os.fsdecode(b"bytes\xff.log")).write_text(made_log(LOSSES, lr=9))
    return made


def shown(done):
    """All that the program wrote, which must hold nothing but printable text."""
    assert done.code == 0
    assert done.err == ""
    odd = {c for c in done.out if not c.isprintable() and c != "\n"}
    assert not odd
    return done.out


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "latex"])
def test_nothing_reaches_the_terminal(invoke, folder, form):
    text = shown(invoke("compare", ".", "--format", form, "--classes", "2", cwd=folder))
    assert "owned" in text
    if form == "table":
        assert "[red]x[b]" in text
        assert "[b]" in text


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "latex"])
def test_correlate_and_gap_show_nothing_that_acts(invoke, folder, form):
    text = shown(invoke("correlate", ".", "--format", form, cwd=folder))
    assert "group" in text or form == "table"
    shown(invoke("gap", *(f"./{name}" for name in NAMES[:3]), "--format", form, cwd=folder))


def test_side_by_side_nothing_reaches_the_terminal(invoke, folder):
    text = shown(invoke("compare", *(f"./{name}" for name in NAMES[:3]), "--classes", "2", cwd=folder))
    assert "[/b]�31m|<b>�" in text
    assert "'\\x1b]0;owned" not in text  # an argument that all share
    assert "'0[bold]\\x9b31m'" in text


def test_labels_are_shown_as_they_are(invoke, folder):
    done = invoke("compare", "[b]<x>\x1b[1m=./[b].log", "_y|=./*x.log", "--format", "csv", cwd=folder)
    rows = list(csv.DictReader(io.StringIO(shown(done))))
    assert [row["run"] for row in rows] == ["[b]<x>�[1m", "_y|"]


def test_markdown_cells_hold_no_markup(invoke, folder):
    text = shown(invoke("compare", ".", "--format", "markdown", cwd=folder))
    lines = text.splitlines()
    assert len(lines) == 2 + len(list(folder.iterdir()))
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {
        len(re.findall(r"(?<!\\)\|", lines[0]))
    }
    assert "<" not in text
    assert not re.search(r"(?<!\\)[`*_\[\]$~]", text)


def test_latex_cells_hold_no_commands(invoke, folder):
    text = shown(invoke("compare", ".", "--format", "latex", cwd=folder))
    body = text.splitlines()[4:-2]
    assert len(body) == len(list(folder.iterdir()))
    for line in body:
        assert line.endswith(r" \\")
        cells = line.removesuffix(r" \\")
        assert not re.search(r"(?<!\\)[%#_$]", cells)
        assert not cells.startswith(("[", "*"))
        commands = set(re.findall(r"\\([a-z]+)", cells))
        assert commands <= {
            "textbackslash",
            "textless",
            "textgreater",
            "textbar",
            "textasciitilde",
            "textasciicircum",
        }


def test_json_is_ascii_and_whole(invoke, folder):
    text = shown(invoke("compare", ".", "--format", "json", "--classes", "5", cwd=folder))
    assert text.isascii()
    document = json.loads(text)
    names = {run["name"] for run in document["runs"]}
    assert "\x1b]0;owned\x07\x9b31m" in names
    assert {row["class"] for row in document["classes"]} == set(CLASSES)


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_tables_hold_names_and_classes_exactly(invoke, folder, tmp_path, form):
    sources = [f"./{name}" for name in NAMES]
    out = tmp_path / f"t.{form}"
    done = invoke("parse", *sources, "--table", "class_ap", "-o", str(out), cwd=folder)
    assert (done.code, done.err) == (0, "")
    text = out.read_bytes().decode()
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    else:
        rows = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    assert {row["run"] for row in rows} == {name.removesuffix(".log") for name in NAMES}
    assert {row["class_name"] for row in rows} == set(CLASSES)


@pytest.mark.skipif(os.name != "posix", reason="names of bytes")
@pytest.mark.parametrize("form", ["csv", "json"])
def test_names_that_are_no_text_are_shown(invoke, folder, tmp_path, form):
    out = tmp_path / f"t.{form}"
    done = invoke(
        "parse",
        os.fsdecode(b"l\xfe=./[b].log"),
        os.fsdecode(b"bytes\xff.log"),
        "-o",
        str(out),
        cwd=folder,
    )
    assert (done.code, done.err) == (0, "")
    text = out.read_text(encoding="utf-8")
    names = {
        row["run"] for row in (json.loads(text) if form == "json" else csv.DictReader(io.StringIO(text)))
    }
    assert names == {"l�", "bytes�"}


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_figures_name_every_run(invoke, folder, tmp_path, suffix):
    done = invoke("compare", ".", "--plot", str(tmp_path / f"f.{suffix}"), cwd=folder)
    assert (done.code, done.err) == (0, "")


def test_errors_are_one_printable_line(invoke, folder):
    done = invoke("compare", "\x1b]0;x\x07\u202e\nno.log", "[/b]", "./[b].log", "./*x.log", cwd=folder)
    assert done.code == 1
    assert len(done.err.splitlines()) == 2
    assert not [c for c in done.err if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--metric", "\x1b]0;x\x07"),
        ("--sort", "\u202e[/b]"),
        ("--reference", "\x9b31m\n"),
        ("--plot", "\x1b[31m.bmp"),
        ("--size", "\x1b[31m"),
        ("--x", "\x1b[31m"),
        ("--\x1b[31m",),
    ],
)
def test_arguments_are_told_without_their_control_characters(invoke, folder, arguments):
    done = invoke("compare", "./[b].log", "./*x.log", *arguments, cwd=folder)
    assert done.code == 2
    assert not [c for c in done.err if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize(
    "arguments", [("\x1b[31m",), ("parse", "x", "-o", "\x1b[31m.foo"), ("explain", "\x1b[31m")]
)
def test_other_commands_tell_without_control_characters(invoke, arguments):
    done = invoke(*arguments)
    assert done.code == 2
    assert not [c for c in done.err if not c.isprintable() and c != "\n"]
