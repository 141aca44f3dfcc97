"""From bytes to a run: the ways in which a log may be written, wrapped, cut and broken."""

import random
import re
from contextlib import suppress

import pandas as pd
import pytest

from convlens import ConvlensError, Run, read_log
from convlens.errors import LogFormatError
from convlens.reader import read_bytes
from tests.handmade import arguments, batch, close, codes, epoch, log, read, start, voc
from tests.one_log import PLAIN, TEXT, run_of


def message_by_message(prefix: str) -> str:
    """As a logger does: a prefix before each message, not before each line."""
    return log(prefix + message for message in PLAIN)


def line_by_line(prefix: str) -> str:
    """As a tool around the script does: a prefix before each line."""
    return "".join(prefix + line for line in TEXT.splitlines(keepends=True))


def other_ranks() -> str:
    """mpirun tags each line with its rank; others print lines of their own between."""
    draw = random.Random(7)
    lines = []
    for line in TEXT.splitlines():
        for rank in range(1, draw.randint(1, 5)):
            said = draw.choice(
                [start(), batch(0, 99, 99.0), "mAP=0.9", "aeroplane=0.9", PLAIN[0], "", voc(1, 0.9)]
            )
            lines += [f"[1,{rank}]<stderr>:INFO:root:{part}" for part in said.split("\n")]
        lines.append(f"[1,0]<stderr>:{line}")
    return log(lines)


def progress() -> str:
    """A bar that redraws itself with carriage returns between the lines."""
    bar = "".join(f"\r{n:3d}%|{'█' * (n // 10):10s}| {n}/100 [00:0{n % 10}<00:01]" for n in range(0, 101, 10))
    return TEXT.replace("[Epoch 1][Batch", f"{bar}\n[Epoch 1][Batch").replace(
        "[Epoch 2]", f"{bar}\r[Epoch 2]"
    )


WRAPPED = {
    "logger": message_by_message("INFO:root:"),
    "time stamps": message_by_message("2019-05-02 13:45:10,123 INFO train_ssd.py:312] "),
    "glog": message_by_message("[13:45:10] "),
    "mpirun": line_by_line("[1,0]<stderr>:"),
    "mpirun and logger": "".join(
        "[1,0]<stderr>:" + line for line in message_by_message("INFO:root:").splitlines(keepends=True)
    ),
    "mpirun with time stamps": line_by_line("Thu May  2 13:45:10 2019[1,0]<stdout>:"),
    "other ranks": other_ranks(),
    "a time stamp on every line": line_by_line("2019-05-02T13:45:10.123456Z "),
    "another time stamp on every line": line_by_line("[2019-05-02 13:45:10] "),
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "carriage returns alone": TEXT.replace("\n", "\r"),
    "progress bars": progress(),
    "colours": TEXT.replace("[Epoch", "\x1b[32m[Epoch").replace("\n", "\x1b[0m\n"),
    "byte order mark": "\ufeff" + TEXT,
    "empty lines": TEXT.replace("\n[", "\n\n[").replace("\naero", "\n\naero"),
    "blanks at line ends": TEXT.replace("\n", "  \t\n"),
    "NUL bytes at the end": TEXT + "\0" * 347,
    "NUL bytes inside": TEXT.replace("[Epoch 2]", "\0\0\0[Epoch 2]"),
    "words around": "pip install mxnet\n" + TEXT + "real 12m3.4s\n",
    "no end": TEXT.rstrip("\n"),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_log_in_other_clothes_is_the_same_log(how):
    run, plain = run_of(WRAPPED[how].encode()), run_of(TEXT.encode())
    pd.testing.assert_frame_equal(run.curve, plain.curve)
    pd.testing.assert_frame_equal(run.epochs, plain.epochs)
    pd.testing.assert_frame_equal(run.validation, plain.validation)
    pd.testing.assert_frame_equal(run.batches, plain.batches)
    pd.testing.assert_frame_equal(run.class_ap, plain.class_ap)
    assert (run.config, run.identity) == (plain.config, plain.identity)
    assert set(codes(run)) - {"CL020"} == set()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_of_windows(encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    run = run_of(mark + TEXT.encode(encoding))
    assert run.curve.equals(run_of(TEXT.encode()).curve)


def test_bytes_that_are_no_utf_8():
    """A user's folder in a code page of Windows."""
    data = TEXT.encode().replace(b"save_prefix='ssd", b"root='C:/\xa8\xff', save_prefix='ssd", 1)
    run = run_of(data)
    assert run.curve.equals(run_of(TEXT.encode()).curve)
    assert run.config["save_prefix"] == "ssd_512_resnet50_v1_voc"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \n\n\t", "empty"),
        (b"\0" * 5000, "binary"),
        (bytes(range(256)) * 100, "no epoch lines|binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\1" * 500, "binary"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "no epoch lines"),
        (b'{"name": "cat", "boxes": 1, "score": 0.5}\n', "no epoch lines"),
        (b"image,score\n0,0.5\n", "no epoch lines"),
        (b"Traceback (most recent call last):\nImportError: no\n", "no epoch lines"),
        (f"{start()}\n".encode(), "no epoch line that is whole"),
        (
            f"{PLAIN[0]}\n{start()}\n{start()}\nTraceback (most recent call last):\nE: x\n".encode(),
            "no epoch line",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_log_says_why(data, why):
    """One sentence for the user, on one line, without control characters."""
    with pytest.raises(LogFormatError, match=why) as told:
        read_bytes(data, "folder/some.log", "made")
    assert str(told.value).startswith("folder/some.log: ")
    assert str(told.value).isprintable()


def test_logs_of_other_kinds_are_runs_or_refused(corpus):
    """Everything in the corpus that no format knows is refused, and nothing fails in another way."""
    seen = 0
    for path in sorted([*corpus.glob("logs/*/**/*.log"), *corpus.glob("other/*/**/*")]):
        if path.is_file() and path.parent.name not in ("detection", "distillation", "instance"):
            seen += 1
            with suppress(ConvlensError):
                assert isinstance(read_log(path), Run)
    assert seen > 14


@pytest.mark.parametrize(
    ("last", "value"),
    [
        (close(3, 4.321), 4.321),
        (batch(3, 399, 4.321), 4.321),
        (voc(4, 0.5117552806432435), 51.17552806432435),
    ],
    ids=["closing line", "batch line", "validation"],
)
def test_a_whole_last_line_is_used_and_a_cut_one_is_not(last, value):
    """Every cut inside its last number; the newline behind it may be missing."""
    before = [*PLAIN[:-1], voc(3, 0.4028976731163448)] if "mAP" in last else PLAIN[:-2]
    column = "map" if "mAP" in last else "CrossEntropy"
    number = 3 if "mAP" not in last else 4
    whole = run_of((log(before) + last).encode())
    assert whole.curve.loc[number, column] == pytest.approx(value)
    assert "CL017" not in codes(whole)
    for end in range(len(last) - 12, len(last)):
        run = run_of((log(before) + last[:end]).encode())
        if column == "CrossEntropy":
            assert run.curve.loc[3, column] == read(before).curve.loc[3, column]
            assert "CL017" in codes(run)
        elif 4 in run.curve.index:
            assert run.curve.loc[4, "map"] == pytest.approx(value, abs=1e-10)


@pytest.mark.parametrize("cut", range(1, 12))
def test_the_path_of_a_checkpoint_is_not_cut(cut):
    best = "[Epoch 1] mAP 0.5 higher than current best [0.4] saving to net_best.params"
    first = best.replace("Epoch 1", "Epoch 0").replace("net_best", "net_first")
    whole = read(start(), epoch(0, 5.0), first, epoch(1, 5.4), best)
    assert whole.summary.best_checkpoint == "net_best.params"
    cut_off = log(start(), epoch(0, 5.0), first, epoch(1, 5.4), best).rstrip("\n")[:-cut]
    assert run_of(cut_off.encode()).summary.best_checkpoint == "net_first.params"


def test_a_cut_start_line_is_no_start_line():
    for end in range(len("Start training from [Epoch 25"), 0, -1):
        run = run_of((TEXT + "Start training from [Epoch 250]"[:end]).encode())
        assert run.curve.equals(run_of(TEXT.encode()).curve)


def test_lines_that_are_not_understood_are_counted_and_shown():
    run = read(
        start(), epoch(0, 5.0), "[Epoch 1] warmed up", batch(1, 99, 4.0), "[Epoch 1] nan nan", close(1, 3.0)
    )
    [told] = [f for f in run.findings if f.code == "CL014"]
    assert told.text.startswith("2 of ")
    assert told.where == "lines 6, 8"
    assert run.curve["CrossEntropy"].tolist() == [5.0, 3.0]


@pytest.mark.parametrize(
    "broken",
    [
        "[Epoch 1][Batch 199], Speed: 100.000 samples/sec, CrossEntropy=",
        "[Epoch 1][Batch 199], Speed: 100.000 samples/sec, CrossEntropy=4.000, SmoothL1=x",
        "[Epoch 1][Batch 199], Speed: 100.000 samples/sec, CrossEntropy=???, SmoothL1=1.000",
        "[Epoch 1][Batch 199]",
        "[Epoch 1][Batch",
        "[Epoch 1]",
        "[Epoch ",
        "[Epoch 1][Batch 99999999999999999999], CrossEntropy=9.000, SmoothL1=1.000",
        "[Epoch 99999999999999999999][Batch 200], CrossEntropy=9.000, SmoothL1=1.000",
        "[Epoch 99999999999999999999] Validation:",
        "[Epoch 99999999] Validation:",
        "[Epoch -1][Batch 200], CrossEntropy=9.000, SmoothL1=1.000",
        "[Epoch 1] Training cost: x, CrossEntropy=9.000, SmoothL1=1.000",
        "[Epoch 0 Iteration 99999999999999999999999999] Set learning rate to 0.1",
        "[Epoch 1] Set learning rate to nothing",
        "[Epoch 1] " + "x" * 1_500_000,
        "[Epoch 1][Batch 199], " + "y" * 1_500_000 + " CrossEntropy=9.000, SmoothL1=1.000",
        "x" * 3_000_000,
        "[Epoch 1][Batch 199], " + "CrossEntropy=9.000, " * 20_000,
        "[Epoch " * 100_000,
    ],
    ids=lambda line: line[:75],
)
def test_a_broken_line_spoils_nothing_else(broken):
    """Whatever stands there, the lines before and behind it are read as if it did not."""
    lines = [start(), *epoch(0, 5.0), batch(1, 99, 4.5), batch(1, 299, 4.4), close(1, 4.3), *epoch(2, 4.6)]
    run, plain = read(lines[:6], broken, lines[6:]), read(lines)
    names = ["CrossEntropy", "SmoothL1"]
    pd.testing.assert_frame_equal(run.curve[names], plain.curve[names])
    kept = run.batches[names].loc[plain.batches.index]
    pd.testing.assert_frame_equal(kept, plain.batches[names])
    if broken.startswith("[Epoch") and "][Batch 199]" not in broken:  # those are read when asked for
        assert "CL014" in codes(run), "silence"


LONG = 300_000


@pytest.mark.parametrize(
    "hostile",
    [
        "[Epoch 1][Batch 199], CrossEntropy=1.0, " + "x" * LONG,
        "[Epoch 1] Training cost: 1.0, CrossEntropy=1.0" + " " * LONG + "x",
        "[Epoch 1], CrossEntropy=1.0" + " " * LONG + "x",
        "[Epoch 1] Saving parameters to a" + " " * LONG + "b",
        "[Epoch 1][Batch 199], " + "a=1," * (LONG // 4),
        "[Epoch 1][Batch 199], " + ",".join(f"a{n}=1" for n in range(LONG // 10)),
        "[Epoch 0] Validation:\n" + "Average Precision" * (LONG // 18) + "\n~~~~ Mean AP for bbox ~~~~\n=3.0",
        "[Epoch 0] Validation:\n" + "\n" * LONG + "mAP=0.5",
        "[Epoch 0] Validation:\n" + "a=1 " * (LONG // 4) + "x\nmAP=0.5",
        "[Epoch 0] Validation:\n" + "~~~~ Mean AP for " + "b" * LONG + "\nmAP=0.5",
        "p 1 a " * (LONG // 6) + "[Epoch 0] Validation:\n" + "p 1 a " * 50 + "x",
        "\x1b]" * LONG,
        "12:30:45 " * (LONG // 9),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_hostile_text_takes_no_more_time_than_its_length_asks_for(hostile):
    """Time that grows with the square of these lengths would be hours."""
    run = read(start(), epoch(0, 5.0), hostile, epoch(1, 4.0))
    assert run.curve["CrossEntropy"].tolist()[0] == 5.0
    assert run.summary.epochs >= 1


def test_texts_of_a_log_are_shown_escaped():
    """A class, a loss or a prefix may be anything; a finding that quotes a line is one line."""
    evil = "</td><script>alert(1)</script>"
    run = read(arguments(save_prefix=evil), start(), epoch(0, 5.0), f"[Epoch 1] {evil}\x1b[31m\x07")
    assert "<script" not in run._repr_html_()
    assert all(re.fullmatch(r"[^\x00-\x1f\x7f]*", str(finding)) for finding in run.findings)
