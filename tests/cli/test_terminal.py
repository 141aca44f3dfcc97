"""Terminals, pipes that close, disks that are full, and users who stop the program."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import LOG, raw
from tests.writing import ssd_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals and signals of POSIX")

PROGRAM = [sys.executable, "-W", "error", "-m", "convlens"]
LONG = "ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def in_a_terminal(*arguments, cwd, columns=80, program=PROGRAM, **environment):
    """What the program shows in a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    keyboard, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")}
    running = subprocess.Popen(
        [*program, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=cwd,
        env={**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment},
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(keyboard, 65536)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        shown += part
    os.close(keyboard)
    assert running.wait() == 0
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def two(logs):
    return (f"{LONG}=a.log", f"{LONG}_again_and_again=yolo.log", "--classes", "3")


@pytest.mark.parametrize(
    "arguments", [(), ("short.log",), ("--sort", "map", "coco1.log")], ids=["2", "3", "rows"]
)
def test_no_line_is_wider_than_the_terminal(two, logs, arguments):
    shown = in_a_terminal("compare", *two, *arguments, cwd=logs)
    plain = ESCAPE.sub("", shown)
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert max(map(len, plain.splitlines())) > 60  # the room is used
    [finding] = re.findall(r"(?m)^  CL005 .*\n(?:  .*\n)*", plain)
    assert finding.count("\n") > 1  # it is wrapped, and keeps its indent


def test_a_wide_terminal_shows_names_whole(two, logs):
    plain = ESCAPE.sub("", in_a_terminal("compare", *two, cwd=logs, columns=200))
    assert f" {LONG}  {LONG}_again_and_again  difference" in plain


def test_a_download_shows_how_far_it_is(server, logs):
    half = len(LOG) // 2
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(LOG)}\r\n\r\n".encode()
    server.answers = [raw(head, LOG[:half], LOG[half:], pause=0.3)]
    url = f"http://{server.host}/%5B%2Fb%5Dx%5Bred%5D%1B.log"
    shown = in_a_terminal("compare", url, "a.log", cwd=logs, columns=120)
    plain = ESCAPE.sub("", shown)
    assert "fetching [/b]x[red]�, 0.0 MB" in plain
    assert "50%" in plain
    assert "final mAP" in plain.rpartition("fetching")[2]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_colours_can_be_refused(two, logs, environment):
    shown = in_a_terminal("compare", *two, cwd=logs, **environment)
    assert not re.search(r"\x1b\[(?:[\d;]*;)?(?:3|4|9|10)\d[;m]", shown)
    assert ("\x1b" in shown) == ("NO_COLOR" in environment)


def test_a_pipe_is_never_wrapped(convlens, two):
    done = convlens("compare", *two, COLUMNS="40", TERM="xterm-256color")
    assert "\x1b" not in done.out
    assert f" {LONG}  {LONG}_again_and_again  difference" in done.out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_that_lacks_characters_shows_others(encoding, logs):
    done = subprocess.run(
        [*PROGRAM, "compare", "日本=a.log", "b.log"],
        cwd=logs,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert "??" in text
    assert "summed loss" in text


@pytest.fixture(scope="module")
def long_log(tmp_path_factory) -> Path:
    """A log whose table of batches is larger than what a pipe holds."""
    path = tmp_path_factory.mktemp("long") / "long.log"
    path.write_text(ssd_log(epochs=20, batches=300))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("parse", "long.log", "--table", "batches"),
        ("parse", "long.log", "--table", "batches", "--format", "jsonl"),
    ],
    ids=["csv", "jsonl"],
)
def test_a_reader_who_has_seen_enough_is_no_error(long_log, arguments):
    program = subprocess.Popen(
        [*PROGRAM, *arguments], cwd=long_log.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert len(program.stdout.read(100)) == 100
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait() == 0
    program.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_full_disk_is_told_in_one_sentence(logs, form):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "compare", "a.log", "b.log", "--format", form],
            cwd=logs,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"convlens: Standard output cannot be written: No space left on device.\n"


def test_a_closed_output_is_no_error(logs):
    done = subprocess.run(
        ["sh", "-c", '"$0" -m convlens explain >&-', sys.executable],
        capture_output=True,
        cwd=logs,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_ends_the_program_quietly(logs):
    program = subprocess.Popen(
        [*PROGRAM, "compare", "-", "a.log"],
        cwd=logs,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts in the background ignores interrupts, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    program.stdin.write(b"x" * 300_000)  # more than a pipe holds: when it is written, the program is reading
    program.stdin.flush()
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert (program.returncode, out, err) == (130, b"", b"")


def test_a_device_is_written_to(convlens, tmp_path):
    (tmp_path / "null.csv").symlink_to(os.devnull)
    done = convlens("parse", "a.log", "-o", str(tmp_path / "null.csv"))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "null.csv").is_symlink()
    assert not Path(os.devnull).is_file()
