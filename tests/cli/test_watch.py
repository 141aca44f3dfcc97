"""`convlens watch` on logs that another process writes meanwhile."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.analysis.curves import STEPS, course, jumping
from tests.cli.test_terminal import ESCAPE, in_a_terminal
from tests.writing import made_log

PROGRAM = [sys.executable, "-W", "error", "-m", "convlens", "watch"]
WRITER = """
import sys, time
source, target, pause = sys.argv[1:]
lines = open(source, encoding="utf-8").readlines()
with open(target, "a", encoding="utf-8") as file:
    for line in lines:
        file.write(line)
        file.flush()
        time.sleep(float(pause))
"""
LOSSES = [(5.0 - 0.1 * n, 2.0 - 0.05 * n) for n in range(6)]
MAPS = [None, 20.0, None, 25.0, None, 30.0]


def written(folder, text, name="run.log", pause=0.005):
    """A process that writes a log line by line."""
    (folder / "whole.txt").write_text(text, encoding="utf-8")
    (folder / name).touch()
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder / "whole.txt"), str(folder / name), str(pause)]
    )


def watching(folder, *arguments, name="run.log"):
    """The program, watching."""
    return subprocess.Popen(
        [*PROGRAM, name, "--interval", "0.01", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        # What a shell starts in the background ignores interrupts, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def stopped(process):
    """What a process said until Ctrl-C, and its exit code."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def read_until(program, stream, wanted):
    """The lines of a stream up to the first that holds a text; after a minute without it the program ends."""
    lines = []
    watchdog = threading.Timer(60, program.kill)
    watchdog.start()
    for line in getattr(program, stream):
        lines.append(line)
        if wanted in line:
            watchdog.cancel()
            return lines
    watchdog.cancel()
    pytest.fail(f"{wanted!r} did not come: {lines}")


def test_each_epoch_is_a_line_until_the_last_configured_one(tmp_path):
    (tmp_path / "run.log").touch()
    program = watching(tmp_path)
    read_until(program, "stderr", "waiting for a first epoch: the file is empty")
    writer = written(tmp_path, made_log(LOSSES, MAPS, epochs=6, seconds=3600.0))
    out, err = program.communicate(timeout=120)
    assert writer.wait() == 0
    assert program.returncode == 0
    assert "Traceback" not in err
    lines = out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"epoch {n} of 5" for n in range(6)]
    assert "CrossEntropy 4.700, SmoothL1 1.850, loss 6.550" in lines[3]
    assert "mAP 20.0" in lines[2]
    assert "finished" in lines[5]


def test_a_run_that_waits_says_what_is_left(tmp_path):
    (tmp_path / "run.log").write_text(made_log(LOSSES, MAPS, epochs=16, seconds=3600.0), encoding="utf-8")
    program = watching(tmp_path)
    [line] = read_until(program, "stdout", "epoch 5")
    code, out, err = stopped(program)
    assert "mAP 30.0" in line
    assert "verdict so far: improving, forecast for epoch 15: loss " in line
    assert "about 10.0 hours of training left" in line
    assert (code, out, err) == (130, "", "")


def flat(epochs=100):
    return made_log(
        [(0.7 * v, 0.3 * v) for v in course(100, {60: 0.2})][:epochs],
        jumping(100, 50, 0.1)[:epochs],
        rates={60: 0.01},
        **STEPS,
    )


def test_until_converged_ends_with_0_when_the_verdict_says_so(tmp_path):
    (tmp_path / "run.log").write_text(flat(50), encoding="utf-8")
    program = watching(tmp_path, "--until-converged")
    read_until(program, "stdout", "epoch 49")
    writer = written(tmp_path, flat().partition(flat(50))[2], pause=0.0005)
    out, _ = program.communicate(timeout=120)
    assert writer.wait() == 0
    assert program.returncode == 0
    assert "verdict so far: converged" in out.splitlines()[-1]


def test_a_run_that_ends_before_it_converged_exits_with_3(tmp_path):
    (tmp_path / "run.log").write_text(made_log(LOSSES, MAPS, epochs=6), encoding="utf-8")
    program = watching(tmp_path, "--until-converged")
    assert program.wait(timeout=60) == 3
    program.communicate()


def test_a_stall_is_said_and_what_follows_too(tmp_path):
    text = made_log(LOSSES, MAPS, epochs=9)
    (tmp_path / "run.log").touch()
    program = watching(tmp_path)
    read_until(program, "stderr", "waiting for a first epoch")
    assert written(tmp_path, text, pause=0.02).wait() == 0
    lines = read_until(program, "stderr", "stalled?")
    assert re.search(r"stalled\? No line for [\d.]+ s \(the longest gap was [\d.]+ s\)", lines[-1])
    more = made_log(LOSSES[:1], first=6, epochs=9).splitlines(keepends=True)[2:]
    assert written(tmp_path, "".join(more)).wait() == 0
    assert read_until(program, "stdout", "epoch 6 of 8")
    code, _, err = stopped(program)
    assert code == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("how", ["rotated", "truncated"])
def test_a_log_that_begins_anew_is_read_anew(tmp_path, how):
    log = tmp_path / "run.log"
    log.write_text(made_log(LOSSES, MAPS, epochs=6 + 3), encoding="utf-8")
    program = watching(tmp_path)
    read_until(program, "stdout", "epoch 5 of 8")
    anew = made_log([(9.0, 1.0)], epochs=9)
    if how == "rotated":
        log.rename(tmp_path / "run.log.1")
        (tmp_path / "new").write_text(anew, encoding="utf-8")
        time.sleep(0.1)
        (tmp_path / "new").rename(log)
    else:
        log.write_text(anew, encoding="utf-8")
    assert "loss 10.000" in read_until(program, "stdout", "epoch 0 of 8")[-1]
    assert stopped(program)[0] == 130


def test_a_log_without_an_epoch_is_waited_for(tmp_path):
    (tmp_path / "run.log").write_text("loading\n", encoding="utf-8")
    program = watching(tmp_path)
    assert "no epoch lines found" in read_until(program, "stderr", "waiting for a first epoch")[-1]
    assert written(tmp_path, made_log(LOSSES, epochs=6)).wait() == 0
    assert "epoch 5 of 5" in program.communicate(timeout=60)[0]


def test_a_terminal_shows_everything(tmp_path):
    (tmp_path / "a[b].log").write_text(flat(), encoding="utf-8")
    shown = ESCAPE.sub("", in_a_terminal("watch", "a[b].log", cwd=tmp_path, columns=120))
    assert "a[b]: epoch 99 of 99, batch 99 of 99" in shown
    assert re.search(r"CrossEntropy +[\d.]+ +█[▁▂▃▄▅▆▇█]{39}\n", shown)
    assert re.search(r"mAP +[\d.]+% +[▁▂▃▄▅▆▇█]+", shown)
    assert "Verdict so far: converged. The summed loss is flat" in shown


@pytest.mark.parametrize(
    ("data", "told"),
    [(None, "there is no such file"), (b"\0\1\2" * 2000, "a binary file, not a text log")],
    ids=["absent", "binary"],
)
def test_what_is_no_log_is_told(invoke, tmp_path, data, told):
    if data is not None:
        (tmp_path / "x.log").write_bytes(data)
    done = invoke("watch", "x.log", cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert told in done.err
